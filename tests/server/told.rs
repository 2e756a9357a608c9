//! What people who ask are told when something goes wrong, and what they are not told.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::client::Ask;
use super::kit::{CARD_QUESTION, TestServer};
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

/// A place where nothing listens.
async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_model_is_stands_in_the_view_of_administrators_alone() {
    let place = nowhere().await;
    let mut reached = ScriptedModel::openai(Vec::new()).await.settings();
    reached.base_url = Some(format!("http://{place}/v1/").parse().unwrap());
    let server = TestServer::with(|settings| settings.model = reached).await;
    let record = server.ask("What is alpha?").await;
    let id = record["id"].as_str().unwrap();
    let session = record["session"].as_str().unwrap();
    let answer = &record["answer"];
    assert_eq!(answer["outcome"], "upstream_failed", "{record:#}");
    for said in [&answer["text"], &answer["stop_detail"]] {
        let said = said.as_str().unwrap();
        assert!(said.contains("failed to connect to the model's server"), "{said}");
    }
    // Figures are where they stand now.
    let text: Vec<char> = answer["text"].as_str().unwrap().chars().collect();
    let at = |figure: &Value, key: &str| usize::try_from(figure[key].as_u64().unwrap()).unwrap();
    for figure in answer["figures"].as_array().unwrap() {
        let stands: String = text[at(figure, "start_char")..at(figure, "end_char")]
            .iter()
            .collect();
        assert_eq!(figure["text"], stands, "{answer:#}");
    }
    let chat = json!({"messages": [{"role": "user", "content": "What is beta?"}], "stream": true});
    let ui = json!({"message": {"role": "user", "parts": [{"type": "text", "text": "What is gamma?"}]}});
    let mut told = vec![record.to_string()];
    for reply in [
        server.get(&format!("/v1/answers/{id}")).await,
        server.get(&format!("/v1/answers/{id}/events")).await,
        server.get(&format!("/v1/sessions/{session}")).await,
        server.get(&format!("/v1/sessions/{session}/export")).await,
        server
            .get(&format!("/v1/sessions/{session}/export?format=html"))
            .await,
        server
            .send(Ask::events(&json!({"question": "What is delta?"})))
            .await,
        server.post("/v1/chat/completions", chat).await,
        server
            .post("/v1/responses", json!({"input": "What is epsilon?"}))
            .await,
        server.post("/api/chat", ui).await,
    ] {
        assert_eq!(reply.status, 200, "{reply:#?}");
        assert!(reply.body.contains("the model's server"), "{reply:#?}");
        told.push(reply.body);
    }
    // Programs that read nothing else know that this is no whole answer.
    assert!(told[7].contains("\"finish_reason\":\"length\""), "{}", told[7]);
    assert!(
        told[8].contains("\"status\":\"failed\"") && told[8].contains("server_error"),
        "{}",
        told[8]
    );
    assert!(told[9].contains("\"finishReason\":\"error\""), "{}", told[9]);
    let stream = json!({"input": "What is theta?", "stream": true});
    let stream = server.post("/v1/responses", stream).await.body;
    assert!(
        stream.contains("event: response.failed\n") && !stream.contains("response.completed"),
        "{stream}"
    );
    let host = place.split(':').next().unwrap();
    for body in told {
        assert!(
            !body.contains(host) && !body.contains("chat/completions"),
            "{body}"
        );
    }
    let full = server.get(&format!("/v1/admin/answers/{id}")).await.json();
    // An address of ours at the end of a question is no link of anybody.
    assert!(!full.to_string().contains("link removed"), "{full:#}");
    assert!(
        full["answer"]["text"].as_str().unwrap().contains(&place),
        "{full:#}"
    );
    assert!(
        full["answer"]["stop_detail"].as_str().unwrap().contains(&place),
        "{full:#}"
    );
    // A client that sends back what it was told goes on in the same session.
    let said = |role: &str, text: &str| json!({"role": role, "content": text});
    let asked = json!({"messages": [said("user", "What is zeta?")]});
    let first = server.post("/v1/chat/completions", asked).await;
    let content = first.json()["choices"][0]["message"]["content"]
        .as_str()
        .unwrap()
        .to_owned();
    let more = json!({"messages": [said("user", "What is zeta?"), said("assistant", &content), said("user", "And eta?")]});
    let second = server.post("/v1/chat/completions", more).await;
    assert_eq!(
        second.header("x-cardinal-session"),
        first.header("x-cardinal-session")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_metabase_is_stands_in_links_alone() {
    let (sandbox, server) = TestServer::over_metabase(|_, _| {}).await;
    let place = sandbox
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let record = server.ask(CARD_QUESTION).await;
    let link = record["answer"]["evidence"][0]["link"].as_str().unwrap();
    assert!(link.contains(&place), "{record:#}");
    drop(sandbox);
    let body = json!({"question": "How many orders were placed in 2024?"});
    let told = server.send(Ask::events(&body)).await;
    let record = &told.named("answer")[0];
    let failed = record["answer"]["tool_calls"]
        .as_array()
        .unwrap()
        .iter()
        .find(|call| call["status"] == "failed");
    let message = failed.unwrap()["message"].as_str().unwrap();
    assert!(message.contains("Metabase"), "{record:#}");
    let links = told.body.matches(&format!("\"link\":\"http://{place}/")).count();
    assert_eq!(told.body.matches(&place).count(), links, "{record:#}");
    assert!(!told.body.contains("/api/"), "{record:#}");
    let full = server
        .get(&format!("/v1/admin/answers/{}", record["id"].as_str().unwrap()))
        .await;
    assert!(full.body.contains(&place), "{full:#?}");
}

/// Gateways quote where they ask. What only looks like an address stays.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_models_server_says_of_others_is_told_without_their_addresses() {
    const SAID: &str = "bad field id:1234 at 10:30 in v1.60.4: upstream http://ana:secret@vllm-7:8000/v1/chat?x=1, 10.1.2.3:9000, \
                        [fd00::7]:80 and gpu.internal:9000 (POST /openai/deployments/x) refused it, a/b";
    let refused = Reply::status(
        400,
        json!({"error": {"message": SAID, "type": "invalid_request_error"}}),
    );
    let server = TestServer::scripted(vec![refused]).await;
    let record = server.ask("What is alpha?").await;
    let told = record["answer"]["stop_detail"].as_str().unwrap();
    for kept in ["id:1234", "at 10:30", "v1.60.4", "refused it, a/b"] {
        assert!(told.contains(kept), "{kept} is missing in {told}");
    }
    for gone in [
        "vllm",
        "8000",
        "secret",
        "10.1.2.3",
        "fd00",
        "gpu.internal",
        "openai/deployments",
    ] {
        assert!(!record.to_string().contains(gone), "{gone} is in {record:#}");
    }
    let full = server
        .get(&format!("/v1/admin/answers/{}", record["id"].as_str().unwrap()))
        .await;
    assert!(full.body.contains("10.1.2.3:9000"), "{full:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_its_model_cut_is_whole_for_nobody() {
    let cut = || Reply::text("Half a sentence that").stopping("length");
    let server = TestServer::scripted(vec![cut(), cut(), cut()]).await;
    let chat = json!({"messages": [{"role": "user", "content": "What is alpha?"}]});
    let chat = server.post("/v1/chat/completions", chat).await.json();
    assert_eq!(chat["choices"][0]["finish_reason"], "length", "{chat:#}");
    let responses = server
        .post("/v1/responses", json!({"input": "What is beta?"}))
        .await
        .json();
    assert_eq!(
        (
            &responses["status"],
            &responses["incomplete_details"]["reason"],
            &responses["output"][0]["status"]
        ),
        (
            &json!("incomplete"),
            &json!("max_output_tokens"),
            &json!("incomplete")
        )
    );
    let ui = json!({"message": {"role": "user", "parts": [{"type": "text", "text": "What is gamma?"}]}});
    let ui = server.post("/api/chat", ui).await.body;
    assert!(ui.contains("\"finishReason\":\"length\""), "{ui}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_on_any_wire_is_told_when_the_server_ends() {
    let model =
        ScriptedModel::openai_with(|_| Reply::text("It is unknown.").after(Duration::from_secs(600))).await;
    let server = TestServer::before(model, |_| {}).await;
    let url = server.url().to_owned();
    let chat = json!({"messages": [{"role": "user", "content": "What is alpha?"}]});
    let asks = [
        Ask::post("/v1/chat/completions", &chat),
        Ask::post("/v1/chat/completions", &chat).with("x-cardinal-session", "named"),
        Ask::post("/v1/responses", &json!({"input": "What is beta?"})),
        Ask::post("/v1/answers", &json!({"question": "What is gamma?"})),
    ];
    let waiting: Vec<_> = asks
        .map(|ask| {
            let url = url.clone();
            tokio::spawn(async move { ask.send(&url).await })
        })
        .into();
    while server.model.as_ref().unwrap().requests().len() < waiting.len() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let _stopped = server.stop().await;
    for reply in waiting {
        let reply = reply.await.unwrap();
        assert_eq!(reply.status, 503, "{reply:#?}");
        assert!(
            reply.body.contains("not_finished") && !reply.header("retry-after").is_empty(),
            "{reply:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_moved_away_takes_no_questions() {
    let server = TestServer::new().await;
    let Some(path) = server.store_url.strip_prefix("sqlite:").map(str::to_owned) else {
        return;
    };
    let away = format!("{path}.away");
    std::fs::rename(&path, &away).unwrap();
    let ready = server.get("/readyz").await;
    assert_eq!(
        (ready.status, &ready.json()["checks"]["store"]),
        (503, &json!("cannot be read"))
    );
    let refused = server
        .post("/v1/answers", json!({"question": "What is alpha?"}))
        .await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (503, &json!("store_away")),
        "{refused:#?}"
    );
    assert!(!refused.header("retry-after").is_empty());
    // Another file in its place is another store.
    std::fs::write(&path, "").unwrap();
    assert_eq!(server.get("/readyz").await.status, 503);
    std::fs::rename(&away, &path).unwrap();
    assert_eq!(server.get("/readyz").await.status, 200);
    assert_eq!(server.ask(CARD_QUESTION).await["status"], "finished");
}

#[ignore = "slow: run with --include-ignored"]
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_somebody_else_holds_is_away() {
    let server = TestServer::new().await;
    let Some(path) = server.store_url.strip_prefix("sqlite:") else {
        return;
    };
    let holder = rusqlite::Connection::open(path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = server
        .post("/v1/answers", json!({"question": "What is alpha?"}))
        .await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (503, &json!("store_away")),
        "{refused:#?}"
    );
    holder.execute_batch("ROLLBACK").unwrap();
    assert_eq!(server.ask(CARD_QUESTION).await["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_question_is_refused() {
    let server = TestServer::new().await;
    let ask = |question: &str, key: &str| {
        Ask::post("/v1/answers", &json!({ "question": question })).with("idempotency-key", key)
    };
    let first = server.send(ask(CARD_QUESTION, "one")).await.json();
    assert_eq!(
        server.send(ask(CARD_QUESTION, "one")).await.json()["id"],
        first["id"]
    );
    let other = server
        .send(ask("How many orders were placed in 2025?", "one"))
        .await;
    assert_eq!(
        (other.status, &other.json()["code"]),
        (422, &json!("key_reused")),
        "{other:#?}"
    );
    assert!(
        other.json()["detail"]
            .as_str()
            .unwrap()
            .contains(first["id"].as_str().unwrap())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_cannot_be_is_said_by_name() {
    let server = TestServer::new().await;
    for limit in ["abc", "-1", "1.0", "0", ""] {
        let refused = server.get(&format!("/v1/sessions?limit={limit}")).await;
        assert_eq!(refused.status, 400, "{limit}");
        assert!(
            refused.body.contains("`limit` is a whole number"),
            "{}",
            refused.body
        );
    }
    let body = json!({"question": CARD_QUESTION});
    let packed = server
        .send(Ask::post("/v1/answers", &body).with("content-encoding", "gzip"))
        .await;
    assert_eq!(packed.status, 415);
    assert!(packed.body.contains("Content-Encoding"), "{}", packed.body);
    let plain = server
        .send(Ask::post("/v1/answers", &body).with("content-encoding", "identity"))
        .await;
    assert_eq!(plain.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_whose_price_is_not_known_says_so() {
    let server = TestServer::scripted(vec![Reply::text("It is unknown.")]).await;
    server.ask("What is alpha?").await;
    let usage = server.get("/v1/admin/usage").await.json();
    assert_eq!(
        (&usage["days"][0]["answers"], &usage["days"][0]["cost_usd"]),
        (&json!(1), &json!(null))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_as_a_request_is_told_why() {
    let server = TestServer::new().await;
    let address = server.url().trim_start_matches("http://").to_owned();
    let lines = "a: b\r\n".repeat(200);
    for (sent, status) in [
        ("BAD\r\n\r\n".to_owned(), 400),
        (
            "GET /v1/sessions HTTP/3.0\r\nHost: localhost\r\n\r\n".to_owned(),
            400,
        ),
        (
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: ten\r\n\r\n".to_owned(),
            400,
        ),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n"), 431),
        (
            format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(70_000)),
            414,
        ),
    ] {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        // What is left unread may reset the connection behind the response.
        let _ = stream.read_to_end(&mut reply).await;
        let reply = String::from_utf8(reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
        assert!(head.contains("content-type: application/problem+json"), "{reply}");
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{reply}"
        );
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["status"], status);
        assert!(!body["detail"].as_str().unwrap().is_empty());
        assert_eq!(body["error"]["message"], body["detail"]);
    }
}
