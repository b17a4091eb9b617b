//! Rows in and out: values that are read are checked and named, values that are written go many
//! to a statement.

use std::fmt::Display;
use std::str::FromStr;

use billing::invoice::InvoiceType;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::query_builder::{QueryBuilder, Separated};
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, SqliteConnection, Type};

use crate::error::{LedgerError, Result};

/// A table with the columns of its key, which name a row that cannot be read.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) key: &'static [&'static str],
}

/// One row of a table. Its key columns are among those that were selected.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'r> {
    row: &'r SqliteRow,
    table: &'static Table,
}

impl<'r> Fields<'r> {
    pub(crate) fn new(row: &'r SqliteRow, table: &'static Table) -> Self {
        Self { row, table }
    }

    fn get<T: Decode<'r, Sqlite> + Type<Sqlite>>(&self, column: &str) -> Result<T> {
        self.row.try_get(column).map_err(|error| self.damaged(column, error))
    }

    pub(crate) fn text(&self, column: &str) -> Result<&'r str> {
        self.get(column)
    }

    pub(crate) fn owned(&self, column: &str) -> Result<String> {
        self.get(column)
    }

    pub(crate) fn bytes(&self, column: &str) -> Result<Vec<u8>> {
        self.get(column)
    }

    pub(crate) fn integer(&self, column: &str) -> Result<i64> {
        self.get(column)
    }

    /// A number, `None` where the column is empty.
    pub(crate) fn nullable(&self, column: &str) -> Result<Option<i64>> {
        self.get(column)
    }

    /// A count or a place.
    pub(crate) fn unsigned<T: TryFrom<i64>>(&self, column: &str) -> Result<T> {
        let value = self.integer(column)?;
        T::try_from(value).map_err(|_| self.damaged(column, format_args!("{value} is out of range")))
    }

    pub(crate) fn parsed<T: FromStr<Err: Display>>(&self, column: &str) -> Result<T> {
        let text = self.text(column)?;
        text.parse().map_err(|error| self.damaged(column, error))
    }

    /// `None` where the column is empty.
    pub(crate) fn optional<T: FromStr<Err: Display>>(&self, column: &str) -> Result<Option<T>> {
        let text = self.get::<Option<&str>>(column)?;
        text.map(str::parse).transpose().map_err(|error| self.damaged(column, error))
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        serde_json::from_str(self.text(column)?).map_err(|error| self.damaged(column, error))
    }

    pub(crate) fn invoice_type(&self, column: &str) -> Result<InvoiceType> {
        let text = self.text(column)?;
        [InvoiceType::OneTime, InvoiceType::Recurring]
            .into_iter()
            .find(|invoice_type| invoice_type.as_str() == text)
            .ok_or_else(|| self.damaged(column, format_args!("{text:?} is not a type of invoice")))
    }

    pub(crate) fn damaged(&self, column: &str, fault: impl Display) -> LedgerError {
        LedgerError::Damaged { row: self.name(), fault: format!("{column} cannot be read: {fault}") }
    }

    /// `invoices (org-1, G000000001)`.
    pub(crate) fn name(&self) -> String {
        let part = |column: &&str| {
            let text = self.row.try_get::<&str, _>(*column).map(str::to_owned);
            text.or_else(|_| self.row.try_get::<i64, _>(*column).map(|value| value.to_string()))
                .unwrap_or_else(|_| "?".to_owned())
        };
        let key: Vec<String> = self.table.key.iter().map(part).collect();
        format!("{} ({})", self.table.name, key.join(", "))
    }
}

/// An unsigned number as a column keeps it.
pub(crate) fn integer(value: u64) -> Result<i64> {
    i64::try_from(value).map_err(|_| LedgerError::TooLarge(value))
}

/// An instant whose order is the order of its text.
pub(crate) fn instant(at: Timestamp) -> String {
    format!("{at:.9}")
}

/// Rows of one statement. A statement per row costs eight times as much.
const ROWS_PER_STATEMENT: usize = 100;

/// Inserts `rows`: `insert` is the statement up to its values, `conflict` what stands behind them.
pub(crate) async fn insert_rows<T: Sync>(
    connection: &mut SqliteConnection,
    insert: &'static str,
    conflict: &'static str,
    rows: &[T],
    bind: impl Fn(&mut Separated<'_, Sqlite, &'static str>, &T) -> Result<()> + Send,
) -> Result<()> {
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let mut statement = QueryBuilder::<Sqlite>::new(insert);
        let mut bound = Ok(());
        statement.push_values(chunk, |mut values, row| {
            if let Err(error) = bind(&mut values, row) {
                bound = Err(error);
            }
        });
        bound?;
        statement.push(conflict);
        // Shorter chunks differ in length and would push other statements out of the cache.
        let whole = chunk.len() == ROWS_PER_STATEMENT;
        statement.build().persistent(whole).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Runs `update`, which ends before the list of ids; answers how many rows it reached.
pub(crate) async fn update_ids(
    connection: &mut SqliteConnection,
    update: impl Fn(&mut QueryBuilder<Sqlite>) + Send,
    ids: &[u64],
) -> Result<u64> {
    let mut reached: u64 = 0;
    for chunk in ids.chunks(ROWS_PER_STATEMENT) {
        let mut statement = QueryBuilder::<Sqlite>::new("");
        update(&mut statement);
        let mut list = statement.separated(", ");
        list.push_unseparated("(");
        for id in chunk {
            list.push_bind(integer(*id)?);
        }
        list.push_unseparated(")");
        let done = statement.build().persistent(false).execute(&mut *connection).await?;
        reached = reached.saturating_add(done.rows_affected());
    }
    Ok(reached)
}
