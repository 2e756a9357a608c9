//! What servers people really use send, and refuse, beside the protocol.

use cardinal::model::{Message, ModelError, RequestPart, StopCause, connect};
use serde_json::{Value, json};

use super::chunks::{calls, chunk, end, events, heard, says};
use super::retry::wire;
use super::talk::{call, conversation, listen, question, request, result};
use crate::support::scripted_model::{Reply, ScriptedModel};

async fn broke_off(body: String) -> String {
    match says(body.clone()).await {
        Err(ModelError::BrokeOff { message, .. }) => message,
        other => panic!("{body}: {other:?}"),
    }
}

#[tokio::test]
async fn an_error_inside_a_stream_is_told_in_the_servers_words_in_any_form() {
    for error in [
        json!({"object": "error", "message": "out of memory", "type": "InternalServerError", "code": 500}),
        json!({"detail": "out of memory"}),
        json!({"detail": [{"loc": ["body"], "msg": "out of memory"}]}),
        json!({"code": 50_000, "msg": "out of memory"}),
        json!({"error": "out of memory"}),
        json!({"error": {"message": "{\"error\": {\"message\": \"out of memory\"}}"}}),
        json!({"errors": [{"message": "out of memory"}]}),
        json!({"response": {"error": {"message": "out of memory"}}}),
        json!({"type": "response.failed", "response": {"status": "failed", "error": {"message": "out of memory"}}}),
        json!({"response": {"detail": "out of memory"}}),
        json!({"choices": [{"delta": {}, "finish_reason": "error"}], "error": {"message": "out of memory"}}),
    ] {
        let body = events(&[chunk(json!({"content": "The "})), error.clone(), end("stop")]);
        assert_eq!(broke_off(body).await, "out of memory", "{error}");
    }
    let named = "data: {\"choices\":[{\"delta\":{\"content\":\"The \"}}]}\n\nevent: error\ndata: worker died\n\ndata: [DONE]\n\n";
    assert_eq!(broke_off(named.to_owned()).await, "worker died");
}

#[tokio::test]
async fn an_ending_that_is_not_known_to_be_good_is_a_cut() {
    for reason in [
        "insufficient_system_resource",
        "error",
        "abort",
        "network_error",
        "unknown",
    ] {
        let body = events(&[chunk(json!({"content": "Sales were"})), end(reason)]) + "data: [DONE]\n\n";
        assert!(broke_off(body).await.contains(&format!("`{reason}`")), "{reason}");
    }
    for (reason, stop) in [
        ("stop", StopCause::End),
        ("STOP", StopCause::End),
        ("end_turn", StopCause::End),
        ("eos", StopCause::End),
        ("max_tokens", StopCause::Length),
        ("MAX_TOKENS", StopCause::Length),
        ("SAFETY", StopCause::Withheld),
    ] {
        let body = events(&[chunk(json!({"content": "Sales were 7."})), end(reason)]);
        assert_eq!(says(body).await.unwrap().completion.stop, stop, "{reason}");
    }
}

#[tokio::test]
async fn what_fails_before_a_word_is_said_is_asked_again() {
    let overloaded = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    let anthropic = format!("event: error\ndata: {overloaded}\n\n");
    let server = ScriptedModel::anthropic(vec![Reply::sse(anthropic), Reply::text("ok")]).await;
    assert_eq!(heard(&server, &question()).await.unwrap().completion.text, "ok");
    for body in [
        events(&[json!({"error": {"message": "Overloaded", "code": 529}})]),
        events(&[
            chunk(json!({"role": "assistant", "content": ""})),
            json!({"message": "worker died"}),
        ]),
        events(&[chunk(json!({"role": "assistant"}))]),
        events(&[end("error")]),
        String::new(),
        "data: [DONE]\n\n".to_owned(),
    ] {
        let server = ScriptedModel::openai(vec![Reply::sse(&body), Reply::text("ok")]).await;
        assert_eq!(
            heard(&server, &question()).await.unwrap().completion.text,
            "ok",
            "{body}"
        );
        assert_eq!(server.requests().len(), 2);
    }
    let server = ScriptedModel::openai(vec![
        Reply::sse(events(&[
            json!({"error": {"message": "no", "type": "invalid_request_error"}}),
        ])),
        Reply::text("ok"),
    ])
    .await;
    heard(&server, &question()).await.unwrap_err();
    assert_eq!(
        server.requests().len(),
        1,
        "what asking again does not mend is not asked again"
    );
}

#[tokio::test]
async fn statuses_of_proxies_in_trouble_are_passing() {
    for status in [425, 520, 521, 522, 523, 524] {
        let failed = Reply::status(status, json!({"error": {"message": "a timeout occurred"}}));
        let server = ScriptedModel::openai(vec![failed, Reply::text("ok")]).await;
        assert_eq!(
            heard(&server, &question()).await.unwrap().completion.text,
            "ok",
            "{status}"
        );
    }
}

#[tokio::test]
async fn no_byte_of_a_stream_makes_anything_panic() {
    let body = events(&[chunk(json!({"content": "ten"})), end("stop")]);
    for body in [
        format!("\u{feff}{body}"),
        format!("\u{feff}\u{feff}: hello\n\n{body}"),
        format!("data:\n\ndata: \n\n: ping\n\ndata: : OPENROUTER PROCESSING\n\n{body}data: [DONE] \n\n"),
        body.replace("\n\n", "\n"),
        "data: {\"choices\":[{\"delta\":{\"content\":\"ten\\ud83d\"},\"finish_reason\":\"stop\"}]}\n\n"
            .to_owned(),
    ] {
        let text = says(body.clone()).await.unwrap().completion.text;
        assert_eq!(text.trim_end_matches('\u{fffd}'), "ten", "{body}");
    }
    let anthropic = format!(
        "\u{feff}{}",
        crate::support::scripted_anthropic::turn(&Reply::text("ten"))
    );
    let server = ScriptedModel::anthropic(vec![Reply::sse(anthropic)]).await;
    assert_eq!(heard(&server, &question()).await.unwrap().completion.text, "ten");
}

#[tokio::test]
async fn a_stream_under_the_type_of_a_document_is_read() {
    let body = events(&[chunk(json!({"content": "ten"})), end("stop")]) + "data: [DONE]\n\n";
    let server = ScriptedModel::openai(vec![
        Reply::sse(body).with_header("content-type", "application/json"),
    ])
    .await;
    assert_eq!(heard(&server, &question()).await.unwrap().completion.text, "ten");
}

#[tokio::test]
async fn the_message_so_far_beside_what_is_new_is_not_read_twice() {
    let piece = |new: &str, all: &str, finish: Value| json!({"choices": [{"delta": {"content": new}, "message": {"content": all}, "finish_reason": finish}]});
    let body = events(&[
        piece("Sales ", "Sales ", Value::Null),
        piece("7.", "Sales 7.", Value::Null),
        piece("", "Sales 7.", json!("stop")),
    ]);
    assert_eq!(says(body).await.unwrap().completion.text, "Sales 7.");
}

#[tokio::test]
async fn usage_that_is_a_list_is_no_usage() {
    let body = events(&[
        chunk(json!({"content": "ten"})),
        end("stop"),
        json!({"choices": [], "usage": [1, 2, 3]}),
    ]);
    assert_eq!(says(body).await.unwrap().completion.usage, None);
}

#[tokio::test]
async fn calls_are_put_together_by_the_form_of_their_arguments() {
    let piece = |index: Value, id: Value, name: Value, arguments: &str| json!({"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    let none = Value::Null;
    let seven = ("run_card", "{\"card_id\":7}");
    let twelve = ("run_card", "{\"card_id\":12}");
    for (what, pieces, expected) in [
        (
            "two whole calls under one number",
            vec![
                piece(json!(0), none.clone(), json!("run_card"), seven.1),
                piece(json!(0), none.clone(), json!("run_card"), twelve.1),
            ],
            vec![seven, twelve],
        ),
        (
            "two objects in the arguments of one call",
            vec![piece(
                json!(0),
                json!("a"),
                json!("run_card"),
                "{\"card_id\":7}{\"card_id\":12}",
            )],
            vec![seven, twelve],
        ),
        (
            "an empty object before the arguments",
            vec![
                piece(json!(0), json!("a"), json!("run_card"), "{}"),
                piece(json!(0), none.clone(), none.clone(), "{\"card_id\":"),
                piece(json!(0), none.clone(), none.clone(), "7}"),
            ],
            vec![seven],
        ),
        (
            "a name in pieces",
            vec![
                piece(json!(0), json!("a"), json!("run"), ""),
                piece(json!(0), none.clone(), json!("_card"), ""),
                piece(json!(0), none.clone(), none.clone(), seven.1),
            ],
            vec![seven],
        ),
        (
            "a name with every piece",
            vec![
                piece(json!(0), json!("a"), json!("run_card"), ""),
                piece(json!(0), json!("a"), json!("run_card"), "{\"card_id\""),
                piece(json!(0), json!("a"), json!("run_card"), ":7}"),
            ],
            vec![seven],
        ),
        (
            "another id with every piece",
            vec![
                piece(json!(0), json!("a"), json!("run_card"), "{\"card_id\""),
                piece(json!(0), json!("b"), json!("run_card"), ":7}"),
            ],
            vec![seven],
        ),
        (
            "another number with every piece",
            vec![
                piece(json!(0), json!("a"), json!("run_card"), "{\"card_id\""),
                piece(json!(1), none.clone(), none.clone(), ":7}"),
            ],
            vec![seven],
        ),
        (
            "parallel calls in turns",
            vec![
                piece(json!(0), json!("a"), json!("run_card"), "{\"card_id\""),
                piece(json!(1), json!("b"), json!("run_card"), "{\"card_id\""),
                piece(json!(0), none.clone(), none.clone(), ":7}"),
                piece(json!(1), none.clone(), none.clone(), ":12}"),
            ],
            vec![seven, twelve],
        ),
        (
            "an object that was written as a text",
            vec![piece(
                json!(0),
                json!("a"),
                json!("run_card"),
                "\"{\\\"card_id\\\":7}\"",
            )],
            vec![seven],
        ),
        (
            "decorated names",
            vec![
                piece(json!(0), json!("a"), json!("functions.run_card"), seven.1),
                piece(
                    json!(1),
                    json!("b"),
                    json!("run_card<|channel|>commentary"),
                    twelve.1,
                ),
            ],
            vec![seven, twelve],
        ),
    ] {
        let mut body: Vec<Value> = pieces.into_iter().map(|piece| calls(json!([piece]))).collect();
        body.push(end("tool_calls"));
        let heard = says(events(&body)).await.unwrap();
        let made = &heard.completion.tool_calls;
        let made: Vec<_> = made
            .iter()
            .map(|call| (call.name.as_str(), call.arguments.as_str()))
            .collect();
        assert_eq!(made, expected, "{what}");
        assert!(
            heard.started.iter().all(|name| name == "run_card"),
            "{what}: {:?}",
            heard.started
        );
    }
}

#[tokio::test]
async fn a_call_in_the_thoughts_of_a_model_that_says_nothing_is_made() {
    let thought = "I call <tool_call>{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}</tool_call>";
    for key in ["reasoning_content", "reasoning"] {
        let body = events(&[chunk(json!({ key: thought })), end("stop")]);
        let completion = says(body).await.unwrap().completion;
        assert_eq!(
            completion.tool_calls,
            [call("call_0", "run_card", "{\"card_id\":7}")]
        );
        let body = events(&[
            chunk(json!({ key: thought })),
            chunk(json!({"content": "Seven."})),
            end("stop"),
        ]);
        assert_eq!(says(body).await.unwrap().completion.tool_calls, []);
    }
}

#[tokio::test]
async fn calls_in_the_marks_of_current_models_are_made() {
    for written in [
        "<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"run_card\">\n<｜DSML｜parameter name=\"card_id\" string=\"false\">7\
         </｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>",
        "```tool_code\nprint(default_api.run_card(card_id=7))\n```",
        "<tool_code>\nrun_card(card_id=7)\n</tool_code>",
        "[run_card(card_id=7)]",
        "<function=run_card{\"card_id\": 7}</function>",
        "<function(run_card){\"card_id\": 7}</function>",
    ] {
        let body = events(&[chunk(json!({ "content": written })), end("stop")]);
        let completion = says(body).await.unwrap().completion;
        assert_eq!(completion.tool_calls.len(), 1, "{written}: {completion:?}");
        let arguments: Value = completion.tool_calls[0].arguments.parse().unwrap();
        assert_eq!(
            (completion.tool_calls[0].name.as_str(), arguments),
            ("run_card", json!({"card_id": 7}))
        );
    }
    for (written, arguments) in [(
        "<｜DSML｜invoke name=\"describe\"><｜DSML｜parameter name=\"kind\" string=\"true\">12</｜DSML｜parameter></｜DSML｜invoke>",
        json!({"kind": "12"}),
    )] {
        let body = events(&[chunk(json!({ "content": written })), end("stop")]);
        let completion = says(body).await.unwrap().completion;
        assert_eq!(
            completion.tool_calls[0].arguments.parse::<Value>().unwrap(),
            arguments
        );
    }
    let begun = "<｜DSML｜function_calls>\n<｜DSML｜inv";
    let body = events(&[chunk(json!({ "content": begun })), end("stop")]);
    assert_eq!(says(body).await.unwrap().completion.stop, StopCause::Garbled);
}

#[tokio::test]
async fn fields_that_only_the_server_understands_go_back_with_their_message() {
    let details = |data: &str| json!([{"type": "reasoning.encrypted", "data": data, "id": "a", "index": 0}]);
    let body = events(&[
        chunk(
            json!({"content": "", "reasoning": "thinking", "reasoning_details": [
            {"type": "reasoning.text", "text": "think", "index": 0}]}),
        ),
        chunk(json!({"reasoning_details": [{"type": "reasoning.text", "text": "ing", "index": 0}]})),
        chunk(json!({"tool_calls": [{
            "index": 0, "id": "a", "thought_signature": "sig",
            "function": {"name": "run_card", "arguments": "{}", "thought": "fsig"},
        }], "reasoning_details": details("AbCd==")})),
        end("tool_calls"),
    ]);
    let server = ScriptedModel::openai(vec![Reply::sse(body), Reply::text("ok")]).await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    let mut asked = question();
    let completion = listen(&*model, &asked).await.unwrap().completion;
    asked.messages.push(Message::Assistant {
        text: completion.text,
        tool_calls: completion.tool_calls,
        opaque: completion.opaque,
    });
    listen(&*model, &asked).await.unwrap();
    let back = &server.requests()[1]["messages"][2];
    assert_eq!(
        back["reasoning_details"],
        json!([
            {"type": "reasoning.text", "text": "thinking", "index": 0},
            {"type": "reasoning.encrypted", "data": "AbCd==", "id": "a", "index": 0},
        ])
    );
    assert_eq!(back["tool_calls"][0]["thought_signature"], "sig");
    assert_eq!(back["tool_calls"][0]["function"]["thought"], "fsig");
}

/// A server that refuses requests with `refused` in them, and says so in these words.
async fn refusing(refused: fn(&Value) -> bool, words: &'static str) -> ScriptedModel {
    ScriptedModel::openai_with(move |body| {
        if refused(body) {
            Reply::status(400, json!({"error": {"message": words}}))
        } else {
            Reply::text("ok")
        }
    })
    .await
}

#[tokio::test]
async fn what_a_server_refuses_is_left_out_and_remembered() {
    let null = |body: &Value| {
        body["messages"]
            .as_array()
            .unwrap()
            .iter()
            .any(|message| message["content"].is_null())
    };
    for (refused, words, part) in [
        (
            (|body: &Value| body.get("stream_options").is_some()) as fn(&Value) -> bool,
            "Unrecognized request argument supplied: stream_options",
            RequestPart::StreamOptions,
        ),
        (
            |body: &Value| body.get("max_tokens").is_some(),
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            RequestPart::TokenLimit,
        ),
        (
            null,
            "messages: content must be a string, got null",
            RequestPart::NullContent,
        ),
        (
            |body: &Value| body.get("temperature").is_some(),
            "Unsupported value: 'temperature' does not support 0 with this model.",
            RequestPart::Temperature,
        ),
        (
            |body: &Value| body.get("tool_choice").is_some(),
            "Extra inputs are not permitted: tool_choice",
            RequestPart::ToolChoice,
        ),
    ] {
        let server = refusing(refused, words).await;
        let mut asked = request(conversation());
        asked.messages.push(Message::Assistant {
            text: String::new(),
            tool_calls: vec![call("b", "run_card", "{}")],
            opaque: None,
        });
        asked
            .messages
            .push(Message::ToolResults(vec![result("b", "10", false)]));
        asked.temperature = Some(0.0);
        asked.tool_choice = cardinal::model::ToolChoice::None;
        for requests in [2, 3] {
            // Another model of the same server: the process remembers.
            let model = connect(&server.settings(), wire(&server)).unwrap();
            let heard = listen(&*model, &asked).await.unwrap();
            assert_eq!(heard.completion.text, "ok", "{words}");
            assert_eq!(server.requests().len(), requests, "{words}");
            assert_eq!(model.left_out(), [part]);
        }
    }
}

#[tokio::test]
async fn a_server_that_knows_neither_name_of_the_limit_is_asked_without_one() {
    let server = ScriptedModel::openai_with(|body| {
        let known = ["max_tokens", "max_completion_tokens"];
        match known.into_iter().find(|name| body.get(*name).is_some()) {
            Some(name) => {
                let message = format!("{name}: Extra inputs are not permitted");
                Reply::status(400, json!({"error": {"message": message}}))
            }
            None => Reply::text("ok"),
        }
    })
    .await;
    for requests in [3, 4] {
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let heard = listen(&*model, &request(conversation())).await.unwrap();
        assert_eq!(heard.completion.text, "ok");
        assert_eq!(server.requests().len(), requests);
        assert_eq!(
            model.left_out(),
            [RequestPart::TokenLimit, RequestPart::AnyTokenLimit]
        );
    }
}

#[tokio::test]
async fn marks_for_the_cache_are_left_out_where_the_server_refuses_them() {
    let server = ScriptedModel::anthropic_with(|body| {
        if body.to_string().contains("cache_control") {
            let message = "system.0.cache_control: Extra inputs are not permitted";
            Reply::status(400, json!({"type": "error", "error": {"message": message}}))
        } else {
            Reply::text("ok")
        }
    })
    .await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    for requests in [2, 3] {
        let heard = listen(&*model, &request(conversation())).await.unwrap();
        assert_eq!(heard.completion.text, "ok");
        assert_eq!(server.requests().len(), requests);
    }
    assert_eq!(model.left_out(), [RequestPart::CacheControl]);
}

#[tokio::test]
async fn a_server_of_anthropics_protocol_without_tools_says_what_to_change() {
    let refusal = json!({"type": "error", "error": {"message": "this model does not support tools"}});
    let server = ScriptedModel::anthropic_with(move |_| Reply::status(400, refusal.clone())).await;
    let error = heard(&server, &question()).await.unwrap_err().to_string();
    assert!(
        error.contains("does not support tools") && error.contains("openai:NAME"),
        "{error}"
    );
}

#[tokio::test]
async fn a_refusal_that_nothing_mends_is_told_and_forgotten() {
    let server = refusing(|_| true, "Unrecognized request argument supplied: stream_options").await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    let error = listen(&*model, &question()).await.unwrap_err();
    assert!(
        matches!(error, ModelError::Status { status: 400, .. }),
        "{error:?}"
    );
    assert_eq!(server.requests().len(), 2);
    assert_eq!(model.left_out(), []);
}

#[tokio::test]
async fn a_server_without_tools_is_driven_by_objects_and_says_so() {
    let server = ScriptedModel::openai_with(|body| {
        if body.get("tools").is_some() {
            Reply::status(
                400,
                json!({"error": {"message": "library/gemma3:4b does not support tools"}}),
            )
        } else {
            Reply::text(r#"{"action": "run_card", "arguments": {"card_id": 7}}"#)
        }
    })
    .await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    let heard = listen(&*model, &question()).await.unwrap();
    assert_eq!(
        heard.completion.tool_calls,
        [call("call_0", "run_card", "{\"card_id\":7}")].map(|mut call| {
            call.arguments = heard.completion.tool_calls[0].arguments.clone();
            call
        })
    );
    assert!(heard.notices[0].contains("takes no tools"), "{:?}", heard.notices);
    assert_eq!(model.found_drive(), Some(cardinal::model::ModelDrive::JsonAction));
    listen(&*model, &question()).await.unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_generation_that_the_server_could_not_read_is_read_here() {
    let failed = |text: &str| json!({"error": {"message": "Failed to call a function.", "code": "tool_use_failed", "failed_generation": text}});
    let written = failed("<function=run_card{\"card_id\": 7}</function>");
    for server in [
        ScriptedModel::openai(vec![Reply::status(400, written.clone())]).await,
        ScriptedModel::openai(vec![Reply::sse(events(&[
            chunk(json!({"role": "assistant"})),
            written,
        ]))])
        .await,
    ] {
        let completion = heard(&server, &question()).await.unwrap().completion;
        assert_eq!(completion.tool_calls[0].name, "run_card");
        assert_eq!(completion.stop, StopCause::ToolCalls);
    }
    let server = ScriptedModel::openai(vec![Reply::status(400, failed("I would run"))]).await;
    let completion = heard(&server, &question()).await.unwrap().completion;
    assert_eq!(
        completion.stop,
        StopCause::Garbled,
        "the model is told that its call was not read"
    );
}

#[tokio::test]
async fn the_innermost_reason_of_a_gateway_is_told() {
    let error = json!({"error": {"message": "Provider returned error", "code": 400, "metadata": {
        "raw": "{\"error\":{\"message\":\"thought_signature is missing\"}}", "provider_name": "Google"}}});
    let server = ScriptedModel::openai(vec![Reply::status(400, error)]).await;
    let error = heard(&server, &question()).await.unwrap_err().to_string();
    assert!(
        error.ends_with("Provider returned error: thought_signature is missing"),
        "{error}"
    );
}

#[tokio::test]
async fn a_tool_is_known_in_the_decorations_of_its_name() {
    for written in [
        " run_card ",
        "functions.run_card",
        "default_api.run_card",
        "functions.run_card:0",
        "run_card<|channel|>commentary",
        "to=functions.run_card",
        "mcp__cardinal__run_card",
        "`Run_Card`",
        "run_card()",
    ] {
        let piece = json!([{"index": 0, "id": "a", "function": {"name": written, "arguments": "{}"}}]);
        let made = says(events(&[calls(piece), end("tool_calls")])).await.unwrap();
        assert_eq!(made.completion.tool_calls[0].name, "run_card", "{written}");
    }
    for other in ["run_cards", "describe.run_card", "run_card_v2"] {
        let piece = json!([{"index": 0, "id": "a", "function": {"name": other, "arguments": "{}"}}]);
        let made = says(events(&[calls(piece), end("tool_calls")])).await.unwrap();
        assert_eq!(made.completion.tool_calls[0].name, other);
    }
}

#[tokio::test]
async fn a_stream_is_the_same_however_its_bytes_are_cut() {
    let (one, two) = (chunk(json!({"content": "é "})), chunk(json!({"content": "ten"})));
    let body = format!(
        "\u{feff}data: {one}\r\n\r\ndata:\n\n: ping\n\ndata: : PROCESSING\n\ndata: {two}\rdata: {}\r\rdata: [DONE] \n",
        end("stop")
    );
    for size in [1, 2, 3, 5, 7, 64] {
        let server = ScriptedModel::openai(vec![Reply::sse(&body).fragmented(size)]).await;
        assert_eq!(
            heard(&server, &question()).await.unwrap().completion.text,
            "é ten",
            "in pieces of {size} bytes"
        );
    }
}

#[tokio::test]
async fn an_error_is_asked_again_by_its_class() {
    for (error, requests) in [
        (json!({"error": {"code": "429", "message": "slow down"}}), 2),
        (json!({"msg": "Rate limit reached", "code": 1302}), 2),
        (
            json!({"error": {"type": "overloaded_error", "message": "Overloaded"}}),
            2,
        ),
        (json!({"detail": "worker died"}), 2),
        (
            json!({"error": {"code": "insufficient_quota", "message": "no money"}}),
            1,
        ),
        (
            json!({"error": {"type": "authentication_error", "message": "no"}}),
            1,
        ),
        (json!({"error": {"code": 403, "message": "no"}}), 1),
    ] {
        let server =
            ScriptedModel::openai(vec![Reply::sse(events(&[error.clone()])), Reply::text("ok")]).await;
        assert_eq!(
            heard(&server, &question()).await.is_ok(),
            requests == 2,
            "{error}"
        );
        assert_eq!(server.requests().len(), requests, "{error}");
    }
}

#[tokio::test]
async fn what_only_looks_like_an_error_is_not_one() {
    for fine in [
        json!({}),
        json!({"error": null}),
        json!({"error": {}}),
        json!({"code": 0, "msg": ""}),
        json!({"type": "ping"}),
        json!({"choices": [], "usage": {"prompt_tokens": 1}, "error": ""}),
    ] {
        let body = events(&[fine.clone(), chunk(json!({"content": "ten"})), end("stop")]);
        assert_eq!(says(body).await.unwrap().completion.text, "ten", "{fine}");
    }
}
