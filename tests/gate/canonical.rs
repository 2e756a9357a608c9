use cardinal::catalog::EntryKind;
use cardinal::metabase::{Bucket, CardRun, MetricQuery, QueryFilter};
use cardinal::result::HeldResults;
use cardinal::tools::NamedEntry;
use serde_json::{Value, json};

use super::fixture::{call, toolbox};

async fn canonical(tool: &str, arguments: &str) -> String {
    match toolbox()
        .await
        .gate(&call(tool, arguments), &HeldResults::default())
    {
        Ok(planned) => planned.arguments.to_string(),
        Err(refusal) => panic!("{arguments}: {}", refusal.message),
    }
}

#[tokio::test]
async fn calls_that_mean_the_same_have_the_same_bytes() {
    let pairs = [
        ("run_card", r#"{"card_id":7}"#, r#"{"parameters":{},"card_id":7}"#),
        (
            "run_card",
            r#"{"card_id":7}"#,
            r#"{"card_id":7,"parameters":null}"#,
        ),
        (
            "run_card",
            r#"{"card_id":7}"#,
            r#"{"card_id":7,"parameters":{"status":null,"least_total":10.0}}"#,
        ),
        (
            "run_card",
            r#"{"card_id":7,"parameters":{"least_total":5}}"#,
            r#"{"card_id":7,"parameters":{"least_total":"5.0"}}"#,
        ),
        (
            "run_card",
            r#"{"card_id":7,"parameters":{"status":"paid"}}"#,
            r#"{"card_id":7,"parameters":{"Status":["PAID","paid"]}}"#,
        ),
        (
            "run_card",
            r#"{"card_id":7,"parameters":{"status":["paid","shipped"]}}"#,
            r#"{"card_id":7,"parameters":{"status":["shipped","paid"]}}"#,
        ),
        (
            "run_card",
            r#"{"card_id":7,"parameters":{"when":"2024-Q1"}}"#,
            r#"{"card_id":7,"parameters":{"when":"2024-01-01~2024-03-31"}}"#,
        ),
        (
            "query_metric",
            r#"{"metric_id":12,"filters":[{"dimension":"User.state","operation":"equals","values":["CA","NY"]},{"segment":"Large orders"}]}"#,
            r#"{"filters":[{"segment":"large_orders"},{"values":["ny","CA","CA"],"operation":"equals","dimension":"user state"}],"metric_id":12,"group_by":[]}"#,
        ),
        (
            "query_table",
            r#"{"table_id":3,"filters":[{"dimension":"total","operation":"greater-than","values":[100]}]}"#,
            r#"{"table_id":3,"filters":[{"dimension":"TOTAL","operation":"greater-than","values":[1e2]}],"fields":[]}"#,
        ),
        (
            "query_metric",
            r#"{"metric_id":13,"group_by":[{"dimension":"opened_on"}]}"#,
            r#"{"metric_id":13,"group_by":[{"dimension":"opened_on","granularity":"day"}]}"#,
        ),
    ];
    for (tool, a, b) in pairs {
        assert_eq!(canonical(tool, a).await, canonical(tool, b).await, "{a} and {b}");
    }
}

#[tokio::test]
async fn calls_that_differ_have_different_bytes() {
    let calls = [
        r#"{"metric_id":12}"#,
        r#"{"metric_id":12,"group_by":[{"dimension":"User.state"}]}"#,
        r#"{"metric_id":12,"group_by":[{"dimension":"User.state"}],"limit":5}"#,
        r#"{"metric_id":12,"group_by":[{"dimension":"User.state"}],"limit":5,"order":"desc"}"#,
        r#"{"metric_id":12,"group_by":[{"dimension":"User.state"},{"dimension":"Product.category"}]}"#,
        r#"{"metric_id":12,"group_by":[{"dimension":"Product.category"},{"dimension":"User.state"}]}"#,
    ];
    let mut seen = std::collections::BTreeSet::new();
    for arguments in calls {
        assert!(
            seen.insert(canonical("query_metric", arguments).await),
            "{arguments}"
        );
    }
}

#[tokio::test]
async fn canonical_arguments_pass_again_unchanged() {
    for (tool, arguments) in super::forbidden::right() {
        let once = canonical(tool, &arguments.to_string()).await;
        assert_eq!(canonical(tool, &once).await, once);
    }
}

#[tokio::test]
async fn a_card_gets_its_values_as_metabase_wants_them() {
    let arguments = json!({"card_id": 7, "parameters": {
        "unit": "month", "status": "Paid", "total": [null, 50], "quarter": "2024-Q2", "product": 14,
        "customer": "Drop Table Furniture", "day": "2024-02-29", "gift": true,
    }});
    let planned = toolbox()
        .await
        .gate(&call("run_card", arguments), &HeldResults::default())
        .unwrap();
    let run = planned.plan::<CardRun>().unwrap();
    let sent: Vec<(String, Value)> = run
        .arguments
        .iter()
        .cloned()
        .map(|argument| (argument.parameter.slug, argument.value))
        .collect();
    let expected = [
        ("status", json!(["paid"])),
        ("customer", json!(["Drop Table Furniture"])),
        ("total", json!([null, 50])),
        ("day", json!("2024-02-29")),
        ("quarter", json!("Q2-2024")),
        ("gift", json!(true)),
        ("unit", json!("month")),
        ("product", json!([14])),
    ];
    assert_eq!(sent, expected.map(|(slug, value)| (slug.to_owned(), value)));
}

#[tokio::test]
async fn a_metric_is_queried_with_its_own_dimensions() {
    let arguments = json!({"metric_id": 12,
        "filters": [{"dimension": "created_at", "operation": "greater-than-or-equal", "values": ["2024-01-01"], "bucket": "month"}],
        "group_by": [{"dimension": "Created At", "granularity": "day-of-week"}]});
    let planned = toolbox()
        .await
        .gate(&call("query_metric", arguments), &HeldResults::default())
        .unwrap();
    let query = planned.plan::<MetricQuery>().unwrap();
    assert_eq!(query.group_by[0].dimension.name, "created_at");
    assert_eq!(query.group_by[0].granularity, Some(Bucket::DayOfWeek));
    assert!(matches!(
        &query.filters[0],
        QueryFilter::Dimension {
            bucket: Some(Bucket::Month),
            ..
        }
    ));
}

#[tokio::test]
async fn describe_and_complete_values_need_no_request() {
    let (toolbox, knocks) = super::fixture::toolbox_over(super::fixture::catalog()).await;
    for (tool, arguments) in [
        ("describe", json!({"kind": "card", "id": 7})),
        ("describe", json!({"kind": "table", "id": 3})),
        ("field_values", json!({"kind": "card", "id": 7, "name": "status"})),
        (
            "field_values",
            json!({"kind": "metric", "id": 12, "name": "User.state"}),
        ),
    ] {
        let planned = toolbox
            .gate(&call(tool, arguments), &HeldResults::default())
            .unwrap();
        let output = toolbox.execute(&planned, &HeldResults::default()).await.unwrap();
        assert!(
            output.content.contains("(data, not instructions)"),
            "{}",
            output.content
        );
        assert!(output.served_by.is_none());
        if let Some(described) = planned.plan::<NamedEntry>() {
            let name = if described.kind == EntryKind::Card {
                "describe_card"
            } else {
                "describe_table"
            };
            insta::assert_snapshot!(name, output.content);
        } else {
            insta::assert_snapshot!(
                format!("values_{}", planned.arguments["kind"].as_str().unwrap()),
                output.content
            );
        }
    }
    assert_eq!(knocks.load(std::sync::atomic::Ordering::SeqCst), 0);
}
