use std::time::Duration;

use super::Grants;
use crate::approvals::ApprovalStore;
use crate::call_log::CallLog;

/// How a stack is set up.
#[derive(Debug, Clone)]
pub struct WireSettings {
    /// What may be sent, and where to. [`Grants::none`] sends nothing.
    pub grants: Grants,
    /// Where calls of operations are written down; `None`: nowhere.
    pub call_log: Option<CallLog>,
    /// Where approvals are asked for; `None`: what needs one is refused.
    pub approvals: Option<ApprovalStore>,
    pub cache: CacheSettings,
    /// Limits on what is in flight.
    pub limit: LimitSettings,
    pub retry: RetrySettings,
}

impl WireSettings {
    /// The defaults, with these grants.
    pub fn new(grants: Grants) -> Self {
        Self {
            grants,
            call_log: None,
            approvals: None,
            cache: CacheSettings::default(),
            limit: LimitSettings::default(),
            retry: RetrySettings::default(),
        }
    }
}

/// How long and how much the cache keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSettings {
    /// How long a response is served again after it came in; zero keeps nothing.
    pub time_to_live: Duration,
    /// Most bytes kept, all bodies together.
    pub max_bytes: u64,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            time_to_live: Duration::from_secs(60),
            max_bytes: 16 * 1024 * 1024,
        }
    }
}

/// How much all sessions together have in flight at once. Data queries are limited to one per session besides. What is
/// above a ceiling waits in our own queue, which no turn's clock counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// Most completions in flight to one host of a model; at least one.
    pub model: usize,
    /// Most requests in flight to one host of dbt; at least one.
    pub dbt: usize,
    /// Most other requests in flight to one host; at least one.
    pub metabase: usize,
    /// Longest wait in our own queue before a request is given up as [`super::WireError::Busy`].
    pub longest_wait: Duration,
    /// Most times one request is sent to a host that turns it away (429, 529). After each, the host is left alone for a
    /// while by all.
    pub turned_away: u32,
    /// Longest time that a host is left alone, whatever it asks for.
    pub longest_cool_down: Duration,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            model: 1024,
            dbt: 4,
            metabase: 8,
            longest_wait: Duration::from_secs(300),
            turned_away: 3,
            longest_cool_down: Duration::from_secs(20),
        }
    }
}

/// How often and when a request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrySettings {
    /// Most times one request is sent, apart from those that [`LimitSettings::turned_away`] counts; one never retries.
    pub attempts: u32,
    /// The first wait, before jitter; each further one is twice as long.
    pub base: Duration,
    /// Longest wait of our own choosing, before jitter.
    pub max_backoff: Duration,
    /// Longest wait a server may ask for; when it asks for more, its response is given back at once.
    pub max_retry_after: Duration,
    /// Longest wait for the first byte of an answer to [`super::Purpose::Auth`] and [`super::Purpose::Metadata`]
    /// before it is sent again. Queries and completions may rightly think for as long as their own timeout lasts,
    /// and sending them again would only double the work.
    pub first_byte: Duration,
    /// Where the jitter comes from: equal seeds and requests wait equally long.
    pub seed: u64,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            attempts: 3,
            base: Duration::from_millis(500),
            max_backoff: Duration::from_secs(8),
            max_retry_after: Duration::from_secs(20),
            first_byte: Duration::from_secs(20),
            seed: 0,
        }
    }
}
