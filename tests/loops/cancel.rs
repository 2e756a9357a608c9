//! A person who stops a turn gets what is known.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cardinal::agent::{Event, Outcome, StopReason};
use serde_json::json;

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, a_metric};

/// Waits for something to have happened, however long that takes.
async fn until(happened: impl Fn() -> bool) {
    while !happened() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The text that was written so far.
fn written(events: &Mutex<Vec<Event>>) -> String {
    let events = events.lock().unwrap();
    let texts = events.iter().filter_map(|event| match event {
        Event::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

#[tokio::test]
async fn while_the_model_is_silent() {
    let steps = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&steps);
    let model = ScriptedModel::openai_with(move |request| {
        let step = counted.fetch_add(1, Ordering::SeqCst) + 1;
        let mut reply = Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))]);
        if step == 2 {
            reply.delay = Duration::from_hours(1);
        }
        reply
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let cancel = stack.cancel.clone();
    tokio::spawn(async move {
        until(|| steps.load(Ordering::SeqCst) == 2).await;
        cancel.cancel();
    });
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::Cancelled, StopReason::Cancelled)
    );
    assert!(
        answer.text.contains("Until then these results were found"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn while_the_model_writes() {
    let model = ScriptedModel::openai(vec![Reply::endless_text("more ")]).await;
    let mut stack = Stack::new(
        model,
        Knobs {
            guard: cardinal::agent::GuardSettings {
                max_text_bytes: usize::MAX,
                ..Default::default()
            },
            ..Knobs::default()
        },
    )
    .await;
    let (cancel, events) = (stack.cancel.clone(), Arc::clone(&stack.events));
    tokio::spawn(async move {
        until(|| written(&events).contains("more more")).await;
        cancel.cancel();
    });
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.outcome, Outcome::Cancelled);
    assert!(answer.text.starts_with("more ") && answer.text.contains("[cut here]"));
}

#[tokio::test]
async fn while_the_figures_of_a_long_answer_are_looked_up() {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        match step {
            1 => Reply::tool_calls([(
                "query_metric",
                json!({ "metric_id": a_metric(request),
                        "group_by": [{ "dimension": "created_at", "granularity": "day" }] }),
            )]),
            _ => Reply::text(many_figures()),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let (cancel, events) = (stack.cancel.clone(), Arc::clone(&stack.events));
    tokio::spawn(async move {
        until(|| written(&events).contains("That was all.")).await;
        cancel.cancel();
    });
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::Cancelled, StopReason::Cancelled)
    );
    assert!(
        answer.text.contains("That was all."),
        "what was written is not lost"
    );
    assert!(answer.figures.iter().all(|one| one.figure.is_unmatched()));
}

/// An answer whose figures take long to look up: each may be a change, a share or a total of what its line names.
fn many_figures() -> String {
    let line = |at: u32| {
        format!(
            "- In March, April and May 2025 the total changed by {}.{:02} on average, a share of {}.{}%.\n",
            at * 13 % 997,
            at % 100,
            at % 89,
            at % 7
        )
    };
    let mut text: String = (0..600).map(line).collect();
    text.push_str("That was all.");
    text
}

#[tokio::test]
async fn before_anything_happened() {
    let mut stack = Stack::scripted(vec![Reply::text("Too late.")]).await;
    stack.cancel.cancel();
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.outcome, Outcome::Cancelled);
    assert!(!answer.text.is_empty());
}
