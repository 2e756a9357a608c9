use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::clauses::ClauseBuilder;
use super::filters::FilterClause;
use super::request::{
    AggregationKind, ConstructRequest, RequestSource, RequestedAggregation, RequestedColumn,
    RequestedGrouping, SortDirection, request,
};
use super::temporal::{TemporalBucket, check, in_range};
use crate::error::ApiError;
use crate::query::WideField;
use crate::routes::agent::columns::AgentColumns;
use crate::routes::agent::metric::{readable_metric, source_of};
use crate::semantic::Access;
use crate::state::AppState;

/// A request as a query.
#[derive(Debug)]
pub(in crate::routes::agent) struct ConstructedQuery {
    /// Resolved MBQL 5, without a limit.
    pub(in crate::routes::agent) query: Value,
    /// The limit that was asked for.
    pub(in crate::routes::agent) limit: Option<i64>,
    /// Whether it is about a table, so that a limit is added where none was asked for.
    pub(in crate::routes::agent) is_table: bool,
}

/// Checks a body and writes it as a query.
pub(in crate::routes::agent) async fn construct(
    app: &AppState,
    access: &Access,
    body: &Map<String, Value>,
) -> Result<ConstructedQuery, ApiError> {
    let request = request(body).map_err(super::problem::BodyError::into_error)?;
    let seed = Value::Object(body.clone()).to_string();
    let (columns, (key, id), table_id) = match request.source {
        RequestSource::Table { id, .. } => {
            let table = app
                .model()
                .table(id)
                .ok_or_else(|| missing(format!("No table found with table_id {id}")))?;
            if !access.tables.contains(&table.id) {
                return Err(ApiError::forbidden());
            }
            (
                AgentColumns::of_table(app, id).await?,
                ("source-table", id),
                Some(id),
            )
        }
        RequestSource::Metric { id } => {
            let card = readable_metric(app, access, id)
                .ok_or_else(|| missing(format!("No metric found with metric_id {id}")))??;
            (
                AgentColumns::of_card(app, card).await?,
                source_of(card),
                card.table_id,
            )
        }
    };
    let mut builder = QueryBuilder {
        app,
        access,
        columns,
        table_id,
        clauses: ClauseBuilder::of(seed.as_bytes()),
        stage: Map::new(),
    };
    builder.put("lib/type", json!("mbql.stage/mbql"));
    builder.put(key, json!(id));
    builder.filters(&request)?;
    let groups = builder.groups(&request.group_by)?;
    let (limit, is_table) = match request.source {
        RequestSource::Metric { id } => {
            let metric = builder.clauses.clause("metric", [json!(id)]);
            builder.put("aggregation", json!([metric]));
            (None, false)
        }
        RequestSource::Table {
            fields,
            aggregations,
            order_by,
            limit,
            ..
        } => {
            builder.fields(&fields)?;
            builder.figures(&aggregations, &order_by, &groups)?;
            (limit, true)
        }
    };
    let query = json!({
        "lib/type": "mbql/query",
        "database": app.model().database.id,
        "stages": [builder.stage],
    });
    Ok(ConstructedQuery {
        query,
        limit,
        is_table,
    })
}

struct QueryBuilder<'a> {
    app: &'a AppState,
    access: &'a Access,
    columns: AgentColumns,
    table_id: Option<i64>,
    clauses: ClauseBuilder,
    stage: Map<String, Value>,
}

impl QueryBuilder<'_> {
    fn put(&mut self, key: &str, value: Value) {
        self.stage.insert(key.to_owned(), value);
    }

    /// Adds a list, unless it is empty.
    fn put_list(&mut self, key: &str, clauses: Vec<Value>) {
        if !clauses.is_empty() {
            self.put(key, Value::Array(clauses));
        }
    }

    fn filters(&mut self, request: &ConstructRequest) -> Result<(), ApiError> {
        let clauses = request.filters.iter().map(|filter| self.filter(filter));
        let clauses = clauses.collect::<Result<_, _>>()?;
        self.put_list("filters", clauses);
        Ok(())
    }

    fn filter(&mut self, filter: &FilterClause) -> Result<Value, ApiError> {
        Ok(match filter {
            FilterClause::Segment(id) => {
                let segment = self.app.model().segment(*id);
                if segment.is_none_or(|segment| Some(segment.table_id) != self.table_id) {
                    return Err(missing(format!("Segment with id {id} not found")));
                }
                self.clauses.clause("segment", [json!(id)])
            }
            FilterClause::Existence { field, op } => {
                let field = self.field(field, None)?;
                self.clauses.clause(op, [field])
            }
            FilterClause::Extraction {
                field,
                part,
                op,
                values,
            } => {
                if let Some((least, most)) = part.range {
                    for value in values {
                        in_range(part.name, *value, least, most)?;
                    }
                }
                let part = self.extraction(field, part.extract)?;
                let values = values.iter().map(|value| json!(value));
                self.clauses.clause(op, std::iter::once(part).chain(values))
            }
            FilterClause::Comparison {
                field,
                op,
                values,
                bucket,
            } => {
                if bucket.is_some() || is_temporal(self.columns.resolve(field)?) {
                    for value in values {
                        check(*bucket, value)?;
                    }
                }
                let left = match bucket {
                    // A filter counts days of the week from Monday, whatever the week starts with.
                    Some(TemporalBucket::Extracting("day-of-week", _)) => {
                        self.extraction(field, "get-day-of-week")?
                    }
                    bucket => self.field(field, bucket.map(TemporalBucket::unit))?,
                };
                self.clauses
                    .clause(op, std::iter::once(left).chain(values.iter().cloned()))
            }
            FilterClause::Text { field, op, values } => {
                let left = self.field(field, None)?;
                let options = Map::from_iter([("case-sensitive".to_owned(), json!(false))]);
                let values = values.iter().map(|value| json!(value));
                self.clauses
                    .with_options(op, options, std::iter::once(left).chain(values))
            }
        })
    }

    fn extraction(&mut self, field: &str, extract: &str) -> Result<Value, ApiError> {
        let mut args = vec![self.field(field, None)?];
        if extract == "get-day-of-week" {
            args.push(json!("iso"));
        }
        Ok(self.clauses.clause(extract, args))
    }

    /// The groups' ids with their clauses.
    fn groups(&mut self, groups: &[RequestedGrouping]) -> Result<Vec<(String, Value)>, ApiError> {
        let clauses = groups
            .iter()
            .map(|group| Ok((group.field.clone(), self.field(&group.field, group.granularity)?)));
        let clauses: Vec<(String, Value)> = clauses.collect::<Result<_, ApiError>>()?;
        self.put_list(
            "breakout",
            clauses.iter().map(|(_, clause)| clause.clone()).collect(),
        );
        Ok(clauses)
    }

    fn fields(&mut self, fields: &[RequestedColumn]) -> Result<(), ApiError> {
        let clauses = fields.iter().map(|column| self.column(column));
        let clauses = clauses.collect::<Result<_, _>>()?;
        self.put_list("fields", clauses);
        Ok(())
    }

    /// Aggregations, and the order by them and by columns.
    fn figures(
        &mut self,
        aggregations: &[RequestedAggregation],
        order_by: &[(RequestedColumn, SortDirection)],
        groups: &[(String, Value)],
    ) -> Result<(), ApiError> {
        let (mut clauses, mut order) = (Vec::new(), Vec::new());
        for aggregation in aggregations {
            let clause = self.aggregation(&aggregation.kind)?;
            if let Some(direction) = aggregation.sort {
                let uuid = clause.pointer("/1/lib~1uuid").cloned().unwrap_or_default();
                let reference = self.clauses.clause("aggregation", [uuid]);
                order.push(self.clauses.clause(direction.as_str(), [reference]));
            }
            clauses.push(clause);
        }
        for (column, direction) in order_by {
            // A grouped column is ordered as it is grouped, unless the request says how.
            let mut grouped = groups.iter().filter(|(id, _)| *id == column.field);
            let target = match (grouped.next(), column.bucket) {
                (Some((_, clause)), None) => clause.clone(),
                _ => self.column(column)?,
            };
            order.push(self.clauses.clause(direction.as_str(), [target]));
        }
        self.put_list("aggregation", clauses);
        self.put_list("order-by", order);
        Ok(())
    }

    fn aggregation(&mut self, kind: &AggregationKind) -> Result<Value, ApiError> {
        Ok(match kind {
            AggregationKind::Count => self.clauses.clause("count", []),
            AggregationKind::Of(function, column) => {
                let column = self.column(column)?;
                self.clauses.clause(function, [column])
            }
            AggregationKind::Measure(id) => {
                let measure = self.app.model().measure(*id);
                if measure.is_none_or(|measure| Some(measure.table_id) != self.table_id) {
                    return Err(missing(format!("Measure with id {id} not found")));
                }
                self.clauses.clause("measure", [json!(id)])
            }
        })
    }

    fn column(&mut self, column: &RequestedColumn) -> Result<Value, ApiError> {
        self.field(&column.field, column.bucket.map(TemporalBucket::unit))
    }

    fn field(&mut self, id: &str, unit: Option<&str>) -> Result<Value, ApiError> {
        let field = self.columns.resolve(id)?;
        if field
            .table_id
            .is_some_and(|table| !self.access.tables.contains(&table))
        {
            return Err(ApiError::forbidden());
        }
        if let Some(unit) = unit
            && !is_temporal(field)
        {
            return Err(ApiError::text(
                StatusCode::BAD_REQUEST,
                format!("field {id} is not temporal: it cannot be bucketed by {unit}"),
            ));
        }
        Ok(self.clauses.field(field, unit))
    }
}

fn missing(message: String) -> ApiError {
    ApiError::text(StatusCode::NOT_FOUND, message)
}

fn is_temporal(field: &WideField) -> bool {
    matches!(field.simple_type(), Some("date" | "datetime" | "time"))
}
