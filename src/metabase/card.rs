//! Running saved questions and models over the classic API, which every version has.

use std::sync::Arc;

use serde_json::{Number, Value, json};

use super::answer::QueryResponse;
use super::call::{ApiCall, Caller};
use super::{CardArgument, CardRun, FailureClass, FetchedTable, MetabaseError, endpoints};
use crate::catalog::{Parameter, ParameterTarget};
use crate::result::Extent;

/// The limits a server has unless its administrator changed them: rows as they are, and rows of groups.
const DEFAULT_CAPS: [usize; 2] = [2_000, 10_000];

/// Words of parameters that say how many rows are wanted.
const LIMITS: [&str; 4] = ["limit", "top", "rows", "n"];

pub(super) async fn run(caller: &Caller, run: &CardRun) -> Result<FetchedTable, MetabaseError> {
    let id = run.card.id();
    let parameters: Vec<Value> = run.arguments.iter().map(argument).collect();
    let call = ApiCall {
        action: format!("run card {id}"),
        ids: vec![id.to_string()],
        body: Some(json!({ "parameters": parameters })),
        cached: true,
        ..ApiCall::default()
    };
    let reply = caller.send(endpoints::CARD_QUERY, call).await?;
    let answer = QueryResponse::read(&reply).map_err(moved)?;
    let held = answer.rows.len();
    let extent = match answer.rows_truncated {
        Some(limit) => Extent::ServerLimit { limit },
        None if DEFAULT_CAPS.contains(&held) => Extent::ServerLimit { limit: held as u64 },
        None if limits(run).any(|limit| limit == held as u64) => Extent::AskedLimit {
            limit: held as u64,
            of: None,
            // A card that takes a limit says itself which rows come first.
            ordered: true,
        },
        None => Extent::Complete,
    };
    let mut table = answer.into_table(extent);
    for column in &mut table.columns {
        // How the card's author set a column up is told with the card, not with its rows.
        let known = run
            .card
            .entry()
            .columns
            .iter()
            .find(|known| known.name == column.name);
        if let Some(known) = known {
            column.format = column.format.overlaid(&known.format);
        }
    }
    Ok(FetchedTable {
        table: Arc::new(table),
        served_by: reply.served_by,
        tied: false,
    })
}

/// A card that the catalog knows and the credential may not read: it was moved, or rights changed since.
fn moved(mut error: MetabaseError) -> MetabaseError {
    if error.class == FailureClass::Forbidden && error.status.is_some() {
        error.message.push_str(
            "; it was moved since the catalog was loaded, or its collection's rights changed; `cardinal catalog check` \
             says more",
        );
    }
    error
}

/// The values, given or by default, of the card's parameters that say how many rows are wanted.
fn limits(run: &CardRun) -> impl Iterator<Item = u64> {
    let parameters = run.card.entry().parameters.iter();
    let limiting = parameters.filter(|parameter| {
        let mut words = parameter.slug.split(|c: char| !c.is_alphanumeric());
        words.any(|word| LIMITS.iter().any(|limit| word.eq_ignore_ascii_case(limit)))
    });
    limiting.filter_map(|parameter| {
        let given = run
            .arguments
            .iter()
            .find(|argument| argument.parameter.slug == parameter.slug);
        let value = given
            .map(|argument| &argument.value)
            .or(parameter.default.as_ref())?;
        let one = match value {
            Value::Array(items) => items.first()?,
            one => one,
        };
        one.as_u64().or_else(|| one.as_str()?.trim().parse().ok())
    })
}

fn argument(argument: &CardArgument) -> Value {
    let parameter = &argument.parameter;
    let target = match parameter.target {
        ParameterTarget::Variable => "variable",
        ParameterTarget::Dimension => "dimension",
    };
    json!({
        "id": parameter.id,
        "type": parameter.kind,
        "target": [target, ["template-tag", parameter.slug]],
        "value": value(parameter, &argument.value),
    })
}

/// The value in the shape its parameter type wants: a field filter takes a list, a raw variable and a date one
/// scalar, and numbers are numbers even where the model wrote text.
fn value(parameter: &Parameter, value: &Value) -> Value {
    let typed = |value: &Value| scalar(&parameter.kind, value);
    match value {
        Value::Null => Value::Null,
        Value::Array(items) if takes_list(parameter) => items.iter().map(typed).collect(),
        Value::Array(items) => match items.as_slice() {
            [one] => typed(one),
            several => several.iter().map(typed).collect(),
        },
        one if takes_list(parameter) => Value::Array(vec![typed(one)]),
        one => typed(one),
    }
}

fn takes_list(parameter: &Parameter) -> bool {
    parameter.target == ParameterTarget::Dimension
        && !parameter.kind.starts_with("date")
        && parameter.kind != "temporal-unit"
}

fn scalar(kind: &str, value: &Value) -> Value {
    match (kind.split('/').next().unwrap_or(kind), value) {
        ("number", Value::String(text)) => number(text).unwrap_or_else(|| value.clone()),
        ("boolean", Value::String(text)) => text.parse().map_or_else(|_| value.clone(), Value::Bool),
        ("string" | "text" | "category" | "location" | "date", Value::Number(number)) => {
            Value::String(number.to_string())
        }
        ("string" | "text" | "category" | "location", Value::Bool(flag)) => Value::String(flag.to_string()),
        _ => value.clone(),
    }
}

fn number(text: &str) -> Option<Value> {
    let whole = text.parse::<i64>().ok().map(Number::from);
    whole
        .or_else(|| Number::from_f64(text.parse().ok()?))
        .map(Value::Number)
}
