use axum::Json;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::metadata_body::{database_body, field_body, table_body};
use crate::routes::extract::Readable;
use crate::semantic::{Access, Card, SemanticModel, TableMetadata};

/// `GET /api/card/:id/query_metadata`: the databases, tables and columns that one card's query is about.
pub(super) async fn query_metadata(
    Readable {
        app,
        access,
        item: card,
    }: Readable<Card>,
) -> Json<Value> {
    let model = app.model();
    let tables: Vec<Value> = read_tables(model, &access, &card)
        .into_iter()
        .map(|table| with_fields(model, table))
        .collect();
    let fields: Vec<Value> = filtered_fields(model, &access, &card);
    Json(json!({
        "databases": [database_body(&app, &access)],
        "tables": tables,
        "fields": fields,
        "cards": [],
        "dashboards": [],
        "snippets": [],
    }))
}

/// The card's table, and those that its foreign keys lead to.
fn read_tables<'a>(model: &'a SemanticModel, access: &Access, card: &Card) -> Vec<&'a TableMetadata> {
    let Some(own) = card.table_id.and_then(|id| model.table(id)) else {
        return Vec::new();
    };
    let targets = own.visible_fields().filter_map(|field| field.fk_target_field_id);
    let reached = targets.filter_map(|id| model.field(id)).map(|(table, _)| table);
    let mut seen = BTreeSet::new();
    std::iter::once(own)
        .chain(reached)
        .filter(|table| access.tables.contains(&table.id) && seen.insert(table.id))
        .collect()
}

fn with_fields(model: &SemanticModel, table: &TableMetadata) -> Value {
    let mut body = table_body(table);
    if let Some(members) = body.as_object_mut() {
        let fields = table
            .visible_fields()
            .map(|field| field_body(model, field))
            .collect();
        members.insert("fields".to_owned(), fields);
    }
    body
}

/// The columns that the field filters of an SQL card restrict.
fn filtered_fields(model: &SemanticModel, access: &Access, card: &Card) -> Vec<Value> {
    let tags = card
        .native_stage()
        .and_then(|stage| stage.get("template-tags"))
        .and_then(Value::as_object);
    tags.into_iter()
        .flat_map(|tags| tags.values())
        .filter_map(|tag| tag.pointer("/dimension/2")?.as_i64())
        .filter_map(|id| model.field(id))
        .filter(|(table, _)| access.tables.contains(&table.id))
        .map(|(_, field)| field_body(model, field))
        .collect()
}
