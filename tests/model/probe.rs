//! Finding out how a model is best driven.

use cardinal::model::ModelError;
use cardinal::model::{ModelDrive, ModelSettings};
use serde_json::json;

use super::talk::{listen, model, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

fn probed(server: &ScriptedModel) -> ModelSettings {
    ModelSettings {
        drive: ModelDrive::Probe,
        ..server.settings()
    }
}

#[tokio::test]
async fn a_model_that_makes_the_call_keeps_native_tools_and_is_probed_once() {
    let server =
        ScriptedModel::openai_with(|request| match request["tools"][0]["function"]["name"].as_str() {
            Some("report") => Reply::tool_calls([("report", json!({"word": "ready"}))]),
            _ => Reply::text("ok"),
        })
        .await;
    let model = model(&probed(&server));
    for _ in 0..2 {
        assert_eq!(listen(&*model, &question()).await.unwrap().completion.text, "ok");
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(
        requests[1..]
            .iter()
            .all(|body| body["tools"].is_array() && body["response_format"].is_null())
    );
}

#[tokio::test]
async fn a_model_that_only_writes_the_call_or_refuses_tools_is_driven_by_json() {
    let writes = || Reply::text(r#"{"name": "report", "arguments": {"word": "ready"}}"#);
    let wrong = || Reply::tool_calls([("report", json!({"word": "busy"}))]);
    let refuses = || Reply::status(400, json!({"error": {"message": "tools are not supported"}}));
    for probe in [writes(), wrong(), refuses()] {
        let answer = Reply::text(r#"{"action":"answer","arguments":{"text":"ok"}}"#);
        let server = ScriptedModel::openai(vec![probe, answer]).await;
        let heard = listen(&*model(&probed(&server)), &question()).await.unwrap();
        assert_eq!(heard.completion.text, "ok");
        assert!(server.requests()[1]["response_format"].is_object());
    }
}

#[tokio::test]
async fn a_wrong_key_is_an_error_and_not_a_verdict() {
    let refused = Reply::status(401, json!({"error": {"message": "no such key"}}));
    let call = Reply::tool_calls([("report", json!({"word": "ready"}))]);
    let server = ScriptedModel::openai(vec![refused, call, Reply::text("ok")]).await;
    let model = model(&probed(&server));
    let error = listen(&*model, &question()).await.unwrap_err();
    assert!(matches!(error, ModelError::Status { status: 401, .. }));
    assert_eq!(
        listen(&*model, &question()).await.unwrap().completion.text,
        "ok",
        "it is probed again"
    );
}

#[tokio::test]
async fn anthropic_models_are_not_asked() {
    let server = ScriptedModel::anthropic(vec![Reply::text("ok")]).await;
    let heard = listen(&*model(&probed(&server)), &question()).await.unwrap();
    assert_eq!(heard.completion.text, "ok");
    assert_eq!(server.requests().len(), 1);
}
