//! Calculating inside a turn and after one: no query, one tool call, and an answer that says how.

use cardinal::agent::{CallStatus, Outcome};
use cardinal::result::{Amount, Cell, Handle, for_reading};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, tool_contents};

fn share(column: &str, row: u64) -> Value {
    json!({"calculations": [{"name": "share", "operation": "share_percent", "of": [
        {"result": "r1", "column": column, "row": row},
        {"result": "r1", "column": column, "total": "sum"},
    ]}]})
}

#[tokio::test]
async fn a_share_is_worked_out_from_what_was_fetched_in_this_turn_or_an_earlier_one() {
    let probe = Stack::scripted(Vec::new()).await;
    let id = probe.metrics()[0];
    let grouped = json!({"metric_id": id, "group_by": [{"dimension": "created_at", "granularity": "year"}]});
    let query = || Reply::tool_calls([("query_metric", grouped.clone())]);
    let mut probe = Stack::scripted(vec![query(), Reply::text("Fetched.")]).await;
    probe.ask("what is there?").await;
    let held = probe.conversation.shelf.iter().next().unwrap();
    let column = held.columns.last().unwrap().name.clone();

    let share = |row: u64| share(&column, row);
    let replies = vec![
        query(),
        Reply::tool_calls([
            ("calculate", share(1)),
            ("calculate", share(99)),
            ("calculate", share(1)),
        ]),
        Reply::text("A share."),
        Reply::tool_calls([("calculate", share(2))]),
        Reply::text("Another."),
    ];
    let mut stack = Stack::new(ScriptedModel::openai(replies).await, Knobs::default()).await;

    let first = stack.ask("what share?").await;
    assert_eq!(first.outcome, Outcome::Answered, "{:#?}", first.tool_calls);
    let statuses: Vec<CallStatus> = first.tool_calls.iter().map(|call| call.status).collect();
    assert_eq!(
        statuses,
        [
            CallStatus::Ok,
            CallStatus::Ok,
            CallStatus::Refused,
            CallStatus::ServedFromTurn
        ]
    );
    assert_eq!(
        (first.tool_calls[1].served_by, first.tool_calls[1].bytes_received),
        (None, 0)
    );
    let json = serde_json::to_value(&first).unwrap();
    assert_eq!(json["evidence"].as_array().unwrap().len(), 2);
    let made = &json["evidence"][1];
    assert_eq!((&made["result"], &made["from"]), (&json!("r2"), &json!(["r1"])));
    assert_eq!(made["derivations"][0]["operation"], "share_percent");
    assert_eq!(made["derivations"][0]["of"][0]["from"], "cell");

    let second = stack.ask("and the year after?").await;
    assert_eq!(second.outcome, Outcome::Answered, "{:#?}", second.tool_calls);
    let requests = stack.model.requests();
    let contents = tool_contents(requests.last().unwrap());
    assert!(
        contents.last().unwrap().starts_with("result r3 of calculate"),
        "{contents:#?}"
    );
}

#[tokio::test]
async fn a_figure_made_of_a_number_nobody_gave_has_no_source() {
    let plan = Decimal::from(7_654_321);
    let probe = Stack::scripted(Vec::new()).await;
    let id = probe.metrics()[0];
    let query = || Reply::tool_calls([("query_metric", json!({"metric_id": id}))]);
    let mut probe = Stack::scripted(vec![query(), Reply::text("Fetched.")]).await;
    probe.ask("what is there?").await;
    let table = probe.conversation.shelf.table(Handle::FIRST).await.unwrap();
    let Some(Cell::Number(there)) = table.rows[0].last() else {
        panic!("{table:?}")
    };
    let Some(Amount::Exact(there)) = Amount::parse(&there.to_string()) else {
        panic!("{there}")
    };
    let column = table.columns.last().unwrap().name.clone();
    let short = json!({"calculations": [
        {"name": "short", "operation": "subtract", "of": [7_654_321, {"result": "r1", "column": column}]},
        {"name": "of it", "operation": "divide", "of": ["short", 2]},
    ]});
    let said = || {
        Reply::text(format!(
            "{} are missing.",
            for_reading((plan - there) / Decimal::TWO)
        ))
    };
    let replies = || {
        let calls = Reply::tool_calls([("calculate", short.clone())]);
        vec![query(), calls, said(), said()]
    };

    let mut stack = Stack::new(ScriptedModel::openai(replies()).await, Knobs::default()).await;
    let answer = stack.ask("how far are we from half of our plan?").await;
    assert_eq!(answer.outcome, Outcome::Partial, "{}", answer.text);

    let mut stack = Stack::new(ScriptedModel::openai(replies()).await, Knobs::default()).await;
    let answer = stack
        .ask("how far are we from half of our plan of 7,654,321?")
        .await;
    assert_eq!(answer.outcome, Outcome::Answered, "{}", answer.text);
}
