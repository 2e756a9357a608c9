//! Calls in other types than their tool's schema says: read as what they can only mean, by the same gate.

use cardinal::result::HeldResults;
use serde_json::{Value, json};

use super::fixture::{call, toolbox};
use super::forbidden;

const BY_MONTH: &str = r#"[{"dimension": "created_at", "granularity": "month"}]"#;

fn metric(fields: Value) -> Value {
    let mut whole = json!({"metric_id": 12});
    for (key, value) in fields.as_object().unwrap() {
        whole[key] = value.clone();
    }
    whole
}

#[tokio::test]
async fn what_can_only_mean_one_thing_is_read_as_that() {
    let toolbox = toolbox().await;
    let state = json!([{"dimension": "User.state", "operation": "equals", "values": ["CA"]}]);
    let by_state = metric(json!({ "filters": state }));
    let grouped = metric(
        json!({"group_by": [{"dimension": "created_at", "granularity": "month"}], "limit": 1000, "order": "desc"}),
    );
    let filter = |fields: Value| metric(json!({"filters": [fields]}));
    let orders = json!({"card_id": 7, "parameters": {"least_total": 100, "status": ["paid"]}});
    for (tool, written, meant) in [
        ("query_metric", json!({"metric_id": "12"}), metric(json!({}))),
        ("query_metric", json!({"metric_id": 12.0}), metric(json!({}))),
        ("query_metric", json!({"metric_id": " 12 "}), metric(json!({}))),
        ("query_metric", json!({"metric_id": "12.0"}), metric(json!({}))),
        ("query_metric", json!({"metric_id": [12]}), metric(json!({}))),
        (
            "query_metric",
            json!({"metric_id": "metric 12"}),
            metric(json!({})),
        ),
        (
            "query_metric",
            json!({"metric_id": "Metric #12"}),
            metric(json!({})),
        ),
        ("query_metric", json!({"metric_id": "#12"}), metric(json!({}))),
        (
            "query_metric",
            filter(json!({"field": "User.state", "op": "equals", "value": "CA"})),
            by_state.clone(),
        ),
        ("query_metric", json!({"metricId": 12}), metric(json!({}))),
        ("query_metric", json!({"id": "12"}), metric(json!({}))),
        (
            "query_metric",
            json!("{\"metric_id\": \"12\"}"),
            metric(json!({})),
        ),
        (
            "query_metric",
            json!({"kwargs": {"metric_id": "12"}}),
            metric(json!({})),
        ),
        (
            "query_metric",
            json!({"metric_id": 12, "arguments": {"filters": state}}),
            by_state.clone(),
        ),
        (
            "query_metric",
            json!({"metric_id": 12, "filters": state.to_string()}),
            by_state.clone(),
        ),
        (
            "query_metric",
            json!({"metric_id": 12, "filters": state[0]}),
            by_state.clone(),
        ),
        (
            "query_metric",
            json!({"metric_id": 12, "filters": state[0].to_string()}),
            by_state.clone(),
        ),
        (
            "query_metric",
            json!({"metric_id": 12, "filters": [state[0].to_string()]}),
            by_state.clone(),
        ),
        (
            "query_metric",
            json!({"metric_id": 12, "filter": state[0]}),
            by_state.clone(),
        ),
        (
            "query_metric",
            json!({"metric_id": 12, "filters": {"0": state[0]}}),
            by_state.clone(),
        ),
        (
            "query_metric",
            json!({"metric_id": 12, "filters": "[{'dimension': 'User.state', 'operation': 'equals', 'values': ['CA']}]"}),
            by_state.clone(),
        ),
        (
            "query_metric",
            filter(
                json!({"dimension": "User.state", "operation": "Equals", "values": "CA", "segment": null}),
            ),
            by_state.clone(),
        ),
        (
            "query_metric",
            filter(
                json!({"dimension": "User.state", "operation": "equals", "values": "[\"CA\"]", "segment": ""}),
            ),
            by_state,
        ),
        (
            "query_metric",
            filter(json!({"dimension": "created_at", "operation": "year-equals", "values": 2025})),
            filter(json!({"dimension": "created_at", "operation": "year-equals", "values": [2025]})),
        ),
        (
            "query_metric",
            filter(json!({"dimension": "", "operation": null, "segment": "Large orders", "values": []})),
            filter(json!({"segment": "Large orders"})),
        ),
        (
            "query_metric",
            json!({"metric_id": 12, "groupBy": BY_MONTH, "limit": "1 000", "order": "DESC"}),
            grouped.clone(),
        ),
        (
            "query_metric",
            json!({"metric_id": 12, "group_by": serde_json::from_str::<Value>(BY_MONTH).unwrap()[0], "limit": 1000.0, "order": ["desc"]}),
            grouped,
        ),
        (
            "query_metric",
            json!({"metric_id": 12, "group_by": ["User.state"], "limit": "", "order": "none"}),
            metric(json!({"group_by": [{"dimension": "User.state"}]})),
        ),
        (
            "run_card",
            json!({"card_id": "7", "parameters": "{\"status\": \"paid\", \"least_total\": 100}"}),
            orders.clone(),
        ),
        (
            "run_card",
            json!({"parameters": {"card_id": 7, "parameters": {"status": "paid", "least_total": 100}}}),
            orders.clone(),
        ),
        (
            "run_card",
            json!({"card_id": 7, "parameters": [{"status": "paid"}, {"least_total": "100"}]}),
            orders,
        ),
        (
            "describe",
            json!({"kind": "Metric", "id": "12"}),
            json!({"kind": "metric", "id": 12}),
        ),
        (
            "query_table",
            json!({"table_id": "3", "aggregations": {"function": "SUM", "field": "total"}, "group_by": "status", "fields": null}),
            json!({"table_id": 3, "aggregations": [{"field": "total", "function": "sum"}], "group_by": [{"dimension": "status"}]}),
        ),
    ] {
        let call = call(tool, &written);
        assert!(
            toolbox.gate(&call, &HeldResults::default()).is_err(),
            "the gate is as strict as it was: {written}"
        );
        let planned = toolbox.gate_as_meant(&call, &HeldResults::default());
        let planned = planned.unwrap_or_else(|refusal| panic!("{written}: {}", refusal.message));
        // Whatever is taken is what its strict form is.
        let strict = toolbox
            .gate(&super::fixture::call(tool, &meant), &HeldResults::default())
            .unwrap();
        assert_eq!(planned.arguments, strict.arguments, "{written}");
    }
}

#[tokio::test]
async fn what_could_mean_several_things_stays_refused() {
    let toolbox = toolbox().await;
    let values = |values: Value| {
        metric(json!({"filters": [{"dimension": "User.state", "operation": "equals", "values": values}]}))
    };
    for (tool, written) in [
        ("query_metric", json!({"metric_id": "1,2"})),
        ("query_metric", json!({"metric_id": "12 13"})),
        ("query_metric", json!({"metric_id": [12, 13]})),
        ("query_metric", json!({"metric_id": 12.5})),
        ("query_metric", json!({"metric_id": "Revenue"})),
        ("query_metric", json!({"metric_id": "0x0c"})),
        ("query_metric", json!({"metric_id": "-12"})),
        ("query_metric", json!({"metric_id": "card 12"})),
        ("query_metric", json!({"metric_id": "metric 12 or 13"})),
        (
            "query_metric",
            metric(
                json!({"filters": [{"field": "User.state", "column": "User.state", "op": "equals", "value": "CA"}]}),
            ),
        ),
        ("query_metric", json!({"metric_id": "1.2e1"})),
        ("query_metric", json!({"metric_id": null})),
        ("query_metric", json!({"metric_id": true})),
        ("query_metric", json!({"metric_id": 12, "metricId": 13})),
        (
            "query_metric",
            json!({"metric_id": 12, "arguments": {"metric_id": 13}}),
        ),
        ("query_metric", json!({"card_id": 12})),
        ("query_metric", json!({"metric_id": 12, "limit": "1,000"})),
        ("query_metric", json!({"metric_id": 12, "sql": "select 1"})),
        ("query_metric", json!({"metric_id": 12, "order": "down"})),
        (
            "query_metric",
            json!({"metric_id": 12, "filters": {"User.state": "CA"}}),
        ),
        (
            "query_metric",
            json!({"metric_id": 12, "filters": "User.state = CA"}),
        ),
        ("query_metric", values(json!("CA, NY"))),
        ("query_metric", json!({"metric_id": 12, "limit": "1.000"})),
        ("query_metric", json!({"metric_id": "12.000"})),
        // What has no value may be meant, and is not left out.
        ("query_metric", values(json!(["CA", null]))),
        ("query_metric", values(json!([null]))),
        (
            "query_metric",
            metric(json!({"filters": [null, {"segment": "Large orders"}]})),
        ),
        (
            "query_metric",
            metric(json!({"group_by": [null, {"dimension": "User.state"}]})),
        ),
        ("query_metric", values(json!({"from": "CA"}))),
        (
            "run_card",
            json!({"card_id": 7, "parameters": [{"status": "paid"}, {"status": "shipped"}]}),
        ),
        ("run_card", json!({"card_id": 7, "parameters": "status=paid"})),
    ] {
        let refusal = toolbox.gate_as_meant(&call(tool, &written), &HeldResults::default());
        assert!(refusal.is_err(), "{written}: {refusal:?}");
    }
    for written in [
        "{\"metric_id\": \"12\", \"metric_id\": 13}",
        "{\"metric_id\": \"12\", \"filters\": [{\"segment\": \"a\", \"segment\": \"b\"}]}",
    ] {
        let refusal = toolbox.gate_as_meant(&call("query_metric", written), &HeldResults::default());
        assert!(refusal.is_err(), "a key that occurs twice: {written}");
    }
}

/// Of all that is forbidden only what is sure is read as something else, and never another entry, name or code.
#[tokio::test]
async fn what_is_forbidden_stays_so() {
    let toolbox = toolbox().await;
    let short = |text: String| text.replace('\n', " ").chars().take(90).collect::<String>();
    let mut read = Vec::new();
    for (rule, forbidden) in forbidden::all() {
        if let Ok(planned) = toolbox.gate_as_meant(&forbidden, &HeldResults::default()) {
            read.push(format!(
                "{} -> {}",
                short(rule),
                short(planned.arguments.to_string())
            ));
        }
    }
    insta::assert_snapshot!(read.join("\n"));
}
