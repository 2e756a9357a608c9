//! Figures of a final text: borne out, put right, marked, or the answer withheld.

use cardinal::agent::{BudgetSettings, GroundingSettings, OnUnmatched};
use cardinal::agent::{Event, Outcome, StopReason};
use cardinal::grounding::{FigureStatus, Trace};
use cardinal::result::ConversationSettings;
use serde_json::{Value, json};

use super::march::{ask, by_month, saying};
use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack};

const RIGHT: &str = "Revenue in March 2025 was 28,610.44.";
const WRONG: &str = "Revenue in March 2025 was 31,981.91.";

fn last_message(request: &Value) -> String {
    let messages = request["messages"].as_array().unwrap();
    messages.last().unwrap()["content"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn a_right_figure_takes_no_further_completion_and_names_its_cell() {
    let mut stack = saying(&[RIGHT], Knobs::default()).await;
    let answer = ask(&mut stack).await;
    assert_eq!((answer.outcome, answer.text.as_str()), (Outcome::Answered, RIGHT));
    assert_eq!(stack.model.requests().len(), 2);
    let figure = answer
        .figures
        .iter()
        .find(|one| one.figure.text == "28,610.44")
        .unwrap();
    assert_eq!(figure.figure.status, FigureStatus::Matched);
    assert_eq!(&RIGHT[figure.figure.start..figure.figure.end], "28,610.44");
    let shown = serde_json::to_value(&figure.sources[0]).unwrap();
    assert_eq!(shown["source"], "cell");
    assert_eq!((&shown["row"], &shown["column"]), (&json!(3), &json!("revenue")));
    assert_eq!(
        (&shown["cell"], &shown["key"]),
        (&json!(28610.44), &json!({"created_at": "2025-03-01"}))
    );
    assert_eq!(figure.sources[0].results(), ["r1"]);
    let source = answer.cited("r1").unwrap().source.unwrap();
    assert_eq!(source.name, "Revenue");
    assert!(source.link.is_some() && source.arguments["filters"].is_array());
}

#[tokio::test]
async fn a_wrong_figure_is_named_to_the_model_once_and_put_right() {
    let mut stack = saying(&[WRONG, RIGHT], Knobs::default()).await;
    let answer = ask(&mut stack).await;
    assert_eq!((answer.outcome, answer.text.as_str()), (Outcome::Answered, RIGHT));
    let requests = stack.model.requests();
    assert_eq!(requests.len(), 3);
    let note = last_message(&requests[2]);
    assert!(
        note.contains(
            "\"31,981.91\": r1 row 4 (\"2025-04-01\"), column \"revenue\" has this value, but the words around it are \
             taken to speak of \"March 2025\""
        ) && note.contains("If it is right, keep it"),
        "{note}"
    );
    assert_ne!(requests[2]["tool_choice"], "none", "it may fetch what is missing");
    let events = stack.events.lock().unwrap();
    let taken_back = events
        .iter()
        .filter(|event| matches!(event, Event::TextDiscarded))
        .count();
    assert_eq!(taken_back, 2, "the talk before the call, and the wrong answer");
}

#[tokio::test]
async fn a_figure_that_stays_wrong_is_marked_and_the_answer_partial() {
    let mut stack = saying(&[WRONG], Knobs::default()).await;
    let answer = ask(&mut stack).await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::Partial, StopReason::FinalAnswer)
    );
    assert!(answer.text.starts_with(WRONG), "{}", answer.text);
    assert!(
        answer.text.contains("[unverified]") && answer.text.ends_with("taken to speak of \"March 2025\""),
        "{}",
        answer.text
    );
    assert_eq!(stack.model.requests().len(), 3, "it was told once");
    let events = stack.events.lock().unwrap();
    let streamed: String = events
        .iter()
        .rev()
        .take_while(|event| !matches!(event, Event::TextDiscarded))
        .filter_map(|event| match event {
            Event::Text(text) => Some(text.clone()),
            _ => None,
        })
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    assert_eq!(streamed, answer.text, "who watched the stream saw the mark too");
}

#[tokio::test]
async fn the_settings_withhold_such_an_answer_or_let_it_pass() {
    let knobs = |on_unmatched, repair| Knobs {
        grounding: GroundingSettings {
            repair,
            on_unmatched,
            ..GroundingSettings::default()
        },
        ..Knobs::default()
    };
    let mut stack = saying(&[WRONG], knobs(OnUnmatched::Refuse, false)).await;
    let answer = ask(&mut stack).await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::Refused, StopReason::Ungrounded)
    );
    assert!(
        !answer.text.contains(WRONG) && answer.text.contains("31,981.91"),
        "{}",
        answer.text
    );
    assert_eq!(stack.model.requests().len(), 2);

    let mut stack = saying(&[WRONG], knobs(OnUnmatched::Off, true)).await;
    let answer = ask(&mut stack).await;
    assert_eq!((answer.outcome, answer.text.as_str()), (Outcome::Answered, WRONG));
    assert!(
        answer.figures.iter().any(|one| one.figure.is_unmatched()),
        "it is still in the evidence"
    );
}

#[tokio::test]
async fn what_is_missing_may_be_fetched_when_the_model_is_told() {
    let mut step = 0;
    let total = "Revenue in 2024 was 354,080.09.";
    let model = ScriptedModel::openai_with(move |_| {
        step += 1;
        match step {
            1 => by_month(),
            2 | 4 => Reply::text(total),
            _ => Reply::tool_calls([(
                "query_metric",
                json!({ "metric_id": 1, "filters": [{ "dimension": "created_at", "operation": "year-equals", "values": [2024] }] }),
            )]),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let answer = stack.ask("What was revenue in 2025, and in 2024?").await;
    assert_eq!((answer.outcome, answer.text.as_str()), (Outcome::Answered, total));
    let figure = answer
        .figures
        .iter()
        .find(|one| one.figure.text == "354,080.09")
        .unwrap();
    assert!(matches!(&figure.sources[0].trace, Trace::Cell { result, .. } if result == "r2"));
}

#[tokio::test]
async fn when_nothing_better_comes_the_first_answer_goes_out_marked() {
    for failing in [
        Reply::text(""),
        Reply::status(400, json!({"error": {"message": "no"}})),
    ] {
        let mut step = 0;
        let model = ScriptedModel::openai_with(move |_| {
            step += 1;
            match step {
                1 => by_month(),
                2 => Reply::text(WRONG),
                _ => failing.clone(),
            }
        });
        let mut stack = Stack::new(model.await, Knobs::default()).await;
        let answer = ask(&mut stack).await;
        assert_eq!(
            (answer.outcome, answer.stop_reason),
            (Outcome::Partial, StopReason::FinalAnswer)
        );
        assert!(
            answer.text.starts_with(WRONG) && answer.text.contains("[unverified]"),
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn without_budget_for_another_completion_it_is_marked_at_once() {
    let knobs = Knobs {
        budget: BudgetSettings {
            max_steps: 2,
            ..BudgetSettings::default()
        },
        ..Knobs::default()
    };
    let mut stack = saying(&[WRONG], knobs).await;
    let answer = ask(&mut stack).await;
    assert_eq!(answer.outcome, Outcome::BudgetExhausted);
    assert!(
        answer.text.starts_with(WRONG) && answer.text.contains("[unverified]"),
        "{}",
        answer.text
    );
    assert_eq!(stack.model.requests().len(), 2);
}

#[tokio::test]
async fn rows_in_files_are_read_when_a_figure_is_not_found_without_them() {
    let texts = [
        "Revenue in March 2025 was 28,610.44.",
        "Revenue was 28,610.44 in March 2025 and 31,981.91 in April 2025.",
        "The number of orders in March 2025 was 382, after revenue of 28,610.44 in the earlier result.",
        "The number of orders in March 2025 was 382.",
    ];
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |_| {
        step += 1;
        match step {
            1 => by_month(),
            2 | 3 => Reply::text(texts[step - 2]),
            4 | 6 => Reply::tool_calls([(
                "query_metric",
                json!({ "metric_id": 2, "filters": [{ "dimension": "created_at",
                    "operation": "greater-than-or-equal", "values": ["2025-03-01"] },
                    { "dimension": "created_at", "operation": "less-than", "values": ["2025-04-01"] }] }),
            )]),
            5 => Reply::text(texts[2]),
            _ => Reply::text(texts[3]),
        }
    });
    let knobs = Knobs {
        conversation: ConversationSettings {
            held_memory_bytes: 0,
            ..ConversationSettings::default()
        },
        ..Knobs::default()
    };
    let mut stack = Stack::new(model.await, knobs).await;
    for text in texts.iter().take(3) {
        let answer = ask(&mut stack).await;
        assert_eq!((answer.outcome, answer.text.as_str()), (Outcome::Answered, *text));
    }
    let answer = stack.ask("And orders?").await;
    assert_eq!(answer.outcome, Outcome::Answered, "{}", answer.text);
    let files: Vec<_> = stack.conversation.shelf.files().collect();
    assert!(files.len() >= 2, "{files:?}");
}
