use serde_json::Value;

use crate::result::{ColumnTotals, ResultTable};

/// A result that an answer may rest on.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// What it is called in the conversation: `r1`.
    pub handle: &'a str,
    /// The name of the entry it is of, as people know it.
    pub title: &'a str,
    /// The arguments of the call that brought it.
    pub arguments: &'a Value,
    /// The table, with all rows we have.
    pub table: &'a ResultTable,
    /// Totals of its columns over all rows we have, in column order: computed before any row was cut.
    pub totals: &'a [ColumnTotals],
    /// How many rows, from the first on, the model saw. A figure can only come from these, or from the totals.
    pub rows_seen: usize,
    /// Whether the turn at hand brought it; an earlier one did otherwise.
    pub current: bool,
}

/// An answer, and what was asked.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    pub text: &'a str,
    /// The question of this turn.
    pub question: &'a str,
    /// Questions of earlier turns.
    pub earlier: &'a [&'a str],
    /// Today, as "last month" means it.
    pub today: jiff::civil::Date,
    /// Other texts that the model was shown and may quote: descriptions of the entries used, lists of values.
    pub shown: &'a [&'a str],
}
