//! Parameters of a card: the declared ones, or where there are none those its template tags stand for.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::Value;

use super::cards::WireCard;
use super::loading::Loading;
use crate::catalog::{AllowedValues, CardId, Parameter, ParameterTarget};
use crate::metabase::values;
use crate::metabase::{FailureClass, FetchedValues, MetabaseError};

/// Most parameters of one card whose values are listed while loading.
const MAX_LISTINGS: usize = 8;
/// Most values kept of one listing.
const MAX_VALUES: usize = 100;

#[derive(Debug, Clone, Deserialize)]
struct CardTag {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(rename = "display-name", alias = "display_name")]
    display_name: Option<String>,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(rename = "widget-type", alias = "widget_type")]
    widget_type: Option<String>,
    default: Option<Value>,
    required: Option<bool>,
    /// The field that a field filter is on: `["field", 42, null]`, or `["field", {…}, 42]`.
    dimension: Option<Value>,
}

impl CardTag {
    fn field(&self) -> Option<u64> {
        self.dimension
            .as_ref()?
            .as_array()?
            .iter()
            .find_map(Value::as_u64)
    }
}

#[derive(Debug, Clone, Deserialize)]
struct DeclaredParameter {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    slug: String,
    #[serde(rename = "type", default)]
    kind: String,
    target: Option<Value>,
    default: Option<Value>,
    required: Option<bool>,
    #[serde(rename = "isMultiSelect")]
    multi_select: Option<bool>,
    values_query_type: Option<String>,
    values_source_type: Option<String>,
    values_source_config: Option<SourceConfig>,
}

#[derive(Debug, Clone, Deserialize)]
struct SourceConfig {
    #[serde(default)]
    values: Option<Vec<Value>>,
}

/// The parameters in the card's order, with their values where those are at hand, and warnings.
pub(super) async fn of(
    loading: &Loading<'_>,
    card: CardId,
    wire: &WireCard,
) -> Result<(Vec<Parameter>, Vec<String>), MetabaseError> {
    let mut warnings = Vec::new();
    let mut tags = Vec::new();
    for tag in wire_tags(&wire.dataset_query) {
        match tag {
            Some(tag) => tags.push(tag),
            None => warnings.push(unreadable(card)),
        }
    }
    let mut parameters = Vec::new();
    for declared in wire.parameters.iter().flatten() {
        match serde_json::from_value::<DeclaredParameter>(declared.clone()) {
            Ok(declared) => parameters.extend(from_declared(declared, &tags)),
            Err(_) => warnings.push(unreadable(card)),
        }
    }
    if wire.parameters.as_ref().is_none_or(Vec::is_empty) {
        parameters.extend(tags.iter().filter_map(from_tag));
    }
    list_values(loading, card, &mut parameters, &mut warnings).await?;
    Ok((
        parameters.into_iter().map(|found| found.parameter).collect(),
        warnings,
    ))
}

/// A parameter, and whether the server can be asked for its values.
struct ReadParameter {
    parameter: Parameter,
    listable: bool,
    /// The field whose values it takes.
    field: Option<u64>,
}

fn unreadable(card: CardId) -> String {
    format!("card {card} has a parameter that cannot be read; it is left out")
}

/// `template-tags` of a native query in every shape: an object by name, or since v0.63 a list; under `native`, or
/// in the first stage. `None` for a tag that cannot be read.
fn wire_tags(query: &Value) -> Vec<Option<CardTag>> {
    let stage = query
        .pointer("/stages")
        .and_then(Value::as_array)
        .and_then(|stages| stages.first());
    let found = query
        .pointer("/native/template-tags")
        .or_else(|| stage.and_then(|stage| stage.get("template-tags")));
    let read = |tag: &Value| serde_json::from_value::<CardTag>(tag.clone()).ok();
    match found {
        Some(Value::Object(by_name)) => by_name
            .iter()
            .map(|(name, tag)| {
                let mut tag = read(tag)?;
                tag.name.clone_from(name);
                Some(tag)
            })
            .collect(),
        Some(Value::Array(list)) => list.iter().map(read).collect(),
        _ => Vec::new(),
    }
}

fn from_declared(declared: DeclaredParameter, tags: &[CardTag]) -> Option<ReadParameter> {
    // Parameters of query-builder cards are not taken by the route that runs cards.
    let (target, slug) = match declared.target.as_ref().map(target) {
        Some(target) => target?,
        None => (
            target_of(tags.iter().find(|tag| tag.name == declared.slug)?),
            declared.slug.clone(),
        ),
    };
    let tag = tags.iter().find(|tag| tag.name == slug);
    let exact = is_exact(&declared.kind);
    let fixed = declared.values_source_type.as_deref() == Some("static-list");
    let source = declared
        .values_source_config
        .and_then(|config| config.values)
        .unwrap_or_default();
    let allowed = (fixed && !source.is_empty()).then(|| AllowedValues {
        values: values::bare(source),
        complete: exact,
    });
    let from_field = target == ParameterTarget::Dimension && declared.values_source_type.is_none();
    let from_card = declared.values_source_type.as_deref() == Some("card");
    let listable = allowed.is_none()
        && exact
        && declared.values_query_type.as_deref() != Some("none")
        && (from_field || from_card);
    let multiple = match declared.multi_select {
        Some(multiple) => multiple,
        None => target == ParameterTarget::Dimension && takes_several(&declared.kind),
    };
    Some(ReadParameter {
        parameter: Parameter {
            id: declared.id,
            name: if declared.name.is_empty() {
                slug.clone()
            } else {
                declared.name
            },
            slug,
            kind: declared.kind,
            target,
            required: declared.required.or_else(|| tag?.required).unwrap_or(false),
            default: declared
                .default
                .or_else(|| tag?.default.clone())
                .filter(|value| !value.is_null()),
            allowed,
            multiple,
        },
        listable,
        field: tag.filter(|_| from_field).and_then(CardTag::field),
    })
}

fn from_tag(tag: &CardTag) -> Option<ReadParameter> {
    let kind = match tag.kind.as_str() {
        "date" => "date/single",
        "text" => "string/=",
        "number" => "number/=",
        "boolean" => "boolean/=",
        "temporal-unit" => "temporal-unit",
        "dimension" => tag.widget_type.as_deref().unwrap_or("category"),
        // References to cards, snippets and tables are no parameters.
        _ => return None,
    };
    let target = target_of(tag);
    let dimension = target == ParameterTarget::Dimension;
    Some(ReadParameter {
        parameter: Parameter {
            id: tag.id.clone(),
            slug: tag.name.clone(),
            name: tag.display_name.clone().unwrap_or_else(|| tag.name.clone()),
            kind: kind.to_owned(),
            target,
            required: tag.required.unwrap_or(false),
            default: tag.default.clone().filter(|value| !value.is_null()),
            allowed: None,
            multiple: dimension && takes_several(kind),
        },
        listable: dimension && is_exact(kind),
        field: tag.field(),
    })
}

fn target_of(tag: &CardTag) -> ParameterTarget {
    if matches!(tag.kind.as_str(), "dimension" | "temporal-unit") {
        ParameterTarget::Dimension
    } else {
        ParameterTarget::Variable
    }
}

/// `["variable", ["template-tag", name]]` and `["dimension", ["template-tag", name], …]`; anything else is no
/// template tag.
fn target(target: &Value) -> Option<(ParameterTarget, String)> {
    let kind = match target.get(0)?.as_str()? {
        "variable" => ParameterTarget::Variable,
        "dimension" => ParameterTarget::Dimension,
        _ => return None,
    };
    let tag = target.get(1)?;
    (tag.get(0)?.as_str()? == "template-tag").then_some(())?;
    Some((kind, tag.get(1)?.as_str()?.to_owned()))
}

/// Whether the value has to be one of the values that occur: `string/contains` and dates take any.
fn is_exact(kind: &str) -> bool {
    matches!(kind, "string/=" | "category" | "boolean/=" | "number/=" | "text")
        || (kind.starts_with("location/") && !kind.ends_with("contains"))
}

fn takes_several(kind: &str) -> bool {
    matches!(
        kind.split('/').next(),
        Some("string" | "category" | "location" | "id")
    ) || matches!(kind, "number/=" | "number/!=" | "number/between")
}

async fn list_values(
    loading: &Loading<'_>,
    card: CardId,
    parameters: &mut [ReadParameter],
    warnings: &mut Vec<String>,
) -> Result<(), MetabaseError> {
    // Only texts: numbers rarely come from a short list, and asking for them reads whole columns.
    let wanted: Vec<(String, Option<u64>)> = parameters
        .iter()
        .filter(|found| found.listable && !found.parameter.kind.starts_with("number"))
        .map(|found| (found.parameter.id.clone(), found.field))
        .take(MAX_LISTINGS)
        .collect();
    let listed: BTreeMap<String, Result<Arc<FetchedValues>, MetabaseError>> = stream::iter(wanted)
        .map(|(id, field)| async move {
            let read = || values::of_parameter(loading.caller, card, &id, false);
            // A filter on a field takes the same values in every card.
            let listed = match field {
                Some(field) => loading.parameters.get(field, read).await,
                None => read().await.map(Arc::new),
            };
            (id, listed)
        })
        .buffered(loading.caller.settings.max_concurrency.max(1))
        .collect()
        .await;
    for (id, listed) in listed {
        let found = parameters.iter_mut().find(|found| found.parameter.id == id);
        match (listed, found) {
            (Ok(listed), Some(found)) => found.parameter.allowed = short(listed.values.clone()),
            (Err(error), _) if error.class == FailureClass::Unauthorized => return Err(error),
            (Err(error), _) => warnings.push(format!("{error}; any value is let through")),
            (Ok(_), None) => {}
        }
    }
    Ok(())
}

/// At most as many values as are worth keeping; none when there are none.
fn short(mut values: AllowedValues) -> Option<AllowedValues> {
    if values.values.len() > MAX_VALUES {
        values.values.truncate(MAX_VALUES);
        values.complete = false;
    }
    (!values.values.is_empty()).then_some(values)
}
