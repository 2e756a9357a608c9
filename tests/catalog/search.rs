//! Entries found by words, in catalogs where the right one stands among many that are almost the same.

use std::sync::Arc;

use cardinal::catalog::{Catalog, CatalogSearch, Entry, EntryKind};
use cardinal::result::ColumnKind;

use crate::support::catalogs::{card, column, metric, shop};

const MEASURES: [(&str, &str); 10] = [
    ("Revenue", "Money from orders that were paid"),
    ("Refunds", "Money that went back to customers"),
    ("Gross margin", "What is left of revenue after the cost of goods"),
    ("Active customers", "Customers who ordered at least once"),
    ("Churned accounts", "Accounts that cancelled their contract"),
    ("Support tickets", "Requests that customers opened"),
    ("Average delivery time", "Days from order to arrival"),
    ("Invoices overdue", "Bills that are not paid in time"),
    ("Website sessions", "Visits of the shop, robots left out"),
    ("Inventory value", "What the goods in the warehouses cost"),
];
const SPLITS: [&str; 10] = [
    "by month",
    "by week",
    "by channel",
    "by country",
    "by product line",
    "by sales team",
    "by customer segment",
    "by warehouse",
    "by campaign",
    "by payment method",
];
const REGIONS: [&str; 10] = [
    "EMEA",
    "APAC",
    "Nordics",
    "Benelux",
    "Iberia",
    "DACH",
    "North America",
    "Latin America",
    "Japan",
    "India",
];
const VIEWS: [&str; 10] = [
    "",
    "forecast",
    "target",
    "last year",
    "restated",
    "draft",
    "without intercompany",
    "in euros",
    "gross of tax",
    "per employee",
];

/// Cards that differ in one word each: measure, split, region, view.
fn near_ones(count: usize) -> Catalog {
    let name = |at: usize| {
        let pick = |of: [&str; 10], digit: u32| of[at / 10usize.pow(digit) % 10].to_owned();
        let (measure, about) = MEASURES[at % 10];
        let name = [
            measure.to_owned(),
            pick(SPLITS, 1),
            pick(REGIONS, 2),
            pick(VIEWS, 3),
        ];
        (name.join(" ").trim_end().to_owned(), about, pick(REGIONS, 2))
    };
    let entries = (0..count).map(|at| {
        let (name, about, region) = name(at);
        let mut card = card(u32::try_from(at).unwrap() + 1, &name, about);
        card.collection = vec!["Company".to_owned(), region];
        card.columns = vec![column("value", ColumnKind::Number, None)];
        Entry::Card(Arc::new(card))
    });
    Catalog::for_tests(entries.collect())
}

fn best(catalog: &Catalog, words: &str) -> Vec<String> {
    let found = catalog.search(&CatalogSearch::words(words)).into_iter();
    found.take(5).map(|entry| entry.name().to_owned()).collect()
}

/// How somebody asks for an entry, and what it is called. Every one is there in the smallest catalog already or has
/// its first digit only.
fn asked(count: usize) -> Vec<(String, String)> {
    let mut asked = Vec::new();
    for at in (0..count).step_by((count / 50).max(1)) {
        let (measure, _) = MEASURES[at % 10];
        let (split, region, view) = (
            SPLITS[at / 10 % 10],
            REGIONS[at / 100 % 10],
            VIEWS[at / 1000 % 10],
        );
        let name = format!("{measure} {split} {region} {view}").trim_end().to_owned();
        let dimension = split.trim_start_matches("by ");
        asked.push((
            format!("{region} {view} {} per {dimension}", measure.to_lowercase()),
            name.clone(),
        ));
        asked.push((
            format!("what was the {measure} of {region} {split}, {view}?"),
            name,
        ));
    }
    asked
}

#[test]
fn the_right_entry_comes_first_among_near_ones() {
    for count in [100, 1_000, 10_000] {
        let catalog = near_ones(count);
        let asked = asked(count);
        let (mut missed, mut among) = (Vec::new(), 0);
        for (words, name) in &asked {
            let found = best(&catalog, words);
            among += usize::from(found.contains(name));
            if found.first() != Some(name) {
                missed.push((words, found));
            }
        }
        let all = asked.len();
        assert!(
            missed.len() * 20 <= all && among == all,
            "{count} entries: {among} of {all}, {missed:#?}"
        );
    }
}

#[test]
fn a_word_counts_where_it_stands_and_however_it_is_written() {
    let catalog = Catalog::for_tests(shop());
    assert_eq!(best(&catalog, "refunded money")[0], "Revenue");
    assert_eq!(best(&catalog, "CHURN by month")[0], "Monthly churn");
    assert_eq!(best(&catalog, "cancelled")[0], "Monthly churn");
    // A plural, a beginning, a mistake.
    assert_eq!(best(&catalog, "customer state")[0], "Customers by state");
    assert_eq!(best(&catalog, "cancel accoun")[0], "Monthly churn");
    assert_eq!(best(&catalog, "revenu")[0], "Revenue");
    assert_eq!(best(&catalog, "revnue")[0], "Revenue");
    assert!(best(&catalog, "weather in Paris").is_empty());
}

#[test]
fn kind_and_collection_narrow_and_verified_ones_stand_first() {
    let mut entries = shop();
    entries.push(Entry::Metric(Arc::new(metric(
        40,
        "Churn",
        "Accounts that cancelled.",
        "count of rows",
    ))));
    let catalog = Catalog::for_tests(entries);
    let search = |words: &str, kind, collection: Option<&str>| {
        let wanted = CatalogSearch {
            words: words.to_owned(),
            kind,
            collection: collection.map(str::to_owned),
        };
        let found = catalog.search(&wanted).into_iter();
        found.map(|entry| (entry.kind(), entry.id())).collect::<Vec<_>>()
    };
    assert_eq!(
        search("churn", Some(EntryKind::Card), None),
        [(EntryKind::Card, 8)]
    );
    assert_eq!(search("churn", None, Some("metrics")), [(EntryKind::Metric, 40)]);
    assert_eq!(search("churn", None, Some("nowhere")), []);
    let all = search("", None, None);
    assert_eq!(all.len(), catalog.entries().len());
    assert_eq!(all.first().map(|(kind, _)| *kind), Some(EntryKind::Metric));
    assert_eq!(all, search(" ", None, Some("company")));
}
