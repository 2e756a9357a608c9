//! A server that says that its model is being loaded is waited for, as long as there is time.

use cardinal::model::ModelError;
use serde_json::{Value, json};

use super::retry::wire;
use super::talk::{ask, listen, question};
use crate::support::scripted_model::{Reply, ScriptedModel};
use cardinal::model::connect;

/// What servers say while they load, each with the status that it comes with.
fn loading() -> Vec<(u16, Value)> {
    vec![
        (
            503,
            json!({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}),
        ),
        (
            503,
            json!({"error": "Model acme/small-8b is currently loading", "estimated_time": 41.5}),
        ),
        (
            500,
            json!({"error": "unexpected server status: llm server loading model"}),
        ),
        (
            500,
            json!({"error": {"message": "Request processing failed: Error code: 503 - {'error': {'message': 'Loading model'}}"}}),
        ),
        (400, json!({"error": "The model is still loading, please wait."})),
        (503, json!({"detail": "Model is not ready yet"})),
        (
            502,
            json!({"message": "The endpoint is starting up (cold start)"}),
        ),
        (
            429,
            json!({"error": {"message": "Replica is warming up", "type": "rate_limit"}}),
        ),
    ]
}

fn later(status: u16, body: Value) -> Reply {
    Reply::status(status, body).with_header("retry-after-ms", "1")
}

#[tokio::test]
async fn a_model_that_is_being_loaded_is_waited_for() {
    for (status, body) in loading() {
        let replies = || {
            let mut replies = vec![later(status, body.clone()); 9];
            replies.push(Reply::text("ready"));
            replies
        };
        for server in [
            ScriptedModel::openai(replies()).await,
            ScriptedModel::anthropic(replies()).await,
        ] {
            let heard = ask(&server.settings(), &question()).await;
            let heard = heard.unwrap_or_else(|error| panic!("{body}: {error}"));
            assert_eq!(heard.completion.text, "ready");
            assert_eq!(server.requests().len(), 10, "{body}");
        }
    }
}

#[tokio::test]
async fn so_is_one_that_says_it_inside_a_stream_before_the_first_word() {
    let said = "data: {\"error\":{\"message\":\"Loading model\",\"code\":503}}\n\n";
    let mut replies = vec![Reply::sse(said).with_header("retry-after-ms", "1"); 5];
    replies.push(Reply::text("ready"));
    let server = ScriptedModel::openai(replies).await;
    let heard = ask(&server.settings(), &question()).await.unwrap();
    assert_eq!(heard.completion.text, "ready");
}

#[tokio::test]
async fn what_would_come_too_late_is_not_waited_for_and_the_error_says_what_to_do() {
    let (status, body) = loading().swap_remove(0);
    let reply = Reply::status(status, body).with_header("retry-after", "3600");
    let server = ScriptedModel::openai_with(move |_| reply.clone()).await;
    let error = ask(&server.settings(), &question()).await.unwrap_err();
    assert!(matches!(error, ModelError::Loading { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the model openai:scripted is still being loaded by its server, which says: Loading model; ask again when it is \
         loaded, or give a question more time (`max_seconds` in [budget])"
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_refusal_that_only_speaks_so_is_not_waited_for() {
    for (status, said) in [
        (400, "the conversation is starting with an assistant's message"),
        (401, "the model is loading; your key is not ready for it"),
        (404, "The model is not loaded."),
    ] {
        let reply = later(status, json!({ "error": said }));
        let server = ScriptedModel::openai_with(move |_| reply.clone()).await;
        let error = ask(&server.settings(), &question()).await.unwrap_err();
        assert!(matches!(error, ModelError::Status { .. }), "{error:?}");
        assert_eq!(server.requests().len(), 1, "{said}");
    }
}

#[tokio::test]
async fn a_load_that_failed_is_a_failure_like_any_other() {
    for said in [
        "llama runner process has terminated: error loading model",
        "timed out waiting for the runner to start, model loading aborted",
        "model loading failed",
        "Failed to load the model: the cold start took too long",
        "unable to finish: not enough memory, the model is loading",
        "the model is overloaded",
        "Model loading aborted due to insufficient system resources",
    ] {
        let reply = later(500, json!({ "error": said }));
        let server = ScriptedModel::openai_with(move |_| reply.clone()).await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let error = listen(&*model, &question()).await.unwrap_err();
        assert!(
            matches!(error, ModelError::Status { status: 500, .. }),
            "{error:?}"
        );
        assert_eq!(server.requests().len(), 3, "{said}");
    }
}
