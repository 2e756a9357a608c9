//! The scripted servers themselves: what they promise to every other test.

use cardinal::principal::Principal;
use cardinal::wire::{CacheRule, Policy, Purpose, Wire, WireError, WireRequest};
use futures_util::StreamExt;
use serde_json::json;
use std::time::Duration;

use crate::support::scripted_model::{Reply, ScriptedModel};

fn post(server: &ScriptedModel, path: &str) -> WireRequest {
    WireRequest {
        method: http::Method::POST,
        url: format!("{}{path}", server.base_url().as_str().trim_end_matches('/'))
            .parse()
            .unwrap(),
        headers: http::HeaderMap::new(),
        body: Some(json!({"stream": true}).to_string().into()),
        policy: Policy {
            purpose: Purpose::Completion,
            principal: Principal::default(),
            idempotent: false,
            buffered: false,
            cap: 1 << 20,
            timeout: Duration::from_secs(5),
            opening: None,
            loading: None,
            cache: CacheRule::Never,
        },
    }
}

async fn body_of(server: &ScriptedModel, path: &str) -> String {
    let response = Wire::live().unwrap().send(post(server, path)).await.unwrap();
    String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn replies_come_in_order_and_requests_are_remembered() {
    let server = ScriptedModel::openai(vec![
        Reply::text("hello there"),
        Reply::tool_calls([("run_card", json!({"card_id": 7}))]),
    ])
    .await;
    let first = body_of(&server, "/chat/completions").await;
    assert!(
        first.contains("\"hello \"") && first.ends_with("data: [DONE]\n\n"),
        "{first}"
    );
    let second = body_of(&server, "/chat/completions").await;
    assert!(
        second.contains("\"run_card\"") && second.contains("\"tool_calls\""),
        "{second}"
    );
    assert!(
        body_of(&server, "/chat/completions")
            .await
            .contains("no reply left")
    );
    assert_eq!(server.requests(), vec![json!({"stream": true}); 3]);
    assert_eq!(server.captured()[0].path, "/v1/chat/completions");
}

#[tokio::test]
async fn an_anthropic_script_may_decide_from_the_request() {
    let server = ScriptedModel::anthropic_with(|request| Reply::text(request["stream"].to_string())).await;
    let body = body_of(&server, "/v1/messages").await;
    assert!(
        body.contains("\"text\":\"true\"") && body.contains("event: message_stop"),
        "{body}"
    );
}

#[tokio::test]
async fn a_cut_reply_breaks_the_connection() {
    let server = ScriptedModel::openai(vec![Reply::text("hello there").cut_after(40).fragmented(7)]).await;
    let response = Wire::live()
        .unwrap()
        .send(post(&server, "/chat/completions"))
        .await
        .unwrap();
    let chunks: Vec<_> = response.body.collect().await;
    let (last, whole) = chunks.split_last().unwrap();
    assert!(matches!(last, Err(WireError::Broken { .. })), "{last:?}");
    assert_eq!(
        whole
            .iter()
            .map(|chunk| chunk.as_ref().unwrap().len())
            .sum::<usize>(),
        40
    );
}

#[tokio::test]
async fn an_endless_reply_runs_into_the_cap() {
    let server = ScriptedModel::openai(vec![Reply::endless_text("and so on ")]).await;
    let response = Wire::live()
        .unwrap()
        .send(post(&server, "/chat/completions"))
        .await
        .unwrap();
    assert!(matches!(response.bytes().await, Err(WireError::TooLarge { .. })));
}
