//! Parts of a request that a server may refuse, and that a completion can do without.
//!
//! Servers that speak OpenAI's protocol know more or less of it. A server that refuses a request for one part of it (status
//! 400, and its words name the part) is asked again without that part, once for each part, and what was left out is
//! remembered for this server and model as long as the process runs. `table` says which words mean which part, one line for
//! each dialect; `cue` is what it looks for, and `token_limit` reads the numbers of a limit. [`Adjustments`] is the memory. A tape's header says what was left
//! out when its turn began, because a replay has to send the same.

mod cue;
mod part;
mod table;
mod token_limit;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use url::Url;

use super::refusal::ServerRefusal;

pub(super) use cue::RefusalWords;
pub use part::RequestPart;
pub(super) use table::{limit_advice, refused};
pub(super) use token_limit::TokenLimitAdvice;

/// What of a request could be left out.
#[derive(Debug, Clone, Default)]
pub(super) struct SentParts {
    pub(super) parts: Vec<RequestPart>,
    /// The names of fields that only the server understands.
    pub(super) kept: BTreeSet<String>,
    pub(super) limit: Option<SentLimit>,
}

/// Those of these parts that a request has, by whether it has them, and that are not left out.
pub(super) fn parts_of<const N: usize>(
    parts: [(RequestPart, bool); N],
    left_out: &BTreeSet<RequestPart>,
) -> Vec<RequestPart> {
    let sent = parts
        .into_iter()
        .filter(|(part, sent)| *sent && !left_out.contains(part));
    sent.map(|(part, _)| part).collect()
}

/// A limit of tokens that a request had.
#[derive(Debug, Clone, Copy)]
pub(super) struct SentLimit {
    pub(super) tokens: u32,
    /// Whether a request may be without one.
    pub(super) is_optional: bool,
}

/// A limit of tokens as it is sent where these parts are left out.
pub(super) fn token_limit(wanted: u32, left_out: &BTreeSet<RequestPart>) -> u32 {
    let most = left_out.iter().filter_map(|part| match part {
        RequestPart::TokensAbove(tokens) => Some(*tokens),
        _ => None,
    });
    most.min().map_or(wanted, |most| wanted.min(most))
}

type SharedParts = Arc<Mutex<BTreeSet<RequestPart>>>;

/// What is left out of requests to one model of one server. Clones share their memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Adjustments(SharedParts);

impl Adjustments {
    /// What this process has found out about the model of this server.
    pub(super) fn of_process(base: &Url, model: &str) -> Self {
        static KNOWN: LazyLock<Mutex<BTreeMap<(String, String), SharedParts>>> =
            LazyLock::new(Mutex::default);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (base.to_string(), model.to_owned());
        Self(Arc::clone(known.entry(key).or_default()))
    }

    /// What was known when a turn was recorded.
    pub(super) fn recorded(parts: &[RequestPart]) -> Self {
        Self(Arc::new(Mutex::new(parts.iter().copied().collect())))
    }

    /// What is left out now.
    pub(super) fn parts(&self) -> BTreeSet<RequestPart> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Leaves a part out from now on.
    pub(super) fn leave_out(&self, part: RequestPart) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(part);
    }

    /// Whether this part is left out.
    pub(super) fn has(&self, part: RequestPart) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&part)
    }

    /// Decides on a refusal of a request that had these parts: whether to ask again, without the part it names. `tried` is
    /// what was left out for this request already; it is sent again from now on if leaving it out did not help.
    pub(super) fn answer(
        &self,
        refusal: &ServerRefusal,
        sent: &SentParts,
        tried: &mut Vec<RequestPart>,
    ) -> bool {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let limited = tried
            .iter()
            .any(|part| matches!(part, RequestPart::TokensAbove(_)));
        let part = match refusal.part(sent) {
            // The limit that the server named did not help.
            Some(RequestPart::TokensAbove(_)) if limited => sent
                .limit
                .filter(|limit| limit.is_optional)
                .map(|_| RequestPart::AnyTokenLimit),
            part => part,
        };
        match part {
            // Whoever drives the model decides what to do without tools.
            Some(part) if part.changes_the_way() => {
                // What was tried before, so that tools could stay, did not help.
                for part in tried.extract_if(.., |part| part.is_for_tools()) {
                    parts.remove(&part);
                }
                tracing::info!(
                    adjusted = part.sentence(),
                    "asked in another way, because the model's server refused"
                );
                parts.insert(part);
                false
            }
            Some(part) => {
                tracing::info!(
                    adjusted = part.sentence(),
                    "asked again without what the model's server refused"
                );
                parts.insert(part);
                tried.push(part);
                true
            }
            None => {
                tried.drain(..).for_each(|part| {
                    parts.remove(&part);
                });
                false
            }
        }
    }
}
