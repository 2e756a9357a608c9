//! What servers refuse of a request, and how they are asked instead: schemas, results, reasoning, limits, tools.

use cardinal::model::{
    Message, ModelDrive, ModelError, ModelSettings, Provider, RequestPart, StopCause, connect, try_model,
};
use serde_json::{Value, json};

use super::chunks::{DONE, end, events};
use super::retry::wire;
use super::talk::{conversation, listen, question, request};
use crate::support::scripted_model::{Reply, ScriptedModel};

fn refusal(status: u16, words: &str) -> Reply {
    Reply::status(status, json!({"error": {"message": words}}))
}

fn driven_by_objects(server: &ScriptedModel) -> ModelSettings {
    ModelSettings {
        drive: ModelDrive::JsonAction,
        ..server.settings()
    }
}

fn over_responses(server: &ScriptedModel) -> ModelSettings {
    let mut settings = server.settings();
    settings.id.provider = Provider::OpenaiResponses;
    settings
}

/// A conversation whose first step goes back as this server's own parts.
fn kept(wire: &str, parts: Value) -> cardinal::model::ModelRequest {
    let mut asked = request(conversation());
    if let Message::Assistant { opaque, .. } = &mut asked.messages[1] {
        *opaque = Some(json!({ wire: parts }));
    }
    asked
}

#[tokio::test]
async fn the_schema_of_a_step_is_one_object() {
    let server = ScriptedModel::openai_with(|_| Reply::text("ok")).await;
    let model = connect(&driven_by_objects(&server), wire(&server)).unwrap();
    listen(&*model, &question()).await.unwrap();
    let schema = &server.requests()[0]["response_format"]["json_schema"]["schema"];
    assert_eq!(schema["type"], "object");
    assert_eq!(schema["required"], json!(["action", "arguments"]));
    assert_eq!(
        schema["properties"]["action"]["enum"],
        json!(["run_card", "describe", "answer"])
    );
    let names = schema.as_object().unwrap().keys().collect::<Vec<_>>();
    assert_eq!(names, ["additionalProperties", "properties", "required", "type"]);
}

#[tokio::test]
async fn a_server_that_takes_no_schema_is_asked_for_an_object_and_then_for_text() {
    let schema = |body: &Value| body["response_format"]["type"] == "json_schema";
    let form = |body: &Value| body.get("response_format").is_some();
    let object_alone = [RequestPart::AnswerSchema];
    let nothing = [RequestPart::AnswerSchema, RequestPart::ResponseFormat];
    let cases: [(fn(&Value) -> bool, u16, &str, &[RequestPart]); 9] = [
        (
            schema,
            400,
            "Invalid schema for response_format 'action': schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'.",
            &object_alone,
        ),
        (
            schema,
            400,
            "Invalid schema for response_format 'action': In context=('properties', 'arguments'), 'required' is required to be supplied and to be an array including every key in properties.",
            &object_alone,
        ),
        (
            schema,
            400,
            "The provided JSON schema contains features not supported by xgrammar.",
            &object_alone,
        ),
        (schema, 500, "Failed to parse grammar", &object_alone),
        (
            schema,
            400,
            "The specified schema produces a constraint that has too many states for serving.",
            &object_alone,
        ),
        (
            schema,
            400,
            "This response_format type is unavailable now",
            &object_alone,
        ),
        (
            form,
            400,
            "response_format is not supported by this model",
            &nothing,
        ),
        (form, 400, "'response_format.type' must be 'text'", &nothing),
        (
            form,
            422,
            "Extra inputs are not permitted: response_format",
            &nothing,
        ),
    ];
    for (refused, status, words, left_out) in cases {
        let server = ScriptedModel::openai_with(move |body| {
            if refused(body) {
                refusal(status, words)
            } else {
                Reply::text(r#"{"action": "run_card", "arguments": {"card_id": 7}}"#)
            }
        })
        .await;
        let model = connect(&driven_by_objects(&server), wire(&server)).unwrap();
        let heard = listen(&*model, &question()).await;
        let heard = heard.unwrap_or_else(|error| panic!("{words}: {error}"));
        assert_eq!(heard.completion.tool_calls[0].name, "run_card", "{words}");
        assert_eq!(model.left_out(), left_out, "{words}");
        let before = server.requests().len();
        listen(&*model, &question()).await.unwrap();
        assert_eq!(server.requests().len(), before + 1, "remembered: {words}");
    }
    // A schema without the field that is not known stays a schema.
    let server = ScriptedModel::openai_with(|body| {
        if body["response_format"].to_string().contains("additionalProperties") {
            refusal(400, "Unknown name \"additionalProperties\" at 'generation_config.response_schema': Cannot find field.")
        } else {
            Reply::text("ok")
        }
    })
    .await;
    let model = connect(&driven_by_objects(&server), wire(&server)).unwrap();
    listen(&*model, &question()).await.unwrap();
    assert_eq!(model.left_out(), [RequestPart::ClosedSchemas]);
    assert_eq!(server.requests()[1]["response_format"]["type"], "json_schema");
}

#[tokio::test]
async fn results_name_their_tools_where_the_server_wants_it() {
    let words = "* GenerateContentRequest.contents[2].parts[0].function_response.name: Name cannot be empty.";
    let server = ScriptedModel::openai_with(move |body| {
        let mut messages = body["messages"].as_array().unwrap().iter();
        if messages.any(|message| message["role"] == "tool" && message.get("name").is_none()) {
            refusal(400, words)
        } else {
            Reply::text("ok")
        }
    })
    .await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    listen(&*model, &request(conversation())).await.unwrap();
    assert_eq!(model.left_out(), [RequestPart::NamelessResults]);
    let sent = &server.requests()[1]["messages"];
    let result = sent
        .as_array()
        .unwrap()
        .iter()
        .find(|message| message["role"] == "tool");
    assert_eq!(result.unwrap()["name"], "run_card");

    let server = ScriptedModel::responses_with(move |body| {
        let mut items = body["input"].as_array().unwrap().iter();
        if items.any(|item| item["type"] == "function_call_output" && item.get("name").is_none()) {
            refusal(400, words)
        } else {
            Reply::text("ok")
        }
    })
    .await;
    let model = connect(&over_responses(&server), wire(&server)).unwrap();
    listen(&*model, &request(conversation())).await.unwrap();
    assert_eq!(model.left_out(), [RequestPart::NamelessResults]);
}

#[tokio::test]
async fn a_limit_that_is_not_paid_for_is_lowered_once() {
    let words = |tokens: u64, paid: u64| {
        format!(
            "This request requires more credits, or fewer max_tokens. You requested up to {tokens} tokens, but can only \
             afford {paid}."
        )
    };
    let of = |body: &Value| {
        let names = ["max_tokens", "max_output_tokens"];
        names.into_iter().find_map(|name| body[name].as_u64()).unwrap()
    };
    for provider in [Provider::Openai, Provider::OpenaiResponses, Provider::Anthropic] {
        let script = move |body: &Value| match of(body) {
            tokens @ 101.. => refusal(402, &words(tokens, 100)),
            _ => Reply::text("ok"),
        };
        let server = match provider {
            Provider::Anthropic => ScriptedModel::anthropic_with(script).await,
            Provider::OpenaiResponses => ScriptedModel::responses_with(script).await,
            _ => ScriptedModel::openai_with(script).await,
        };
        let mut settings = server.settings();
        settings.id.provider = provider;
        let model = connect(&settings, wire(&server)).unwrap();
        listen(&*model, &question()).await.unwrap();
        let limits: Vec<u64> = server.requests().iter().map(of).collect();
        assert_eq!(limits, [512, 100], "{provider:?}");
        assert_eq!(model.left_out(), [], "an account may hold more the next time");
    }
    let server = ScriptedModel::openai_with(move |body| {
        let tokens = of(body);
        refusal(402, &words(tokens, tokens - 20))
    })
    .await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    let error = listen(&*model, &question()).await.unwrap_err().to_string();
    assert!(
        error.contains("afford 472") && error.contains("set max_output_tokens in [model]"),
        "{error}"
    );
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn reasoning_that_a_server_does_not_know_any_more_does_not_go_back() {
    let items = json!([
        {"type": "reasoning", "id": "rs_1", "encrypted_content": "sealed", "summary": []},
        {"type": "function_call", "id": "fc_1", "call_id": "call_0", "name": "run_card", "arguments": "{}"},
        {"type": "function_call", "id": "fc_2", "call_id": "call_1", "name": "describe", "arguments": "{}"},
    ]);
    for (status, words) in [
        (
            400,
            "The encrypted content for item rs_1 could not be verified. Reason: it could not be decrypted or parsed.",
        ),
        (400, "invalid_encrypted_content"),
        (
            404,
            "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input.",
        ),
        (
            400,
            "Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1'.",
        ),
    ] {
        let server = ScriptedModel::responses_with(move |body| {
            let input = body["input"].to_string();
            if input.contains("rs_1") || input.contains("fc_1") {
                refusal(status, words)
            } else {
                Reply::text("ok")
            }
        })
        .await;
        let model = connect(&over_responses(&server), wire(&server)).unwrap();
        let heard = listen(&*model, &kept("openai_responses", items.clone())).await;
        assert_eq!(heard.unwrap().completion.text, "ok", "{words}");
        assert_eq!(model.left_out(), [RequestPart::KeptReasoning], "{words}");
    }

    let blocks = json!([
        {"type": "thinking", "thinking": "hm", "signature": "sealed"},
        {"type": "tool_use", "id": "call_0", "name": "run_card", "input": {}},
        {"type": "tool_use", "id": "call_1", "name": "describe", "input": {}},
    ]);
    let server = ScriptedModel::anthropic_with(|body| {
        if body["messages"].to_string().contains("sealed") {
            refusal(
                400,
                "messages.1.content.0: Invalid `signature` in `thinking` block",
            )
        } else {
            Reply::text("ok")
        }
    })
    .await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    listen(&*model, &kept("anthropic", blocks)).await.unwrap();
    assert_eq!(model.left_out(), [RequestPart::KeptReasoning]);
}

#[tokio::test]
async fn what_a_schema_of_a_tool_may_not_have_is_left_out_on_every_wire() {
    let words =
        "Invalid schema for function 'run_card': additionalProperties should not be set for object types.";
    for provider in [Provider::Openai, Provider::OpenaiResponses, Provider::Anthropic] {
        let script = move |body: &Value| {
            if body["tools"].to_string().contains("additionalProperties") {
                refusal(400, words)
            } else {
                Reply::text("ok")
            }
        };
        let server = match provider {
            Provider::Anthropic => ScriptedModel::anthropic_with(script).await,
            Provider::OpenaiResponses => ScriptedModel::responses_with(script).await,
            _ => ScriptedModel::openai_with(script).await,
        };
        let mut settings = server.settings();
        settings.id.provider = provider;
        let model = connect(&settings, wire(&server)).unwrap();
        listen(&*model, &question()).await.unwrap();
        assert_eq!(model.left_out(), [RequestPart::ClosedSchemas], "{provider:?}");
        assert_eq!(server.requests()[1]["tools"].as_array().unwrap().len(), 2);
    }
    let server = ScriptedModel::responses_with(|body| {
        if body["tools"][0].get("strict").is_some() {
            refusal(400, "Unknown parameter: 'tools[0].strict'.")
        } else {
            Reply::text("ok")
        }
    })
    .await;
    let model = connect(&over_responses(&server), wire(&server)).unwrap();
    listen(&*model, &question()).await.unwrap();
    assert_eq!(model.left_out(), [RequestPart::StrictTools]);
}

#[tokio::test]
async fn tools_that_are_not_described_as_a_server_wants_are_told_in_words() {
    for words in [
        "Invalid 'tools[0].function.description': string too long. Expected a string with maximum length 300, but got a string with length 303 instead.",
        "tools.0.function.description: String should have at most 300 characters",
        "GenerateContentRequest.tools[0].function_declarations[1].parameters.properties: should be non-empty for OBJECT type",
        "Too many tools: 6, maximum 4",
    ] {
        let server = ScriptedModel::openai_with(move |body| match body.get("tools") {
            Some(_) => refusal(400, words),
            None => Reply::text(r#"{"action": "run_card", "arguments": {"card_id": 7}}"#),
        })
        .await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let heard = listen(&*model, &question()).await.unwrap();
        assert_eq!(heard.completion.tool_calls[0].name, "run_card", "{words}");
        assert!(
            heard.notices[0].contains("does not take the tools as they are described"),
            "{words}: {:?}",
            heard.notices
        );
        assert_eq!(model.found_drive(), Some(ModelDrive::JsonAction));

        let server = ScriptedModel::anthropic_with(move |_| refusal(400, words)).await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let error = listen(&*model, &question()).await.unwrap_err().to_string();
        assert!(
            error.contains(words) && !error.contains("takes no tools"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_responses_server_without_tools_says_what_to_change() {
    let words = "This model does not support tools";
    let server = ScriptedModel::responses_with(move |_| refusal(400, words)).await;
    let model = connect(&over_responses(&server), wire(&server)).unwrap();
    let error = listen(&*model, &question()).await.unwrap_err().to_string();
    assert!(error.contains(words) && error.contains("openai:NAME"), "{error}");
}

#[tokio::test]
async fn a_failure_of_the_server_that_names_a_part_of_the_request_is_a_refusal() {
    let words = "create_chat_completion() got an unexpected keyword argument 'stream_options'";
    let server = ScriptedModel::openai_with(move |body| match body.get("stream_options") {
        Some(_) => refusal(500, words),
        None => Reply::text("ok"),
    })
    .await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    listen(&*model, &question()).await.unwrap();
    assert_eq!(model.left_out(), [RequestPart::StreamOptions]);
}

#[tokio::test]
async fn too_many_tokens_in_a_short_time_are_no_long_conversation() {
    let words = "ThrottlingException: Too many tokens, please wait before trying again.";
    let mut asked = 0;
    let server = ScriptedModel::openai_with(move |_| {
        asked += 1;
        if asked < 3 {
            refusal(400, words)
        } else {
            Reply::text("ok")
        }
    })
    .await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    listen(&*model, &question()).await.unwrap();
    assert_eq!(server.requests().len(), 3);

    let server = ScriptedModel::openai_with(move |_| refusal(400, words)).await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    let error = listen(&*model, &question()).await.unwrap_err();
    assert!(
        matches!(error, ModelError::Status { status: 400, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_a_server_says_late_of_a_call_goes_back_with_it() {
    let call = |call: Value| json!({"choices": [{"delta": {"tool_calls": [call]}}]});
    let whole = json!({"index": 0, "id": "a", "type": "function", "function": {"name": "run_card", "arguments": "{\"card_id\":7}"}});
    let late = json!({"index": 0, "extra_content": {"google": {"thought_signature": "sealed"}}});
    let body = events(&[call(whole), call(late), end("tool_calls")]) + DONE;
    let server = ScriptedModel::openai_with(move |_| Reply::sse(body.clone())).await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    let completion = listen(&*model, &question()).await.unwrap().completion;
    assert_eq!(completion.tool_calls.len(), 1);
    let mut next = question();
    next.messages.push(Message::Assistant {
        text: completion.text,
        tool_calls: completion.tool_calls,
        opaque: completion.opaque,
    });
    listen(&*model, &next).await.unwrap();
    let back = &server.requests()[1]["messages"][2]["tool_calls"][0];
    assert_eq!(back["extra_content"]["google"]["thought_signature"], "sealed");
}

#[tokio::test]
async fn sentences_that_a_server_did_not_take_for_a_call_are_what_the_model_said() {
    let answer = "Revenue was 7 million in 2025.";
    let failed = json!({"error": {"message": "Tool choice is none, but model called a tool", "code": "tool_use_failed", "failed_generation": answer}});
    for reply in [
        Reply::status(400, failed.clone()),
        Reply::sse(events(&[
            json!({"choices": [{"delta": {"role": "assistant"}}]}),
            failed,
        ])),
    ] {
        let server = ScriptedModel::openai(vec![reply]).await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let completion = listen(&*model, &question()).await.unwrap().completion;
        assert_eq!((completion.stop, &*completion.text), (StopCause::End, answer));
    }
}

#[tokio::test]
async fn an_error_says_which_part_of_the_request_it_means() {
    let detail = json!([{"type": "string_type", "loc": ["body", "messages", 0, "content"], "msg": "Input should be a valid string"}]);
    for body in [
        json!({ "detail": detail }),
        json!({"object": "error", "message": {"detail": detail}, "type": "invalid_request_error"}),
    ] {
        let refusal = Reply::status(422, body);
        let again = refusal.clone();
        for server in [
            ScriptedModel::openai_with(move |_| refusal.clone()).await,
            ScriptedModel::anthropic_with(move |_| again.clone()).await,
        ] {
            let model = connect(&server.settings(), wire(&server)).unwrap();
            let error = listen(&*model, &question()).await.unwrap_err().to_string();
            assert!(
                error.contains("messages[0].content: Input should be a valid string"),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn a_system_prompt_is_said_in_the_form_that_the_server_takes() {
    let server = ScriptedModel::responses_with(|body| match body.get("instructions") {
        Some(_) => refusal(400, "instructions is not supported"),
        None => Reply::text("ok"),
    })
    .await;
    let model = connect(&over_responses(&server), wire(&server)).unwrap();
    listen(&*model, &question()).await.unwrap();
    assert_eq!(model.left_out(), [RequestPart::Instructions]);
    let first = &server.requests()[1]["input"][0];
    assert_eq!(first["role"], "system");
    assert_eq!(first["content"], &*question().system);

    for (refused, words) in [
        (
            (|body: &Value| body["system"].is_array()) as fn(&Value) -> bool,
            "system: Input should be a valid string",
        ),
        (
            |body| body["messages"][0]["content"].is_array(),
            "messages.0.content: Input should be a valid string",
        ),
    ] {
        let server = ScriptedModel::anthropic_with(move |body| {
            if refused(body) {
                refusal(400, words)
            } else {
                Reply::text("ok")
            }
        })
        .await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        listen(&*model, &request(conversation())).await.unwrap();
        assert_eq!(model.left_out(), [RequestPart::TextBlocks], "{words}");
        let sent = &server.requests()[1];
        assert_eq!(sent["system"], &*question().system);
        assert_eq!(sent["messages"][0]["content"], "Revenue by month?");
        assert!(sent["messages"][1]["content"].is_array(), "calls stay blocks");
    }
}

#[tokio::test]
async fn a_prompt_that_was_cut_is_noticed_by_the_tokens_that_were_read() {
    for (tokens, is_cut) in [
        (2048, true),
        (4096, true),
        (2500, true),
        (8200, false),
        (900, false),
    ] {
        let mut replies = 0;
        let server = ScriptedModel::openai_with(move |_| {
            replies += 1;
            let reply = match replies {
                1 => Reply::tool_calls([("report", json!({"word": "ready"}))]),
                _ => Reply::text("Well."),
            };
            reply.with_usage(tokens, 0, 10)
        })
        .await;
        let trial = try_model(&server.settings(), wire(&server)).await.unwrap();
        assert!(trial.calls_tools && trial.takes_a_refusal);
        let note = trial.cut_prompt.unwrap_or_default();
        assert_eq!(note.contains("num_ctx"), is_cut, "{tokens}: {note}");
    }
}
