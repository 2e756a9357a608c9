//! The results that an answer rests on, as the answer shows them.

use std::fmt;
use std::sync::Arc;

use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Evidence;
use crate::result::{Cell, Extent, NewResult, PackedTable, ResultTable};

/// The rows of a result that the model saw. They share the table that the conversation holds; cloning them copies no cell.
/// In JSON they are a list of rows, each a list of values.
#[derive(Clone)]
pub struct EvidenceRows(RowSource);

#[derive(Clone)]
enum RowSource {
    /// The first rows of a table.
    Held { table: PackedTable, shown: usize },
    /// Read back from an answer that was written.
    Read(Arc<[Vec<Value>]>),
}

impl EvidenceRows {
    /// How many rows these are.
    pub fn len(&self) -> usize {
        match &self.0 {
            RowSource::Held { table, shown } => table.row_count().min(*shown),
            RowSource::Read(rows) => rows.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A hash of them, hex. Equal rows have equal hashes, whether they are held or were read back.
    pub(crate) fn fingerprint(&self) -> String {
        let hash = match &self.0 {
            RowSource::Held { table, shown } => blake3::hash(table.bytes_of_rows(*shown)),
            RowSource::Read(rows) => {
                let rows = rows.iter().map(|row| row.iter().map(cell_of).collect());
                let table = ResultTable {
                    columns: Vec::new(),
                    rows: rows.collect(),
                    extent: Extent::Complete,
                    bytes_received: 0,
                };
                blake3::hash(PackedTable::of(&table).cell_bytes())
            }
        };
        hash.to_hex().to_string()
    }

    /// All of them, as JSON values.
    pub fn to_values(&self) -> Vec<Vec<Value>> {
        self.first(usize::MAX)
    }

    /// The first `count` of them, or as many as there are, as JSON values.
    pub fn first(&self, count: usize) -> Vec<Vec<Value>> {
        match &self.0 {
            RowSource::Held { table, shown } => {
                let rows = table.first_rows(count.min(*shown)).into_iter();
                rows.map(|row| row.iter().map(Value::from).collect()).collect()
            }
            RowSource::Read(rows) => rows.iter().take(count).cloned().collect(),
        }
    }
}

/// The cell that was written as this value.
fn cell_of(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(truth) => Cell::Bool(*truth),
        Value::Number(number) => Cell::Number(number.clone()),
        Value::String(text) => Cell::text(text.as_str()),
        other => Cell::text(other.to_string()),
    }
}

impl PartialEq for EvidenceRows {
    fn eq(&self, other: &Self) -> bool {
        self.to_values() == other.to_values()
    }
}

impl fmt::Debug for EvidenceRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_values().fmt(f)
    }
}

impl Serialize for EvidenceRows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (table, shown) = match &self.0 {
            RowSource::Read(rows) => return rows.serialize(serializer),
            RowSource::Held { table, shown } => (table, *shown),
        };
        let mut rows = serializer.serialize_seq(Some(self.len()))?;
        for row in table.rows_in_place().take(shown) {
            rows.serialize_element(&row)?;
        }
        rows.end()
    }
}

impl<'de> Deserialize<'de> for EvidenceRows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Vec::<Vec<Value>>::deserialize(deserializer)?;
        Ok(Self(RowSource::Read(rows.into())))
    }
}

/// The evidence that the result of a call is.
pub(super) fn of(call: u32, brought: &NewResult) -> Evidence {
    let (shown, table) = (&brought.shown, &brought.table);
    Evidence {
        result: brought.handle,
        call,
        title: brought.title.clone(),
        origin: brought.origin.clone(),
        columns: table.columns().iter().map(|column| column.name.clone()).collect(),
        rows: EvidenceRows(RowSource::Held {
            table: table.clone(),
            shown: usize::try_from(shown.rows_shown).unwrap_or(usize::MAX),
        }),
        rows_known: shown.rows_known,
        extent: shown.extent,
        truncated: shown.truncated,
        health: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_were_read_back_have_the_hash_of_those_that_are_held() {
        let row = |name: &str, count: i64| vec![Cell::text(name), Cell::Number(count.into()), Cell::Null];
        let rows = |shown: usize, last: i64| {
            let table = ResultTable {
                columns: Vec::new(),
                rows: vec![row("web", -1), row("web", 2), row("shop", last)],
                extent: Extent::Complete,
                bytes_received: 7,
            };
            let table = PackedTable::of(&table);
            EvidenceRows(RowSource::Held { table, shown })
        };
        for shown in [0, 1, 2, 3, 9] {
            let held = rows(shown, 3);
            let written = serde_json::to_string(&held).unwrap();
            let read: EvidenceRows = serde_json::from_str(&written).unwrap();
            assert_eq!(read.fingerprint(), held.fingerprint(), "{shown}");
        }
        assert_eq!(rows(2, 3).fingerprint(), rows(2, 4).fingerprint());
        assert_ne!(rows(3, 3).fingerprint(), rows(3, 4).fingerprint());
    }
}
