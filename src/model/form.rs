use serde_json::json;

use super::{
    Message, ModelRequest, Provider, ToolCall, ToolChoice, ToolResultMessage, ToolSpec, anthropic, openai,
    responses,
};

/// Hash of the form that requests have, hex: of one request with every sort of message in it, as it would be sent. It
/// changes when the code that puts requests together does, whatever is asked; recordings made before are stale then.
pub(crate) fn request_form(provider: Provider) -> String {
    let sample = sample();
    let told = match provider {
        Provider::Openai => openai::fullest(&sample),
        Provider::OpenaiResponses => responses::fullest(&sample),
        Provider::Anthropic => anthropic::fullest(&sample),
        Provider::Offline => Ok(String::new()),
    };
    let hash = blake3::hash(told.unwrap_or_default().as_bytes());
    hash.to_hex().chars().take(20).collect()
}

fn sample() -> ModelRequest {
    let call = ToolCall {
        id: "call_1".to_owned(),
        name: "tool".to_owned(),
        arguments: r#"{"a":1}"#.to_owned(),
    };
    let result = |is_error| ToolResultMessage {
        call_id: "call_1".to_owned(),
        tool: "tool".to_owned(),
        content: "content".into(),
        is_error,
        result: None,
        table: None,
    };
    ModelRequest {
        system: "system".into(),
        tools: [ToolSpec {
            name: "tool".to_owned(),
            description: "description".to_owned(),
            schema: json!({ "type": "object" }).into(),
        }]
        .into(),
        messages: vec![
            Message::Note("question".to_owned()),
            Message::Assistant {
                text: "text".to_owned(),
                tool_calls: vec![call],
                opaque: None,
            },
            Message::ToolResults(vec![result(false), result(true)]),
            Message::Note("note".to_owned()),
        ],
        tool_choice: ToolChoice::None,
        max_output_tokens: 1,
        temperature: Some(0.5),
        cache_key: "key".to_owned(),
    }
}
