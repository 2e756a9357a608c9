use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::types::Value as SqlValue;
use serde_json::Value;

use super::condition::{ConditionTarget, condition, not_usable};
use super::parameters::{TagValue, TagValues, resolve};
use super::tag::TemplateTag;
use super::template::{TemplatePart, parse};
use crate::db::quote;
use crate::query::{MbqlCompiler, QueryFailure, SqlFragment, TemporalUnit, TimeLiteral, bindable};

/// The SQL of a native stage when nobody sends parameters.
pub(crate) fn render_defaults(
    compiler: MbqlCompiler<'_>,
    stage: &Value,
) -> Result<SqlFragment, QueryFailure> {
    render(
        compiler,
        stage,
        &resolve(&TemplateTag::all(stage), &BTreeMap::new())?,
    )
}

/// The SQL of a native stage with everything that can be in it, also what is optional, and NULL for values that nobody
/// gives: to see whether the database takes it.
pub(crate) fn render_everything(
    compiler: MbqlCompiler<'_>,
    stage: &Value,
) -> Result<SqlFragment, QueryFailure> {
    let sql = stage.get("native").and_then(Value::as_str).unwrap_or_default();
    let tags = TemplateTag::all(stage);
    let optional = tags.iter().map(|tag| TemplateTag {
        required: false,
        ..*tag
    });
    let bindings = resolve(&optional.collect::<Vec<_>>(), &BTreeMap::new())?;
    let renderer = SqlRenderer {
        compiler,
        tags,
        bindings: &bindings,
        everything: true,
    };
    renderer.pieces(&parse(sql.trim().trim_end_matches(';')))
}

/// The SQL of a native stage with its tags replaced. Values are bound, never pasted.
pub(super) fn render(
    compiler: MbqlCompiler<'_>,
    stage: &Value,
    bindings: &TagValues,
) -> Result<SqlFragment, QueryFailure> {
    let sql = stage.get("native").and_then(Value::as_str);
    let sql = sql.ok_or_else(|| QueryFailure::invalid("the native stage has no SQL text"))?;
    let renderer = SqlRenderer {
        compiler,
        tags: TemplateTag::all(stage),
        bindings,
        everything: false,
    };
    // A semicolon at the end would break a card that this one is the source of.
    renderer.pieces(&parse(sql.trim().trim_end_matches(';')))
}

struct SqlRenderer<'a> {
    compiler: MbqlCompiler<'a>,
    tags: Vec<TemplateTag<'a>>,
    bindings: &'a TagValues,
    /// Whether optional parts are there, and NULL where a value is missing.
    everything: bool,
}

impl SqlRenderer<'_> {
    fn pieces(&self, pieces: &[TemplatePart]) -> Result<SqlFragment, QueryFailure> {
        let mut sql = SqlFragment::default();
        for piece in pieces {
            sql = match piece {
                TemplatePart::Text(text) => sql.then(text),
                TemplatePart::Tag(name) => sql.and(self.tag(name)?),
                TemplatePart::Optional(inner) if self.everything || self.all_given(inner) => {
                    sql.and(self.pieces(inner)?)
                }
                TemplatePart::Optional(_) => sql,
            };
        }
        Ok(sql)
    }

    fn all_given(&self, pieces: &[TemplatePart]) -> bool {
        pieces.iter().all(|piece| match piece {
            TemplatePart::Tag(name) => self.bindings.contains_key(name),
            TemplatePart::Text(_) | TemplatePart::Optional(_) => true,
        })
    }

    fn tag(&self, name: &str) -> Result<SqlFragment, QueryFailure> {
        if let Some(card) = name.strip_prefix('#') {
            return self.card(card);
        }
        let tag = self.tags.iter().find(|tag| tag.name == name);
        let tag = tag.ok_or_else(|| missing(name))?;
        match (tag.kind, self.bindings.get(name)) {
            ("dimension", None) => Ok(SqlFragment::text("1 = 1")),
            ("dimension", Some(given)) => {
                let (column, base_type) = self.column(tag)?;
                let target = ConditionTarget {
                    column: &column,
                    base_type: &base_type,
                    parameter: name,
                };
                Ok(condition(target, &given.kind, &given.values, self.compiler.today)?.wrap("(", ")"))
            }
            ("temporal-unit", given) => {
                let (column, _) = self.column(tag)?;
                Ok(SqlFragment::text(bucket(tag, given, &column)?))
            }
            (_, None) if self.everything => Ok(SqlFragment::text("NULL")),
            (_, None) => Err(missing(name)),
            (_, Some(given)) => raw(tag, given, self.compiler.today),
        }
    }

    /// `{{#12}}` or `{{#12-its-name}}`: another card's result.
    fn card(&self, reference: &str) -> Result<SqlFragment, QueryFailure> {
        let id = reference
            .split('-')
            .next()
            .unwrap_or_default()
            .trim()
            .parse::<i64>()
            .ok();
        let card = id.and_then(|id| self.compiler.model.card(id));
        let card = card.ok_or_else(|| QueryFailure::invalid(format!("Card #{reference} does not exist")))?;
        Ok(self.compiler.card(card)?.sql.wrap("(", ")"))
    }

    fn column(&self, tag: &TemplateTag<'_>) -> Result<(String, String), QueryFailure> {
        let field = tag.field_id.and_then(|id| self.compiler.model.field(id));
        let (table, field) = field.ok_or_else(|| {
            QueryFailure::invalid(format!(
                "the template tag \"{}\" is not mapped to an existing field",
                tag.name
            ))
        })?;
        let column = format!(
            "{}.{}",
            quote(tag.alias.unwrap_or(&table.name)),
            quote(&field.name)
        );
        Ok((column, field.base_type.clone()))
    }
}

fn missing(name: &str) -> QueryFailure {
    let error = format!("Cannot run the query: missing required parameters: #{{\"{name}\"}}");
    QueryFailure::typed("missing-required-parameter", error)
}

/// A raw variable: numbers may be several, the rest is one value.
fn raw(tag: &TemplateTag<'_>, given: &TagValue, today: Date) -> Result<SqlFragment, QueryFailure> {
    let target = ConditionTarget {
        column: "",
        base_type: "",
        parameter: tag.name,
    };
    let bound = given.values.iter().map(|value| {
        let unusable = || not_usable(target, value);
        let bound = match (tag.kind, value) {
            ("number", Value::String(text)) => number(text).ok_or_else(unusable)?,
            ("number", Value::Number(_)) => bindable(value).ok_or_else(unusable)?,
            ("date", Value::String(text)) => SqlValue::Text(date(text, today).ok_or_else(unusable)?),
            ("boolean", Value::String(text)) if text == "true" || text == "false" => {
                SqlValue::Integer(i64::from(text == "true"))
            }
            ("boolean", Value::Bool(flag)) => SqlValue::Integer(i64::from(*flag)),
            ("number" | "date" | "boolean", _) => return Err(unusable()),
            (_, Value::String(text)) => SqlValue::Text(text.clone()),
            (_, Value::Number(number)) => SqlValue::Text(number.to_string()),
            (_, Value::Bool(flag)) => SqlValue::Text(flag.to_string()),
            _ => return Err(unusable()),
        };
        Ok(SqlFragment::value(bound))
    });
    Ok(SqlFragment::join(
        bound.collect::<Result<Vec<_>, QueryFailure>>()?,
        ", ",
    ))
}

fn number(text: &str) -> Option<SqlValue> {
    let text = text.trim();
    if let Ok(whole) = text.parse() {
        return Some(SqlValue::Integer(whole));
    }
    text.parse::<f64>()
        .ok()
        .filter(|real| real.is_finite())
        .map(SqlValue::Real)
}

fn date(text: &str, today: Date) -> Option<String> {
    match text {
        "today" => Some(today.to_string()),
        text => TimeLiteral::parse(text).map(|moment| {
            if moment.whole_day {
                moment.day_text()
            } else {
                moment.second_text()
            }
        }),
    }
}

fn bucket(tag: &TemplateTag<'_>, given: Option<&TagValue>, column: &str) -> Result<String, QueryFailure> {
    let Some(value) = given.and_then(|given| given.values.first()) else {
        return Ok(column.to_owned());
    };
    let unit = value.as_str().and_then(TemporalUnit::parse);
    let target = ConditionTarget {
        column,
        base_type: "",
        parameter: tag.name,
    };
    unit.map(|unit| unit.sql(column))
        .ok_or_else(|| not_usable(target, value))
}
