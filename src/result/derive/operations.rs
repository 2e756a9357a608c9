use super::{Condition, DerivationStep, Granularity, GroupFigure, RowOrder, ValueTest};
use crate::result::{Column, ColumnKind};

/// What to do with a table. Columns are named by their place, counted from 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowOperations {
    /// Columns of raw rows, in the order wanted; all when empty. Of no account with aggregates.
    pub columns: Vec<usize>,
    /// Conditions, all of which must hold.
    pub filters: Vec<RowFilter>,
    /// What to compute the aggregates for each of; one row over everything when empty.
    pub groups: Vec<RowGroup>,
    /// What to compute; raw rows when empty.
    pub aggregates: Vec<RowAggregate>,
    /// Order, first criterion first. Without it raw rows keep their order, and groups go by what they are grouped by.
    pub sort: Vec<RowSort>,
    pub offset: u64,
    pub limit: Option<u64>,
}

impl RowOperations {
    /// Whether the result has rows of its own instead of the table's.
    pub fn aggregates(&self) -> bool {
        !self.aggregates.is_empty()
    }

    /// Whether the rows are the table's as they stand, in its order: nothing but a page of it.
    pub(crate) fn is_page(&self) -> bool {
        !self.aggregates() && self.filters.is_empty() && self.sort.is_empty()
    }

    /// The steps that do it.
    pub(crate) fn steps(&self) -> Vec<DerivationStep> {
        let mut steps = Vec::new();
        if !self.filters.is_empty() {
            let all = self.filters.iter().cloned().map(Condition::Column);
            steps.push(DerivationStep::Keep(Condition::All(all.collect())));
        }
        if self.aggregates() {
            steps.push(DerivationStep::Group {
                groups: self.groups.clone(),
                figures: self.aggregates.iter().copied().map(GroupFigure::from).collect(),
            });
        }
        if !self.sort.is_empty() {
            steps.push(DerivationStep::Sort(
                self.sort.iter().copied().map(RowOrder::from).collect(),
            ));
        }
        if self.offset > 0 || self.limit.is_some() {
            steps.push(DerivationStep::Page {
                offset: self.offset,
                limit: self.limit,
            });
        }
        if !self.aggregates() && !self.columns.is_empty() {
            steps.push(DerivationStep::Columns(self.columns.clone()));
        }
        steps
    }

    /// The columns of the result over a table of these columns.
    pub(crate) fn result_columns(&self, columns: &[Column]) -> Vec<Column> {
        let at = |at: &usize| columns.get(*at).cloned();
        if !self.aggregates() {
            return if self.columns.is_empty() {
                columns.to_vec()
            } else {
                self.columns.iter().filter_map(at).collect()
            };
        }
        let groups = self.groups.iter().filter_map(|group| {
            let column = columns.get(group.column)?;
            Some(
                group
                    .granularity
                    .map_or_else(|| column.clone(), |granularity| granularity.column(column)),
            )
        });
        let computed = self.aggregates.iter().map(|aggregate| aggregate.column(columns));
        let mut named: Vec<Column> = groups.collect();
        for mut column in computed {
            while named.iter().any(|other| other.name == column.name) {
                column.name.push('_');
            }
            named.push(column);
        }
        named
    }
}

/// A condition on a column.
#[derive(Debug, Clone, PartialEq)]
pub struct RowFilter {
    pub column: usize,
    /// What must hold of its value.
    pub test: ValueTest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowGroup {
    pub column: usize,
    /// For times: how coarse.
    pub granularity: Option<Granularity>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowAggregate {
    pub function: RowFunction,
    /// The column it is computed of; none for the number of rows.
    pub column: Option<usize>,
}

/// What can be computed. Rows without a value do not count, except in the number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFunction {
    Count,
    CountDistinct,
    Sum,
    /// Sum by number of values, to 12 significant digits.
    Average,
    Min,
    Max,
    /// The value in the middle, or the mean of the two there.
    Median,
    /// The value below which so many percent of the values lie, 0 to 100.
    Percentile(u8),
}

impl RowFunction {
    /// Its name in calls; with `_` for `-` also in the names of columns.
    pub fn word(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::CountDistinct => "count-distinct",
            Self::Sum => "sum",
            Self::Average => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Median => "median",
            Self::Percentile(_) => "percentile",
        }
    }
}

impl RowFunction {
    /// Whether it is computed of numbers; the others are of whatever has an order.
    pub(super) fn is_of_numbers(self) -> bool {
        matches!(
            self,
            Self::Sum | Self::Average | Self::Median | Self::Percentile(_)
        )
    }
}

impl RowAggregate {
    /// The column of its values over a table of these columns.
    pub(crate) fn column(self, columns: &[Column]) -> Column {
        let of = self.column.and_then(|at| columns.get(at));
        let word = match self.function {
            RowFunction::Percentile(percent) => format!("percentile {percent}"),
            function => function.word().replace('-', " "),
        };
        let named = |of: fn(&Column) -> &str| match self.column.and_then(|at| columns.get(at)) {
            Some(column) => format!("{word} of {}", of(column)),
            None => word.clone(),
        };
        // Spelled as Metabase's own columns are: `sum_of_price`.
        let name = named(|column| &column.name).replace(char::is_whitespace, "_");
        let (kind, unit) = match (self.function, of) {
            (RowFunction::Sum | RowFunction::Min | RowFunction::Max, Some(column)) => {
                (column.kind, column.unit.clone())
            }
            (RowFunction::Average | RowFunction::Median | RowFunction::Percentile(_), _) => {
                (ColumnKind::Number, None)
            }
            _ => (ColumnKind::Integer, None),
        };
        let counts = matches!(self.function, RowFunction::Count | RowFunction::CountDistinct);
        let format = of.filter(|_| !counts).map(|column| column.format.of_same_unit());
        Column {
            label: named(|column| &column.label),
            unit: unit.filter(|_| self.function != RowFunction::Sum),
            format: format.unwrap_or_default(),
            ..Column::named(name, kind)
        }
    }
}

/// A criterion of order. Rows without a value come last either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowSort {
    /// The column: of the table for raw rows, of the result for groups.
    pub column: usize,
    pub descending: bool,
}

impl From<RowSort> for RowOrder {
    fn from(sort: RowSort) -> Self {
        Self {
            column: sort.column,
            descending: sort.descending,
            by_length: false,
        }
    }
}
