//! Right calls over entries that exist, for refusals to show.

use serde_json::{Map, Value, json};

use super::gate::{Form, kind_word};
use super::{
    ask_user, calculate, cannot_answer, describe, field_values, query_metric, query_table, run_card,
};
use crate::catalog::{CardEntry, Catalog, Dimension, Entry, EntryKind, MetricEntry, Parameter, TableEntry};
use crate::result::ColumnKind;

/// A right call of a tool over the first entry it goes with.
pub(super) fn of_tool(catalog: &Catalog, tool: &str) -> Option<Value> {
    let mut entries = catalog.entries().iter();
    match tool {
        run_card::NAME => entries.find_map(|entry| match entry {
            Entry::Card(card) => Some(of_card(card, None)),
            _ => None,
        }),
        query_metric::NAME => entries.find_map(|entry| match entry {
            Entry::Metric(metric) => Some(of_metric(metric)),
            _ => None,
        }),
        query_table::NAME => entries.find_map(|entry| match entry {
            Entry::Table(table) => Some(of_table(table)),
            _ => None,
        }),
        describe::NAME => entries
            .next()
            .map(|entry| json!({"id": entry.id(), "kind": kind_word(entry.kind())})),
        field_values::NAME => entries.find_map(listable),
        calculate::NAME => Some(calculate::example()),
        ask_user::NAME => {
            Some(json!({"options": ["by order date", "by ship date"], "question": "Which date counts?"}))
        }
        cannot_answer::NAME => Some(json!({"reason": "The catalog has no data on that."})),
        _ => None,
    }
}

/// The card with `shown` set, else its first parameter; and with everything it requires.
pub(super) fn of_card(card: &CardEntry, shown: Option<&Parameter>) -> Value {
    let mut parameters = Map::new();
    let wanted = card.parameters.iter().filter(|parameter| parameter.required);
    for parameter in wanted.chain(shown.or(card.parameters.first())) {
        let known = parameter
            .allowed
            .as_ref()
            .and_then(|allowed| allowed.values.first())
            .filter(|value| !value.is_array() && !value.is_object());
        let value = known
            .cloned()
            .unwrap_or_else(|| Form::of(&parameter.kind).example());
        parameters.insert(parameter.slug.clone(), value);
    }
    if parameters.is_empty() {
        json!({"card_id": card.id})
    } else {
        json!({"card_id": card.id, "parameters": parameters})
    }
}

fn group(dimensions: &[Dimension], preferred: Option<&str>) -> Option<Value> {
    let named = dimensions
        .iter()
        .find(|dimension| Some(dimension.name.as_str()) == preferred);
    let dimension = named.or_else(|| {
        dimensions
            .iter()
            .find(|dimension| dimension.kind != ColumnKind::Other)
    })?;
    Some(match dimension.kind {
        ColumnKind::Date | ColumnKind::Datetime => {
            json!([{"dimension": dimension.name, "granularity": "month"}])
        }
        _ => json!([{"dimension": dimension.name}]),
    })
}

/// The metric over its time dimension.
pub(super) fn of_metric(metric: &MetricEntry) -> Value {
    match group(&metric.dimensions, metric.default_time_dimension.as_deref()) {
        Some(group) => json!({"group_by": group, "metric_id": metric.id}),
        None => json!({"metric_id": metric.id}),
    }
}

/// The number of the table's rows by its first field.
pub(super) fn of_table(table: &TableEntry) -> Value {
    let mut call = json!({"aggregations": [{"function": "count"}], "table_id": table.id});
    if let (Some(group), Some(map)) = (group(&table.dimensions, None), call.as_object_mut()) {
        map.insert("group_by".to_owned(), group);
    }
    call
}

fn listable(entry: &Entry) -> Option<Value> {
    let name = match entry {
        Entry::Card(card) => card.parameters.first().map(|parameter| parameter.slug.as_str()),
        Entry::Metric(metric) => text_dimension(&metric.dimensions),
        Entry::Table(table) => text_dimension(&table.dimensions),
    }?;
    Some(json!({"id": entry.id(), "kind": kind_word(entry.kind()), "name": name}))
}

fn text_dimension(dimensions: &[Dimension]) -> Option<&str> {
    dimensions
        .iter()
        .find(|dimension| dimension.kind == ColumnKind::Text)
        .map(|dimension| dimension.name.as_str())
}

/// The kind by its word.
pub(super) fn kind_of(word: &str) -> Option<EntryKind> {
    [EntryKind::Card, EntryKind::Metric, EntryKind::Table]
        .into_iter()
        .find(|kind| kind_word(*kind) == word)
}
