//! What the model reads before the conversation: how to work, and the catalog.
//!
//! [`Prompt::render`] is a function of the templates in `prompts/system`, the catalog, the tools and whether the model may point
//! at figures, and of nothing else: no clock, no environment, no unordered map. The same inputs give the same bytes in every process, so that providers'
//! caches hit, and a hash of each part stands in every answer and on every tape. Text from outside is made safe before it
//! is shown. A catalog that is too long is shown in a shorter form, in the end as a map, and what entries have in
//! common is said once.
//!
//! ```text
//! metric 3 "Revenue" · Finance / Sales
//!   computes: sum of Total
//!   dimensions: Created At datetime; Product.Category text = Doohickey | Gadget
//! ```
//!
//! Start with `render.rs`; `entry.rs` is what is said of one entry.

mod entry;
mod fill;
mod map;
mod render;
mod sharing;
mod templates;
mod texts;
mod words;

pub(crate) use fill::fill;
pub(crate) use render::entry_summary;
pub use render::{CATALOG_BUDGET_BYTES, Prompt, PromptError, entry_text};
pub(crate) use render::{notes_lines, shows_map};
pub(crate) use texts::texts_hash_for;
pub use texts::{DBT_TEXTS, PROMPT_TEXTS, text_hashes, texts_hash};
pub(crate) use words::words_hash_for;
pub use words::{DBT_WORDS, PROGRAM_WORDS, words_hash};
