//! What the protocols of others may ask for here: what is left empty, what is not done, and whose a session is.

use std::time::Duration;

use cardinal::config::AuthPolicy;
use serde_json::{Value, json};

use super::client::Ask;
use super::kit::{QUESTION, TestServer};
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

fn said(role: &str, text: &str) -> Value {
    json!({"role": role, "content": text})
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_null_is_as_if_it_were_not_there() {
    let server = TestServer::new().await;
    let chat = json!({
        "model": null, "messages": [said("user", QUESTION)], "stream": null, "stream_options": null, "metadata": null,
        "tools": null, "tool_choice": null, "functions": null, "function_call": null, "n": null, "response_format": null,
        "modalities": null,
    });
    let reply = server.post("/v1/chat/completions", chat.clone()).await;
    assert_eq!(reply.status, 200, "{reply:#?}");
    let mut streamed = chat;
    streamed["stream"] = json!(true);
    streamed["stream_options"] = json!({"include_usage": null});
    streamed["response_format"] = json!({"type": "text"});
    streamed["tools"] = json!([]);
    let reply = server.post("/v1/chat/completions", streamed).await;
    assert!(
        reply.status == 200 && reply.body.ends_with("data: [DONE]\n\n"),
        "{reply:#?}"
    );
    let responses = json!({
        "input": QUESTION, "stream": null, "previous_response_id": null, "metadata": null, "tools": null, "background": null,
        "text": null, "conversation": null, "instructions": null,
    });
    assert_eq!(server.post("/v1/responses", responses.clone()).await.status, 200);
    // The same number in another form.
    let one = json!({"messages": [said("user", QUESTION)], "n": 1.0, "max_tokens": 4e3});
    assert_eq!(server.post("/v1/chat/completions", one).await.status, 200);
    let mut plain = responses;
    plain["text"] = json!({"format": {"type": "text"}, "verbosity": "low"});
    plain["background"] = json!(false);
    assert_eq!(server.post("/v1/responses", plain).await.status, 200);
    let message = json!({"role": "user", "parts": null, "content": QUESTION});
    let ui = json!({"id": null, "messages": null, "message": message, "trigger": null, "messageId": null});
    assert_eq!(server.post("/api/chat", ui).await.status, 200);
    let native = json!({"question": QUESTION, "session": null, "after": null});
    assert_eq!(server.post("/v1/answers", native).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_done_is_refused_by_its_name() {
    let server = TestServer::scripted(Vec::new()).await;
    let image = json!([{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "data:,"}}]);
    let chat = |field: &str, value: Value| {
        let mut body = json!({"messages": [said("user", "What?")]});
        body[field] = value;
        ("/v1/chat/completions", body)
    };
    let responses = |field: &str, value: Value| {
        let mut body = json!({"input": "What?"});
        body[field] = value;
        ("/v1/responses", body)
    };
    let ui = |parts: Value| {
        (
            "/api/chat",
            json!({"messages": [{"role": "user", "parts": parts}]}),
        )
    };
    let tool = json!([{"type": "function", "function": {"name": "x"}}]);
    let schema = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": {}}});
    let cases = [
        (chat("n", json!(2)), "`n`"),
        (chat("n", json!(0)), "`n`"),
        (chat("tools", tool.clone()), "`tools`"),
        (chat("functions", json!([{"name": "x"}])), "`functions`"),
        (
            chat("response_format", json!({"type": "json_object"})),
            "`response_format`",
        ),
        (chat("response_format", schema.clone()), "`response_format`"),
        (chat("modalities", json!(["text", "audio"])), "`modalities`"),
        (chat("audio", json!({"voice": "x"})), "`audio`"),
        (chat("web_search_options", json!({})), "`web_search_options`"),
        (chat("logprobs", json!(true)), "`logprobs`"),
        (responses("prompt", json!({"id": "pmpt_1"})), "`prompt`"),
        (
            chat("messages", json!([{"role": "user", "content": image}])),
            "image_url",
        ),
        (responses("tools", tool), "`tools`"),
        (responses("background", json!(true)), "`background`"),
        (responses("text", json!({"format": schema})), "`text.format`"),
        (responses("conversation", json!("conv_1")), "`conversation`"),
        (
            responses(
                "input",
                json!([{"role": "user", "content": [{"type": "input_image", "image_url": "data:,"}]}]),
            ),
            "input_image",
        ),
        (
            responses(
                "input",
                json!([{"type": "function_call_output", "call_id": "c", "output": "x"}, said("user", "What?")]),
            ),
            "function_call_output",
        ),
        (
            ui(
                json!([{"type": "text", "text": "What?"}, {"type": "file", "mediaType": "image/png", "url": "data:,"}]),
            ),
            "images",
        ),
    ];
    for ((path, body), word) in cases {
        let reply = server.post(path, body.clone()).await;
        assert_eq!(reply.status, 400, "{path} {body}: {reply:#?}");
        assert!(reply.body.contains(word), "{word} is not in {}", reply.body);
    }
    assert_eq!(server.get("/v1/sessions").await.json()["sessions"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_goes_on_from_a_running_one_when_it_is_there_or_says_why_not() {
    let model = ScriptedModel::openai_with(|request| {
        let late = if request["messages"].to_string().contains("alpha") {
            1200
        } else {
            0
        };
        Reply::text("It is unknown.").after(Duration::from_millis(late))
    })
    .await;
    let server = TestServer::before(model, |_| {}).await;
    let begun = Ask::post(
        "/v1/responses",
        &json!({"input": "What is alpha?", "stream": true}),
    )
    .with("x-cardinal-session", "chat-1")
    .until(server.url(), "response.created")
    .await;
    let previous = format!("resp_{}", begun.header("x-cardinal-answer"));
    let body = json!({"input": "And beta?", "previous_response_id": previous});
    let next = server.post("/v1/responses", body.clone()).await;
    assert_eq!(next.status, 200, "{next:#?}");
    let requests = server.model.as_ref().unwrap().requests();
    let told = requests.last().unwrap()["messages"].to_string();
    assert!(
        told.contains("alpha") && told.contains("It is unknown."),
        "{told}"
    );

    // Another one came since, so that this one would begin apart from it, before it is there.
    let begun = Ask::post("/v1/responses", &json!({"input": "And alpha?", "stream": true}))
        .with("x-cardinal-session", "chat-1")
        .until(server.url(), "response.created")
        .await;
    let previous = format!("resp_{}", begun.header("x-cardinal-answer"));
    Ask::post("/v1/responses", &json!({"input": "And gamma?", "stream": true}))
        .with("x-cardinal-session", "chat-1")
        .until(server.url(), "response.created")
        .await;
    let body = json!({"input": "And delta?", "previous_response_id": previous});
    let refused = server.post("/v1/responses", body).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["code"]),
        (409, &json!("not_finished")),
        "{refused:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_only_named_is_the_answer_of_then() {
    let replies = ["One.", "Two."].map(Reply::text);
    let server = TestServer::scripted(replies.into()).await;
    let first = server
        .post("/v1/responses", json!({"input": "First"}))
        .await
        .json();
    let named = json!({"type": "item_reference", "id": first["output"][0]["id"]});
    let second = json!({"input": [said("user", "First"), named, said("user", "Second")]});
    let second = server.post("/v1/responses", second).await.json();
    assert_eq!(second["cardinal"]["turn"], 2, "{second:#}");
    let unknown = json!({"input": [said("user", "First"), {"type": "item_reference", "id": "msg_no"}, said("user", "Second")]});
    assert_eq!(server.post("/v1/responses", unknown).await.status, 404);
}

/// Each principal has names of their own: nobody learns from a name whether somebody else has a session that is called so.
#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_session_says_nothing_of_others() {
    let server = TestServer::with(|settings| settings.server.auth = AuthPolicy::Required).await;
    let (ana, bo) = (
        server.token("ana", &["ask"]).await,
        server.token("bo", &["ask"]).await,
    );
    let as_one = |ask: Ask, token: &str| ask.with("authorization", &format!("Bearer {token}"));
    let body = json!({"messages": [said("user", QUESTION)]});
    let ui =
        json!({"id": "chat-1", "message": {"role": "user", "parts": [{"type": "text", "text": QUESTION}]}});
    let mut seen = Vec::new();
    for token in [&ana, &bo] {
        let chat = Ask::post("/v1/chat/completions", &body).with("x-cardinal-session", "chat-1");
        let chat = server.send(as_one(chat, token)).await;
        let told = chat.json();
        assert_eq!(
            (chat.status, &told["cardinal"]["session"]),
            (200, &json!("chat-1")),
            "{chat:#?}"
        );
        assert_eq!(chat.header("x-cardinal-session"), "chat-1");
        assert_eq!(told["cardinal"]["turn"], 1, "{told:#}");
        let second = server.send(as_one(Ask::post("/api/chat", &ui), token)).await;
        assert!(
            second.whole && second.body.contains("\"session\":\"chat-1\""),
            "{second:#?}"
        );
        assert!(!second.body.contains("chat-1@"), "{second:#?}");
        let session = server
            .send(as_one(Ask::get("/v1/sessions/chat-1"), token))
            .await
            .json();
        assert_eq!((&session["id"], &session["turns"]), (&json!("chat-1"), &json!(2)));
        let answer = session["answers"][0]["id"].as_str().unwrap().to_owned();
        let tape = server
            .send(as_one(Ask::get(&format!("/v1/answers/{answer}/tape")), token))
            .await;
        assert!(
            tape.status == 200 && !tape.body.contains("chat-1@"),
            "{}",
            &tape.body[..200]
        );
        let page = server
            .send(as_one(Ask::get("/v1/sessions?limit=1"), token))
            .await
            .json();
        assert_eq!(page["sessions"][0]["id"], "chat-1");
        seen.push(answer);
    }
    assert_ne!(seen[0], seen[1]);
    // Natively nobody names a new one: another's is as one that is not there.
    for (name, status) in [("chat-1", 200), ("chat-2", 404)] {
        let ask = Ask::post("/v1/answers", &json!({"question": QUESTION, "session": name}));
        assert_eq!(server.send(as_one(ask, &bo)).await.status, status, "{name}");
    }
    let gone = Ask::new("DELETE", "/v1/sessions/chat-1");
    assert_eq!(server.send(as_one(gone, &bo)).await.status, 204);
    assert_eq!(
        server
            .send(as_one(Ask::get("/v1/sessions/chat-1"), &bo))
            .await
            .status,
        404
    );
    assert_eq!(
        server
            .send(as_one(Ask::get("/v1/sessions/chat-1"), &ana))
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_name_cannot_be_read_is_not_begun_anew() {
    let server = TestServer::new().await;
    let body = json!({"messages": [said("user", QUESTION)]});
    let ask = || Ask::post("/v1/chat/completions", &body);
    let twice = ask()
        .with("x-cardinal-session", "a")
        .with("x-cardinal-session", "b");
    let mut asks = vec![ask().with("x-cardinal-session", "ä"), twice];
    for name in [json!(7), json!(["a"]), json!({}), json!("a b"), json!(true)] {
        let mut named = body.clone();
        named["metadata"] = json!({ "session": name });
        asks.push(Ask::post("/v1/chat/completions", &named));
        let named = json!({"input": QUESTION, "metadata": {"session": name}});
        asks.push(Ask::post("/v1/responses", &named));
    }
    for ask in asks {
        assert_eq!(server.send(ask.clone()).await.status, 400, "{ask:?}");
    }
    assert_eq!(server.get("/v1/sessions").await.json()["sessions"], json!([]));
    // Front ends send an empty one where they have none yet.
    assert_eq!(
        server.send(ask().with("x-cardinal-session", "")).await.status,
        200
    );
}

/// A list would be taken for the values of fields, in the order in which they happen to stand in the program.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_one_object() {
    let server = TestServer::new().await;
    for path in [
        "/v1/answers",
        "/v1/sessions",
        "/v1/chat/completions",
        "/v1/responses",
        "/api/chat",
    ] {
        for body in [
            json!([QUESTION, null, null]),
            json!([]),
            json!(QUESTION),
            json!(7),
            json!(null),
        ] {
            let reply = server.post(path, body.clone()).await;
            assert_eq!(reply.status, 400, "{path} {body}");
            assert!(
                reply.body.contains("one JSON object"),
                "{path} {body}: {}",
                reply.body
            );
        }
    }
    for input in [json!(null), json!(7), json!({}), json!([7])] {
        let reply = server.post("/v1/responses", json!({ "input": input })).await;
        assert_eq!(reply.status, 400, "{input}");
        assert!(reply.body.contains("`input`"), "{input}: {}", reply.body);
    }
    // What nobody can see is no question, and no title.
    for hidden in ["\u{200b}", "\u{202e}\u{2066}", "\u{feff} \u{0}"] {
        let asked = server.post("/v1/answers", json!({ "question": hidden })).await;
        assert_eq!(asked.status, 400, "{hidden:?}");
        for blank in [hidden, "   ", "\n\t"] {
            let refused = server.post("/v1/sessions", json!({ "title": blank })).await;
            assert_eq!(refused.status, 400, "{blank:?}: {refused:#?}");
        }
        let made = server.post("/v1/sessions", json!({"title": null})).await.json();
        assert_eq!(made["title"], "", "{hidden:?}");
        let path = format!("/v1/sessions/{}", made["id"].as_str().unwrap());
        let renamed = Ask::new("PATCH", &path).json(&json!({ "title": hidden }));
        assert_eq!(server.send(renamed).await.status, 400, "{hidden:?}");
        let renamed = Ask::new("PATCH", &path).json(&json!({ "title": format!("A{hidden}B") }));
        assert!(
            server.send(renamed).await.json()["title"]
                .as_str()
                .unwrap()
                .starts_with('A')
        );
        let listed = server.get(&path).await.json();
        assert!(!listed["title"].as_str().unwrap().contains(hidden), "{listed:#}");
    }
}
