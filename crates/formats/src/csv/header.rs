//! The header line: columns are found by name, never by position.

use crate::error::FileError;

/// One column of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column(usize);

impl Column {
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }

    /// Counted from 1, as a spreadsheet shows it.
    #[must_use]
    pub fn number(self) -> u64 {
        (self.0 as u64).saturating_add(1)
    }
}

/// The columns of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    names: Vec<String>,
    /// [`normalised`] whole names, and the names in parentheses where there are some.
    keys: Vec<(String, Option<String>)>,
    line: u64,
}

/// A name for comparison: without case, blanks, `_` and `-`.
#[must_use]
pub fn normalised(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// `Abonnement-GUID (SubscriptionGuid)` is known as `SubscriptionGuid` as well.
fn in_parentheses(name: &str) -> Option<String> {
    let (_, inner) = name.trim_end().strip_suffix(')')?.rsplit_once('(')?;
    Some(normalised(inner))
}

impl Header {
    /// `line` is the physical line that the header starts on.
    #[must_use]
    pub fn new(names: Vec<String>, line: u64) -> Self {
        let keys = names.iter().map(|name| (normalised(name), in_parentheses(name))).collect();
        Self { names, keys, line }
    }

    /// The names as the file writes them.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    #[must_use]
    pub fn name(&self, column: Column) -> &str {
        self.names.get(column.0).map_or("", String::as_str)
    }

    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether some column has this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.columns(&normalised(name)).next().is_some()
    }

    /// The column with the first of `names` that the file has.
    ///
    /// # Errors
    /// `csv.column_duplicate` when two columns have that name.
    pub fn find(&self, names: &[&str]) -> Result<Option<Column>, FileError> {
        for name in names {
            let key = normalised(name);
            let mut columns = self.columns(&key);
            let Some(first) = columns.next() else { continue };
            let Some(second) = columns.next() else { return Ok(Some(first)) };
            let message = format!("columns {} and {} are both named {name}", first.number(), second.number());
            return Err(FileError::new("csv.column_duplicate", message).at(self.line, second.number()));
        }
        Ok(None)
    }

    /// As [`Header::find`], for a column that the file must have.
    ///
    /// # Errors
    /// `csv.column_missing`, `csv.column_duplicate`.
    pub fn require(&self, names: &[&str]) -> Result<Column, FileError> {
        self.find(names)?.ok_or_else(|| {
            let message = format!("there is no column {}; the file has {}", names.join(" or "), self.summary());
            FileError::new("csv.column_missing", message).at_line(self.line)
        })
    }

    /// The names in one line, for messages.
    #[must_use]
    pub fn summary(&self) -> String {
        const SHOWN_MAX: usize = 40;
        let shown: Vec<String> = self.names.iter().take(SHOWN_MAX).map(|name| crate::number::excerpt(name)).collect();
        let rest = self.names.len().saturating_sub(SHOWN_MAX);
        if rest == 0 { shown.join(", ") } else { format!("{} and {rest} more", shown.join(", ")) }
    }

    fn columns<'h>(&'h self, key: &'h str) -> impl Iterator<Item = Column> + 'h {
        let matches = move |(whole, inner): &(String, Option<String>)| whole == key || inner.as_deref() == Some(key);
        self.keys.iter().enumerate().filter(move |(_, keys)| matches(keys)).map(|(index, _)| Column(index))
    }
}
