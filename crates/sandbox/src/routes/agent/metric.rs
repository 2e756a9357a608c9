use axum::Json;
use serde_json::{Value, json};

use super::columns::AgentColumns;
use super::field_body::{ListedValues, field_body, listed_values};
use super::scopes::MetricScope;
use super::table::segments;
use crate::error::ApiError;
use crate::generation::QueryGrammar;
use crate::routes::decode::QueryParams;
use crate::routes::extract::{AgentRequest, PathId};
use crate::semantic::{Access, Card};
use crate::state::AppState;

/// `GET /v1/metric/:id`.
pub(super) async fn get(
    AgentRequest { app, access, .. }: AgentRequest<MetricScope>,
    PathId(id): PathId,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let access = &access;
    let with_breakout = params.flag("with-default-temporal-breakout", true)?;
    let with_values = params.flag("with-field-values", false)?;
    let with_dimensions = params.flag("with-queryable-dimensions", true)?;
    let with_segments = params.flag("with-segments", false)?;
    let card = readable_metric(&app, access, id).ok_or_else(ApiError::not_found)??;

    let mut body = metric_summary(&app, card, with_breakout);
    let mut put = |key: &str, value: Value| {
        if let Some(members) = body.as_object_mut() {
            members.insert(key.to_owned(), value);
        }
    };
    put("verified", json!(card.verified));
    if with_dimensions {
        let columns = AgentColumns::of_card(&app, card).await?;
        let listed = if with_values {
            listed_values(&app, &columns).await?
        } else {
            ListedValues::new()
        };
        let dimensions = columns
            .iter()
            .filter(|(_, field)| field.table_id.is_none_or(|table| access.tables.contains(&table)))
            .map(|(id, field)| field_body(app.settings.facts, &id, field, &listed))
            .collect();
        put("queryable_dimensions", dimensions);
    }
    if with_segments {
        put(
            "segments",
            card.table_id
                .map_or_else(|| json!([]), |table| segments(app.model(), table)),
        );
    }
    Ok(Json(body))
}

/// A metric by id: `None` when there is none, an error when it is not for the caller.
pub(super) fn readable_metric<'a>(
    app: &'a AppState,
    access: &Access,
    id: i64,
) -> Option<Result<&'a Card, ApiError>> {
    let card = app.model().metric(id)?;
    Some(if access.collections.contains(&card.collection_id) {
        Ok(card)
    } else {
        Err(ApiError::forbidden())
    })
}

/// What a query on a metric reads: the key of its first stage, and the id of the table or card.
pub(super) fn source_of(card: &Card) -> (&'static str, i64) {
    match (card.source_card_id, card.table_id) {
        (None, Some(table)) => ("source-table", table),
        (Some(source), _) => ("source-card", source),
        (None, None) => ("source-card", card.id),
    }
}

/// A metric as tables list it.
pub(super) fn metric_summary(app: &AppState, card: &Card, with_breakout: bool) -> Value {
    let mut body = json!({ "id": card.id, "type": "metric", "name": card.name });
    if let Some(members) = body.as_object_mut() {
        if let Some(description) = &card.description {
            members.insert("description".to_owned(), json!(description));
        }
        if with_breakout && let Some(id) = default_time_field(app, card) {
            members.insert("default_time_dimension_field_id".to_owned(), id);
        }
    }
    body
}

/// The id of the time column that a metric is broken out by.
pub(super) fn default_time_field(app: &AppState, card: &Card) -> Option<Value> {
    let index = app.world.default_time_dimension(card)?;
    if app.settings.facts.grammar == Some(QueryGrammar::Positional) {
        return Some(json!(format!("c{}-{index}", card.id)));
    }
    let fields = app.world.wide_fields_of_card(card).ok()?;
    let field = fields.get(index)?;
    Some(field.field_id.map_or_else(|| json!(field.name), |id| json!(id)))
}
