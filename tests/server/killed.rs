//! A process that is killed in the middle: nothing that was acknowledged is lost, and nothing is paid for twice.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{self, Ask};
use super::database::{store_url, tape_lines};
use super::process::ProcessPlan;
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_nothing_and_pays_nothing_twice() {
    const ROUNDS: usize = 3;
    let (held, firsts) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let (holds, counted) = (Arc::clone(&held), Arc::clone(&firsts));
    let model = ScriptedModel::openai_with(move |request| {
        let last = request["messages"].as_array().unwrap().last().unwrap();
        if last["role"] == "tool" {
            let delay = Duration::from_secs(if holds.load(Ordering::SeqCst) { 3600 } else { 0 });
            return Reply::text("Nothing is known about that.").after(delay);
        }
        counted.fetch_add(1, Ordering::SeqCst);
        Reply::tool_calls([("field_values", json!({"entry": "nothing"}))])
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let store = store_url(folder.path());
    let plan = ProcessPlan::new(folder.path(), &store, &model);
    let mut process = plan.start();
    let session = Ask::post("/v1/sessions", &json!({}))
        .send(&process.url)
        .await
        .json();
    for round in 1..=ROUNDS {
        held.store(true, Ordering::SeqCst);
        let asked = model.requests().len();
        let body = json!({"question": format!("Question {round}"), "session": session["id"]});
        let begun = Ask::events(&body).until(&process.url, "event: started").await;
        let id = begun.header("x-cardinal-answer").to_owned();
        while model.requests().len() < asked + 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Lines are written beside the turn: what is on the tape is what the next process knows.
        while tape_lines(&store, &id) < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(process);
        held.store(false, Ordering::SeqCst);
        process = plan.start();
        let told = Ask::get(&format!("/v1/answers/{id}/events"))
            .send(&process.url)
            .await;
        assert!(told.whole, "{told:#?}");
        let record = &told.named("answer")[0];
        assert_eq!(record["status"], "finished", "{record:#}");
        assert_eq!(
            record["answer"]["text"], "Nothing is known about that.",
            "{record:#}"
        );
        assert_eq!(record["turn"], round);
        assert_eq!(
            firsts.load(Ordering::SeqCst),
            round,
            "a completion that was on the tape was asked for again"
        );
    }
    // Of the processes that were killed nothing is left to say that they are there.
    if let Some(path) = store.strip_prefix("sqlite:") {
        let left = std::fs::read_dir(format!("{path}.processes")).unwrap();
        let left: Vec<_> = left.map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
    let path = format!("/v1/sessions/{}", session["id"].as_str().unwrap());
    let whole = Ask::get(&path).send(&process.url).await.json();
    assert_eq!(whole["answers"].as_array().unwrap().len(), ROUNDS);
    assert_eq!(whole["running"], json!(null));
}

/// A turn whose process was killed while it waited for its first completion.
struct KilledTurn {
    folder: tempfile::TempDir,
    store: String,
    plan: ProcessPlan,
    begun: client::Reply,
    id: String,
}

impl KilledTurn {
    async fn new(body: &Value) -> Self {
        let model =
            ScriptedModel::openai_with(|_| Reply::text("It is unknown.").after(Duration::from_secs(600)))
                .await;
        let folder = tempfile::tempdir().unwrap();
        let store = store_url(folder.path());
        let plan = ProcessPlan::new(folder.path(), &store, &model);
        let process = plan.start();
        let begun = Ask::events(body).until(&process.url, "event: step").await;
        let id = begun.header("x-cardinal-answer").to_owned();
        while model.requests().is_empty() || tape_lines(&store, &id) < 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(process);
        Self {
            folder,
            store,
            plan,
            begun,
            id,
        }
    }

    /// The file of its tape; in PostgreSQL there is none.
    fn tape(&self) -> Option<PathBuf> {
        let store = self.store.strip_prefix("sqlite:")?;
        Some(Path::new(&format!("{store}.tapes")).join(format!("{}.jsonl", self.id)))
    }
}

/// A process that is killed while it makes a tape leaves one without a header: the turn begins anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_tape_without_its_header_is_begun_anew() {
    let killed = KilledTurn::new(&json!({"question": "What is alpha?"})).await;
    let Some(tape) = killed.tape() else {
        // In PostgreSQL a line is there as a whole or not at all.
        return;
    };
    std::fs::write(&tape, "{\"cardinal_ta").unwrap();
    let (begun, id, store) = (&killed.begun, &killed.id, &killed.store);
    let now = ScriptedModel::openai(vec![Reply::text("It is unknown.")]).await;
    let process = ProcessPlan::new(killed.folder.path(), store, &now).start();
    let path = format!("/v1/answers/{id}/events");
    let seen = begun.events().last().unwrap().0;
    let after = async |seen: u64| {
        let ask = Ask::get(&path).with("last-event-id", &seen.to_string());
        ask.send(&process.url).await
    };
    let told = after(seen).await;
    assert_eq!(
        told.named("answer")[0]["answer"]["text"],
        "It is unknown.",
        "{told:#?}"
    );
    // What was read of the other process's log is taken back, and all of this one is told.
    let events = told.events();
    let names: Vec<&str> = events.iter().map(|event| event.1.as_str()).collect();
    assert_eq!(names[..2], ["text_discarded", "started"]);
    assert!(
        events[0].0 > seen && events.windows(2).all(|pair| pair[0].0 < pair[1].0),
        "{events:#?}"
    );
    for at in [0, 1, 2] {
        assert_eq!(after(events[at].0).await.events(), events[at + 1..]);
    }
    assert_eq!(after(events.last().unwrap().0).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_cannot_be_gone_on_with_says_what_to_do_and_names_no_files() {
    let killed = KilledTurn::new(&json!({"question": "What is alpha?"})).await;
    let Some(tape) = killed.tape() else {
        // Nobody writes to a tape there by hand.
        return;
    };
    let written = std::fs::read_to_string(&tape).unwrap();
    let (_, rest) = written.split_once('\n').unwrap();
    std::fs::write(&tape, format!("{{\"cardinal_tape\": 9999}}\n{rest}")).unwrap();
    let process = killed.plan.start();
    let told = Ask::get(&format!("/v1/answers/{}/events", killed.id))
        .send(&process.url)
        .await;
    let error = &told.named("error")[0];
    assert_eq!(error["code"], "interrupted", "{told:#?}");
    let detail = error["detail"].as_str().unwrap();
    assert!(detail.contains("ask the question again"), "{detail}");
    assert!(!detail.contains('/') && !detail.contains(&killed.id), "{detail}");
}

/// Whoever has no time to wait says so twice.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_leaves_running_turns_to_the_next_process() {
    let late = Arc::new(AtomicUsize::new(3600));
    let waits = Arc::clone(&late);
    let model = ScriptedModel::openai_with(move |_| {
        let late = waits.load(Ordering::SeqCst);
        Reply::text("It is unknown.").after(Duration::from_secs(late.try_into().unwrap()))
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let store = store_url(folder.path());
    let plan = ProcessPlan::new(folder.path(), &store, &model);
    let mut process = plan.start();
    let begun = Ask::events(&json!({"question": "What is alpha?"}))
        .until(&process.url, "event: step")
        .await;
    while model.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    process.signal("TERM");
    assert!(!process.ends_within(Duration::from_secs(2)));
    process.signal("TERM");
    assert!(process.ends_within(Duration::from_secs(10)));
    late.store(0, Ordering::SeqCst);
    let process = plan.start();
    let path = format!("/v1/answers/{}/events", begun.header("x-cardinal-answer"));
    let told = Ask::get(&path).send(&process.url).await;
    assert_eq!(
        told.named("answer")[0]["answer"]["text"],
        "It is unknown.",
        "{told:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_whose_beginning_was_deleted_while_it_ran_begins_anew_after_a_kill() {
    let held = Arc::new(AtomicBool::new(false));
    let holds = Arc::clone(&held);
    let model = ScriptedModel::openai_with(move |_| {
        let late = if holds.load(Ordering::SeqCst) { 3600 } else { 0 };
        Reply::text("Nothing is known of it.").after(Duration::from_secs(late))
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let store = store_url(folder.path());
    let plan = ProcessPlan::new(folder.path(), &store, &model);
    let mut process = plan.start();
    let ask = async |url: &str, body: Value| Ask::post("/v1/answers", &body).send(url).await.json();
    let first = ask(&process.url, json!({"question": "What is the quokka?"})).await;
    let own = ask(
        &process.url,
        json!({"question": "What is the numbat?", "after": first["id"]}),
    )
    .await;
    // A session that knows nothing else, and one that had a question of its own before.
    held.store(true, Ordering::SeqCst);
    let mut running = Vec::new();
    for (body, before) in [
        (
            json!({"question": "What is the bilby?", "after": first["id"]}),
            "",
        ),
        (
            json!({"question": "What is the wombat?", "session": own["session"]}),
            "numbat",
        ),
    ] {
        let asked = model.requests().len();
        let begun = Ask::events(&body).until(&process.url, "event: step").await;
        let id = begun.header("x-cardinal-answer").to_owned();
        while model.requests().len() == asked || tape_lines(&store, &id) < 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        running.push((id, before));
    }
    let path = format!("/v1/sessions/{}", first["session"].as_str().unwrap());
    assert_eq!(Ask::new("DELETE", &path).send(&process.url).await.status, 204);
    drop(process);
    held.store(false, Ordering::SeqCst);
    let asked = model.requests().len();
    process = plan.start();
    for (id, _) in &running {
        let told = Ask::get(&format!("/v1/answers/{id}/events"))
            .send(&process.url)
            .await;
        let record = &told.named("answer")[0];
        assert_eq!(record["status"], "finished", "{told:#?}");
        assert!(told.body.contains("was deleted"), "nobody is told: {told:#?}");
        // What it made since holds nothing of what was deleted, and stays.
        assert!(tape_lines(&store, id) > 1);
    }
    let requests: Vec<String> = model.requests()[asked..]
        .iter()
        .map(|one| one["messages"].to_string())
        .collect();
    assert_eq!(requests.len(), 2);
    for (_, before) in running {
        assert!(
            requests
                .iter()
                .any(|told| told.contains(before) && !told.contains("quokka")),
            "{requests:#?}"
        );
    }
}
