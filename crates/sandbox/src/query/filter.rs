use rusqlite::types::Value as SqlValue;
use serde_json::Value;

use super::clause::MbqlClause;
use super::fragment::{SqlFragment, bindable};
use super::interval::{DateInterval, interval, relative};
use super::outcome::QueryFailure;
use super::stage::{MbqlStage, SqlExpression};
use super::time_literal::TimeLiteral;
use super::unit::TemporalUnit;

impl MbqlStage<'_> {
    pub(crate) fn filter(&mut self, value: &Value) -> Result<SqlFragment, QueryFailure> {
        let clause = MbqlClause::parse(value)
            .ok_or_else(|| QueryFailure::invalid(format!("not a filter clause: {value}")))?;
        match (clause.op, clause.args) {
            ("and" | "or", args) if !args.is_empty() => {
                let parts = args.iter().map(|arg| Ok(self.filter(arg)?.wrap("(", ")")));
                let between = if clause.op == "and" { " AND " } else { " OR " };
                Ok(SqlFragment::join(
                    parts.collect::<Result<Vec<_>, QueryFailure>>()?,
                    between,
                ))
            }
            ("not", [inner, ..]) => Ok(self.filter(inner)?.wrap("NOT (", ")")),
            ("segment", [id, ..]) => self.segment(id),
            ("is-null" | "not-null" | "is-empty" | "not-empty" | "is-true" | "is-false", [inner, ..]) => {
                Ok(existence(clause.op, self.expression(inner)?))
            }
            ("time-interval", [inner, n, Value::String(unit), ..]) => {
                let current = clause.flag("include-current");
                let period = interval(n, unit, current, self.compiler.today)?;
                Ok(within(&self.expression(inner)?, period))
            }
            ("between", [inner, low, high, ..]) => {
                let left = self.expression(inner)?;
                let low = self.compare(&left, ">=", low)?;
                Ok(low.then(" AND ").and(self.compare(&left, "<=", high)?))
            }
            ("=" | "in", [inner, values @ ..]) if !values.is_empty() => self.any_of(inner, values),
            ("!=" | "not-in", [inner, values @ ..]) if !values.is_empty() => self.none_of(inner, values),
            (op @ ("<" | "<=" | ">" | ">="), [inner, bound, ..]) => {
                let left = self.expression(inner)?;
                self.compare(&left, op, bound)
            }
            (op @ ("contains" | "does-not-contain" | "starts-with" | "ends-with"), [inner, values @ ..])
                if !values.is_empty() =>
            {
                let left = self.expression(inner)?;
                matches_text(op, &left, values, is_case_sensitive(clause))
            }
            (op, _) => Err(QueryFailure::invalid(format!(
                "cannot compile the filter \"{op}\": {value}"
            ))),
        }
    }

    fn segment(&mut self, id: &Value) -> Result<SqlFragment, QueryFailure> {
        let model = self.compiler.model;
        let segment = id.as_i64().and_then(|id| model.segment(id));
        let segment = segment.ok_or_else(|| QueryFailure::invalid(format!("Segment {id} does not exist")))?;
        if self.source.table.map(|table| table.id) != Some(segment.table_id) {
            let told = format!(
                "Segment {id} (\"{}\") belongs to another table than the query's",
                segment.name
            );
            return Err(QueryFailure::invalid(told));
        }
        let parts = segment
            .filters
            .iter()
            .map(|filter| Ok(self.filter(filter)?.wrap("(", ")")));
        Ok(SqlFragment::join(
            parts.collect::<Result<Vec<_>, QueryFailure>>()?,
            " AND ",
        ))
    }

    fn any_of(&mut self, inner: &Value, values: &[Value]) -> Result<SqlFragment, QueryFailure> {
        let left = self.expression(inner)?;
        let parts = flat(values).map(|value| match value {
            Value::Null => Ok(left.sql.clone().then(" IS NULL")),
            value => self.compare(&left, "=", value),
        });
        Ok(SqlFragment::join(parts.collect::<Result<Vec<_>, _>>()?, " OR "))
    }

    /// Rows without a value are not equal to one, so they stay.
    fn none_of(&mut self, inner: &Value, values: &[Value]) -> Result<SqlFragment, QueryFailure> {
        let left = self.expression(inner)?;
        if flat(values).all(Value::is_null) {
            return Ok(left.sql.then(" IS NOT NULL"));
        }
        let parts = flat(values)
            .filter(|value| !value.is_null())
            .map(|value| self.compare(&left, "<>", value));
        let parts = SqlFragment::join(parts.collect::<Result<Vec<_>, _>>()?, " AND ");
        Ok(parts.wrap("(", ")").then(" OR ").and(left.sql).then(" IS NULL"))
    }

    fn compare(
        &mut self,
        left: &SqlExpression,
        op: &str,
        right: &Value,
    ) -> Result<SqlFragment, QueryFailure> {
        if left.column.unit.is_some_and(TemporalUnit::extracts) {
            return compare_number(left, op, right);
        }
        if left.column.is_temporal() && left.column.base_type != "type/Time" {
            return self.compare_moment(left, op, right);
        }
        if MbqlClause::parse(right).is_some() {
            let right = self.expression(right)?;
            return Ok(left.sql.clone().then(&format!(" {op} ")).and(right.sql));
        }
        let bound = bindable(right)
            .ok_or_else(|| QueryFailure::invalid(format!("cannot compare with {right}: not a scalar")))?;
        let bound = numeric(&left.column.base_type, bound);
        Ok(left
            .sql
            .clone()
            .then(&format!(" {op} "))
            .and(SqlFragment::value(bound)))
    }

    fn compare_moment(
        &mut self,
        left: &SqlExpression,
        op: &str,
        right: &Value,
    ) -> Result<SqlFragment, QueryFailure> {
        if let Some(clause) = MbqlClause::parse(right) {
            if clause.op == "field" || clause.op == "expression" {
                let right = self.expression(right)?;
                return Ok(left.sql.clone().then(&format!(" {op} ")).and(right.sql));
            }
            let (moment, unit) = relative(clause, self.compiler.today)?;
            let unit = left.column.unit.or(unit);
            return Ok(compare_bucket(left, op, moment, unit));
        }
        let moment = match right {
            Value::String(text) => TimeLiteral::parse(text).or_else(|| {
                // A bucketed column is also compared with a month (`2024-05`) or year: its first day stands for it.
                let rest = match text.len() {
                    4 => "-01-01",
                    7 => "-01",
                    _ => return None,
                };
                left.column
                    .unit
                    .and_then(|_| TimeLiteral::parse(&format!("{text}{rest}")))
            }),
            // A bare year, as a bucket by year takes it.
            Value::Number(year) => {
                let year = year
                    .as_i64()
                    .and_then(|year| i16::try_from(year).ok())
                    .filter(|year| *year >= 100);
                year.and_then(|year| TimeLiteral::parse(&format!("{year:04}-01-01")))
            }
            _ => None,
        };
        let moment = moment.ok_or_else(|| {
            QueryFailure::invalid(format!(
                "cannot compare \"{}\" with {right}: not a date",
                left.column.name
            ))
        })?;
        let day = moment.whole_day.then_some(TemporalUnit::Day);
        Ok(compare_bucket(left, op, moment, left.column.unit.or(day)))
    }
}

/// Values may come as one list: `["in", {}, ref, [a, b]]`.
fn flat(values: &[Value]) -> impl Iterator<Item = &Value> {
    values.iter().flat_map(|value| match value {
        Value::Array(inner) if MbqlClause::parse(value).is_none() || inner.iter().all(Value::is_string) => {
            inner.as_slice()
        }
        _ => std::slice::from_ref(value),
    })
}

/// Text conditions ignore case here whether or not the option is absent; only `true` asks for more.
fn is_case_sensitive(clause: MbqlClause<'_>) -> bool {
    clause.flag("case-sensitive")
}

fn existence(op: &str, left: SqlExpression) -> SqlFragment {
    let is_text = left.column.base_type == "type/Text";
    let sql = left.sql;
    match op {
        "is-empty" if is_text => sql.clone().then(" IS NULL OR ").and(sql).then(" = ''"),
        "not-empty" if is_text => sql.clone().then(" IS NOT NULL AND ").and(sql).then(" <> ''"),
        "not-null" | "not-empty" => sql.then(" IS NOT NULL"),
        "is-true" => sql.then(" = 1"),
        "is-false" => sql.then(" = 0"),
        _ => sql.then(" IS NULL"),
    }
}

fn compare_number(left: &SqlExpression, op: &str, right: &Value) -> Result<SqlFragment, QueryFailure> {
    let number = match right {
        Value::Number(_) => bindable(right),
        Value::String(text) => text.trim().parse().ok().map(SqlValue::Integer),
        _ => None,
    };
    let number = number.ok_or_else(|| {
        QueryFailure::invalid(format!(
            "cannot compare \"{}\" with {right}: a number is needed",
            left.column.display_name
        ))
    })?;
    Ok(left
        .sql
        .clone()
        .then(&format!(" {op} "))
        .and(SqlFragment::value(number)))
}

/// Text that says a number is one where the column holds numbers.
pub(crate) fn numeric(base_type: &str, bound: SqlValue) -> SqlValue {
    let numeric = matches!(
        base_type,
        "type/Integer" | "type/BigInteger" | "type/Float" | "type/Decimal" | "type/Number" | "type/Boolean"
    );
    match bound {
        SqlValue::Text(text) if numeric => match (text.trim(), text.trim().parse::<i64>()) {
            ("true", _) => SqlValue::Integer(1),
            ("false", _) => SqlValue::Integer(0),
            (_, Ok(whole)) => SqlValue::Integer(whole),
            (trimmed, Err(_)) => trimmed
                .parse()
                .map_or(SqlValue::Text(text.clone()), SqlValue::Real),
        },
        other => other,
    }
}

/// Compares periods when there is a bucket, moments otherwise.
fn compare_bucket(
    left: &SqlExpression,
    op: &str,
    moment: TimeLiteral,
    unit: Option<TemporalUnit>,
) -> SqlFragment {
    let bucketed = left.column.unit.is_some();
    let (sql, text) = match unit {
        Some(unit) => {
            let start = TimeLiteral {
                at: unit.start_of(moment.at),
                whole_day: unit.is_coarse(),
            };
            let sql = if bucketed {
                left.sql.sql.clone()
            } else {
                unit.sql(&left.sql.sql)
            };
            let text = match unit {
                TemporalUnit::Millisecond => start.millisecond_text(),
                unit if unit.is_coarse() => start.day_text(),
                _ => start.second_text(),
            };
            (sql, text)
        }
        None => (
            TemporalUnit::Millisecond.sql(&left.sql.sql),
            moment.millisecond_text(),
        ),
    };
    let left = SqlFragment {
        sql,
        params: left.sql.params.clone(),
    };
    left.then(&format!(" {op} "))
        .and(SqlFragment::value(SqlValue::Text(text)))
}

/// Whether a moment lies in a period, its end not included.
fn within(left: &SqlExpression, period: DateInterval) -> SqlFragment {
    let sql = TemporalUnit::Second.sql(&left.sql.sql);
    let bound = |at| SqlFragment::value(SqlValue::Text(TimeLiteral { at, whole_day: false }.second_text()));
    SqlFragment::text(format!("{sql} >= "))
        .and(bound(period.start))
        .then(&format!(" AND {sql} < "))
        .and(bound(period.end))
}

/// Text conditions; case does not matter unless the clause says so.
fn matches_text(
    op: &str,
    left: &SqlExpression,
    values: &[Value],
    sensitive: bool,
) -> Result<SqlFragment, QueryFailure> {
    let mut parts = Vec::new();
    for value in flat(values) {
        let Value::String(text) = value else {
            return Err(QueryFailure::invalid(format!(
                "the filter \"{op}\" compares text, got {value}"
            )));
        };
        parts.push(text_pattern(op, &left.sql, text, sensitive));
    }
    if op != "does-not-contain" {
        return Ok(SqlFragment::join(parts, " OR "));
    }
    let none = parts.into_iter().map(|part| part.wrap("NOT (", ")"));
    Ok(SqlFragment::join(none, " AND ")
        .wrap("(", ")")
        .then(" OR ")
        .and(left.sql.clone())
        .then(" IS NULL"))
}

/// One text condition; `does-not-contain` is negated by the caller.
pub(crate) fn text_pattern(op: &str, left: &SqlFragment, text: &str, sensitive: bool) -> SqlFragment {
    // GLOB is the only pattern match of SQLite that minds the case.
    let (open, text, joker, special): (_, _, _, &[char]) = if sensitive {
        ("", text.to_owned(), '*', &['*', '?', '['])
    } else {
        ("lower(", text.to_lowercase(), '%', &['%', '_', '\\'])
    };
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match (sensitive, special.contains(&c)) {
            (true, true) => escaped.extend(['[', c, ']']),
            (false, true) => escaped.extend(['\\', c]),
            (_, false) => escaped.push(c),
        }
    }
    let pattern = match op {
        "starts-with" => format!("{escaped}{joker}"),
        "ends-with" => format!("{joker}{escaped}"),
        _ => format!("{joker}{escaped}{joker}"),
    };
    let bound = SqlFragment::value(SqlValue::Text(pattern));
    let left = left.clone().wrap(open, if sensitive { "" } else { ")" });
    if sensitive {
        left.then(" GLOB ").and(bound)
    } else {
        left.then(" LIKE ").and(bound).then(" ESCAPE '\\'")
    }
}
