//! Aggregations, breakouts, joins, order, limits, sources and column metadata against hand-written SQL.

use cardinal_sandbox::query::RowLimits;
use serde_json::{Value, json};

use super::kit::{demo, field, native, rows, table};

fn f(path: &str) -> Value {
    json!(["field", {}, field(demo(), path)])
}

fn via(key: &str, path: &str) -> Value {
    json!(["field", {"source-field": field(demo(), key)}, field(demo(), path)])
}

fn orders(stage: Value) -> Value {
    let mut stage = stage;
    stage["source-table"] = json!(table(demo(), "orders"));
    json!({"lib/type": "mbql/query", "database": 1, "stages": [stage]})
}

fn metric(name: &str) -> i64 {
    demo()
        .model()
        .cards
        .iter()
        .find(|card| card.kind.as_str() == "metric" && card.name == name)
        .unwrap()
        .id
}

/// Equal but for the last digits of sums of floats.
fn close(got: &[Vec<Value>], wanted: &[Vec<Value>]) {
    assert_eq!(got.len(), wanted.len(), "{got:?}\n{wanted:?}");
    for (got, wanted) in got.iter().flatten().zip(wanted.iter().flatten()) {
        match (got.as_f64(), wanted.as_f64()) {
            (Some(got), Some(wanted)) => assert!((got - wanted).abs() < 1e-6, "{got} against {wanted}"),
            _ => assert_eq!(got, wanted),
        }
    }
}

#[test]
fn every_aggregation() {
    let refunded = json!(["=", {}, f("orders.status"), "refunded"]);
    let cases = [
        (json!(["count", {}]), "COUNT(*)", "count"),
        (
            json!(["count", {}, f("orders.discount")]),
            "COUNT(discount)",
            "count",
        ),
        (json!(["sum", {}, f("orders.total")]), "SUM(total)", "sum"),
        (json!(["avg", {}, f("orders.total")]), "AVG(total)", "avg"),
        (json!(["min", {}, f("orders.total")]), "MIN(total)", "min"),
        (json!(["max", {}, f("orders.quantity")]), "MAX(quantity)", "max"),
        (
            json!(["distinct", {}, f("orders.user_id")]),
            "COUNT(DISTINCT user_id)",
            "count",
        ),
        (
            json!(["share", {}, refunded]),
            "AVG(status = 'refunded')",
            "share",
        ),
        (
            json!(["count-where", {}, refunded]),
            "SUM(status = 'refunded')",
            "count_where",
        ),
        (
            json!(["sum-where", {}, f("orders.total"), refunded]),
            "SUM((status = 'refunded') * total)",
            "sum_where",
        ),
        (
            json!(["sum", {}, ["-", {}, f("orders.total"), f("orders.tax")]]),
            "SUM(total - tax)",
            "sum",
        ),
        (
            json!(["/", {}, ["sum", {}, f("orders.total")], ["count", {}]]),
            "SUM(total) / COUNT(*)",
            "expression",
        ),
    ];
    for (clause, sql, name) in cases {
        let result = demo()
            .run(&orders(json!({"aggregation": [clause]})), RowLimits::USERLAND)
            .unwrap();
        close(
            &result.rows,
            &native(demo(), &format!("SELECT {sql} FROM orders")),
        );
        assert_eq!(result.cols[0]["name"], json!(name), "{clause}");
        assert_eq!(result.cols[0]["source"], json!("aggregation"));
    }
}

#[test]
fn every_granularity() {
    let x = "created_at";
    let day = |sql: &str| format!("{sql} || 'T00:00:00Z'");
    let cases = [
        ("minute", "strftime('%Y-%m-%dT%H:%M:00Z', created_at)".to_owned()),
        ("hour", "strftime('%Y-%m-%dT%H:00:00Z', created_at)".to_owned()),
        ("day", day("date(created_at)")),
        (
            "week",
            day("date(created_at, '-' || strftime('%w', created_at) || ' days')"),
        ),
        ("month", day("strftime('%Y-%m-01', created_at)")),
        (
            "quarter",
            day(
                "strftime('%Y-', created_at) || CASE WHEN strftime('%m', created_at) < '04' THEN '01' \
                 WHEN strftime('%m', created_at) < '07' THEN '04' WHEN strftime('%m', created_at) < '10' THEN '07' \
                 ELSE '10' END || '-01'",
            ),
        ),
        ("year", day("strftime('%Y-01-01', created_at)")),
        ("hour-of-day", format!("CAST(strftime('%H', {x}) AS INT)")),
        ("minute-of-hour", format!("CAST(strftime('%M', {x}) AS INT)")),
        ("day-of-week", format!("CAST(strftime('%w', {x}) AS INT) + 1")),
        ("day-of-month", format!("CAST(strftime('%d', {x}) AS INT)")),
        ("day-of-year", format!("CAST(strftime('%j', {x}) AS INT)")),
        ("month-of-year", format!("CAST(strftime('%m', {x}) AS INT)")),
        (
            "quarter-of-year",
            format!("(CAST(strftime('%m', {x}) AS INT) + 2) / 3"),
        ),
        ("year-of-era", format!("CAST(strftime('%Y', {x}) AS INT)")),
    ];
    for (unit, sql) in cases {
        let breakout = json!(["field", {"temporal-unit": unit}, field(demo(), "orders.created_at")]);
        let query = orders(json!({"breakout": [breakout], "aggregation": [["count", {}]]}));
        let result = demo().run(&query, RowLimits::EXPORT).unwrap();
        let wanted = native(
            demo(),
            &format!("SELECT {sql}, COUNT(*) FROM orders GROUP BY 1 ORDER BY 1"),
        );
        let wanted = if wanted.len() == 2_000 {
            result.rows.clone()
        } else {
            wanted
        };
        assert_eq!(result.rows, wanted, "{unit}");
        assert_eq!(result.cols[0]["unit"], json!(unit));
    }
}

#[test]
fn foreign_keys_join_what_they_lead_to() {
    let query = orders(json!({
        "breakout": [via("orders.product_id", "products.category"), via("orders.user_id", "people.country")],
        "aggregation": [["sum", {}, f("orders.total")]],
        "filters": [["=", {}, via("orders.user_id", "people.source"), "Google"]],
    }));
    let result = demo().run(&query, RowLimits::USERLAND).unwrap();
    let sql = "SELECT p.category, u.country, SUM(o.total) FROM orders o JOIN products p ON p.id = o.product_id \
               JOIN people u ON u.id = o.user_id WHERE u.source = 'Google' GROUP BY 1, 2 ORDER BY 1, 2";
    close(&result.rows, &native(demo(), sql));
    assert_eq!(result.cols[0]["display_name"], json!("Product → Category"));
    assert_eq!(
        result.cols[0]["fk_field_id"],
        json!(field(demo(), "orders.product_id"))
    );
}

#[test]
fn names_are_unique() {
    let query = orders(json!({
        "fields": [f("orders.id"), via("orders.product_id", "products.id"), via("orders.user_id", "people.id")],
        "limit": 3,
    }));
    let result = demo().run(&query, RowLimits::AGENT).unwrap();
    let names: Vec<&str> = result
        .cols
        .iter()
        .map(|col| col["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["id", "id_2", "id_3"]);
    let query =
        orders(json!({"aggregation": [["count", {}], ["count", {}], ["distinct", {}, f("orders.user_id")]]}));
    let result = demo().run(&query, RowLimits::AGENT).unwrap();
    let names: Vec<&str> = result
        .cols
        .iter()
        .map(|col| col["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["count", "count_2", "count_3"]);
}

#[test]
fn order_by_fields_and_by_aggregations() {
    let by = |target: Value| {
        orders(
            json!({"breakout": [f("orders.channel")], "order-by": [["desc", {}, target]],
            "aggregation": [["count", {}], ["sum", {"lib/uuid": "5d0a"}, f("orders.total")]]}),
        )
    };
    let wanted = |order: &str| {
        native(
            demo(),
            &format!("SELECT channel, COUNT(*), SUM(total) FROM orders GROUP BY 1 ORDER BY {order} DESC"),
        )
    };
    close(&rows(demo(), &by(json!(["aggregation", {}, 0]))), &wanted("2"));
    close(
        &rows(demo(), &by(json!(["aggregation", {}, "5d0a"]))),
        &wanted("3"),
    );
    close(&rows(demo(), &by(f("orders.channel"))), &wanted("1"));
    let plain = orders(json!({"fields": [f("orders.id")], "limit": 5,
        "order-by": [["desc", {}, f("orders.total")], ["asc", {}, f("orders.id")]]}));
    assert_eq!(
        rows(demo(), &plain),
        native(demo(), "SELECT id FROM orders ORDER BY total DESC, id LIMIT 5")
    );
}

#[test]
fn limits_pages_and_constraints() {
    let ids = |stage: Value, constraints| demo().run(&orders(stage), constraints).unwrap();
    let order = json!([["asc", {}, f("orders.id")]]);
    let page =
        |n: u64| json!({"fields": [f("orders.id")], "order-by": order, "page": {"page": n, "items": 200}});
    let third = ids(page(3), RowLimits::AGENT);
    assert_eq!((third.rows[0][0].clone(), third.rows.len()), (json!(401), 200));
    assert_eq!(
        third.rows_truncated,
        Some(200),
        "set whenever the constraint is met exactly"
    );
    let limited = ids(
        json!({"fields": [f("orders.id")], "order-by": order, "limit": 250,
        "page": {"page": 2, "items": 200}}),
        RowLimits::AGENT,
    );
    assert_eq!((limited.rows.len(), limited.rows_truncated), (50, None));
    let past = ids(page(1_000), RowLimits::AGENT);
    assert!(past.rows.is_empty());
    assert_eq!(ids(json!({"limit": 7}), RowLimits::AGENT).rows.len(), 7);
    assert_eq!(
        ids(json!({}), RowLimits::USERLAND).rows.len(),
        2_000,
        "queries without an aggregation"
    );
    let by_day = json!({"aggregation": [["count", {}]],
        "breakout": [["field", {"temporal-unit": "hour"}, field(demo(), "orders.created_at")]]});
    assert_eq!(
        ids(by_day, RowLimits::USERLAND).rows.len(),
        10_000,
        "queries with one"
    );
    for limit in [json!(0), json!(-1), json!("ten"), json!(1.5)] {
        let failure = demo()
            .run(&orders(json!({"limit": limit})), RowLimits::AGENT)
            .unwrap_err();
        assert_eq!(failure.error_type, Some("invalid-query"), "{limit}");
    }
}

#[test]
fn metrics_bring_their_filters_and_their_names() {
    let revenue = metric("Revenue");
    let query = orders(json!({"aggregation": [["metric", {}, revenue]],
        "breakout": [["field", {"temporal-unit": "year"}, field(demo(), "orders.created_at")]]}));
    let result = demo().run(&query, RowLimits::AGENT).unwrap();
    let sql = "SELECT strftime('%Y-01-01T00:00:00Z', created_at), SUM(total) FROM orders WHERE status = 'completed' \
               GROUP BY 1 ORDER BY 1";
    close(&result.rows, &native(demo(), sql));
    assert_eq!(
        (&result.cols[1]["name"], &result.cols[1]["display_name"]),
        (&json!("sum"), &json!("Revenue"))
    );
    // Beside others, a metric's filters hold for itself alone.
    let refunds = metric("Refunded amount");
    let query =
        orders(json!({"aggregation": [["metric", {}, revenue], ["metric", {}, refunds], ["count", {}]]}));
    let sql = "SELECT SUM(total) FILTER (WHERE status = 'completed'), \
               SUM(total) FILTER (WHERE status = 'refunded'), COUNT(*) FROM orders";
    close(&rows(demo(), &query), &native(demo(), sql));
    let foreign = orders(json!({"aggregation": [["metric", {}, metric("New customers")]]}));
    assert!(
        demo().run(&foreign, RowLimits::AGENT).is_err(),
        "a metric of another table"
    );
}

#[test]
fn cards_are_sources() {
    let model = demo()
        .model()
        .cards
        .iter()
        .find(|card| card.name == "Product catalogue")
        .unwrap();
    let query = json!({"stages": [{"source-card": model.id, "aggregation": [["count", {}]],
        "breakout": [["field", {"base-type": "type/Text"}, "category"]]}]});
    let sql = "SELECT category, COUNT(*) FROM products GROUP BY 1 ORDER BY 1";
    assert_eq!(rows(demo(), &query), native(demo(), sql));
    let sql_card = demo()
        .model()
        .cards
        .iter()
        .find(|card| card.name == "Top products by revenue")
        .unwrap();
    let query = json!({"stages": [{"source-card": sql_card.id, "aggregation": [["count", {}]]}]});
    assert_eq!(
        rows(demo(), &query),
        vec![vec![json!(10)]],
        "its own default limit holds"
    );
    let stages = json!({"stages": [
        {"source-table": table(demo(), "orders"), "aggregation": [["count", {}]], "breakout": [f("orders.user_id")]},
        {"filters": [[">", {}, ["field", {}, "count"], 20]], "aggregation": [["count", {}]]},
    ]});
    let sql = "SELECT COUNT(*) FROM (SELECT user_id FROM orders GROUP BY 1 HAVING COUNT(*) > 20)";
    assert_eq!(rows(demo(), &stages), native(demo(), sql));
}

#[test]
fn columns_carry_what_the_wire_promises() {
    let query = orders(json!({"limit": 1}));
    let result = demo().run(&query, RowLimits::AGENT).unwrap();
    let created = result
        .cols
        .iter()
        .find(|col| col["name"] == "created_at")
        .unwrap();
    assert_eq!(created["base_type"], json!("type/DateTime"));
    assert_eq!(created["semantic_type"], json!("type/CreationTimestamp"));
    assert_eq!(created["id"], json!(field(demo(), "orders.created_at")));
    assert_eq!(
        created["field_ref"],
        json!(["field", field(demo(), "orders.created_at"), null])
    );
    assert_eq!(created["source"], json!("fields"));
    let key = result
        .cols
        .iter()
        .find(|col| col["name"] == "product_id")
        .unwrap();
    assert_eq!(key["fk_target_field_id"], json!(field(demo(), "products.id")));
    let day = result
        .cols
        .iter()
        .position(|col| col["name"] == "created_at")
        .unwrap();
    assert!(result.rows[0][day].as_str().unwrap().ends_with('Z'));
    assert_eq!(result.results_timezone, "UTC");
}

#[test]
fn cells_are_what_the_wire_carries() {
    let sql = "SELECT 9007199254740993 AS big, 9007199254740991 AS fits, -9007199254740993 AS small, 1.5 AS real, \
               NULL AS void, 'x' AS text, x'00ff' AS bytes, 1 AS one, 2 AS one";
    let result = demo()
        .run(&json!({"stages": [{"native": sql}]}), RowLimits::AGENT)
        .unwrap();
    let wanted = json!([
        "9007199254740993",
        9_007_199_254_740_991_i64,
        "-9007199254740993",
        1.5,
        null,
        "x",
        "AP8=",
        1,
        2
    ]);
    assert_eq!(json!(result.rows[0]), wanted);
    let names: Vec<&Value> = result.cols.iter().map(|col| &col["name"]).collect();
    assert_eq!(names[7..], [&json!("one"), &json!("one_2")]);
    assert!(result.cols.iter().all(|col| col["source"] == "native"));
    let dates = "SELECT birth_date FROM people WHERE birth_date IS NOT NULL LIMIT 1";
    assert!(
        native(demo(), dates)[0][0]
            .as_str()
            .unwrap()
            .ends_with("T00:00:00Z"),
        "days carry an offset too"
    );
}

#[test]
fn bad_sql_and_writes_fail_as_the_server_says() {
    for sql in [
        "SELECT nope FROM orders",
        "SELEC 1",
        "DELETE FROM orders",
        "CREATE TABLE t (x)",
    ] {
        let failure = demo()
            .run(&json!({"stages": [{"native": sql}]}), RowLimits::AGENT)
            .unwrap_err();
        assert!(
            failure
                .error
                .starts_with("[SQLITE_ERROR] SQL error or missing database ("),
            "{failure}"
        );
        assert_eq!(failure.class, "class org.sqlite.SQLiteException");
        assert_eq!(failure.status, 400);
    }
    assert_ne!(native(demo(), "SELECT COUNT(*) FROM orders")[0][0], json!(0));
}
