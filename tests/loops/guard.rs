//! Models that behave badly, through the real driver: every turn ends, within its budgets, with a reason.

use cardinal::agent::GuardSettings;
use cardinal::agent::{Answer, CallStatus, Outcome, StopReason};
use serde_json::{Value, json};

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, a_metric, ids, tool_contents};

const MAX_STEPS: usize = 12;
const LAST_WORDS: &str = "Last words.";

type Calls = Vec<(&'static str, Value)>;

/// A model that always asks for the calls of its `n`th step, counted from 0, unless it may not.
async fn insistent(calls: impl Fn(usize, &Value) -> Calls + Send + 'static) -> Stack {
    guarded(GuardSettings::default(), calls).await
}

async fn guarded(guard: GuardSettings, calls: impl Fn(usize, &Value) -> Calls + Send + 'static) -> Stack {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        if request["tool_choice"] == "none" {
            return Reply::text(LAST_WORDS);
        }
        let reply = Reply::tool_calls(calls(step, request));
        step += 1;
        reply
    });
    Stack::new(
        model.await,
        Knobs {
            guard,
            ..Knobs::default()
        },
    )
    .await
}

fn statuses(answer: &Answer) -> Vec<CallStatus> {
    answer.tool_calls.iter().map(|call| call.status).collect()
}

fn ended(stack: &Stack, answer: &Answer, outcome: Outcome, reason: StopReason) {
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (outcome, reason),
        "{:#?}",
        answer.tool_calls
    );
    assert_eq!(answer.text, LAST_WORDS);
    let requests = stack.model.requests();
    assert!(requests.len() <= MAX_STEPS, "{} completions", requests.len());
    for request in &requests {
        assert_eq!(
            request["tools"], requests[0]["tools"],
            "the tools stay in every request"
        );
    }
}

#[tokio::test]
async fn the_same_call_for_ever_is_served_from_the_turn_then_closed_then_ended() {
    let mut stack =
        insistent(|_, request| vec![("query_metric", json!({ "metric_id": a_metric(request) }))]).await;
    let answer = stack.ask("revenue?").await;
    ended(&stack, &answer, Outcome::LoopStopped, StopReason::RepeatedCall);
    let statuses = statuses(&answer);
    assert_eq!(
        statuses.iter().take(4).copied().collect::<Vec<_>>(),
        [
            CallStatus::Ok,
            CallStatus::ServedFromTurn,
            CallStatus::ServedFromTurn,
            CallStatus::Refused
        ]
    );
    assert!(
        statuses
            .iter()
            .skip(3)
            .all(|status| *status == CallStatus::Refused),
        "{statuses:?}"
    );
    let seen = tool_contents(&stack.model.requests().pop().unwrap());
    assert!(seen[1].contains("same call as call 1"), "{}", seen[1]);
    assert!(seen[2].contains("What this turn knows so far"), "{}", seen[2]);
    assert!(
        seen[3].contains("closed for the rest of this turn"),
        "{}",
        seen[3]
    );
}

#[tokio::test]
async fn the_same_call_in_other_words_is_the_same_call() {
    let mut stack = insistent(|step, request| {
        let id = a_metric(request);
        let call = if step == 0 {
            json!({ "metric_id": id })
        } else {
            json!({ "metric_id": id, "filters": [], "group_by": [] })
        };
        vec![("query_metric", call)]
    })
    .await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(statuses(&answer)[1], CallStatus::ServedFromTurn);
}

#[tokio::test]
async fn calls_that_go_round_are_a_cycle() {
    for length in 2..=5 {
        let guard = GuardSettings {
            max_same_call: 100,
            max_cycles: 2,
            ..GuardSettings::default()
        };
        let mut stack = guarded(guard, move |step, request| {
            let metrics = ids(request, "query_metric", "metric_id");
            vec![("query_metric", json!({ "metric_id": metrics[step % length] }))]
        })
        .await;
        let answer = stack.ask("revenue?").await;
        ended(&stack, &answer, Outcome::LoopStopped, StopReason::Cycle);
        assert_eq!(answer.tool_calls.len(), length * 2, "a cycle of {length}");
    }
}

#[tokio::test]
async fn refusals_of_one_class_close_the_tool_whatever_the_arguments() {
    let mut stack = insistent(|step, _| vec![("query_metric", json!({ "metric_id": 90_000 + step }))]).await;
    let answer = stack.ask("revenue?").await;
    ended(&stack, &answer, Outcome::LoopStopped, StopReason::ErrorStreak);
    assert!(
        statuses(&answer)
            .iter()
            .all(|status| *status == CallStatus::Refused)
    );
    assert_eq!(stack.queries(), Vec::<String>::new());
}

#[tokio::test]
async fn results_without_rows_again_and_again_end_the_loop() {
    let mut stack = insistent(|step, request| {
        let id = a_metric(request);
        let dimension = a_time_dimension(request);
        let year = format!("{}-01-01", 1800 + step);
        vec![(
            "query_metric",
            json!({ "metric_id": id, "group_by": [{ "dimension": dimension, "granularity": "month" }],
                    "filters": [{ "dimension": dimension, "operation": "less-than", "values": [year] }] }),
        )]
    })
    .await;
    let answer = stack.ask("revenue in 1800?").await;
    ended(&stack, &answer, Outcome::LoopStopped, StopReason::EmptyResults);
    assert!(
        answer.tool_calls.iter().all(|call| call.rows == Some(0)),
        "{:#?}",
        answer.tool_calls
    );
    let seen = tool_contents(&stack.model.requests().pop().unwrap());
    assert!(seen[1].contains("2 results in a row had no rows"), "{}", seen[1]);
}

/// The demo's metrics are all over orders or have this dimension.
fn a_time_dimension(_: &Value) -> &'static str {
    "created_at"
}

#[tokio::test]
async fn describing_the_same_things_brings_nothing_new() {
    let mut stack = insistent(|step, request| {
        let metrics = ids(request, "query_metric", "metric_id");
        let id = metrics[0];
        // Different calls whose results have the same content: a filter that changes nothing.
        let never = format!("{}-01-01", 1900 + step);
        vec![(
            "query_metric",
            json!({ "metric_id": id, "filters": [
                { "dimension": "created_at", "operation": "greater-than", "values": [never] }] }),
        )]
    })
    .await;
    let answer = stack.ask("revenue?").await;
    ended(
        &stack,
        &answer,
        Outcome::LoopStopped,
        StopReason::NoNewInformation,
    );
}

#[tokio::test]
async fn text_without_end_is_cut_visibly() {
    let model = ScriptedModel::openai(vec![Reply::endless_text("and on and on ")]).await;
    let mut stack = Stack::new(model, Knobs::default()).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::LoopStopped, StopReason::EndlessText)
    );
    assert!(answer.text.contains("[cut here]"));
    assert!(answer.text.len() < 70_000, "{} bytes", answer.text.len());
}

#[tokio::test]
async fn a_model_that_answers_nothing_is_told_once_and_then_ended() {
    let mut stack = Stack::scripted(vec![Reply::text(""), Reply::text("  ")]).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::LoopStopped, StopReason::EmptyAnswer)
    );
    assert_eq!(stack.model.requests().len(), 2);
    assert!(!answer.text.trim().is_empty());
}

#[tokio::test]
async fn parallel_calls_by_the_hundred_stay_within_the_budget() {
    let mut stack = insistent(|_, request| {
        let id = a_metric(request);
        let call = |n: usize| {
            json!({ "metric_id": id, "filters": [
                { "dimension": "created_at", "operation": "less-than", "values": [format!("20{:02}-01-01", n % 99)] }] })
        };
        (0..500).map(|n| ("query_metric", call(n))).collect()
    })
    .await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.text, LAST_WORDS);
    assert_eq!(answer.tool_calls.len(), 500);
    let ran = statuses(&answer)
        .iter()
        .filter(|status| **status != CallStatus::Refused)
        .count();
    assert!(ran <= 20, "{ran} ran");
    assert_eq!(stack.model.requests().len(), 2);
}

#[tokio::test]
async fn a_model_that_ignores_every_word_still_ends() {
    let model = ScriptedModel::openai_with(|request| {
        Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))])
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::LoopStopped, StopReason::RepeatedCall)
    );
    assert!(
        answer.text.contains("Until then these results were found"),
        "{}",
        answer.text
    );
}
