//! Which operation goes with which type of dimension, and what values it wants, as Metabase's schema has them.

use serde_json::Value;

use super::{Rejection, quote};
use crate::catalog::Dimension;
use crate::metabase::FilterOperation;
use crate::result::ColumnKind;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OperandFamily {
    Existence,
    Equality,
    Comparison,
    /// One text or several.
    Matching,
    /// Whole numbers from a part of a date or time.
    Extraction {
        least: i64,
        greatest: i64,
    },
    DayOfWeek,
}

pub(super) fn family(operation: FilterOperation) -> OperandFamily {
    use FilterOperation as Op;
    let part = |least, greatest| OperandFamily::Extraction { least, greatest };
    match operation {
        Op::IsNull | Op::IsNotNull | Op::StringIsEmpty | Op::StringIsNotEmpty | Op::IsTrue | Op::IsFalse => {
            OperandFamily::Existence
        }
        Op::Equals | Op::NotEquals => OperandFamily::Equality,
        Op::GreaterThan | Op::GreaterThanOrEqual | Op::LessThan | Op::LessThanOrEqual => {
            OperandFamily::Comparison
        }
        Op::StringContains | Op::StringNotContains | Op::StringStartsWith | Op::StringEndsWith => {
            OperandFamily::Matching
        }
        Op::YearEquals | Op::YearNotEquals => part(1, 9_999),
        Op::QuarterEquals | Op::QuarterNotEquals => part(1, 4),
        Op::MonthEquals | Op::MonthNotEquals => part(1, 12),
        Op::DayOfWeekEquals | Op::DayOfWeekNotEquals => OperandFamily::DayOfWeek,
        Op::HourEquals | Op::HourNotEquals => part(0, 23),
        Op::MinuteEquals | Op::MinuteNotEquals | Op::SecondEquals | Op::SecondNotEquals => part(0, 59),
    }
}

const COMPARISONS: &[FilterOperation] = &[
    FilterOperation::Equals,
    FilterOperation::NotEquals,
    FilterOperation::GreaterThan,
    FilterOperation::GreaterThanOrEqual,
    FilterOperation::LessThan,
    FilterOperation::LessThanOrEqual,
];
const DATE_PARTS: &[FilterOperation] = &[
    FilterOperation::YearEquals,
    FilterOperation::YearNotEquals,
    FilterOperation::QuarterEquals,
    FilterOperation::QuarterNotEquals,
    FilterOperation::MonthEquals,
    FilterOperation::MonthNotEquals,
    FilterOperation::DayOfWeekEquals,
    FilterOperation::DayOfWeekNotEquals,
];
const TIME_PARTS: &[FilterOperation] = &[
    FilterOperation::HourEquals,
    FilterOperation::HourNotEquals,
    FilterOperation::MinuteEquals,
    FilterOperation::MinuteNotEquals,
    FilterOperation::SecondEquals,
    FilterOperation::SecondNotEquals,
];
const TEXT: &[FilterOperation] = &[
    FilterOperation::Equals,
    FilterOperation::NotEquals,
    FilterOperation::StringContains,
    FilterOperation::StringNotContains,
    FilterOperation::StringStartsWith,
    FilterOperation::StringEndsWith,
    FilterOperation::StringIsEmpty,
    FilterOperation::StringIsNotEmpty,
];
const TRUTH: &[FilterOperation] = &[FilterOperation::IsTrue, FilterOperation::IsFalse];
const PRESENCE: &[FilterOperation] = &[FilterOperation::IsNull, FilterOperation::IsNotNull];

/// The operations that fit a type, in the order they are listed in.
fn operations(kind: ColumnKind) -> Vec<FilterOperation> {
    let families: &[&[FilterOperation]] = match kind {
        ColumnKind::Integer | ColumnKind::Number => &[COMPARISONS, PRESENCE],
        ColumnKind::Text => &[TEXT, PRESENCE],
        ColumnKind::Boolean => &[TRUTH, PRESENCE],
        ColumnKind::Date => &[COMPARISONS, DATE_PARTS, PRESENCE],
        ColumnKind::Datetime => &[COMPARISONS, DATE_PARTS, TIME_PARTS, PRESENCE],
        ColumnKind::Time => &[COMPARISONS, TIME_PARTS, PRESENCE],
        ColumnKind::Other => &[PRESENCE],
    };
    families.concat()
}

/// The operation's name on the wire.
pub(super) fn wire_name(operation: FilterOperation) -> String {
    serde_json::to_value(operation)
        .ok()
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// The operation of that name, if it fits the dimension's type.
pub(super) fn operation(name: &str, found: &Dimension) -> Result<FilterOperation, Rejection> {
    let fitting = operations(found.kind);
    if let Some(operation) = fitting.iter().copied().find(|fit| wire_name(*fit) == name) {
        return Ok(operation);
    }
    let fitting: Vec<String> = fitting.into_iter().map(wire_name).collect();
    let known = serde_json::from_value::<FilterOperation>(Value::from(name)).is_ok();
    let rejection = Rejection::bad_value(if known {
        format!(
            "{} is {}, which {} does not fit",
            quote(&found.name),
            found.kind.word(),
            quote(name)
        )
    } else {
        format!("there is no operation {}", quote(name))
    });
    let rejection = if name == "between" {
        rejection.hint("write two filters: greater-than-or-equal and less-than-or-equal")
    } else {
        rejection
    };
    Err(rejection.hint(format!(
        "operations for {}: {}",
        quote(&found.name),
        fitting.join(", ")
    )))
}
