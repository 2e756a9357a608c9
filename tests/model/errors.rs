//! Every way a model can fail to answer, and that no secret gets out with it.

use std::time::Duration;

use cardinal::model::ModelError;
use cardinal::wire::{Wire, WireError};
use serde_json::json;

use super::talk::{ask, model, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

fn no_secret(error: &ModelError) {
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("sk-test-secret"), "{shown}");
}

#[tokio::test]
async fn a_failure_status_carries_the_providers_message_without_the_key() {
    let said =
        json!({"error": {"message": "Incorrect API key provided: sk-test-secret\nsee docs", "code": "bad"}});
    for server in [
        ScriptedModel::openai(vec![Reply::status(401, said.clone())]).await,
        ScriptedModel::anthropic(vec![Reply::status(401, said)]).await,
    ] {
        let error = ask(&server.settings(), &question()).await.unwrap_err();
        no_secret(&error);
        let ModelError::Status { status, message, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(
            (status, message.as_str()),
            (401, "Incorrect API key provided: [redacted] see docs")
        );
        assert!(!format!("{:?}", model(&server.settings())).contains("sk-test-secret"));
    }
}

#[tokio::test]
async fn messages_are_found_in_odd_bodies_and_capped() {
    let replies = vec![
        Reply::status(400, json!({"error": "plain"})),
        Reply::status(400, json!({"detail": [{"msg": "bad field"}]})),
        Reply::status(400, json!({"object": "error", "message": "vllm says no"})),
        Reply::status(400, json!("x".repeat(100_000))),
    ];
    let server = ScriptedModel::openai(replies).await;
    let mut messages = Vec::new();
    for _ in 0..4 {
        match ask(&server.settings(), &question()).await.unwrap_err() {
            ModelError::Status { message, .. } => messages.push(message),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(messages[..3], ["plain", "bad field", "vllm says no"]);
    assert!(messages[3].len() < 1000);
}

#[tokio::test]
async fn a_conversation_that_is_too_long_is_an_error_of_its_own() {
    let openai =
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.";
    let llama = "the request exceeds the available context size, try increasing it";
    let anthropic = "prompt is too long: 210000 tokens > 200000 maximum";
    let error = |message: &str| Reply::status(400, json!({"error": {"message": message}}));
    let server = ScriptedModel::openai(vec![error(openai), error(llama)]).await;
    let other = ScriptedModel::anthropic(vec![error(anthropic)]).await;
    for server in [&server, &server, &other] {
        let error = ask(&server.settings(), &question()).await.unwrap_err();
        assert!(matches!(error, ModelError::TooLong { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn an_error_inside_a_stream_breaks_it_off() {
    let chunk = "data: {\"choices\":[{\"delta\":{\"content\":\"ten\"}}]}\n\n";
    let openai = format!("{chunk}data: {{\"error\":{{\"message\":\"overloaded\",\"code\":\"busy\"}}}}\n\n");
    let anthropic = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"ten\"}}\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let server = ScriptedModel::openai(vec![Reply::sse(openai)]).await;
    let error = ask(&server.settings(), &question()).await.unwrap_err();
    assert!(
        matches!(&error, ModelError::BrokeOff { message, .. } if message == "overloaded (busy)"),
        "{error:?}"
    );
    let server = ScriptedModel::anthropic(vec![Reply::sse(anthropic)]).await;
    let error = ask(&server.settings(), &question()).await.unwrap_err();
    let said = "overloaded_error: Overloaded";
    assert!(
        matches!(&error, ModelError::BrokeOff { message, .. } if message == said),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_is_not_the_protocol_is_unreadable() {
    for server in [
        ScriptedModel::openai(vec![Reply::sse("data: {\"choices\": [oops\n\n")]).await,
        ScriptedModel::anthropic(vec![Reply::sse("data: oops\n\n")]).await,
        ScriptedModel::anthropic(vec![Reply::json(json!(["hello"]))]).await,
    ] {
        let error = ask(&server.settings(), &question()).await.unwrap_err();
        assert!(matches!(error, ModelError::Unreadable { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn endless_text_runs_into_the_cap_and_ends() {
    let piece = "and so on ".repeat(6000);
    for server in [
        ScriptedModel::openai(vec![Reply::endless_text(&piece)]).await,
        ScriptedModel::anthropic(vec![Reply::endless_text(&piece)]).await,
    ] {
        let error = ask(&server.settings(), &question()).await.unwrap_err();
        assert!(
            matches!(
                error,
                ModelError::Wire {
                    source: WireError::TooLarge { .. },
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_silent_server_times_out_and_a_dead_one_is_not_reached() {
    let server = ScriptedModel::openai(vec![Reply::text("late").after(Duration::from_secs(5))]).await;
    let mut settings = server.settings();
    settings.timeout = Duration::from_millis(100);
    let error = ask(&settings, &question()).await.unwrap_err();
    assert!(
        matches!(
            error,
            ModelError::Wire {
                source: WireError::Timeout { .. },
                ..
            }
        ),
        "{error:?}"
    );

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    settings.base_url = Some(
        format!("http://{}/v1", listener.local_addr().unwrap())
            .parse()
            .unwrap(),
    );
    drop(listener);
    settings.timeout = Duration::from_secs(5);
    let error = ask(&settings, &question()).await.unwrap_err();
    assert!(
        matches!(
            error,
            ModelError::Wire {
                source: WireError::Connect { .. },
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_model_without_key_and_address_says_which_variables_to_set() {
    let openai = ScriptedModel::openai(Vec::new()).await.settings();
    let anthropic = ScriptedModel::anthropic(Vec::new()).await.settings();
    for (mut settings, variables) in [
        (openai, ["OPENAI_API_KEY", "OPENAI_BASE_URL"]),
        (anthropic, ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"]),
    ] {
        settings.base_url = None;
        settings.api_key = None;
        let error = cardinal::model::connect(&settings, Wire::live().unwrap()).unwrap_err();
        let shown = error.to_string();
        assert!(matches!(error, ModelError::NotUsable { .. }));
        assert!(
            variables.iter().all(|variable| shown.contains(variable)),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn a_key_or_address_that_cannot_be_sent_is_refused_without_being_shown() {
    let mut settings = ScriptedModel::openai(Vec::new()).await.settings();
    settings.api_key = Some("sk-test-secret\nX-Evil: 1".to_owned().into());
    let error = cardinal::model::connect(&settings, Wire::live().unwrap()).unwrap_err();
    no_secret(&error);
    settings.api_key = None;
    settings.base_url = Some("http://user:sk-test-secret@127.0.0.1:9/v1".parse().unwrap());
    let error = cardinal::model::connect(&settings, Wire::live().unwrap()).unwrap_err();
    no_secret(&error);
    assert!(error.to_string().contains("OPENAI_BASE_URL"), "{error}");
}

#[tokio::test]
async fn a_wrong_base_address_is_told_with_what_to_change() {
    let nothing = || Reply::status(404, json!({"detail": "Not Found"}));
    let page =
        || Reply::failed(200, "<html><title>Ollama</title></html>").with_header("content-type", "text/html");
    let endpoint =
        || Reply::json(json!({"error": "Unexpected endpoint or method. (POST /chat/completions)"}));
    let openai = ScriptedModel::openai_with(move |_| nothing()).await;
    let web = ScriptedModel::openai_with(move |_| page()).await;
    let studio = ScriptedModel::openai_with(move |_| endpoint()).await;
    let anthropic = ScriptedModel::anthropic_with(move |_| nothing()).await;
    for (server, path, hint) in [
        (
            &openai,
            "",
            "OPENAI_BASE_URL has no /v1, which most servers want: try http://HOST/v1",
        ),
        (&openai, "/api", "try http://HOST/api/v1"),
        (
            &openai,
            "/v1/chat/completions",
            "OPENAI_BASE_URL is the address of one route: set it to http://HOST/v1",
        ),
        (&openai, "/v1", "check OPENAI_BASE_URL, which is http://HOST/v1"),
        (
            &openai,
            "/openai/deployments/a",
            "check OPENAI_BASE_URL, which is http://HOST/openai/deployments/a",
        ),
        (&web, "", "try http://HOST/v1"),
        (&studio, "", "try http://HOST/v1"),
        (
            &anthropic,
            "/v1",
            "ANTHROPIC_BASE_URL has a /v1, which is added to it: set it to http://HOST",
        ),
        (&anthropic, "", "check ANTHROPIC_BASE_URL, which is http://HOST"),
    ] {
        let mut settings = server.settings();
        let mut url = server.base_url();
        url.set_path(path);
        let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        settings.base_url = Some(url);
        let error = ask(&settings, &question()).await.unwrap_err();
        no_secret(&error);
        let told = error.to_string().replace(&host, "HOST");
        assert!(told.ends_with(hint), "{path}: {told}");
    }
    let unknown =
        json!({"error": {"message": "The model `gpt-x` does not exist", "code": "model_not_found"}});
    let server = ScriptedModel::openai(vec![Reply::status(404, unknown)]).await;
    let error = ask(&server.settings(), &question()).await.unwrap_err();
    assert!(
        matches!(error, ModelError::Status { status: 404, .. }),
        "the address is right: {error:?}"
    );
}
