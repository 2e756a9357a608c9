//! A planner that needs no language model, for a demo without a key and as the baseline that every model must beat.
//!
//! [`OfflinePlanner`] is a [`Model`](crate::model::Model): it makes one tool call and writes the result down plainly. It reads
//! a question as keywords (`question`: what is asked about, over which period, for each of what, only where, how many of
//! the best), compares them with each entry of the catalog (`profile`, `index`, `score`), and proposes the call of the best
//! one (`card`, `grouped`). It knows no more than the catalog says and gives up where the question speaks of things that
//! no entry speaks of.
//!
//! ```text
//! revenue by month in 2025   query_metric {"metric_id":1, "group_by":[month], "filters":[2025-01-01, 2026-01-01)}
//! what can I ask?            ask_user, with names of entries
//! how is the weather?        cannot_answer: nothing in the catalog speaks of "weather"
//! ```
//!
//! Start with `offline.rs`, which decides what is done next.

mod answer;
mod card;
mod dimension;
mod figure;
mod grouped;
mod index;
mod lexicon;
mod offline;
mod profile;
mod proposal;
mod question;
mod score;
mod stem;
mod time;

pub use offline::OfflinePlanner;
