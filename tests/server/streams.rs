use std::time::Duration;

use serde_json::json;

use super::client::{Ask, Reply as EventReply};
use super::kit::{QUESTION, TestServer};
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_a_turn_in_order() {
    let server = TestServer::new().await;
    let reply = server.send(Ask::events(&json!({"question": QUESTION}))).await;
    assert_eq!(reply.header("content-type"), "text/event-stream");
    assert!(reply.whole);
    let events = reply.events();
    let numbers: Vec<u64> = events.iter().map(|event| event.0).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let names: Vec<&str> = events.iter().map(|event| event.1.as_str()).collect();
    assert_eq!(names.first(), Some(&"started"));
    assert_eq!(names.last(), Some(&"done"));
    for name in ["step", "tool_started", "tool_finished", "table", "answer"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    for (_, name, data) in &events {
        assert_eq!(data["type"], *name);
    }
    let tool = &reply.named("tool_started")[0];
    assert!(tool["entry"]["name"].is_string(), "{tool:#}");
    let answer = &reply.named("answer")[0];
    assert_eq!(answer["answer"]["outcome"], "answered");
    assert_eq!(reply.named("table")[0]["rows"], answer["tables"][0]["rows"]);
    assert_eq!(reply.named("done")[0]["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hung_up_reads_on() {
    let server = TestServer::new().await;
    let ask = Ask::events(&json!({"question": QUESTION}));
    let first = ask.until(server.url(), "event: step").await;
    assert!(!first.whole);
    let id = first.header("x-cardinal-answer").to_owned();
    let seen = first.events().last().unwrap().0;
    let path = format!("/v1/answers/{id}/events");
    let rest = Ask::get(&path).with("last-event-id", &seen.to_string());
    let rest = server.send(rest).await;
    assert!(rest.whole);
    assert_eq!(rest.events()[0].0, seen + 1);
    assert_eq!(rest.events().last().unwrap().1, "done");
    // From the beginning it is the same log.
    let all = server.get(&path).await.events();
    assert_eq!(all[usize::try_from(seen).unwrap()..], rest.events());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_an_earlier_process_is_told_whole() {
    let server = TestServer::new().await;
    let record = server.ask(QUESTION).await;
    let path = format!("/v1/answers/{}/events", record["id"].as_str().unwrap());
    let last = server.get(&path).await.events().last().unwrap().0;
    let stopped = server.stop().await;
    let again = stopped.start().await;
    let told = again.send(Ask::get(&path).with("last-event-id", "2")).await;
    let numbers: Vec<u64> = told.events().iter().map(|event| event.0).collect();
    assert!(
        numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]) && numbers[0] > 2,
        "{numbers:?}"
    );
    assert_eq!(told.events()[1].1, "text_discarded");
    assert_eq!(
        told.named("table").len(),
        record["tables"].as_array().unwrap().len()
    );
    // Cut there, a client gets what follows, and at the end nothing any more.
    let middle = Ask::get(&path).with("last-event-id", &numbers[1].to_string());
    assert_eq!(again.send(middle).await.events(), told.events()[2..]);
    let end = Ask::get(&path).with("last-event-id", &numbers.last().unwrap().to_string());
    assert_eq!(again.send(end).await.status, 204);
    let end = Ask::get(&path).with("last-event-id", &last.to_string());
    assert_eq!(again.send(end).await.status, 204);
    assert_eq!(told.named("answer")[0], {
        let mut expected = record.clone();
        expected["type"] = json!("answer");
        expected
    });
    assert_eq!(told.events().last().unwrap().1, "done");
    // Whatever a client says that it has read.
    let most = Ask::get(&path).with("last-event-id", "18446744073709551615");
    assert_eq!(again.send(most).await.status, 204);
    for made_up in ["99999999999999999999999", "-1", "x"] {
        let told = again.send(Ask::get(&path).with("last-event-id", made_up)).await;
        assert!(told.whole, "{made_up}");
        assert_eq!(told.events().last().unwrap().1, "done", "{made_up}");
    }
}

/// What is kept of turns that ended is bounded: a log that was let go is told from the answer's record.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_turns_that_ended_a_few_logs_are_kept() {
    let server = TestServer::new().await;
    let record = server.ask(QUESTION).await;
    let path = format!("/v1/answers/{}/events", record["id"].as_str().unwrap());
    let names = async || -> Vec<String> {
        let told = server.get(&path).await;
        assert!(told.whole);
        assert_eq!(told.named("answer")[0]["answer"], record["answer"]);
        told.events().into_iter().map(|(_, name, _)| name).collect()
    };
    assert!(names().await.contains(&"step".to_owned()));
    for number in 0..80 {
        server.ask(&format!("What is known of thing {number}?")).await;
    }
    let told = names().await;
    assert!(!told.contains(&"step".to_owned()), "{told:?}");
    assert_eq!(told.last().map(String::as_str), Some("done"));
}

fn endless() -> Reply {
    Reply::endless_text("more and more ")
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_a_turn_with_what_is_known() {
    let server = TestServer::before(ScriptedModel::openai_with(|_| endless()).await, |settings| {
        settings.guard.max_text_bytes = 1 << 30;
    })
    .await;
    let ask = Ask::events(&json!({"question": "What?"}));
    let begun = ask.until(server.url(), "event: text").await;
    let id = begun.header("x-cardinal-answer").to_owned();
    let stopped = server.post(&format!("/v1/answers/{id}/stop"), json!({})).await;
    assert_eq!(stopped.status, 202);
    let told = server.get(&format!("/v1/answers/{id}/events")).await;
    assert_eq!(told.named("answer")[0]["answer"]["outcome"], "cancelled");
    let session = begun.header("x-cardinal-session");
    assert_eq!(
        server.get(&format!("/v1/sessions/{session}")).await.json()["running"],
        json!(null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_nobody_listens_to_ends_after_its_grace() {
    let server = TestServer::before(ScriptedModel::openai_with(|_| endless()).await, |settings| {
        settings.guard.max_text_bytes = 1 << 30;
        settings.server.grace = Duration::from_millis(50);
    })
    .await;
    let ask = Ask::events(&json!({"question": "What?"}));
    let begun = ask.until(server.url(), "event: text").await;
    let path = format!("/v1/answers/{}", begun.header("x-cardinal-answer"));
    for _ in 0..200 {
        let record = server.get(&path).await.json();
        if record["status"] == "finished" {
            assert_eq!(record["answer"]["outcome"], "cancelled");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it goes on");
}

/// Who asks now and then what became of a question is there for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_turn_whose_record_is_read_goes_on() {
    let grace = Duration::from_secs(2);
    let server = TestServer::before(ScriptedModel::openai_with(|_| endless()).await, |settings| {
        settings.guard.max_text_bytes = 1 << 30;
        settings.server.grace = grace;
    })
    .await;
    let ask = Ask::events(&json!({"question": "What?"}));
    let begun = ask.until(server.url(), "event: text").await;
    let path = format!("/v1/answers/{}", begun.header("x-cardinal-answer"));
    let since = std::time::Instant::now();
    while since.elapsed() < grace * 2 {
        assert_eq!(server.get(&path).await.json()["status"], "running");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::sleep(grace * 2).await;
    let record = server.get(&path).await.json();
    assert_eq!(record["answer"]["outcome"], "cancelled", "{record:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_the_server_leaves_is_reset_and_its_turn_resumed() {
    // The first process never gets an answer to its second completion.
    let mut asked = 0;
    let model = ScriptedModel::openai_with(move |_| {
        asked += 1;
        match asked {
            1 => Reply::tool_calls([("field_values", json!({"entry": "nothing"}))]),
            2 => Reply::text("Too late.").after(Duration::from_secs(3600)),
            _ => Reply::text("There is nothing to say."),
        }
    })
    .await;
    let server = TestServer::before(model, |_| {}).await;
    let ask = Ask::events(&json!({"question": "What?"}));
    let url = server.url().to_owned();
    let reading = tokio::spawn(async move { ask.send(&url).await });
    while server.model.as_ref().unwrap().requests().len() < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let stopped = server.stop().await;
    let cut = reading.await.unwrap();
    assert!(!cut.whole, "a stream that was left ended as if it were whole");
    let id = cut.header("x-cardinal-answer").to_owned();

    let again = stopped.start().await;
    let told = again.get(&format!("/v1/answers/{id}/events")).await;
    assert!(told.whole);
    let answer = &told.named("answer")[0];
    assert_eq!(answer["status"], "finished", "{answer:#}");
    assert_eq!(answer["answer"]["text"], "There is nothing to say.");
    // The completion that had come was not asked for again.
    assert_eq!(again.model.as_ref().unwrap().requests().len(), 3);
}

/// What somebody has who shows the texts of a stream and takes back what is discarded.
fn shown(reply: &EventReply) -> String {
    let mut shown = String::new();
    for (_, name, data) in reply.events() {
        match name.as_str() {
            "text" => shown.push_str(data["delta"].as_str().unwrap()),
            "text_discarded" => shown.clear(),
            _ => {}
        }
    }
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shows_nothing_but_texts_has_the_whole_answer_at_the_end() {
    // An answer whose figure has no source, the same after it was looked up again in vain; one that was withheld midway; one in
    // pieces; one whose address is hidden.
    let figures = || Reply::text("Revenue was 1234567.89 in all.");
    let cases = [
        vec![figures(), Reply::text("")],
        vec![figures(), figures()],
        vec![Reply::text("Revenue was").stopping("content_filter")],
        vec![Reply::text("\n It is  unknown. \n").fragmented(3)],
        vec![Reply::text("See http://127.0.0.1:18701/v1 for more.").fragmented(4)],
        vec![Reply::text("Half a sentence that").stopping("length")],
        vec![Reply::status(
            400,
            json!({"error": {"message": "no", "type": "invalid_request_error"}}),
        )],
    ];
    for replies in cases {
        let case = format!("{replies:?}");
        let server = TestServer::before(ScriptedModel::openai(replies).await, |settings| {
            settings.grounding.on_unmatched = cardinal::OnUnmatched::Mark;
        })
        .await;
        let reply = server
            .send(Ask::events(&json!({"question": "What is alpha?"})))
            .await;
        let record = &reply.named("answer")[0];
        let answer = record["answer"]["text"].as_str().unwrap().trim();
        assert!(shown(&reply).trim().starts_with(answer), "{case}: {reply:#?}");
        // What is told of a stored answer is the same.
        let id = record["id"].as_str().unwrap().to_owned();
        let again = server.stop().await.start().await;
        let stored = again.get(&format!("/v1/answers/{id}/events")).await;
        assert_eq!(shown(&stored).trim(), shown(&reply).trim(), "{case}");
        // The last number is that of `done`.
        let last = reply.events().last().unwrap().0;
        let end = Ask::get(&format!("/v1/answers/{id}/events")).with("last-event-id", &last.to_string());
        assert_eq!(again.send(end).await.status, 204, "{case}");
    }
}
