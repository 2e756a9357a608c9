//! Which cells of the held tables a derived cell came from.

/// How the cells of a derived table came about. Each step that made new rows or columns notes what it took, and
/// [`cell`](Self::cell) follows a cell back through them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lineage {
    steps: Vec<LineageStep>,
    /// For each row of the derived table, its number after the last step.
    rows: Vec<usize>,
}

/// The cells that a derived cell came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CellLineage {
    /// The cells, each once, in the order of tables, rows and columns.
    pub cells: Vec<CellOrigin>,
    /// Whether there were more than were asked for, which are left out.
    pub cut: bool,
}

/// A cell of a held table, or a row of it that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellOrigin {
    /// The table's place in the list that the derivation was given.
    pub table: usize,
    /// The row, counted from 0.
    pub row: usize,
    /// The column, counted from 0; `None` where the row was counted, whatever stands in it.
    pub column: Option<usize>,
}

/// What a step made of the rows and columns before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LineageStep {
    pub(super) rows: RowOrigins,
    pub(super) columns: Vec<ColumnLineage>,
}

/// The rows before a step that its rows came from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RowOrigins {
    Each(Vec<usize>),
    Groups(Vec<Vec<usize>>),
}

/// What a column of a step came from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ColumnLineage {
    /// A column as it was; of a group its first row's.
    Copied(usize),
    /// These columns of the row, or of all rows of the group.
    Columns(Vec<usize>),
    /// All rows of the group, counted.
    Counted,
    /// For each row, these columns of these rows before the step. No column: the rows were counted.
    Rows { columns: Vec<usize>, rows: RowSets },
    /// A column of another table: for each row the row there, if there is one.
    Joined {
        table: usize,
        column: usize,
        rows: Vec<Option<usize>>,
    },
}

/// A set of rows for each row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RowSets {
    Listed(Vec<Vec<usize>>),
    /// A stretch of rows in some order.
    Stretches {
        order: Vec<usize>,
        ranges: Vec<std::ops::Range<usize>>,
    },
}

impl RowSets {
    fn of(&self, row: usize) -> &[usize] {
        let found = match self {
            Self::Listed(lists) => lists.get(row).map(Vec::as_slice),
            Self::Stretches { order, ranges } => ranges.get(row).and_then(|range| order.get(range.clone())),
        };
        found.unwrap_or_default()
    }
}

impl RowOrigins {
    fn of(&self, row: usize) -> &[usize] {
        let found = match self {
            Self::Each(rows) => rows.get(row).map(std::slice::from_ref),
            Self::Groups(groups) => groups.get(row).map(Vec::as_slice),
        };
        found.unwrap_or_default()
    }
}

impl Lineage {
    pub(super) fn new(steps: Vec<LineageStep>, rows: Vec<usize>) -> Self {
        Self { steps, rows }
    }

    /// The cells that a cell of the derived table came from, at most so many.
    pub fn cell(&self, row: usize, column: usize, most: usize) -> CellLineage {
        let mut found = CellLineage::default();
        let Some(row) = self.rows.get(row) else {
            return found;
        };
        // Cells still to be followed: after how many steps they stand, their row and their column.
        let mut open = vec![(self.steps.len(), *row, Some(column))];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(at @ (depth, row, column)) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            if seen.len() > most.saturating_mul(self.steps.len() + 1) {
                found.cut = true;
                break;
            }
            let Some(step) = depth.checked_sub(1).and_then(|before| self.steps.get(before)) else {
                found.cells.push(CellOrigin {
                    table: 0,
                    row,
                    column,
                });
                continue;
            };
            step.before(depth - 1, row, column, &mut open, &mut found.cells);
        }
        found.cells.sort_unstable();
        found.cells.dedup();
        found.cut |= found.cells.len() > most;
        found.cells.truncate(most);
        found
    }
}

impl LineageStep {
    /// The cells before this step that a cell after it came from.
    fn before(
        &self,
        depth: usize,
        row: usize,
        column: Option<usize>,
        open: &mut Vec<(usize, usize, Option<usize>)>,
        found: &mut Vec<CellOrigin>,
    ) {
        let own = self.rows.of(row);
        let mut all = |rows: &[usize], columns: &[usize]| {
            for row in rows {
                if columns.is_empty() {
                    open.push((depth, *row, None));
                }
                open.extend(columns.iter().map(|column| (depth, *row, Some(*column))));
            }
        };
        let Some(column) = column else {
            return all(own, &[]);
        };
        match self.columns.get(column) {
            None => {}
            Some(ColumnLineage::Copied(column)) => all(own.get(..1).unwrap_or_default(), &[*column]),
            // What was computed of no column came from none.
            Some(ColumnLineage::Columns(columns)) if columns.is_empty() => {}
            Some(ColumnLineage::Columns(columns)) => all(own, columns),
            Some(ColumnLineage::Counted) => all(own, &[]),
            Some(ColumnLineage::Rows { columns, rows }) => all(rows.of(row), columns),
            Some(ColumnLineage::Joined { table, column, rows }) => {
                if let Some(row) = rows.get(row).copied().flatten() {
                    found.push(CellOrigin {
                        table: *table,
                        row,
                        column: Some(*column),
                    });
                }
            }
        }
    }
}
