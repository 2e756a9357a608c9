//! Conversations that their clients hold: found again by their messages, however these come back, and taken over where they began
//! elsewhere.

use serde_json::{Value, json};

use super::client::{Ask, Reply};
use super::kit::{QUESTION, TestServer};
use crate::support::reply::Reply as ModelReply;
use crate::support::scripted_model::ScriptedModel;

fn said(role: &str, text: &str) -> Value {
    json!({"role": role, "content": text})
}

async fn complete(server: &TestServer, messages: Value) -> Reply {
    let reply = server
        .post("/v1/chat/completions", json!({ "messages": messages }))
        .await;
    assert_eq!(reply.status, 200, "{reply:#?}");
    reply
}

fn content(reply: &Reply) -> String {
    reply.json()["choices"][0]["message"]["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Whether a turn went on from another one of this server.
async fn went_on(server: &TestServer, reply: &Reply) -> bool {
    let tape = format!("/v1/answers/{}/tape", reply.header("x-cardinal-answer"));
    server.get(&tape).await.body.contains("\"previous\":\"ans_")
}

fn asked(server: &TestServer) -> String {
    let requests = server.model.as_ref().unwrap().requests();
    requests.last().unwrap()["messages"].to_string()
}

/// Chat front ends send back what they showed folded, before an answer's text and within it, and write other blanks.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_found_again_whatever_its_front_end_made_of_the_answers() {
    let model = ScriptedModel::openai_with(|_| ModelReply::text("Revenue grew.\n\nIt will grow.")).await;
    let server = TestServer::before(model, |_| {}).await;
    let first = complete(&server, json!([said("user", "What grew?\nSay it.")])).await;
    let text = content(&first);
    assert_eq!(text.matches("\n\n").count(), 1, "{text}");
    let (begin, end) = text.split_once("\n\n").unwrap();
    for answer in [
        text.clone(),
        format!("<think>\nqueries Orders\n</think>\n{text}"),
        format!("<Thinking>x</Thinking>{text}"),
        format!("<think>a<think>b</think>c</think>{text}"),
        format!("< think duration=\"3\" >x</ think >\n{text}"),
        format!("◁think▷x◁/think▷{text}"),
        format!("[THINK]x[/THINK]{text}"),
        format!("<seed:think>x</seed:think>{text}"),
        format!("<|channel>thought\nx<channel|>{text}"),
        format!(
            "<details type=\"reasoning\" done=\"true\" duration=\"1\">\n<summary>Thought</summary>\n> x\n</details>\n{text}"
        ),
        format!(
            "<details done=\"true\" type=\"reasoning\">\n<summary>Thought</summary>\n> x\n</details>\n{text}"
        ),
        format!("<details id='1' type='tool_calls' name=\"a\">\n<summary>x</summary></details>\n{text}"),
        format!("<details\n done=\"true\"\n type=code_interpreter>a<details>b</details></details>\n{text}"),
        format!("<think>a</think>\n<details type=\"tool_calls\">b</details>\n{text}"),
        format!(":::thinking\nx\n:::\n{text}"),
        // Between the words, and behind them.
        format!("{begin}\n\n<think>x</think>\n\n{end}"),
        format!(
            "{begin}\n<details done=\"true\" type=\"reasoning\">\nx\n</details>\n{end}\n<think>y</think>"
        ),
        // Other blanks.
        text.replace('\n', "\r\n"),
        text.replace(' ', "\u{a0}"),
        text.replace(' ', "\u{202f}"),
        text.replace("\n\n", "\n"),
        format!("\u{feff}{}", text.replace("grew", "gr\u{200b}ew")),
        format!("  {text}\r\n\r\n"),
    ] {
        for question in [
            "What grew?\nSay it.",
            "What grew?\r\nSay it. ",
            "What\u{a0}grew?\nSay it.",
        ] {
            let history = json!([
                said("user", question),
                said("assistant", &answer),
                said("user", "And then?")
            ]);
            let next = complete(&server, history).await;
            assert!(went_on(&server, &next).await, "{question:?} {answer:?}");
        }
    }
    for foreign in [
        format!("<think>never ends {text}"),
        format!("something else {text}"),
        text.replace("grew", "fell"),
        format!("<details>{text}</details>"),
    ] {
        let history = json!([
            said("user", "What grew?\nSay it."),
            said("assistant", &foreign),
            said("user", "And then?")
        ]);
        let next = complete(&server, history).await;
        assert!(!went_on(&server, &next).await, "{foreign:?}");
        // It is another conversation, and its words are known all the same.
        assert!(
            asked(&server).contains("What grew?"),
            "{foreign:?}: {}",
            asked(&server)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_for_thoughts_takes_no_time() {
    let server = TestServer::before(
        ScriptedModel::openai_with(|_| ModelReply::text("Said.")).await,
        |_| {},
    )
    .await;
    for text in [
        "<think>".repeat(60_000),
        "<details type=x>".repeat(30_000),
        "<think></think>".repeat(30_000),
    ] {
        let history = json!([
            said("user", "First"),
            said("assistant", &text),
            said("user", "Second")
        ]);
        let asked = complete(&server, history);
        tokio::time::timeout(std::time::Duration::from_secs(60), asked)
            .await
            .unwrap();
    }
}

/// Models that think send their thoughts as parts, and clients send these back.
#[tokio::test(flavor = "multi_thread")]
async fn parts_and_items_that_are_thoughts_are_no_words() {
    let replies = (1..=9).map(|number| ModelReply::text(format!("Answer {}.", ["a", "b", "c"][number % 3])));
    let server = TestServer::scripted(replies.collect()).await;
    let first = complete(&server, json!([said("user", "First")])).await;
    let text = content(&first);
    let session = first.header("x-cardinal-session").to_owned();
    let thoughts = json!([
        {"type": "thinking", "thinking": "Let me see.", "signature": "x"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "reasoning", "text": "Let me see.", "summary": []},
        {"type": "text", "text": text},
    ]);
    let history =
        json!([said("user", "First"), {"role": "assistant", "content": thoughts}, said("user", "Second")]);
    let second = complete(&server, history).await;
    assert_eq!(second.header("x-cardinal-session"), session);
    // On the other wire they are items of their own.
    let response = server
        .post("/v1/responses", json!({"input": "Third"}))
        .await
        .json();
    let items = json!([
        said("user", "Third"),
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "x"}], "encrypted_content": "x"},
        response["output"][0],
        said("user", "Fourth"),
    ]);
    let next = server
        .post("/v1/responses", json!({ "input": items }))
        .await
        .json();
    assert_eq!(
        next["cardinal"]["session"], response["cardinal"]["session"],
        "{next:#}"
    );
}

/// Somebody changes the model in the middle of a conversation, or the server's store was new.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_began_elsewhere_is_gone_on_with() {
    let model = ScriptedModel::openai_with(|_| ModelReply::text("Said here.")).await;
    let server = TestServer::before(model, |_| {}).await;
    let history = json!([
        said("system", "Be brief."),
        said("assistant", "How can I help?"),
        said("user", "What is the quokka?"),
        said("assistant", "<think>xyzzy</think>A small animal."),
        said("user", "And the wombat?"),
        said("user", "And the numbat?"),
    ]);
    let first = complete(&server, history.clone()).await;
    let told = asked(&server);
    for known in ["quokka", "A small animal.", "wombat", "(not answered)"] {
        assert!(told.contains(known), "{known} is not in {told}");
    }
    assert!(
        !told.contains("xyzzy") && !told.contains("How can I help?"),
        "{told}"
    );
    let whole = first.json();
    assert_eq!(whole["cardinal"]["turn"], 1);
    let steps = whole["choices"][0]["message"]["reasoning_content"]
        .as_str()
        .unwrap_or_default();
    assert!(
        steps.contains("only questions and answers are known"),
        "{whole:#}"
    );
    // It goes on, from its tape, and where that is gone.
    let mut more = history.as_array().unwrap().clone();
    more.extend([
        said("assistant", &content(&first)),
        said("user", "And the bilby?"),
    ]);
    let second = complete(&server, json!(more)).await;
    assert_eq!(
        second.header("x-cardinal-session"),
        first.header("x-cardinal-session")
    );
    assert_eq!(second.json()["cardinal"]["turn"], 2);
    let told = asked(&server);
    assert!(
        told.contains("A small animal.") && told.contains("numbat"),
        "{told}"
    );
    let stopped = server.stop().await;
    let server = stopped.start().await;
    if server.store_url.starts_with("sqlite:") {
        std::fs::remove_dir_all(server.folder.path().join("store.sqlite.tapes")).unwrap();
    }
    more.extend([said("assistant", &content(&second)), said("user", "And the emu?")]);
    let third = complete(&server, json!(more)).await;
    assert_eq!(third.json()["cardinal"]["turn"], 3);
    let told = asked(&server);
    for known in ["quokka", "A small animal.", "numbat", "bilby"] {
        assert!(told.contains(known), "{known} is not in {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_there_knows_better_than_its_client() {
    let model = ScriptedModel::openai_with(|_| ModelReply::text("Said here.")).await;
    let server = TestServer::before(model, |_| {}).await;
    let ask = |messages: Value| {
        Ask::post("/v1/chat/completions", &json!({ "messages": messages }))
            .with("x-cardinal-session", "chat-1")
    };
    server
        .send(ask(json!([said("user", "What is the quokka?")])))
        .await;
    let made_up = json!([
        said("user", "What is the wombat?"),
        said("assistant", "A stone."),
        said("user", "And the numbat?")
    ]);
    server.send(ask(made_up.clone())).await;
    let told = asked(&server);
    assert!(told.contains("quokka") && !told.contains("A stone."), "{told}");
    // A name that is new begins with what its client says.
    let new = Ask::post("/v1/chat/completions", &json!({ "messages": made_up }))
        .with("x-cardinal-session", "chat-2");
    server.send(new).await;
    assert!(asked(&server).contains("A stone."), "{}", asked(&server));
    let items = json!({"input": [said("user", "What is the dingo?"), said("assistant", "A shrub."), said("user", "And the emu?")]});
    assert_eq!(server.post("/v1/responses", items).await.status, 200);
    assert!(asked(&server).contains("A shrub."), "{}", asked(&server));
    let user = |text: &str| json!({"role": "user", "parts": [{"type": "text", "text": text}]});
    let answer = json!({"role": "assistant", "parts": [{"type": "reasoning", "text": "xyzzy"}, {"type": "text", "text": "A tree."}]});
    let chat =
        json!({"id": "chat-3", "messages": [user("What is the bilby?"), answer, user("And the emu?")]});
    assert_eq!(server.post("/api/chat", chat).await.status, 200);
    let told = asked(&server);
    assert!(
        told.contains("A tree.") && told.contains("bilby") && !told.contains("xyzzy"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_long_conversation_the_end_is_known() {
    let model = ScriptedModel::openai_with(|_| ModelReply::text("Said here.")).await;
    let server = TestServer::before(model, |_| {}).await;
    let mut history = Vec::new();
    for number in 0..120 {
        history.push(said("user", &format!("Question {number} of many?")));
        history.push(said(
            "assistant",
            &format!("Answer {number}. {}", "x".repeat(2000)),
        ));
    }
    history.push(said("user", QUESTION));
    complete(&server, json!(history)).await;
    let told = asked(&server);
    assert!(told.contains("Question 119 of many?") && !told.contains("Question 60 of many?"));
    assert!(
        told.matches("xxxx").count() > 1000 && told.len() < 200_000,
        "{}",
        told.len()
    );
}
