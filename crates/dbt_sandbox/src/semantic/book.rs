use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::fault::SemanticFault;
use super::table::SemanticTable;

/// Queries that are remembered; the oldest are forgotten.
const REMEMBERED: usize = 512;

/// How far a query is, as its next poll will find it.
#[derive(Debug, Clone)]
pub(super) enum QueryState {
    /// It was compiled, or is being so.
    Running,
    Done(Arc<SemanticTable>),
    Failed(String),
}

#[derive(Debug, Clone)]
pub(super) struct CreatedQuery {
    pub(super) sql: Option<String>,
    pub(super) state: QueryState,
    /// How often it was polled.
    pub(super) polls: u32,
}

#[derive(Debug, Default)]
pub(super) struct QueryBook {
    queries: Mutex<BTreeMap<u64, CreatedQuery>>,
}

impl QueryBook {
    /// A new query, which is not compiled yet.
    pub(super) fn open(&self) -> u64 {
        let mut queries = self.lock();
        let id = queries.last_key_value().map_or(1, |(id, _)| id + 1);
        queries.insert(
            id,
            CreatedQuery {
                sql: None,
                state: QueryState::Running,
                polls: 0,
            },
        );
        while queries.len() > REMEMBERED {
            queries.pop_first();
        }
        id
    }

    pub(super) fn compiled(&self, id: u64, sql: &str) {
        if let Some(query) = self.lock().get_mut(&id) {
            query.sql = Some(sql.to_owned());
        }
    }

    /// Ends a query, unless it was cancelled before.
    pub(super) fn end(&self, id: u64, outcome: Result<SemanticTable, SemanticFault>) {
        if let Some(query) = self.lock().get_mut(&id)
            && matches!(query.state, QueryState::Running)
        {
            query.state = match outcome {
                Ok(table) => QueryState::Done(Arc::new(table)),
                Err(fault) => QueryState::Failed(fault.to_string()),
            };
        }
    }

    /// Stops a query; one that is over stays as it is.
    pub(super) fn cancel(&self, id: u64) -> bool {
        let mut queries = self.lock();
        let Some(query) = queries.get_mut(&id) else {
            return false;
        };
        if matches!(query.state, QueryState::Running) || query.polls < 2 {
            query.state = QueryState::Failed("Query was cancelled.".to_owned());
        }
        true
    }

    /// Looks at a query, and counts that.
    pub(super) fn poll(&self, id: u64) -> Option<CreatedQuery> {
        let mut queries = self.lock();
        let query = queries.get_mut(&id)?;
        query.polls = query.polls.saturating_add(1);
        Some(query.clone())
    }

    /// How a query is, without counting.
    pub(super) fn state(&self, id: u64) -> Option<QueryState> {
        self.lock().get(&id).map(|query| query.state.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, CreatedQuery>> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
