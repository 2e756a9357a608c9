//! Only the wire retries: a client library that did too would multiply what a trouble costs.

use std::time::Duration;

use cardinal::model::{ModelError, connect, grants};
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
            Reply::text("ten thousand euros").cut_after(450),
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
