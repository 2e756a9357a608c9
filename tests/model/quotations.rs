//! Refusals that quote the request: what they quote names nothing.

use cardinal::model::{Message, ModelError, ModelRequest, RequestPart, connect};
use serde_json::{Value, json};

use super::retry::wire;
use super::talk::{listen, request};
use crate::support::scripted_model::{Reply, ScriptedModel};

/// What people and curators write may hold the name of any field, and words for a refusal.
const QUESTION: &str = "Which temperature is not supported when the tools are unknown and stream_options and max_tokens are not allowed?";

fn asked() -> ModelRequest {
    let mut asked = request(vec![Message::Note(QUESTION.to_owned())]);
    asked.temperature = Some(0.5);
    asked
}

async fn left_out(refusal: Value) -> (Vec<RequestPart>, Result<(), ModelError>, usize) {
    let server = ScriptedModel::openai_with(move |_| Reply::status(400, refusal.clone())).await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    let heard = listen(&*model, &asked()).await;
    (model.left_out(), heard.map(drop), server.requests().len())
}

#[tokio::test]
async fn what_a_refusal_quotes_of_the_request_names_nothing() {
    let body = json!({"model": "scripted", "messages": [{"role": "user", "content": QUESTION}],
        "stream_options": {"include_usage": true}, "temperature": 0.5, "max_tokens": 512});
    for refusal in [
        json!({"error": {"message": format!("The safety system does not accept this: {QUESTION}")}}),
        json!({"error": {"message": format!("Invalid value: '{}'. It is forbidden.", &QUESTION[..70])}}),
        json!({"detail": [{"type": "value_error", "loc": ["body", "messages"], "msg": "Value error, not allowed here", "input": body}]}),
        json!({"error": {"message": format!("1 validation error for Request\nmessages\n  Value error, forbidden word [type=value_error, input_value={}, input_type=dict]", "{'model': 'scripted', 'messages': [{'rol...tream_options': {'include_usage': True}, 'temperature': 0.5}")}}),
        json!({"error": {"message": format!("unknown failure at {body}")}}),
        json!({"error": {"message": "unknown failure at {'model': 'scripted', 'messages': [{'role': 'user', 'content': 'Which tem...', 'temperature': 0.5, 'max_tokens': 512"}}),
        json!({"message": "no such user", "request": body}),
    ] {
        let (parts, heard, requests) = left_out(refusal.clone()).await;
        assert!(heard.is_err(), "{refusal}");
        assert_eq!((parts, requests), (vec![], 1), "{refusal}");
    }
}

#[tokio::test]
async fn what_the_server_says_beside_its_quotation_is_heard() {
    let words = [
        format!("Unsupported parameter: 'temperature'. The request was: {QUESTION}"),
        format!("'{QUESTION}' was sent with temperature, which is not supported"),
    ];
    for words in words {
        let server = ScriptedModel::openai_with(move |body| match body.get("temperature") {
            Some(_) => Reply::status(400, json!({"error": {"message": words}})),
            None => Reply::text("ok"),
        })
        .await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        listen(&*model, &asked()).await.unwrap();
        assert_eq!(model.left_out(), [RequestPart::Temperature]);
    }
    // The kind of a failure is read from the server's words as well, and the message is shown as it came.
    let mut asked = asked();
    asked.messages = vec![Message::Note(
        "Why does the context length of invoices exceed it?".to_owned(),
    )];
    let words = "no such user: 'Why does the context length of invoices exceed it?'";
    let server =
        ScriptedModel::openai_with(move |_| Reply::status(400, json!({"error": {"message": words}}))).await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    let error = listen(&*model, &asked).await.unwrap_err();
    assert!(
        matches!(error, ModelError::Status { status: 400, .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("context length of invoices"),
        "{error}"
    );
}
