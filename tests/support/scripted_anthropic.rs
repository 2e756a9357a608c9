//! Replies as Anthropic's Messages API streams them.

use serde_json::{Value, json};

use super::reply::{Reply, ReplyUsage, Say};
use super::scripted_openai::halves;

fn event(body: &Value) -> String {
    format!(
        "event: {}\ndata: {body}\n\n",
        body["type"].as_str().unwrap_or("unknown")
    )
}

fn start(usage: Option<ReplyUsage>) -> String {
    let usage = usage.map(|usage| {
        json!({
            "input_tokens": usage.input.saturating_sub(usage.cached + usage.written),
            "cache_read_input_tokens": usage.cached, "cache_creation_input_tokens": usage.written,
            "output_tokens": 1,
        })
    });
    event(&json!({
        "type": "message_start",
        "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "scripted-1", "content": [],
                    "usage": usage},
    })) + &event(&json!({"type": "ping"}))
}

fn block(index: usize, content: &Value, deltas: &[Value]) -> String {
    let mut body = event(&json!({"type": "content_block_start", "index": index, "content_block": content}));
    for delta in deltas {
        body += &event(&json!({"type": "content_block_delta", "index": index, "delta": delta}));
    }
    body + &event(&json!({"type": "content_block_stop", "index": index}))
}

/// What comes before the first piece of an endless text.
pub fn opening() -> String {
    let text =
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
    start(None) + &event(&text)
}

/// One piece of the first block's text.
pub fn delta(text: &str) -> String {
    let delta = json!({"type": "text_delta", "text": text});
    event(&json!({"type": "content_block_delta", "index": 0, "delta": delta}))
}

/// What comes before the first piece of endless reasoning.
pub fn pondering() -> String {
    let thinking = json!({"type": "thinking", "thinking": "", "signature": ""});
    start(None) + &event(&json!({"type": "content_block_start", "index": 0, "content_block": thinking}))
}

/// One piece of the first block's reasoning.
pub fn thought(text: &str) -> String {
    let delta = json!({"type": "thinking_delta", "thinking": text});
    event(&json!({"type": "content_block_delta", "index": 0, "delta": delta}))
}

/// A whole turn: a text block, tool blocks with their input in fragments, usage, the end.
pub fn turn(reply: &Reply) -> String {
    let Say::Turn { text, calls, stop } = &reply.say else {
        return String::new();
    };
    let mut body = start(reply.usage);
    let mut index = 0;
    if !text.is_empty() {
        let words: Vec<Value> = text
            .split_inclusive(' ')
            .map(|word| json!({"type": "text_delta", "text": word}))
            .collect();
        body += &block(index, &json!({"type": "text", "text": ""}), &words);
        index += 1;
    }
    for (nth, (name, arguments)) in calls.iter().enumerate() {
        let parts = halves(arguments).map(|part| json!({"type": "input_json_delta", "partial_json": part}));
        let content = json!({"type": "tool_use", "id": format!("toolu_{nth}"), "name": name, "input": {}});
        body += &block(index, &content, &parts);
        index += 1;
    }
    let natural = if calls.is_empty() { "end_turn" } else { "tool_use" };
    let output = reply.usage.map(|usage| json!({"output_tokens": usage.output}));
    body += &event(&json!({
        "type": "message_delta", "usage": output,
        "delta": {"stop_reason": stop.as_deref().unwrap_or(natural), "stop_sequence": null},
    }));
    body + &event(&json!({"type": "message_stop"}))
}
