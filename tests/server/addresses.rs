//! Where other servers are is told to nobody who asks.

use cardinal::config::AuthPolicy;
use cardinal::dbt::{DbtAddresses, DbtCloudSettings};
use serde_json::{Value, json};

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
    server.goes_on_with_what_was_told().await;
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

/// Proxies and servers name hosts as they like: alone, with a port, in capitals, as numbers.
#[tokio::test(flavor = "multi_thread")]
async fn bare_names_of_the_configured_servers_are_hidden() {
    const SAID: &str = "no route to DBT-7 (dbt-7.svc.local, dbt-7:8580, dbt-7:99); sl.acme.internal. and eu.sl.acme.internal:443 said: fd00::7, \
                        FD00:0:0::7, [fd00::7%eth0]:80, ::1 and 2001:db8::9 at 10:30:15 on 127.0.0.1 by localhost, not dbt-77 or add::on; \
                        see r1:42 and a::b";
    let refused = Reply::status(
        400,
        json!({"error": {"message": SAID, "type": "invalid_request_error"}}),
    );
    let model = ScriptedModel::openai(vec![refused]).await;
    let server = TestServer::before(model, |settings| {
        let at = |url: &str| url.parse().unwrap();
        let addresses = DbtAddresses {
            administrative: at("http://dbt-7:8580/"),
            discovery: at("http://[fd00::7]/"),
            semantic_layer: at("https://sl.acme.internal/"),
        };
        settings.dbt.cloud = Some(DbtCloudSettings::new(addresses, "secret".into(), 1));
    })
    .await;
    let record = server.ask("What is alpha?").await;
    let told = record["answer"]["stop_detail"].as_str().unwrap();
    for gone in [
        "bt-7:",
        "DBT-7 ",
        "bt-7.",
        "svc",
        "acme",
        "fd00",
        "FD00",
        "::1",
        "2001:",
        "127.0.0.1",
        "eth0",
    ] {
        assert!(!record.to_string().contains(gone), "{gone} is in {told}");
    }
    for kept in [
        "no route to dbt (dbt, dbt, an address",
        "at 10:30:15 on",
        "not dbt-77",
        "see r1:42",
    ] {
        assert!(told.contains(kept), "{kept} is missing in {told}");
    }
    let text = record["answer"]["text"].as_str().unwrap();
    assert!(text.contains("no route to dbt (dbt, dbt"), "{text}");
    let full = server
        .get(&format!("/v1/admin/answers/{}", record["id"].as_str().unwrap()))
        .await;
    assert!(full.body.contains("eu.sl.acme.internal:443"), "{full:#?}");
}

/// A tape says where everything is. Whoever runs the server reads that, and whoever asked reads the rest of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_tape_names_no_server_but_to_administrators() {
    let model = ScriptedModel::openai_with(|_| Reply::text("It is unknown.")).await;
    let place = model.base_url().port().unwrap().to_string();
    let server = TestServer::before(model, |settings| settings.server.auth = AuthPolicy::Required).await;
    let ana = server.token("ana", &["ask"]).await;
    let root = server.token("root", &["ask", "admin"]).await;
    let as_one = |ask: Ask, token: &str| ask.with("authorization", &format!("Bearer {token}"));
    let tape_of = async |token: &str, path: &str| {
        let reply = server.send(as_one(Ask::get(path), token)).await;
        assert_eq!(reply.status, 200, "{reply:#?}");
        reply.body
    };
    for (token, is_whole) in [(&ana, false), (&root, true)] {
        let ask = Ask::post("/v1/answers", &json!({"question": "What is alpha?"}));
        let record = server.send(as_one(ask, token)).await.json();
        let id = record["id"].as_str().unwrap();
        let own = tape_of(token, &format!("/v1/answers/{id}/tape")).await;
        let whole = tape_of(&root, &format!("/v1/admin/answers/{id}/tape")).await;
        assert!(whole.contains(&format!(":{place}/")), "{whole}");
        assert_eq!(own == whole, is_whole);
        if !is_whole {
            assert!(!own.contains("127.0.0.1") && !own.contains(&place), "{own}");
            let lines = |tape: &str| -> Vec<Value> {
                tape.lines()
                    .map(|line| serde_json::from_str(line).unwrap())
                    .collect()
            };
            let (own, whole) = (lines(&own), lines(&whole));
            assert_eq!(own.len(), whole.len());
            assert_eq!(own[0]["header"]["question"], "What is alpha?");
            assert!(own[0].to_string().contains("the model's server"), "{}", own[0]);
            assert_eq!(own[1]["response"], whole[1]["response"]);
        }
    }
}

/// In whatever way they are written, also in pieces of a draft.
#[tokio::test(flavor = "multi_thread")]
async fn neither_a_draft_nor_an_own_tape_shows_where_servers_are() {
    const SAID: &str =
        "connect to localhost:18701 and [::ffff:127.0.0.1]:18701, upstream http://10.0.0.5:8000/v1 exploded";
    let refused = Reply::status(
        400,
        json!({"error": {"message": SAID, "type": "invalid_request_error"}}),
    );
    let talks = Reply::text("I run at http://127.0.0.1:18701/v1 with 10.0.0.5 here.").fragmented(5);
    let server = TestServer::before(ScriptedModel::openai(vec![refused, talks]).await, |settings| {
        settings.server.auth = AuthPolicy::Required;
    })
    .await;
    let ana = format!("Bearer {}", server.token("ana", &["ask"]).await);
    let ask = Ask::post("/v1/answers", &json!({"question": "What is alpha?"})).with("authorization", &ana);
    let record = server.send(ask).await.json();
    let path = format!("/v1/answers/{}/tape", record["id"].as_str().unwrap());
    let tape = server
        .send(Ask::get(&path).with("authorization", &ana))
        .await
        .body;
    for gone in ["localhost", "127.0.0.1", "10.0.0.5", "ffff:"] {
        assert!(!tape.contains(gone), "{gone} is in {tape}");
    }
    let ask = Ask::events(&json!({"question": "What is beta?"})).with("authorization", &ana);
    let told = server.send(ask).await;
    let draft: String = told
        .named("text")
        .iter()
        .map(|event| event["delta"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        draft.starts_with("I run at ") && draft.contains(" here."),
        "{draft}"
    );
    assert!(!draft.contains("18701") && !draft.contains("10.0.0.5"), "{draft}");
}
