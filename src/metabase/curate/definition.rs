//! What a metric computes and filters by itself, in words. Best effort: what cannot be said is said to be unknown,
//! because a hidden filter that goes unmentioned makes wrong answers.

use std::collections::BTreeSet;

use serde_json::Value;

use super::collections::Collections;
use super::loading::CatalogLoad;
use super::native;
use super::words::{self, MbqlNames};
use crate::catalog::CardDefinition;
use crate::metabase::MetabaseError;
use crate::metabase::call::Caller;
use crate::metabase::server::DetectedServer;
use crate::metabase::wire_card::WireCard;

/// Most foreign tables read for the names in one definition.
const MAX_FOREIGN: usize = 6;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) computes: Option<String>,
    pub(super) filters: Vec<String>,
}

/// The definition of the metric that `card` is.
pub(super) async fn of(
    loading: &CatalogLoad<'_>,
    metric: u32,
    card: &WireCard,
    warnings: &mut Vec<String>,
) -> Result<Definition, MetabaseError> {
    let parts = QueryParts::of(&card.dataset_query);
    let mut names = MbqlNames::default();
    if let Some(table) = card.table_id.or(parts.source_table) {
        names = names_of(loading, table, &parts, warnings).await?;
    }
    let computes = parts
        .aggregation
        .and_then(|aggregation| words::aggregation(aggregation, &names));
    if parts.aggregation.is_some() && computes.is_none() {
        warnings.push(format!(
            "the definition of metric {metric} cannot be put into words"
        ));
    }
    let filters = parts.filters.iter().map(|filter| {
        words::condition(filter, &names).unwrap_or_else(|| {
            warnings.push(format!("a filter of metric {metric} cannot be put into words"));
            "a further condition that Metabase shows".to_owned()
        })
    });
    Ok(Definition {
        filters: filters.collect(),
        computes,
    })
}

/// What a card computes, if that is one aggregate that can be put into words; of SQL only what is plain.
pub(in crate::metabase) async fn of_card(
    caller: &Caller,
    detected: &DetectedServer,
    id: u32,
) -> Result<Option<CardDefinition>, MetabaseError> {
    let card = WireCard::read(caller, id, true).await?;
    let definition = match native_query(&card.dataset_query) {
        Some(sql) => native::definition(sql),
        None if aggregations(&card.dataset_query) == 1 => {
            let loading = CatalogLoad::new(caller, detected, Collections::default());
            // What could not be put into words is left alone.
            let mut warnings = Vec::new();
            let found = of(&loading, id, &card, &mut warnings).await?;
            Some(found).filter(|_| warnings.is_empty())
        }
        None => None,
    };
    Ok(definition.and_then(|definition| {
        Some(CardDefinition {
            computes: definition.computes?,
            filters: definition.filters,
        })
    }))
}

/// The SQL of a query, if it is written in SQL.
fn native_query(query: &Value) -> Option<&str> {
    let old = query.pointer("/native/query");
    old.or_else(|| query.pointer("/stages/0/native"))?.as_str()
}

/// How many aggregates a query has, on all its levels.
fn aggregations(query: &Value) -> usize {
    let count = |stage: &Value| {
        stage
            .get("aggregation")
            .and_then(Value::as_array)
            .map_or(0, Vec::len)
    };
    if let Some(stages) = query.get("stages").and_then(Value::as_array) {
        return stages.iter().map(count).sum();
    }
    let (mut found, mut level) = (0, query.get("query"));
    while let Some(inner) = level {
        found += count(inner);
        level = inner.get("source-query");
    }
    found
}

/// The table that a query reads, if it is one table without joins and without a query inside: then its fields are the
/// table's.
pub(super) fn plain_table(query: &Value) -> Option<u32> {
    let inner = match query.get("stages").and_then(Value::as_array).map(Vec::as_slice) {
        Some([stage]) => stage,
        Some(_) => return None,
        None => query.get("query")?,
    };
    let joined = |key: &str| inner.get(key).is_some_and(|found| !found.is_null());
    if joined("joins") || joined("source-query") || joined("source-card") {
        return None;
    }
    u32::try_from(inner.get("source-table")?.as_u64()?).ok()
}

/// The parts of a query that words are made of, from both shapes of `dataset_query`.
#[derive(Debug, Default)]
struct QueryParts<'a> {
    source_table: Option<u32>,
    aggregation: Option<&'a Value>,
    filters: Vec<&'a Value>,
}

impl<'a> QueryParts<'a> {
    fn of(query: &'a Value) -> Self {
        let mut parts = Self::default();
        if let Some(stages) = query.get("stages").and_then(Value::as_array) {
            for stage in stages {
                parts.add(stage);
                if let Some(filters) = stage.get("filters").and_then(Value::as_array) {
                    for filter in filters {
                        parts.flatten(filter);
                    }
                }
            }
        } else {
            let mut level = query.get("query");
            while let Some(inner) = level {
                parts.add(inner);
                if let Some(filter) = inner.get("filter").filter(|filter| !filter.is_null()) {
                    parts.flatten(filter);
                }
                level = inner.get("source-query");
            }
        }
        parts
    }

    fn add(&mut self, stage: &'a Value) {
        let table = stage.get("source-table").and_then(Value::as_u64);
        self.source_table = self.source_table.or(table.and_then(|id| u32::try_from(id).ok()));
        let aggregation = stage
            .get("aggregation")
            .and_then(Value::as_array)
            .and_then(|all| all.first());
        self.aggregation = self.aggregation.or(aggregation);
    }

    /// The arms of an `and` are filters of their own.
    fn flatten(&mut self, filter: &'a Value) {
        match filter.as_array().map(Vec::as_slice) {
            Some([Value::String(operator), arms @ ..]) if operator == "and" => {
                arms.iter()
                    .filter(|arm| arm.is_array())
                    .for_each(|arm| self.flatten(arm));
            }
            _ => self.filters.push(filter),
        }
    }
}

async fn names_of(
    loading: &CatalogLoad<'_>,
    table: u32,
    parts: &QueryParts<'_>,
    warnings: &mut Vec<String>,
) -> Result<MbqlNames, MetabaseError> {
    let mut names = MbqlNames::default();
    let Some(own) = loading.table_names(table, warnings).await? else {
        return Ok(names);
    };
    let foreign: BTreeSet<u32> = own
        .fields
        .items
        .iter()
        .filter_map(|field| field.target.as_ref()?.table_id)
        .collect();
    names.add(&own);
    let mut used = BTreeSet::new();
    parts
        .aggregation
        .iter()
        .chain(&parts.filters)
        .for_each(|clause| words::field_ids(clause, &mut used));
    for id in foreign.into_iter().take(MAX_FOREIGN) {
        if used.iter().all(|field| names.has_field(*field)) {
            break;
        }
        if let Some(other) = loading.table_names(id, warnings).await? {
            names.add(&other);
        }
    }
    Ok(names)
}
