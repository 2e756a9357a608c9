use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::delta::shown;
use super::error::{Miss, UnusedExchanges};
use super::exchange::Exchange;
use super::read::TapeFile;
use super::request;
use super::stall::Stalls;

/// Serves what is on a tape: each exchange once, in the order they were recorded, for exactly the request it was
/// recorded for. A turn does one thing after the other, so that another order is another turn. Clones serve from the
/// same tape.
#[derive(Debug, Clone)]
pub struct Player {
    inner: Arc<Mutex<PlayerState>>,
    command: Arc<str>,
    stalls: Stalls,
}

#[derive(Debug)]
struct PlayerState {
    /// What was not asked for yet, in order, each with its number on the tape and its key.
    left: VecDeque<(u64, String, Exchange)>,
    missed: Option<Miss>,
}

/// Why a replay is not the recorded turn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Divergence {
    /// A request was not on the tape.
    #[error(transparent)]
    Miss(#[from] Miss),
    /// Recorded exchanges were not asked for.
    #[error(transparent)]
    Unused(#[from] UnusedExchanges),
}

impl Player {
    /// Serves the exchanges of `tape`.
    pub fn new(tape: &TapeFile) -> Self {
        Self::of(tape, |_| true)
    }

    /// Serves the completions of `tape`, and nothing else.
    pub(crate) fn of_completions(tape: &TapeFile) -> Self {
        Self::of(tape, Exchange::is_completion)
    }

    fn of(tape: &TapeFile, served: impl Fn(&Exchange) -> bool) -> Self {
        let exchanges = (0..).zip(&tape.exchanges);
        let left = exchanges
            .filter(|(_, exchange)| served(exchange))
            .map(|(number, exchange)| (number, request::key(&exchange.request), exchange.clone()))
            .collect();
        Self {
            inner: Arc::new(Mutex::new(PlayerState { left, missed: None })),
            command: tape.header.command().into(),
            stalls: Stalls::new(),
        }
    }

    /// Exchanges that the turn waits for longer than it did when it was recorded.
    pub(crate) fn stalls(&self) -> &Stalls {
        &self.stalls
    }

    /// Whether everything was asked for, and nothing else.
    pub fn finish(&self) -> Result<(), Divergence> {
        let inner = self.lock();
        if let Some(miss) = &inner.missed {
            return Err(miss.clone().into());
        }
        match inner.left.front() {
            None => Ok(()),
            Some((first, _, exchange)) => Err(UnusedExchanges {
                count: inner.left.len(),
                first: *first,
                request: exchange.name(),
                command: self.command.to_string(),
            }
            .into()),
        }
    }

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
        let key = request::key(asked);
        if inner.left.front().is_some_and(|(_, due, _)| *due == key)
            && let Some((_, _, exchange)) = inner.left.pop_front()
        {
            return Ok(exchange);
        }
        let miss = match inner.left.front() {
            Some((first, _, due)) if inner.left.iter().any(|(_, later, _)| *later == key) => {
                self.early(*first, due, asked)
            }
            _ => self.miss(&inner, asked),
        };
        inner.missed = Some(miss.clone());
        Err(miss)
    }

    /// A request that is on the tape, but not before this exchange.
    fn early(&self, first: u64, due: &Exchange, asked: &Value) -> Miss {
        Miss {
            exchange: Some(first),
            pointer: "its place in the order".to_owned(),
            recorded: format!("the turn of {}", due.name()),
            now: format!("the turn of {}", request::name(asked)),
            command: self.command.to_string(),
        }
    }

    /// Compares with the next exchange of the same method and path, or else with the next of all.
    fn miss(&self, inner: &PlayerState, asked: &Value) -> Miss {
        let same = |exchange: &Exchange| {
            ["method", "path"]
                .iter()
                .all(|part| exchange.request.get(part) == asked.get(part))
        };
        let mut left = inner.left.iter();
        let nearest = left
            .clone()
            .find(|(_, _, exchange)| same(exchange))
            .or_else(|| left.next());
        let command = self.command.to_string();
        let Some((number, _, exchange)) = nearest else {
            return Miss {
                exchange: None,
                pointer: String::new(),
                recorded: "nothing".to_owned(),
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

    fn lock(&self) -> MutexGuard<'_, PlayerState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
