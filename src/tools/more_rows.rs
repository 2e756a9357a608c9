use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::gate::{
    HELD_FUNCTIONS, No, decode, held, held_aggregates, held_columns, held_filters, held_groups, held_sort,
    limit,
};
use super::output::{Paper, of_derived, title};
use super::spec::{self, Told};
use super::{Plan, PlannedCall, ToolError, ToolOutput};
use crate::metabase::FailureClass;
use crate::model::ToolSpec;
use crate::result::derive::{DeriveError, Function, Granularity, Operations, Stop, derive};
use crate::result::{Cover, Handle, Held, Origin, Shelf};

/// The tool's name.
pub(super) const NAME: &str = crate::result::MORE_ROWS;

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
    pub operations: Operations,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
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

/// What the model is told.
pub(super) fn spec() -> ToolSpec {
    let column = spec::text();
    let functions = HELD_FUNCTIONS.map(Function::word);
    spec::tool(
        NAME,
        include_str!("../../prompts/tools/more_rows.md"),
        json!({
            "aggregations": spec::described_list(
                "count takes no column",
                spec::object(json!({
                    "column": column,
                    "function": {"enum": functions, "type": "string"},
                }), &["function"]),
            ),
            "columns": spec::described_list(
                "of raw rows, all when left out; not together with aggregations",
                column.clone(),
            ),
            "filters": spec::list(spec::object(json!({
                "column": column,
                "operation": spec::operation(Told::Usual),
                "values": spec::list(json!({"type": ["boolean", "number", "string"]})),
            }), &["column", "operation"])),
            "group_by": spec::list(spec::object(json!({
                "column": column,
                "granularity": {
                    "description": "for dates and datetimes only",
                    "enum": Granularity::ALL.map(Granularity::word),
                    "type": "string",
                },
            }), &["column"])),
            "limit": spec::rows(),
            "offset": spec::rows(),
            "result": spec::text(),
            "sort": spec::described_list(
                "by columns, or by what is grouped or computed: \"sum of price\"",
                spec::object(json!({"column": column, "direction": spec::direction()}), &["column"]),
            ),
        }),
        &["result"],
    )
}

/// Checks a call.
pub(super) fn plan(shelf: &Shelf, arguments: Map<String, Value>) -> Result<PlannedCall, No> {
    let arguments: Arguments = decode(arguments).map_err(|no| {
        no.hint("keys: result, columns, filters, group_by, aggregations, sort, offset, limit")
    })?;
    let held = held(shelf, &arguments.result).map_err(|no| match shelf.latest() {
        Some(latest) => no.example(NAME, json!({"result": latest})),
        None => no,
    })?;
    checked(held, arguments).map_err(|no| no.example(NAME, example(held)))
}

/// A right call over this result.
fn example(held: &Held) -> Value {
    let numeric = held.columns.iter().rfind(|column| column.kind.is_numeric());
    let aggregation = numeric.map_or_else(
        || json!({"function": "count"}),
        |column| json!({"column": column.name, "function": "sum"}),
    );
    json!({"aggregations": [aggregation], "result": held.handle})
}

fn checked(held: &Held, arguments: Arguments) -> Result<PlannedCall, No> {
    let place = held.handle.to_string();
    let columns = held.columns.as_slice();
    let wanted = arguments.columns.unwrap_or_default();
    if wanted.len() > MAX_COLUMNS {
        return Err(No::value(format!(
            "columns has {} items; at most {MAX_COLUMNS} are allowed",
            wanted.len()
        )));
    }
    let filters = held_filters(arguments.filters, columns, &place)?;
    let groups = held_groups(arguments.group_by, columns, &place)?;
    let aggregates = held_aggregates(arguments.aggregations, columns, &place)?;
    if aggregates.is_empty() && !groups.is_empty() {
        return Err(
            No::schema("group_by needs aggregations").hint("add {\"function\": \"count\"} or another")
        );
    }
    if !aggregates.is_empty() && !wanted.is_empty() {
        return Err(
            No::schema("columns are for raw rows and do not go with aggregations")
                .hint("use group_by for what the aggregations are computed for each of"),
        );
    }
    let mut operations = Operations {
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
    Ok(PlannedCall {
        tool: NAME,
        arguments: Value::Object(canonical),
        plan: Plan::MoreRows(MoreRowsCall {
            from: held.handle,
            operations,
        }),
    })
}

fn canonical_of<T>(items: &[(T, Value)]) -> Vec<Value> {
    items.iter().map(|(_, canonical)| canonical.clone()).collect()
}

fn offset(value: Option<&Value>) -> Result<u64, No> {
    let Some(value) = value else { return Ok(0) };
    value
        .as_u64()
        .filter(|offset| *offset <= MAX_OFFSET)
        .ok_or_else(|| No::value("offset is a whole number of rows to pass over, from 0 on"))
}

/// Ends work on another thread when nobody waits for it any more.
struct StopsWhenDropped(Stop);

impl Drop for StopsWhenDropped {
    fn drop(&mut self) {
        self.0.now();
    }
}

/// Runs it: over the rows that are held, on a thread of its own.
pub(super) async fn run(
    call: &MoreRowsCall,
    arguments: &Value,
    shelf: &Shelf,
    paper: Paper,
) -> Result<ToolOutput, ToolError> {
    let table = shelf
        .table(call.from)
        .await
        .map_err(|error| tell(&error.to_string()))?;
    let base = shelf
        .get(call.from)
        .ok_or_else(|| tell(&format!("no result {} is held", call.from)))?;
    let stop = Stop::default();
    let _watched = StopsWhenDropped(stop.clone());
    let (rows, operations) = (Arc::clone(&table), call.operations.clone());
    let worked = tokio::task::spawn_blocking(move || derive(&rows, &operations, &stop)).await;
    let derived = match worked {
        Ok(Ok(derived)) => derived,
        Ok(Err(DeriveError::Engine(error))) => {
            return Err(tell(&format!("the rows could not be worked on ({error})")));
        }
        Ok(Err(error)) => return Err(tell(&error.to_string())),
        Err(_) => return Err(tell("the work on the rows broke off")),
    };
    let mut operations = arguments.clone();
    if let Some(map) = operations.as_object_mut() {
        map.remove("result");
    }
    let known = derived.table.rows.len() as u64;
    let after = call.operations.offset.min(derived.of);
    let cover = if call.operations.is_page() && known < derived.of {
        Cover::Page {
            after,
            of: derived.of,
        }
    } else {
        Cover::Asked
    };
    let source = base.origin.source();
    let what = source.map_or_else(
        || base.title.clone(),
        |source| title(source.kind, source.id, &source.name),
    );
    let origin = Origin::Derived {
        from: call.from,
        operations,
        source: source.cloned(),
        cover,
    };
    let name = format!("{NAME} over {}: {what}", call.from);
    let window = (known < derived.of).then_some((after, derived.of));
    Ok(of_derived(Arc::new(derived.table), name, origin, window, paper))
}

fn tell(problem: &str) -> ToolError {
    ToolError::TellModel {
        class: FailureClass::InvalidQuery,
        message: format!(
            "failed: {NAME}: {problem}\nuse other columns or operations, or run the query again"
        ),
    }
}
