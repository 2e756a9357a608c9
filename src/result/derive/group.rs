//! One row for each group.

use rust_decimal::Decimal;

use super::frame::{DerivationFrame, parts_of};
use super::lineage::{ColumnLineage, LineageStep, RowOrigins, RowSets};
use super::moment::WrittenTime;
use super::number::{amount_cell, amounts, decimal_cell};
use super::ranks::rank;
use super::{DeriveError, Granularity, GroupFigure, RowFunction, RowGroup};
use crate::result::totals::{mean, sum};
use crate::result::{Amount, Cell, Column, ColumnKind};

/// Puts one row for each group in the place of the rows there are.
pub(super) fn group(
    frame: &mut DerivationFrame<'_>,
    groups: &[RowGroup],
    figures: &[GroupFigure],
) -> Result<(), DeriveError> {
    let keys = groups.iter().map(|group| GroupKey::of(frame, *group));
    let keys: Vec<GroupKey> = keys.collect::<Result<_, _>>()?;
    let by_row = (0..frame.rows.len()).map(|place| keys.iter().map(|key| key.rank(place)).collect());
    let mut parts = parts_of(by_row.collect());
    if groups.is_empty() && parts.is_empty() {
        parts.push(Vec::new());
    }
    let mut columns: Vec<Column> = keys.iter().map(|key| key.column.clone()).collect();
    let mut origins: Vec<ColumnLineage> = groups
        .iter()
        .map(|group| ColumnLineage::Copied(group.column))
        .collect();
    let mut cells: Vec<Vec<Cell>> = parts
        .iter()
        .map(|part| keys.iter().map(|key| key.value(part)).collect())
        .collect();
    for figure in figures {
        let mut column = figure.aggregate.column(&frame.columns);
        if let Some(name) = &figure.name {
            column = Column {
                name: name.clone(),
                label: name.clone(),
                ..column
            };
        }
        while columns.iter().any(|other| other.name == column.name) {
            column.name.push('_');
        }
        columns.push(column);
        let counted = figure.members(frame, &parts)?;
        let members = counted.as_ref().unwrap_or(&parts);
        for (row, cell) in cells.iter_mut().zip(figure.cells(frame, members)?) {
            row.push(cell);
        }
        origins.push(figure.origin(frame, counted));
    }
    let numbers = |part: Vec<usize>| -> Vec<usize> {
        part.into_iter()
            .filter_map(|place| frame.rows.get(place).copied())
            .collect()
    };
    let step = LineageStep {
        rows: RowOrigins::Groups(parts.into_iter().map(numbers).collect()),
        columns: origins,
    };
    frame.columns = columns;
    frame.replace(cells, step);
    Ok(())
}

/// The column that a group's rows have in common.
struct GroupKey {
    column: Column,
    values: Vec<Cell>,
    ranks: Vec<Option<i64>>,
}

impl GroupKey {
    fn of(frame: &DerivationFrame<'_>, group: RowGroup) -> Result<Self, DeriveError> {
        frame.stop().look()?;
        let column = frame.column(group.column)?;
        let Some(granularity) = group.granularity else {
            return Ok(Self {
                column: column.clone(),
                values: frame.values(group.column).cloned().collect(),
                ranks: frame.ranks(group.column)?.of_rows,
            });
        };
        let values = buckets(frame, group.column, granularity)?;
        Ok(Self {
            column: granularity.column(column),
            ranks: rank(ColumnKind::Text, values.iter()).of_rows,
            values,
        })
    }

    fn rank(&self, place: usize) -> i64 {
        self.ranks.get(place).copied().flatten().unwrap_or(i64::MAX)
    }

    fn value(&self, part: &[usize]) -> Cell {
        let first = part.first().and_then(|place| self.values.get(*place));
        first.cloned().unwrap_or(Cell::Null)
    }
}

/// The beginnings of the buckets that the times of a column fall into.
fn buckets(
    frame: &DerivationFrame<'_>,
    at: usize,
    granularity: Granularity,
) -> Result<Vec<Cell>, DeriveError> {
    let mut count = 0usize;
    let bucket = |cell: &Cell| {
        let start = match cell {
            Cell::Null => return Cell::Null,
            Cell::Text(text) => WrittenTime::read(text).and_then(|moment| granularity.start_of(moment)),
            _ => None,
        };
        start.map_or_else(
            || {
                count += 1;
                Cell::Null
            },
            Cell::text,
        )
    };
    let buckets = frame.values(at).map(bucket).collect();
    if count > 0 {
        let column = frame.column(at)?.name.clone();
        return Err(DeriveError::NotTimes { column, count });
    }
    Ok(buckets)
}

impl GroupFigure {
    /// The rows of each group that it is computed of, when these are not all.
    fn members(
        &self,
        frame: &DerivationFrame<'_>,
        parts: &[Vec<usize>],
    ) -> Result<Option<Vec<Vec<usize>>>, DeriveError> {
        let Some(only) = &self.only else { return Ok(None) };
        let holds = only.holds(frame)?;
        let kept = |part: &Vec<usize>| -> Vec<usize> {
            let holds = |place: &usize| holds.get(*place).copied().unwrap_or(false);
            part.iter().copied().filter(holds).collect()
        };
        Ok(Some(parts.iter().map(kept).collect()))
    }

    fn origin(&self, frame: &DerivationFrame<'_>, counted: Option<Vec<Vec<usize>>>) -> ColumnLineage {
        let columns: Vec<usize> = self.aggregate.column.into_iter().collect();
        match counted {
            Some(members) => {
                let numbers = |part: Vec<usize>| -> Vec<usize> {
                    part.into_iter()
                        .filter_map(|place| frame.rows.get(place).copied())
                        .collect()
                };
                ColumnLineage::Rows {
                    columns: [
                        columns,
                        self.only.iter().flat_map(super::Condition::columns).collect(),
                    ]
                    .concat(),
                    rows: RowSets::Listed(members.into_iter().map(numbers).collect()),
                }
            }
            None if columns.is_empty() => ColumnLineage::Counted,
            None => ColumnLineage::Columns(columns),
        }
    }

    /// Its value for each group.
    fn cells(&self, frame: &DerivationFrame<'_>, parts: &[Vec<usize>]) -> Result<Vec<Cell>, DeriveError> {
        let count = |count: usize| Cell::Number(count.into());
        let Some(at) = self.aggregate.column else {
            return Ok(parts.iter().map(|part| count(part.len())).collect());
        };
        frame.stop().look()?;
        let function = self.aggregate.function;
        if function.is_of_numbers() {
            let amounts = amounts(frame.column(at)?, frame.values(at))?;
            let of_part = |part: &Vec<usize>| {
                let values = part
                    .iter()
                    .filter_map(|place| amounts.get(*place).copied().flatten());
                computed(function, frame.column(at)?, values)
            };
            return parts.iter().map(of_part).collect();
        }
        let ranks = frame.ranks(at)?.of_rows;
        let of_part = |part: &Vec<usize>| {
            let ranked = part
                .iter()
                .filter_map(|place| Some((ranks.get(*place).copied().flatten()?, *place)));
            let value = |found: Option<(i64, usize)>| {
                let row = found.and_then(|(_, place)| frame.rows.get(place).copied());
                row.map_or(Cell::Null, |row| frame.cell(row, at).clone())
            };
            match function {
                RowFunction::Min => value(ranked.min()),
                RowFunction::Max => {
                    value(ranked.max_by_key(|(rank, place)| (*rank, std::cmp::Reverse(*place))))
                }
                RowFunction::CountDistinct => {
                    let different: std::collections::HashSet<i64> = ranked.map(|(rank, _)| rank).collect();
                    count(different.len())
                }
                _ => count(ranked.count()),
            }
        };
        Ok(parts.iter().map(of_part).collect())
    }
}

/// A figure of numbers; no value when there are none.
fn computed(
    function: RowFunction,
    column: &Column,
    values: impl Iterator<Item = Amount> + Clone,
) -> Result<Cell, DeriveError> {
    let count = values.clone().count();
    if count == 0 {
        return Ok(Cell::Null);
    }
    Ok(match function {
        RowFunction::Average => amount_cell(mean(sum(values), count)),
        RowFunction::Median => percentile(50, column, values)?,
        RowFunction::Percentile(percent) => percentile(percent, column, values)?,
        _ => amount_cell(sum(values)),
    })
}

/// The value below which so many percent of the values lie, between two of them where it falls between them, as SQL's
/// `percentile_cont` has it.
fn percentile(
    percent: u8,
    column: &Column,
    values: impl Iterator<Item = Amount>,
) -> Result<Cell, DeriveError> {
    let exact = |amount| match amount {
        Amount::Exact(value) => Ok(value),
        Amount::Approximate(_) => Err(DeriveError::NotExact(column.name.clone())),
    };
    let mut sorted: Vec<Decimal> = values.map(exact).collect::<Result<_, _>>()?;
    sorted.sort_unstable();
    let steps = sorted
        .len()
        .saturating_sub(1)
        .saturating_mul(usize::from(percent.min(100)));
    let (below, hundredths) = (steps / 100, steps % 100);
    let Some(low) = sorted.get(below).copied() else {
        return Ok(Cell::Null);
    };
    let high = sorted.get(below + 1).copied().unwrap_or(low);
    let between = high
        .checked_sub(low)
        .and_then(|gap| gap.checked_mul(Decimal::new(i64::try_from(hundredths).ok()?, 2)))
        .and_then(|part| low.checked_add(part));
    between.map(decimal_cell).ok_or(DeriveError::TooLarge)
}
