use jiff::civil::{Date, DateTime};
use serde_json::Value;

use super::clause::MbqlClause;
use super::outcome::QueryFailure;
use super::time_literal::TimeLiteral;
use super::unit::{TemporalUnit, midnight};

/// From its start up to, not including, its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DateInterval {
    pub(crate) start: DateTime,
    pub(crate) end: DateTime,
}

/// `n` whole units before (negative) or after the current one, which is in it only if `include_current` says so; 0 is
/// the current one alone.
pub(crate) fn periods(n: i64, unit: TemporalUnit, include_current: bool, today: Date) -> DateInterval {
    let current = unit.start_of(midnight(today));
    let next = unit.add(current, 1);
    match n {
        0 => DateInterval {
            start: current,
            end: next,
        },
        n if n < 0 => DateInterval {
            start: unit.add(current, n),
            end: if include_current { next } else { current },
        },
        n => DateInterval {
            start: if include_current { current } else { next },
            end: unit.add(next, n),
        },
    }
}

/// The period of a `time-interval` clause.
pub(super) fn interval(
    n: &Value,
    unit: &str,
    current: bool,
    today: Date,
) -> Result<DateInterval, QueryFailure> {
    let n_of = match n {
        Value::String(word) if word == "current" => Some(0),
        Value::String(word) if word == "last" => Some(-1),
        Value::String(word) if word == "next" => Some(1),
        n => n.as_i64(),
    };
    let n =
        n_of.ok_or_else(|| QueryFailure::invalid(format!("time-interval takes a whole number, got {n}")))?;
    Ok(periods(n, truncation(unit)?, current, today))
}

/// The moment of a `now`, `relative-datetime` or `absolute-datetime` clause, and the unit it is meant in.
pub(super) fn relative(
    clause: MbqlClause<'_>,
    today: Date,
) -> Result<(TimeLiteral, Option<TemporalUnit>), QueryFailure> {
    let now = midnight(today);
    match (clause.op, clause.args) {
        ("now", _) => Ok((
            TimeLiteral {
                at: now,
                whole_day: false,
            },
            None,
        )),
        ("relative-datetime", [Value::String(word), ..]) if word == "current" => Ok((
            TimeLiteral {
                at: now,
                whole_day: true,
            },
            Some(TemporalUnit::Day),
        )),
        ("relative-datetime", [n, Value::String(unit), ..]) => {
            let n = n
                .as_i64()
                .ok_or_else(|| QueryFailure::invalid("relative-datetime takes a whole number"))?;
            let unit = truncation(unit)?;
            Ok((
                TimeLiteral {
                    at: unit.add(now, n),
                    whole_day: unit.is_coarse(),
                },
                Some(unit),
            ))
        }
        ("absolute-datetime", [Value::String(text), rest @ ..]) => {
            let moment = TimeLiteral::parse(text);
            let moment = moment.ok_or_else(|| QueryFailure::invalid(format!("not a date: \"{text}\"")))?;
            let unit = rest
                .first()
                .and_then(Value::as_str)
                .filter(|unit| *unit != "default");
            let day = moment.whole_day.then_some(TemporalUnit::Day);
            Ok((moment, unit.map(truncation).transpose()?.or(day)))
        }
        (op, _) => Err(QueryFailure::invalid(format!(
            "cannot compare a date with the clause \"{op}\""
        ))),
    }
}

fn truncation(name: &str) -> Result<TemporalUnit, QueryFailure> {
    TemporalUnit::parse(name)
        .filter(|unit| !unit.extracts())
        .ok_or_else(|| QueryFailure::invalid(format!("\"{name}\" is not a period of time")))
}
