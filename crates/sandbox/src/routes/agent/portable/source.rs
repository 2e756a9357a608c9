use serde_json::{Map, Value, json};

use super::problem::rejected;
use crate::error::ApiError;
use crate::semantic::{Access, SemanticModel, TableMetadata};

/// Checks what the first stage reads, and that the caller may read it. Gives the name of the database that it is in.
pub(super) fn check(
    model: &SemanticModel,
    access: &Access,
    query: &Map<String, Value>,
) -> Result<String, ApiError> {
    let first = query.get("stages").and_then(|stages| stages.get(0));
    let source = |key: &str| first.and_then(|stage| stage.get(key));
    if let Some(text) = source("source-table").and_then(Value::as_str) {
        refuse_address(text)?;
    }
    let path = source("source-table").and_then(Value::as_array);
    let database = path
        .filter(|path| path.len() == 3)
        .and_then(|path| path.first()?.as_str());
    if let (Some(path), Some(database)) = (path, database) {
        if database != model.database.name {
            let message = format!(
                "Unknown database: `{database}`. Use the exact database name as reported by `entity_details` / metadata \
                 tools (it appears as the first element of every portable FK, e.g. `source-table: [<db-name>, <schema>, \
                 <table>]`)."
            );
            return Err(rejected(
                "unknown-database",
                message,
                json!({ "database": database }),
            ));
        }
        let table = table(model, path)?;
        if !access.tables.contains(&table.id) {
            return Err(ApiError::forbidden());
        }
        return Ok(database.to_owned());
    }
    if let Some(entity_id) = source("source-card").and_then(Value::as_str) {
        let card = model.card_by_entity_id(entity_id).ok_or_else(|| {
            let message = format!(
                "No saved question or model found with entity_id {entity_id:?}. Do not invent or guess entity_ids: call \
                 `entity_details` with `entity-type: question` or `entity-type: model` and the card's numeric id first, \
                 then copy the exact `portable_entity_id` from the response into `source-card:`."
            );
            rejected("unknown-card", message, json!({ "entity-id": entity_id }))
        })?;
        if !access.collections.contains(&card.collection_id) {
            return Err(ApiError::forbidden());
        }
        return Ok(model.database.name.clone());
    }
    let message = "First stage must have either `source-table:` (as a portable FK `[<db-name>, <schema>, <table>]`) or \
                   `source-card:` (as an entity_id string). Neither was found in `stages[0]`.";
    Err(rejected("missing-source-in-first-stage", message, json!({})))
}

/// The table of a path: database, schema, table. This database has no schemas, so the schema is null.
pub(super) fn table<'a>(model: &'a SemanticModel, path: &[Value]) -> Result<&'a TableMetadata, ApiError> {
    let unknown = || {
        let shown = shown(path);
        rejected(
            "unknown-table",
            format!("No table found matching portable FK {shown}."),
            json!({ "path": path }),
        )
    };
    let [database, schema, name, ..] = path else {
        return Err(unknown());
    };
    if database.as_str() != Some(model.database.name.as_str()) {
        let message = format!(
            "Portable table FK references database {database}, but metadata provider is for {:?}.",
            model.database.name
        );
        let more = json!({ "path": path, "expected-db": model.database.name });
        return Err(rejected("unknown-table", message, more));
    }
    let found = model
        .tables
        .iter()
        .find(|table| name.as_str() == Some(table.name.as_str()));
    found.filter(|_| schema.is_null()).ok_or_else(unknown)
}

/// A path as messages show it.
pub(super) fn shown(path: &[Value]) -> String {
    let parts = path.iter().map(|part| match part {
        Value::Null => "nil".to_owned(),
        part => part.to_string(),
    });
    format!("[{}]", parts.collect::<Vec<_>>().join(" "))
}

/// Addresses are for reading, not for querying.
fn refuse_address(text: &str) -> Result<(), ApiError> {
    let Some((kind, id)) = text
        .strip_prefix("metabase://")
        .and_then(|rest| rest.split_once('/'))
    else {
        return Ok(());
    };
    let hint = match kind {
        "metric" => format!(
            "Metrics are aggregations, not sources. To use metric {id}, put its `base_table_portable_fk` (from \
             `entity_details` on the metric) into `source-table:` and reference the metric as `aggregation: [[metric, \
             {{}}, \"<portable_entity_id>\"]]`."
        ),
        "question" | "model" | "card" => format!(
            "To reference saved {kind} {id} as a query source, put its `portable_entity_id` (a 21-char string from \
             `entity_details`) into `source-card:` — not a URI."
        ),
        "table" => "Use the portable FK `[<db-name>, <schema>, <table-name>]` from `entity_details` in \
                    `source-table:` — not a URI."
            .to_owned(),
        _ => "`source-table:` accepts a portable FK `[<db-name>, <schema>, <table-name>]` or, via `source-card:`, a \
              saved-card `portable_entity_id`."
            .to_owned(),
    };
    Err(rejected(
        "uri-in-source-table",
        format!("`source-table:` does not accept URIs like `{text}`. {hint}"),
        json!({ "source-table": text, "entity-type": kind, "entity-id": id }),
    ))
}
