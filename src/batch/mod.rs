//! Many questions in one run: asked side by side, answered into one file, and finished whatever happens on the way.
//!
//! The idea: every answer is known by its question's id, and every question has a tape that is written before anything on
//! it is used. So the files say at any moment what is done, half done and not begun, and a run that was killed needs
//! nothing but the same command to go on. Nothing is kept in memory that grows with answers; of each question a few numbers
//! are (`QuestionIndex`).
//!
//! ```text
//! questions.csv ─► QuestionFile (checked whole, indexed) ─┐
//! answers.jsonl ─► AnswersFile (what is answered)         ├─► BatchRun ─► sessions side by side ─► answers.jsonl
//! answers.jsonl.run/  manifest.json  lock  tapes/         ┘                                      ─► BatchSummary
//!                     provider/ (with a provider's batch API: see `rounds`)
//! ```
//!
//! `schedule.rs` is what `eval run` uses too. Start reading at `BatchRun`, then `ask.rs`, which answers one session's
//! questions.

mod answers;
mod apps;
mod ask;
mod credential;
mod csv_rows;
mod earlier;
mod error;
mod folder;
mod index;
mod line;
mod lock;
mod manifest;
mod metadata;
mod question;
mod questions;
mod report;
mod rounds;
mod run;
mod schedule;
mod spent;
mod summary;
mod table;

pub(crate) use ask::{RowEnd, RowEvent, RunEvent};
pub(crate) use error::BatchError;
pub(crate) use folder::RunFolder;
pub(crate) use questions::QuestionFile;
pub(crate) use report::write_report;
pub(crate) use rounds::{AbandonedBatch, RoundEvent, RoundOptions, RoundPlan};
pub(crate) use run::{AnswerOrder, AskOptions, BatchOptions, BatchRun, RunEnd};
pub(crate) use schedule::in_parallel;
pub(crate) use summary::{BatchSummary, NotAsked, StartCounts};
pub(crate) use table::write_table;
