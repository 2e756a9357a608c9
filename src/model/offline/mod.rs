//! The planner that needs no language model. It reads a question as keywords: what is asked about, over which period,
//! for each of what, only where, and how many of the best. It picks the entry of the catalog that SQLite's full-text
//! ranking and the question's needs agree on, makes one tool call like any model, and writes the result down plainly.
//!
//! It knows no more than the catalog says, makes nothing up, and gives up where the question speaks of things that no
//! entry speaks of.

mod answer;
mod card;
mod dimension;
mod figure;
mod grouped;
mod index;
mod lexicon;
mod planner;
mod profile;
mod proposal;
mod question;
mod score;
mod stem;
mod time;

pub use planner::OfflinePlanner;
