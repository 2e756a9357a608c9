//! Numbers of events. Each run of a turn numbers its events in a range of its own, and so does the log that is told of a stored
//! answer: the number that a client has read last says which log that was. Later logs have higher numbers, all of them exact
//! in JavaScript.

/// Numbers of one log.
const RANGE: u64 = 1 << 20;

/// What numbers of the log of a stored answer begin after.
pub(in crate::server) const STORED: u64 = 1 << 52;

/// What numbers of a run begin after that takes a turn over now.
pub(super) fn of_next_run() -> u64 {
    let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(1);
    now.saturating_mul(RANGE).min(STORED - RANGE)
}

/// The number of the event after the first `count` ones of a log.
pub(in crate::server) fn after_events(first: u64, count: usize) -> u64 {
    first.saturating_add(u64::try_from(count).unwrap_or(u64::MAX))
}

/// Whether whoever has read `seen` has read the log to its end, which has the number `last`.
pub(in crate::server) fn has_read_to(last: u64, seen: u64) -> bool {
    seen >= last && seen / RANGE == last / RANGE
}
