use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::Separators;
use crate::result::TotalKind;

/// A figure of an answer's text, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// First byte in the text.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// First character in the text, counted in Unicode scalar values.
    pub start_char: usize,
    /// The character after it.
    pub end_char: usize,
    pub text: String,
    pub kind: FigureKind,
    /// What came of looking for its source.
    pub status: FigureStatus,
    /// Where it comes from, best first; more than one when it is ambiguous, none when it is exempt or unmatched.
    pub sources: Vec<Trace>,
    /// Where its value stands, when that is of something else than the text says. Stored answers do not keep it.
    pub elsewhere: Option<OffContextSource>,
}

/// A cell that has a figure's value, but is of something else than the words around the figure say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffContextSource {
    /// The cell, in words: `r1 row 4 (2025-04-01), column "revenue"`.
    pub cell: String,
    /// The words of the text that name something else: `March 2025`.
    pub named: Vec<String>,
    /// The reference that writes the cell's value: `{{r1 revenue @ 2025-04-01}}`; nothing where the figure is one already.
    pub reference: Option<String>,
}

impl Figure {
    /// Whether it claims something that nothing bears out.
    pub fn is_unmatched(&self) -> bool {
        matches!(self.status, FigureStatus::Unmatched { .. })
    }

    /// Whether it has a source: by a reference, or found by its digits and the words around it.
    pub(crate) fn has_source(&self) -> bool {
        matches!(self.status, FigureStatus::Referenced | FigureStatus::Matched)
    }
}

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    /// A number.
    Number,
    /// A day, a month, a quarter, or a range of them.
    Date,
    /// A name that is said to be the first or last of its kind, or that stands for a reference.
    Item,
}

/// What came of looking for a figure's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FigureStatus {
    /// It has exactly one: the text pointed at it, and the program wrote the figure.
    Referenced,
    /// It has at least one: the text has its digits, and the words around them name it.
    Matched,
    Exempt {
        rule: Rule,
    },
    Unmatched {
        /// What is wrong with it.
        reason: Reason,
    },
}

/// Why a figure needs no source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A year.
    Year,
    /// The number of a list's item.
    ListNumber,
    /// A rank, or the N of a "top N".
    Ordinal,
    /// A version, a quarter, another code with digits.
    Label,
    /// A span of time that was asked for.
    Span,
    /// It stands in the question.
    Question,
    /// It stands in a text that the model was shown, such as an entry's description.
    Shown,
    /// It is part of a name.
    Name,
    /// It tells an entry or a thing apart.
    Id,
    /// Today, or a period that today lies in or next to.
    Today,
    /// It stands in an address.
    Link,
    /// A whole hundred percent.
    Whole,
    /// A round bound that the text sets, to say how many things keep to it.
    Bound,
}

/// What is wrong with a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No result holds it, and nothing that can be computed from what the text names comes to it.
    NoSource,
    /// It is in a result, but belongs to another row, column or period than the text says.
    Mismatch,
    /// Only a result of an earlier question holds it.
    Stale,
    /// It is said to be a total, and the rows it is the total of are not all there are.
    IncompleteTotal,
    /// It is said to be first or last, and is not.
    NotExtreme,
    /// It was not looked at: the turn ended before, or the text would have taken too long.
    NotChecked,
    /// It is a reference that names nothing.
    Unresolved,
}

/// A piece of a text that the program wrote in place of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferencedFigure {
    /// First byte in the text.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// What it is; `None` for a piece that is not a figure of its own, such as a name in a printed table.
    pub kind: Option<FigureKind>,
    /// Where it comes from; `None` when the reference names nothing.
    pub trace: Option<Trace>,
    /// Whether it stands in a printed row, beside the row's own key, so that no sentence can name another row.
    pub printed_row: bool,
    /// The marks between its digits.
    pub separators: Separators,
}

/// Where a figure comes from. Rows are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trace {
    Cell {
        result: String,
        row: usize,
        column: String,
    },
    /// How many rows a result has.
    RowCount {
        result: String,
        /// The rows counted, when not all.
        rows: Vec<usize>,
    },
    /// What a whole column comes to.
    Total {
        result: String,
        column: String,
        total: TotalKind,
    },
    /// An argument of the call that brought a result.
    Argument {
        result: String,
        /// JSON pointer into the arguments; empty when several make it up.
        pointer: String,
    },
    Derivation {
        operation: DerivationOperation,
        inputs: Vec<DerivedFrom>,
        /// To what, exactly or to 28 digits.
        value: String,
    },
}

/// Cells of one column, or its total, that a derivation starts from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct DerivedFrom {
    /// The result.
    pub result: String,
    /// The column's name.
    pub column: String,
    /// The rows, counted from 1; their sum when there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<usize>,
    /// The total, when it is not of single rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<TotalKind>,
}

/// How a figure is derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DerivationOperation {
    /// The sum of the inputs.
    Sum,
    /// Their mean.
    Mean,
    /// The value in the middle.
    Median,
    /// The first less the second, or less a number of the question where there is only one input.
    Difference,
    /// The first less the second, in percent of the second.
    PercentChange,
    /// The first divided by the second; with one input the first in another unit, or so many times.
    Ratio,
    /// The first in percent of the second.
    Share,
    /// What is left of the second without the first, in percent.
    ShareOfRest,
    /// The sum of the rows from the first to the named one.
    RunningTotal,
    /// How many rows there are of a kind.
    Count,
}
