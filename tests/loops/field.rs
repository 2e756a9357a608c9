//! Ways of going wrong that were seen in the field, each with usual settings, before a model that never listens: the last
//! word is not said either. Each turn ends within its budgets, with its reason, and says what was found.

use cardinal::agent::{BudgetSettings, GuardSettings};
use cardinal::agent::{CallStatus, Outcome, StopReason};
use serde_json::{Value, json};

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, a_metric, ids, tool_contents};

/// Asks a model that answers every request in the same spirit, whether it may call tools or not.
pub(super) async fn deaf(
    knobs: Knobs,
    mut reply: impl FnMut(usize, &Value) -> Reply + Send + 'static,
) -> (Stack, cardinal::agent::Answer) {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        reply(step - 1, request)
    });
    let budget = knobs.budget.clone();
    let mut stack = Stack::new(model.await, knobs).await;
    let answer = stack.ask("revenue?").await;
    let (steps, calls) = (stack.model.requests().len(), answer.tool_calls.len());
    assert!(steps <= budget.max_steps as usize, "{steps} completions");
    let ran = answer
        .tool_calls
        .iter()
        .filter(|call| call.status != CallStatus::Refused);
    assert!(ran.count() <= budget.max_tool_calls as usize, "{calls} calls");
    assert!(
        answer.text.contains(answer.stop_reason.sentence()),
        "{}",
        answer.text
    );
    let found = if answer.evidence.is_empty() {
        "No result was found before that."
    } else {
        "Until then these results were found:"
    };
    assert!(answer.text.contains(found), "{}", answer.text);
    (stack, answer)
}

pub(super) fn stopped(answer: &cardinal::agent::Answer, reason: StopReason) {
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::LoopStopped, reason),
        "{:#?}",
        answer.tool_calls
    );
}

fn roomy() -> Knobs {
    Knobs {
        budget: BudgetSettings {
            max_steps: 60,
            max_tool_calls: 200,
            ..BudgetSettings::default()
        },
        ..Knobs::default()
    }
}

fn before(request: &Value, day: usize) -> Value {
    json!({ "metric_id": a_metric(request), "filters": [
        { "dimension": "created_at", "operation": "less-than", "values": [format!("2025-{:02}-{:02}", 1 + day % 12, 1 + day % 28)] }] })
}

#[tokio::test]
async fn cycles_of_every_length() {
    for (length, calls) in [(2, 6), (3, 9), (4, 8), (5, 10)] {
        let (_, answer) = deaf(Knobs::default(), move |step, request| {
            let metrics = ids(request, "query_metric", "metric_id");
            Reply::tool_calls([("query_metric", json!({ "metric_id": metrics[step % length] }))])
        })
        .await;
        stopped(&answer, StopReason::Cycle);
        assert_eq!(answer.tool_calls.len(), calls, "a cycle of {length}");
    }
}

#[tokio::test]
async fn a_cut_result_asked_for_again_with_other_limits() {
    let (stack, answer) = deaf(Knobs::default(), |step, request| {
        let table = ids(request, "query_table", "table_id")[0];
        Reply::tool_calls([(
            "query_table",
            json!({ "table_id": table, "limit": 1_400 + 100 * step }),
        )])
    })
    .await;
    stopped(&answer, StopReason::RefetchedCut);
    assert_eq!(answer.tool_calls.len(), 4);
    let seen = tool_contents(&stack.model.requests().pop().unwrap());
    assert!(
        !seen[0].contains("This result was cut, and so was"),
        "{}",
        seen[0]
    );
    assert!(seen[1].contains("2 steps in a row asked the same source"));
}

#[tokio::test]
async fn a_cut_result_asked_for_again_with_other_filters() {
    let (_, answer) = deaf(Knobs::default(), |step, request| {
        let table = ids(request, "query_table", "table_id")[0];
        let since = format!("2024-01-{:02}", 1 + step);
        Reply::tool_calls([(
            "query_table",
            json!({ "table_id": table, "filters": [
                { "dimension": "created_at", "operation": "greater-than", "values": [since] }] }),
        )])
    })
    .await;
    stopped(&answer, StopReason::RefetchedCut);
}

#[tokio::test]
async fn a_held_result_read_row_by_row() {
    let (stack, answer) = deaf(Knobs::default(), |step, request| {
        let table = ids(request, "query_table", "table_id")[0];
        Reply::tool_calls([match step {
            0 => ("query_table", json!({ "table_id": table })),
            offset => ("more_rows", json!({ "result": "r1", "offset": offset })),
        }])
    })
    .await;
    stopped(&answer, StopReason::EndlessPaging);
    let shown = answer
        .tool_calls
        .iter()
        .filter(|call| call.status == CallStatus::Ok);
    assert_eq!(shown.count(), 1 + 6, "{:#?}", answer.tool_calls);
    let seen = tool_contents(&stack.model.requests().pop().unwrap());
    assert!(
        !seen[3].contains("[cardinal]"),
        "three pages are nothing to speak of"
    );
    assert!(seen[4].contains("This is page 4 of the same result"));
}

#[tokio::test]
async fn a_right_call_after_every_wrong_one() {
    let (_, answer) = deaf(roomy(), |step, request| {
        Reply::tool_calls([if step % 2 == 0 {
            ("query_metric", json!({ "metric_id": 70_000 + step }))
        } else {
            ("query_metric", before(request, step))
        }])
    })
    .await;
    stopped(&answer, StopReason::TooManyErrors);
    let refused = answer
        .tool_calls
        .iter()
        .filter(|call| call.status == CallStatus::Refused);
    assert_eq!(refused.count(), 8);
}

#[tokio::test]
async fn from_one_closed_tool_to_the_next() {
    let (stack, answer) = deaf(roomy(), |_, request| {
        let closed = tool_contents(request).join("\n");
        let tools = [
            ("query_metric", json!({ "metric_id": a_metric(request) })),
            ("describe", json!({ "kind": "metric", "id": a_metric(request) })),
            (
                "query_table",
                json!({ "table_id": ids(request, "query_table", "table_id")[0] }),
            ),
        ];
        let open = tools
            .into_iter()
            .find(|(name, _)| !closed.contains(&format!("`{name}` is closed")));
        Reply::tool_calls(open)
    })
    .await;
    stopped(&answer, StopReason::RepeatedCall);
    assert_eq!(stack.model.requests().len(), 9, "four calls of each of two tools");
}

#[tokio::test]
async fn tools_that_do_not_exist_under_ever_new_names() {
    let (stack, answer) = deaf(roomy(), |step, _| {
        Reply::tool_calls([(format!("run_sql_{step}").as_str(), json!({ "sql": "select 1" }))])
    })
    .await;
    stopped(&answer, StopReason::ErrorStreak);
    assert_eq!(stack.queries(), Vec::<String>::new());
}

#[tokio::test]
async fn the_same_refused_call_for_ever() {
    let (_, answer) = deaf(Knobs::default(), |_, _| {
        Reply::tool_calls([("query_metric", json!({ "metric_id": 70_000 }))])
    })
    .await;
    stopped(&answer, StopReason::ErrorStreak);
}

#[tokio::test]
async fn tool_calls_written_into_the_text() {
    let (_, answer) = deaf(Knobs::default(), |_, request| {
        let call = json!({ "name": "query_metric", "arguments": { "metric_id": a_metric(request) } });
        Reply::text(format!("<tool_call>\n{call}\n</tool_call>"))
    })
    .await;
    stopped(&answer, StopReason::RepeatedCall);
    assert!(!answer.text.contains("tool_call"), "{}", answer.text);
}

#[tokio::test]
async fn the_same_call_by_the_hundred_in_one_message() {
    let (stack, answer) = deaf(Knobs::default(), |_, request| {
        let call = json!({ "metric_id": a_metric(request) });
        Reply::tool_calls((0..300).map(|_| ("query_metric", call.clone())))
    })
    .await;
    stopped(&answer, StopReason::RepeatedCall);
    assert_eq!(stack.queries().len(), 1, "one of them was sent");
}

#[tokio::test]
async fn nothing_said_after_a_result() {
    let (_, answer) = deaf(Knobs::default(), |step, request| match step {
        0 => Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))]),
        _ => Reply::text(" \n"),
    })
    .await;
    stopped(&answer, StopReason::EmptyAnswer);
}

#[tokio::test]
async fn text_without_end_after_a_result() {
    let (_, answer) = deaf(Knobs::default(), |step, request| match step {
        0 => Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))]),
        _ => Reply::endless_text("so let me think about this again. "),
    })
    .await;
    stopped(&answer, StopReason::EndlessText);
    assert!(answer.text.contains("[cut here]"));
}

#[tokio::test]
async fn arguments_of_megabytes_again_and_again() {
    let (stack, answer) = deaf(Knobs::default(), |step, request| {
        let note = "x".repeat(1024 * 1024 + step);
        Reply::tool_calls([(
            "query_metric",
            json!({ "metric_id": a_metric(request), "note": note }),
        )])
    })
    .await;
    stopped(&answer, StopReason::ErrorStreak);
    let last = stack.model.captured().pop().unwrap();
    assert!(last.body.len() < 1024 * 1024, "they are not sent back");
}

#[tokio::test]
async fn a_call_in_the_completion_that_may_not_call() {
    let model = ScriptedModel::openai_with(|request| {
        let call = ("query_metric", json!({ "metric_id": a_metric(request) }));
        let reply = Reply::tool_calls([call]);
        if request["tool_choice"] == "none" {
            reply.saying("It is in the result above.")
        } else {
            reply
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let answer = stack.ask("revenue?").await;
    stopped(&answer, StopReason::RepeatedCall);
    assert!(answer.text.starts_with("It is in the result above.\n\n"));
    assert!(answer.text.contains("Until then these results were found:"));
    let refused = answer
        .tool_calls
        .iter()
        .filter(|call| call.status == CallStatus::Refused);
    assert_eq!(
        answer.tool_calls.len(),
        3 + refused.count(),
        "the last call was not looked at"
    );
}

#[tokio::test]
async fn questions_back_turn_after_turn() {
    let mut asked = 0;
    let model = ScriptedModel::openai_with(move |request| {
        if request["tool_choice"] == "none" {
            return Reply::text("Taken as net revenue.");
        }
        asked += 1;
        let question = ["Gross or net?", "Which period?"][asked % 2];
        Reply::tool_calls([("ask_user", json!({ "question": question }))])
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    for turn in 0..3 {
        let answer = stack.ask("revenue").await;
        assert_eq!(answer.outcome, Outcome::NeedsClarification, "turn {turn}");
    }
    let answer = stack.ask("revenue!").await;
    stopped(&answer, StopReason::AskedAgain);
    assert_eq!(answer.text, "Taken as net revenue.");
    let seen = tool_contents(&stack.model.requests().pop().unwrap());
    assert!(
        seen[3].contains("each of the last 3 turns ended with a question"),
        "{}",
        seen[3]
    );
    assert_eq!(
        stack.ask("and gross?").await.outcome,
        Outcome::NeedsClarification,
        "it counts anew"
    );
}

#[tokio::test]
async fn a_mistake_in_many_calls_of_one_message_is_one_mistake() {
    let model = ScriptedModel::openai_with(|request| match tool_contents(request).len() {
        0 => Reply::tool_calls((0..9).map(|n| ("query_metric", json!({ "metric_id": 70_000 + n })))),
        9 => Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))]),
        _ => Reply::text("Here it is."),
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.outcome, Outcome::Answered, "{:#?}", answer.tool_calls);
}

#[tokio::test]
async fn every_signal_has_its_own_setting() {
    let guard = GuardSettings {
        max_clarifications: 1,
        ..GuardSettings::default()
    };
    let model = ScriptedModel::openai_with(|_| {
        Reply::tool_calls([("ask_user", json!({ "question": "Gross or net?" }))])
    });
    let knobs = Knobs {
        guard,
        ..Knobs::default()
    };
    let mut stack = Stack::new(model.await, knobs).await;
    assert_eq!(stack.ask("revenue").await.outcome, Outcome::NeedsClarification);
    stopped(&stack.ask("net").await, StopReason::AskedAgain);

    let guard = GuardSettings {
        max_errors: 2,
        ..GuardSettings::default()
    };
    let knobs = Knobs {
        guard,
        ..Knobs::default()
    };
    let (_, answer) = deaf(knobs, |step, _| {
        Reply::tool_calls([("query_metric", json!({ "metric_id": 70_000 + step }))])
    })
    .await;
    stopped(&answer, StopReason::TooManyErrors);
    assert_eq!(answer.tool_calls.len(), 2);

    let guard = GuardSettings {
        max_cut_results: 2,
        ..GuardSettings::default()
    };
    let knobs = Knobs {
        guard,
        ..Knobs::default()
    };
    let (_, answer) = deaf(knobs, |step, request| {
        let table = ids(request, "query_table", "table_id")[0];
        Reply::tool_calls([("query_table", json!({ "table_id": table, "limit": 1_400 + step }))])
    })
    .await;
    stopped(&answer, StopReason::RefetchedCut);
    assert_eq!(answer.tool_calls.len(), 2);
}
