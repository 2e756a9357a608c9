//! Positional columns of tables, cards and metrics; values and statistics of a column.

use serde_json::json;

use super::kit::{demo, field, native, table};

#[test]
fn a_tables_own_columns_come_first_then_what_its_keys_lead_to() {
    let wide = demo().wide_fields_of_table(table(demo(), "orders"));
    let names: Vec<(&str, Option<&str>)> = wide
        .iter()
        .map(|field| (field.name.as_str(), field.table_reference.as_deref()))
        .collect();
    assert_eq!(
        names[..3],
        [("id", None), ("user_id", None), ("product_id", None)]
    );
    assert_eq!(names[11], ("id", Some("User")));
    assert!(names.contains(&("category", Some("Product"))));
    assert!(
        !names.contains(&("email", Some("User"))),
        "sensitive columns are not offered"
    );
    let category = wide.iter().find(|field| field.name == "category").unwrap();
    let (key, id) = (
        field(demo(), "orders.product_id"),
        field(demo(), "products.category"),
    );
    assert_eq!(category.reference, json!(["field", {"source-field": key}, id]));
    assert_eq!(
        (category.simple_type(), category.source_field_id),
        (Some("string"), Some(key))
    );
}

#[test]
fn every_wide_column_can_be_queried() {
    for table in &demo().model().tables {
        for wide in demo().wide_fields_of_table(table.id) {
            let query = json!({"stages": [{"source-table": table.id, "breakout": [wide.reference],
                "aggregation": [["count", {}]], "limit": 1}]});
            super::kit::rows(demo(), &query);
        }
    }
    for card in demo()
        .model()
        .cards
        .iter()
        .filter(|card| card.kind.as_str() == "model")
    {
        for wide in demo().wide_fields_of_card(card).unwrap() {
            let query =
                json!({"stages": [{"source-card": card.id, "breakout": [wide.reference], "limit": 1}]});
            super::kit::rows(demo(), &query);
        }
    }
}

#[test]
fn a_metric_offers_what_it_aggregates() {
    let revenue = demo()
        .model()
        .cards
        .iter()
        .find(|card| card.name == "Revenue")
        .unwrap();
    let wide = demo().wide_fields_of_card(revenue).unwrap();
    assert_eq!(wide, demo().wide_fields_of_table(table(demo(), "orders")));
    let at = demo().default_time_dimension(revenue).unwrap();
    assert_eq!(wide[at].name, "created_at");
    let active = demo()
        .model()
        .cards
        .iter()
        .find(|card| card.name == "Active subscriptions")
        .unwrap();
    assert_eq!(demo().default_time_dimension(active), None);
}

#[test]
fn values_are_sorted_and_cut_in_sight() {
    let status = demo().field_values(field(demo(), "orders.status"), 30).unwrap();
    assert_eq!(
        json!(status.values),
        json!([["cancelled"], ["completed"], ["pending"], ["refunded"]])
    );
    assert!(!status.has_more_values);
    let cut = demo().field_values(field(demo(), "orders.status"), 2).unwrap();
    assert_eq!((cut.values.len(), cut.has_more_values), (2, true));
    assert_eq!(cut.statistics["distinct-count"], json!(4));
}

#[test]
fn statistics_by_type() {
    let one = |sql: &str| native(demo(), sql)[0][0].clone();
    let total = demo()
        .field_values(field(demo(), "orders.total"), 1)
        .unwrap()
        .statistics;
    assert_eq!(total["min"], one("SELECT MIN(total) FROM orders"));
    assert_eq!(total["max"], one("SELECT MAX(total) FROM orders"));
    assert!(
        (total["avg"].as_f64().unwrap() - one("SELECT AVG(total) FROM orders").as_f64().unwrap()).abs()
            < 1e-9
    );
    assert!(total["q1"].as_f64() < total["q3"].as_f64() && total["sd"].as_f64() > Some(0.0));
    let discount = demo()
        .field_values(field(demo(), "orders.discount"), 1)
        .unwrap()
        .statistics;
    assert_eq!(
        discount["percent-null"],
        one("SELECT AVG(discount IS NULL) FROM orders")
    );
    let at = demo()
        .field_values(field(demo(), "orders.created_at"), 1)
        .unwrap()
        .statistics;
    assert!(at["earliest"].as_str().unwrap().starts_with("2022-01-01T"));
    assert!(at["latest"].as_str().unwrap().starts_with("2026-06-30T"));
    let status = demo()
        .field_values(field(demo(), "orders.status"), 1)
        .unwrap()
        .statistics;
    assert!(status["average-length"].as_f64() > Some(8.0) && status.get("min").is_none());
    assert!(demo().field_values(9_999, 1).is_err());
}
