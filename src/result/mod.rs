//! Results: the table a query returned, and how much of the truth it is. Shaping turns one into what the model
//! sees, and [`HeldResults`] holds all of a conversation whole, each under its handle.

mod arithmetic;
mod call_words;
mod column_name;
mod derivation;
pub mod derive;
mod described_unit;
mod encode;
mod exact_numbers;
mod format;
mod frame;
mod handle;
mod held;
mod held_results;
mod json_rows;
mod meaning;
mod packed;
mod row_key;
mod settings;
mod shape;
mod source;
mod spill;
mod table;
mod totals;

pub(crate) use arithmetic::quotient;
pub use arithmetic::{ArithmeticError, CalculatedUnit, FigureOperation, for_reading, sum};
pub(crate) use call_words::{
    WEEKDAYS, call_for_model, call_for_people, limits_for_model, values as value_words,
};
pub use derivation::{Derivation, DerivationInput, RowMatch, TotalKind};
pub(crate) use encode::{NULL_TOKEN, encode_column};
pub use encode::{encode_cell, encode_row};
pub(crate) use exact_numbers::exact_numbers_quoted;
pub use format::{ColumnFormat, NumberStyle};
pub(crate) use frame::MORE_ROWS;
pub use handle::{Handle, HandleError};
pub use held::{HeldResult, ModelView, NewResult, ResultOrigin, RowCoverage};
pub use held_results::{HeldResults, HeldResultsError};
pub use json_rows::JsonRows;
pub use meaning::ColumnMeaning;
pub use packed::PackedTable;
pub use settings::{ConversationSettings, ShapingSettings};
pub use shape::{DerivedHeading, ResultHeading, ShapedResult, shape};
pub(crate) use shape::{TABLE_END, TABLE_MARK};
pub use source::{EntryKind, LookupSource, QuerySource};
pub use table::{Cell, Column, ColumnKind, Extent, ResultTable};
pub use totals::{Amount, ColumnSummary, ColumnTotals, totals};
