//! Results: the table a query returned, and how much of the truth it is. Shaping turns one into what the model
//! sees; nothing here knows where a table came from.

mod table;

pub use table::{Cell, Column, ColumnKind, Extent, ResultTable};
