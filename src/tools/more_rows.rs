//! The tool `more_rows`: works on a held result, without another request.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::check::{
    HELD_FUNCTIONS, Rejection, decode, entry_title, held, held_aggregates, held_columns, held_filters,
    held_groups, held_sort, limit,
};
use super::held_work::{failed, kept_lineage, work};
use super::output::{of_derived, tie_note};
use super::schema;
use super::tool::{CheckContext, CheckedCall, OfferContext, PageRequest, RunContext, Tool, ToolRole};
use super::{ToolError, ToolOutput};
use crate::model::ToolSpec;
use crate::result::derive::{Granularity, RowFunction, RowOperations};
use crate::result::{Handle, HeldResult, ResultOrigin, RowCoverage};

/// Most columns of raw rows that are named.
const MAX_COLUMNS: usize = 50;
/// Furthest that rows are passed over.
const MAX_OFFSET: u64 = 1_000_000_000;

/// A validated `more_rows` call.
#[derive(Debug, Clone, PartialEq)]
pub struct MoreRowsCall {
    /// The result it works on.
    pub from: Handle,
    /// What is done with its rows.
    pub operations: RowOperations,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoreRowsArguments {
    result: String,
    #[serde(default)]
    columns: Option<Vec<String>>,
    #[serde(default)]
    filters: Option<Vec<Value>>,
    #[serde(default)]
    group_by: Option<Vec<Value>>,
    #[serde(default)]
    aggregations: Option<Vec<Value>>,
    #[serde(default)]
    sort: Option<Vec<Value>>,
    #[serde(default)]
    offset: Option<Value>,
    #[serde(default)]
    limit: Option<Value>,
}

/// Reads on in a held result, or totals, groups, filters or sorts it.
#[derive(Debug, Clone, Copy)]
pub(super) struct MoreRowsTool;

impl Tool for MoreRowsTool {
    type Plan = MoreRowsCall;
    const NAME: &'static str = crate::result::MORE_ROWS;
    const ROLE: ToolRole = ToolRole::HeldResults;

    fn spec(&self, offer: OfferContext<'_>) -> Option<ToolSpec> {
        let column = schema::text();
        let (operation, values) = schema::condition(Self::NAME, offer.catalog);
        let functions = HELD_FUNCTIONS.map(RowFunction::word);
        Some(schema::tool(
            Self::NAME,
            include_str!("../../prompts/tools/more_rows.md"),
            json!({
                "aggregations": schema::described_list(
                    "count takes no column",
                    schema::object(json!({
                        "column": column,
                        "function": {"enum": functions, "type": "string"},
                    }), &["function"]),
                ),
                "columns": schema::list(column.clone()),
                "filters": schema::list(schema::object(json!({
                    "column": column,
                    "operation": operation,
                    "values": values,
                }), &["column", "operation"])),
                "group_by": schema::list(schema::object(json!({
                    "column": column,
                    "granularity": {
                        "enum": Granularity::ALL.map(Granularity::word),
                        "type": "string",
                    },
                }), &["column"])),
                "limit": schema::rows(),
                "offset": schema::rows(),
                "result": schema::text(),
                "sort": schema::described_list("\"price desc\", \"sum_of_price desc\"", column),
            }),
            &["result"],
        ))
    }

    fn check(
        &self,
        arguments: Map<String, Value>,
        context: CheckContext<'_>,
    ) -> Result<CheckedCall<MoreRowsCall>, Rejection> {
        let arguments: MoreRowsArguments = decode(arguments).map_err(|rejection| {
            rejection.hint("keys: result, columns, filters, group_by, aggregations, sort, offset, limit")
        })?;
        let held =
            held(context.held, &arguments.result).map_err(|rejection| match context.held.latest() {
                Some(latest) => rejection.example(Self::NAME, json!({"result": latest})),
                None => rejection,
            })?;
        checked(held, arguments).map_err(|rejection| rejection.example(Self::NAME, example(held)))
    }

    fn summary(&self, plan: &MoreRowsCall) -> String {
        format!("works on the result {}", plan.from)
    }

    fn page_request(&self, plan: &MoreRowsCall, arguments: &Value) -> Option<PageRequest> {
        let mut operations = arguments.clone();
        if let Some(operations) = operations.as_object_mut() {
            operations.retain(|key, _| !matches!(key.as_str(), "result" | "offset" | "limit"));
        }
        Some(PageRequest {
            from: plan.from,
            operations: operations.to_string(),
        })
    }

    /// Works over the rows that are held, on a thread of its own.
    async fn run(&self, plan: &MoreRowsCall, context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        let base = context
            .held
            .get(plan.from)
            .ok_or_else(|| failed(Self::NAME, &format!("no result {} is held", plan.from)))?;
        let derived = work(Self::NAME, &[plan.from], plan.operations.steps(), &context).await?;
        let mut operations = context.arguments.clone();
        if let Some(map) = operations.as_object_mut() {
            map.remove("result");
        }
        let known = derived.table.rows.len() as u64;
        let after = plan.operations.offset.min(derived.of);
        let cover = if plan.operations.is_page() && known < derived.of {
            RowCoverage::Page {
                after,
                of: derived.of,
            }
        } else {
            RowCoverage::Asked
        };
        let source = base.origin.source();
        let what = source.map_or_else(
            || base.title.clone(),
            |source| entry_title(source.kind, source.id, &source.name),
        );
        let origin = ResultOrigin::Derived {
            from: vec![plan.from],
            operations,
            source: source.cloned(),
            cover,
            lineage: kept_lineage(derived.lineage, &derived.table),
        };
        let title = format!("{} over {}: {what}", Self::NAME, plan.from);
        let window = (known < derived.of).then_some((after, derived.of));
        let note = tie_note(derived.tied);
        Ok(of_derived(&derived.table, title, origin, window, note, &context))
    }
}

/// A right call over this result.
fn example(held: &HeldResult) -> Value {
    let numeric = held.columns.iter().rfind(|column| column.kind.is_numeric());
    let aggregation = numeric.map_or_else(
        || json!({"function": "count"}),
        |column| json!({"column": column.name, "function": "sum"}),
    );
    json!({"aggregations": [aggregation], "result": held.handle})
}

fn checked(held: &HeldResult, arguments: MoreRowsArguments) -> Result<CheckedCall<MoreRowsCall>, Rejection> {
    let place = held.handle.to_string();
    let columns = &*held.columns;
    let wanted = arguments.columns.unwrap_or_default();
    if wanted.len() > MAX_COLUMNS {
        return Err(Rejection::bad_value(format!(
            "columns has {} items; at most {MAX_COLUMNS} are allowed",
            wanted.len()
        )));
    }
    let filters = held_filters(arguments.filters, columns, &place)?;
    let groups = held_groups(arguments.group_by, columns, &place)?;
    let aggregates = held_aggregates(arguments.aggregations, columns, &place)?;
    if aggregates.is_empty() && !groups.is_empty() {
        return Err(
            Rejection::schema("group_by needs aggregations").hint("add {\"function\": \"count\"} or another")
        );
    }
    if !aggregates.is_empty() && !wanted.is_empty() {
        return Err(
            Rejection::schema("columns are for raw rows and do not go with aggregations")
                .hint("use group_by for what the aggregations are computed for each of"),
        );
    }
    let mut operations = RowOperations {
        columns: held_columns(&wanted, columns, &place)?,
        filters: filters.iter().map(|(filter, _)| filter.clone()).collect(),
        groups: groups.iter().map(|(group, _)| *group).collect(),
        aggregates: aggregates.iter().map(|(aggregate, _)| *aggregate).collect(),
        sort: Vec::new(),
        offset: offset(arguments.offset.as_ref())?,
        limit: limit(arguments.limit.as_ref())?.map(u64::from),
    };
    let sortable = if operations.aggregates() {
        operations.result_columns(columns)
    } else {
        columns.to_vec()
    };
    let sort = held_sort(arguments.sort, &sortable, &place)?;
    operations.sort = sort.iter().map(|(sort, _)| *sort).collect();

    let named: Vec<&str> = operations
        .columns
        .iter()
        .filter_map(|at| columns.get(*at).map(|column| column.name.as_str()))
        .collect();
    let mut canonical = Map::from_iter([("result".to_owned(), json!(held.handle))]);
    let mut put = |key: &str, items: Vec<Value>| {
        if !items.is_empty() {
            canonical.insert(key.to_owned(), Value::Array(items));
        }
    };
    put("columns", named.into_iter().map(Value::from).collect());
    put("filters", canonical_of(&filters));
    put("group_by", canonical_of(&groups));
    put("aggregations", canonical_of(&aggregates));
    put("sort", canonical_of(&sort));
    if operations.offset > 0 {
        canonical.insert("offset".to_owned(), json!(operations.offset));
    }
    if let Some(limit) = operations.limit {
        canonical.insert("limit".to_owned(), json!(limit));
    }
    Ok(CheckedCall {
        arguments: Value::Object(canonical),
        plan: MoreRowsCall {
            from: held.handle,
            operations,
        },
    })
}

fn canonical_of<T>(items: &[(T, Value)]) -> Vec<Value> {
    items.iter().map(|(_, canonical)| canonical.clone()).collect()
}

fn offset(value: Option<&Value>) -> Result<u64, Rejection> {
    let Some(value) = value else { return Ok(0) };
    value
        .as_u64()
        .filter(|offset| *offset <= MAX_OFFSET)
        .ok_or_else(|| Rejection::bad_value("offset is a whole number of rows to pass over, from 0 on"))
}
