//! Work on results that were cut, through the driver: nothing is asked of Metabase, and an answer is whole when what
//! it rests on is.

use cardinal::agent::{Answer, Outcome};
use cardinal::result::ShapingSettings;
use serde_json::{Value, json};

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, ids, tool_contents};

/// A stack whose results show at most ten rows, and whose model queries the orders table by day and then makes `calls`.
async fn cut(calls: Vec<Value>) -> (Stack, Answer) {
    let mut steps = calls.into_iter();
    let mut begun = false;
    let model = ScriptedModel::openai_with(move |request| {
        if !begun {
            begun = true;
            let table = ids(request, "query_table", "table_id")[0];
            let query = json!({"table_id": table, "fields": ["ID", "TOTAL"], "limit": 25,
                               "order_by": [{"field": "ID", "direction": "asc"}]});
            return Reply::tool_calls([("query_table", query)]);
        }
        match steps.next() {
            Some(call) => Reply::tool_calls([("more_rows", call)]),
            None => Reply::text("There."),
        }
    });
    let knobs = Knobs {
        shaping: ShapingSettings {
            max_rows: 10,
            max_bytes: 30_000,
        },
        ..Knobs::default()
    };
    let mut stack = Stack::new(model.await, knobs).await;
    let answer = stack.ask("orders?").await;
    (stack, answer)
}

fn contents(stack: &Stack) -> Vec<String> {
    tool_contents(stack.model.requests().last().unwrap())
}

#[tokio::test]
async fn a_cut_result_leaves_an_answer_partial_and_says_what_to_call() {
    let (stack, answer) = cut(Vec::new()).await;
    assert_eq!(answer.outcome, Outcome::Partial, "{:#?}", answer.tool_calls);
    let contents = contents(&stack);
    assert!(
        contents[0].contains("the next rows: more_rows {\"offset\":10,\"result\":\"r1\"}"),
        "{}",
        contents[0]
    );
}

#[tokio::test]
async fn pages_make_up_for_the_cut_once_all_rows_were_seen() {
    let (stack, answer) = cut(vec![json!({"result": "r1", "offset": 10})]).await;
    assert_eq!(answer.outcome, Outcome::Partial, "five rows were not seen");
    let contents = contents(&stack);
    assert!(
        contents[1].contains("rows: 10 shown of 15 asked for: numbers 11 to 20 of 25; cut by us at 10 rows"),
        "{}",
        contents[1]
    );
    let pages = vec![
        json!({"result": "r1", "offset": 10, "limit": 10}),
        json!({"result": "r1", "offset": 20}),
    ];
    let (stack, answer) = cut(pages).await;
    assert_eq!(answer.outcome, Outcome::Answered);
    let queries = stack.queries();
    assert_eq!(
        queries.iter().filter(|query| query.contains("/query")).count(),
        1,
        "{queries:?}"
    );
    let json = serde_json::to_value(&answer).unwrap();
    let page = &json["evidence"][1];
    assert_eq!(page["from"], json!(["r1"]));
    assert_eq!(page["operations"], json!({"limit": 10, "offset": 10}));
    assert_eq!((&page["result"], &page["kind"]), (&json!("r2"), &json!("table")));
    assert_eq!(json["tool_calls"][1]["served_by"], Value::Null);
}

#[tokio::test]
async fn a_total_over_all_held_rows_is_whole_and_exact() {
    let total = json!({"result": "r1", "aggregations": [{"function": "sum", "column": "TOTAL"}]});
    let (stack, answer) = cut(vec![total]).await;
    assert_eq!(answer.outcome, Outcome::Answered);
    let contents = contents(&stack);
    let sum = answer.evidence[1].rows.to_values()[0][0].to_string();
    assert!(
        contents[0].contains(&format!("sum {sum},")),
        "{sum} in\n{}",
        contents[0]
    );
}

#[tokio::test]
async fn what_is_computed_from_a_limited_table_is_no_total() {
    let mut queried = false;
    let model = ScriptedModel::openai_with(move |request| {
        let results = tool_contents(request);
        if !queried {
            queried = true;
            let table = ids(request, "query_table", "table_id")[0];
            return Reply::tool_calls([("query_table", json!({"table_id": table, "fields": ["ID"]}))]);
        }
        if results.len() == 1 {
            return Reply::tool_calls([(
                "more_rows",
                json!({"result": "r1", "aggregations": [{"function": "count"}]}),
            )]);
        }
        Reply::text("There are so many.")
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let answer = stack.ask("how many orders?").await;
    let contents = contents(&stack);
    assert_ne!(answer.evidence[0].extent, cardinal::result::Extent::Complete);
    assert_eq!(answer.evidence[1].extent, answer.evidence[0].extent);
    assert!(
        contents[1].contains("r1 is not whole, so neither is this"),
        "{}",
        contents[1]
    );
    assert_eq!(answer.outcome, Outcome::Partial);
}
