//! What is cut, withheld or rests on nothing says so in the text, on every wire: clients of others show nothing else.

use std::time::Duration;

use cardinal::agent::BudgetSettings;
use serde_json::{Value, json};

use super::client::Ask;
use super::kit::TestServer;
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;
use crate::support::stack::a_metric;

/// The texts that the same question gets on each wire, by the wire's name, and the whole body.
async fn on_every_wire(server: &TestServer, question: &str) -> Vec<(&'static str, String, String)> {
    let messages = json!([{"role": "user", "content": question}]);
    let parts = json!({"role": "user", "parts": [{"type": "text", "text": question}]});
    let chat = server
        .post("/v1/chat/completions", json!({ "messages": messages }))
        .await;
    let chunks = server
        .post(
            "/v1/chat/completions",
            json!({"messages": messages, "stream": true}),
        )
        .await;
    let response = server.post("/v1/responses", json!({ "input": question })).await;
    let events = server
        .post("/v1/responses", json!({"input": question, "stream": true}))
        .await;
    let ui = server.post("/api/chat", json!({ "message": parts })).await;
    let pieces = |body: &str, pointer: &str| -> String {
        let data = body.lines().filter_map(|line| line.strip_prefix("data: "));
        let data = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
        data.filter_map(|chunk| chunk.pointer(pointer)?.as_str().map(str::to_owned))
            .collect()
    };
    let at = |value: Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    vec![
        ("chat", at(chat.json(), "/choices/0/message/content"), chat.body),
        (
            "chat, streamed",
            pieces(&chunks.body, "/choices/0/delta/content"),
            chunks.body,
        ),
        (
            "responses",
            at(response.json(), "/output/0/content/0/text"),
            response.body,
        ),
        ("responses, streamed", at_done(&events.body), events.body),
        ("ui", pieces(&ui.body, "/delta"), ui.body),
    ]
}

/// The text of the item that is done.
fn at_done(body: &str) -> String {
    let data = body.lines().filter_map(|line| line.strip_prefix("data: "));
    let mut data = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    let done = data.find(|event| event["type"] == "response.output_text.done");
    done.unwrap()["text"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withheld_midway_is_marked_as_cut_on_every_wire() {
    let model = ScriptedModel::openai_with(|_| Reply::text("Revenue was").stopping("content_filter")).await;
    let server = TestServer::before(model, |_| {}).await;
    for (wire, text, body) in on_every_wire(&server, "What is alpha?").await {
        assert!(text.starts_with("Revenue was\n\n[cut here] "), "{wire}: {text}");
        assert!(
            body.contains("content_filter") || body.contains("content-filter"),
            "{wire}: {body}"
        );
    }
    let body = json!({"question": "What is beta?"});
    let told = server.send(Ask::events(&body)).await;
    let record = server.post("/v1/answers", body).await.json();
    for record in [&told.named("answer")[0], &record] {
        let text = record["answer"]["text"].as_str().unwrap();
        assert!(text.starts_with("Revenue was\n\n[cut here] "), "{record:#}");
    }
    let session = record["session"].as_str().unwrap();
    let kept = server.get(&format!("/v1/sessions/{session}/export")).await.body;
    assert!(kept.contains("cut here"), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_after_queries_that_all_failed_is_remarked_on_every_wire() {
    let claims = |request: &Value| {
        let asked = request["messages"].as_array().unwrap().last().unwrap()["role"] == "user";
        if asked {
            Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))])
        } else {
            Reply::text("Revenue grew a lot.")
        }
    };
    let model = ScriptedModel::openai_with(claims).await;
    let reached = model.settings();
    let (sandbox, mut server) = TestServer::over_metabase(|settings, _| settings.model = reached).await;
    server.model = Some(model);
    drop(sandbox);
    for (wire, text, body) in on_every_wire(&server, "How did revenue develop?").await {
        assert!(body.contains("\"upstream_failed\""), "{wire}: {body}");
        assert!(
            text.starts_with("Revenue grew a lot.\n\n*No query brought a result"),
            "{wire}: {text}"
        );
    }
    server.goes_on_with_what_was_told().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_after_queries_that_were_all_refused_is_remarked() {
    let claims = |request: &Value| {
        let asked = request["messages"].as_array().unwrap().last().unwrap()["role"] == "user";
        if asked {
            Reply::tool_calls([("query_metric", json!({"metric_id": 999_999}))])
        } else {
            Reply::text("Revenue grew a lot.")
        }
    };
    let server = TestServer::before(ScriptedModel::openai_with(claims).await, |_| {}).await;
    for (wire, text, body) in on_every_wire(&server, "How did revenue develop?").await {
        assert!(body.contains("\"not_in_catalog\""), "{wire}: {body}");
        assert!(text.contains("*No query brought a result"), "{wire}: {text}");
    }
}

/// A last word is not an answer like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_last_word_says_why_it_is_the_last_one() {
    let asks = |request: &Value| {
        if request["tool_choice"] == "none" {
            Reply::text("It seems that revenue grew.")
        } else {
            Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))])
        }
    };
    let server = TestServer::before(ScriptedModel::openai_with(asks).await, |settings| {
        settings.budget = BudgetSettings {
            max_steps: 2,
            max_time: Duration::from_secs(60),
            ..BudgetSettings::default()
        };
    })
    .await;
    for (wire, text, body) in on_every_wire(&server, "How did revenue develop?").await {
        assert!(body.contains("\"budget_exhausted\""), "{wire}: {body}");
        assert_eq!(
            text.matches("The turn's steps are used up.").count(),
            1,
            "{wire}: {text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_answer_has_no_remark() {
    let server = TestServer::before(
        ScriptedModel::openai_with(|_| Reply::text("Hello.")).await,
        |_| {},
    )
    .await;
    for (wire, text, _) in on_every_wire(&server, "Hello?").await {
        assert_eq!(text, "Hello.", "{wire}");
    }
}
