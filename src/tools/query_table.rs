//! The tool `query_table`: asks a table for rows, or for what its rows come to in groups.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::check::{
    FUNCTIONS, Rejection, aggregations, decode, dimension, entry_title, filters, group_by, group_example,
    limit, list, query_tool, quote, short_forms, table,
};
use super::no_match::ValueOwner;
use super::output::{QueriedEntry, for_person, of_query};
use super::schema;
use super::tool::{CheckContext, CheckedCall, OfferContext, RunContext, Tool, ToolRole};
use super::{ToolError, ToolOutput, failure, no_match};
use crate::catalog::{AllowedTable, Dimension, Entry, EntryKind, TableEntry};
use crate::metabase::{DimensionOwner, Direction, GroupBy, OrderBy, TableQuery};
use crate::model::ToolSpec;

/// Most fields of raw rows.
const MAX_FIELDS: usize = 50;
/// Most fields to order by.
const MAX_ORDERS: usize = 5;
/// What the model is told to do when not all raw rows are shown.
const WAYS_TO_NARROW_ROWS: &str = include_str!("../../prompts/tools/narrow_table_rows.md");
/// The same for groups.
const WAYS_TO_NARROW_GROUPS: &str = include_str!("../../prompts/tools/narrow_table_groups.md");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryTableArguments {
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
struct OrderByArguments {
    field: String,
    direction: Direction,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct QueryTableTool;

impl Tool for QueryTableTool {
    type Plan = TableQuery;
    const NAME: &'static str = query_tool(EntryKind::Table);
    const ROLE: ToolRole = ToolRole::Query;

    fn spec(&self, offer: OfferContext<'_>) -> Option<ToolSpec> {
        let catalog = offer.catalog;
        (schema::count(catalog, EntryKind::Table) > 0).then(|| {
            let names = schema::text();
            schema::tool(
                Self::NAME,
                include_str!("../../prompts/tools/query_table.md"),
                json!({
                    "aggregations": schema::described_list(
                        "each a function of a field (count takes none), or a measure",
                        schema::object(json!({
                            "field": names,
                            "function": {"enum": FUNCTIONS, "type": "string"},
                            "measure": names,
                            "order": schema::direction(),
                        }), &[]),
                    ),
                    "fields": schema::list(names.clone()),
                    "filters": schema::filters(Self::NAME, catalog),
                    "group_by": schema::group_by(Self::NAME, catalog),
                    "limit": schema::rows(),
                    "order_by": schema::described_list("\"FIELD desc\"", names),
                    "table_id": schema::id(),
                }),
                &["table_id"],
            )
        })
    }

    fn example(&self, offer: OfferContext<'_>) -> Option<Value> {
        let mut entries = offer.catalog.entries().iter();
        entries.find_map(|entry| match entry {
            Entry::Table(table) => Some(example(table)),
            _ => None,
        })
    }

    fn check(
        &self,
        arguments: Map<String, Value>,
        context: CheckContext<'_>,
    ) -> Result<CheckedCall<TableQuery>, Rejection> {
        let arguments: QueryTableArguments = decode(arguments).map_err(|rejection| {
            rejection.hint("keys: table_id, fields, aggregations, group_by, filters, order_by, limit")
        })?;
        let table = table(context.catalog, "table_id", &arguments.table_id)?;
        query(&table, arguments).map_err(|rejection| rejection.example(Self::NAME, example(table.entry())))
    }

    fn summary(&self, query: &TableQuery) -> String {
        format!("queries the table “{}”", for_person(&query.table.entry().label))
    }

    fn queried_id(&self, query: &TableQuery) -> Option<u32> {
        Some(query.table.id().0)
    }

    async fn run(&self, query: &TableQuery, context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        let table = query.table.entry();
        let title = entry_title(EntryKind::Table, table.id.0, &table.label);
        let fetched = context
            .client
            .query_table(query)
            .await
            .map_err(|error| failure::sort(&title, error))?;
        let queried = QueriedEntry {
            kind: EntryKind::Table,
            id: table.id.0,
            name: &table.label,
            dbt_metric: None,
            given: &[],
        };
        let narrow = if query.aggregations.is_empty() {
            WAYS_TO_NARROW_ROWS
        } else {
            WAYS_TO_NARROW_GROUPS
        };
        let owner = ValueOwner::Metabase(DimensionOwner::Table(query.table.clone()));
        let grouped = !query.group_by.is_empty();
        let note = no_match::of_filters(&fetched.table, &owner, &query.filters, grouped, &context).await;
        Ok(of_query(fetched, queried, narrow, note.as_deref(), &context))
    }
}

fn query(table: &AllowedTable, arguments: QueryTableArguments) -> Result<CheckedCall<TableQuery>, Rejection> {
    let entry = table.entry();
    let place = entry_title(EntryKind::Table, entry.id.0, &entry.label);
    let filters = filters(arguments.filters, &entry.dimensions, &entry.segments, &place)?;
    let groups = group_by(arguments.group_by, &entry.dimensions, &place)?;
    let fields = fields(arguments.fields.unwrap_or_default(), entry, &place)?;
    let aggregations = aggregations(arguments.aggregations, entry, &place)?;
    let limit = limit(arguments.limit.as_ref())?;
    if aggregations.is_empty() && !groups.is_empty() {
        return Err(
            Rejection::schema("group_by needs aggregations").hint("add {\"function\": \"count\"} or another")
        );
    }
    if !aggregations.is_empty() && !fields.is_empty() {
        return Err(
            Rejection::schema("fields are for raw rows and do not go with aggregations")
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
    Ok(CheckedCall {
        arguments: canonical,
        plan: TableQuery {
            table: table.clone(),
            filters: first_of(filters),
            fields,
            aggregations: first_of(aggregations),
            group_by: first_of(groups),
            order_by: first_of(orders),
            limit,
        },
    })
}

fn canonical_of<T>(items: &[(T, Value)]) -> Vec<Value> {
    items.iter().map(|(_, canonical)| canonical.clone()).collect()
}

fn first_of<T>(items: Vec<(T, Value)>) -> Vec<T> {
    items.into_iter().map(|(item, _)| item).collect()
}

fn fields(names: Vec<String>, table: &TableEntry, place: &str) -> Result<Vec<Dimension>, Rejection> {
    if names.len() > MAX_FIELDS {
        return Err(Rejection::bad_value(format!(
            "fields has {} items; at most {MAX_FIELDS} are allowed",
            names.len()
        )));
    }
    let mut fields: Vec<Dimension> = Vec::new();
    for name in names {
        let found = dimension(&table.dimensions, &name, "field", place)?;
        if fields.iter().any(|field| field.name == found.name) {
            return Err(Rejection::bad_value(format!(
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
) -> Result<Vec<(OrderBy, Value)>, Rejection> {
    let is_name = |text: &str| dimension(&table.dimensions, text, "field", place).is_ok();
    let items = short_forms::orders(items, "field", is_name);
    let mut orders: Vec<(OrderBy, Value)> = Vec::new();
    for item in list::<OrderByArguments>(items, "order_by", MAX_ORDERS)? {
        let found = dimension(&table.dimensions, &item.field, "field", place)
            .map_err(|rejection| rejection.at("order_by"))?;
        if let Some(groups) = groups
            && groups.iter().all(|group| group.dimension.name != found.name)
        {
            return Err(
                Rejection::bad_value(format!("order_by: {} is not in group_by", quote(&found.name)))
                    .hint("to order by what is computed, set order in the aggregation"),
            );
        }
        if orders.iter().any(|(order, _)| order.dimension.name == found.name) {
            return Err(Rejection::bad_value(format!(
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

/// A right call: the number of the table's rows by its first field.
fn example(table: &TableEntry) -> Value {
    let mut call = json!({"aggregations": [{"function": "count"}], "table_id": table.id});
    if let (Some(group), Some(map)) = (group_example(&table.dimensions, None), call.as_object_mut()) {
        map.insert("group_by".to_owned(), group);
    }
    call
}
