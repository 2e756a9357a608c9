//! What the model reads before the conversation: rendered from `prompts/` and the catalog, byte-stable, hashed.
//!
//! Nothing here reads a clock, the environment or an unordered map; text from outside is cleaned before it is shown.

mod entry;
mod render;
mod said;
mod templates;
mod turn;

pub use render::{CATALOG_BUDGET_BYTES, Prompt, PromptError, entry_text};
pub use turn::{question_of, user_turn};
