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
    /// What was not asked for yet, by number.
    left: BTreeMap<u64, Exchange>,
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
        let mut queues: BTreeMap<String, VecDeque<u64>> = BTreeMap::new();
        let mut left = BTreeMap::new();
        for (number, exchange) in (0..).zip(&tape.exchanges) {
            queues
                .entry(request::key(&exchange.request))
                .or_default()
                .push_back(number);
            left.insert(number, exchange.clone());
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
            Some((first, exchange)) => Err(Unconsumed {
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
            .get_mut(&request::key(asked))
            .and_then(VecDeque::pop_front);
        match number.and_then(|number| inner.left.remove(&number)) {
            Some(exchange) => Ok(exchange),
            None => {
                let miss = self.miss(&inner, asked);
                inner.missed = Some(miss.clone());
                Err(miss)
            }
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
            .find(|(_, exchange)| same(exchange))
            .or_else(|| left.next());
        let command = self.command.to_string();
        let Some((number, exchange)) = nearest else {
            return Miss {
                exchange: None,
                pointer: String::new(),
                recorded: "nothing more".to_owned(),
                now: format!("a request {}", request_name(asked)),
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

fn request_name(asked: &Value) -> String {
    let part = |name| asked.get(name).and_then(Value::as_str).unwrap_or("?");
    format!("{} {}", part("method"), part("path"))
}
