//! Replies as OpenAI's Responses API streams them: sealed reasoning first, then calls or a message.

use serde_json::{Value, json};

use super::reply::{Reply, Say};
use super::scripted_openai::halves;

/// Events as they are framed.
pub fn events(events: &[Value]) -> String {
    let framed = events
        .iter()
        .map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()));
    framed.collect::<Vec<_>>().concat()
}

/// Reasoning that only the server can read.
pub fn reasoning() -> Value {
    json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "sealed"})
}

/// A message that says a text.
pub fn message(text: &str) -> Value {
    json!({
        "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    })
}

/// A whole turn: every item begins, comes in pieces and ends; then the response with all of them and its usage.
pub fn turn(reply: &Reply) -> String {
    let Say::Turn { text, calls, stop } = &reply.say else {
        return String::new();
    };
    let mut told = vec![json!({"type": "response.created", "response": {"status": "in_progress"}})];
    let mut output = Vec::new();
    let mut item = |item: Value, kind: &str, pieces: &[&str]| {
        let index = output.len();
        told.push(json!({"type": "response.output_item.added", "output_index": index, "item": item}));
        for piece in pieces {
            told.push(json!({"type": kind, "output_index": index, "delta": piece}));
        }
        told.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
        output.push(item);
    };
    item(reasoning(), "", &[]);
    if !text.is_empty() {
        let words: Vec<&str> = text.split_inclusive(' ').collect();
        item(message(text), "response.output_text.delta", &words);
    }
    for (nth, (name, arguments)) in calls.iter().enumerate() {
        let call = json!({
            "type": "function_call", "id": format!("fc_{nth}"), "call_id": format!("call_{nth}"), "name": name,
            "arguments": arguments, "status": "completed",
        });
        item(call, "response.function_call_arguments.delta", &halves(arguments));
    }
    let status = if stop.is_some() { "incomplete" } else { "completed" };
    let usage = reply.usage.map(|usage| {
        json!({
            "input_tokens": usage.input, "output_tokens": usage.output,
            "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.written},
        })
    });
    told.push(json!({"type": format!("response.{status}"), "response": {
        "object": "response", "id": "resp_1", "status": status, "model": "scripted-1", "output": output, "usage": usage,
        "incomplete_details": stop.as_ref().map(|reason| json!({ "reason": reason })),
    }}));
    events(&told)
}
