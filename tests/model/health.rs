//! Looking whether a model can be reached, and what the wire lets through for it.

use cardinal::model::{ModelError, ModelProtocol, check, connect, grants, try_model};
use cardinal::wire::{Grants, Wire, WireError, WireSettings};
use http::Method;
use serde_json::json;

use super::talk::{listen, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

#[tokio::test]
async fn a_server_that_lists_models_is_asked_for_nothing_more() {
    for server in [
        ScriptedModel::openai(Vec::new()).await,
        ScriptedModel::anthropic(Vec::new()).await,
    ] {
        let mut settings = server.settings();
        let wire = Wire::new(WireSettings::new(grants(&settings).unwrap())).unwrap();
        let health = check(&settings, wire.clone()).await.unwrap();
        assert_eq!(
            (health.listed, health.has_model),
            (vec!["scripted".to_owned()], Some(true))
        );
        settings.id.name = "another".to_owned();
        assert_eq!(check(&settings, wire).await.unwrap().has_model, Some(false));
        assert!(server.requests().is_empty());
    }
}

#[tokio::test]
async fn a_server_without_a_list_is_asked_for_one_token() {
    let server = ScriptedModel::openai(vec![Reply::text("ok")]).await;
    server.list_nothing();
    let health = check(&server.settings(), Wire::live().unwrap()).await.unwrap();
    assert_eq!((health.listed.len(), health.has_model), (0, None));
    assert_eq!(server.requests()[0]["max_tokens"], json!(1));
    let error = check(&server.settings(), Wire::live().unwrap())
        .await
        .unwrap_err();
    assert!(matches!(error, ModelError::Status { status: 400, .. }));
}

#[tokio::test]
async fn the_responses_api_is_asked_for_no_fewer_tokens_than_it_takes() {
    let server = ScriptedModel::responses_with(|_| Reply::text("ok")).await;
    server.list_nothing();
    let health = check(&server.settings(), Wire::live().unwrap()).await.unwrap();
    assert_eq!(health.protocol, Some(ModelProtocol::Responses));
    assert_eq!(server.requests()[0]["max_output_tokens"], json!(16));
}

#[tokio::test]
async fn a_trial_says_which_api_is_asked() {
    let script = || {
        move |body: &serde_json::Value| {
            let answered = body.to_string().contains("Refused");
            if answered {
                Reply::text("The word was refused.")
            } else {
                Reply::tool_calls([("report", json!({"word": "ready"}))])
            }
        }
    };
    let responses_alone = script();
    for (server, protocol) in [
        (
            ScriptedModel::openai_with(script()).await,
            ModelProtocol::ChatCompletions,
        ),
        (
            ScriptedModel::responses_with(script()).await,
            ModelProtocol::Responses,
        ),
        (
            ScriptedModel::anthropic_with(script()).await,
            ModelProtocol::Messages,
        ),
        (
            ScriptedModel::openai_apart(move |body| {
                if body.get("messages").is_some() {
                    Reply::status(404, json!({"error": {"message": "This is not a chat model"}}))
                } else {
                    responses_alone(body)
                }
            })
            .await,
            ModelProtocol::Responses,
        ),
    ] {
        let trial = try_model(&server.settings(), Wire::live().unwrap())
            .await
            .unwrap();
        assert_eq!(trial.protocol, Some(protocol));
        assert!(trial.calls_tools && trial.takes_a_refusal, "{trial:?}");
    }
}

#[tokio::test]
async fn only_the_models_own_endpoints_are_granted() {
    for (server, path) in [
        (
            ScriptedModel::openai_with(|_| Reply::text("ok")).await,
            "chat/completions",
        ),
        (
            ScriptedModel::anthropic_with(|_| Reply::text("ok")).await,
            "v1/messages",
        ),
    ] {
        let settings = server.settings();
        let granted = grants(&settings).unwrap();
        let base = server.base_url().as_str().trim_end_matches('/').to_owned();
        let at = |path: &str| format!("{base}/{path}").parse().unwrap();
        assert!(granted.allow(&Method::POST, &at(path)));
        assert!(!granted.allow(&Method::DELETE, &at(path)));
        assert!(!granted.allow(&Method::POST, &at("files")));
        let wire = Wire::new(WireSettings::new(granted)).unwrap();
        let heard = listen(&*connect(&settings, wire).unwrap(), &question())
            .await
            .unwrap();
        assert_eq!(heard.completion.text, "ok");
        let shut = Wire::new(WireSettings::new(Grants::none())).unwrap();
        let error = listen(&*connect(&settings, shut).unwrap(), &question())
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                ModelError::Wire {
                    source: WireError::NotGranted { .. },
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_trial_calls_a_tool_and_is_refused() {
    let server = ScriptedModel::openai(vec![
        Reply::tool_calls([("report", serde_json::json!({"word": "ready"}))]),
        Reply::text("The word was refused.").with_usage(100, 60, 5),
    ])
    .await;
    let trial = try_model(&server.settings(), Wire::live().unwrap())
        .await
        .unwrap();
    assert!(
        trial.calls_tools && trial.takes_a_refusal && trial.streams && trial.tells_usage,
        "{trial:?}"
    );
    assert_eq!(
        (trial.cached_tokens, trial.left_out.as_slice()),
        (60, [].as_slice())
    );
    let asked = &server.requests()[1];
    assert_eq!(asked["tool_choice"], "none");
    assert!(
        asked["messages"][3]["content"]
            .as_str()
            .unwrap()
            .starts_with("Refused")
    );
}

#[tokio::test]
async fn a_trial_says_what_the_server_refuses() {
    let server = ScriptedModel::openai_with(|body| {
        if body.get("tools").is_some() {
            Reply::status(
                400,
                serde_json::json!({"error": {"message": "tools are not supported"}}),
            )
        } else {
            Reply::text(r#"{"action": "answer", "arguments": {"text": "no"}}"#)
        }
    })
    .await;
    let trial = try_model(&server.settings(), Wire::live().unwrap())
        .await
        .unwrap();
    assert_eq!(trial.drive, cardinal::model::ModelDrive::JsonAction);
    assert_eq!(trial.left_out, [cardinal::model::RequestPart::Tools]);
    assert!(!trial.calls_tools && trial.takes_a_refusal);
}
