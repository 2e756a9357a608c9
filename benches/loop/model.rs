//! The stub of the model: calls the card twice, then answers; what names no order lines it answers at once. Each question names a number, and so each query is another one
//! and no cache can serve it. The address says how long a completion takes: `/wait/MILLISECONDS/v1`.

use std::sync::LazyLock;
use std::time::Duration;

use async_stream::stream;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};

use crate::Outcome;

/// Pieces that a text or the arguments of a call come in.
const PIECES: usize = 12;

/// What asks for order lines.
const LINES: &str = "come after line";

/// Serves it; returns its address.
pub(crate) async fn serve(card: u64) -> Outcome<String> {
    let routes = Router::new()
        .route("/wait/{wait}/v1/chat/completions", post(complete))
        .with_state(card);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address)
}

/// What a question is answered with that asks for no lines, made once: under load the stub is to take as little as it can.
static PLAIN: LazyLock<Vec<Bytes>> = LazyLock::new(|| told(&events(&Value::Null, 0)));

async fn complete(State(card): State<u64>, Path(wait): Path<u64>, body: Bytes) -> Response {
    let asks_for_lines = str::from_utf8(&body).is_ok_and(|text| text.contains(LINES));
    let pieces = if asks_for_lines {
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        told(&events(&request, card))
    } else {
        PLAIN.clone()
    };
    let body = stream! {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        for piece in pieces {
            yield Ok::<_, std::convert::Infallible>(piece);
        }
    };
    let mut response = Response::new(Body::from_stream(body));
    let kind = axum::http::HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// Events as they are sent.
fn told(events: &[Value]) -> Vec<Bytes> {
    let told = events
        .iter()
        .map(|event| Bytes::from(format!("data: {event}\n\n")));
    told.chain([Bytes::from_static(b"data: [DONE]\n\n")]).collect()
}

fn events(request: &Value, card: u64) -> Vec<Value> {
    let messages = request.get("messages").and_then(Value::as_array);
    let messages = messages.map_or(&[][..], Vec::as_slice);
    let role = |message: &Value, role: &str| message.get("role").and_then(Value::as_str) == Some(role);
    let results = messages.iter().filter(|message| role(message, "tool")).count();
    let asked = messages.iter().rev().find(|message| role(message, "user"));
    let asked = asked
        .and_then(|message| message.get("content")?.as_str())
        .unwrap_or_default();
    let from = number(asked) + results as u64;
    let chunk = |delta: Value, finish: Option<&str>| {
        json!({
            "id": "c", "object": "chat.completion.chunk", "created": 0, "model": "bench",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        })
    };
    let mut events = Vec::new();
    // A question that asks for no lines is answered without a call.
    let calls = if asked.contains(LINES) { 2 } else { 0 };
    let finish = if results < calls {
        let arguments = json!({"card_id": card, "parameters": {"From": from}}).to_string();
        let call = json!([{
            "index": 0, "id": format!("call_{results}"), "type": "function",
            "function": {"name": "run_card", "arguments": ""},
        }]);
        events.push(chunk(
            json!({"role": "assistant", "content": null, "tool_calls": call}),
            None,
        ));
        for piece in pieces(&arguments) {
            let call = json!([{"index": 0, "function": {"arguments": piece}}]);
            events.push(chunk(json!({"tool_calls": call}), None));
        }
        "tool_calls"
    } else {
        let text = "The order lines that were asked for came from both shops, in the order of their numbers, and the \
                    list is complete as far as it was asked for.";
        events.extend(
            pieces(text)
                .into_iter()
                .map(|piece| chunk(json!({"content": piece}), None)),
        );
        "stop"
    };
    events.push(chunk(json!({}), Some(finish)));
    events.push(json!({
        "id": "c", "object": "chat.completion.chunk", "created": 0, "model": "bench", "choices": [],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 40, "total_tokens": 1040},
    }));
    events
}

/// The number that a question names behind `line`.
fn number(question: &str) -> u64 {
    let behind = question.rsplit("line ").next().unwrap_or_default();
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}

fn pieces(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let size = characters.len().div_ceil(PIECES).max(1);
    characters
        .chunks(size)
        .map(|piece| piece.iter().collect())
        .collect()
}
