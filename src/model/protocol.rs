use std::fmt;

use super::{Provider, RequestPart};

/// The API that a model is asked over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelProtocol {
    /// OpenAI's chat completions.
    ChatCompletions,
    /// OpenAI's Responses API.
    Responses,
    /// Anthropic's Messages API.
    Messages,
}

impl ModelProtocol {
    /// The protocol of a provider whose server refused these parts. `None` where nobody is asked.
    pub(super) fn of(provider: Provider, left_out: &[RequestPart]) -> Option<Self> {
        match provider {
            Provider::Openai if left_out.contains(&RequestPart::ChatCompletions) => Some(Self::Responses),
            Provider::Openai => Some(Self::ChatCompletions),
            Provider::OpenaiResponses => Some(Self::Responses),
            Provider::Anthropic => Some(Self::Messages),
            Provider::Offline => None,
        }
    }
}

impl fmt::Display for ModelProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChatCompletions => "OpenAI's chat completions",
            Self::Responses => "OpenAI's Responses API",
            Self::Messages => "Anthropic's Messages API",
        })
    }
}
