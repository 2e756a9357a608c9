//! Request N+1 extends request N byte for byte, apart from the cache markers that move along.

use cardinal::model::{Message, ToolChoice};
use serde_json::Value;

use super::talk::{ask, conversation, request};
use crate::support::scripted_model::{Captured, Reply, ScriptedModel};

/// Everything before the conversation, and the conversation's blocks, one after the other, without cache markers.
fn flat(sent: &Captured) -> (String, String) {
    let mut body = sent.json();
    let prefix = format!("{}{}{}", body["model"], body["tools"], body["system"]);
    let mut blocks = String::new();
    for message in body["messages"].as_array_mut().unwrap() {
        let role = message["role"].to_string();
        match message["content"].as_array_mut() {
            Some(parts) => {
                for part in parts {
                    part.as_object_mut().unwrap().remove("cache_control");
                    blocks.extend([role.as_str(), &part.to_string(), "\n"]);
                }
            }
            None => blocks.extend([message.to_string().as_str(), "\n"]),
        }
    }
    (prefix, blocks)
}

/// Asks with ever more of a conversation, as the loop does: up to each thing the model answers to.
async fn grow(server: &ScriptedModel) -> Vec<Captured> {
    let messages = conversation();
    for length in 1..=messages.len() {
        let answers = matches!(
            messages[length - 1],
            Message::User(_) | Message::Note(_) | Message::ToolResults(_)
        );
        if !answers {
            continue;
        }
        let mut asked = request(messages[..length].to_vec());
        if length == messages.len() {
            asked.tool_choice = ToolChoice::None;
        }
        ask(&server.settings(), &asked).await.unwrap();
    }
    server.captured()
}

fn each_extends_the_one_before(sent: &[Captured]) {
    assert_eq!(sent.len(), 4);
    for pair in sent.windows(2) {
        let ((prefix, said), (next_prefix, next_said)) = (flat(&pair[0]), flat(&pair[1]));
        assert_eq!(prefix, next_prefix);
        assert!(
            next_said.starts_with(&said) && next_said.len() > said.len(),
            "{said}\n---\n{next_said}"
        );
    }
}

#[tokio::test]
async fn openai_requests_extend_each_other() {
    let server = ScriptedModel::openai_with(|_| Reply::text("ok")).await;
    let sent = grow(&server).await;
    each_extends_the_one_before(&sent);
    // Here nothing moves: the raw bytes up to the end of the older conversation are the same.
    for pair in sent.windows(2) {
        let older = String::from_utf8(pair[0].body.to_vec()).unwrap();
        let newer = String::from_utf8(pair[1].body.to_vec()).unwrap();
        let end = older
            .find("],\"max_tokens\"")
            .expect("the conversation ends before the limit");
        assert!(newer.starts_with(&older[..end]), "{older}\n---\n{newer}");
    }
}

#[tokio::test]
async fn anthropic_requests_extend_each_other_and_hold_at_most_four_markers() {
    let server = ScriptedModel::anthropic_with(|_| Reply::text("ok")).await;
    let sent = grow(&server).await;
    each_extends_the_one_before(&sent);
    for request in &sent {
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        assert_eq!(body.matches("cache_control").count(), 3, "{body}");
        let json: Value = request.json();
        let last = json["messages"].as_array().unwrap().last().unwrap();
        assert!(last["content"].as_array().unwrap().last().unwrap()["cache_control"].is_object());
    }
}

#[tokio::test]
async fn the_same_request_is_the_same_bytes() {
    for server in [
        ScriptedModel::openai_with(|_| Reply::text("ok")).await,
        ScriptedModel::anthropic_with(|_| Reply::text("ok")).await,
    ] {
        for _ in 0..3 {
            ask(&server.settings(), &request(conversation())).await.unwrap();
        }
        let sent = server.captured();
        assert!(sent.windows(2).all(|pair| pair[0].body == pair[1].body));
    }
}
