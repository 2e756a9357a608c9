use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Row;

use super::aggregate::{self, cell};
use super::sheet::Sheet;
use super::{Aggregate, Filter, Function, Operations, Sort};
use crate::result::{Cell, Column, Extent, ResultTable};

/// After how many rows it is looked whether to stop.
pub(super) const LOOK_EVERY: usize = 512;

/// Tells work under way that nobody waits for it any more.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
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
#[derive(Debug, thiserror::Error)]
pub enum DeriveError {
    /// A sum or mean over values that are no numbers would leave them out without a word.
    #[error("{count} values of \"{column}\" are not numbers, so it cannot be added up")]
    NotNumbers {
        /// The column.
        column: String,
        /// How many values.
        count: usize,
    },
    /// Values that are no times cannot be put into buckets of time.
    #[error("{count} values of \"{column}\" are not times, so they have no granularity")]
    NotTimes {
        /// The column.
        column: String,
        /// How many values.
        count: usize,
    },
    /// A column is named that the table does not have.
    #[error("there is no column at place {0}")]
    NoColumn(usize),
    /// It was told to stop.
    #[error("it was stopped")]
    Stopped,
    /// The embedded database failed.
    #[error("the embedded database failed")]
    Engine(#[from] rusqlite::Error),
}

/// What was worked out.
#[derive(Debug, Clone, PartialEq)]
pub struct Derived {
    /// The rows asked for. Its extent is that of the table it comes from: what is missing there is missing here. Over a
    /// table that is whole, rows that were not asked for make it [`Extent::AskedLimit`].
    pub table: ResultTable,
    /// Rows before those that were passed over and beyond the limit were left out.
    pub of: u64,
}

/// Does the operations over all rows of `table`. Blocks for as long as the rows take, at most some seconds.
pub fn derive(table: &ResultTable, operations: &Operations, stop: &Stop) -> Result<Derived, DeriveError> {
    let columns = operations.result_columns(&table.columns);
    if operations.aggregates() {
        let mut grouped = grouped(table, operations, columns, stop)?;
        grouped.extent = grouped.extent.computed_over();
        let of = grouped.rows.len() as u64;
        let rows = Selection::of(&grouped, &[], &operations.sort, stop)?.rows(operations)?;
        let rows = picked(&grouped, &rows, &[]);
        return Ok(Derived {
            table: with_rows(&grouped, grouped.columns.clone(), rows).asked_of(of),
            of,
        });
    }
    let selection = Selection::of(table, &operations.filters, &operations.sort, stop)?;
    let (of, rows) = (selection.count()?, selection.rows(operations)?);
    let rows = picked(table, &rows, &operations.columns);
    Ok(Derived {
        table: with_rows(table, columns, rows).asked_of(of),
        of,
    })
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

fn with_rows(base: &ResultTable, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> ResultTable {
    ResultTable {
        columns,
        rows,
        extent: base.extent,
        bytes_received: 0,
    }
}

/// These rows, with these columns; all columns when none is named.
fn picked(table: &ResultTable, rows: &[usize], columns: &[usize]) -> Vec<Vec<Cell>> {
    rows.iter()
        .filter_map(|row| table.rows.get(*row))
        .map(|row| {
            if columns.is_empty() {
                return row.clone();
            }
            columns
                .iter()
                .map(|at| row.get(*at).cloned().unwrap_or(Cell::Null))
                .collect()
        })
        .collect()
}

/// Rows of a table as they stand, filtered and sorted.
struct Selection<'a> {
    sheet: Sheet<'a>,
    order: String,
}

impl<'a> Selection<'a> {
    fn of(
        table: &'a ResultTable,
        filters: &[Filter],
        sort: &[Sort],
        stop: &'a Stop,
    ) -> Result<Self, DeriveError> {
        let mut sheet = Sheet::new(table, stop)?;
        for (number, filter) in filters.iter().enumerate() {
            sheet.filter(number, filter)?;
        }
        let mut order = String::new();
        for criterion in sort {
            let name = sheet.ranked(criterion.column)?;
            let direction = if criterion.descending { "DESC" } else { "ASC" };
            let _ = write!(order, "{name} IS NULL, {name} {direction}, ");
        }
        sheet.fill()?;
        Ok(Self { sheet, order })
    }

    fn count(&self) -> Result<u64, DeriveError> {
        let query = format!("SELECT COUNT(*) FROM sheet{}", self.sheet.wherever());
        let count: i64 = self.sheet.database.query_row(&query, [], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Numbers of the rows asked for.
    fn rows(&self, operations: &Operations) -> Result<Vec<usize>, DeriveError> {
        let query = format!(
            "SELECT n FROM sheet{} ORDER BY {}n LIMIT ?1 OFFSET ?2",
            self.sheet.wherever(),
            self.order
        );
        let most = operations.limit.and_then(|limit| i64::try_from(limit).ok());
        let skipped = i64::try_from(operations.offset).unwrap_or(i64::MAX);
        let mut statement = self.sheet.database.prepare(&query)?;
        let rows = statement.query_map((most.unwrap_or(-1), skipped), |row| row.get::<_, i64>(0))?;
        let numbers: Vec<i64> = rows.collect::<Result<_, _>>()?;
        Ok(numbers
            .into_iter()
            .filter_map(|row| usize::try_from(row).ok())
            .collect())
    }
}

/// One row for each group, in the order of what they are grouped by.
fn grouped(
    table: &ResultTable,
    operations: &Operations,
    columns: Vec<Column>,
    stop: &Stop,
) -> Result<ResultTable, DeriveError> {
    let mut sheet = Sheet::new(table, stop)?;
    for (number, filter) in operations.filters.iter().enumerate() {
        sheet.filter(number, filter)?;
    }
    let mut groups = Vec::new();
    for (number, group) in operations.groups.iter().enumerate() {
        let (name, values) = sheet.grouping(number, *group)?;
        groups.push((name, group.column, values));
    }
    let mut asked: Vec<String> = groups.iter().map(|(name, ..)| name.clone()).collect();
    for aggregate in &operations.aggregates {
        asked.push(expression(&mut sheet, *aggregate)?);
    }
    sheet.fill()?;
    let mut query = format!("SELECT {} FROM sheet{}", asked.join(", "), sheet.wherever());
    if !groups.is_empty() {
        let names: Vec<&str> = groups.iter().map(|(name, ..)| name.as_str()).collect();
        let order: Vec<String> = names
            .iter()
            .map(|name| format!("{name} IS NULL, {name}"))
            .collect();
        let _ = write!(
            query,
            " GROUP BY {} ORDER BY {}",
            names.join(", "),
            order.join(", ")
        );
    }
    let mut statement = sheet.database.prepare(&query)?;
    let mut found = statement.query([])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        if rows.len() % LOOK_EVERY == 0 {
            stop.look()?;
        }
        let mut cells = Vec::with_capacity(asked.len());
        for (at, (_, column, values)) in groups.iter().enumerate() {
            let rank: Option<i64> = row.get(at)?;
            cells.push(match values {
                None => sheet.cell_of(*column, rank),
                Some(values) => rank
                    .and_then(|rank| values.get(usize::try_from(rank).ok()?).cloned())
                    .unwrap_or(Cell::Null),
            });
        }
        for (at, aggregate) in operations.aggregates.iter().enumerate() {
            cells.push(computed(&sheet, *aggregate, row, groups.len() + at)?);
        }
        rows.push(cells);
    }
    Ok(with_rows(table, columns, rows))
}

fn expression(sheet: &mut Sheet<'_>, aggregate: Aggregate) -> Result<String, DeriveError> {
    let Some(at) = aggregate.column else {
        return Ok("COUNT(*)".to_owned());
    };
    Ok(match aggregate.function {
        Function::Count => format!("COUNT({})", sheet.ranked(at)?),
        Function::CountDistinct => format!("COUNT(DISTINCT {})", sheet.ranked(at)?),
        Function::Min => format!("MIN({})", sheet.ranked(at)?),
        Function::Max => format!("MAX({})", sheet.ranked(at)?),
        Function::Sum => format!("{}({})", aggregate::SUM, sheet.numbers(at)?),
        Function::Average => format!("{}({})", aggregate::MEAN, sheet.numbers(at)?),
    })
}

fn computed(sheet: &Sheet<'_>, aggregate: Aggregate, row: &Row<'_>, at: usize) -> Result<Cell, DeriveError> {
    Ok(match (aggregate.function, aggregate.column) {
        (Function::Min | Function::Max, Some(column)) => sheet.cell_of(column, row.get(at)?),
        (Function::Sum | Function::Average, Some(_)) => row
            .get::<_, Option<String>>(at)?
            .map_or(Cell::Null, |written| cell(&written)),
        _ => Cell::Number(row.get::<_, i64>(at)?.into()),
    })
}
