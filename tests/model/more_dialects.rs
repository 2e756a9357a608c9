//! Further refusals of servers and gateways that people use, each mended by leaving out what it names.

use cardinal::model::{Message, ModelRequest, Provider, RequestPart, ToolChoice, connect};
use serde_json::{Value, json};

use super::retry::wire;
use super::talk::{call, conversation, listen, request, result};
use crate::support::scripted_model::{Reply, ScriptedModel};

/// A conversation with everything that a request can have: steps of two calls, one of them without words, notes, a temperature.
fn asked() -> ModelRequest {
    let mut messages = conversation();
    messages.extend([
        Message::Assistant {
            text: String::new(),
            tool_calls: vec![
                call(
                    "call_with_a_rather_long_id_of_its_own_1",
                    "run_card",
                    "{\"card_id\":7}",
                ),
                call(
                    "call_with_a_rather_long_id_of_its_own_2",
                    "run_card",
                    "{\"card_id\":12}",
                ),
            ],
            opaque: None,
        },
        Message::ToolResults(vec![
            result("call_with_a_rather_long_id_of_its_own_1", "7", false),
            result("call_with_a_rather_long_id_of_its_own_2", "12", false),
        ]),
        Message::Note("Answer in a sentence.".to_owned()),
    ]);
    let mut asked = request(messages);
    asked.temperature = Some(0.2);
    asked.tool_choice = ToolChoice::None;
    asked
}

/// Asks a server that refuses the first request with these words: what is left out of the second, and that one.
async fn mended(provider: Provider, status: u16, words: &str) -> (Vec<RequestPart>, Value) {
    let (mut asked_before, body) = (false, words.to_owned());
    let script = move |_: &Value| {
        if std::mem::replace(&mut asked_before, true) {
            Reply::text("ok")
        } else {
            Reply::failed(status, body.clone())
        }
    };
    let server = match provider {
        Provider::OpenaiResponses => ScriptedModel::responses_with(script).await,
        Provider::Anthropic => ScriptedModel::anthropic_with(script).await,
        _ => ScriptedModel::openai_with(script).await,
    };
    let mut settings = server.settings();
    settings.id.provider = provider;
    let model = connect(&settings, wire(&server)).unwrap();
    let heard = listen(&*model, &asked()).await;
    let heard = heard.unwrap_or_else(|error| panic!("{words}: {error}"));
    assert_eq!(heard.completion.text, "ok", "{words}");
    assert_eq!(server.requests().len(), 2, "{words}");
    (model.left_out(), server.requests().pop().unwrap())
}

/// A refusal with these words, which may be the whole of it.
fn said(words: &str) -> String {
    if words.starts_with(['{', '[']) {
        return words.to_owned();
    }
    json!({"error": {"message": words, "type": "invalid_request_error"}}).to_string()
}

/// Refusals as they come, or their message alone. Those that come with 500 as well are told with 400 here, because the wire asks again
/// after 500.
#[rustfmt::skip]
const OF_CHAT: &[(u16, &str, RequestPart)] = &[
    // vLLM, NVIDIA
    (400, r#"{"object": "error", "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg': 'Extra inputs are not permitted', 'input': {'include_usage': True}}]", "code": 400}"#, RequestPart::StreamOptions),
    (400, "1 validation error for ChatCompletionRequest\ntool_choice\n  Input should be 'auto' or 'required' [type=literal_error, input_value='none', input_type=str]", RequestPart::ToolChoice),
    (400, "This model only supports single tool-calls at once!", RequestPart::ParallelCalls),
    // SGLang
    (400, r#"{"object": "error", "message": "Conversation roles must alternate user/assistant/user/assistant/...", "code": 400}"#, RequestPart::RoleOrder),
    (400, r#"{"error": {"message": "Only user and assistant roles are supported!", "code": 500}}"#, RequestPart::SystemRole),
    // llama-server
    (400, r#"{"error": {"code": 500, "message": "Conversations must start with a user prompt", "type": "server_error"}}"#, RequestPart::SystemRole),
    (400, "Jinja Exception: This model only supports single tool-calls at once!", RequestPart::ParallelCalls),
    (400, "JSON schema conversion failed: Unrecognized schema: {\"type\": \"object\"}", RequestPart::ToolSchemas),
    // Ollama, LM Studio
    (400, r#"{"detail": [{"type": "list_type", "loc": ["body", "messages", 1, "content"], "msg": "Input should be a valid list", "input": "x"}]}"#, RequestPart::PlainContents),
    (400, "messages[0].content: invalid type: string, expected a sequence", RequestPart::PlainContents),
    (400, "Failed to deserialize the JSON body into the target type: messages[0]: invalid type: string \"x\", expected a sequence at line 1 column 9", RequestPart::PlainContents),
    (422, r#"{"error": {"message": "'content' must be an array of content blocks"}}"#, RequestPart::PlainContents),
    (400, r#"{"error": {"message": "Le paramètre stream_options n'est pas pris en charge"}}"#, RequestPart::StreamOptions),
    (400, r#"{"error": {"message": "Der Parameter 'stream_options' wird nicht unterstützt."}}"#, RequestPart::StreamOptions),
    (400, "invalid message content type: <nil>", RequestPart::NullContent),
    (400, r#"{"error": "json: unknown field \"stream_options\""}"#, RequestPart::StreamOptions),
    (400, r#"{"error": "Invalid tool_choice type: 'none'. Supported string values: auto, required"}"#, RequestPart::ToolChoice),
    // LiteLLM
    (400, "litellm.UnsupportedParamsError: databricks does not support parameters: {'stream_options': {'include_usage': True}}, for model=x. To drop these, set `litellm.drop_params=True`", RequestPart::StreamOptions),
    (400, "litellm.BadRequestError: OpenAIException - Invalid 'messages[8].tool_calls[0].id': string too long. Expected a string with maximum length 32, but got a string with length 39 instead.", RequestPart::CallIds),
    // Azure
    (400, "Unrecognized request argument supplied: stream_options", RequestPart::StreamOptions),
    (400, "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.", RequestPart::Temperature),
    // Bedrock gateways
    (400, "Malformed input request: #: extraneous key [temperature] is not permitted, please reformat your input and try again.", RequestPart::Temperature),
    (400, "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'", RequestPart::CallIds),
    (400, "ValidationException: This model doesn't support tool use in streaming mode.", RequestPart::Stream),
    // Groq
    (400, "`tool_choice` is invalid: must be one of auto or required", RequestPart::ToolChoice),
    (400, "invalid JSON schema for tool run_card, tools[0].function.parameters: `/properties/card_id`: 'enum' items must be strings", RequestPart::ToolSchemas),
    // Together, Fireworks
    (422, "Input validation error: `temperature` must be strictly positive", RequestPart::Temperature),
    (400, r#"{"detail": [{"loc": ["body", "tools", 0, "function", "parameters", "additionalProperties"], "msg": "Extra inputs are not permitted"}]}"#, RequestPart::ClosedSchemas),
    (400, "messages[8].content: data did not match any variant of untagged enum MessageContent", RequestPart::NullContent),
    // Mistral
    (422, r#"{"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted", "input": {"include_usage": true}}]}"#, RequestPart::StreamOptions),
    (400, r#"{"object": "error", "message": "Unexpected role 'user' after role 'tool'", "type": "invalid_request_message_order"}"#, RequestPart::RoleOrder),
    // DeepSeek, Moonshot
    (400, "deepseek-reasoner does not support successive user or assistant messages (messages[1] and messages[2] in your input). You should interleave the user/assistant messages in the message sequence.", RequestPart::RoleOrder),
    (400, "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2", RequestPart::NoReasoning),
    // Gemini
    (400, r#"[{"error": {"code": 400, "message": "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance.", "status": "INVALID_ARGUMENT"}}]"#, RequestPart::NoSignature),
    (400, r#"[{"error": {"code": 400, "message": "Invalid JSON payload received. Unknown name \"stream_options\": Cannot find field.", "status": "INVALID_ARGUMENT"}}]"#, RequestPart::StreamOptions),
    // xAI
    (400, r#"{"code": "Client specified an invalid argument", "error": "Each message must have at least one content element."}"#, RequestPart::NullContent),
    (400, r#"{"code": "x", "error": "Argument not supported on this model: streamOptions"}"#, RequestPart::StreamOptions),
    (400, r#"{"code": "x", "error": "Argument not supported on this model: maxTokens"}"#, RequestPart::TokenLimit),
    // Cloudflare, Zhipu, Qwen
    (400, r#"{"errors": [{"message": "AiError: Bad input: Type mismatch of '/messages/8/content', 'string' not in 'null'", "code": 5006}]}"#, RequestPart::NullContent),
    (400, "The content field is a required field.", RequestPart::NullContent),
    (400, "模型不支持 temperature 参数", RequestPart::Temperature),
    // Anthropic, Bedrock, Vertex, Gemini behind gateways, which make an empty text of `null`
    (400, "messages: text content blocks must be non-empty", RequestPart::EmptyContent),
    (400, "messages.2: all messages must have non-empty content except for the optional final assistant message", RequestPart::EmptyContent),
    (400, "The content field in the Message object at messages.2 is empty. Add a ContentBlock object to the content field and try again.", RequestPart::EmptyContent),
    (400, "The text field in the ContentBlock object at messages.1.content.0 is blank. Add text to the text field, and try again.", RequestPart::EmptyContent),
    (400, "Unable to submit request because it must have a text parameter. Add a text parameter and try again.", RequestPart::EmptyContent),
    (400, "GenerateContentRequest.contents[2].parts: contents.parts must not be empty.", RequestPart::EmptyContent),
    (422, "messages.2.content: Input should not be empty", RequestPart::EmptyContent),
    // Templates and validators of others
    (400, "'content' is a required property - 'messages.2'", RequestPart::NullContent),
    (400, "argument of type 'NoneType' is not iterable", RequestPart::NullContent),
];

#[tokio::test]
async fn refusals_of_chat_completions_name_what_is_left_out() {
    for (status, words, part) in OF_CHAT {
        let (parts, _) = mended(Provider::Openai, *status, &said(words)).await;
        assert_eq!(parts, [*part], "{words}");
    }
}

#[tokio::test]
async fn steps_of_several_calls_go_back_one_by_one() {
    let (_, last) = mended(
        Provider::Openai,
        400,
        &said("This model only supports single tool-calls at once!"),
    )
    .await;
    let messages = last["messages"].as_array().unwrap();
    let roles: Vec<&str> = messages
        .iter()
        .map(|message| message["role"].as_str().unwrap())
        .collect();
    assert_eq!(
        roles,
        [
            "system",
            "user",
            "assistant",
            "tool",
            "assistant",
            "tool",
            "user",
            "assistant",
            "user",
            "assistant",
            "tool",
            "assistant",
            "tool",
            "user"
        ]
    );
    for (step, answer) in messages.iter().zip(messages.iter().skip(1)) {
        if let Some(calls) = step["tool_calls"].as_array() {
            assert_eq!(calls.len(), 1);
            assert_eq!(calls[0]["id"], answer["tool_call_id"]);
        }
    }
    assert_eq!(messages[2]["content"], "I look.");
    assert_eq!(messages[4]["content"], Value::Null);
}

#[tokio::test]
async fn calls_of_other_models_go_back_with_a_stand_in_for_a_signature() {
    let words = "Function call is missing a thought_signature in functionCall parts.";
    let (_, last) = mended(Provider::Openai, 400, &said(words)).await;
    let calls = |nth: usize| last["messages"][nth]["tool_calls"].as_array().unwrap().clone();
    let signature = "/extra_content/google/thought_signature";
    assert!(calls(2)[0].pointer(signature).is_some_and(Value::is_string));
    assert!(calls(2)[1].pointer(signature).is_none());
}

/// A conversation whose first step goes back as items of the server's own.
fn with_items() -> ModelRequest {
    let items = json!([
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "phase": "commentary", "content": [{"type": "output_text", "text": "I look."}]},
        {"type": "function_call", "id": "fc_1", "call_id": "call_0", "name": "run_card", "arguments": "{}", "status": "completed"},
        {"type": "function_call", "id": "fc_2", "call_id": "call_1", "name": "describe", "arguments": "{}", "status": "completed"},
    ]);
    let mut asked = request(conversation());
    if let Message::Assistant { opaque, .. } = &mut asked.messages[1] {
        *opaque = Some(json!({ "openai_responses": items }));
    }
    asked
}

#[tokio::test]
async fn a_field_of_items_that_a_server_refuses_does_not_go_back() {
    fn items(body: &Value) -> impl Iterator<Item = &Value> {
        body["input"].as_array().unwrap().iter()
    }
    type Refused = fn(&Value) -> bool;
    let has_id: Refused = |body| items(body).any(|item| item.get("id").is_some());
    let has_status: Refused = |body| items(body).any(|item| item.get("status").is_some());
    let has_phase: Refused = |body| items(body).any(|item| item.get("phase").is_some());
    let is_typed: Refused =
        |body| items(body).any(|item| item.get("role").is_some() && item.get("type").is_some());
    let is_untyped: Refused = |body| items(body).any(|item| item.get("type").is_none());
    let is_long: Refused = |body| items(body).any(|item| item["call_id"] == "call_0");
    for (refused, words, part) in [
        (
            has_id,
            "Invalid 'input[1].id': 'msg_1'. Expected an ID that begins with 'fc'.",
            RequestPart::ItemIds,
        ),
        (has_id, "Unknown parameter: 'input[1].id'.", RequestPart::ItemIds),
        (
            has_id,
            "[{'type': 'extra_forbidden', 'loc': ('body', 'input', 'list[union[EasyInputMessageParam,Message]]', 1, 'ResponseOutputMessageParam', 'id'), 'msg': 'Extra inputs are not permitted'}]",
            RequestPart::ItemIds,
        ),
        (
            has_status,
            "Unknown parameter: 'input[1].status'.",
            RequestPart::ItemStatus,
        ),
        (
            has_status,
            "input.1.status: Extra inputs are not permitted",
            RequestPart::ItemStatus,
        ),
        (
            has_phase,
            "Unknown parameter: 'input[1].phase'.",
            RequestPart::KeptFields,
        ),
        (
            is_typed,
            "Unknown parameter: 'input[1].type'.",
            RequestPart::ItemTypes,
        ),
        (
            is_untyped,
            "Missing required parameter: 'input[0].type'.",
            RequestPart::UntypedItems,
        ),
        (
            is_long,
            "Invalid 'input[2].call_id': string too long. Expected a string with maximum length 4.",
            RequestPart::CallIds,
        ),
    ] {
        let server = ScriptedModel::responses_with(move |body| {
            if refused(body) {
                Reply::failed(400, said(words))
            } else {
                Reply::text("ok")
            }
        })
        .await;
        let mut settings = server.settings();
        settings.id.provider = Provider::OpenaiResponses;
        for requests in [2, 3] {
            let model = connect(&settings, wire(&server)).unwrap();
            let heard = listen(&*model, &with_items()).await;
            let heard = heard.unwrap_or_else(|error| panic!("{words}: {error}"));
            assert_eq!(heard.completion.text, "ok", "{words}");
            assert_eq!(
                (model.left_out(), server.requests().len()),
                (vec![part], requests),
                "{words}"
            );
        }
    }
}

#[tokio::test]
async fn refusals_of_the_messages_api_name_what_is_left_out() {
    for (words, part) in [
        (
            "A maximum of 4 blocks with cache_control may be provided. Found 5.",
            RequestPart::CacheControl,
        ),
        (
            "Additional properties are not allowed ('cache_control' was unexpected)",
            RequestPart::CacheControl,
        ),
        (
            "`temperature` may only be set to 1 when thinking is enabled.",
            RequestPart::Temperature,
        ),
        (
            "tool_choice: Input should be 'auto' or 'any': unexpected value 'none'",
            RequestPart::ToolChoice,
        ),
    ] {
        let (parts, _) = mended(Provider::Anthropic, 400, &said(words)).await;
        assert_eq!(parts, [part], "{words}");
    }
}

#[tokio::test]
async fn contents_go_as_lists_of_blocks_where_a_server_takes_nothing_else() {
    let words = "messages.0.content: Input should be a valid list";
    let (_, last) = mended(Provider::Openai, 400, &said(words)).await;
    let messages = last["messages"].as_array().unwrap();
    for message in messages {
        let content = &message["content"];
        let text = content.pointer("/0/text").and_then(Value::as_str);
        assert!(
            content.is_null() || (content[0]["type"] == "text" && text.is_some()),
            "{message}"
        );
    }
    let results = messages.iter().filter(|message| message["role"] == "tool");
    assert!(
        results
            .into_iter()
            .all(|message| message["tool_call_id"].is_string())
    );
    // A server that takes texts as well does not like what has none.
    let either = "messages.1.content.str: Input should be a valid string; messages.1.content.list: Input should be a valid list";
    let (parts, _) = mended(Provider::Openai, 400, &said(either)).await;
    assert_eq!(parts, [RequestPart::NullContent]);
}
