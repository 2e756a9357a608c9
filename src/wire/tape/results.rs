use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::exchange::{Exchange, ExchangeEnd};
use super::read::TapeFile;
use super::request;

/// Results that are on tapes, served to whoever asks for exactly them, in any order. What is not on a tape goes to the
/// network, and is noted. Clones serve from the same results.
#[derive(Debug, Clone)]
pub struct RecordedResults {
    inner: Arc<Mutex<ResultQueues>>,
}

#[derive(Debug, Default)]
struct ResultQueues {
    /// By key, in the order they were recorded. The last of each stays: what is asked again gets it again.
    queues: BTreeMap<String, VecDeque<Exchange>>,
    off_tape: Vec<String>,
}

impl RecordedResults {
    /// The whole responses on these tapes that are not completions.
    pub fn of(tapes: &[TapeFile]) -> Self {
        let mut inner = ResultQueues::default();
        for exchange in tapes.iter().flat_map(|tape| &tape.exchanges) {
            let whole = exchange.response.is_some() && exchange.end == ExchangeEnd::Complete;
            if whole && !exchange.is_completion() {
                let key = request::key(&exchange.request);
                inner.queues.entry(key).or_default().push_back(exchange.clone());
            }
        }
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// What was asked for and is on none of the tapes: method and path, in order.
    pub fn off_tape(&self) -> Vec<String> {
        self.lock().off_tape.clone()
    }

    /// The result recorded for this request.
    pub(super) fn take(&self, asked: &Value) -> Option<Exchange> {
        let mut inner = self.lock();
        if let Some(queue) = inner.queues.get_mut(&request::key(asked)) {
            if queue.len() > 1 {
                return queue.pop_front();
            }
            return queue.front().cloned();
        }
        inner.off_tape.push(request::name(asked));
        None
    }

    fn lock(&self) -> MutexGuard<'_, ResultQueues> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
