//! What is known about columns and cards without reading the rows again.
//!
//! The rows of a world never change, so everything is worked out once, when it is first asked for. For the demo it is
//! worked out before a release and lies in `data/facts.json`: the demo's first answer needs the values of thirty columns
//! and the columns of fifteen SQL cards, and running all of that would be most of its start.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::query::CompiledQuery;
use crate::semantic::SemanticModel;

/// Values that are looked up at least, so that the next, larger question is usually answered too.
const LEAST_VALUES: u64 = 60;
/// Most values that are kept for a column.
const MOST_VALUES: u64 = 1000;

/// The first distinct values of a column, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownValues {
    /// As the wire carries them.
    pub(crate) values: Vec<Value>,
    pub(crate) more: bool,
}

impl KnownValues {
    /// The first `limit` values and whether there are more; `None` when that cannot be told.
    pub(crate) fn first(&self, limit: u64) -> Option<Self> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let enough = !self.more || limit <= self.values.len();
        enough.then(|| Self {
            values: self.values.iter().take(limit).cloned().collect(),
            more: self.more || limit < self.values.len(),
        })
    }
}

/// Everything that `data/facts.json` says.
#[derive(Debug, Deserialize)]
pub(crate) struct PreparedFacts {
    /// By `table.column`.
    fields: BTreeMap<String, PreparedField>,
    /// Name and type of the columns of SQL cards, by the card's name.
    cards: BTreeMap<String, Vec<(String, String)>>,
}

#[derive(Debug, Deserialize)]
struct PreparedField {
    values: Vec<Value>,
    more: bool,
    statistics: Map<String, Value>,
}

impl PreparedFacts {
    /// How many distinct values a column has.
    pub(crate) fn distinct(&self, table: &str, column: &str) -> Option<i64> {
        let field = self.fields.get(&format!("{table}.{column}"))?;
        field.statistics.get("distinct-count")?.as_i64()
    }
}

/// What a world has found out so far.
#[derive(Debug, Default)]
pub(crate) struct FactCache {
    values: Mutex<BTreeMap<i64, Arc<KnownValues>>>,
    statistics: Mutex<BTreeMap<i64, Arc<Map<String, Value>>>>,
    cards: Mutex<BTreeMap<i64, Arc<CompiledQuery>>>,
    card_columns: BTreeMap<i64, Vec<(String, String)>>,
}

impl FactCache {
    /// Facts about a model's columns and cards that were worked out before.
    pub(crate) fn prepared(facts: PreparedFacts, model: &SemanticModel) -> Self {
        let (mut values, mut statistics) = (BTreeMap::new(), BTreeMap::new());
        for (path, known) in facts.fields {
            let field = path
                .split_once('.')
                .and_then(|(table, column)| model.table_named(table)?.field_named(column));
            if let Some(field) = field {
                let (listed, more) = (known.values, known.more);
                values.insert(field.id, Arc::new(KnownValues { values: listed, more }));
                statistics.insert(field.id, Arc::new(known.statistics));
            }
        }
        let cards = model.cards.iter();
        Self {
            values: Mutex::new(values),
            statistics: Mutex::new(statistics),
            cards: Mutex::default(),
            card_columns: cards
                .filter_map(|card| Some((card.id, facts.cards.get(&card.name)?.clone())))
                .collect(),
        }
    }

    /// The first `limit` distinct values of a column; `find` looks up as many as it is told.
    pub(crate) fn values<E>(
        &self,
        field_id: i64,
        limit: u64,
        find: impl FnOnce(u64) -> Result<KnownValues, E>,
    ) -> Result<KnownValues, E> {
        let known = lock(&self.values).get(&field_id).cloned();
        if let Some(known) = known.and_then(|known| known.first(limit)) {
            return Ok(known);
        }
        // No lock is held while it looks: two who ask at once both look, and find the same.
        let found = find(limit.max(LEAST_VALUES))?;
        let first = found.first(limit).unwrap_or_default();
        if limit <= MOST_VALUES {
            lock(&self.values).insert(field_id, Arc::new(found));
        }
        Ok(first)
    }

    /// The statistics of a column.
    pub(crate) fn statistics<E>(
        &self,
        field_id: i64,
        find: impl FnOnce() -> Result<Map<String, Value>, E>,
    ) -> Result<Arc<Map<String, Value>>, E> {
        let known = lock(&self.statistics).get(&field_id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = Arc::new(find()?);
        lock(&self.statistics).insert(field_id, Arc::clone(&found));
        Ok(found)
    }

    /// A card's SQL and columns; what fails is tried again next time.
    pub(crate) fn card<E>(
        &self,
        card_id: i64,
        compile: impl FnOnce() -> Result<CompiledQuery, E>,
    ) -> Result<CompiledQuery, E> {
        let known = lock(&self.cards).get(&card_id).cloned();
        if let Some(known) = known {
            return Ok(known.as_ref().clone());
        }
        let compiled = compile()?;
        lock(&self.cards).insert(card_id, Arc::new(compiled.clone()));
        Ok(compiled)
    }

    /// Name and type of an SQL card's columns, where they are known without running it.
    pub(crate) fn card_columns(&self, card_id: i64) -> Option<&[(String, String)]> {
        self.card_columns.get(&card_id).map(Vec::as_slice)
    }
}

fn lock<T>(known: &Mutex<T>) -> MutexGuard<'_, T> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
