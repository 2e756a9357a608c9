use cardinal::result::HeldResults;
use cardinal::tools::RefusalClass;
use serde_json::json;

use super::fixture::{call, toolbox};

#[tokio::test]
async fn refusals_teach() {
    use RefusalClass::{BadValue, Malformed, NotInCatalog, Schema, UnknownName, UnknownTool};
    let toolbox = toolbox().await;
    let calls = [
        (UnknownTool, call("execute_sql", json!({"sql": "select 1"}))),
        (Malformed, call("run_card", "{\"card_id\": NaN}")),
        (Schema, call("run_card", json!({"card_id": "Orders"}))),
        (Schema, call("run_card", json!({"card_id": 7, "sql": "select 1"}))),
        (Schema, call("run_card", json!({"card_id": 9}))),
        (NotInCatalog, call("run_card", json!({"card_id": 12}))),
        (
            UnknownName,
            call("run_card", json!({"card_id": 7, "parameters": {"state": "paid"}})),
        ),
        (
            BadValue,
            call(
                "run_card",
                json!({"card_id": 7, "parameters": {"status": "payed"}}),
            ),
        ),
        (
            BadValue,
            call(
                "run_card",
                json!({"card_id": 7, "parameters": {"least_total": "1; drop table orders"}}),
            ),
        ),
        (
            BadValue,
            call(
                "run_card",
                json!({"card_id": 7, "parameters": {"when": "last 30 days"}}),
            ),
        ),
        (
            UnknownName,
            call(
                "query_metric",
                json!({"metric_id": 12, "group_by": [{"dimension": "state"}]}),
            ),
        ),
        (
            BadValue,
            call(
                "query_metric",
                json!({"metric_id": 12, "group_by": [{"dimension": "created_at"}]}),
            ),
        ),
        (
            BadValue,
            call(
                "query_metric",
                json!({"metric_id": 12, "filters": [{"dimension": "created_at", "operation": "between", "values": ["2024-01-01", "2024-02-01"]}]}),
            ),
        ),
        (
            BadValue,
            call(
                "query_table",
                json!({"table_id": 3, "aggregations": [{"function": "sum", "field": "status"}]}),
            ),
        ),
        (
            UnknownName,
            call(
                "cannot_answer",
                json!({"reason": "No.", "nearest": ["Revenues by year"]}),
            ),
        ),
    ];
    let mut said = Vec::new();
    for (class, call) in calls {
        let refusal = toolbox.gate(&call, &HeldResults::default()).unwrap_err();
        assert_eq!(refusal.class, class, "{}", refusal.message);
        said.push(format!("> {} {}\n{}", call.name, call.arguments, refusal.message));
    }
    insta::assert_snapshot!(said.join("\n\n"));
}

#[tokio::test]
async fn the_right_call_in_a_refusal_passes_the_gate() {
    let toolbox = toolbox().await;
    let mut checked = 0;
    for (rule, forbidden) in super::forbidden::all() {
        let Err(refusal) = toolbox.gate(&forbidden, &HeldResults::default()) else {
            continue;
        };
        let Some((_, right)) = refusal.message.split_once("\na right call: ") else {
            continue;
        };
        let (tool, arguments) = right.split_once(' ').unwrap();
        checked += 1;
        if let Err(again) = toolbox.gate(&call(tool, arguments), &HeldResults::default()) {
            panic!("{rule}: taught {right}\nand refused it: {}", again.message);
        }
    }
    assert!(checked > 500, "{checked}");
}
