//! Sessions that clients name which send all their messages: what they show no more is not known.

use serde_json::{Value, json};

use super::client::{Ask, Reply};
use super::kit::TestServer;
use crate::support::reply::Reply as ModelReply;
use crate::support::scripted_model::ScriptedModel;

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

fn assistant(text: &str) -> Value {
    json!({"role": "assistant", "content": text})
}

/// What is answered to a question.
fn answer(question: &str) -> String {
    format!("Said of {}.", question.trim_end_matches('?'))
}

/// A question and its answer.
fn turn(question: &str) -> Vec<Value> {
    vec![user(question), assistant(&answer(question))]
}

async fn echoing() -> TestServer {
    let model = ScriptedModel::openai_with(|request| {
        let asked = request["messages"].as_array().unwrap().last().unwrap()["content"].to_string();
        let name = asked.split("thing-").nth(1).unwrap_or_default();
        let name: String = name.chars().take_while(char::is_ascii_alphabetic).collect();
        ModelReply::text(answer(&format!("thing-{name}")))
    })
    .await;
    TestServer::before(model, |_| {}).await
}

/// Asks with what was said before, under a name.
async fn ask(server: &TestServer, name: &str, before: &[Vec<Value>], question: &str) -> Reply {
    let mut messages = before.concat();
    messages.push(user(question));
    let ask = Ask::post("/v1/chat/completions", &json!({ "messages": messages }));
    let reply = server.send(ask.with("x-cardinal-session", name)).await;
    assert_eq!(reply.status, 200, "{reply:#?}");
    assert_eq!(reply.json()["choices"][0]["message"]["content"], answer(question));
    reply
}

/// The things that the model was told of last, in their order.
fn told(server: &TestServer) -> Vec<String> {
    let requests = server.model.as_ref().unwrap().requests();
    let messages = requests.last().unwrap()["messages"].as_array().unwrap().clone();
    let asked = messages.iter().filter(|message| message["role"] == "user");
    let words = asked.flat_map(|message| {
        let text = message["content"].to_string().replace("\\n", " ");
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .filter_map(|word| word.strip_prefix("thing-").map(str::to_owned))
            .collect::<Vec<_>>()
    });
    words.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_named_chat_does_not_show_any_more_is_not_known() {
    let server = echoing().await;
    let [one, two, three, four, five] = ["thing-a?", "thing-b?", "thing-c?", "thing-d?", "thing-e?"];
    ask(&server, "chat-1", &[], one).await;
    ask(&server, "chat-1", &[turn(one)], two).await;
    assert_eq!(told(&server), ["a", "b"]);
    // The question was edited: the other one stays, in the session of that name.
    let edited = ask(&server, "chat-1", &[turn(one)], three).await;
    assert_eq!(told(&server), ["a", "c"]);
    let apart = edited.header("x-cardinal-session").to_owned();
    assert_ne!(apart, "chat-1");
    // Under the same name both are gone on with.
    let on = ask(&server, "chat-1", &[turn(one), turn(three)], four).await;
    assert_eq!(told(&server), ["a", "c", "d"]);
    assert_eq!(on.header("x-cardinal-session"), apart);
    let on = ask(&server, "chat-1", &[turn(one), turn(two)], five).await;
    assert_eq!(told(&server), ["a", "b", "e"]);
    assert_eq!(on.header("x-cardinal-session"), "chat-1");
    // Answered anew, a question is asked once.
    ask(&server, "chat-1", &[turn(one)], two).await;
    assert_eq!(told(&server), ["a", "b"]);
    // So is the first one, and what goes on from that.
    let first = ask(&server, "chat-1", &[], four).await;
    assert_eq!(told(&server), ["d"]);
    let on = ask(&server, "chat-1", &[turn(four)], five).await;
    assert_eq!(told(&server), ["d", "e"]);
    assert_eq!(
        on.header("x-cardinal-session"),
        first.header("x-cardinal-session")
    );
    // After a restart it is the same.
    let server = server.stop().await.start().await;
    ask(&server, "chat-1", &[turn(one), turn(three), turn(four)], five).await;
    assert_eq!(told(&server), ["a", "c", "d", "e"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_its_question_alone_goes_on_in_the_session_that_it_names() {
    let server = echoing().await;
    for (at, question) in ["thing-a?", "thing-b?", "thing-b?"].into_iter().enumerate() {
        let reply = ask(&server, "chat-1", &[], question).await;
        assert_eq!(reply.json()["cardinal"]["turn"], at + 1);
        assert_eq!(reply.header("x-cardinal-session"), "chat-1");
    }
    assert_eq!(told(&server), ["a", "b", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_words_under_two_names_are_two_conversations() {
    let server = echoing().await;
    let before = [turn("thing-a?")];
    for name in ["chat-1", "chat-2", "chat-1", "chat-2"] {
        let reply = ask(&server, name, &[], "thing-a?").await;
        assert_eq!(reply.header("x-cardinal-session"), name);
    }
    for name in ["chat-3", "chat-4"] {
        ask(&server, name, &[], "thing-a?").await;
    }
    for name in ["chat-3", "chat-4"] {
        let reply = ask(&server, name, &before, "thing-b?").await;
        assert_eq!(reply.header("x-cardinal-session"), name);
        assert_eq!(told(&server), ["a", "b"]);
    }
}

/// Front ends write it where there is no conversation yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_word_for_nothing_names_no_session() {
    let server = echoing().await;
    for name in ["null", "undefined", "None", "new"] {
        for (question, thing) in [("thing-a?", "a"), ("thing-b?", "b")] {
            let reply = ask(&server, name, &[], question).await;
            assert_eq!(told(&server), [thing], "{name}");
            assert!(reply.header("x-cardinal-session").starts_with("ses_"), "{name}");
            let parts = json!([{"type": "text", "text": question}]);
            let chat = json!({"id": name, "message": {"role": "user", "parts": parts}});
            assert_eq!(server.post("/api/chat", chat).await.status, 200);
            assert_eq!(told(&server), [thing], "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_is_of_the_session_that_is_named() {
    let server = echoing().await;
    let respond = async |body: Value, name: &str| {
        let ask = Ask::post("/v1/responses", &body).with("x-cardinal-session", name);
        server.send(ask).await
    };
    let first = respond(json!({"input": "thing-a?"}), "chat-1").await.json()["id"].clone();
    respond(json!({"input": "thing-o?"}), "chat-2").await;
    let on = |question: &str| json!({"input": question, "previous_response_id": first});
    for name in ["chat-2", "chat-3"] {
        let refused = respond(on("thing-b?"), name).await;
        assert_eq!(refused.status, 400, "{name}: {refused:#?}");
        assert!(refused.body.contains("previous_response_id"), "{refused:#?}");
    }
    assert_eq!(respond(on("thing-b?"), "chat-1").await.status, 200);
    assert_eq!(told(&server), ["a", "b"]);
    // What goes on from an earlier one is apart, and still goes by the name.
    let apart = respond(on("thing-c?"), "chat-1").await;
    assert_ne!(apart.header("x-cardinal-session"), "chat-1");
    assert_eq!(told(&server), ["a", "c"]);
    let more = json!({"input": "thing-d?", "previous_response_id": apart.json()["id"]});
    assert_eq!(respond(more, "chat-1").await.status, 200);
    assert_eq!(told(&server), ["a", "c", "d"]);
}
