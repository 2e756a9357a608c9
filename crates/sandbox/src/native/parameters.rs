use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::parameter_types::{arity, feeders, may_feed};
use super::render::render;
use super::tag::TemplateTag;
use crate::query::{
    CardFailure, MbqlClause, MbqlCompiler, ParameterException, QueryFailure, QueryResult, RowLimits,
    SqlFragment, cell, run, run_sql,
};
use crate::semantic::Card;

/// What a tag was given.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TagValue {
    /// The parameter type, which decides the operator.
    pub(super) kind: String,
    /// At least one value.
    pub(super) values: Vec<Value>,
}

/// Tags that have a value, by name.
pub(super) type TagValues = BTreeMap<String, TagValue>;

/// Runs a card with the wire's parameters. Cards that are not SQL take none.
pub(crate) fn run_card(
    compiler: MbqlCompiler<'_>,
    card: &Card,
    parameters: &[Value],
    constraints: RowLimits,
) -> Result<QueryResult, CardFailure> {
    let Some(stage) = card.native_stage() else {
        return match parameters.first() {
            Some(parameter) => Err(unknown_tag(card, &tag_name(card, parameter), parameter, &[]).into()),
            None => Ok(run(compiler, &card.dataset_query, &card.columns, constraints)?),
        };
    };
    let sql = rendered(compiler, card, stage, parameters)?;
    Ok(run_sql(compiler, sql, &card.columns, constraints)?)
}

/// The SQL that runs for a card with these parameters, and the values bound in it.
pub(crate) fn native_form(
    compiler: MbqlCompiler<'_>,
    card: &Card,
    parameters: &[Value],
) -> Result<(String, Vec<Value>), CardFailure> {
    let sql = match card.native_stage() {
        Some(stage) => rendered(compiler, card, stage, parameters)?,
        None => compiler.compile(&card.dataset_query, None)?.sql,
    };
    let params = sql.params.into_iter().map(|param| cell(param, "type/*"));
    Ok((sql.sql, params.collect()))
}

fn rendered(
    compiler: MbqlCompiler<'_>,
    card: &Card,
    stage: &Value,
    parameters: &[Value],
) -> Result<SqlFragment, CardFailure> {
    let tags = TemplateTag::all(stage);
    let sent = match_tags(card, &tags, parameters)?;
    let bindings = resolve(&tags, &sent)?;
    Ok(render(compiler, stage, &bindings)?)
}

/// A parameter as it was sent for one tag.
#[derive(Debug)]
pub(super) struct SentValue {
    kind: String,
    value: Value,
}

/// Finds the tag that each parameter is for and checks that its type may feed it.
fn match_tags(
    card: &Card,
    tags: &[TemplateTag<'_>],
    parameters: &[Value],
) -> Result<BTreeMap<String, Vec<SentValue>>, ParameterException> {
    let mut sent: BTreeMap<String, Vec<SentValue>> = BTreeMap::new();
    for parameter in parameters {
        let name = tag_name(card, parameter);
        let Some(tag) = tags.iter().find(|tag| tag.name == name) else {
            let known: Vec<&str> = tags.iter().map(|tag| tag.name).collect();
            return Err(unknown_tag(card, &name, parameter, &known));
        };
        let own = own_parameter(card, parameter);
        let kind = parameter
            .get("type")
            .or_else(|| own?.get("type"))
            .and_then(Value::as_str);
        let kind = kind.unwrap_or_else(|| tag.derived_type());
        if !may_feed(kind, tag.accepts()) {
            return Err(wrong_type(tag, kind, parameter));
        }
        let value = parameter.get("value").cloned().unwrap_or(Value::Null);
        sent.entry(name).or_default().push(SentValue {
            kind: kind.to_owned(),
            value,
        });
    }
    Ok(sent)
}

fn own_parameter<'a>(card: &'a Card, parameter: &Value) -> Option<&'a Value> {
    let id = parameter.get("id")?;
    card.parameters.iter().find(|own| own.get("id") == Some(id))
}

/// By the card's own parameter of that id, else by the tag in the target, else by its name.
fn tag_name(card: &Card, parameter: &Value) -> String {
    let from_target = |parameter: &Value| {
        let target = parameter.get("target")?;
        let inner = MbqlClause::parse(target)?.args.first()?;
        let inner = MbqlClause::parse(inner).filter(|inner| inner.op == "template-tag")?;
        inner.args.first()?.as_str().map(str::to_owned)
    };
    let text = |key: &str| parameter.get(key).and_then(Value::as_str).map(str::to_owned);
    own_parameter(card, parameter)
        .and_then(from_target)
        .or_else(|| from_target(parameter))
        .or_else(|| text("slug"))
        .or_else(|| text("name"))
        .or_else(|| text("id"))
        .unwrap_or_default()
}

fn unknown_tag(card: &Card, name: &str, parameter: &Value, known: &[&str]) -> ParameterException {
    let mut data = Map::new();
    data.insert("invalid-parameter".to_owned(), parameter.clone());
    data.insert("allowed-parameters".to_owned(), json!(known));
    ParameterException {
        message: format!(
            "Invalid parameter: Card {} does not have a template tag named \"{name}\".",
            card.id
        ),
        data,
        status: 500,
    }
}

fn wrong_type(tag: &TemplateTag<'_>, kind: &str, parameter: &Value) -> ParameterException {
    let allowed = feeders(tag.accepts());
    let list: Vec<String> = allowed.iter().map(|kind| format!(":{kind}")).collect();
    let mut data = Map::new();
    data.insert("invalid-parameter".to_owned(), parameter.clone());
    data.insert("template-tag-type".to_owned(), json!(tag.accepts()));
    data.insert("allowed-types".to_owned(), json!(allowed));
    ParameterException {
        message: format!(
            "Invalid parameter value type :{kind} for parameter \"{}\". Parameter value must be one of: {}",
            tag.name,
            list.join(", ")
        ),
        data,
        status: 500,
    }
}

/// Gives each tag its value: sent, or the default where one applies.
pub(super) fn resolve(
    tags: &[TemplateTag<'_>],
    sent: &BTreeMap<String, Vec<SentValue>>,
) -> Result<TagValues, QueryFailure> {
    let mut bindings = TagValues::new();
    for tag in tags {
        let given = match sent.get(tag.name) {
            Some(sent) => from_sent(tag, sent)?,
            None => default(tag),
        };
        match given {
            Some(given) => {
                check_arity(tag, &given)?;
                bindings.insert(tag.name.to_owned(), given);
            }
            None if tag.required => {
                let error = format!(
                    "You'll need to pick a value for '{}' before this query can run.",
                    tag.display_name
                );
                return Err(QueryFailure::typed("missing-required-parameter", error));
            }
            None => {}
        }
    }
    Ok(bindings)
}

/// A null drops the filter although a default exists, unless the tag is required.
fn from_sent(tag: &TemplateTag<'_>, sent: &[SentValue]) -> Result<Option<TagValue>, QueryFailure> {
    let mut given: Vec<TagValue> = Vec::new();
    for one in sent {
        let values = values(&one.value, &one.kind);
        let same = |other: &TagValue| other.values == values;
        if !values.is_empty() && !given.iter().any(same) {
            given.push(TagValue {
                kind: one.kind.clone(),
                values,
            });
        }
    }
    if given.len() > 1 {
        return Err(conflicting(tag));
    }
    Ok(given.pop().or_else(|| default(tag).filter(|_| tag.required)))
}

fn default(tag: &TemplateTag<'_>) -> Option<TagValue> {
    let kind = tag.derived_type();
    let values = values(tag.default?, kind);
    Some(TagValue {
        kind: kind.to_owned(),
        values,
    })
    .filter(|given| !given.values.is_empty())
}

/// A scalar is a list of one; nulls say nothing, except as an open side of `number/between`.
fn values(value: &Value, kind: &str) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(list) if list.iter().all(Value::is_null) => Vec::new(),
        Value::Array(list) if kind == "number/between" => list.clone(),
        Value::Array(list) => list.iter().filter(|value| !value.is_null()).cloned().collect(),
        scalar => vec![scalar.clone()],
    }
}

fn check_arity(tag: &TemplateTag<'_>, given: &TagValue) -> Result<(), QueryFailure> {
    if matches!(tag.kind, "text" | "date" | "boolean" | "temporal-unit") && given.values.len() > 1 {
        return Err(conflicting(tag));
    }
    match arity(&given.kind) {
        Some(wanted) if given.values.len() != wanted => {
            let error = format!(
                "Error determining value for parameter \"{}\": {} takes {wanted} value(s), got {}",
                tag.name,
                given.kind,
                given.values.len()
            );
            Err(QueryFailure::typed("invalid-parameter", error))
        }
        _ => Ok(()),
    }
}

fn conflicting(tag: &TemplateTag<'_>) -> QueryFailure {
    let error = format!(
        "Multiple conflicting values were given for '{}'",
        tag.display_name
    );
    QueryFailure::typed("multiple-conflicting-parameter-values", error)
}
