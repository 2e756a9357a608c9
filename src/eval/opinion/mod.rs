//! What a language model thinks of answers that the graders have judged: a diagnostic, asked for by name. It reaches no
//! verdict, no baseline and no exit code; it is there to be held against the graders.

mod ask;
mod material;
mod opinions;

pub use ask::{Judge, JudgeError};
pub use opinions::{Opinion, Opinions};
