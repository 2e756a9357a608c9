use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::expression::Expression;
use super::frame::{DerivationFrame, computed_column};
use super::lineage::ColumnLineage;
use super::{Condition, DerivationStep, Lineage, RowOperations, RowOrder, group, join, window};
use crate::result::{Extent, ResultTable};

/// After how many rows it is looked whether to stop.
pub(super) const LOOK_EVERY: usize = 512;

/// Tells work under way that nobody waits for it any more.
#[derive(Debug, Clone, Default)]
pub struct StopSignal(Arc<AtomicBool>);

impl StopSignal {
    /// Work that looks at this stops.
    pub fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn look(&self) -> Result<(), DeriveError> {
        if self.0.load(Ordering::Relaxed) {
            return Err(DeriveError::Stopped);
        }
        Ok(())
    }
}

/// Why nothing could be worked out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeriveError {
    /// A figure over values that are not numbers would leave them out without a word.
    #[error("{count} values of \"{column}\" are not numbers, so it cannot be added up")]
    NotNumbers { column: String, count: usize },
    /// Values that are not times cannot be put into buckets of time.
    #[error("{count} values of \"{column}\" are not times, so they have no granularity")]
    NotTimes { column: String, count: usize },
    /// Some values have more digits than are held exactly.
    #[error("\"{0}\" has values with more than 28 digits, which are not computed with")]
    NotExact(String),
    /// A figure would have more digits than are held exactly.
    #[error(
        "a figure would have more than 28 digits, so it would not be exact; compute it of fewer or smaller values"
    )]
    TooLarge,
    /// Times stand where numbers are wanted.
    #[error("a day or moment is not a number: take the time elapsed between two of them")]
    TimesAsNumbers,
    /// Numbers stand where times are wanted.
    #[error("a number is not a day or moment: say what it counts, or which part of a day it is")]
    NumbersAsTimes,
    /// A number does not name a time.
    #[error("{0} is not a time that there is")]
    NoSuchTime(String),
    /// Buckets of numbers have no width.
    #[error("the width of a stretch of numbers must be above 0")]
    NoWidth,
    /// Tables are to be put together by no key.
    #[error("no column is named by which the results are put together")]
    NoKey,
    /// Two columns cannot be the same key.
    #[error("\"{here}\" and \"{there}\" have different types, so their values cannot be the same key")]
    KeysDiffer {
        /// The column of the table itself.
        here: String,
        /// The column of the other table.
        there: String,
    },
    /// The other table has several rows for a key, and it is not said which.
    #[error(
        "the other result has {rows} rows with the key {key}: group it first, or keep one row of each key"
    )]
    KeyTwice { key: String, rows: usize },
    /// A column is named that the table does not have.
    #[error("there is no column at place {0}")]
    NoColumn(usize),
    /// A table is named that was not given.
    #[error("there is no other result at place {0}")]
    NoTable(usize),
    /// It was told to stop.
    #[error("it was stopped")]
    Stopped,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DerivedTable {
    /// The rows asked for. Its extent is that of the tables it comes from: what is missing there is missing here. Over
    /// tables that are whole, rows that were not asked for make it [`Extent::AskedLimit`].
    pub table: ResultTable,
    /// Rows before those that were passed over and beyond the limit were left out.
    pub of: u64,
    /// Whether the first row beyond the limit has the same place in the order as the last one before it.
    pub tied: bool,
    /// Which cells each of its cells came from.
    pub lineage: Lineage,
}

/// Does the operations over all rows of `table`. Blocks for as long as the rows take, at most some seconds.
pub fn derive(
    table: &ResultTable,
    operations: &RowOperations,
    stop: &StopSignal,
) -> Result<DerivedTable, DeriveError> {
    derive_steps(&[table], &operations.steps(), stop)
}

/// Takes the steps one after the other, beginning with the first of `tables`. Blocks for as long as the rows take.
pub fn derive_steps(
    tables: &[&ResultTable],
    steps: &[DerivationStep],
    stop: &StopSignal,
) -> Result<DerivedTable, DeriveError> {
    stop.look()?;
    let base = tables.first().ok_or(DeriveError::NoTable(0))?;
    let mut frame = DerivationFrame::new(base, stop);
    let mut extent = base.extent;
    let mut of = None;
    let mut order: &[RowOrder] = &[];
    let mut tied = false;
    for step in steps {
        stop.look()?;
        match step {
            DerivationStep::Page {
                offset,
                limit: Some(limit),
            } => {
                tied = frame.ties_at(order, offset.saturating_add(*limit))?;
            }
            DerivationStep::Sort(by) => (order, tied) = (by, false),
            DerivationStep::Group { .. } | DerivationStep::FirstRows { .. } => (order, tied) = (&[], false),
            DerivationStep::Keep(_) | DerivationStep::KeepMatching { .. } => tied = false,
            // Columns are named by their places, which are others from here on.
            DerivationStep::Columns(_) => order = &[],
            _ => {}
        }
        if let DerivationStep::KeepMatching { with, .. } | DerivationStep::JoinColumns { with, .. } = step {
            extent = extent.joined_with(other(tables, *with)?.extent);
        }
        if let DerivationStep::Group { .. } = step {
            extent = extent.computed_over();
        }
        if let DerivationStep::Page { .. } = step {
            of.get_or_insert(frame.rows.len() as u64);
        } else if !matches!(step, DerivationStep::Columns(_)) {
            // Rows that a step takes out on purpose are not rows left out.
            of = None;
        }
        step.take(&mut frame, tables)?;
    }
    let of = of.unwrap_or(frame.rows.len() as u64);
    let (columns, rows, lineage) = frame.finish();
    let table = ResultTable {
        columns,
        rows,
        extent,
        bytes_received: 0,
    };
    Ok(DerivedTable {
        table: table.asked_of(of),
        of,
        tied,
        lineage,
    })
}

fn other<'t>(tables: &[&'t ResultTable], at: usize) -> Result<&'t ResultTable, DeriveError> {
    tables.get(at).copied().ok_or(DeriveError::NoTable(at))
}

impl DerivationStep {
    fn take(&self, frame: &mut DerivationFrame<'_>, tables: &[&ResultTable]) -> Result<(), DeriveError> {
        match self {
            Self::Compute { name, expression } => compute(frame, name, expression),
            Self::Keep(condition) => keep(frame, condition),
            Self::KeepMatching { with, keys, matched } => {
                join::keep_matching(frame, other(tables, *with)?, keys, *matched)
            }
            Self::JoinColumns { with, keys, columns } => {
                join::join_columns(frame, (*with, other(tables, *with)?), keys, columns)
            }
            Self::Window {
                name,
                function,
                partition,
                order,
            } => window::window(frame, name, *function, partition, order),
            Self::FirstRows {
                partition,
                order,
                count,
            } => window::first_rows(frame, partition, order, *count),
            Self::Group { groups, figures } => group::group(frame, groups, figures),
            Self::Sort(order) => {
                let places = frame.order(order)?;
                frame.rows = places
                    .into_iter()
                    .filter_map(|place| frame.rows.get(place).copied())
                    .collect();
                Ok(())
            }
            Self::Page { offset, limit } => {
                let number = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
                let most = limit.map_or(usize::MAX, number);
                frame.rows = frame
                    .rows
                    .iter()
                    .skip(number(*offset))
                    .take(most)
                    .copied()
                    .collect();
                Ok(())
            }
            Self::Columns(columns) => frame.select(columns),
        }
    }
}

fn compute(frame: &mut DerivationFrame<'_>, name: &str, expression: &Expression) -> Result<(), DeriveError> {
    let (kind, cells) = expression.evaluate(frame)?;
    let column = computed_column(name.to_owned(), kind, expression.unit());
    frame.add(column, cells, ColumnLineage::Columns(expression.columns()))
}

fn keep(frame: &mut DerivationFrame<'_>, condition: &Condition) -> Result<(), DeriveError> {
    let holds = condition.holds(frame)?;
    let kept = frame.rows.iter().zip(holds).filter(|(_, holds)| *holds);
    frame.rows = kept.map(|(row, _)| *row).collect();
    Ok(())
}

impl Extent {
    /// The extent of what is made of this table and another: not whole if one of them is not.
    fn joined_with(self, other: Self) -> Self {
        match (self.is_cut(), other.is_cut()) {
            (false, true) => other,
            (false, false) if self == Self::Complete => other.computed_over(),
            _ => self,
        }
    }
}

impl ResultTable {
    /// These rows as some of `of` that could have been asked for: the held rows have an order, so it is known which.
    fn asked_of(mut self, of: u64) -> Self {
        let limit = self.rows.len() as u64;
        if self.extent == Extent::Complete && limit < of {
            self.extent = Extent::AskedLimit {
                limit,
                of: Some(of),
                ordered: true,
            };
        }
        self
    }
}
