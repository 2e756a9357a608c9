use super::{Expression, RowAggregate, RowFilter, RowGroup};

/// One step of a derivation. Columns are named by their place, counted from 0, in the table as the step before it left
/// it; other held tables by their place in the list that the derivation was given, where 0 is the one it begins with.
#[derive(Debug, Clone, PartialEq)]
pub enum DerivationStep {
    /// Adds a column that is computed from the others, row by row.
    Compute { name: String, expression: Expression },
    /// Keeps the rows of which the condition holds.
    Keep(Condition),
    /// Keeps the rows whose key another table has, or does not have. A row without a key is in no table.
    KeepMatching {
        with: usize,
        keys: Vec<KeyPair>,
        /// Whether the key must be there; `false` keeps the rows whose key is not there.
        matched: bool,
    },
    /// Adds columns of another table from its row with the same key. Where there is none they have no value.
    JoinColumns {
        /// The other table. No key may come twice in it.
        with: usize,
        keys: Vec<KeyPair>,
        /// The columns of the other table.
        columns: Vec<usize>,
    },
    /// Adds a column that is computed over rows in order, within each part of the table.
    Window {
        name: String,
        function: WindowFunction,
        /// What a part of the table has in common; one part when empty.
        partition: Vec<usize>,
        /// The order within a part. Rows that are equal in it keep their order.
        order: Vec<RowOrder>,
    },
    /// Keeps the first rows of each part of the table, in some order.
    FirstRows {
        /// What a part of the table has in common; one part when empty.
        partition: Vec<usize>,
        /// The order within a part. Rows that are equal in it keep their order.
        order: Vec<RowOrder>,
        count: usize,
    },
    /// Makes one row of each group, in the order of what is grouped by; one row of everything without groups.
    Group {
        groups: Vec<RowGroup>,
        /// What is computed of each group.
        figures: Vec<GroupFigure>,
    },
    /// Sorts the rows. Rows that are equal in it keep their order.
    Sort(Vec<RowOrder>),
    /// Passes over rows and stops after some.
    Page { offset: u64, limit: Option<u64> },
    /// Keeps these columns, in this order.
    Columns(Vec<usize>),
}

/// What must hold of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A test of one column's value.
    Column(RowFilter),
    /// All of these; holds when there are none.
    All(Vec<Condition>),
    /// Any of these; does not hold when there are none.
    Any(Vec<Condition>),
}

/// A column that is the key, or a part of it, in both tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPair {
    /// Its place in this table.
    pub here: usize,
    /// Its place in the other table.
    pub there: usize,
}

/// A criterion of order. Rows without a value come last either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowOrder {
    pub column: usize,
    /// Greatest, latest or longest first.
    pub descending: bool,
    /// Whether the values are compared by the number of their characters.
    pub by_length: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct GroupFigure {
    pub aggregate: RowAggregate,
    /// Of which rows of the group; all when `None`.
    pub only: Option<Condition>,
    /// The name of its column; a name such as `sum_of_price` when `None`.
    pub name: Option<String>,
}

impl From<RowAggregate> for GroupFigure {
    fn from(aggregate: RowAggregate) -> Self {
        Self {
            aggregate,
            only: None,
            name: None,
        }
    }
}

/// What a window's column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowFunction {
    /// The row's place in the order, counted from 1. Equal rows share a place, and the places after it stay free.
    Rank,
    /// The value that a column has so many rows before.
    Lag {
        column: usize,
        /// How many rows before, at least 1.
        rows: usize,
    },
    /// The exact sum of a column's values up to this row.
    RunningTotal { column: usize },
}
