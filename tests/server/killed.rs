//! A process that is killed in the middle: nothing that was acknowledged is lost, and nothing is paid for twice.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::client::Ask;
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

/// A server in a process of its own; it is killed when dropped.
struct Process {
    child: Child,
    url: String,
}

impl Process {
    fn start(folder: &std::path::Path, model: &ScriptedModel) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cardinal"))
            .args(["serve", "--listen", "127.0.0.1:0", "--model", "openai:scripted"])
            .env_clear()
            .env("HOME", folder)
            .env("OPENAI_API_KEY", "sk-test")
            .env("OPENAI_BASE_URL", model.base_url().as_str())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        let url = line["url"].as_str().unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tape_of(home: &std::path::Path, answer: &str) -> std::path::PathBuf {
    let folder = home.join(".local/state/cardinal/demo.sqlite.tapes");
    folder.join(format!("{answer}.jsonl"))
}

/// Whole lines of a file.
fn lines(file: &std::path::Path) -> usize {
    std::fs::read_to_string(file)
        .unwrap_or_default()
        .matches('\n')
        .count()
}

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
    let mut process = Process::start(folder.path(), &model);
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
        let tape = tape_of(folder.path(), &id);
        while lines(&tape) < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(process);
        held.store(false, Ordering::SeqCst);
        process = Process::start(folder.path(), &model);
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
    let path = format!("/v1/sessions/{}", session["id"].as_str().unwrap());
    let whole = Ask::get(&path).send(&process.url).await.json();
    assert_eq!(whole["answers"].as_array().unwrap().len(), ROUNDS);
    assert_eq!(whole["running"], json!(null));
}
