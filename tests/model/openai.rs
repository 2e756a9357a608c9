//! What goes out to an OpenAI-compatible endpoint, and what a well-behaved one's answer becomes.

use cardinal::model::CacheHints;
use cardinal::model::{ModelId, StopCause, ToolChoice, Usage};
use serde_json::{Value, json};

use super::talk::{ask, conversation, question, request};
use crate::support::scripted_model::{Reply, ScriptedModel};

#[tokio::test]
async fn text_is_heard_as_it_comes() {
    let server =
        ScriptedModel::openai(vec![Reply::text("ten thousand euros").with_usage(1200, 1024, 7)]).await;
    let heard = ask(&server.settings(), &question()).await.unwrap();
    assert_eq!(heard.texts, ["ten ", "thousand ", "euros"]);
    assert_eq!(heard.completion.text, "ten thousand euros");
    assert_eq!(heard.completion.stop, StopCause::End);
    assert_eq!(heard.completion.model, "scripted-1");
    let usage = Usage {
        input_tokens: 1200,
        cached_tokens: 1024,
        cache_write_tokens: 0,
        output_tokens: 7,
        ..Usage::default()
    };
    assert_eq!(heard.completion.usage, Some(usage));
}

#[tokio::test]
async fn tool_calls_come_whole_and_in_order() {
    let reply = Reply::tool_calls([
        ("run_card", json!({"card_id": 7})),
        ("describe", json!({"id": 1, "kind": "card"})),
    ])
    .saying("One moment.")
    .with_usage(50, 0, 5)
    .with_cache_write(40);
    let server = ScriptedModel::openai(vec![reply]).await;
    let heard = ask(&server.settings(), &question()).await.unwrap();
    assert_eq!(heard.started, ["run_card", "describe"]);
    let calls = heard.completion.tool_calls;
    assert_eq!(calls.len(), 2);
    assert_eq!(
        (calls[0].id.as_str(), calls[0].name.as_str()),
        ("call_0", "run_card")
    );
    assert_eq!(calls[0].arguments, "{\"card_id\":7}");
    assert_eq!(
        (calls[1].id.as_str(), calls[1].arguments.as_str()),
        ("call_1", "{\"id\":1,\"kind\":\"card\"}")
    );
    assert_eq!(heard.completion.stop, StopCause::ToolCalls);
    assert_eq!(heard.completion.text, "One moment.");
    assert_eq!(heard.completion.usage.unwrap().cache_write_tokens, 40);
}

#[tokio::test]
async fn a_request_to_an_unknown_server_holds_only_what_all_know() {
    let server = ScriptedModel::openai(vec![Reply::text("ok")]).await;
    let mut last = request(conversation());
    last.tool_choice = ToolChoice::None;
    last.temperature = Some(0.0);
    ask(&server.settings(), &last).await.unwrap();
    insta::assert_json_snapshot!(server.requests()[0]);
    let sent = &server.captured()[0];
    assert_eq!(sent.path, "/v1/chat/completions");
    assert_eq!(sent.header("authorization"), Some("Bearer sk-test-secret"));
    assert_eq!(sent.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn cache_fields_go_where_the_settings_say() {
    let server = ScriptedModel::openai_with(|_| Reply::text("ok")).await;
    let mut settings = server.settings();
    settings.cache_hints = CacheHints::Always;
    let asked = |name: &str| ModelId {
        name: name.to_owned(),
        ..settings.id.clone()
    };
    let ids = [
        "gpt-5.5",
        "gpt-5.6-sol",
        "gpt-6-astra",
        "gpt-6.1-terra",
        "gpt-4o-mini",
        "o3",
    ]
    .map(asked);
    for id in ids {
        settings.id = id;
        ask(&settings, &question()).await.unwrap();
    }
    let requests = server.requests();
    assert!(
        requests
            .iter()
            .all(|body| body["prompt_cache_key"] == "prompt-hash")
    );
    let marked: Vec<bool> = requests
        .iter()
        .map(|body| body["messages"][0]["content"].is_array())
        .collect();
    assert_eq!(marked, [false, true, true, true, false, false]);
    assert_eq!(
        requests[1]["messages"][0]["content"][0],
        json!({
            "type": "text", "text": "You answer from cards 7 and 12.",
            "prompt_cache_breakpoint": {"mode": "explicit"},
        })
    );
}

#[tokio::test]
async fn azure_style_headers_and_query_are_sent_and_no_authorization() {
    let server = ScriptedModel::openai(vec![Reply::text("ok")]).await;
    let mut settings = server.settings();
    settings.api_key = None;
    settings.headers = vec![("api-key".to_owned(), "azure-secret".to_owned().into())];
    settings.query = vec![("api-version".to_owned(), "2026-05-01 preview".to_owned())];
    let base = format!(
        "{}/openai/deployments/d?tenant=a",
        server.base_url().origin().ascii_serialization()
    );
    settings.base_url = Some(base.parse().unwrap());
    ask(&settings, &question()).await.unwrap();
    let sent = &server.captured()[0];
    assert_eq!(
        sent.path,
        "/openai/deployments/d/chat/completions?tenant=a&api-version=2026-05-01+preview"
    );
    assert_eq!(sent.header("api-key"), Some("azure-secret"));
    assert_eq!(sent.header("authorization"), None);
}

#[tokio::test]
async fn a_trailing_slash_in_the_address_changes_nothing() {
    let server = ScriptedModel::openai(vec![Reply::text("ok")]).await;
    let mut settings = server.settings();
    settings.base_url = Some(format!("{}/", server.base_url()).parse().unwrap());
    ask(&settings, &question()).await.unwrap();
    assert_eq!(server.captured()[0].path, "/v1/chat/completions");
}

#[tokio::test]
async fn stops_are_told_apart() {
    let replies = ["stop", "length", "content_filter"].map(|why| Reply::text("x").stopping(why));
    let server = ScriptedModel::openai(replies.into()).await;
    let mut stops = Vec::new();
    for _ in 0..3 {
        stops.push(
            ask(&server.settings(), &question())
                .await
                .unwrap()
                .completion
                .stop,
        );
    }
    assert_eq!(stops, [StopCause::End, StopCause::Length, StopCause::Withheld]);
}

#[tokio::test]
async fn what_a_vendor_wants_back_is_sent_back() {
    let piece = json!({
        "choices": [{"delta": {
            "reasoning_content": "let me see",
            "tool_calls": [{
                "id": "abc", "function": {"name": "run_card", "arguments": "{\"card_id\":7}"},
                "extra_content": {"google": {"thought_signature": "sig"}},
            }],
        }, "finish_reason": "stop"}],
    });
    let server = ScriptedModel::openai(vec![
        Reply::sse(format!("data: {piece}\n\ndata: [DONE]\n\n")),
        Reply::text("ok"),
    ])
    .await;
    let mut conversation = question();
    let completion = ask(&server.settings(), &conversation).await.unwrap().completion;
    assert_eq!(completion.stop, StopCause::ToolCalls);
    conversation.messages.push(cardinal::model::Message::Assistant {
        text: completion.text,
        tool_calls: completion.tool_calls,
        opaque: completion.opaque,
    });
    ask(&server.settings(), &conversation).await.unwrap();
    let back: &Value = &server.requests()[1]["messages"][2];
    assert_eq!(back["reasoning_content"], "let me see");
    assert_eq!(
        back["tool_calls"][0]["extra_content"]["google"]["thought_signature"],
        "sig"
    );
}
