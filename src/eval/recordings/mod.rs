//! Recordings of cases: where they lie, what is noted of each, and how they are made.
//!
//! `tapes/SET/CASE/` beside a suite holds one case as one model answered it: `turn-1.jsonl` and so on, and `case.json`
//! with the hashes it was recorded under and the verdict of that time. What all sets share, prompts and catalogs, lies in
//! `tapes/prompts` and `tapes/catalogs`. A case is recorded in a hidden folder and moved to its place when it is whole,
//! so that nobody ever reads half a recording.
//!
//! [`record()`] makes recordings of a suite, [`promote()`] makes a case and its recording of the tape of an answer. Start at
//! `layout.rs` for the places and `note.rs` for the note.

mod confirm;
mod created;
mod data;
mod error;
mod layout;
mod note;
mod promote;
mod record;
mod staging;

pub use confirm::FigureToConfirm;
pub(crate) use data::data_hash;
pub use error::RecordingError;
pub use layout::Recordings;
pub(super) use layout::{folder_name, tape_path};
pub use note::{CaseNote, NOTE_FILE, RequestForm};
pub use promote::{PersonsOpinion, PromoteError, PromotedCase, Promotion, promote};
pub use record::{ExistingRecordings, RecordOptions, RecordedCase, chosen, record};
