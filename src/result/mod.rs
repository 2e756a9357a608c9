//! Results: the table a query returned, and how much of the truth it is. Shaping turns one into what the model
//! sees; nothing here knows where a table came from.

mod clean;
mod encode;
mod frame;
mod shape;
mod table;
mod totals;

pub use clean::{clean_line, cut_to_bytes, is_hidden};
pub use encode::{NULL_TOKEN, encode_cell, encode_column, encode_row, escape};
pub use shape::{Heading, Shaped, TABLE_MARK, shape};
pub use table::{Cell, Column, ColumnKind, Extent, ResultTable};
pub use totals::{Amount, ColumnTotals, Summary, totals};
