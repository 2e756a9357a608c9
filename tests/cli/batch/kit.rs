use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::kit::{Program, Run, Sandbox};
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;
use crate::support::stack::first_listed;

/// A completion that was asked for: of which question, and its step.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) key: (String, usize),
}

/// A model that counts what it is asked: one query for each question, then an answer with its name.
pub(super) struct CountingModel {
    pub(super) model: ScriptedModel,
    asked: Arc<Mutex<Vec<Asked>>>,
    most_open: Arc<AtomicUsize>,
}

impl CountingModel {
    /// Every reply comes after `delay`.
    pub(super) async fn start(delay: Duration) -> Self {
        Self::with(|_, _, _| None, delay).await
    }

    /// `instead` may reply otherwise, by the request, the question's name and its step from 0.
    pub(super) async fn with(
        mut instead: impl FnMut(&Value, &str, usize) -> Option<Reply> + Send + 'static,
        delay: Duration,
    ) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let log = Arc::clone(&asked);
        let (open, most_open) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let most = Arc::clone(&most_open);
        let model = ScriptedModel::openai_with(move |request| {
            let (name, step) = place(request);
            most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            log.lock().unwrap().push(Asked {
                key: (name.clone(), step),
            });
            let usual = || match step {
                0 => {
                    let metric = first_listed(request, "metric");
                    Reply::tool_calls([("query_metric", json!({"metric_id": metric}))])
                }
                _ => Reply::text(format!("All that is known of {name} was said.")),
            };
            let reply = instead(request, &name, step).unwrap_or_else(usual);
            let delay = delay.max(reply.delay);
            reply
                .with_usage(10_000, 4_000, 10)
                .after(delay)
                .counted_out(&open)
        })
        .await;
        Self {
            model,
            asked,
            most_open,
        }
    }

    /// The most completions that it worked on at once.
    pub(super) fn most_open(&self) -> usize {
        self.most_open.load(Ordering::SeqCst)
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often each completion was asked for.
    pub(super) fn counts(&self) -> BTreeMap<(String, usize), usize> {
        let mut counts = BTreeMap::new();
        for asked in self.asked() {
            *counts.entry(asked.key).or_insert(0) += 1;
        }
        counts
    }

    /// A program that asks it, over the sandbox.
    pub(super) fn client(&self, sandbox: &Sandbox) -> Program {
        sandbox
            .client()
            .with("OPENAI_API_KEY", "sk-test")
            .with("OPENAI_BASE_URL", self.model.base_url().as_str())
            .with("CARDINAL_MODEL", "openai:scripted")
    }
}

/// The name of the last question of a request, and how many results follow it.
fn place(request: &Value) -> (String, usize) {
    let messages = request["messages"].as_array().unwrap();
    let at = messages
        .iter()
        .rposition(|message| message["role"] == "user")
        .unwrap();
    let text = messages[at]["content"].to_string();
    let name = text.split("about ").nth(1).unwrap_or_default();
    let name: String = name.chars().take_while(char::is_ascii_lowercase).collect();
    let steps = messages[at..].iter().filter(|message| message["role"] == "tool");
    (name, steps.count())
}

/// A name without digits, so that no answer has a figure.
pub(super) fn name(number: usize) -> String {
    let digits = number.to_string();
    digits
        .bytes()
        .map(|digit| char::from(digit - b'0' + b'k'))
        .collect()
}

/// Questions about so many things, as JSON Lines.
pub(super) fn questions(count: usize) -> String {
    (0..count)
        .map(|number| {
            let name = name(number);
            let row = json!({"id": format!("q{number}"), "question": format!("What is known about {name}?"), "n": number});
            format!("{row}\n")
        })
        .collect()
}

/// The answers of a file, in its order.
pub(super) fn answers(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}")))
        .collect()
}

/// The ids of answers.
pub(super) fn ids(answers: &[Value]) -> Vec<String> {
    answers
        .iter()
        .map(|answer| answer["id"].as_str().unwrap().to_owned())
        .collect()
}

/// What of an answer depends on nothing but its question.
pub(super) fn lasting(answer: &Value) -> Value {
    let mut answer = answer.clone();
    for volatile in ["answered_at", "timings", "tape"] {
        answer.as_object_mut().unwrap().remove(volatile);
    }
    for call in answer["tool_calls"].as_array_mut().unwrap() {
        for volatile in ["served_by", "duration_ms", "bytes_received"] {
            call.as_object_mut().unwrap().remove(volatile);
        }
    }
    answer
}

/// `batch` with the offline planner over the demo.
pub(super) fn demo() -> Program {
    Program::new().with("CARDINAL_MODEL", "offline")
}

pub(super) fn write(program: &Program, name: &str, text: impl AsRef<[u8]>) {
    std::fs::write(program.folder().join(name), text).unwrap();
}

/// Runs it, which has to end with this code.
pub(super) fn batch(program: &Program, arguments: &[&str], code: i32) -> Run {
    let run = program.run(&[&["batch"], arguments].concat());
    assert_eq!(run.code, Some(code), "{arguments:?} {run:#?}");
    run
}
