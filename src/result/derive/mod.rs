//! Results worked out from held ones: rows filtered, joined, computed, grouped, ranked, sorted and paged. Nothing is
//! asked of a server.
//!
//! A derivation is a list of [`DerivationStep`]s over held tables, and each step takes the rows that the one before it left:
//! compute a column, keep rows, group, sort. `more_rows` says what it wants as [`RowOperations`], which become steps. For
//! example "the two states with the most revenue" is
//! `[Group { groups: [state], figures: [sum of price] }, Sort([column 1, descending]), Page { offset: 0, limit: Some(2) }]`.
//!
//! **Why plain iterators and not a database.** SQLite in memory did this before. It has no decimals, so sums, ranks
//! and keys were computed here anyway and then written into it row by row, to be read back by number. Joins, windows and
//! percentiles would each have needed the same detour. Plain iterators do all of it in no more lines than the detour
//! took for filters and groups alone; `benches/result.rs` measures them. Values have one order
//! (`ValueKey`), money is added up in decimal, and each step notes which cells its figures came from
//! ([`Lineage`]).
//!
//! Start at [`derive_steps`] in `engine.rs`.

mod bucket;
mod condition;
mod engine;
mod expression;
mod frame;
mod group;
mod join;
mod lineage;
mod moment;
mod number;
mod operations;
mod ranks;
mod steps;
mod test;
mod window;

pub use bucket::Granularity;
pub use engine::{DeriveError, DerivedTable, StopSignal, derive, derive_steps};
pub use expression::{ArithmeticOperator, ElapsedUnit, EpochUnit, Expression};
pub use lineage::{CellLineage, CellOrigin, Lineage};
pub use operations::{RowAggregate, RowFilter, RowFunction, RowGroup, RowOperations, RowSort};
pub use steps::{Condition, DerivationStep, GroupFigure, KeyPair, RowOrder, WindowFunction};
pub use test::{TextMatching, TimePart, ValueComparison, ValueTest};
