use serde_json::{Map, Value};

use super::filters::{FilterClause, filter};
use super::problem::BodyError;
use super::reader::{BodyReader, choice, positive, text};
use super::temporal::{BUCKETS, GRANULARITIES, TemporalBucket};

#[derive(Debug)]
pub(super) struct ConstructRequest {
    pub(super) source: RequestSource,
    /// Conditions, all of which must hold.
    pub(super) filters: Vec<FilterClause>,
    pub(super) group_by: Vec<RequestedGrouping>,
}

/// What a request is about, with what only that kind may ask.
#[derive(Debug)]
pub(super) enum RequestSource {
    Table {
        id: i64,
        fields: Vec<RequestedColumn>,
        aggregations: Vec<RequestedAggregation>,
        order_by: Vec<(RequestedColumn, SortDirection)>,
        limit: Option<i64>,
    },
    Metric {
        id: i64,
    },
}

/// A column, maybe cut down.
#[derive(Debug)]
pub(super) struct RequestedColumn {
    pub(super) field: String,
    /// What it is cut down to.
    pub(super) bucket: Option<TemporalBucket>,
}

#[derive(Debug)]
pub(super) struct RequestedGrouping {
    pub(super) field: String,
    /// Unit of a temporal column.
    pub(super) granularity: Option<&'static str>,
}

#[derive(Debug)]
pub(super) struct RequestedAggregation {
    pub(super) kind: AggregationKind,
    /// Order of the rows by it.
    pub(super) sort: Option<SortDirection>,
}

#[derive(Debug)]
pub(super) enum AggregationKind {
    Count,
    /// A function (MBQL name) of a column.
    Of(&'static str, RequestedColumn),
    /// A named aggregation of the table.
    Measure(i64),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum SortDirection {
    Asc,
    Desc,
}

const DIRECTIONS: [(&str, SortDirection); 2] = [("asc", SortDirection::Asc), ("desc", SortDirection::Desc)];
const FUNCTIONS: [(&str, &str); 6] = [
    ("count", "count"),
    ("avg", "avg"),
    ("count-distinct", "distinct"),
    ("max", "max"),
    ("min", "min"),
    ("sum", "sum"),
];

impl SortDirection {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Asc => "asc",
            Self::Desc => "desc",
        }
    }
}

/// Decodes a body: a table's request or a metric's.
pub(super) fn request(body: &Map<String, Value>) -> Result<ConstructRequest, BodyError> {
    let mut reader = BodyReader::of(body);
    let metric = reader.has("metric_id") && !reader.has("table_id");
    let filters = reader.list("filters", filter);
    let group_by = reader.list("group_by", group);
    let source = if metric {
        reader.refuse(&["fields", "aggregations", "order_by", "limit"]);
        let id = reader.required("metric_id", "metric id", positive);
        id.map(|id| RequestSource::Metric { id })
    } else {
        if reader.has("table_id") {
            reader.refuse(&["metric_id"]);
        }
        let id = reader.required("table_id", "table id or metric id", positive);
        let fields = reader.list("fields", column);
        let aggregations = reader.list("aggregations", aggregation);
        let order_by = reader.list("order_by", order);
        let limit = reader.optional("limit", positive);
        id.map(|id| RequestSource::Table {
            id,
            fields,
            aggregations,
            order_by,
            limit,
        })
    };
    reader.finish()?;
    let source = source.ok_or_else(|| BodyError::missing("table id or metric id"))?;
    Ok(ConstructRequest {
        source,
        filters,
        group_by,
    })
}

fn column(value: &Value) -> Result<RequestedColumn, BodyError> {
    let mut reader = BodyReader::new(value)?;
    let field = field_id(&mut reader);
    let bucket = bucket(&mut reader);
    reader.finish()?;
    let field = field.ok_or_else(|| BodyError::missing("field id"))?;
    Ok(RequestedColumn { field, bucket })
}

fn group(value: &Value) -> Result<RequestedGrouping, BodyError> {
    let mut reader = BodyReader::new(value)?;
    let field = field_id(&mut reader);
    let granularity = reader.optional("field_granularity", |value| choice(value, &GRANULARITIES));
    reader.finish()?;
    let field = field.ok_or_else(|| BodyError::missing("field id"))?;
    Ok(RequestedGrouping { field, granularity })
}

fn order(value: &Value) -> Result<(RequestedColumn, SortDirection), BodyError> {
    let mut reader = BodyReader::new(value)?;
    let field = reader.required("field", "field", column);
    let direction = reader.required("direction", "enum of asc, desc", |value| {
        choice(value, &DIRECTIONS)
    });
    reader.finish()?;
    field
        .zip(direction)
        .ok_or_else(|| BodyError::missing("field and direction"))
}

fn aggregation(value: &Value) -> Result<RequestedAggregation, BodyError> {
    let mut reader = BodyReader::new(value)?;
    let sort = reader.optional("sort_order", |value| choice(value, &DIRECTIONS));
    let kind = if reader.has("measure_id") {
        let id = reader.required("measure_id", "measure id", positive);
        id.map(AggregationKind::Measure)
    } else {
        let function = reader.required("function", "aggregation function or measure id", |value| {
            choice(value, &FUNCTIONS)
        });
        let bucket = bucket(&mut reader);
        match function {
            Some("count") => Some(AggregationKind::Count),
            Some(function) => field_id(&mut reader)
                .map(|field| AggregationKind::Of(function, RequestedColumn { field, bucket })),
            None => None,
        }
    };
    reader.finish()?;
    let kind = kind.ok_or_else(|| BodyError::missing("aggregation"))?;
    Ok(RequestedAggregation { kind, sort })
}

fn field_id(reader: &mut BodyReader<'_>) -> Option<String> {
    reader.required("field_id", "field id", |value| text(value).map(str::to_owned))
}

fn bucket(reader: &mut BodyReader<'_>) -> Option<TemporalBucket> {
    reader.optional("bucket", |value| choice(value, &BUCKETS))
}
