//! What is cut or withheld is said to be, wherever in a turn that happens.

use cardinal::agent::{BudgetSettings, Outcome, StopReason};
use serde_json::json;

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, a_metric};

#[tokio::test]
async fn what_a_provider_withholds_midway_is_marked_as_cut() {
    for server in [
        ScriptedModel::openai(vec![Reply::text("Revenue was").stopping("content_filter")]).await,
        ScriptedModel::anthropic(vec![Reply::text("Revenue was").stopping("refusal")]).await,
        ScriptedModel::responses_with(|_| Reply::text("Revenue was").stopping("content_filter")).await,
    ] {
        let mut stack = Stack::new(server, Knobs::default()).await;
        let answer = stack.ask("revenue?").await;
        assert_eq!(
            (answer.outcome, answer.stop_reason),
            (Outcome::Refused, StopReason::ModelRefused)
        );
        assert!(
            answer.text.starts_with("Revenue was\n\n[cut here] "),
            "{}",
            answer.text
        );
    }
}

/// Not every server says that its limit cut an answer that stands in an object.
#[tokio::test]
async fn an_answer_that_breaks_off_within_its_object_is_asked_for_again_and_then_told_as_cut() {
    let open = r#"{"action": "answer", "arguments": {"text": "Revenue was"#;
    let mut stack = Stack::new(
        ScriptedModel::openai_with(move |_| Reply::text(open)).await,
        Knobs::default(),
    )
    .await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::Partial, StopReason::OutputLimit),
        "{answer:#?}"
    );
    assert!(
        answer.text.starts_with("Revenue was\n\n[cut here] "),
        "{}",
        answer.text
    );
    let requests = stack.model.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].to_string().contains("breaks off before its end"));

    let mut step = 0;
    let model = ScriptedModel::openai_with(move |_| {
        step += 1;
        Reply::text(if step == 1 {
            open
        } else {
            "Revenue is in the result."
        })
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    assert_eq!(stack.ask("revenue?").await.text, "Revenue is in the result.");
}

/// The limit may be reached by thoughts alone.
#[tokio::test]
async fn a_limit_that_is_reached_before_a_word_is_named() {
    for server in [
        ScriptedModel::openai_with(|_| Reply::text("").stopping("length")).await,
        ScriptedModel::anthropic_with(|_| Reply::text("").stopping("max_tokens")).await,
        ScriptedModel::responses_with(|_| Reply::text("").stopping("max_output_tokens")).await,
    ] {
        let mut stack = Stack::new(server, Knobs::default()).await;
        let answer = stack.ask("revenue?").await;
        assert_eq!(answer.stop_reason, StopReason::EmptyAnswer, "{answer:#?}");
        assert!(
            answer.text.contains("raise `max_output_tokens` in [model]"),
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_call_that_the_limit_cut_is_no_call_and_whole_ones_beside_it_are() {
    let mut step = 0;
    let server = ScriptedModel::openai_with(move |request| {
        step += 1;
        let metric = a_metric(request);
        let whole = json!({ "metric_id": metric }).to_string();
        let cut = format!("{{\"metric_id\": {metric}, \"group_by\": [{{\"dimen");
        match step {
            1 => Reply::raw_tool_calls([("query_metric", whole), ("query_metric", cut)]).stopping("length"),
            2 => Reply::raw_tool_calls([("query_metric", cut)]).stopping("length"),
            _ => Reply::text("It grew."),
        }
    });
    let mut stack = Stack::new(server.await, Knobs::default()).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.stop_reason, StopReason::FinalAnswer, "{answer:#?}");
    assert_eq!(answer.tool_calls.len(), 1, "{:#?}", answer.tool_calls);
    assert_eq!(stack.model.requests().len(), 3);
}

#[tokio::test]
async fn a_last_word_that_the_limit_cuts_is_marked() {
    let server = ScriptedModel::openai_with(|request| {
        if request["tool_choice"] == "none" {
            Reply::text("Revenue was at its").stopping("length")
        } else {
            Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))])
        }
    });
    let knobs = Knobs {
        budget: BudgetSettings {
            max_steps: 2,
            ..BudgetSettings::default()
        },
        ..Knobs::default()
    };
    let mut stack = Stack::new(server.await, knobs).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.stop_reason, StopReason::MaxSteps, "{answer:#?}");
    assert!(
        answer.text.starts_with("Revenue was at its\n\n[cut here] "),
        "{}",
        answer.text
    );
}
