use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::gate::{
    FUNCTIONS, No, aggregations, decode, dimension, filters, group_by, limit, list, quote, table,
};
use super::output::{Asked, Paper, of_query, title};
use super::spec::{self, Told};
use super::{Plan, PlannedCall, ToolError, ToolOutput, example, failure};
use crate::catalog::{AllowedTable, Catalog, Dimension, EntryKind, TableEntry};
use crate::metabase::{Direction, GroupBy, MetabaseClient, OrderBy, TableQuery};
use crate::model::ToolSpec;

/// The tool's name.
pub(super) const NAME: &str = "query_table";

const MAX_FIELDS: usize = 50;
const MAX_ORDERS: usize = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    table_id: Value,
    #[serde(default)]
    fields: Option<Vec<String>>,
    #[serde(default)]
    aggregations: Option<Vec<Value>>,
    #[serde(default)]
    group_by: Option<Vec<Value>>,
    #[serde(default)]
    filters: Option<Vec<Value>>,
    #[serde(default)]
    order_by: Option<Vec<Value>>,
    #[serde(default)]
    limit: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderArguments {
    field: String,
    direction: Direction,
}

/// What the model is told, if tables are curated.
pub(super) fn spec(catalog: &Catalog) -> Option<ToolSpec> {
    (spec::count(catalog, EntryKind::Table) > 0).then(|| {
        let names = spec::text();
        spec::tool(
            NAME,
            include_str!("../../prompts/tools/query_table.md"),
            json!({
                "aggregations": spec::described_list(
                    "each a function of a field (count needs none), or a measure",
                    spec::object(json!({
                        "field": names,
                        "function": {"enum": FUNCTIONS, "type": "string"},
                        "measure": names,
                        "order": spec::direction(),
                    }), &[]),
                ),
                "fields": spec::described_list("of raw rows; not together with aggregations", names.clone()),
                "filters": spec::filters(Told::Usual),
                "group_by": spec::group_by(),
                "limit": spec::rows(),
                "order_by": spec::list(spec::object(
                    json!({"direction": spec::direction(), "field": names}),
                    &["direction", "field"],
                )),
                "table_id": spec::id(catalog, EntryKind::Table),
            }),
            &["table_id"],
        )
    })
}

/// Checks a call.
pub(super) fn plan(catalog: &Catalog, arguments: Map<String, Value>) -> Result<PlannedCall, No> {
    let arguments: Arguments = decode(arguments)
        .map_err(|no| no.hint("keys: table_id, fields, aggregations, group_by, filters, order_by, limit"))?;
    let table = table(catalog, "table_id", &arguments.table_id)?;
    query(&table, arguments).map_err(|no| no.example(NAME, example::of_table(table.entry())))
}

fn query(table: &AllowedTable, arguments: Arguments) -> Result<PlannedCall, No> {
    let entry = table.entry();
    let place = title(EntryKind::Table, entry.id.0, &entry.label);
    let filters = filters(arguments.filters, &entry.dimensions, &entry.segments, &place)?;
    let groups = group_by(arguments.group_by, &entry.dimensions, &place)?;
    let fields = fields(arguments.fields.unwrap_or_default(), entry, &place)?;
    let aggregations = aggregations(arguments.aggregations, entry, &place)?;
    let limit = limit(arguments.limit.as_ref())?;
    if aggregations.is_empty() && !groups.is_empty() {
        return Err(
            No::schema("group_by needs aggregations").hint("add {\"function\": \"count\"} or another")
        );
    }
    if !aggregations.is_empty() && !fields.is_empty() {
        return Err(
            No::schema("fields are for raw rows and do not go with aggregations")
                .hint("use group_by for what the aggregations are computed for each of"),
        );
    }
    let kept: Vec<&GroupBy> = groups.iter().map(|(group, _)| group).collect();
    let orders = orders(
        arguments.order_by,
        entry,
        &place,
        (!aggregations.is_empty()).then_some(&kept),
    )?;

    let mut canonical = json!({"table_id": entry.id});
    if let Some(map) = canonical.as_object_mut() {
        let mut list = |key: &str, items: Vec<Value>| {
            if !items.is_empty() {
                map.insert(key.to_owned(), Value::Array(items));
            }
        };
        list("aggregations", canonical_of(&aggregations));
        list("fields", fields.iter().map(|field| json!(field.name)).collect());
        list("filters", canonical_of(&filters));
        list("group_by", canonical_of(&groups));
        list("order_by", canonical_of(&orders));
        if let Some(limit) = limit {
            map.insert("limit".to_owned(), json!(limit));
        }
    }
    Ok(PlannedCall {
        tool: NAME,
        arguments: canonical,
        plan: Plan::QueryTable(TableQuery {
            table: table.clone(),
            filters: first_of(filters),
            fields,
            aggregations: first_of(aggregations),
            group_by: first_of(groups),
            order_by: first_of(orders),
            limit,
        }),
    })
}

fn canonical_of<T>(items: &[(T, Value)]) -> Vec<Value> {
    items.iter().map(|(_, canonical)| canonical.clone()).collect()
}

fn first_of<T>(items: Vec<(T, Value)>) -> Vec<T> {
    items.into_iter().map(|(item, _)| item).collect()
}

fn fields(names: Vec<String>, table: &TableEntry, place: &str) -> Result<Vec<Dimension>, No> {
    if names.len() > MAX_FIELDS {
        return Err(No::value(format!(
            "fields has {} items; at most {MAX_FIELDS} are allowed",
            names.len()
        )));
    }
    let mut fields: Vec<Dimension> = Vec::new();
    for name in names {
        let found = dimension(&table.dimensions, &name, "field", place)?;
        if fields.iter().any(|field| field.name == found.name) {
            return Err(No::value(format!(
                "the field {} is there twice",
                quote(&found.name)
            )));
        }
        fields.push(found.clone());
    }
    Ok(fields)
}

/// `groups`: what the rows are grouped by, when they are aggregated; only that can be ordered by then.
fn orders(
    items: Option<Vec<Value>>,
    table: &TableEntry,
    place: &str,
    groups: Option<&Vec<&GroupBy>>,
) -> Result<Vec<(OrderBy, Value)>, No> {
    let mut orders: Vec<(OrderBy, Value)> = Vec::new();
    for item in list::<OrderArguments>(items, "order_by", MAX_ORDERS)? {
        let found =
            dimension(&table.dimensions, &item.field, "field", place).map_err(|no| no.at("order_by"))?;
        if let Some(groups) = groups
            && groups.iter().all(|group| group.dimension.name != found.name)
        {
            return Err(
                No::value(format!("order_by: {} is not in group_by", quote(&found.name)))
                    .hint("to order by what is computed, set order in the aggregation"),
            );
        }
        if orders.iter().any(|(order, _)| order.dimension.name == found.name) {
            return Err(No::value(format!(
                "order_by: {} is there twice",
                quote(&found.name)
            )));
        }
        let order = OrderBy {
            dimension: found.clone(),
            direction: item.direction,
        };
        orders.push((order, json!({"direction": item.direction, "field": found.name})));
    }
    Ok(orders)
}

/// Runs it.
pub(super) async fn run(
    client: &MetabaseClient,
    query: &TableQuery,
    arguments: &Value,
    paper: Paper,
) -> Result<ToolOutput, ToolError> {
    let table = query.table.entry();
    let fetched = client
        .query_table(query)
        .await
        .map_err(|error| failure::sort(&title(EntryKind::Table, table.id.0, &table.label), error))?;
    let asked = Asked {
        kind: EntryKind::Table,
        id: table.id.0,
        name: &table.label,
        arguments,
        link: client.link(EntryKind::Table, table.id.0),
    };
    let narrow = if query.aggregations.is_empty() {
        "query_table with aggregations and group_by, filters, fewer fields, or order_by and limit"
    } else {
        "query_table with filters, fewer or coarser group_by, or an order in an aggregation and limit"
    };
    Ok(of_query(&fetched, asked, narrow, paper))
}
