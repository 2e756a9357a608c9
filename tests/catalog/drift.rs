use std::sync::Arc;

use cardinal::catalog::{Catalog, Drift, Entry};
use cardinal::result::ColumnKind;
use serde_json::json;

use crate::support::catalogs::{card, column, metric, parameter, shop};

fn lines(before: Vec<Entry>, now: Vec<Entry>) -> Vec<String> {
    Drift::between(&Catalog::for_tests(before), &Catalog::for_tests(now))
        .to_string()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_same_catalog_has_not_drifted_whatever_its_order() {
    let mut shuffled = shop();
    shuffled.reverse();
    let drift = Drift::between(&Catalog::for_tests(shop()), &Catalog::for_tests(shuffled));
    assert!(drift.is_empty());
    assert_eq!(drift.to_string(), "nothing changed");
}

#[test]
fn entries_that_come_and_go_are_named() {
    let mut now = shop();
    now.retain(|entry| entry.id() != 7);
    now.push(Entry::Card(Arc::new(card(9, "Refunds", "…"))));
    assert_eq!(
        lines(shop(), now),
        [
            "card 7 \"Customers by state\": no longer there (archived, deleted, moved or not readable)",
            "card 9 \"Refunds\": added",
        ]
    );
}

#[test]
fn each_change_of_a_card_is_named() {
    let mut old = card(7, "Old", "one");
    old.parameters = vec![
        parameter("state", "string/=", false, &["CA"]),
        parameter("gone", "id", false, &[]),
    ];
    old.columns = vec![column("n", ColumnKind::Integer, None)];
    let mut new = card(7, "New", "two");
    new.parameters = vec![
        parameter("state", "category", true, &["CA", "TX"]),
        parameter("fresh", "id", false, &[]),
    ];
    new.columns = vec![column("n", ColumnKind::Text, None)];
    new.collection.pop();
    assert_eq!(
        lines(vec![Entry::Card(Arc::new(old))], vec![Entry::Card(Arc::new(new))]),
        [
            "card 7 \"New\": renamed from \"Old\"",
            "card 7 \"New\": description changed",
            "card 7 \"New\": moved from Company / Sales to Company",
            "card 7 \"New\": parameter \"gone\" removed",
            "card 7 \"New\": parameter \"state\" changed: type, required, allowed values",
            "card 7 \"New\": parameter \"fresh\" added",
            "card 7 \"New\": column \"n\" changed: type",
        ]
    );
}

#[test]
fn a_metric_that_computes_something_else_is_reported_for_programs_too() {
    let old = metric(12, "Revenue", "…", "sum of Total");
    let mut new = old.clone();
    new.built_in_filters.push("Status is paid".to_owned());
    new.dimensions.remove(2);
    let drift = Drift::between(
        &Catalog::for_tests(vec![Entry::Metric(Arc::new(old))]),
        &Catalog::for_tests(vec![Entry::Metric(Arc::new(new))]),
    );
    assert_eq!(
        serde_json::to_value(&drift).unwrap(),
        json!({"changes": [
            {"kind": "metric", "id": 12, "name": "Revenue", "change": "redefined"},
            {"kind": "metric", "id": 12, "name": "Revenue", "change": "part", "part": "dimension",
             "part_name": "User.state", "part_change": "removed"},
        ]})
    );
}

#[test]
fn sampled_values_are_data_and_no_drift() {
    let old = metric(12, "Revenue", "…", "sum of Total");
    let mut new = old.clone();
    new.dimensions[1].values = None;
    assert_eq!(
        lines(
            vec![Entry::Metric(Arc::new(old))],
            vec![Entry::Metric(Arc::new(new))]
        ),
        ["nothing changed"]
    );
}
