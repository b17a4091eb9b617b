//! Columns of text that repeats.

use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, DictionaryArray, StringArray, StringDictionaryBuilder, TypedDictionaryArray};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;

use crate::columns::BadColumn;

/// A dictionary column that is being filled.
///
/// Equal neighbours are counted and not looked up: most columns of usage do not change from one
/// row to the next.
#[derive(Default)]
pub(crate) struct TextColumn {
    builder: StringDictionaryBuilder<Int32Type>,
    run: Option<String>,
    run_length: usize,
    distinct: i32,
    text_bytes: usize,
}

impl TextColumn {
    pub(crate) fn push(&mut self, text: Option<&str>) -> Result<(), ArrowError> {
        if self.run_length > 0 && is_same(self.run.as_deref(), text) {
            self.run_length += 1;
            return Ok(());
        }
        self.end_run()?;
        self.run_length = 1;
        match (text, &mut self.run) {
            (Some(text), Some(run)) => {
                run.clear();
                run.push_str(text);
            }
            (text, run) => *run = text.map(str::to_owned),
        }
        Ok(())
    }

    fn end_run(&mut self) -> Result<(), ArrowError> {
        match &self.run {
            _ if self.run_length == 0 => {}
            None => self.builder.append_nulls(self.run_length),
            Some(text) => {
                let key = self.builder.append_n(text, self.run_length)?;
                if key >= self.distinct {
                    self.distinct = key.saturating_add(1);
                    self.text_bytes += text.len();
                }
            }
        }
        self.run_length = 0;
        Ok(())
    }

    /// Bytes of the distinct texts so far.
    pub(crate) fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    /// The column; this one is empty afterwards.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.end_run()?;
        (self.run, self.distinct, self.text_bytes) = (None, 0, 0);
        Ok(Arc::new(self.builder.finish()))
    }
}

/// Empty texts are told by their length: given to the comparison of memory, with the pointer to
/// nothing that an empty text has, they took a quarter of an import.
fn is_same(known: Option<&str>, text: Option<&str>) -> bool {
    match (known, text) {
        (Some(known), Some(text)) => known.len() == text.len() && (text.is_empty() || known == text),
        (None, None) => true,
        _ => false,
    }
}

/// A dictionary column that is being read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    array: &'a DictionaryArray<Int32Type>,
    values: TypedDictionaryArray<'a, Int32Type, StringArray>,
}

impl<'a> Text<'a> {
    pub(crate) fn of(column: &'a dyn Array) -> Option<Self> {
        let array = column.as_any().downcast_ref::<DictionaryArray<Int32Type>>()?;
        Some(Self { array, values: array.downcast_dict()? })
    }

    pub(crate) fn get(&self, row: usize) -> Option<&'a str> {
        let key = self.array.key(row)?;
        let values: &'a StringArray = self.values.values();
        (key < values.len()).then(|| values.value(key))
    }
}

impl<'a> Text<'a> {
    /// For each row whether it has `text`.
    pub(crate) fn places_of(self, text: &str) -> impl Iterator<Item = bool> + use<'a> {
        let values: &'a StringArray = self.values.values();
        let places: Vec<bool> = values.iter().map(|value| value == Some(text)).collect();
        let has = move |key: &i32| usize::try_from(*key).is_ok_and(|key| places.get(key) == Some(&true));
        self.array.keys().values().iter().map(has)
    }
}

/// A dictionary column whose texts are read as `T`, each once.
#[derive(Debug)]
pub(crate) struct Parsed<'a, T> {
    text: Text<'a>,
    name: &'static str,
    /// By the text's place in the dictionary.
    known: Vec<Option<T>>,
}

impl<'a, T: Clone + FromStr> Parsed<'a, T> {
    pub(crate) fn new(text: Text<'a>, name: &'static str) -> Self {
        Self { text, name, known: vec![None; text.values.values().len()] }
    }

    pub(crate) fn get(&mut self, row: usize) -> Result<Option<T>, BadColumn> {
        let Some(key) = self.text.array.key(row) else { return Ok(None) };
        let known = self.known.get_mut(key).ok_or(BadColumn(self.name))?;
        if known.is_none() {
            let text = self.text.get(row).ok_or(BadColumn(self.name))?;
            *known = Some(text.parse().map_err(|_| BadColumn(self.name))?);
        }
        Ok(known.clone())
    }

    pub(crate) fn required(&mut self, row: usize) -> Result<T, BadColumn> {
        self.get(row)?.ok_or(BadColumn(self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_gaps_come_back() {
        let rows = [Some("a"), Some("a"), None, None, Some(""), Some("a"), Some("ü")];
        let mut column = TextColumn::default();
        for _ in 0..2 {
            rows.iter().for_each(|row| column.push(*row).unwrap());
            column.end_run().unwrap();
            assert_eq!(column.text_bytes(), 3);
            let array = column.finish().unwrap();
            let text = Text::of(&array).unwrap();
            let read: Vec<_> = (0..array.len()).map(|row| text.get(row)).collect();
            assert_eq!(read, rows);
        }
    }
}
