//! OpenAI's Responses API: what is sent, what comes back, and that thoughts go back sealed.

use cardinal::model::{
    Message, ModelDrive, ModelError, ModelSettings, Provider, RequestPart, StopCause, ToolChoice, connect,
};
use serde_json::{Value, json};

use super::retry::wire;
use super::talk::{Heard, ask, call, conversation, listen, question, request, result};
use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::scripted_responses::{events, message, reasoning};

fn function_call() -> Value {
    json!({
        "type": "function_call", "id": "fc_1", "call_id": "call_a", "name": "run_card",
        "arguments": "{\"card_id\":7}", "status": "completed",
    })
}

fn ended(status: &str, output: &[Value], reason: Value) -> Value {
    json!({"type": format!("response.{status}"), "response": {
        "object": "response", "status": status, "model": "gpt-x", "output": output, "incomplete_details": reason,
        "usage": {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 60}, "output_tokens": 7},
    }})
}

fn calling() -> String {
    events(&[
        json!({"type": "response.created", "response": {"status": "in_progress"}}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning"}}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": reasoning()}),
        json!({"type": "response.output_item.added", "output_index": 1, "item": {"type": "function_call", "name": "run_card"}}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{\"card_id\":7}"}),
        json!({"type": "response.output_item.done", "output_index": 1, "item": function_call()}),
        ended("completed", &[reasoning(), function_call()], Value::Null),
    ])
}

fn speaking(text: &str) -> String {
    events(&[
        json!({"type": "response.output_text.delta", "output_index": 0, "delta": text}),
        ended("completed", &[message(text)], Value::Null),
    ])
}

async fn server(bodies: Vec<String>) -> ScriptedModel {
    ScriptedModel::openai(bodies.into_iter().map(Reply::sse).collect()).await
}

fn settings(server: &ScriptedModel) -> cardinal::model::ModelSettings {
    let mut settings = server.settings();
    settings.id.provider = Provider::OpenaiResponses;
    settings
}

async fn says(body: String) -> Result<Heard, ModelError> {
    let server = server(vec![body.clone(), body.clone(), body]).await;
    listen(&*connect(&settings(&server), wire(&server)).unwrap(), &question()).await
}

#[tokio::test]
async fn a_call_is_made_and_what_came_with_it_goes_back_as_it_came() {
    let server = server(vec![calling(), speaking("Ten.")]).await;
    let mut asked = question();
    let heard = ask(&settings(&server), &asked).await.unwrap();
    assert_eq!(heard.started, ["run_card"]);
    let completion = heard.completion;
    assert_eq!(
        completion.tool_calls,
        [call("call_a", "run_card", "{\"card_id\":7}")]
    );
    assert_eq!(
        (completion.stop, completion.model.as_str()),
        (StopCause::ToolCalls, "gpt-x")
    );
    let usage = completion.usage.unwrap();
    assert_eq!(
        (usage.input_tokens, usage.cached_tokens, usage.output_tokens),
        (100, 60, 7)
    );
    asked.messages.push(Message::Assistant {
        text: completion.text,
        tool_calls: completion.tool_calls,
        opaque: completion.opaque,
    });
    asked
        .messages
        .push(Message::ToolResults(vec![result("call_a", "10", false)]));
    let heard = ask(&settings(&server), &asked).await.unwrap();
    assert_eq!(
        (heard.texts.concat().as_str(), heard.completion.text.as_str()),
        ("Ten.", "Ten.")
    );
    assert_eq!(heard.completion.stop, StopCause::End);
    let captured = server.captured();
    assert_eq!(captured[0].path, "/v1/responses");
    assert_eq!(
        server.requests()[1]["input"],
        json!([
            {"role": "user", "content": "Revenue by month?"},
            reasoning(),
            function_call(),
            {"type": "function_call_output", "call_id": "call_a", "output": "10"},
        ])
    );
}

#[tokio::test]
async fn messages_are_paragraphs_and_commentary_is_no_part_of_the_answer() {
    let mut commentary = message("I look.");
    commentary["phase"] = json!("commentary");
    let output = [commentary, message("Seven."), message("Of ten.")];
    let heard = says(events(&[ended("completed", &output, Value::Null)]))
        .await
        .unwrap();
    assert_eq!(heard.completion.text, "Seven.\n\nOf ten.");
}

#[tokio::test]
async fn a_response_that_brings_an_error_has_failed() {
    let response = json!({"status": "completed", "output": [message("Sev")],
        "error": {"code": "server_error", "message": "it died"}});
    let mut whole = response.clone();
    whole["object"] = json!("response");
    for event in [json!({"type": "response.completed", "response": response}), whole] {
        let error = says(format!("data: {event}\n\n")).await.unwrap_err().to_string();
        assert!(error.contains("it died"), "{event}: {error}");
    }
}

#[tokio::test]
async fn the_request_says_what_the_api_wants_and_nothing_is_stored() {
    let server = server(vec![speaking("ok")]).await;
    let mut asked = request(conversation());
    asked.tool_choice = ToolChoice::None;
    ask(&settings(&server), &asked).await.unwrap();
    let body = &server.requests()[0];
    assert_eq!(body["instructions"], "You answer from cards 7 and 12.");
    assert_eq!(
        (&body["store"], &body["stream"], &body["tool_choice"]),
        (&json!(false), &json!(true), &json!("none"))
    );
    assert_eq!(body["include"], json!(["reasoning.encrypted_content"]));
    assert_eq!(body["max_output_tokens"], 512);
    assert_eq!(body["prompt_cache_key"], "prompt-hash");
    assert_eq!(body["tools"][0]["type"], "function");
    assert_eq!(
        (&body["tools"][0]["name"], &body["tools"][0]["strict"]),
        (&json!("run_card"), &json!(false))
    );
}

#[tokio::test]
async fn every_ending_is_told_apart() {
    let cut = |reason: &str| {
        events(&[
            json!({"type": "response.output_text.delta", "output_index": 0, "delta": "Sales"}),
            ended("incomplete", &[message("Sales")], json!({ "reason": reason })),
        ])
    };
    assert_eq!(
        says(cut("max_output_tokens")).await.unwrap().completion.stop,
        StopCause::Length
    );
    assert_eq!(
        says(cut("content_filter")).await.unwrap().completion.stop,
        StopCause::Withheld
    );
    let error = says(cut("something_new")).await.unwrap_err().to_string();
    assert!(error.contains("`something_new`"), "{error}");
    let failed = events(&[json!({"type": "response.failed", "response": {
        "status": "failed", "error": {"code": "server_error", "message": "The model fell over."}}})]);
    let error = says(failed).await.unwrap_err().to_string();
    assert!(error.contains("The model fell over."), "{error}");
    let begun = events(&[json!({"type": "response.output_text.delta", "output_index": 0, "delta": "Sales"})]);
    assert!(matches!(says(begun).await, Err(ModelError::BrokeOff { .. })));
}

/// A server that refuses chat completions with this status and body, and answers over the other API.
async fn responses_alone(status: u16, refusal: Value) -> ScriptedModel {
    ScriptedModel::openai_apart(move |body| {
        if body.get("messages").is_some() {
            Reply::status(status, refusal.clone())
        } else {
            Reply::text("ok")
        }
    })
    .await
}

#[tokio::test]
async fn a_model_that_speaks_nothing_else_is_asked_so_by_itself_however_it_is_driven() {
    let said = |words: &str| json!({"error": {"message": words}});
    for (status, refusal) in [
        (
            404,
            said("This model is only supported in v1/responses and not in v1/chat/completions."),
        ),
        (
            404,
            said("This is not a chat model and thus not supported in the v1/chat/completions endpoint."),
        ),
        (
            400,
            said("The chatCompletion operation does not work with the specified model, gpt-x."),
        ),
        (
            400,
            json!({"error": {"code": "unsupported_api_for_model", "message": "model gpt-x is not accessible"}}),
        ),
        // Nothing is there.
        (404, json!({"detail": "Not Found"})),
        (405, json!({"detail": "Method Not Allowed"})),
    ] {
        for drive in [ModelDrive::Native, ModelDrive::Probe, ModelDrive::JsonAction] {
            let server = responses_alone(status, refusal.clone()).await;
            let settings = ModelSettings {
                drive,
                ..server.settings()
            };
            let model = connect(&settings, wire(&server)).unwrap();
            let heard = listen(&*model, &question()).await.unwrap();
            assert_eq!(heard.completion.text, "ok", "{refusal} {drive:?}");
            assert_eq!(model.left_out(), [RequestPart::ChatCompletions]);
            let asked = server.requests().len();
            listen(&*model, &question()).await.unwrap();
            assert_eq!(
                server.requests().len(),
                asked + 1,
                "it is remembered: {refusal} {drive:?}"
            );
            let captured = server.captured();
            let last = captured.last().unwrap();
            assert_eq!(last.path, "/v1/responses");
            assert!(last.json()["tools"].is_array(), "tools are called there");
        }
    }
}

#[tokio::test]
async fn a_listener_is_told_that_another_api_is_asked() {
    let words = "This model is only supported in v1/responses and not in v1/chat/completions.";
    let server = responses_alone(404, json!({"error": {"message": words}})).await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    let heard = listen(&*model, &question()).await.unwrap();
    assert!(
        heard.notices[0].contains("openai-responses:NAME"),
        "{:?}",
        heard.notices
    );
}

#[tokio::test]
async fn an_address_with_neither_api_is_told_as_it_was_asked_first() {
    let server = ScriptedModel::openai_apart(|_| Reply::status(404, json!({"detail": "Not Found"}))).await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    let error = listen(&*model, &question()).await.unwrap_err();
    assert!(
        matches!(error, ModelError::NoRoute { status: 404, .. }),
        "{error:?}"
    );
    assert_eq!(model.left_out(), []);
}

#[tokio::test]
async fn what_the_api_does_not_take_back_stays_away() {
    let reasoning_of_nobody =
        json!({"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": null});
    let spoken_reasoning = json!({
        "type": "reasoning", "id": "rs_3", "summary": [], "status": "completed", "encrypted_content": null,
        "content": [{"type": "reasoning_text", "text": "I look."}],
    });
    let call = json!({
        "type": "function_call", "id": "fc_1", "call_id": "call_a", "name": "functions.run_card", "arguments": "{oops",
        "status": "completed", "caller": "model", "namespace": null,
    });
    let output = [spoken_reasoning, reasoning_of_nobody, call];
    let server = server(vec![
        events(&[ended("completed", &output, Value::Null)]),
        speaking("Ten."),
    ])
    .await;
    let mut asked = question();
    let completion = ask(&settings(&server), &asked).await.unwrap().completion;
    asked.messages.push(Message::Assistant {
        text: completion.text,
        tool_calls: completion.tool_calls,
        opaque: completion.opaque,
    });
    asked
        .messages
        .push(Message::ToolResults(vec![result("call_a", "no such call", true)]));
    ask(&settings(&server), &asked).await.unwrap();
    assert_eq!(
        server.requests()[1]["input"].as_array().unwrap()[1..],
        [
            json!({
                "type": "reasoning", "id": "rs_3", "summary": [],
                "content": [{"type": "reasoning_text", "text": "I look."}],
            }),
            json!({
                "type": "function_call", "call_id": "call_a", "name": "run_card", "arguments": "{}",
                "status": "completed", "caller": "model",
            }),
            json!({"type": "function_call_output", "call_id": "call_a", "output": "no such call"}),
        ]
    );
}

#[tokio::test]
async fn what_a_server_refuses_of_it_is_left_out_and_remembered() {
    let has_status = |body: &Value| body["input"].to_string().contains("\"status\"");
    for (refused, words, part) in [
        (
            (|body: &Value| body.get("max_output_tokens").is_some()) as fn(&Value) -> bool,
            json!({"detail": "Unsupported parameter: max_output_tokens"}),
            RequestPart::AnyTokenLimit,
        ),
        (
            |body: &Value| body.get("store").is_some(),
            json!({"error": {"message": "Unknown parameter: 'store'."}}),
            RequestPart::Store,
        ),
        (
            has_status,
            json!({"error": {"message": "Unknown parameter: 'input[2].status'."}}),
            RequestPart::ItemStatus,
        ),
        (
            |body: &Value| body.get("include").is_some(),
            json!({"error": {"message": "body.include: Extra inputs are not permitted"}}),
            RequestPart::Include,
        ),
    ] {
        let server = ScriptedModel::responses_with(move |body| {
            if refused(body) {
                Reply::status(400, words.clone())
            } else {
                Reply::text("ok")
            }
        })
        .await;
        let mut asked = question();
        asked.messages.push(Message::Assistant {
            text: String::new(),
            tool_calls: vec![call("call_a", "run_card", "{}")],
            opaque: Some(json!({"openai_responses": [function_call()]})),
        });
        asked
            .messages
            .push(Message::ToolResults(vec![result("call_a", "10", false)]));
        for requests in [2, 3] {
            let model = connect(&server.settings(), wire(&server)).unwrap();
            let heard = listen(&*model, &asked).await.unwrap();
            assert_eq!(heard.completion.text, "ok", "{part:?}");
            assert_eq!(server.requests().len(), requests, "{part:?}");
            assert_eq!(model.left_out(), [part]);
        }
    }
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_read_all_the_same() {
    let whole = ended("completed", &[message("ten")], Value::Null)["response"].clone();
    let server = ScriptedModel::openai(vec![Reply::json(whole)]).await;
    let heard = ask(&settings(&server), &question()).await.unwrap();
    assert_eq!(
        (heard.texts.concat().as_str(), heard.completion.text.as_str()),
        ("ten", "ten")
    );
}

/// Servers of this API leave out what others say twice: items that are whole, or the output at the end.
#[tokio::test]
async fn what_was_streamed_counts_where_the_end_does_not_repeat_it() {
    let of = |pieces: &[Value]| -> String {
        let framed = pieces.iter().map(|piece| format!("data: {piece}\n\n"));
        framed.collect()
    };
    let delta = |text: &str| json!({"type": "response.output_text.delta", "output_index": 0, "delta": text});
    let over = |kind: &str| {
        json!({"type": kind, "response": {"status": "completed", "output": [],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3}}})
    };
    for body in [
        of(&[delta("Sev"), delta("en."), over("response.completed")]),
        of(&[delta("Seven."), over("response.done")]),
        of(&[
            json!({"type": "response.output_text.done", "output_index": 0, "text": "Seven."}),
            over("response.completed"),
        ]),
    ] {
        let completion = says(body.clone()).await.unwrap().completion;
        assert_eq!(
            (completion.text.as_str(), completion.stop),
            ("Seven.", StopCause::End),
            "{body}"
        );
        assert_eq!(completion.usage.unwrap().output_tokens, 3);
    }
    let call = json!({"type": "response.output_item.added", "output_index": 0,
        "item": {"type": "function_call", "id": "f", "call_id": "c", "name": "run_card", "arguments": ""}});
    let arguments = |kind: &str, key: &str, text: &str| json!({"type": kind, "output_index": 0, key: text});
    for pieces in [
        vec![
            arguments("response.function_call_arguments.delta", "delta", "{\"card"),
            arguments("response.function_call_arguments.delta", "delta", "_id\":7}"),
        ],
        vec![arguments(
            "response.function_call_arguments.done",
            "arguments",
            "{\"card_id\":7}",
        )],
    ] {
        let mut all = vec![call.clone()];
        all.extend(pieces);
        all.push(over("response.completed"));
        let completion = says(of(&all)).await.unwrap().completion;
        assert_eq!(completion.stop, StopCause::ToolCalls);
        assert_eq!(completion.tool_calls[0].arguments, "{\"card_id\":7}");
    }
    let failed = json!({"type": "response.error", "error": {"code": "server_error", "message": "it died"}});
    let error = says(of(&[delta("Sev"), failed])).await.unwrap_err().to_string();
    assert!(error.contains("it died"), "{error}");
    let declined = json!({"type": "response.refusal.delta", "delta": "No."});
    let completion = says(of(&[declined, over("response.completed")]))
        .await
        .unwrap()
        .completion;
    assert_eq!(
        (completion.text.as_str(), completion.stop),
        ("No.", StopCause::Refusal)
    );
}
