//! Every result of a conversation has a name of its own, in the order results came.

use cardinal::agent::CallStatus;
use cardinal::result::Handle;
use serde_json::{Value, json};

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, tool_contents};

/// The names in the headings of a request's tool results; the first words of what is no result.
fn headings(request: &Value) -> Vec<String> {
    let named = |content: &String| {
        let mut words = content.split(' ');
        match (words.next(), words.next()) {
            (Some("result"), Some(name)) => name.to_owned(),
            (first, _) => first.unwrap_or_default().to_owned(),
        }
    };
    tool_contents(request).iter().map(named).collect()
}

#[tokio::test]
async fn names_go_on_over_the_turns_and_only_results_take_one() {
    let probe = Stack::scripted(Vec::new()).await;
    let metrics = probe.metrics();
    let (first, second) = (
        json!({ "metric_id": metrics[0] }),
        json!({ "metric_id": metrics[1] }),
    );
    let replies = vec![
        Reply::tool_calls([
            ("query_metric", first.clone()),
            ("no_such_tool", json!({})),
            ("query_metric", json!({ "metric_id": metrics[0], "limit": 3 })),
            ("describe", json!({ "kind": "metric", "id": metrics[0] })),
            ("query_metric", second.clone()),
            ("query_metric", first.clone()),
        ]),
        Reply::text("One."),
        Reply::tool_calls([("query_metric", first.clone())]),
        Reply::text("Two."),
    ];
    let mut stack = Stack::new(ScriptedModel::openai(replies).await, Knobs::default()).await;

    let one = stack.ask("one?").await;
    let requests = stack.model.requests();
    assert_eq!(
        headings(&requests[1]),
        ["r1", "refused,", "refused,", "metric", "r2", "r1"]
    );
    assert_eq!(one.tool_calls[5].status, CallStatus::ServedFromTurn);
    let names: Vec<String> = one.evidence.iter().map(|item| item.result.to_string()).collect();
    assert_eq!(names, ["r1", "r2"]);

    let two = stack.ask("two?").await;
    assert_eq!(two.evidence[0].result.to_string(), "r3");
    let shelf = &stack.conversation.shelf;
    let held: Vec<String> = shelf.iter().map(|held| held.handle.to_string()).collect();
    assert_eq!(held, ["r1", "r2", "r3"]);
    let third = Handle::new(3).unwrap();
    assert!(shelf.get(third).unwrap().title.starts_with("metric "));
    assert_eq!(shelf.table(third).await.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn a_turn_that_was_dropped_leaves_no_names_behind() {
    let probe = Stack::scripted(Vec::new()).await;
    let id = probe.metrics()[0];
    let replies = vec![
        Reply::tool_calls([("query_metric", json!({ "metric_id": id }))]),
        Reply::text("Too late.").after(std::time::Duration::from_secs(60)),
        Reply::tool_calls([("query_metric", json!({ "metric_id": id }))]),
        Reply::text("There."),
    ];
    let mut stack = Stack::new(ScriptedModel::openai(replies).await, Knobs::default()).await;
    let dropped = tokio::time::timeout(std::time::Duration::from_secs(2), stack.ask("one?")).await;
    assert!(dropped.is_err());
    let answer = stack.ask("again?").await;
    assert_eq!(answer.evidence[0].result.to_string(), "r1");
}
