//! Streams, refusals and ends of further servers and gateways, as people met them.

use cardinal::model::{Message, ModelError, ModelRequest, RequestPart, StopCause, connect};
use serde_json::{Value, json};

use super::chunks::{DONE, end, events, heard, said, says};
use super::retry::wire;
use super::talk::{call, conversation, listen, question, request, result};
use crate::support::scripted_model::{Reply, ScriptedModel};

#[tokio::test]
async fn a_reason_is_read_under_either_name_and_in_an_object() {
    let of = |fields: Value| json!({"choices": [fields]});
    for (piece, stop) in [
        (
            of(json!({"delta": {}, "finish_reason": null, "finishReason": "MAX_TOKENS"})),
            StopCause::Length,
        ),
        (of(json!({"delta": {}, "finishReason": "stop"})), StopCause::End),
        (
            of(json!({"delta": {}, "finish_reason": {"type": "length", "length": 256}})),
            StopCause::Length,
        ),
        (
            of(json!({"delta": {}, "finish_reason": "content_filter: PROHIBITED_CONTENT"})),
            StopCause::Withheld,
        ),
        (
            of(json!({"delta": {}, "finish_reason": "function_call_filter: UNEXPECTED_TOOL_CALL"})),
            StopCause::Garbled,
        ),
        (
            of(json!({"delta": {}, "finish_reason": "MALFORMED_RESPONSE"})),
            StopCause::Garbled,
        ),
        (
            of(json!({"delta": {}, "finish_reason": "malformed_tool_use"})),
            StopCause::Garbled,
        ),
        (
            of(json!({"delta": {}, "finish_reason": "COMPLETE"})),
            StopCause::End,
        ),
    ] {
        let body = events(&[said("Seven."), piece.clone()]) + DONE;
        let completion = says(body).await.unwrap().completion;
        assert_eq!(completion.stop, stop, "{piece}");
        assert_eq!(completion.opaque, None, "{piece}");
    }
    let aborted = of(json!({"delta": {}, "finish_reason": {"type": "abort", "message": "gone"}}));
    let error = says(events(&[said("Sales were"), aborted]) + DONE)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("`abort`"), "{error}");
}

#[tokio::test]
async fn a_reason_with_every_piece_ends_nothing_before_its_time() {
    let piece = |text: &str| json!({"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]});
    let heard = says(events(&[piece("Sales "), piece("were "), piece("7.")]) + DONE)
        .await
        .unwrap();
    assert_eq!(heard.completion.text, "Sales were 7.");
}

#[tokio::test]
async fn an_error_beside_what_was_said_is_never_an_end() {
    for (piece, told) in [
        (
            json!({"choices": [{"delta": {}, "finish_reason": null}], "x_groq": {"id": "a", "error": "over_capacity"}}),
            "over_capacity",
        ),
        (
            json!({"choices": null, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}),
            "insufficient balance",
        ),
        (
            json!({"choices": [], "usage": {"total_tokens": 0}, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}),
            "rate limit",
        ),
        (
            json!({"choices": [{"delta": {"content": ""}, "finish_reason": "error", "native_finish_reason": "error"}],
                "error": {"code": 502, "message": "upstream reset", "metadata": {"error_type": "provider_unavailable"}}}),
            "upstream reset",
        ),
        (
            json!({"error": {"message": "litellm.MidStreamFallbackError: it died", "type": null, "param": null, "code": "500"}}),
            "it died",
        ),
        (
            json!({"error": {"message": "Error code: 400 - {'error': {'message': 'it was filtered', 'code': 'content_filter', 'innererror': {'code': 'ResponsibleAIPolicyViolation'}}}"}}),
            "it was filtered",
        ),
    ] {
        let error = says(events(&[said("The "), piece.clone()]) + DONE)
            .await
            .unwrap_err();
        assert!(error.to_string().contains(told), "{piece}: {error}");
    }
    for fine in [
        json!({"choices": [], "base_resp": {"status_code": 0, "status_msg": ""}}),
        json!({"code": "0", "msg": "Success"}),
        json!({"code": 0, "message": "OK"}),
    ] {
        let heard = says(events(&[fine, said("Seven."), end("stop")]) + DONE)
            .await
            .unwrap();
        assert_eq!(heard.completion.text, "Seven.");
    }
}

/// Before the first word an error is asked again, or not, by the class that its words name.
#[tokio::test]
async fn an_error_is_asked_again_by_the_class_that_a_gateway_names_in_words() {
    let of = |message: &str| json!({"error": {"message": message, "type": null, "code": null}});
    for (error, requests) in [
        (of("Error code: 429 - {'error': {'message': 'slow down'}}"), 2),
        (of("Received error from upstream, status code: 503"), 2),
        (of("Error code: 400 - {'error': {'code': 'content_filter'}}"), 1),
        (of("upstream said: Error code: 401 - no"), 1),
        (
            json!({"choices": null, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}),
            1,
        ),
        (
            json!({"error": {"code": "1113", "message": "您的账户余额不足"}}),
            1,
        ),
        (of("status code 12345 is no status"), 2),
    ] {
        let body = events(&[error.clone()]);
        let server = ScriptedModel::openai(vec![Reply::sse(body), Reply::text("ok")]).await;
        assert_eq!(
            heard(&server, &question()).await.is_ok(),
            requests == 2,
            "{error}"
        );
        assert_eq!(server.requests().len(), requests, "{error}");
    }
}

#[tokio::test]
async fn a_conversation_that_is_too_long_is_known_by_more_words() {
    for words in [
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
        "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
        "Range of input length should be [1, 30720]",
        "Invalid request: Your request exceeded model token limit: 131072",
        "Prompt exceeds max length",
        "Please reduce the length of the messages or completion.",
        "prompt contains 40000 tokens, too large for model with 32768 maximum context length",
    ] {
        let reply = Reply::status(400, json!({"error": {"message": words}}));
        let server = ScriptedModel::openai_with(move |_| reply.clone()).await;
        let error = heard(&server, &question()).await.unwrap_err();
        assert!(matches!(error, ModelError::TooLong { .. }), "{words}: {error:?}");
    }
}

#[tokio::test]
async fn tokens_are_counted_where_a_gateway_puts_them() {
    let metrics = json!({"choices": [], "amazon-bedrock-invocationMetrics": {
        "inputTokenCount": 12, "outputTokenCount": 3, "cacheReadInputTokenCount": 4, "invocationLatency": 900}});
    let within = json!({"choices": [{"delta": {}, "finish_reason": "stop",
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "cached_tokens": 4}}]});
    for piece in [metrics, within] {
        let body = events(&[said("Seven."), end("stop"), piece.clone()]) + DONE;
        let usage = says(body).await.unwrap().completion.usage.unwrap();
        assert_eq!(
            (usage.input_tokens, usage.cached_tokens, usage.output_tokens),
            (12, 4, 3),
            "{piece}"
        );
    }
}

#[tokio::test]
async fn a_piece_of_a_call_that_says_nothing_is_no_call() {
    let empty = json!({"choices": [{"delta": {"content": "Seven.", "tool_calls": [
        {"index": 0, "id": null, "type": null, "function": {"name": null, "arguments": null}}]}, "finish_reason": null}]});
    let bare = json!({"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": ""}}]}}]});
    for piece in [empty, bare] {
        let body = events(&[said("Seven."), piece.clone(), end("stop")]) + DONE;
        let completion = says(body).await.unwrap().completion;
        assert_eq!(
            (completion.stop, completion.tool_calls),
            (StopCause::End, vec![]),
            "{piece}"
        );
    }
    // The same behind a call's name says nothing either.
    let piece = |function: Value| json!({"choices": [{"delta": {"tool_calls": [{"index": 0, "function": function}]}}]});
    let body = events(&[
        piece(json!({"name": "run_card", "arguments": null})),
        piece(json!({"name": null, "arguments": null})),
        piece(json!({"name": null, "arguments": "{\"card_id\":7}"})),
        end("stop"),
    ]);
    let completion = says(body + DONE).await.unwrap().completion;
    assert_eq!(
        completion.tool_calls,
        [call("call_0", "run_card", "{\"card_id\":7}")]
    );
}

#[tokio::test]
async fn text_is_found_in_parts_of_any_shape_and_thoughts_are_none() {
    for content in [
        json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Seven."}]),
        json!([{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}, {"type": "text", "text": "Seven."}]),
        json!({"type": "text", "text": "Seven."}),
        json!("<think>hm</think>Seven."),
        json!("<reasoning>hm</reasoning>\n\nSeven."),
    ] {
        let piece = json!({"choices": [{"delta": {"content": content}}]});
        let completion = says(events(&[piece.clone(), end("stop")]) + DONE)
            .await
            .unwrap()
            .completion;
        assert_eq!(completion.text, "Seven.", "{piece}");
    }
}

#[tokio::test]
async fn a_tier_without_room_is_asked_again() {
    let full = Reply::status(498, json!({"error": {"message": "capacity_exceeded"}}));
    let server = ScriptedModel::openai(vec![full, Reply::text("ok")]).await;
    assert_eq!(heard(&server, &question()).await.unwrap().completion.text, "ok");
}

/// A conversation with notes behind results and behind questions, and a call that came without an id of the server's.
fn with_notes() -> ModelRequest {
    let mut messages = conversation();
    messages.push(Message::Note("Answer in a sentence.".to_owned()));
    request(messages)
}

fn roles(body: &Value) -> Vec<&str> {
    let messages = body["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|message| message["role"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_server_whose_roles_have_to_alternate_gets_notes_within_other_messages() {
    let order = json!({"object": "error", "message": "Unexpected role 'user' after role 'tool'",
        "type": "invalid_request_message_order", "param": null, "code": "3230"});
    let template = json!({"error": {"code": 500, "type": "server_error", "message":
        "While executing CallExpression: Error: Jinja Exception: After the optional system message, conversation roles must \
         alternate user and assistant roles except for tool calls and results."}});
    for (status, refusal) in [(400, order), (500, template)] {
        let server = ScriptedModel::openai_with(move |body| {
            let roles = roles(body);
            let pairs = roles.iter().zip(roles.iter().skip(1));
            let mut pairs = pairs.map(|(one, next)| (*one, *next));
            if pairs.any(|pair| matches!(pair, ("tool" | "user", "user"))) {
                Reply::status(status, refusal.clone())
            } else {
                Reply::text("ok")
            }
        })
        .await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let heard = listen(&*model, &with_notes()).await.unwrap();
        assert_eq!(heard.completion.text, "ok");
        assert_eq!(model.left_out(), [RequestPart::RoleOrder]);
        let requests = server.requests();
        let body = requests.last().unwrap();
        assert_eq!(
            roles(body),
            ["system", "user", "assistant", "tool", "tool", "assistant", "user"]
        );
        let messages = &body["messages"];
        assert_eq!(messages[4]["content"], "no such tool\n\nTwo steps are left.");
        assert_eq!(
            messages[6]["content"],
            "And in February?\n\nAnswer in a sentence."
        );
    }
}

#[tokio::test]
async fn a_template_without_a_system_role_gets_the_prompt_with_the_first_question() {
    let server = ScriptedModel::openai_with(|body| {
        if roles(body)[0] == "system" {
            Reply::status(
                400,
                json!({"object": "error", "message": "System role not supported"}),
            )
        } else {
            Reply::text("ok")
        }
    })
    .await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    assert_eq!(listen(&*model, &question()).await.unwrap().completion.text, "ok");
    assert_eq!(model.left_out(), [RequestPart::SystemRole]);
    assert_eq!(
        server.requests()[1]["messages"],
        json!([{"role": "user", "content": "You answer from cards 7 and 12.\n\nRevenue by month?"}])
    );
}

#[tokio::test]
async fn a_server_that_takes_short_ids_of_calls_gets_them() {
    let fits = |id: &Value| {
        let id = id.as_str().unwrap();
        id.len() == 9 && id.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let server = ScriptedModel::openai_with(move |body| {
        let messages = body["messages"].as_array().unwrap();
        let answered: Vec<&Value> = messages
            .iter()
            .filter_map(|message| message.get("tool_call_id"))
            .collect();
        let called: Vec<&Value> = messages
            .iter()
            .flat_map(|message| message["tool_calls"].as_array().into_iter().flatten())
            .map(|call| &call["id"])
            .collect();
        assert_eq!(answered, called);
        if answered.into_iter().all(fits) {
            Reply::text("ok")
        } else {
            let message = "Tool call id was call_0 but must be a-z, A-Z, 0-9, with a length of 9.";
            Reply::status(400, json!({"object": "error", "message": message}))
        }
    })
    .await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    let mut asked = request(conversation());
    if let Message::Assistant { tool_calls, .. } = &mut asked.messages[1] {
        tool_calls[0].id = "Ab3dEf9hI".to_owned();
    }
    if let Message::ToolResults(results) = &mut asked.messages[2] {
        results[0] = result("Ab3dEf9hI", "10", false);
    }
    assert_eq!(listen(&*model, &asked).await.unwrap().completion.text, "ok");
    assert_eq!(model.left_out(), [RequestPart::CallIds]);
    let body = &server.requests()[1];
    assert_eq!(body["messages"][3]["tool_call_id"], "Ab3dEf9hI", "its own stays");
}

#[tokio::test]
async fn a_server_that_misses_thoughts_beside_calls_gets_empty_ones() {
    for words in [
        "Missing `reasoning_content` field in the assistant message at message index 2.",
        "The `reasoning_content` in the thinking mode must be passed back to the API.",
        "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
    ] {
        let server = ScriptedModel::openai_with(move |body| {
            let messages = body["messages"].as_array().unwrap();
            let mut calling = messages
                .iter()
                .filter(|message| message.get("tool_calls").is_some());
            if calling.all(|message| message["reasoning_content"].is_string()) {
                Reply::text("ok")
            } else {
                Reply::status(
                    400,
                    json!({"error": {"message": words, "type": "invalid_request_error"}}),
                )
            }
        })
        .await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let heard = listen(&*model, &request(conversation())).await.unwrap();
        assert_eq!(heard.completion.text, "ok", "{words}");
        assert_eq!(model.left_out(), [RequestPart::NoReasoning]);
    }
}

#[tokio::test]
async fn a_server_behind_a_gateway_that_refuses_anothers_fields_is_asked_without_them() {
    for words in [
        "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property \
         'reasoning_content' is unsupported)]",
        "{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"messages\",1,\"assistant\",\"reasoning_content\"],\
         \"msg\":\"Extra inputs are not permitted\"}]}",
    ] {
        let server = ScriptedModel::openai_with(move |body| {
            if body["messages"].to_string().contains("reasoning_content") {
                Reply::failed(400, words)
            } else {
                Reply::text("ok")
            }
        })
        .await;
        let mut asked = request(conversation());
        if let Message::Assistant { opaque, .. } = &mut asked.messages[1] {
            *opaque = Some(json!({"openai": {"message": {"reasoning_content": "hm"}, "calls": {}}}));
        }
        let model = connect(&server.settings(), wire(&server)).unwrap();
        assert_eq!(
            listen(&*model, &asked).await.unwrap().completion.text,
            "ok",
            "{words}"
        );
        assert_eq!(model.left_out(), [RequestPart::KeptFields]);
    }
}

/// Nothing is followed, because a key goes to the configured address alone; the error says where to look.
#[tokio::test]
async fn a_server_that_moved_is_named() {
    for status in [301, 308] {
        let reply = Reply::failed(status, "<html><title>Moved</title></html>")
            .with_header("location", "https://llm.example.com/v1/chat/completions?x=1");
        let server = ScriptedModel::openai_with(move |_| reply.clone()).await;
        let error = heard(&server, &question()).await.unwrap_err().to_string();
        assert!(
            error.ends_with("if you trust it, set OPENAI_BASE_URL to https://llm.example.com/v1"),
            "{error}"
        );
    }
    let reply = Reply::failed(307, "").with_header("location", "/anthropic/v1/messages");
    let server = ScriptedModel::anthropic_with(move |_| reply.clone()).await;
    let error = heard(&server, &question()).await.unwrap_err().to_string();
    let to = server.base_url().join("/anthropic").unwrap();
    assert!(
        error.ends_with(&format!("set ANTHROPIC_BASE_URL to {to}")),
        "{error}"
    );
}

#[tokio::test]
async fn gateways_of_anthropics_protocol_may_leave_much_out() {
    let named = |pieces: &[Value]| -> String {
        let events = pieces
            .iter()
            .map(|piece| format!("event: {}\ndata: {piece}\n\n", piece["type"].as_str().unwrap()));
        events.collect()
    };
    let delta = |text: &str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
    let over = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"input_tokens": 9, "output_tokens": 3}});
    let stop = json!({"type": "message_stop"});
    for body in [
        // No beginning of the message or of the block, as some gateways have it.
        named(&[delta("Sev"), delta("en."), over.clone(), stop.clone()]),
        // OpenAI's end mark behind it.
        named(&[delta("Seven."), over.clone(), stop.clone()]) + DONE,
        // A block that comes whole.
        named(&[
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "Seven."}}),
            over.clone(),
            stop.clone(),
        ]),
    ] {
        let server = ScriptedModel::anthropic(vec![Reply::sse(body.clone())]).await;
        let completion = heard(&server, &question()).await.unwrap().completion;
        assert_eq!(
            (completion.text.as_str(), completion.stop),
            ("Seven.", StopCause::End),
            "{body}"
        );
    }
    let whole = named(&[
        json!({"type": "content_block_start", "index": 0,
            "content_block": {"type": "tool_use", "id": "a", "name": "run_card", "input": {"card_id": 7}}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
        stop.clone(),
    ]);
    let server = ScriptedModel::anthropic(vec![Reply::sse(whole)]).await;
    let completion = heard(&server, &question()).await.unwrap().completion;
    assert_eq!(completion.tool_calls[0].arguments, "{\"card_id\":7}");
    // A text that merely stops is none.
    for body in [named(&[delta("Sev")]), named(&[delta("Sev")]) + DONE] {
        let server = ScriptedModel::anthropic(vec![Reply::sse(body)]).await;
        assert!(heard(&server, &question()).await.is_err());
    }
}

/// The same part of a request is refused in many words.
#[tokio::test]
async fn a_refused_part_is_known_by_more_words() {
    for (words, part) in [
        (
            "messages[2]: missing field `content` at line 1 column 812",
            RequestPart::NullContent,
        ),
        (
            "messages[2]: invalid type: null, expected a string at line 1 column 9",
            RequestPart::NullContent,
        ),
        ("message content is required", RequestPart::NullContent),
        (
            "Field required: input.messages.2.content",
            RequestPart::NullContent,
        ),
        (
            "Developer instruction is not enabled for models/gemma-3-27b-it",
            RequestPart::SystemRole,
        ),
        (
            "'messages[0].role' does not support 'system' with this model",
            RequestPart::SystemRole,
        ),
        (
            "user or tool message(s) should alternate with assistant message(s)",
            RequestPart::RoleOrder,
        ),
    ] {
        let refusal = json!({"error": {"message": words}});
        let server = ScriptedModel::openai(vec![Reply::status(400, refusal), Reply::text("ok")]).await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let mut asked = with_notes();
        asked.messages.extend([
            Message::Assistant {
                text: String::new(),
                tool_calls: vec![call("b", "run_card", "{}")],
                opaque: None,
            },
            Message::ToolResults(vec![result("b", "10", false)]),
        ]);
        let heard = listen(&*model, &asked).await;
        assert!(heard.is_ok(), "{words}: {heard:?}");
        assert_eq!(model.left_out(), [part], "{words}");
    }
}
