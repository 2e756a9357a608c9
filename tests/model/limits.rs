//! A limit of tokens that is too large for a model: the largest that it takes is sent, or none.

use cardinal::model::{ModelError, Provider, RequestPart};
use serde_json::{Value, json};

use super::chunks::heard;
use super::talk::question;
use crate::support::scripted_model::{Reply, ScriptedModel};

const WANTED: u32 = 100_000;

fn wanted() -> cardinal::model::ModelRequest {
    let mut asked = question();
    asked.max_output_tokens = WANTED;
    asked
}

fn limit(body: &Value) -> Option<u64> {
    ["max_tokens", "max_completion_tokens", "max_output_tokens"]
        .iter()
        .find_map(|key| body.get(*key)?.as_u64())
}

fn refusal(words: &str) -> Reply {
    Reply::status(
        400,
        json!({"error": {"message": words, "type": "invalid_request_error", "code": "invalid_value"}}),
    )
}

#[tokio::test]
async fn a_limit_that_is_too_large_is_sent_as_the_largest_that_the_server_names() {
    for (words, most) in [
        (
            "max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000.",
            Some(16384),
        ),
        (
            "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for some-model-3-5-20241022",
            Some(8192),
        ),
        (
            "The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is lower than 4096.",
            Some(4095),
        ),
        (
            "Unable to submit request because it has a maxOutputTokens value of 100000 but the supported range is from 1 (inclusive) to 8193 (exclusive). Update the value and try again.",
            Some(8192),
        ),
        (
            "`max_tokens` must be less than or equal to `32768`, the maximum value for `max_tokens` is less than the `context_window` for this model",
            Some(32768),
        ),
        (
            "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
            Some(8192),
        ),
        ("Range of max_tokens should be [1, 8192]", Some(8192)),
        ("max_tokens is too large", None),
        (
            "This model's maximum context length is 4096 tokens. However, you requested 100500 tokens (500 in the messages, 100000 in the completion). Please reduce the length of the messages or completion.",
            None,
        ),
        (
            "'max_tokens' or 'max_completion_tokens' is too large: 100000. This model's maximum context length is 4096 tokens and your request has 500 input tokens (100000 > 4096 - 500). (parameter=max_tokens, value=100000)",
            None,
        ),
        (
            "This model's maximum context length is 4096 tokens. However, you requested 100000 output tokens and your prompt contains at least 500 input tokens, for a total of at least 100500 tokens. Please reduce the length of the input prompt or the number of requested output tokens.",
            None,
        ),
        (
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 500 `inputs` tokens and 100000 `max_new_tokens`",
            None,
        ),
    ] {
        let told = words.to_owned();
        let server = ScriptedModel::openai_with(move |body| {
            if limit(body).is_none_or(|limit| Some(limit) <= most) {
                Reply::text("ok")
            } else {
                refusal(&told)
            }
        })
        .await;
        for requests in [2, 3] {
            let heard = heard(&server, &wanted()).await;
            assert_eq!(heard.unwrap().completion.text, "ok", "{words}");
            let bodies = server.requests();
            assert_eq!(bodies.len(), requests, "known from then on: {words}");
            assert_eq!(bodies.last().and_then(limit), most, "{words}");
        }
    }
}

#[tokio::test]
async fn so_it_is_over_the_other_protocols() {
    let words =
        "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for this model";
    let server = ScriptedModel::anthropic_with(move |body| {
        if limit(body) > Some(8192) {
            Reply::status(
                400,
                json!({"type": "error", "error": {"type": "invalid_request_error", "message": words}}),
            )
        } else {
            Reply::text("ok")
        }
    })
    .await;
    assert_eq!(heard(&server, &wanted()).await.unwrap().completion.text, "ok");
    assert_eq!(limit(&server.requests()[1]), Some(8192));

    let words = "Invalid 'max_output_tokens': integer above maximum value. Expected a value <= 8192, but got 100000 instead.";
    let server = ScriptedModel::responses_with(move |body| {
        if limit(body) > Some(8192) {
            refusal(words)
        } else {
            Reply::text("ok")
        }
    })
    .await;
    let mut settings = server.settings();
    settings.id.provider = Provider::OpenaiResponses;
    let model = super::talk::model(&settings);
    let heard = super::talk::listen(&*model, &wanted()).await.unwrap();
    assert_eq!(heard.completion.text, "ok");
    assert_eq!(limit(&server.requests()[1]), Some(8192));
    assert_eq!(model.left_out(), [RequestPart::TokensAbove(8192)]);
}

#[tokio::test]
async fn a_limit_that_does_not_help_ends_with_the_servers_words() {
    let words = "max_tokens is too large: this model supports at most 16384 completion tokens";
    let server = ScriptedModel::openai_with(move |_| refusal(words)).await;
    let error = heard(&server, &wanted()).await.unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
    let limits: Vec<_> = server.requests().iter().map(limit).collect();
    assert_eq!(limits, [Some(100_000), Some(16384), None]);
    // A conversation that is too long stays one.
    let words =
        "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.";
    let server = ScriptedModel::openai_with(move |_| refusal(words)).await;
    let error = heard(&server, &wanted()).await.unwrap_err();
    assert!(matches!(error, ModelError::TooLong { .. }), "{error:?}");
    assert_eq!(server.requests().len(), 1);
}
