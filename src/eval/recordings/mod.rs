//! Cases and their tapes: where a suite's recordings lie, what is noted of each, and how they are made.
//!
//! Beside a suite, `tapes/SET/CASE/` holds one case as one model answered it: `turn-1.jsonl` and so on, and `case.json`
//! with what it was recorded under and how it was graded then. What the model read first, and the catalogs, lie once for
//! all sets in `tapes/prompts` and `tapes/catalogs`.

mod confirm;
mod data;
mod error;
mod made;
mod note;
mod place;
mod promote;
mod record;
mod staging;

pub use confirm::Confirm;
pub use data::data_hash;
pub use error::RecordingError;
pub use note::{CaseNote, Form, NOTE_FILE, NOTE_VERSION};
pub use place::Recordings;
pub(super) use place::{folder_name, tape_path};
pub use promote::{PromoteError, Promoted, Promotion, promote};
pub use record::{Existing, RecordOptions, RecordedCase, chosen, record};
