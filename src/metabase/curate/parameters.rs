//! Parameters of a card: the declared ones, or where there are none those its template tags stand for.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::Value;

use super::loading::CatalogLoad;
use crate::catalog::{AllowedValues, CardId, Parameter, ParameterTarget};
use crate::metabase::values;
use crate::metabase::wire_card::WireCard;
use crate::metabase::{FailureClass, FetchedValues, MetabaseError};
use crate::text::clean_line;

/// Most parameters of one card whose values are listed while loading.
const MAX_LISTINGS: usize = 8;
/// Most values kept of one listing.
const MAX_VALUES: usize = 100;

#[derive(Debug, Clone, Deserialize)]
struct CardTag {
    id: Option<String>,
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

impl CardTag {
    /// Its id; tags that were made through the API may have none, and go by their names.
    fn id(&self) -> String {
        let id = self.id.clone().filter(|id| !id.trim().is_empty());
        id.unwrap_or_else(|| self.name.clone())
    }

    /// Whether a value can be set for it: not for references to cards, snippets and tables, nor for a field filter that
    /// has no widget or no field.
    fn takes_value(&self) -> bool {
        match self.kind.as_str() {
            "dimension" => self.widget_type.as_deref() != Some("none"),
            "date" | "text" | "number" | "boolean" | "temporal-unit" => true,
            _ => false,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
struct DeclaredParameter {
    #[serde(default)]
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
    loading: &CatalogLoad<'_>,
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
            Ok(declared) if declared.is_empty() => warnings.push(unreadable(card)),
            Ok(declared) => match from_declared(declared, &tags, shows_tags(&wire.dataset_query)) {
                Ok(found) => parameters.extend(found),
                Err(leftover) => warnings.push(leftover.warning(card)),
            },
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

/// A declared parameter that no value can be set for.
struct LeftoverParameter {
    name: String,
}

impl LeftoverParameter {
    fn warning(&self, card: CardId) -> String {
        format!(
            "card {card} declares the parameter \"{}\", but its query has no variable that takes it; it is left out",
            clean_line(&self.name, 60)
        )
    }
}

/// Whether the query shows which variables it has: a query in SQL that may be read.
fn shows_tags(query: &Value) -> bool {
    match query {
        Value::Object(map) => map.contains_key("native") || map.values().any(shows_tags),
        Value::Array(items) => items.iter().any(shows_tags),
        _ => false,
    }
}

/// `template-tags` of every query in SQL inside this one, in every shape: an object by name, or since v0.63 a list. `None`
/// for a tag that cannot be read.
fn wire_tags(query: &Value) -> Vec<Option<CardTag>> {
    match query {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, inner)| match key.as_str() {
                "template-tags" | "template_tags" => read_tags(inner),
                _ => wire_tags(inner),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(wire_tags).collect(),
        _ => Vec::new(),
    }
}

fn read_tags(tags: &Value) -> Vec<Option<CardTag>> {
    let read = |tag: &Value| serde_json::from_value::<CardTag>(tag.clone()).ok();
    match tags {
        Value::Object(by_name) => by_name
            .iter()
            .map(|(name, tag)| {
                let mut tag = read(tag)?;
                tag.name.clone_from(name);
                Some(tag)
            })
            .collect(),
        Value::Array(list) => list.iter().map(read).collect(),
        _ => Vec::new(),
    }
}

impl DeclaredParameter {
    /// Whether nothing says what it is.
    fn is_empty(&self) -> bool {
        self.id.is_empty() && self.slug.is_empty() && self.target.is_none()
    }
}

/// The parameter, if the route that runs cards takes it: those of query-builder cards it does not. `complete` says whether
/// `tags` are all that the query has.
fn from_declared(
    declared: DeclaredParameter,
    tags: &[CardTag],
    complete: bool,
) -> Result<Option<ReadParameter>, LeftoverParameter> {
    let leftover = || LeftoverParameter {
        name: if declared.name.is_empty() {
            declared.slug.clone()
        } else {
            declared.name.clone()
        },
    };
    let named = |named: &str| {
        tags.iter()
            .find(|tag| tag.name == named || tag.id.as_deref() == Some(named))
    };
    let (target, tag, slug) = match declared.target.as_ref() {
        Some(written) => match target(written) {
            Some((target, written)) => {
                let tag = named(&written);
                (target, tag, tag.map_or(written, |tag| tag.name.clone()))
            }
            None => return Ok(None),
        },
        None => match named(&declared.slug).or_else(|| named(&declared.id)) {
            Some(tag) => (target_of(tag), Some(tag), tag.name.clone()),
            None => return Ok(None),
        },
    };
    let usable = tag.map_or(!complete, CardTag::takes_value) && declared.kind != "none";
    if !usable {
        return Err(leftover());
    }
    let id = match (declared.id.trim().is_empty(), tag) {
        (false, _) => declared.id.clone(),
        (true, Some(tag)) => tag.id(),
        (true, None) => slug.clone(),
    };
    let exact = is_exact(&declared.kind);
    let fixed = declared.values_source_type.as_deref() == Some("static-list");
    let source = declared
        .values_source_config
        .and_then(|config| config.values)
        .unwrap_or_default();
    let allowed = (fixed && !source.is_empty()).then(|| AllowedValues::listed(source, exact));
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
    Ok(Some(ReadParameter {
        parameter: Parameter {
            id,
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
    }))
}

fn from_tag(tag: &CardTag) -> Option<ReadParameter> {
    let kind = match tag.kind.as_str() {
        "date" => "date/single",
        "text" => "string/=",
        "number" => "number/=",
        "boolean" => "boolean/=",
        "temporal-unit" => "temporal-unit",
        "dimension" if tag.takes_value() => tag.widget_type.as_deref().unwrap_or("category"),
        // References to cards, snippets and tables are not parameters.
        _ => return None,
    };
    let target = target_of(tag);
    let dimension = target == ParameterTarget::Dimension;
    Some(ReadParameter {
        parameter: Parameter {
            id: tag.id(),
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

/// `["variable", ["template-tag", name]]` and `["dimension", ["template-tag", name], …]`, with the name or `{"id": …}`;
/// anything else is not a template tag.
fn target(target: &Value) -> Option<(ParameterTarget, String)> {
    let kind = match target.get(0)?.as_str()? {
        "variable" => ParameterTarget::Variable,
        "dimension" => ParameterTarget::Dimension,
        _ => return None,
    };
    let tag = target.get(1)?;
    (tag.get(0)?.as_str()? == "template-tag").then_some(())?;
    let parts = tag.as_array()?.iter().skip(1);
    let named = parts.clone().find_map(Value::as_str);
    let by_id = || parts.clone().find_map(|part| part.get("id")?.as_str());
    Some((kind, named.or_else(by_id)?.to_owned()))
}

/// Whether the value has to be one of the values that occur: `string/contains` and dates take any.
fn is_exact(kind: &str) -> bool {
    matches!(
        kind,
        "string/=" | "category" | "boolean/=" | "number/=" | "text" | "id"
    ) || (kind.starts_with("location/") && !kind.ends_with("contains"))
}

fn takes_several(kind: &str) -> bool {
    matches!(
        kind.split('/').next(),
        Some("string" | "category" | "location" | "id")
    ) || matches!(kind, "number/=" | "number/!=" | "number/between")
}

async fn list_values(
    loading: &CatalogLoad<'_>,
    card: CardId,
    parameters: &mut [ReadParameter],
    warnings: &mut Vec<String>,
) -> Result<(), MetabaseError> {
    // Only texts: numbers rarely come from a short list, and asking for them reads whole columns.
    let wanted: Vec<(String, Option<(u64, bool)>)> = parameters
        .iter()
        .filter(|found| found.listable && !found.parameter.kind.starts_with("number"))
        .map(|found| {
            let field = found.field.map(|field| (field, found.parameter.kind == "id"));
            (found.parameter.id.clone(), field)
        })
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
