//! Metrics of like names that compute different things.

use std::collections::BTreeMap;
use std::sync::Arc;

use cardinal::catalog::{
    AllowedCard, CardDefinition, CardId, Catalog, DbtMetricDefinition, Entry, MetricEntry, MetricId,
    cards_like_dbt_metrics, conflicts,
};

use crate::support::catalogs;

fn metabase(id: u32, name: &str, definition: &str, filters: &[&str]) -> Entry {
    Entry::Metric(Arc::new(MetricEntry {
        built_in_filters: filters.iter().map(|filter| (*filter).to_owned()).collect(),
        ..catalogs::metric(id, name, "", definition)
    }))
}

fn dbt(id: u32, name: &str, label: &str, definition: &str, filters: &[&str]) -> MetricEntry {
    MetricEntry {
        id: MetricId(id),
        built_in_filters: filters.iter().map(|filter| (*filter).to_owned()).collect(),
        dbt: Some(Arc::new(DbtMetricDefinition {
            name: name.to_owned(),
            metric_type: "simple".to_owned(),
            ..DbtMetricDefinition::default()
        })),
        ..catalogs::metric(id, label, "", definition)
    }
}

fn differs(metabase: Entry, dbt: MetricEntry) -> Vec<Vec<&'static str>> {
    let catalog = Catalog::for_tests(vec![metabase, Entry::Metric(Arc::new(dbt))]);
    conflicts(&catalog, &BTreeMap::new())
        .into_iter()
        .map(|conflict| conflict.differs)
        .collect()
}

#[test]
fn what_differs_is_named() {
    let ours = || metabase(7, "Revenue", "sum of Total", &["Status is completed"]);
    let theirs = |definition, filters: &[&str]| dbt(10_000_007, "revenue", "Revenue", definition, filters);
    let completed = &["order__status = 'completed'"];
    assert_eq!(
        differs(ours(), theirs("sum of total", completed)),
        Vec::<Vec<&str>>::new()
    );
    assert_eq!(
        differs(ours(), theirs("average of total", completed)),
        [["aggregation"]]
    );
    assert_eq!(
        differs(ours(), theirs("sum of subtotal", completed)),
        [["column"]]
    );
    assert_eq!(differs(ours(), theirs("sum of total", &[])), [["filters"]]);
    assert_eq!(
        differs(ours(), theirs("sum of total", &["order__status = 'paid'"])),
        [["filters"]]
    );
    assert_eq!(
        differs(
            ours(),
            theirs(
                "count distinct of customer_id",
                &["order__status IN ('completed', 'paid')"]
            )
        ),
        [["aggregation", "column", "filters"]]
    );
}

#[test]
fn counts_are_counts_however_they_are_written() {
    let ours = || {
        metabase(
            8,
            "Number of orders",
            "count of rows",
            &["Status is not refunded or cancelled"],
        )
    };
    let filters = &["order__status NOT IN ('refunded', 'cancelled')"];
    for (name, label, definition) in [
        ("order", "Orders", "sum of 1"),
        ("orders", "Total of orders", "count of order_id"),
    ] {
        assert_eq!(
            differs(ours(), dbt(10_000_008, name, label, definition, filters)),
            Vec::<Vec<&str>>::new()
        );
    }
    let large = metabase(9, "Large orders", "count of rows", &["Is large is true"]);
    let theirs = dbt(
        10_000_009,
        "large_orders",
        "Large orders",
        "sum boolean of is_large",
        &[],
    );
    assert_eq!(differs(large, theirs), Vec::<Vec<&str>>::new());
}

#[test]
fn nothing_is_claimed_of_other_names_formulas_and_agreements() {
    let ours = || metabase(7, "Revenue", "sum of Total", &[]);
    let other = dbt(
        10_000_001,
        "european_revenue",
        "European revenue",
        "average of total",
        &[],
    );
    assert_eq!(differs(ours(), other), Vec::<Vec<&str>>::new());
    let ratio = dbt(
        10_000_002,
        "revenue",
        "Revenue",
        "ratio over sum of total, sum of 1",
        &[],
    );
    assert_eq!(differs(ours(), ratio), Vec::<Vec<&str>>::new());
    let formula = dbt(
        10_000_003,
        "revenue",
        "Revenue",
        "sum of case when x then total end",
        &[],
    );
    assert_eq!(differs(ours(), formula), Vec::<Vec<&str>>::new());
    let mut agreed = dbt(10_000_004, "revenue", "Revenue", "sum of revenue", &[]);
    let definition = DbtMetricDefinition {
        agrees_with: Some("revenue".to_owned()),
        ..(**agreed.dbt.as_ref().unwrap()).clone()
    };
    agreed.dbt = Some(Arc::new(definition));
    assert_eq!(differs(ours(), agreed), Vec::<Vec<&str>>::new());
}

#[test]
fn both_definitions_are_shown() {
    let catalog = Catalog::for_tests(vec![
        metabase(7, "Revenue", "sum of Total", &["Status is completed"]),
        Entry::Metric(Arc::new(dbt(
            10_000_007,
            "revenue",
            "Revenue",
            "sum of total",
            &[],
        ))),
    ]);
    assert_eq!(
        conflicts(&catalog, &BTreeMap::new())[0].to_string(),
        "metric 7 \"Revenue\" and dbt metric revenue differ in filters\n  Metabase: sum of Total; only where Status is \
         completed\n  dbt: sum of total"
    );
}

#[test]
fn cards_are_compared_by_what_they_compute() {
    let revenue = dbt(
        10_000_007,
        "revenue",
        "Revenue",
        "sum of total",
        &["order__status = 'completed'"],
    );
    let card = catalogs::card(5, "Revenue by month", "");
    let id = card.id;
    let catalog = Catalog::for_tests(vec![
        Entry::Card(Arc::new(card)),
        Entry::Metric(Arc::new(revenue)),
    ]);
    let alike: Vec<CardId> = cards_like_dbt_metrics(&catalog)
        .iter()
        .map(AllowedCard::id)
        .collect();
    assert_eq!(alike, [id]);
    let of = |computes: &str, filters: &[&str]| {
        let definition = CardDefinition {
            computes: computes.to_owned(),
            filters: filters.iter().map(|filter| (*filter).to_owned()).collect(),
        };
        conflicts(&catalog, &BTreeMap::from([(id, definition)]))
    };
    assert!(of("sum of total", &["status = 'completed'"]).is_empty());
    assert_eq!(of("sum of total", &[])[0].differs, ["filters"]);
    assert_eq!(
        of("count of rows", &["status = 'completed'"])[0].differs,
        ["aggregation"]
    );
    // The period that a card shows is its own, and what a segment holds is not known.
    let of_two_years = &["status = 'completed'", "Created At is in the last 24 months"];
    assert!(of("sum of total", of_two_years).is_empty());
    assert!(of("sum of total", &["segment Completed orders"]).is_empty());
}
