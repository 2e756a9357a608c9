//! Completions of a whole run by a provider's batch API, in rounds: sessions ask as always, and their completions come here
//! instead of going over the network ([`CompletionRelay`](crate::wire::CompletionRelay)). When every session waits, all that
//! wait go up as one provider batch; as results come, sessions run their tools and ask again, for the next round.
//!
//! A completion is known by its session and what it asks ([`CompletionKey`]), so that a run which was killed finds it again:
//! a session goes on from its tape and asks the very same. Everything is on the disk before it matters:
//!
//! ```text
//! provider/7.requests.jsonl   what goes up                                written first
//! manifest.json               batch 7 is intended, with its token         then this, then it is submitted
//! manifest.json               batch 7 is `batch_abc`                      a lost answer is found by the token before that
//! provider/7.results.jsonl    what came back                              before any session hears of it
//! ```
//!
//! Start reading at `collector.rs`; `follow.rs` is the life of one provider batch.

mod collector;
mod deliver;
mod files;
mod follow;
mod giving_up;
mod key;
mod notes;
mod plan;
mod relay;

pub(super) use collector::{CollectorParts, RoundCollector, RoundsEnd};
pub(crate) use collector::{RoundEvent, RoundOptions};
pub(crate) use giving_up::AbandonedBatch;
pub(super) use giving_up::GivingUp;
pub(crate) use notes::ProviderNotes;
pub(crate) use plan::RoundPlan;
pub(super) use plan::most_rounds;
pub(super) use relay::{SessionRelay, SessionSeat};
