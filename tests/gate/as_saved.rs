//! Metrics that a server gives only as they are saved: anything else of them is refused before it is sent, with the reason.

use std::sync::Arc;

use cardinal::catalog::{Catalog, Entry, SavedGroup};
use cardinal::metabase::MetricQuery;
use cardinal::prompt::Prompt;
use cardinal::result::HeldResults;
use cardinal::tools::RefusalClass;
use serde_json::{Value, json};

use super::fixture::{call, toolbox_over};
use crate::support::catalogs::metric;

fn catalog(groups: &[(&str, Option<&str>)]) -> Catalog {
    let mut revenue = metric(12, "Revenue", "Completed orders.", "sum of Total");
    revenue.only_as_saved = Some(
        groups
            .iter()
            .map(|(dimension, granularity)| SavedGroup {
                dimension: (*dimension).to_owned(),
                granularity: granularity.map(str::to_owned),
            })
            .collect(),
    );
    Catalog::for_tests(vec![Entry::Metric(Arc::new(revenue))])
}

const SAVED: [(&str, Option<&str>); 2] = [("created_at", Some("month")), ("Product.category", None)];

#[tokio::test]
async fn only_what_is_saved_is_let_through() {
    let (toolbox, knocks) = toolbox_over(catalog(&SAVED)).await;
    let month = json!({"dimension": "created_at", "granularity": "month"});
    let category = json!({"dimension": "Product.category"});
    let year = json!({"dimension": "created_at", "granularity": "year"});
    let texas = json!([{"dimension": "User.state", "operation": "equals", "values": ["TX"]}]);
    for groups in [json!([month, category]), json!([category, month])] {
        let arguments = json!({"metric_id": 12, "group_by": groups, "order": "desc", "limit": 3});
        let planned = toolbox
            .gate(&call("query_metric", arguments), &HeldResults::default())
            .unwrap();
        let query = planned.plan::<MetricQuery>().unwrap();
        let names: Vec<&str> = query
            .group_by
            .iter()
            .map(|group| group.dimension.name.as_str())
            .collect();
        assert_eq!(
            names,
            ["created_at", "Product.category"],
            "in the order that is saved"
        );
    }
    for arguments in [
        json!({"metric_id": 12}),
        json!({"metric_id": 12, "group_by": [month]}),
        json!({"metric_id": 12, "group_by": [year, category]}),
        json!({"metric_id": 12, "group_by": [month, category, {"dimension": "User.state"}]}),
        json!({"metric_id": 12, "group_by": [month, category], "filters": texas}),
    ] {
        let refusal = toolbox
            .gate(&call("query_metric", arguments.clone()), &HeldResults::default())
            .unwrap_err();
        assert_eq!(refusal.class, RefusalClass::BadValue, "{arguments}");
        let said = &refusal.message;
        for words in [
            "only as it is saved",
            "created_at (month), Product.category",
            "without filters",
        ] {
            assert!(said.contains(words), "{arguments}: {said}");
        }
        let (_, right) = said.split_once("a right call: query_metric ").unwrap();
        let right: Value = serde_json::from_str(right.lines().next().unwrap()).unwrap();
        assert!(
            toolbox
                .gate(&call("query_metric", right), &HeldResults::default())
                .is_ok()
        );
    }
    assert_eq!(knocks.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_catalog_says_so_to_whoever_reads_it() {
    for (groups, words) in [
        (
            &SAVED[..],
            "only as saved: grouped by created_at (month), Product.category, without filters",
        ),
        (&[], "only as saved: one figure, without filters and groups"),
    ] {
        let catalog = catalog(groups);
        let (toolbox, _) = toolbox_over(catalog.clone()).await;
        let prompt = Prompt::render(&catalog, toolbox.specs()).unwrap();
        let shown = format!("{prompt:?}");
        assert!(shown.contains(words), "{shown}");
    }
}
