//! What a chat sends again, edits and makes anew, and that nothing goes which it did not mean.

use serde_json::{Value, json};

use super::kit::TestServer;
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

fn user(id: &str, text: &str) -> Value {
    json!({"id": id, "role": "user", "parts": [{"type": "text", "text": text}]})
}

/// An answer as the chat has it: its id is the answer's.
fn assistant(answer: &str) -> Value {
    json!({"id": answer, "role": "assistant", "parts": [{"type": "text", "text": "Said."}]})
}

async fn server() -> TestServer {
    let model = ScriptedModel::openai_with(|_| Reply::text("Nothing is known of it.")).await;
    TestServer::before(model, |_| {}).await
}

async fn send(server: &TestServer, messages: &[&Value], more: Value) -> String {
    let mut body = json!({"id": "chat-1", "trigger": "submit-message", "messages": messages});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let reply = server.post("/api/chat", body).await;
    assert_eq!(reply.status, 200, "{reply:#?}");
    assert!(reply.whole && reply.body.contains("[DONE]"), "{reply:#?}");
    reply.header("x-cardinal-answer").to_owned()
}

/// The answers of the chat, and what was asked.
async fn turns(server: &TestServer) -> Vec<(String, String)> {
    let whole = server.get("/v1/sessions/chat-1").await.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let answers = whole["answers"].as_array().unwrap().iter();
    answers
        .map(|answer| (text(&answer["id"]), text(&answer["question"])))
        .collect()
}

fn asked(server: &TestServer) -> usize {
    server.model.as_ref().unwrap().requests().len()
}

fn pairs(turns: &[(&String, &str)]) -> Vec<(String, String)> {
    let owned = turns.iter();
    owned
        .map(|(answer, question)| ((*answer).clone(), (*question).to_owned()))
        .collect()
}

const NOTHING: fn() -> Value = || json!({});

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_never_arrived_is_asked_and_takes_nobodys_place() {
    let server = server().await;
    let one = user("u1", "What is the quokka?");
    let two = user("u2", "What is the wombat?");
    let first = send(&server, &[&one], NOTHING()).await;
    let again = json!({"trigger": "regenerate-message"});
    let second = send(&server, &[&one, &assistant(&first), &two], again.clone()).await;
    let both = pairs(&[(&first, "What is the quokka?"), (&second, "What is the wombat?")]);
    assert_eq!(turns(&server).await, both);
    // It was answered now, so that it is made anew.
    let anew = send(&server, &[&one, &assistant(&first), &two], again.clone()).await;
    let both = pairs(&[(&first, "What is the quokka?"), (&anew, "What is the wombat?")]);
    assert_eq!(turns(&server).await, both);
    // Somebody else asked here since, which this chat does not show: that stays.
    let three = user("u3", "What is the numbat?");
    let shown = [&one, &assistant(&first), &two, &assistant(&anew), &three];
    let elsewhere = server.ask_in("chat-1", "What is the bilby?").await;
    let third = send(&server, &shown, again).await;
    let elsewhere = elsewhere["id"].as_str().unwrap().to_owned();
    let all = pairs(&[
        (&first, "What is the quokka?"),
        (&anew, "What is the wombat?"),
        (&elsewhere, "What is the bilby?"),
        (&third, "What is the numbat?"),
    ]);
    assert_eq!(turns(&server).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_question_goes_on_from_what_is_shown() {
    let server = server().await;
    let one = user("u1", "What is the quokka?");
    let two = user("u2", "What is the wombat?");
    let three = user("u3", "What is the numbat?");
    let first = send(&server, &[&one], NOTHING()).await;
    let second = send(&server, &[&one, &assistant(&first), &two], NOTHING()).await;
    let shown = [&one, &assistant(&first), &two, &assistant(&second), &three];
    send(&server, &shown, NOTHING()).await;
    let edited = user("u2", "What is the dingo?");
    let shown = [&one, &assistant(&first), &edited];
    let anew = send(&server, &shown, json!({"messageId": "u2"})).await;
    let both = pairs(&[(&first, "What is the quokka?"), (&anew, "What is the dingo?")]);
    assert_eq!(turns(&server).await, both);
    let told = server.model.as_ref().unwrap().requests().last().unwrap()["messages"].to_string();
    assert!(told.contains("quokka") && !told.contains("wombat"), "{told}");
    // Sent again, it is the same.
    let before = asked(&server);
    assert_eq!(send(&server, &shown, json!({"messageId": "u2"})).await, anew);
    assert_eq!((asked(&server), turns(&server).await), (before, both));
    // The only question that is shown, with nothing before it.
    let edited = user("u1", "What is the emu?");
    let only = send(&server, &[&edited], json!({"messageId": "u1"})).await;
    assert_eq!(turns(&server).await, pairs(&[(&only, "What is the emu?")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_sent_twice_is_one_question() {
    let server = server().await;
    let one = user("u1", "What is the quokka?");
    let first = send(&server, &[&one], NOTHING()).await;
    assert_eq!(send(&server, &[&one], NOTHING()).await, first);
    assert_eq!((turns(&server).await.len(), asked(&server)), (1, 1));
    // The same words under another id are asked again, and so is a message without an id.
    let other = user("u2", "What is the quokka?");
    send(&server, &[&one, &assistant(&first), &other], NOTHING()).await;
    let mut nameless = one.clone();
    nameless.as_object_mut().unwrap().remove("id");
    send(&server, &[&nameless], NOTHING()).await;
    assert_eq!((turns(&server).await.len(), asked(&server)), (3, 3));
    // In another chat it is another one.
    let body = json!({"id": "chat-2", "messages": [one]});
    assert_ne!(
        server.post("/api/chat", body).await.header("x-cardinal-answer"),
        first
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_not_of_the_chat_takes_nobodys_place() {
    let server = server().await;
    let one = user("u1", "What is the quokka?");
    let two = user("u2", "What is the wombat?");
    let first = send(&server, &[&one], NOTHING()).await;
    let second = send(&server, &[&one, &assistant(&first), &two], NOTHING()).await;
    let before = turns(&server).await;
    let elsewhere = server.ask("What is the bilby?").await;
    let count = asked(&server);
    for trigger in ["regenerate-message", "submit-message"] {
        for named in ["ans_nobody", elsewhere["id"].as_str().unwrap()] {
            let body = json!({"id": "chat-1", "trigger": trigger, "messageId": named, "messages": [one]});
            let reply = server.post("/api/chat", body).await;
            assert_eq!(reply.status, 404, "{reply:#?}");
            assert!(reply.body.contains(named), "{reply:#?}");
        }
    }
    // Nor does one that the request goes on from.
    let shown = [
        &one,
        &assistant(&first),
        &two,
        &assistant(&second),
        &user("u3", "What?"),
    ];
    let body =
        json!({"id": "chat-1", "trigger": "regenerate-message", "messageId": first, "messages": shown});
    let reply = server.post("/api/chat", body).await;
    assert_eq!(reply.status, 400, "{reply:#?}");
    assert_eq!((turns(&server).await, asked(&server)), (before, count));
}
