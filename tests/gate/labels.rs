//! What people call a value is shown beside it and taken for it.

use std::sync::Arc;

use cardinal::catalog::{AllowedValues, Catalog, Entry, ParameterTarget};
use cardinal::metabase::{CardRun, MetricQuery, QueryFilter, Scalar};
use cardinal::result::{ColumnKind, HeldResults};
use serde_json::{Value, json};

use super::fixture::{call, toolbox_over};
use crate::support::catalogs::{card, dimension, metric, parameter};

/// Cards and a metric whose values have labels.
fn labelled() -> Catalog {
    let statuses = || {
        vec![
            json!([1, "Shipped"]),
            json!([2, "Cancelled"]),
            json!([3, "Returned"]),
        ]
    };
    let with = |slug: &str, kind: &str, listed: Vec<Value>| {
        let mut parameter = parameter(slug, kind, false, &[]);
        parameter.target = ParameterTarget::Dimension;
        parameter.allowed = Some(AllowedValues::listed(listed, true));
        parameter
    };
    let mut orders = card(116, "Orders by status code", "");
    orders.parameters = vec![
        with("status", "number/=", statuses()),
        with("product", "id", vec![json!([14, "Clock"]), json!([15, "Lamp"])]),
        with(
            "cat",
            "string/=",
            vec![json!(["C1", "Toys & Games"]), json!(["C2", "Books"])],
        ),
    ];
    let mut count = metric(12, "Orders", "", "count");
    let mut status = dimension("status", ColumnKind::Integer, &[]);
    status.values = Some(AllowedValues::listed(statuses(), true));
    count.dimensions = vec![status];
    Catalog::for_tests(vec![
        Entry::Card(Arc::new(orders)),
        Entry::Metric(Arc::new(count)),
    ])
}

async fn sent(parameters: Value) -> Result<Value, String> {
    let (toolbox, _) = toolbox_over(labelled()).await;
    let arguments = json!({"card_id": 116, "parameters": parameters});
    let planned = toolbox
        .gate(&call("run_card", arguments), &HeldResults::default())
        .map_err(|refusal| refusal.message)?;
    Ok(planned.plan::<CardRun>().unwrap().arguments[0].value.clone())
}

#[tokio::test]
async fn a_label_is_taken_for_its_value() {
    for (given, expected) in [
        (json!({"status": "Cancelled"}), json!([2])),
        (json!({"status": ["shipped", "3"]}), json!([1, 3])),
        (json!({"product": "Clock"}), json!([14])),
        (json!({"product": "15"}), json!([15])),
        (json!({"cat": "Toys & Games"}), json!(["C1"])),
        (json!([{"name": "cat", "values": ["Books"]}]), json!(["C2"])),
    ] {
        assert_eq!(sent(given.clone()).await.unwrap(), expected, "{given}");
    }
}

#[tokio::test]
async fn a_label_that_is_not_there_is_refused_with_the_nearest() {
    let refusal = sent(json!({"status": "Canceled"})).await.unwrap_err();
    assert!(refusal.contains("2 (Cancelled)"), "{refusal}");
    let refusal = sent(json!({"product": "Clocks"})).await.unwrap_err();
    assert!(refusal.contains("14 (Clock)"), "{refusal}");
}

#[tokio::test]
async fn a_filter_takes_the_label_of_a_number() {
    let (toolbox, _) = toolbox_over(labelled()).await;
    let filters = json!([{"dimension": "status", "operation": "equals", "values": ["Cancelled"]}]);
    let arguments = json!({"metric_id": 12, "filters": filters});
    let planned = toolbox
        .gate(&call("query_metric", arguments), &HeldResults::default())
        .unwrap();
    let query = planned.plan::<MetricQuery>().unwrap();
    let QueryFilter::Dimension { values, .. } = &query.filters[0] else {
        panic!()
    };
    assert_eq!(values, &[Scalar::Number(2.into())]);
}

#[tokio::test]
async fn the_model_reads_labels() {
    let (toolbox, _) = toolbox_over(labelled()).await;
    let text = cardinal::prompt::Prompt::render(&labelled(), toolbox.specs())
        .unwrap()
        .system;
    assert!(
        text.contains("one of 1 (Shipped) | 2 (Cancelled) | 3 (Returned)"),
        "{text}"
    );
    for (tool, arguments) in [
        ("describe", json!({"kind": "card", "id": 116})),
        (
            "field_values",
            json!({"kind": "card", "id": 116, "name": "status"}),
        ),
    ] {
        let planned = toolbox
            .gate(&call(tool, arguments), &HeldResults::default())
            .unwrap();
        let output = toolbox.execute(&planned, &HeldResults::default()).await.unwrap();
        assert!(output.content.contains("2 (Cancelled)"), "{}", output.content);
    }
}

#[tokio::test]
async fn days_of_the_week_go_by_their_names() {
    let mut orders = metric(12, "Orders", "", "count");
    orders.dimensions = vec![dimension("created_at", ColumnKind::Datetime, &[])];
    let (toolbox, _) = toolbox_over(Catalog::for_tests(vec![Entry::Metric(Arc::new(orders))])).await;
    let planned = |value: Value| {
        let filters =
            json!([{"dimension": "created_at", "operation": "day-of-week-equals", "values": [value]}]);
        toolbox.gate(
            &call("query_metric", json!({"metric_id": 12, "filters": filters})),
            &HeldResults::default(),
        )
    };
    for (written, number) in [("Monday", 1), ("sun", 7), ("3", 3)] {
        assert_eq!(
            planned(json!(written)).unwrap().arguments["filters"][0]["values"],
            json!([number])
        );
    }
    assert!(planned(json!("Funday")).is_err());
}
