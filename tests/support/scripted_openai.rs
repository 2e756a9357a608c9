//! Replies as an OpenAI-compatible server streams them.

use serde_json::{Value, json};

use super::reply::{Reply, Say};

fn event(body: &Value) -> String {
    format!("data: {body}\n\n")
}

fn chunk(delta: &Value, finish: Option<&str>) -> String {
    event(&json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted-1",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }))
}

/// One piece of text.
pub fn delta(text: &str) -> String {
    chunk(&json!({"content": text}), None)
}

/// One piece of reasoning.
pub fn thought(text: &str) -> String {
    chunk(&json!({"reasoning_content": text}), None)
}

/// A whole turn: text by words, tool calls in fragments, usage, the end mark.
pub fn turn(reply: &Reply) -> String {
    let Say::Turn { text, calls, stop } = &reply.say else {
        return String::new();
    };
    let mut body = chunk(&json!({"role": "assistant", "content": null}), None);
    for word in text.split_inclusive(' ') {
        body += &delta(word);
    }
    for (index, (name, arguments)) in calls.iter().enumerate() {
        let id = format!("call_{index}");
        let head = json!({"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}});
        body += &chunk(&json!({"tool_calls": [head]}), None);
        for piece in halves(arguments) {
            let tail = json!({"index": index, "function": {"arguments": piece}});
            body += &chunk(&json!({"tool_calls": [tail]}), None);
        }
    }
    let natural = if calls.is_empty() { "stop" } else { "tool_calls" };
    body += &chunk(&json!({}), Some(stop.as_deref().unwrap_or(natural)));
    if let Some(usage) = reply.usage {
        body += &event(&json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted-1", "choices": [],
            "usage": {
                "prompt_tokens": usage.input, "completion_tokens": usage.output,
                "total_tokens": usage.input + usage.output,
                "prompt_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.written},
            },
        }));
    }
    body + "data: [DONE]\n\n"
}

/// A text in two parts, cut at a character.
pub fn halves(text: &str) -> [&str; 2] {
    let middle = (0..=text.len() / 2)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let (head, tail) = text.split_at(middle);
    [head, tail]
}
