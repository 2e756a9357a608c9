//! Models that say nothing a person can read: calls in forms that nobody reads, characters that nobody sees, reasoning
//! without end, words beside calls that may not be made. None of it is an answer.

use cardinal::agent::GuardSettings;
use cardinal::agent::{Outcome, StopReason};
use serde_json::json;

use super::field::{deaf, stopped};
use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, a_metric};

fn revenue(request: &serde_json::Value) -> Reply {
    Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))])
}

#[tokio::test]
async fn tool_calls_in_a_form_that_cannot_be_read() {
    for text in [
        "I look it up.\nquery_metric(1, 2)",
        "<|python_tag|>query_metric.call(1)",
        "<tool_call>\n{\"name\": \"query_metric\", \"argum",
        "<function=drop_table>{}</function>",
    ] {
        let (stack, answer) = deaf(Knobs::default(), move |step, request| match step {
            0 => revenue(request),
            _ => Reply::text(text),
        })
        .await;
        stopped(&answer, StopReason::UnreadableCalls);
        assert!(!answer.text.contains("metric_id"), "{}", answer.text);
        let requests = stack.model.requests();
        let last = requests.last().unwrap()["messages"].as_array().unwrap().clone();
        let told = last.last().unwrap()["content"].as_str().unwrap().to_owned();
        assert!(told.contains("written as text"), "{told}");
    }
}

#[tokio::test]
async fn one_call_that_cannot_be_read_and_then_a_right_one() {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        match step {
            1 => Reply::text("[query_metric(1)]"),
            2 => revenue(request),
            _ => Reply::text("Revenue is in the result."),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.outcome, Outcome::Answered);
    assert_eq!(answer.text, "Revenue is in the result.");
}

#[tokio::test]
async fn characters_that_nobody_sees_are_no_answer() {
    let (_, answer) = deaf(Knobs::default(), |step, request| match step {
        0 => revenue(request),
        _ => Reply::text("\u{200b}\u{feff} \u{2800}\n\u{e0041}"),
    })
    .await;
    stopped(&answer, StopReason::EmptyAnswer);
}

#[tokio::test]
async fn thoughts_alone_are_no_answer() {
    let (_, answer) = deaf(Knobs::default(), |step, request| match step {
        0 => revenue(request),
        _ => Reply::text("<think>The answer is in r1, I will say so.</think>\n"),
    })
    .await;
    stopped(&answer, StopReason::EmptyAnswer);
}

#[tokio::test]
async fn reasoning_without_end_over_both_wires() {
    let guard = GuardSettings {
        max_unheard_bytes: 200_000,
        ..GuardSettings::default()
    };
    let knobs = Knobs {
        guard,
        ..Knobs::default()
    };
    let (_, answer) = deaf(knobs.clone(), |step, request| match step {
        0 => revenue(request),
        _ => Reply::endless_reasoning("so let me think about this again. "),
    })
    .await;
    stopped(&answer, StopReason::EndlessText);

    let model = ScriptedModel::anthropic_with(|_| Reply::endless_reasoning("hm, hm, hm, hm, "));
    let mut stack = Stack::new(model.await, knobs).await;
    stopped(&stack.ask("revenue?").await, StopReason::EndlessText);
}

#[tokio::test]
async fn words_beside_calls_are_not_the_last_word() {
    let (_, answer) = deaf(Knobs::default(), |_, request| {
        revenue(request).saying("I run the query once more.")
    })
    .await;
    stopped(&answer, StopReason::RepeatedCall);
    assert!(
        answer.text.starts_with("I run the query once more.\n\n"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn an_answer_that_is_to_be_put_right_is_not_lost_to_words_beside_a_call() {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        match step {
            1 => revenue(request),
            2 => Reply::text("Revenue was 123,456,789.12 dollars."),
            _ => revenue(request).saying("Let me check again."),
        }
    });
    let knobs = Knobs {
        budget: cardinal::agent::BudgetSettings {
            max_steps: 3,
            ..cardinal::agent::BudgetSettings::default()
        },
        ..Knobs::default()
    };
    let mut stack = Stack::new(model.await, knobs).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.outcome, Outcome::Partial);
    assert!(
        answer
            .text
            .starts_with("Revenue was 123,456,789.12 dollars.\n\n[unverified]"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn pages_of_pages_are_pages_of_one_result() {
    let (_, answer) = deaf(Knobs::default(), |step, request| {
        let table = crate::support::stack::ids(request, "query_table", "table_id")[0];
        Reply::tool_calls([match step {
            0 => ("query_table", json!({ "table_id": table })),
            step => ("more_rows", json!({ "result": format!("r{step}"), "offset": 1 })),
        }])
    })
    .await;
    stopped(&answer, StopReason::EndlessPaging);
}

#[tokio::test]
async fn what_stands_for_a_hidden_character_is_no_figure() {
    let model = ScriptedModel::openai(vec![Reply::text("Nothing\u{202e} to \u{200b}say.")]).await;
    let mut stack = Stack::new(model, Knobs::default()).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.outcome, Outcome::Answered, "{}", answer.text);
    assert_eq!(answer.text, "Nothing[U+202E] to [U+200B]say.");
}
