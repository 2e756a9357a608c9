//! Rows of a JSON answer, read straight into cells.
//!
//! A server sends rows as arrays of scalars: `[["2024-05-01T00:00:00Z", 12.5, null], …]`. Reading them as JSON values
//! first would make each text twice and hold all of them at once. Texts that come again, as the names of categories
//! do, are held once.

use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::fast::RandomState;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::Cell;

/// Rows of scalars, as a server sends them: `[["2024-05-01", 12.5, null], …]`. What is nested in a cell becomes its JSON as text.
#[derive(Debug, Default)]
pub struct JsonRows(pub Vec<Vec<Cell>>);

impl<'de> Deserialize<'de> for JsonRows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_seq(RowsVisitor(SharedTexts::default()))
            .map(Self)
    }
}

struct RowsVisitor(SharedTexts);

impl<'de> Visitor<'de> for RowsVisitor {
    type Value = Vec<Vec<Cell>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut rows: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::with_capacity(rows.size_hint().unwrap_or_default().min(1024));
        let mut width = 0;
        while let Some(row) = rows.next_element_seed(RowSeed {
            texts: &mut self.0,
            width,
        })? {
            width = row.len();
            read.push(row);
        }
        Ok(read)
    }
}

struct RowSeed<'t> {
    texts: &'t mut SharedTexts,
    /// How many cells there will be, as far as the row before it tells.
    width: usize,
}

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = Vec<Cell>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_> {
    type Value = Vec<Cell>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row, which is a list of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut cells: A) -> Result<Self::Value, A::Error> {
        let mut row = Vec::with_capacity(self.width);
        while let Some(cell) = cells.next_element_seed(CellSeed(self.texts))? {
            row.push(cell);
        }
        Ok(row)
    }
}

struct CellSeed<'t>(&'t mut SharedTexts);

impl<'de> DeserializeSeed<'de> for CellSeed<'_> {
    type Value = Cell;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cell, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CellSeed<'_> {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Cell, E> {
        Ok(Cell::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Cell, E> {
        Ok(Cell::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Cell, E> {
        Ok(Cell::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Cell, E> {
        Ok(Number::from_f64(value).map_or(Cell::Null, Cell::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::Text(self.0.share(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, nested: A) -> Result<Cell, A::Error> {
        let value = Value::deserialize(SeqAccessDeserializer::new(nested))?;
        Ok(Cell::text(value.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, nested: A) -> Result<Cell, A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(nested))?;
        Ok(Cell::text(value.to_string()))
    }
}

/// The texts that came last, each held once. Which are found again depends on where their hashes fall, so this saves
/// memory and promises nothing.
struct SharedTexts {
    slots: Vec<Option<Arc<str>>>,
    hashing: RandomState,
}

impl SharedTexts {
    const SLOTS: usize = 256;
    /// Longer texts seldom come again.
    const LONGEST: usize = 48;

    fn share(&mut self, text: &str) -> Arc<str> {
        if text.len() > Self::LONGEST {
            return text.into();
        }
        // The number of slots is a power of two below any `usize`, so the rest of the hash is of no account.
        #[expect(clippy::cast_possible_truncation, reason = "only the lowest bits count")]
        let slot = self.hashing.hash_one(text) as usize % Self::SLOTS;
        let Some(slot) = self.slots.get_mut(slot) else {
            return text.into();
        };
        match slot {
            Some(known) if **known == *text => Arc::clone(known),
            _ => Arc::clone(slot.insert(text.into())),
        }
    }
}

impl Default for SharedTexts {
    fn default() -> Self {
        Self {
            slots: vec![None; Self::SLOTS],
            hashing: RandomState::default(),
        }
    }
}
