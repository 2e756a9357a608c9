//! Results: the table a query returned, and how much of the truth it is. Shaping turns one into what the model
//! sees, and the shelf holds all of a conversation's whole, each under its handle.

mod arithmetic;
mod derivation;
pub mod derive;
mod encode;
mod frame;
mod handle;
mod held;
mod json_rows;
mod meaning;
mod settings;
mod shape;
mod shelf;
mod source;
mod spill;
mod table;
mod totals;

pub use arithmetic::{ArithmeticError, Operation, Unit, for_reading, quotient, sum};
pub use derivation::{Derivation, DerivationInput, RowMatch, TotalKind};
pub use encode::{NULL_TOKEN, encode_cell, encode_column, encode_row};
pub use frame::MORE_ROWS;
pub use handle::{Handle, HandleError};
pub use held::{Brought, Cover, Held, Origin, Shown};
pub use json_rows::JsonRows;
pub use meaning::ColumnMeaning;
pub use settings::{ConversationSettings, ShapingSettings};
pub use shape::{DerivedHeading, Heading, ShapedResult, TABLE_END, TABLE_MARK, shape};
pub use shelf::{Shelf, ShelfError};
pub use source::{EntryKind, Source};
pub use table::{Cell, Column, ColumnKind, Extent, ResultTable};
pub use totals::{Amount, ColumnTotals, Summary, totals};
