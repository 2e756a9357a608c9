//! Talking to a model and keeping what it said.

use std::sync::Arc;

use cardinal::model::ModelSettings;
use cardinal::model::{
    Completion, Message, Model, ModelError, ModelEvent, ModelRequest, ToolCall, ToolChoice,
    ToolResultMessage, ToolSpec, connect,
};
use cardinal::wire::Wire;
use futures_util::StreamExt;
use serde_json::{Value, json};

/// What a listener heard, and the completion.
#[derive(Debug)]
pub struct Heard {
    pub texts: Vec<String>,
    pub started: Vec<String>,
    pub notices: Vec<String>,
    pub completion: Completion,
}

pub fn model(settings: &ModelSettings) -> Arc<dyn Model> {
    connect(settings, Wire::live().unwrap()).unwrap()
}

/// Asks and listens to the end.
pub async fn ask(settings: &ModelSettings, request: &ModelRequest) -> Result<Heard, ModelError> {
    listen(&*model(settings), request).await
}

pub async fn listen(model: &dyn Model, request: &ModelRequest) -> Result<Heard, ModelError> {
    let mut stream = model.complete(request).await?;
    let (mut texts, mut started, mut notices, mut completion) = (Vec::new(), Vec::new(), Vec::new(), None);
    while let Some(event) = stream.next().await {
        assert!(completion.is_none(), "something came after the end");
        match event? {
            ModelEvent::Text(text) => texts.push(text),
            ModelEvent::ToolCallStarted { name } => started.push(name),
            ModelEvent::Notice(notice) => notices.push(notice),
            ModelEvent::Unheard(_) => {}
            ModelEvent::Done(whole) => completion = Some(whole),
        }
    }
    let completion = completion.expect("a stream without an error ends in a completion");
    Ok(Heard {
        texts,
        started,
        notices,
        completion,
    })
}

pub fn tools() -> Arc<[ToolSpec]> {
    let run_card = json!({
        "type": "object", "additionalProperties": false, "required": ["card_id"],
        "properties": {"card_id": {"type": "integer", "enum": [7, 12]}},
    });
    let describe = json!({
        "type": "object", "additionalProperties": false, "required": ["id", "kind"],
        "properties": {"id": {"type": "integer"}, "kind": {"type": "string", "enum": ["card", "metric"]}},
    });
    let spec = |name: &str, description: &str, schema: Value| ToolSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        schema: schema.into(),
    };
    [
        spec("run_card", "Runs a card.", run_card),
        spec("describe", "Shows an entry.", describe),
    ]
    .into()
}

pub fn request(messages: Vec<Message>) -> ModelRequest {
    ModelRequest {
        system: "You answer from cards 7 and 12.".into(),
        tools: tools(),
        messages,
        tool_choice: ToolChoice::Auto,
        max_output_tokens: 512,
        temperature: None,
        cache_key: "prompt-hash".to_owned(),
    }
}

pub fn question() -> ModelRequest {
    request(vec![Message::Note("Revenue by month?".to_owned())])
}

pub fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    }
}

pub fn result(call_id: &str, content: &str, is_error: bool) -> ToolResultMessage {
    ToolResultMessage {
        call_id: call_id.to_owned(),
        tool: "run_card".to_owned(),
        content: content.into(),
        is_error,
        result: None,
        table: None,
    }
}

/// A conversation with a step of two calls, one of them refused, and what follows it.
pub fn conversation() -> Vec<Message> {
    vec![
        Message::Note("Revenue by month?".to_owned()),
        Message::Assistant {
            text: "I look.".to_owned(),
            tool_calls: vec![
                call("call_0", "run_card", "{\"card_id\":7}"),
                call("call_1", "no such tool", "{oops"),
            ],
            opaque: None,
        },
        Message::ToolResults(vec![
            result("call_0", "month,revenue\n2026-01,10", false),
            result("call_1", "no such tool", true),
        ]),
        Message::Note("Two steps are left.".to_owned()),
        Message::Assistant {
            text: "10 in January.".to_owned(),
            tool_calls: Vec::new(),
            opaque: None,
        },
        Message::Note("And in February?".to_owned()),
    ]
}
