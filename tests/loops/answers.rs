//! A question answered: what the person, the watcher and the next turn get.

use cardinal::agent::{CallStatus, Event, Outcome, StopReason};
use cardinal::model::Message;
use serde_json::{Value, json};

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, a_metric, ids};

async fn by_month() -> Stack {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        match step {
            1 => Reply::tool_calls([(
                "query_metric",
                json!({ "metric_id": a_metric(request), "group_by": [{ "dimension": "created_at", "granularity": "month" }],
                        "filters": [{ "dimension": "created_at", "operation": "greater-than-or-equal", "values": ["2025-01-01"] },
                                    { "dimension": "created_at", "operation": "less-than", "values": ["2026-01-01"] }] }),
            )])
            .saying("Let me look."),
            _ => Reply::text("It grew."),
        }
    });
    Stack::new(model.await, Knobs::default()).await
}

#[tokio::test]
async fn an_answer_carries_its_evidence() {
    let mut stack = by_month().await;
    let answer = stack.ask("revenue by month in 2025?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::Answered, StopReason::FinalAnswer)
    );
    assert_eq!(answer.text, "It grew.");
    let [evidence] = answer.evidence.as_slice() else {
        panic!("{:#?}", answer.evidence)
    };
    assert_eq!(
        (evidence.call, evidence.rows_known, evidence.rows.len()),
        (1, 12, 12)
    );
    assert!(evidence.origin.source().unwrap().link.is_some());
    let [call] = answer.tool_calls.as_slice() else {
        panic!("{:#?}", answer.tool_calls)
    };
    assert_eq!(
        (call.status, call.rows, call.truncated),
        (CallStatus::Ok, Some(12), false)
    );
    assert!(call.bytes > 0 && call.bytes_received > call.bytes);
}

#[tokio::test]
async fn the_answer_object_has_the_names_scripts_rest_on() {
    let mut stack = by_month().await;
    let answer = serde_json::to_value(stack.ask("revenue by month in 2025?").await).unwrap();
    for key in [
        "version",
        "outcome",
        "stop_reason",
        "text",
        "evidence",
        "tool_calls",
        "usage",
        "timings",
        "catalog",
        "prompt",
    ] {
        assert!(!answer[key].is_null(), "{key} in {answer:#}");
    }
    assert_eq!(answer["outcome"], "answered");
    assert_eq!(answer["stop_reason"], "final_answer");
    let call = &answer["tool_calls"][0];
    assert_eq!(
        (&call["name"], &call["status"]),
        (&json!("query_metric"), &json!("ok"))
    );
    assert_eq!(answer["evidence"][0]["result"], "r1");
    assert_eq!(answer["evidence"][0]["kind"], "metric");
    for key in ["arguments", "rows", "bytes", "truncated"] {
        assert!(!call[key].is_null(), "{key}");
    }
    assert_eq!(answer["usage"]["input_tokens"], 200);
    assert!(answer["usage"]["cost_usd"].is_null(), "no price is known");
    assert_eq!(answer["catalog"]["entries"], stack.catalog.entries().len());
    assert_eq!(
        answer["prompt"]["hash"],
        Value::from(stack.agent.prompt().hash.clone())
    );
}

#[tokio::test]
async fn talk_before_a_call_is_taken_back() {
    let mut stack = by_month().await;
    stack.ask("revenue by month in 2025?").await;
    let names: Vec<&str> = stack
        .events
        .lock()
        .unwrap()
        .iter()
        .map(|event| match event {
            Event::StepStarted { .. } => "step",
            Event::Text(_) => "text",
            Event::Chart(_) => "chart",
            Event::TextDiscarded => "discarded",
            Event::ToolStarted { .. } => "tool",
            Event::ToolFinished { .. } => "done",
            Event::Guard { .. } => "guard",
            Event::Finished(_) => "finished",
            _ => "another",
        })
        .collect();
    let mut names = names;
    names.dedup();
    assert_eq!(
        names,
        [
            "step",
            "text",
            "discarded",
            "tool",
            "done",
            "step",
            "text",
            "finished"
        ]
    );
}

#[tokio::test]
async fn a_cut_result_makes_the_answer_partial_until_a_whole_one_replaces_it() {
    let script = |narrowed: bool| {
        let mut step = 0;
        move |request: &Value| {
            step += 1;
            let table = ids(request, "query_table", "table_id")[0];
            match step {
                1 => Reply::tool_calls([("query_table", json!({ "table_id": table }))]),
                2 if narrowed => Reply::tool_calls([(
                    "query_table",
                    json!({ "table_id": table, "aggregations": [{ "function": "count" }] }),
                )]),
                _ => Reply::text("There are some."),
            }
        }
    };
    let mut stack = Stack::new(ScriptedModel::openai_with(script(false)).await, Knobs::default()).await;
    let answer = stack.ask("list the orders").await;
    assert_eq!(answer.outcome, Outcome::Partial, "{:#?}", answer.tool_calls);
    assert!(answer.tool_calls[0].truncated);

    let mut stack = Stack::new(ScriptedModel::openai_with(script(true)).await, Knobs::default()).await;
    let answer = stack.ask("how many orders are there?").await;
    assert_eq!(answer.outcome, Outcome::Answered, "{:#?}", answer.tool_calls);
}

#[tokio::test]
async fn asking_back_ends_the_turn_and_the_next_one_goes_on() {
    let model = ScriptedModel::openai(vec![
        Reply::tool_calls([
            (
                "ask_user",
                json!({ "question": "Gross or net?", "options": ["gross", "net"] }),
            ),
            ("describe", json!({ "kind": "metric", "id": 1 })),
        ]),
        Reply::text("Net it is."),
    ]);
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::NeedsClarification, StopReason::AskedUser)
    );
    assert_eq!((answer.text.as_str(), answer.options.len()), ("Gross or net?", 2));
    let answer = stack.ask("net").await;
    assert_eq!(answer.outcome, Outcome::Answered);
    assert_eq!(stack.conversation.turns, 2);
    every_call_is_answered(&stack.conversation.messages);
}

#[tokio::test]
async fn saying_that_the_catalog_cannot_answer_ends_the_turn() {
    let call = json!({ "reason": "There is no weather data.", "nearest": ["Revenue"] });
    let mut stack = Stack::scripted(vec![Reply::tool_calls([("cannot_answer", call)])]).await;
    let answer = stack.ask("will it rain?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::NotInCatalog, StopReason::CannotAnswer)
    );
    assert!(answer.text.contains("There is no weather data.") && answer.text.contains("Revenue"));
}

#[tokio::test]
async fn an_answer_cut_at_the_output_limit_says_so() {
    let mut reply = Reply::text("It is ab");
    if let crate::support::scripted_model::Say::Turn { stop, .. } = &mut reply.say {
        *stop = Some("length".to_owned());
    }
    let mut stack = Stack::scripted(vec![reply]).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::Partial, StopReason::OutputLimit)
    );
    assert!(
        answer.text.starts_with("It is ab") && answer.text.contains("[cut here]"),
        "{}",
        answer.text
    );
}

/// Providers refuse a conversation in which a tool call has no result.
fn every_call_is_answered(messages: &[Message]) {
    for (at, message) in messages.iter().enumerate() {
        let Message::Assistant { tool_calls, .. } = message else {
            continue;
        };
        if tool_calls.is_empty() {
            continue;
        }
        let Some(Message::ToolResults(results)) = messages.get(at + 1) else {
            panic!("no results after {message:?}")
        };
        let asked: Vec<&str> = tool_calls.iter().map(|call| call.id.as_str()).collect();
        let answered: Vec<&str> = results.iter().map(|result| result.call_id.as_str()).collect();
        assert_eq!(asked, answered);
    }
}
