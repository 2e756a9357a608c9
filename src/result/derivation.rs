//! How a calculated figure was made, so that anyone can make it again.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Handle;
use super::arithmetic::{CalculatedUnit, FigureOperation, for_reading};
use crate::text::clean_line;

/// Longest name of a column or row in a sentence, in characters.
const MAX_NAME_CHARS: usize = 60;
/// Inputs that are named in a sentence.
const MAX_NAMED: usize = 12;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derivation {
    /// What the model called it.
    pub name: String,
    pub operation: FigureOperation,
    pub of: Vec<DerivationInput>,
    /// The figure, with all its digits.
    pub value: Decimal,
    /// What it counts, if the operation decides that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unit: Option<CalculatedUnit>,
}

/// What a calculated figure was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum DerivationInput {
    /// A cell of a result.
    Cell {
        result: Handle,
        /// The row, counted from 1.
        row: u64,
        column: String,
        /// What names the row: its first text or time, if it has one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        label: Option<String>,
        value: Decimal,
    },
    /// The total of a column of a result that is whole.
    Total {
        result: Handle,
        column: String,
        total: TotalKind,
        /// What rows had to hold to be taken; nothing when all were.
        #[serde(rename = "where", skip_serializing_if = "Vec::is_empty", default)]
        matching: Vec<RowMatch>,
        /// Rows with a value that went into it.
        rows: u64,
        value: Decimal,
    },
    /// An earlier figure of the same calculation.
    Step { name: String, value: Decimal },
    /// A number the model wrote: no result stands behind it.
    Given { value: Decimal },
}

/// What a row must hold to be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowMatch {
    pub column: String,
    /// The value: null, true or false, a number or text.
    pub equals: Value,
}

/// Which total of a column.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TotalKind {
    Sum,
    /// The mean of the rows that have a value.
    Mean,
    Min,
    Max,
    /// How many rows have a value.
    Count,
    /// How many rows have none.
    Nulls,
    /// How many different values there are.
    Distinct,
}

impl TotalKind {
    /// Those that a calculation can name.
    pub(crate) const CALCULABLE: [Self; 5] = [Self::Sum, Self::Mean, Self::Min, Self::Max, Self::Count];

    /// Its name in arguments.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
            Self::Nulls => "nulls",
            Self::Distinct => "distinct",
        }
    }
}

impl DerivationInput {
    pub fn value(&self) -> Decimal {
        match self {
            Self::Cell { value, .. }
            | Self::Total { value, .. }
            | Self::Step { value, .. }
            | Self::Given { value } => *value,
        }
    }
}

impl Derivation {
    /// The results that its figures were taken from, each once, in order.
    pub fn inputs(&self) -> Vec<Handle> {
        let mut handles: Vec<Handle> = Vec::new();
        for input in &self.of {
            if let DerivationInput::Cell { result, .. } | DerivationInput::Total { result, .. } = input
                && !handles.contains(result)
            {
                handles.push(*result);
            }
        }
        handles
    }

    /// The numbers that the model wrote itself: what the figure rests on besides results.
    pub fn given(&self) -> impl Iterator<Item = Decimal> + '_ {
        self.of.iter().filter_map(|input| match input {
            DerivationInput::Given { value } => Some(*value),
            _ => None,
        })
    }
}

impl fmt::Display for DerivationInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell {
                result,
                row,
                column,
                label,
                value,
            } => {
                write!(f, "{} ({result} row {row}", for_reading(*value))?;
                if let Some(label) = label {
                    write!(f, " {}", clean_line(label, MAX_NAME_CHARS))?;
                }
                write!(f, ", {})", clean_line(column, MAX_NAME_CHARS))
            }
            Self::Total {
                result,
                column,
                total,
                matching,
                rows,
                value,
            } => {
                let (total, column) = (total.word(), clean_line(column, MAX_NAME_CHARS));
                write!(f, "{} ({result} {total} of {column}", for_reading(*value))?;
                for (at, wanted) in matching.iter().enumerate() {
                    let joint = if at == 0 { "where" } else { "and" };
                    let name = clean_line(&wanted.column, MAX_NAME_CHARS);
                    let equals = match &wanted.equals {
                        Value::String(text) => clean_line(text, MAX_NAME_CHARS),
                        other => clean_line(&other.to_string(), MAX_NAME_CHARS),
                    };
                    write!(f, " {joint} {name} = {equals}")?;
                }
                write!(f, ", {rows} values)")
            }
            Self::Step { name, value } => {
                write!(
                    f,
                    "{} ({})",
                    for_reading(*value),
                    clean_line(name, MAX_NAME_CHARS)
                )
            }
            Self::Given { value } => write!(f, "{} (given)", value.normalize()),
        }
    }
}

/// How it was made, in one sentence.
impl fmt::Display for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.of.iter().take(MAX_NAMED).map(ToString::to_string).collect();
        let left_out = self.of.len() - parts.len();
        let join = |joint: &str| {
            let mut all = parts.join(joint);
            if left_out > 0 {
                all = format!("{all}{joint}{left_out} more");
            }
            all
        };
        match self.operation {
            FigureOperation::Add => f.write_str(&join(" + ")),
            FigureOperation::Subtract => f.write_str(&join(" - ")),
            FigureOperation::Multiply => f.write_str(&join(" * ")),
            FigureOperation::Divide => f.write_str(&join(" / ")),
            FigureOperation::PercentChange => write!(f, "change from {}", join(" to ")),
            FigureOperation::SharePercent => f.write_str(&join(" as a share of ")),
            FigureOperation::Mean => write!(f, "mean of {}", join(", ")),
            FigureOperation::Min => write!(f, "least of {}", join(", ")),
            FigureOperation::Max => write!(f, "greatest of {}", join(", ")),
        }
    }
}
