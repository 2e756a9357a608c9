//! The script in place of the model. It asks the card for the lines that the question names, after it has looked the card up
//! where the prompt does not show it, and then answers.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};

use crate::Outcome;

/// The requests that came.
type Requests = Arc<Mutex<Vec<Value>>>;

/// A script that is served.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) url: String,
    requests: Requests,
}

impl Script {
    /// Serves it for the card with this id.
    pub(crate) async fn serve(card: u32) -> Outcome<Self> {
        let requests = Requests::default();
        let routes = Router::new()
            .route("/v1/chat/completions", post(complete))
            .with_state((card, Arc::clone(&requests)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/v1/", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { url, requests })
    }

    /// The requests that came.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn complete(State((card, requests)): State<(u32, Requests)>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let delta = said(&request, card);
    let finish = if delta.get("tool_calls").is_some() {
        "tool_calls"
    } else {
        "stop"
    };
    requests
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(request);
    let event = json!({
        "id": "c", "object": "chat.completion.chunk", "created": 0, "model": "bench",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 40, "total_tokens": 1040},
    });
    let mut response = Response::new(Body::from(format!("data: {event}\n\ndata: [DONE]\n\n")));
    let kind = axum::http::HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// The next step of the script.
fn said(request: &Value, card: u32) -> Value {
    let messages = request.get("messages").and_then(Value::as_array);
    let messages = messages.map_or(&[][..], Vec::as_slice);
    let role = |message: &Value, role: &str| message.get("role").and_then(Value::as_str) == Some(role);
    let asked = messages
        .iter()
        .rposition(|message| role(message, "user"))
        .unwrap_or_default();
    let since = messages.get(asked..).unwrap_or_default();
    let called = |tool: &str, messages: &[Value]| {
        let calls = messages
            .iter()
            .filter_map(|message| message.get("tool_calls")?.as_array());
        calls
            .flatten()
            .any(|call| call.pointer("/function/name").and_then(Value::as_str) == Some(tool))
    };
    let tools = request
        .get("tools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut names = tools.filter_map(|tool| tool.pointer("/function/name")?.as_str());
    let is_map = names.any(|name| name == "search_catalog");
    let call = |name: &str, arguments: Value| {
        json!({"role": "assistant", "content": null, "tool_calls": [{
            "index": 0, "id": format!("call_{}", messages.len()), "type": "function",
            "function": {"name": name, "arguments": arguments.to_string()},
        }]})
    };
    if called("run_card", since) {
        let text = "The order lines that were asked for are listed above, in the order of their numbers.";
        return json!({"role": "assistant", "content": text});
    }
    if is_map && !called("search_catalog", messages) {
        return call("search_catalog", json!({"words": "order lines from a number"}));
    }
    if is_map && !called("describe", messages) {
        return call("describe", json!({"kind": "card", "id": card}));
    }
    let question = since.first().map(Value::to_string).unwrap_or_default();
    let digits: String = question
        .rsplit("after line ")
        .next()
        .unwrap_or_default()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let from: u64 = digits.parse().unwrap_or_default();
    call("run_card", json!({"card_id": card, "parameters": {"From": from}}))
}
