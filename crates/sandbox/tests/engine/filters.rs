//! Every filter against hand-written SQL on the same database.

use cardinal_sandbox::query::RowLimits;
use serde_json::{Value, json};

use super::kit::{demo, field, native, rows, table};

/// How many orders a filter keeps, and how many the SQL condition keeps.
fn same(filter: &Value, condition: &str) {
    on("orders", filter, condition);
}

fn on(name: &str, filter: &Value, condition: &str) {
    let world = demo();
    let query = json!({"stages": [{"source-table": table(world, name), "filters": [filter],
        "aggregation": [["count", {}]]}]});
    let sql = format!("SELECT COUNT(*) FROM {name} WHERE {condition}");
    let (got, wanted) = (rows(world, &query), native(world, &sql));
    assert_eq!(got, wanted, "{filter} against {condition}");
    assert_ne!(
        wanted[0][0],
        json!(0),
        "{condition} keeps nothing, so it proves nothing"
    );
}

fn f(path: &str) -> Value {
    json!(["field", {}, field(demo(), path)])
}

fn bucket(path: &str, unit: &str) -> Value {
    json!(["field", {"temporal-unit": unit}, field(demo(), path)])
}

#[test]
fn comparisons() {
    let total = || f("orders.total");
    same(
        &json!(["=", {}, f("orders.status"), "refunded"]),
        "status = 'refunded'",
    );
    same(
        &json!(["=", {}, f("orders.status"), "refunded", "cancelled"]),
        "status IN ('refunded', 'cancelled')",
    );
    same(
        &json!(["in", {}, f("orders.status"), ["refunded", "pending"]]),
        "status IN ('refunded', 'pending')",
    );
    same(
        &json!(["!=", {}, f("orders.status"), "completed"]),
        "status <> 'completed'",
    );
    same(
        &json!(["not-in", {}, f("orders.status"), "completed", "refunded"]),
        "status NOT IN ('completed','refunded')",
    );
    same(&json!(["<", {}, total(), 50]), "total < 50");
    same(&json!(["<=", {}, total(), 50]), "total <= 50");
    same(&json!([">", {}, total(), 500.5]), "total > 500.5");
    same(&json!([">=", {}, total(), "500"]), "total >= 500");
    same(
        &json!(["between", {}, f("orders.quantity"), 2, 4]),
        "quantity BETWEEN 2 AND 4",
    );
    same(
        &json!([">", {}, total(), f("orders.subtotal")]),
        "total > subtotal",
    );
}

#[test]
fn rows_without_a_value_are_not_equal_to_one() {
    same(
        &json!(["!=", {}, f("orders.discount"), 5]),
        "discount IS NULL OR discount <> 5",
    );
    on(
        "people",
        &json!(["does-not-contain", {}, f("people.state"), "T"]),
        "state IS NULL OR state NOT LIKE '%T%'",
    );
}

#[test]
fn a_bucket_is_compared_with_a_month_or_year_as_written() {
    let by = |unit: &str| bucket("orders.created_at", unit);
    same(
        &json!(["=", {}, by("month"), "2024-05"]),
        "strftime('%Y-%m', created_at) = '2024-05'",
    );
    same(
        &json!(["=", {}, by("year"), "2024"]),
        "strftime('%Y', created_at) = '2024'",
    );
    same(
        &json!([">", {}, by("month"), "2025-11"]),
        "created_at >= '2025-12-01'",
    );
}

#[test]
fn existence() {
    same(&json!(["is-null", {}, f("orders.discount")]), "discount IS NULL");
    same(
        &json!(["not-null", {}, f("orders.discount")]),
        "discount IS NOT NULL",
    );
    same(&json!(["=", {}, f("orders.discount"), null]), "discount IS NULL");
    on(
        "people",
        &json!(["is-empty", {}, f("people.state")]),
        "state IS NULL OR state = ''",
    );
    on(
        "people",
        &json!(["not-empty", {}, f("people.state")]),
        "state <> ''",
    );
    on(
        "accounts",
        &json!(["=", {}, f("accounts.active_subscription"), true]),
        "active_subscription = 1",
    );
    on(
        "accounts",
        &json!(["!=", {}, f("accounts.trial_converted"), true]),
        "trial_converted = 0",
    );
}

#[test]
fn text_is_matched_without_case_and_without_wildcards() {
    on(
        "products",
        &json!(["contains", {}, f("products.title"), "LAMP"]),
        "title LIKE '%lamp%'",
    );
    on(
        "products",
        &json!(["contains", {}, f("products.title"), "lamp", "tent"]),
        "title LIKE '%lamp%' OR title LIKE '%tent%'",
    );
    on(
        "products",
        &json!(["starts-with", {}, f("products.vendor"), "müller"]),
        "vendor = 'Müller & Söhne'",
    );
    on(
        "products",
        &json!(["ends-with", {}, f("products.vendor"), "PEÑA"]),
        "vendor = 'Casa Peña'",
    );
    on(
        "products",
        &json!(["does-not-contain", {}, f("products.title"), "lamp"]),
        "title NOT LIKE '%lamp%'",
    );
    let sensitive = json!({"case-sensitive": true});
    on(
        "products",
        &json!(["contains", sensitive, f("products.title"), "Lamp"]),
        "instr(title, 'Lamp') > 0",
    );
    let percent = json!({"stages": [{"source-table": table(demo(), "products"),
        "filters": [["contains", {}, f("products.title"), "%"]], "aggregation": [["count", {}]]}]});
    assert_eq!(rows(demo(), &percent), vec![vec![json!(0)]]);
}

#[test]
fn days_and_moments() {
    let at = || f("orders.created_at");
    same(
        &json!(["=", {}, at(), "2025-12-01"]),
        "date(created_at) = '2025-12-01'",
    );
    same(
        &json!(["<=", {}, at(), "2025-12-01"]),
        "date(created_at) <= '2025-12-01'",
    );
    same(
        &json!([">", {}, at(), "2025-12-01"]),
        "date(created_at) > '2025-12-01'",
    );
    same(
        &json!(["between", {}, at(), "2025-01-01", "2025-01-31"]),
        "strftime('%Y-%m', created_at) = '2025-01'",
    );
    same(
        &json!(["<", {}, at(), "2025-12-01T12:00:00"]),
        "created_at < '2025-12-01 12:00:00'",
    );
    same(
        &json!(["<", {}, at(), "2025-12-01T12:00:00+02:00"]),
        "created_at < '2025-12-01 10:00:00'",
    );
    same(
        &json!(["=", {}, bucket("orders.created_at", "month"), "2025-03-17"]),
        "strftime('%Y-%m', created_at) = '2025-03'",
    );
    same(
        &json!(["=", {}, bucket("orders.created_at", "year"), 2024]),
        "strftime('%Y', created_at) = '2024'",
    );
    same(
        &json!([">=", {}, bucket("orders.created_at", "quarter"), "2026-01-01"]),
        "created_at >= '2026-01-01'",
    );
    same(
        &json!(["=", {}, bucket("orders.created_at", "day-of-week"), 1]),
        "strftime('%w', created_at) = '0'",
    );
    same(
        &json!(["=", {}, ["get-month", {}, at()], 12]),
        "strftime('%m', created_at) = '12'",
    );
    same(
        &json!(["=", {}, ["get-day-of-week", {}, at(), "iso"], 1]),
        "strftime('%w', created_at) = '1'",
    );
    same(
        &json!(["!=", {}, ["get-quarter", {}, at()], 1]),
        "CAST(strftime('%m', created_at) AS INT) > 3",
    );
    same(
        &json!([">=", {}, ["get-hour", {}, at()], 20]),
        "CAST(strftime('%H', created_at) AS INT) >= 20",
    );
    same(
        &json!(["=", {}, ["get-year", {}, at()], 2023, 2024]),
        "strftime('%Y', created_at) IN ('2023', '2024')",
    );
}

#[test]
fn periods_count_from_the_pinned_day() {
    let interval = |n: Value, unit: &str| json!(["time-interval", {}, f("orders.created_at"), n, unit]);
    same(
        &interval(json!(-30), "day"),
        "date(created_at) BETWEEN '2026-05-31' AND '2026-06-29'",
    );
    same(
        &interval(json!("current"), "month"),
        "strftime('%Y-%m', created_at) = '2026-06'",
    );
    same(
        &interval(json!("last"), "quarter"),
        "strftime('%Y-%m', created_at) BETWEEN '2026-01' AND '2026-03'",
    );
    same(
        &interval(json!(-1), "year"),
        "strftime('%Y', created_at) = '2025'",
    );
    // 2026-06-30 is a Tuesday; its week began on Sunday the 28th.
    same(&interval(json!(0), "week"), "date(created_at) >= '2026-06-28'");
    same(
        &interval(json!(-1), "week"),
        "date(created_at) BETWEEN '2026-06-21' AND '2026-06-27'",
    );
    let current = json!({"include-current": true});
    same(
        &json!(["time-interval", current, f("orders.created_at"), -2, "month"]),
        "strftime('%Y-%m', created_at) BETWEEN '2026-04' AND '2026-06'",
    );
}

#[test]
fn logic_and_segments() {
    let refunded = json!(["=", {}, f("orders.status"), "refunded"]);
    let web = json!(["=", {}, f("orders.channel"), "Web"]);
    same(
        &json!(["and", {}, refunded, web]),
        "status = 'refunded' AND channel = 'Web'",
    );
    same(
        &json!(["or", {}, refunded, web]),
        "status = 'refunded' OR channel = 'Web'",
    );
    same(
        &json!(["not", {}, ["or", {}, refunded, web]]),
        "NOT (status = 'refunded' OR channel = 'Web')",
    );
    let large = demo()
        .model()
        .segments
        .iter()
        .find(|segment| segment.name == "Large orders")
        .unwrap();
    same(&json!(["segment", {}, large.id]), "total >= 300");
}

#[test]
fn what_does_not_fit_is_an_invalid_query() {
    let wrong = [
        json!(["=", {}, f("orders.created_at"), "soon"]),
        json!(["=", {}, f("orders.created_at"), 7]),
        json!(["=", {}, ["field", {"temporal-unit": "month"}, field(demo(), "orders.total")], "2025-01-01"]),
        json!(["=", {}, ["field", {}, 9_999], 1]),
        json!(["=", {}, f("people.country"), "US"]),
        json!(["segment", {}, 9_999]),
        json!(["levitate", {}, f("orders.total")]),
        json!("total > 1"),
        json!(["=", {}, f("orders.total"), {"a": 1}]),
    ];
    for filter in wrong {
        let query = json!({"stages": [{"source-table": table(demo(), "orders"), "filters": [filter]}]});
        let failure = demo().run(&query, RowLimits::AGENT).unwrap_err();
        assert_eq!(
            (failure.error_type, failure.status),
            (Some("invalid-query"), 400),
            "{filter}: {failure}"
        );
    }
}

#[test]
fn values_are_bound_and_never_pasted() {
    let query = json!({"stages": [{"source-table": table(demo(), "orders"),
        "filters": [["=", {}, f("orders.status"), "x'; DROP TABLE orders; --"]]}]});
    let result = demo().run(&query, RowLimits::AGENT).unwrap();
    assert!(result.rows.is_empty());
    assert!(!result.native_sql.contains("DROP"), "{}", result.native_sql);
    assert_eq!(result.native_params, vec![json!("x'; DROP TABLE orders; --")]);
}
