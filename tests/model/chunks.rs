//! Streams of chat completions that a test puts together itself.

use cardinal::model::{ModelError, ModelRequest, connect};
use serde_json::{Value, json};

use super::retry::wire;
use super::talk::{Heard, listen, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

/// The mark that ends a stream.
pub const DONE: &str = "data: [DONE]\n\n";

/// These objects as events.
pub fn events(pieces: &[Value]) -> String {
    let framed = pieces.iter().map(|piece| format!("data: {piece}\n\n"));
    framed.collect::<Vec<_>>().concat()
}

/// A piece of the message.
pub fn chunk(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

/// A piece of its text.
pub fn said(text: &str) -> Value {
    chunk(json!({ "content": text }))
}

/// Pieces of its calls.
pub fn calls(pieces: Value) -> Value {
    chunk(json!({ "tool_calls": pieces }))
}

pub fn end(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

/// What comes of asking a server, whose troubles are tried again at once.
pub async fn heard(server: &ScriptedModel, asked: &ModelRequest) -> Result<Heard, ModelError> {
    listen(&*connect(&server.settings(), wire(server)).unwrap(), asked).await
}

/// What comes of one body, however often it is asked for.
pub async fn says(body: impl Into<String>) -> Result<Heard, ModelError> {
    let body = body.into();
    let server = ScriptedModel::openai_with(move |_| Reply::sse(body.clone())).await;
    heard(&server, &question()).await
}

/// The calls of a completion: each its name and its arguments, without blanks.
pub fn called(heard: &Heard) -> Vec<String> {
    let calls = heard.completion.tool_calls.iter();
    calls
        .map(|call| format!("{}{}", call.name, call.arguments.replace(' ', "")))
        .collect()
}
