//! Databases, tables, columns, segments, measures and metrics as the classic routes write them.

use serde_json::{Value, json};

use super::people::{creator, creator_id};
use crate::semantic::{
    Access, Card, FieldMetadata, SavedMeasure, SavedSegment, SemanticModel, TableMetadata,
};
use crate::state::AppState;

/// When everything that has no date of its own was made.
pub(super) const EPOCH: &str = "2026-01-01T00:00:00Z";

pub(super) fn database_body(app: &AppState, access: &Access) -> Value {
    let database = &app.model().database;
    let mut body = json!({
        "id": database.id,
        "name": database.name,
        "engine": database.engine,
        "description": database.description,
        "caveats": null,
        "points_of_interest": null,
        "timezone": "UTC",
        "is_sample": database.is_sample,
        "is_full_sync": true,
        "is_on_demand": false,
        "is_audit": false,
        "is_attached_dwh": false,
        "auto_run_queries": true,
        "initial_sync_status": "complete",
        "settings": null,
        "dbms_version": { "flavor": "SQLite", "version": "3.46.0", "semantic-version": [3, 46] },
        "cache_ttl": null,
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "metadata_sync_schedule": "0 0 * * * ? *",
        "cache_field_values_schedule": null,
        "features": [
            "basic-aggregations", "binning", "date-arithmetics", "expressions", "expression-aggregations",
            "foreign-keys", "left-join", "metadata/key-constraints", "native-parameters", "nested-queries",
            "saved-question-sandboxing", "standard-deviation-aggregations", "temporal-extract",
        ],
        "native_permissions": if access.native { "write" } else { "none" },
        "can_upload": false,
        "router_user_attribute": null,
        "transforms_permissions": "none",
        "creator_id": creator_id(app.model()),
    });
    if access.superuser
        && let Some(members) = body.as_object_mut()
    {
        members.insert("details".to_owned(), json!({ "db": database.name }));
    }
    body
}

/// A table without its columns.
pub(super) fn table_body(table: &TableMetadata) -> Value {
    json!({
        "id": table.id,
        "db_id": table.database_id,
        "name": table.name,
        "display_name": table.display_name,
        "description": table.description,
        "schema": null,
        "entity_type": "entity/GenericTable",
        "active": true,
        "visibility_type": null,
        "field_order": "database",
        "initial_sync_status": "complete",
        "is_upload": false,
        "caveats": null,
        "points_of_interest": null,
        "show_in_getting_started": false,
        "view_count": 0,
        "created_at": EPOCH,
        "updated_at": EPOCH,
    })
}

/// A column; `target` is the column a foreign key points at.
pub(super) fn field_body(model: &SemanticModel, field: &FieldMetadata) -> Value {
    let target = field
        .fk_target_field_id
        .and_then(|id| model.field(id))
        .map_or(Value::Null, |(_, target)| plain_field(target));
    let mut body = plain_field(field);
    if let Some(members) = body.as_object_mut() {
        members.insert("target".to_owned(), target);
        members.insert("dimensions".to_owned(), json!([]));
    }
    body
}

fn plain_field(field: &FieldMetadata) -> Value {
    json!({
        "id": field.id,
        "table_id": field.table_id,
        "name": field.name,
        "display_name": field.display_name,
        "description": field.description,
        "database_type": field.database_type,
        "base_type": field.base_type,
        "effective_type": field.effective_type(),
        "semantic_type": field.semantic_type,
        "coercion_strategy": null,
        "fk_target_field_id": field.fk_target_field_id,
        "has_field_values": field.has_field_values,
        "visibility_type": field.visibility_type,
        "position": field.position,
        "database_position": field.position,
        "custom_position": 0,
        "active": true,
        "preview_display": true,
        "fingerprint": null,
        "settings": null,
        "nfc_path": null,
        "parent_id": null,
        "name_field": null,
        "dimension_options": [],
        "default_dimension_option": null,
        "created_at": EPOCH,
        "updated_at": EPOCH,
    })
}

pub(super) fn segment_body(model: &SemanticModel, segment: &SavedSegment) -> Value {
    json!({
        "id": segment.id,
        "entity_id": segment.entity_id,
        "table_id": segment.table_id,
        "name": segment.name,
        "description": segment.description,
        "archived": false,
        "creator_id": creator_id(model),
        "creator": creator(model),
        "show_in_getting_started": false,
        "caveats": null,
        "points_of_interest": null,
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "definition": stage_definition(model, segment.table_id, "filters", &json!(segment.filters)),
    })
}

pub(super) fn measure_body(model: &SemanticModel, measure: &SavedMeasure) -> Value {
    json!({
        "id": measure.id,
        "entity_id": measure.entity_id,
        "table_id": measure.table_id,
        "name": measure.name,
        "description": measure.description,
        "archived": false,
        "creator_id": creator_id(model),
        "creator": creator(model),
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "definition": stage_definition(model, measure.table_id, "aggregation", &json!([measure.aggregation])),
    })
}

/// A metric, as lists of a table's metrics show it.
pub(super) fn metric_body(card: &Card) -> Value {
    json!({
        "id": card.id,
        "entity_id": card.entity_id,
        "name": card.name,
        "description": card.description,
        "type": "metric",
        "table_id": card.table_id,
        "collection_id": card.collection_id,
        "archived": card.archived,
        "dataset_query": card.dataset_query,
    })
}

/// A one-stage query that holds nothing but one part.
fn stage_definition(model: &SemanticModel, table: i64, part: &str, clauses: &Value) -> Value {
    json!({
        "lib/type": "mbql/query",
        "database": model.database.id,
        "stages": [{ "lib/type": "mbql.stage/mbql", "source-table": table, part: clauses }],
    })
}
