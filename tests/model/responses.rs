//! OpenAI's Responses API: what is sent, what comes back, and that thoughts go back sealed.

use cardinal::model::{Message, ModelError, Provider, RequestPart, StopCause, ToolChoice, connect};
use serde_json::{Value, json};

use super::retry::wire;
use super::talk::{Heard, ask, call, conversation, listen, question, request, result};
use crate::support::scripted_model::{Reply, ScriptedModel};

fn events(events: &[Value]) -> String {
    let framed = events
        .iter()
        .map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()));
    framed.collect::<Vec<_>>().concat()
}

fn reasoning() -> Value {
    json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "sealed"})
}

fn function_call() -> Value {
    json!({
        "type": "function_call", "id": "fc_1", "call_id": "call_a", "name": "run_card",
        "arguments": "{\"card_id\":7}", "status": "completed",
    })
}

fn message(text: &str) -> Value {
    json!({
        "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
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
        StopCause::Refusal
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

#[tokio::test]
async fn a_model_that_speaks_nothing_else_is_asked_so_by_itself() {
    let server = ScriptedModel::openai_with(|body| {
        if body.get("messages").is_some() {
            let words = "This model is only supported in v1/responses and not in v1/chat/completions.";
            Reply::status(404, json!({"error": {"message": words}}))
        } else {
            Reply::sse(speaking("ok"))
        }
    })
    .await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    let heard = listen(&*model, &question()).await.unwrap();
    assert_eq!(heard.completion.text, "ok");
    assert!(
        heard.notices[0].contains("openai-responses:NAME"),
        "{:?}",
        heard.notices
    );
    assert_eq!(model.left_out(), [RequestPart::ChatCompletions]);
    listen(&*model, &question()).await.unwrap();
    assert_eq!(server.requests().len(), 3);
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
