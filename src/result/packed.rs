//! Tables as they are held between two uses: in a fraction of the bytes that their cells take as values.
//!
//! A thousand conversations hold a few results each, and look at them for milliseconds. A [`PackedTable`] is one run of bytes
//! with each text once; a clone shares it. [`PackedTable::unpack`] gives the table back, equal to the one that was packed.
//!
//! ```
//! use cardinal::result::{Cell, Extent, PackedTable, ResultTable};
//!
//! let table = ResultTable {
//!     columns: Vec::new(),
//!     rows: vec![vec![Cell::text("web"), Cell::Number(3.into())], vec![Cell::text("web"), Cell::Null]],
//!     extent: Extent::Complete,
//!     bytes_received: 40,
//! };
//! assert_eq!(PackedTable::of(&table).unpack(), table);
//! ```

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use serde::{Serialize, Serializer};
use serde_json::Number;

use super::{Cell, Column, Extent, ResultTable};

/// What a cell begins with. What follows is said beside it.
mod tag {
    pub(super) const NULL: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const TRUE: u8 = 2;
    /// A whole number from zero on: its digits to the base 128.
    pub(super) const WHOLE: u8 = 3;
    /// A whole number below zero: the same of its complement.
    pub(super) const NEGATIVE: u8 = 4;
    /// A number with a fraction: eight bytes.
    pub(super) const FLOAT: u8 = 5;
    /// A text: its length and its bytes. It gets the next number among the table's texts.
    pub(super) const TEXT: u8 = 6;
    /// A text that stood before: its number.
    pub(super) const KNOWN_TEXT: u8 = 7;
}

/// A table in few bytes. Clones share them.
#[derive(Debug, Clone, PartialEq)]
pub struct PackedTable(Arc<PackedParts>);

#[derive(Debug, PartialEq)]
struct PackedParts {
    columns: Arc<[Column]>,
    row_count: usize,
    /// The cells, row by row. Each row begins with the number of its cells.
    cells: Box<[u8]>,
    extent: Extent,
    bytes_received: u64,
}

impl PackedTable {
    /// Packs a table. Equal tables have equal bytes.
    pub fn of(table: &ResultTable) -> Self {
        let mut packer = CellPacker::default();
        for row in &table.rows {
            packer.count(row.len());
            for cell in row {
                packer.cell(cell);
            }
        }
        Self(Arc::new(PackedParts {
            columns: table.columns.as_slice().into(),
            row_count: table.rows.len(),
            cells: packer.bytes.into(),
            extent: table.extent,
            bytes_received: table.bytes_received,
        }))
    }

    pub fn columns(&self) -> &[Column] {
        &self.0.columns
    }

    pub(super) fn shared_columns(&self) -> Arc<[Column]> {
        Arc::clone(&self.0.columns)
    }

    /// How many rows it has.
    pub fn row_count(&self) -> usize {
        self.0.row_count
    }

    /// The bytes of its cells: equal for tables with equal rows.
    pub fn cell_bytes(&self) -> &[u8] {
        &self.0.cells
    }

    /// The same of its first `count` rows. Tapes hold hashes of these bytes, so what a cell is written as must not change.
    pub(crate) fn bytes_of_rows(&self, count: usize) -> &[u8] {
        if count >= self.0.row_count {
            return &self.0.cells;
        }
        let mut reader = CellReader::<&str> {
            bytes: &self.0.cells,
            texts: Vec::new(),
        };
        for _ in 0..count {
            for _ in 0..reader.count().unwrap_or_default() {
                let _ = reader.cell();
            }
        }
        let length = self.0.cells.len().saturating_sub(reader.bytes.len());
        self.0.cells.get(..length).unwrap_or_default()
    }

    pub fn unpack(&self) -> ResultTable {
        ResultTable {
            columns: self.0.columns.to_vec(),
            rows: self.first_rows(self.0.row_count),
            extent: self.0.extent,
            bytes_received: self.0.bytes_received,
        }
    }

    /// The first `count` rows; fewer if there are fewer.
    pub fn first_rows(&self, count: usize) -> Vec<Vec<Cell>> {
        self.rows().take(count).collect()
    }

    /// The rows, each unpacked when it is asked for.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Vec<Cell>> {
        self.read_rows::<Arc<str>, Cell>()
    }

    /// The same for who only looks at them: their texts stay where they are.
    pub(crate) fn rows_in_place(&self) -> impl Iterator<Item = Vec<ReadCell<&str>>> {
        self.read_rows::<&str, ReadCell<&str>>()
    }

    fn read_rows<'b, T: Clone + From<&'b str>, C: From<ReadCell<T>>>(
        &'b self,
    ) -> impl Iterator<Item = Vec<C>> {
        let mut reader = CellReader {
            bytes: &self.0.cells,
            texts: Vec::new(),
        };
        (0..self.0.row_count).map_while(move |_| {
            let width = reader.count()?;
            // Not collected from options: these do not say how many there will be.
            let mut row = Vec::with_capacity(width);
            for _ in 0..width {
                row.push(reader.cell()?.into());
            }
            Some(row)
        })
    }
}

/// A cell that was read, with its text as the reader wants it.
#[derive(Debug)]
pub(crate) enum ReadCell<T> {
    Null,
    Bool(bool),
    Number(Number),
    Text(T),
}

impl From<ReadCell<Arc<str>>> for Cell {
    fn from(read: ReadCell<Arc<str>>) -> Self {
        match read {
            ReadCell::Null => Self::Null,
            ReadCell::Bool(value) => Self::Bool(value),
            ReadCell::Number(number) => Self::Number(number),
            ReadCell::Text(text) => Self::Text(text),
        }
    }
}

/// As the JSON value that it holds.
impl Serialize for ReadCell<&str> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl From<&ResultTable> for PackedTable {
    fn from(table: &ResultTable) -> Self {
        Self::of(table)
    }
}

#[derive(Default)]
struct CellPacker<'t> {
    bytes: Vec<u8>,
    texts: HashMap<&'t str, usize, RandomState>,
}

impl<'t> CellPacker<'t> {
    fn cell(&mut self, cell: &'t Cell) {
        match cell {
            Cell::Null => self.bytes.push(tag::NULL),
            Cell::Bool(false) => self.bytes.push(tag::FALSE),
            Cell::Bool(true) => self.bytes.push(tag::TRUE),
            Cell::Number(number) => self.number(number),
            Cell::Text(text) => self.text(text),
        }
    }

    fn number(&mut self, number: &Number) {
        if let Some(whole) = number.as_u64() {
            self.bytes.push(tag::WHOLE);
            self.digits(whole);
        } else if let Some(whole) = number.as_i64() {
            self.bytes.push(tag::NEGATIVE);
            self.digits(u64::from_ne_bytes((!whole).to_ne_bytes()));
        } else if let Some(float) = number.as_f64() {
            self.bytes.push(tag::FLOAT);
            self.bytes.extend_from_slice(&float.to_le_bytes());
        } else {
            // Without serde_json's arbitrary precision every number is one of these.
            self.bytes.push(tag::NULL);
        }
    }

    fn text(&mut self, text: &'t str) {
        let next = self.texts.len();
        let known = *self.texts.entry(text).or_insert(next);
        if known < next {
            self.bytes.push(tag::KNOWN_TEXT);
            self.count(known);
            return;
        }
        self.bytes.push(tag::TEXT);
        self.count(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn count(&mut self, count: usize) {
        self.digits(count as u64);
    }

    /// Seven bits to a byte, the lowest first; the highest bit of each says whether another follows.
    fn digits(&mut self, mut value: u64) {
        loop {
            let [low, ..] = value.to_le_bytes();
            value >>= 7;
            if value == 0 {
                self.bytes.push(low & 0x7f);
                return;
            }
            self.bytes.push(low | 0x80);
        }
    }
}

/// Reads what a packer wrote. `None` where the bytes end, which they do only behind the last cell.
struct CellReader<'b, T> {
    bytes: &'b [u8],
    texts: Vec<T>,
}

impl<'b, T: Clone + From<&'b str>> CellReader<'b, T> {
    fn cell(&mut self) -> Option<ReadCell<T>> {
        Some(match self.byte()? {
            tag::FALSE => ReadCell::Bool(false),
            tag::TRUE => ReadCell::Bool(true),
            tag::WHOLE => ReadCell::Number(self.digits()?.into()),
            tag::NEGATIVE => ReadCell::Number((!i64::from_ne_bytes(self.digits()?.to_ne_bytes())).into()),
            tag::FLOAT => {
                let (bytes, rest) = self.bytes.split_first_chunk()?;
                self.bytes = rest;
                Number::from_f64(f64::from_le_bytes(*bytes)).map_or(ReadCell::Null, ReadCell::Number)
            }
            tag::TEXT => {
                let length = self.count()?;
                let (text, rest) = self.bytes.split_at_checked(length)?;
                self.bytes = rest;
                let text: T = std::str::from_utf8(text).ok()?.into();
                self.texts.push(text.clone());
                ReadCell::Text(text)
            }
            tag::KNOWN_TEXT => {
                let known = self.count()?;
                ReadCell::Text(self.texts.get(known)?.clone())
            }
            _ => ReadCell::Null,
        })
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.digits()?).ok()
    }

    fn digits(&mut self) -> Option<u64> {
        let (mut value, mut shift) = (0u64, 0u32);
        loop {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
            shift += 7;
        }
    }
}
