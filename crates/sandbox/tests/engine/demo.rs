//! The built-in business: the same everywhere, and as large and as skewed as it says.

use cardinal_sandbox::World;
use cardinal_sandbox::query::RowLimits;
use serde_json::{Value, json};

use super::kit::{demo, native, rows};

#[test]
fn every_table_has_the_promised_size() {
    let count = |table: &str| {
        let result = native(demo(), &format!("SELECT COUNT(*) FROM {table}"));
        result[0][0].as_i64().unwrap()
    };
    let sizes: Vec<i64> = ["people", "products", "orders", "reviews", "accounts", "invoices"]
        .map(count)
        .to_vec();
    eprintln!("sizes: {sizes:?}");
    assert!((2_400..=2_600).contains(&sizes[0]), "people: {sizes:?}");
    assert_eq!(sizes[1], 200);
    assert!((19_500..=20_500).contains(&sizes[2]), "orders: {sizes:?}");
    assert_eq!(sizes[3], 1_100);
    assert!((2_400..=2_600).contains(&sizes[4]), "accounts: {sizes:?}");
    assert!((13_000..=15_000).contains(&sizes[5]), "invoices: {sizes:?}");
}

#[test]
fn two_builds_have_the_same_bytes() {
    let again = World::demo().unwrap();
    let hash = |world: &World| {
        let mut hasher = blake3::Hasher::new();
        for table in ["people", "products", "orders", "reviews", "accounts", "invoices"] {
            let query = json!({"stages": [{"native": format!("SELECT * FROM {table} ORDER BY id")}]});
            let result = world.run(&query, RowLimits::EXPORT).unwrap();
            hasher.update(serde_json::to_string(&result.rows).unwrap().as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    };
    assert_eq!(hash(demo()), hash(&again));
    // Recordings are told stale by it.
    assert_eq!(hash(demo()), cardinal_sandbox::DEMO_ROWS);
    // Changes whenever the data changes: answers and figures in documents and suites change with it.
    insta::assert_snapshot!(hash(demo()));
}

#[test]
fn business_is_skewed_seasonal_and_dirty() {
    let one = |sql: &str| native(demo(), sql)[0][0].as_f64().unwrap();
    let top = one("SELECT 1.0 * SUM(n) / (SELECT COUNT(*) FROM orders) FROM
         (SELECT COUNT(*) AS n FROM orders GROUP BY user_id ORDER BY n DESC LIMIT 500)");
    assert!(
        (0.4..0.9).contains(&top),
        "a fifth of the customers make {top} of the orders"
    );
    let december = one("SELECT COUNT(*) FROM orders WHERE strftime('%Y-%m', created_at) = '2025-12'");
    let january = one("SELECT COUNT(*) FROM orders WHERE strftime('%Y-%m', created_at) = '2026-01'");
    assert!(
        december > 1.4 * january,
        "{december} in December, {january} in January"
    );
    let no_discount = one("SELECT AVG(discount IS NULL) FROM orders");
    assert!((0.85..0.95).contains(&no_discount), "{no_discount}");
    assert!(one("SELECT COUNT(*) FROM people WHERE name LIKE 'Zoë %'") > 0.0);
    assert!(one("SELECT COUNT(*) FROM people WHERE city = '北京'") > 0.0);
    let last = native(
        demo(),
        "SELECT MIN(date(created_at)), MAX(date(created_at)) FROM orders",
    );
    assert_eq!(last, vec![vec![json!("2022-01-01"), json!("2026-06-30")]]);
    let wrong = one(
        "SELECT COUNT(*) FROM orders o JOIN people p ON p.id = o.user_id WHERE p.created_at > o.created_at",
    );
    assert_eq!(wrong, 0.0, "nobody orders before signing up");
    let sums = one("SELECT MAX(ABS(subtotal - COALESCE(discount, 0) + tax - total)) FROM orders");
    assert!(sums < 0.001, "totals add up");
}

#[test]
fn every_card_of_the_demo_runs_and_its_columns_are_known() {
    let world = demo();
    for card in &world.model().cards {
        let columns = world.card_columns(card);
        let required: Vec<Value> = card
            .parameters
            .iter()
            .filter(|parameter| parameter["required"] == json!(true) && parameter.get("default").is_none())
            .map(|parameter| {
                let value = if parameter["slug"] == "month" { json!("2026-05") } else { json!(7) };
                json!({"id": parameter["id"], "type": parameter["type"], "target": parameter["target"], "value": value})
            })
            .collect();
        let result = world.run_card(card, &required, RowLimits::USERLAND);
        let result = result.unwrap_or_else(|error| panic!("card {} \"{}\": {error}", card.id, card.name));
        assert!(
            !result.rows.is_empty(),
            "card {} \"{}\" returned no rows",
            card.id,
            card.name
        );
        if required.is_empty() {
            assert_eq!(columns.unwrap(), result.cols, "card {}", card.id);
        }
    }
}

#[test]
fn the_model_is_what_it_promises() {
    let model = demo().model();
    let curated = model.collection(model.curated_collection_id.unwrap()).unwrap();
    let inside = |id: Option<i64>| {
        id.and_then(|id| model.collection(id)).is_some_and(|collection| {
            collection.id == curated.id || collection.location.starts_with(&format!("/{}/", curated.id))
        })
    };
    let kept: Vec<_> = model
        .cards
        .iter()
        .filter(|card| inside(card.collection_id) && !card.archived)
        .collect();
    let metrics = kept.iter().filter(|card| card.kind.as_str() == "metric").count();
    assert_eq!(metrics, 8);
    assert_eq!(kept.len() - metrics, 27);
    assert_eq!((model.measures.len(), model.segments.len()), (5, 4));
    assert!(
        kept.iter()
            .all(|card| card.description.is_some() && card.entity_id.len() == 21)
    );
    assert_eq!(demo().today().to_string(), "2026-06-30");
    let key = &model.api_keys[0];
    assert_eq!(secrecy::ExposeSecret::expose_secret(&key.key).len(), 47);
    let access = model.access(&[key.group_id], false);
    let finance = model
        .collections
        .iter()
        .find(|collection| collection.name.starts_with("Finance"))
        .unwrap();
    assert!(access.collections.contains(&Some(curated.id)));
    assert!(!access.collections.contains(&Some(finance.id)));
}

#[test]
fn measures_and_segments_compile() {
    let world = demo();
    for measure in &world.model().measures {
        let query = json!({"stages": [{"source-table": measure.table_id,
            "aggregation": [["measure", {}, measure.id]]}]});
        assert_eq!(rows(world, &query).len(), 1, "{}", measure.name);
    }
    for segment in &world.model().segments {
        let query = json!({"stages": [{"source-table": segment.table_id, "aggregation": [["count", {}]],
            "filters": [["segment", {}, segment.id]]}]});
        assert!(
            rows(world, &query)[0][0].as_i64().unwrap() > 0,
            "{}",
            segment.name
        );
    }
}
