use std::cmp::Ordering;

use serde_json::Value;

use super::moment::WrittenTime;
use crate::result::{Amount, Cell, ColumnKind, encode_cell};

/// What must hold of a value. Negative tests hold of no value, as they do in Metabase.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueTest {
    Null,
    NotNull,
    True,
    False,
    /// It is empty text, or none.
    Empty,
    /// It is text, and not empty.
    NotEmpty,
    OneOf(Vec<Value>),
    NoneOf(Vec<Value>),
    /// It compares so to this.
    Compares(ValueComparison, Value),
    /// Its text matches one of these, whatever the case of letters.
    Matches(TextMatching, Vec<String>),
    /// A part of a date or time is one of these.
    Part {
        part: TimePart,
        values: Vec<i64>,
        /// Whether it must be none of them instead.
        not: bool,
    },
}

/// How values compare. A day compares with a moment by the moment's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum ValueComparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum TextMatching {
    Contains,
    NotContains,
    StartsWith,
    EndsWith,
}

/// A part of a date or time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum TimePart {
    Year,
    Quarter,
    Month,
    /// 1 is Monday.
    DayOfWeek,
    Hour,
    Minute,
    Second,
}

impl ValueTest {
    /// Whether it holds where there is no value.
    pub(super) fn holds_of_null(&self) -> bool {
        matches!(
            self,
            Self::Null
                | Self::Empty
                | Self::NoneOf(_)
                | Self::Matches(TextMatching::NotContains, _)
                | Self::Part { not: true, .. }
        )
    }

    /// Whether it holds of a value of a column of this type.
    pub(super) fn holds(&self, kind: ColumnKind, cell: &Cell) -> bool {
        match self {
            Self::Null => false,
            Self::NotNull => true,
            Self::True => *cell == Cell::Bool(true),
            Self::False => *cell == Cell::Bool(false),
            Self::Empty => text_of(cell).is_empty(),
            Self::NotEmpty => !text_of(cell).is_empty(),
            Self::OneOf(values) => values.iter().any(|value| equals(kind, cell, value)),
            Self::NoneOf(values) => !values.iter().any(|value| equals(kind, cell, value)),
            Self::Compares(comparison, value) => {
                compare(kind, cell, value).is_some_and(|order| comparison.holds(order))
            }
            Self::Matches(matching, texts) => matching.holds(&text_of(cell).to_lowercase(), texts),
            Self::Part { part, values, not } => match WrittenTime::read(&text_of(cell)) {
                Some(moment) => values.contains(&part.of(moment)) != *not,
                None => *not,
            },
        }
    }
}

impl ValueComparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
        }
    }
}

impl TextMatching {
    fn holds(self, lower: &str, texts: &[String]) -> bool {
        let any = |matches: &dyn Fn(&str) -> bool| texts.iter().any(|text| matches(&text.to_lowercase()));
        match self {
            Self::Contains => any(&|text| lower.contains(text)),
            Self::NotContains => !any(&|text| lower.contains(text)),
            Self::StartsWith => any(&|text| lower.starts_with(text)),
            Self::EndsWith => any(&|text| lower.ends_with(text)),
        }
    }
}

impl TimePart {
    fn of(self, moment: WrittenTime) -> i64 {
        let civil = moment.civil;
        match self {
            Self::Year => civil.year().into(),
            Self::Quarter => i64::from(civil.month() - 1) / 3 + 1,
            Self::Month => civil.month().into(),
            Self::DayOfWeek => civil.weekday().to_monday_one_offset().into(),
            Self::Hour => civil.hour().into(),
            Self::Minute => civil.minute().into(),
            Self::Second => civil.second().into(),
        }
    }
}

fn text_of(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.to_string(),
        Cell::Null => String::new(),
        other => encode_cell(other),
    }
}

fn equals(kind: ColumnKind, cell: &Cell, value: &Value) -> bool {
    compare(kind, cell, value).is_some_and(Ordering::is_eq)
}

/// How a value compares to a written one; `None` where the two cannot be compared.
fn compare(kind: ColumnKind, cell: &Cell, value: &Value) -> Option<Ordering> {
    if kind.is_numeric() {
        let written = match value {
            Value::Number(number) => Amount::parse(&number.to_string())?,
            Value::String(text) => Amount::parse(text)?,
            _ => return None,
        };
        return match (cell.amount()?, written) {
            (Amount::Exact(a), Amount::Exact(b)) => Some(a.cmp(&b)),
            (a, b) => a.as_f64().partial_cmp(&b.as_f64()),
        };
    }
    let written = value.as_str()?;
    let text = text_of(cell);
    if kind.is_temporal() {
        return WrittenTime::read(&text)?.compare(WrittenTime::read(written)?);
    }
    Some(text.as_str().cmp(written))
}
