//! Nodes of the manifest as the API's types have them.

use serde_json::{Map, Value, json};

use crate::account::DEMO_ENVIRONMENT;
use crate::project::{ArtifactFile, DbtProject};
use crate::state::DbtState;

/// Where the manifest keeps each kind, what the API calls it, and the words of its types.
const KINDS: [(&str, &str, &str); 10] = [
    ("model", "Model", "ModelAppliedState"),
    ("source", "Source", "SourceAppliedState"),
    ("seed", "Seed", "SeedAppliedState"),
    ("snapshot", "Snapshot", "SnapshotAppliedState"),
    ("test", "Test", "TestAppliedState"),
    ("exposure", "Exposure", "ExposureAppliedState"),
    ("macro", "Macro", "MacroDefinition"),
    ("semantic_model", "SemanticModel", "SemanticModelDefinition"),
    ("metric", "Metric", "ServedMetric"),
    ("saved_query", "SavedQuery", "ServedQuery"),
];

/// The kind in a unique id, such as `model` in `model.shop.fct_orders`.
pub(super) fn kind_of(id: &str) -> &str {
    id.split('.').next().unwrap_or_default()
}

/// What the API calls the kind of a unique id.
pub(super) fn resource_type(id: &str) -> &'static str {
    let found = KINDS.iter().find(|(kind, ..)| *kind == kind_of(id));
    found.map_or("Group", |(_, name, _)| name)
}

fn place_of(id: &str) -> &'static str {
    match kind_of(id) {
        "source" => "sources",
        "exposure" => "exposures",
        "macro" => "macros",
        "semantic_model" => "semantic_models",
        "metric" => "metrics",
        "saved_query" => "saved_queries",
        "group" => "groups",
        _ => "nodes",
    }
}

/// A node as the manifest has it.
pub(super) fn in_manifest<'a>(project: &'a DbtProject, id: &str) -> Option<&'a Value> {
    project.manifest().get(place_of(id))?.get(id)
}

/// Unique ids of all nodes of a kind, in order.
pub(super) fn ids(project: &DbtProject, kind: &str) -> Vec<String> {
    let probe = format!("{kind}.");
    let all = project
        .manifest()
        .get(place_of(&probe))
        .and_then(Value::as_object);
    all.into_iter()
        .flat_map(Map::keys)
        .filter(|id| kind_of(id) == kind)
        .cloned()
        .collect()
}

/// Unique ids of all nodes, of all kinds.
pub(super) fn all_ids(project: &DbtProject) -> Vec<String> {
    KINDS.iter().flat_map(|(kind, ..)| ids(project, kind)).collect()
}

/// A node of the applied state, or of the definition for kinds that are never built.
pub(super) fn node(state: &DbtState, id: &str) -> Option<Value> {
    let (_, _, words) = KINDS.iter().find(|(kind, ..)| *kind == kind_of(id))?;
    let mut fields = fields(state, id)?;
    fields.insert("__typename".to_owned(), json!(format!("{words}Node")));
    Some(Value::Object(fields))
}

pub(super) fn nested(state: &DbtState, id: &str) -> Option<Value> {
    let (_, _, words) = KINDS.iter().find(|(kind, ..)| *kind == kind_of(id))?;
    let mut fields = fields(state, id)?;
    fields.insert("__typename".to_owned(), json!(format!("{words}NestedNode")));
    Some(Value::Object(fields))
}

fn fields(state: &DbtState, id: &str) -> Option<Map<String, Value>> {
    let project = &state.project;
    let of = in_manifest(project, id)?;
    let get = |pointer: &str| of.pointer(pointer).cloned().unwrap_or_default();
    let description = get("/description");
    let generated = project
        .manifest()
        .pointer("/metadata/generated_at")
        .cloned()
        .unwrap_or_default();
    let mut fields = json!({
        "uniqueId": id,
        "name": get("/name"),
        "description": description,
        "resourceType": kind_of(id),
        "tags": or_empty(get("/tags")),
        "meta": match get("/meta") { Value::Null => get("/config/meta"), meta => meta },
        "filePath": get("/original_file_path"),
        "fqn": get("/fqn"),
        "packageName": get("/package_name"),
        "alias": get("/alias"),
        "database": get("/database"),
        "schema": get("/schema"),
        "config": get("/config"),
        "rawCode": get("/raw_code"),
        "compiledCode": get("/compiled_code"),
        "label": get("/label"),
        "group": get("/group"),
        "environmentId": DEMO_ENVIRONMENT,
        "runGeneratedAt": generated,
        "manifestGeneratedAt": generated,
    });
    let more = own_fields(state, id, of);
    if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
    match fields {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

/// What only nodes of this kind have.
fn own_fields(state: &DbtState, id: &str, of: &Value) -> Value {
    let get = |pointer: &str| of.pointer(pointer).cloned().unwrap_or_default();
    match kind_of(id) {
        "model" => json!({
            "access": get("/access"),
            "relationName": get("/relation_name"),
            "language": get("/language"),
            "latestVersion": get("/latest_version"),
            "version": get("/version"),
            "deprecationDate": get("/deprecation_date"),
            "contractEnforced": get("/contract/enforced"),
            "constraints": or_empty(get("/constraints")),
            "materializedType": get("/config/materialized"),
            "modelingLayer": modeling_layer(of),
            "isDescriptionInherited": false,
        }),
        "source" => json!({
            "identifier": get("/identifier"),
            "loader": get("/loader"),
            "sourceName": get("/source_name"),
            "sourceDescription": get("/source_description"),
        }),
        "test" => json!({
            "columnName": get("/column_name"),
            "testType": if get("/test_metadata").is_null() { "SINGULAR_DATA_TEST" } else { "GENERIC_DATA_TEST" },
            "testedNodeUniqueId": get("/attached_node"),
            "testMetadata": match get("/test_metadata") {
                Value::Null => Value::Null,
                metadata => json!({
                    "name": metadata.get("name"),
                    "namespace": metadata.get("namespace"),
                    "columnName": metadata.pointer("/kwargs/column_name"),
                    "kwargs": metadata.get("kwargs"),
                }),
            },
        }),
        "exposure" => json!({
            "exposureType": get("/type"),
            "maturity": get("/maturity"),
            "ownerName": get("/owner/name"),
            "ownerEmail": get("/owner/email"),
            "url": address(state, &get("/url")),
        }),
        "macro" => json!({ "macroSql": get("/macro_sql"), "arguments": or_empty(get("/arguments")) }),
        "metric" => json!({
            "type": get("/type"),
            "formula": get("/type_params/expr"),
            "filter": get("/filter"),
            "typeParams": get("/type_params"),
        }),
        "semantic_model" => json!({
            "dimensions": parts(&get("/dimensions"), &[("typeParams", "type_params")]),
            "entities": parts(&get("/entities"), &[]),
            "measures": parts(&get("/measures"), &[("createMetric", "create_metric")]),
        }),
        _ => json!({}),
    }
}

/// Exposures of the built-in project lead to a host that does not exist; where there is a Metabase, they lead there.
fn address(state: &DbtState, url: &Value) -> Value {
    match (url.as_str(), &state.metabase_url) {
        (Some(url), Some(metabase)) => json!(url.replacen("http://metabase.example.com", metabase, 1)),
        _ => url.clone(),
    }
}

/// The layer that a model's folder stands for.
fn modeling_layer(of: &Value) -> Value {
    let path = of
        .get("original_file_path")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let layer = path.split('/').rev().skip(1).find_map(|folder| match folder {
        "marts" => Some("Marts"),
        "staging" => Some("Staging"),
        "intermediate" => Some("Intermediate"),
        _ => None,
    });
    json!(layer)
}

fn or_empty(value: Value) -> Value {
    if value.is_null() { json!([]) } else { value }
}

/// Parts of a semantic model, with names as the API writes them.
fn parts(list: &Value, renamed: &[(&str, &str)]) -> Value {
    let items = list.as_array().cloned().unwrap_or_default();
    items
        .into_iter()
        .map(|mut item| {
            if let Some(fields) = item.as_object_mut() {
                for (to, from) in renamed {
                    let value = fields.get(*from).cloned().unwrap_or_default();
                    fields.insert((*to).to_owned(), value);
                }
            }
            item
        })
        .collect()
}

/// `Catalog` of a node; null when it is not in the catalog.
pub(super) fn catalog(project: &DbtProject, id: &str) -> Value {
    let catalog = project.value(ArtifactFile::Catalog);
    let place = if kind_of(id) == "source" {
        "sources"
    } else {
        "nodes"
    };
    let Some(of) = catalog.get(place).and_then(|nodes| nodes.get(id)) else {
        return Value::Null;
    };
    let described = in_manifest(project, id).and_then(|node| node.get("columns"));
    let mut columns: Vec<Value> = of
        .get("columns")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::values)
        .map(|column| {
            let name = column.get("name").and_then(Value::as_str).unwrap_or_default();
            let more = described.and_then(|columns| columns.get(name));
            let of_more = |field: &str| more.and_then(|more| more.get(field)).cloned();
            json!({
                "name": name,
                "type": column.get("type"),
                "index": column.get("index"),
                "comment": column.get("comment"),
                "description": of_more("description"),
                "meta": of_more("meta").unwrap_or(json!({})),
                "tags": of_more("tags").unwrap_or(json!([])),
            })
        })
        .collect();
    columns.sort_by_key(|column| column.get("index").and_then(Value::as_i64));
    json!({
        "uniqueId": id,
        "columns": columns,
        "comment": of.pointer("/metadata/comment"),
        "owner": of.pointer("/metadata/owner"),
        "type": of.pointer("/metadata/type"),
        "environmentId": DEMO_ENVIRONMENT,
        "runGeneratedAt": catalog.pointer("/metadata/generated_at"),
        "stats": of.get("stats"),
    })
}

/// `Freshness` of a source; null when it was not looked at.
pub(super) fn freshness(project: &DbtProject, id: &str) -> Value {
    let sources = project.value(ArtifactFile::Sources);
    let rows = sources.get("results").and_then(Value::as_array);
    let found = rows
        .into_iter()
        .flatten()
        .find(|row| row.get("unique_id").and_then(Value::as_str) == Some(id));
    let Some(row) = found else {
        return Value::Null;
    };
    json!({
        "maxLoadedAt": row.get("max_loaded_at"),
        "maxLoadedAtTimeAgoInS": row.get("max_loaded_at_time_ago_in_s"),
        "snapshottedAt": row.get("snapshotted_at"),
        "freshnessStatus": row.get("status"),
        "freshnessChecked": true,
        "freshnessRunGeneratedAt": sources.pointer("/metadata/generated_at"),
        "criteria": criteria(row),
    })
}

/// `FreshnessCriteria` of a row of `sources.json`.
pub(super) fn criteria(row: &Value) -> Value {
    json!({ "warnAfter": row.pointer("/criteria/warn_after"), "errorAfter": row.pointer("/criteria/error_after") })
}
