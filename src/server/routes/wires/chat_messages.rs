//! The messages of a chat completion's request: the question, and the conversation before it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::server::http_error::HttpError;
use crate::server::turns::message_hash;

/// A request for a chat completion, as far as it means something here.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::server::routes) struct ChatRequest {
    /// The conversation; the last one is the question.
    pub(super) messages: Vec<ChatMessage>,
    /// Whether the answer comes in chunks.
    #[serde(default)]
    pub(super) stream: bool,
    pub(super) stream_options: Option<StreamOptions>,
    /// `session` names the session.
    pub(super) metadata: Option<Map<String, Value>>,
    /// Has to be empty, unless `tool_choice` is `none`: Cardinal runs tools of its own.
    #[serde(default)]
    tools: Vec<Value>,
    tool_choice: Option<Value>,
    /// Has to be 1: one question has one answer.
    n: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct StreamOptions {
    /// Whether a last chunk tells the tokens.
    #[serde(default)]
    pub(super) include_usage: bool,
}

/// One message of a client's conversation.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ChatMessage {
    /// `user`, `assistant`, or another; only these two count.
    pub(super) role: String,
    /// A text, or a list of parts with a `text` each.
    #[serde(default)]
    content: Value,
}

impl ChatMessage {
    /// Its text; an error when it holds anything else.
    pub(super) fn text(&self) -> Result<String, HttpError> {
        match &self.content {
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text.clone()),
            Value::Array(parts) => {
                let mut text = String::new();
                for part in parts {
                    let piece = part.get("text").and_then(Value::as_str);
                    let piece = piece.ok_or_else(|| {
                        HttpError::bad_request(
                            "Cardinal reads text only: leave images, sound and files out of the message",
                        )
                    })?;
                    text.push_str(piece);
                }
                Ok(text)
            }
            _ => Err(HttpError::bad_request(
                "`content` of a message is a text or a list of parts",
            )),
        }
    }

    pub(super) fn user(text: String) -> Self {
        Self {
            role: "user".to_owned(),
            content: Value::String(text),
        }
    }

    fn is_said(&self) -> bool {
        matches!(self.role.as_str(), "user" | "assistant")
    }
}

/// A question, and what stands for the conversation before it.
#[derive(Debug)]
pub(super) struct ChatQuestion {
    pub(super) question: String,
    /// The hash of the messages before the question; `None` when it is the first.
    pub(super) before: Option<blake3::Hash>,
    pub(super) with_question: blake3::Hash,
}

impl ChatRequest {
    /// Checks that nothing is asked for that is not done here.
    pub(super) fn check(&self) -> Result<(), HttpError> {
        let off = self.tool_choice.as_ref().is_some_and(|choice| choice == "none");
        if !self.tools.is_empty() && !off {
            return Err(HttpError::bad_request(
                "Cardinal runs tools of its own and calls none of its clients: leave out `tools`, or switch native tools off for \
                 this model",
            ));
        }
        if self.n.is_some_and(|n| n != 1) {
            return Err(HttpError::bad_request(
                "`n` is 1 here: one question has one answer",
            ));
        }
        Ok(())
    }

    /// The question, and what stands for the conversation before it.
    pub(super) fn question(&self) -> Result<ChatQuestion, HttpError> {
        question_of(&self.messages)
    }

    /// The session that the request's metadata names.
    pub(super) fn session(&self) -> Option<String> {
        let session = self.metadata.as_ref()?.get("session")?.as_str()?;
        Some(session.to_owned())
    }
}

/// The last message, which has to be a person's, and the ones before it.
pub(super) fn question_of(messages: &[ChatMessage]) -> Result<ChatQuestion, HttpError> {
    let said: Vec<&ChatMessage> = messages.iter().filter(|message| message.is_said()).collect();
    let (last, before) = match said.split_last() {
        Some((last, before)) if last.role == "user" => (last, before),
        _ => {
            return Err(HttpError::bad_request(
                "the last message has to be the user's question",
            ));
        }
    };
    let mut hash = blake3::hash(b"cardinal: a conversation");
    for message in before {
        hash = message_hash(hash, &message.role, &message.text()?);
    }
    let question = last.text()?;
    Ok(ChatQuestion {
        before: (!before.is_empty()).then_some(hash),
        with_question: message_hash(hash, "user", &question),
        question,
    })
}
