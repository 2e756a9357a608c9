//! Only the wire retries: a client library that did too would multiply what a trouble costs.

use std::time::Duration;

use cardinal::model::{ModelError, RequestPart, StopCause, connect, grants};
use cardinal::wire::{Wire, WireSettings};
use serde_json::json;

use super::talk::{listen, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

/// A wire that waits for nothing before it sends again.
pub(super) fn wire(server: &ScriptedModel) -> Wire {
    let mut settings = WireSettings::new(grants(&server.settings()).unwrap());
    settings.retry.base = Duration::from_millis(1);
    Wire::new(settings).unwrap()
}

fn overloaded() -> Reply {
    Reply::status(503, json!({"error": {"message": "overloaded"}})).with_header("retry-after", "0")
}

#[tokio::test]
async fn a_passing_trouble_is_retried_and_a_lasting_one_as_often_as_the_wire_says() {
    let passing = || vec![overloaded(), overloaded(), Reply::text("ok").without_usage()];
    for server in [
        ScriptedModel::openai(passing()).await,
        ScriptedModel::anthropic(passing()).await,
    ] {
        let heard = listen(&*connect(&server.settings(), wire(&server)).unwrap(), &question())
            .await
            .unwrap();
        assert_eq!(heard.completion.text, "ok");
        assert_eq!(
            heard.completion.usage, None,
            "usage that nobody reported is unknown"
        );
    }
    for server in [
        ScriptedModel::openai_with(|_| overloaded()).await,
        ScriptedModel::anthropic_with(|_| overloaded()).await,
    ] {
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let error = listen(&*model, &question()).await.unwrap_err();
        assert!(
            matches!(error, ModelError::Status { status: 503, .. }),
            "{error:?}"
        );
        assert_eq!(server.requests().len(), 3);
    }
}

#[tokio::test]
async fn a_stream_that_has_begun_is_not_started_again() {
    let cut = || {
        vec![
            Reply::text("ten thousand euros").cut_after(660),
            Reply::text("ok"),
        ]
    };
    for server in [
        ScriptedModel::openai(cut()).await,
        ScriptedModel::anthropic(cut()).await,
    ] {
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let error = listen(&*model, &question()).await.unwrap_err();
        assert!(matches!(error, ModelError::Wire { .. }), "{error:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

/// The words with which servers refuse schemas that say which fields there are not.
#[tokio::test]
async fn schemas_are_sent_without_what_a_server_does_not_know_of_them() {
    for words in [
        "tools.0.function.parameters.additionalProperties: Extra inputs are not permitted",
        "Unknown field 'additionalProperties'",
        "additionalProperties is not supported in tool schemas",
        "Invalid JSON payload received. Unknown name \"additionalProperties\" at 'tools[0].function_declarations[0].parameters': Cannot find field.",
        "Invalid schema for function 'run_card': 'additionalProperties' is not supported",
    ] {
        let refused = move |body: &serde_json::Value| {
            if body["tools"].to_string().contains("additionalProperties") {
                Reply::status(400, json!({"error": {"message": words}}))
            } else {
                Reply::text("ok")
            }
        };
        let server = ScriptedModel::openai_with(refused).await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        assert_eq!(
            listen(&*model, &question()).await.unwrap().completion.text,
            "ok",
            "{words}"
        );
        assert_eq!(model.left_out(), [RequestPart::ClosedSchemas], "{words}");
        let (asked, again) = (&server.requests()[0], &server.requests()[1]);
        assert_eq!(
            again["tools"].as_array().unwrap().len(),
            asked["tools"].as_array().unwrap().len()
        );
        assert_eq!(
            again["tools"][0]["function"]["parameters"]["required"],
            json!(["card_id"])
        );
    }
}

#[tokio::test]
async fn what_a_provider_withholds_before_it_answers_is_a_refusal() {
    let body = json!({"error": {"code": "content_filter", "status": 400, "param": "prompt",
        "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."}});
    let server = ScriptedModel::openai_with(move |_| Reply::status(400, body.clone())).await;
    let heard = listen(&*connect(&server.settings(), wire(&server)).unwrap(), &question()).await;
    assert_eq!(heard.unwrap().completion.stop, StopCause::Refusal);
    assert_eq!(server.requests().len(), 1);
}
