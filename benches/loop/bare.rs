//! The floor: a loop over reqwest that does the same HTTP and nothing else. It keeps the messages, reads the stream, runs the
//! call, and puts the rows into the next request.

use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::contender::Addresses;
use crate::{Outcome, card_rows};

/// Answers one question.
pub(crate) async fn turn(client: &reqwest::Client, at: &Addresses, question: &str) -> Outcome<String> {
    let tool = json!({
        "type": "function",
        "function": {
            "name": "run_card", "description": "Runs a card.",
            "parameters": {"type": "object", "properties": {"card_id": {"type": "integer"}, "parameters": {"type": "object"}}},
        },
    });
    let mut messages = vec![
        json!({"role": "system", "content": "Answer questions with the card."}),
        json!({"role": "user", "content": question}),
    ];
    loop {
        let body = json!({
            "model": "bench", "stream": true, "stream_options": {"include_usage": true},
            "messages": messages, "tools": [tool],
        });
        let (text, call) = complete(client, &at.model, &body).await?;
        let Some((id, arguments)) = call else {
            return Ok(text);
        };
        let card = json!(at.card);
        let rows = card_rows::rows(
            client,
            (&at.metabase, &at.key),
            &card,
            &serde_json::from_str(&arguments)?,
        )
        .await?;
        messages.push(json!({
            "role": "assistant", "content": null,
            "tool_calls": [{"id": id, "type": "function", "function": {"name": "run_card", "arguments": arguments}}],
        }));
        messages.push(json!({"role": "tool", "tool_call_id": id, "content": rows}));
    }
}

/// The text of a completion, and the id and arguments of its call if it has one.
async fn complete(
    client: &reqwest::Client,
    base: &str,
    body: &Value,
) -> Outcome<(String, Option<(String, String)>)> {
    let response = client
        .post(format!("{base}/chat/completions"))
        .header("content-type", "application/json")
        .body(serde_json::to_vec(body)?)
        .send()
        .await?
        .error_for_status()?;
    let (mut text, mut call, mut open) = (String::new(), None::<(String, String)>, String::new());
    let mut stream = response.bytes_stream();
    while let Some(piece) = stream.next().await {
        open.push_str(std::str::from_utf8(&piece?)?);
        while let Some((event, rest)) = open.split_once("\n\n") {
            if let Some(data) = event.strip_prefix("data: ").filter(|data| *data != "[DONE]") {
                let chunk: Value = serde_json::from_str(data)?;
                let delta = chunk.pointer("/choices/0/delta");
                let field = |pointer: &str| delta.and_then(|delta| delta.pointer(pointer)?.as_str());
                text.push_str(field("/content").unwrap_or_default());
                if let Some(id) = field("/tool_calls/0/id") {
                    call = Some((id.to_owned(), String::new()));
                }
                if let (Some((_, arguments)), Some(more)) =
                    (&mut call, field("/tool_calls/0/function/arguments"))
                {
                    arguments.push_str(more);
                }
            }
            open = rest.to_owned();
        }
    }
    Ok((text, call))
}
