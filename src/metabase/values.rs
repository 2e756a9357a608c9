//! Values that parameters and dimensions take.

use serde::Deserialize;
use serde_json::Value;

use super::call::{ApiCall, ApiReply, Caller};
use super::fields::FieldValuesOf;
use super::server::DetectedServer;
use super::wire_card::WireCard;
use super::{DimensionOwner, FetchedValues, Generation, MetabaseError, dialect, endpoints, fields, sources};
use crate::catalog::{AllowedValues, CardId, Dimension};
use crate::wire::ServedBy;

/// Values of one parameter of a card, as `GET /api/card/:id/params/:param/values` lists them.
pub(super) async fn of_parameter(
    caller: &Caller,
    card: CardId,
    parameter: &str,
    cached: bool,
) -> Result<FetchedValues, MetabaseError> {
    let call = ApiCall {
        action: format!("list values of a parameter of card {card}"),
        ids: vec![card.to_string(), parameter.to_owned()],
        cached,
        ..ApiCall::default()
    };
    let reply = caller.send(endpoints::PARAMETER_VALUES, call).await?;
    let listed: ListedParameterValues = reply.json()?;
    let values = AllowedValues::listed(listed.values, listed.has_more_values == Some(false));
    Ok(fetched(values, &reply))
}

/// Values of a dimension, looked up by its name; at most `limit`.
pub(super) async fn of_dimension(
    caller: &Caller,
    detected: &DetectedServer,
    owner: &DimensionOwner,
    dimension: &Dimension,
    limit: u32,
) -> Result<FetchedValues, MetabaseError> {
    let by_moment = detected.info.generation.is_some_and(Generation::has_field_ids);
    let (owner, field) = if by_moment {
        let (owner, fields) = match owner {
            DimensionOwner::Metric(metric) => {
                let (_, fields) = fields::metric(caller, metric.id(), FieldValuesOf::None).await?;
                (FieldOwner::Metric(metric.id().0), fields)
            }
            DimensionOwner::Table(table) => {
                let (_, fields) = fields::table(caller, table.id(), FieldValuesOf::None).await?;
                (FieldOwner::Table(table.id().0), fields)
            }
        };
        (owner, fields.id(dimension)?.to_owned())
    } else {
        let wanted = [dimension.name.as_str()];
        let source = match owner {
            DimensionOwner::Metric(metric) => {
                let id = metric.id().0;
                let card = WireCard::read(caller, id, true).await?;
                let source = dialect::source_of_metric(caller, id, &card, &wanted).await;
                source.map_err(|error| error.into_error(detected, "list values of a dimension"))?
            }
            DimensionOwner::Table(table) => {
                let id = table.id().0;
                sources::of_table(caller, &format!("table {id}"), id, &wanted).await?
            }
        };
        let field = source.fields.find(dimension)?;
        let id = field.address.as_ref().and_then(|address| address.id);
        // A column of a card has no list of values.
        let Some(id) = id else {
            return Ok(FetchedValues {
                values: AllowedValues::listed(Vec::new(), false),
                served_by: ServedBy::Cache,
                bytes_received: 0,
            });
        };
        (FieldOwner::Classic, id.to_string())
    };
    let (fetched, _) = of_field(caller, owner, &field, limit, true).await?;
    Ok(fetched)
}

/// `GET /api/card/:id/params/:param/values` and `GET /api/field/:id/values`.
#[derive(Deserialize)]
struct ListedParameterValues {
    #[serde(default)]
    values: Vec<Value>,
    has_more_values: Option<bool>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum FieldOwner {
    Metric(u32),
    Table(u32),
    /// The field goes by its real id.
    Classic,
}

/// Values of a field by its current id, at most `limit`, and how many distinct ones it has if the server knows.
pub(super) async fn of_field(
    caller: &Caller,
    owner: FieldOwner,
    field: &str,
    limit: u32,
    cached: bool,
) -> Result<(FetchedValues, Option<u64>), MetabaseError> {
    let (endpoint, kind, id) = match owner {
        FieldOwner::Metric(id) => (endpoints::METRIC_FIELD_VALUES, "metric", id),
        FieldOwner::Table(id) => (endpoints::TABLE_FIELD_VALUES, "table", id),
        FieldOwner::Classic => return of_real_field(caller, field, limit, cached).await,
    };
    let call = ApiCall {
        action: format!("list values of a dimension of {kind} {id}"),
        ids: vec![id.to_string(), field.to_owned()],
        query: vec![("limit", limit.to_string())],
        cached,
        ..ApiCall::default()
    };
    let reply = caller.send(endpoint, call).await?;
    let answer: WireFieldValues = reply.json()?;
    let (listed, statistics) = match answer.value_metadata {
        Some(metadata) => (metadata.field_values, metadata.statistics),
        None => (answer.values, answer.statistics),
    };
    let listed = listed.unwrap_or_default();
    let distinct = statistics.and_then(|statistics| statistics.distinct_count);
    let whole = distinct.is_some_and(|distinct| distinct <= listed.len() as u64);
    let mut values = AllowedValues::listed(listed, whole);
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    values.complete &= values.values.len() <= most;
    values.values.truncate(most);
    Ok((fetched(values, &reply), distinct))
}

/// Values of a field by its real id, as `GET /api/field/:id/values` lists them: all of them or none.
async fn of_real_field(
    caller: &Caller,
    field: &str,
    limit: u32,
    cached: bool,
) -> Result<(FetchedValues, Option<u64>), MetabaseError> {
    let call = ApiCall {
        action: format!("list values of field {field}"),
        ids: vec![field.to_owned()],
        cached,
        ..ApiCall::default()
    };
    let reply = caller.send(endpoints::FIELD_VALUES, call).await?;
    let listed: ListedParameterValues = reply.json()?;
    // Nothing is listed of a field whose values are too many; that is no list of all.
    let whole = listed.has_more_values == Some(false) && !listed.values.is_empty();
    let distinct = whole.then_some(listed.values.len() as u64);
    let mut values = AllowedValues::listed(listed.values, whole);
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    values.complete &= values.values.len() <= most;
    values.values.truncate(most);
    Ok((fetched(values, &reply), distinct))
}

fn fetched(values: AllowedValues, reply: &ApiReply) -> FetchedValues {
    FetchedValues {
        values,
        served_by: reply.served_by,
        bytes_received: reply.body.len() as u64,
    }
}

/// Both shapes: v0.59 has the values at the top, v0.60 inside `value_metadata`.
#[derive(Deserialize)]
struct WireFieldValues {
    values: Option<Vec<Value>>,
    statistics: Option<Statistics>,
    value_metadata: Option<ValueMetadata>,
}

#[derive(Deserialize)]
struct ValueMetadata {
    field_values: Option<Vec<Value>>,
    statistics: Option<Statistics>,
}

#[derive(Deserialize)]
struct Statistics {
    #[serde(alias = "distinct-count")]
    distinct_count: Option<u64>,
}
