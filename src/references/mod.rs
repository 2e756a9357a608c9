//! References: the model points at a figure, and the program writes it.
//!
//! A text says `{{r1 revenue @ 2025-03}}`: the column `revenue` of result `r1` in the row whose key is `2025-03`. Cardinal puts
//! the value there, in the column's format, so that no figure is copied by hand, and none of another row. Rows are named by
//! their key wherever they have one. There are also totals, counts of rows, four derivations, whole tables and charts:
//!
//! ```text
//! {{r1 revenue @ 2025-03, Widget}}      several key columns
//! {{r1 revenue @ total | M}}            a total, in millions
//! {{r1 rows}}                           how many rows
//! {{change r1 revenue @ 2024 -> 2025}}  worked out in decimal
//! {{table r1: month, revenue (M) as Sales | first 10}}  rows as a Markdown table
//! ```
//!
//! Only results of the conversation can be named, and a value that was written is never read again, so a cell that looks like
//! a reference is data. A reference that names nothing leaves a mark in the text and says what is near.
//!
//! Start with `text.rs`, which takes a text as it comes. `splitter.rs` finds references in it, `syntax.rs` reads one,
//! `resolve.rs` finds what it names, `number_format.rs` (in the marks of `style.rs`), `times.rs` and `printed_table.rs` (with
//! `table_columns.rs`) write it as `format.rs` says, and `units.rs` keeps a unit from being said twice.

mod chart;
mod derived;
mod format;
mod known_results;
mod number_format;
mod printed_table;
mod resolve;
mod row_index;
mod splitter;
mod style;
mod syntax;
mod table_columns;
mod text;
mod times;
mod total_word;
mod units;

pub(crate) use number_format::as_set_up;
pub(crate) use times::{clear_date_style, styled_day};

pub use chart::{ChartKind, RequestedChart};
pub use known_results::KnownResults;
pub use splitter::{TextPiece, TextSplitter};
pub use style::FigureStyle;
pub use syntax::Reference;
pub use text::{ReferenceProblem, ReferencedText, WrittenReference};
