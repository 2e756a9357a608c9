use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::delta::shown;
use super::error::{Miss, Unconsumed};
use super::exchange::Exchange;
use super::read::TapeFile;
use super::request;

/// Serves what is on a tape: each exchange once, in the order of its key, for exactly the request it was recorded for.
/// Clones serve from the same tape.
#[derive(Debug, Clone)]
pub struct Player {
    inner: Arc<Mutex<Inner>>,
    command: Arc<str>,
    stalled: CancellationToken,
}

#[derive(Debug)]
struct Inner {
    /// What was not asked for yet, by number, with its key.
    left: BTreeMap<u64, (String, Exchange)>,
    /// Numbers of what is left, by key.
    queues: BTreeMap<String, VecDeque<u64>>,
    missed: Option<Miss>,
}

/// Why a replay is not the recorded turn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Diverged {
    /// A request was not on the tape.
    #[error(transparent)]
    Miss(#[from] Miss),
    /// Recorded exchanges were not asked for.
    #[error(transparent)]
    Unconsumed(#[from] Unconsumed),
}

impl Player {
    /// Serves the exchanges of `tape`.
    pub fn new(tape: &TapeFile) -> Self {
        Self::of(tape, |_| true)
    }

    /// Serves the completions of `tape`, and nothing else.
    pub fn of_completions(tape: &TapeFile) -> Self {
        Self::of(tape, Exchange::is_completion)
    }

    fn of(tape: &TapeFile, served: impl Fn(&Exchange) -> bool) -> Self {
        let mut queues: BTreeMap<String, VecDeque<u64>> = BTreeMap::new();
        let mut left = BTreeMap::new();
        let exchanges = (0..).zip(&tape.exchanges);
        for (number, exchange) in exchanges.filter(|(_, exchange)| served(exchange)) {
            let key = request::key(&exchange.request);
            queues.entry(key.clone()).or_default().push_back(number);
            left.insert(number, (key, exchange.clone()));
        }
        Self {
            inner: Arc::new(Mutex::new(Inner {
                left,
                queues,
                missed: None,
            })),
            command: tape.header.command().into(),
            stalled: CancellationToken::new(),
        }
    }

    /// The same with another command that records the turn again, for messages.
    #[must_use]
    pub fn recorded_by(mut self, command: &str) -> Self {
        self.command = command.into();
        self
    }

    /// Cancelled when the turn waits for something that it did not wait for when it was recorded: then somebody, or
    /// the clock, ended the exchange.
    pub fn stalled(&self) -> &CancellationToken {
        &self.stalled
    }

    /// Whether everything was asked for, and nothing else.
    pub fn finish(&self) -> Result<(), Diverged> {
        let inner = self.lock();
        if let Some(miss) = &inner.missed {
            return Err(miss.clone().into());
        }
        match inner.left.first_key_value() {
            None => Ok(()),
            Some((first, (_, exchange))) => Err(Unconsumed {
                count: inner.left.len(),
                first: *first,
                request: exchange.name(),
                command: self.command.to_string(),
            }
            .into()),
        }
    }

    /// Whether nothing is left.
    pub(super) fn is_over(&self) -> bool {
        let inner = self.lock();
        inner.left.is_empty() && inner.missed.is_none()
    }

    /// The exchange recorded for this request. After the first miss everything misses: what follows it means nothing.
    pub(super) fn take(&self, asked: &Value) -> Result<Exchange, Miss> {
        let mut inner = self.lock();
        if let Some(miss) = &inner.missed {
            return Err(miss.clone());
        }
        let number = inner
            .queues
            .get(&request::key(asked))
            .and_then(|queue| queue.front().copied());
        let miss = match number {
            Some(number) => inner
                .skipped_by(number)
                .map(|first| self.early(&inner, first, asked)),
            None => Some(self.miss(&inner, asked)),
        };
        if let Some(miss) = miss {
            inner.missed = Some(miss.clone());
            return Err(miss);
        }
        let served = number.and_then(|number| inner.remove(number));
        served.ok_or_else(|| self.miss(&inner, asked))
    }

    /// A request that is on the tape, but not before this exchange.
    fn early(&self, inner: &Inner, first: u64, asked: &Value) -> Miss {
        let due = inner
            .left
            .get(&first)
            .map_or_else(String::new, |(_, exchange)| exchange.name());
        Miss {
            exchange: Some(first),
            pointer: "its place in the order".to_owned(),
            recorded: format!("the turn of {due}"),
            now: format!("the turn of {}", request::name(asked)),
            command: self.command.to_string(),
        }
    }

    /// Compares with the next exchange of the same method and path, or else with the next of all.
    fn miss(&self, inner: &Inner, asked: &Value) -> Miss {
        let same = |exchange: &&Exchange| {
            ["method", "path"]
                .iter()
                .all(|part| exchange.request.get(part) == asked.get(part))
        };
        let mut left = inner.left.iter();
        let nearest = left
            .clone()
            .find(|(_, (_, exchange))| same(&exchange))
            .or_else(|| left.next());
        let command = self.command.to_string();
        let Some((number, (_, exchange))) = nearest else {
            return Miss {
                exchange: None,
                pointer: String::new(),
                recorded: "nothing more".to_owned(),
                now: format!("a request {}", request::name(asked)),
                command,
            };
        };
        let (pointer, recorded, now) = request::difference(&exchange.request, asked);
        let (recorded, now) = shown(recorded, now);
        Miss {
            exchange: Some(*number),
            pointer,
            recorded,
            now,
            command,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The first exchange that must have been served before this one and was not: completions are in order with
    /// everything, queries between two completions may come in any order.
    fn skipped_by(&self, number: u64) -> Option<u64> {
        let completes = |number: &u64| {
            let exchange = self.left.get(number);
            exchange.is_some_and(|(_, exchange)| exchange.is_completion())
        };
        let everything = completes(&number);
        self.left
            .range(..number)
            .map(|(earlier, _)| *earlier)
            .find(|earlier| everything || completes(earlier))
    }

    fn remove(&mut self, number: u64) -> Option<Exchange> {
        let (key, exchange) = self.left.remove(&number)?;
        if let Some(queue) = self.queues.get_mut(&key) {
            queue.pop_front();
        }
        Some(exchange)
    }
}
