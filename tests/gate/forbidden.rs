//! Forbidden calls by rule: each rule takes a right call and breaks it in one way.

use cardinal::model::ToolCall;
use serde_json::{Value, json};

use super::fixture::call;

/// A forbidden call and the rule it breaks.
pub(super) type Forbidden = (String, ToolCall);

/// Right calls that the rules break; each has to pass the gate as it stands.
pub(super) fn right() -> Vec<(&'static str, Value)> {
    vec![
        (
            "run_card",
            json!({"card_id": 7, "parameters": {"status": "paid", "when": "past30days"}}),
        ),
        (
            "query_metric",
            json!({"metric_id": 12, "group_by": [{"dimension": "created_at", "granularity": "month"}],
                "filters": [{"dimension": "User.state", "operation": "equals", "values": ["CA"]}],
                "order": "desc", "limit": 5}),
        ),
        (
            "query_table",
            json!({"table_id": 3, "aggregations": [{"function": "sum", "field": "total"}],
                "group_by": [{"dimension": "status"}], "order_by": [{"field": "status", "direction": "asc"}],
                "filters": [{"segment": "Large"}], "limit": 10}),
        ),
        ("describe", json!({"kind": "metric", "id": 12})),
        ("field_values", json!({"kind": "card", "id": 7, "name": "status"})),
        (
            "ask_user",
            json!({"question": "Which year?", "options": ["2023", "2024"]}),
        ),
        (
            "cannot_answer",
            json!({"reason": "No weather here.", "nearest": ["Revenue"]}),
        ),
    ]
}

/// All of them.
pub(super) fn all() -> Vec<Forbidden> {
    let mut all = Vec::new();
    tools(&mut all);
    ids(&mut all);
    keys(&mut all);
    code(&mut all);
    names(&mut all);
    limits(&mut all);
    operations(&mut all);
    values(&mut all);
    json_text(&mut all);
    all
}

fn with(mut arguments: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    arguments.pointer_mut(parent).unwrap()[key] = value;
    arguments
}

fn tools(all: &mut Vec<Forbidden>) {
    let names = [
        "",
        " ",
        "run_card ",
        "Run_Card",
        "RUN_CARD",
        "run-card",
        "runCard",
        "run_cards",
        "card",
        "query",
        "sql",
        "run_sql",
        "execute_sql",
        "execute",
        "native_query",
        "construct_native_query",
        "create_card",
        "update_card",
        "delete_card",
        "archive",
        "search",
        "list_tables",
        "get_table",
        "run_python",
        "bash",
        "shell",
        "fetch",
        "http_get",
        "functions.run_card",
        "run_card\n",
        "run_card\u{0}",
        "run_сard",
        "tools/run_card",
        "../run_card",
        "more_rows",
        "web_search",
        "read_file",
        "write_file",
        "send_email",
        "eval",
        "default_api.run_card",
        "multi_tool_use.parallel",
        "query_dashboard",
        "create_dashboard",
        "grant",
        "login",
        "session",
        "exec",
        "update_metric",
        "export",
        "dump",
        "drop_table",
    ];
    for name in names {
        for (_, arguments) in right().into_iter().take(2) {
            all.push((format!("tool {name:?}"), call(name, arguments)));
        }
    }
    all.push((
        "tool of 10 MB".into(),
        call(&"x".repeat(10_000_000), json!({"card_id": 7})),
    ));
}

fn ids(all: &mut Vec<Forbidden>) {
    let bad = [
        "0",
        "-1",
        "-7",
        "1",
        "2",
        "4",
        "5",
        "6",
        "10",
        "11",
        "14",
        "99",
        "100",
        "1000",
        "4294967295",
        "4294967296",
        "4294967303",
        "9007199254740993",
        "18446744073709551615",
        "18446744073709551623",
        "1e3",
        "7.0",
        "7.5",
        "12.0",
        "3.0",
        "-0.0",
        "7e0",
        "0.7e1",
        "1e308",
        "\"7\"",
        "\"12\"",
        "\"3\"",
        "\" 7\"",
        "\"7.0\"",
        "\"0x7\"",
        "\"seven\"",
        "\"Orders\"",
        "\"Revenue\"",
        "\"\"",
        "\"7 OR 1=1\"",
        "\"7; DROP TABLE orders\"",
        "null",
        "true",
        "false",
        "[7]",
        "[12]",
        "[]",
        "{}",
        "{\"id\":7}",
        "[[7]]",
        "\"../7\"",
        "\"7/query\"",
        "\"*\"",
    ];
    let keys = [
        ("run_card", "card_id"),
        ("query_metric", "metric_id"),
        ("query_table", "table_id"),
        ("describe", "id"),
        ("field_values", "id"),
    ];
    for (tool, key) in keys {
        let (_, right) = right().into_iter().find(|(name, _)| *name == tool).unwrap();
        for id in bad {
            // Written by hand: a JSON value would not keep `7.0` and numbers beyond 64 bits as they are.
            let text = with(right.clone(), &format!("/{key}"), json!("@"))
                .to_string()
                .replace("\"@\"", id);
            all.push((format!("{tool} {key} {id}"), call(tool, text)));
        }
        let mut missing = right.clone();
        missing.as_object_mut().unwrap().remove(key);
        all.push((format!("{tool} without {key}"), call(tool, missing)));
    }
    for (tool, id) in [
        ("run_card", 12),
        ("run_card", 13),
        ("run_card", 3),
        ("query_metric", 7),
        ("query_table", 7),
        ("query_table", 12),
    ] {
        let key = keys.iter().find(|(name, _)| *name == tool).unwrap().1;
        all.push((
            format!("{tool} of another kind {id}"),
            call(tool, json!({ key: id })),
        ));
    }
    for kind in [
        "dashboard",
        "Card",
        "cards",
        "collection",
        "database",
        "",
        "user",
        "segment",
        "model",
        "card\u{0}",
    ] {
        all.push((
            format!("kind {kind:?}"),
            call("describe", json!({"kind": kind, "id": 7})),
        ));
        all.push((
            format!("kind {kind:?}"),
            call("field_values", json!({"kind": kind, "id": 7, "name": "status"})),
        ));
    }
}

fn keys(all: &mut Vec<Forbidden>) {
    let extra = [
        "sql",
        "query",
        "native",
        "database",
        "database_id",
        "id ",
        "Card_id",
        "cardId",
        "limit ",
        "offset",
        "joins",
        "expressions",
        "source",
        "token",
        "continuation_token",
        "ignore_cache",
        "dashboard_id",
        "__proto__",
        "constructor",
        "",
        "\u{0}",
        "path",
        "url",
        "headers",
    ];
    let places = [
        ("run_card", ""),
        ("query_metric", ""),
        ("query_metric", "/group_by/0"),
        ("query_metric", "/filters/0"),
        ("query_table", ""),
        ("query_table", "/aggregations/0"),
        ("query_table", "/group_by/0"),
        ("query_table", "/filters/0"),
        ("query_table", "/order_by/0"),
        ("describe", ""),
        ("field_values", ""),
        ("ask_user", ""),
        ("cannot_answer", ""),
    ];
    for (tool, place) in places {
        let (_, right) = right().into_iter().find(|(name, _)| *name == tool).unwrap();
        for key in extra {
            let mut broken = right.clone();
            broken.pointer_mut(place).unwrap()[key] = json!("SELECT 1");
            all.push((format!("{tool} extra key {place}/{key}"), call(tool, broken)));
        }
    }
}

const CODE: &[&str] = &[
    "1; DROP TABLE orders",
    "paid'; DROP TABLE orders;--",
    "' OR '1'='1",
    "' OR 1=1 --",
    "x' OR 1=1#",
    "\" OR \"\"=\"",
    "') OR ('a'='a",
    "' UNION SELECT password FROM users --",
    "1 UNION ALL SELECT NULL,NULL",
    "(SELECT password FROM users LIMIT 1)",
    "SELECT * FROM orders",
    "select id from people",
    "DELETE FROM orders",
    "INSERT INTO orders VALUES (1)",
    "UPDATE orders SET total = 0",
    "DROP   TABLE\torders",
    "'; EXEC xp_cmdshell('dir'); --",
    "'; WAITFOR DELAY '0:0:5'--",
    "1 AND pg_sleep(5)",
    "paid/**/OR/**/1=1",
    "{{snippet: all}}",
    "[[ AND 1=1 ]]",
    "{{#7}}",
    "'; ATTACH DATABASE 'x' AS y; --",
    "' || (SELECT sqlite_version()) || '",
    "x'; UPDATE orders SET total=0 WHERE 'a'='a",
    "a' AND total > 0 --",
    "paid'--",
    "' HAVING 1=1--",
    "table_name FROM information_schema.tables",
];

fn code(all: &mut Vec<Forbidden>) {
    for text in CODE {
        for slug in [
            "status",
            "customer",
            "least_total",
            "total",
            "day",
            "when",
            "quarter",
            "gift",
            "note",
            "unit",
            "product",
        ] {
            let arguments = json!({"card_id": 7, "parameters": {slug: text}});
            all.push((format!("code in {slug}: {text}"), call("run_card", arguments)));
            if matches!(slug, "status" | "customer" | "product" | "total") {
                let arguments = json!({"card_id": 7, "parameters": {slug: [text, text]}});
                all.push((
                    format!("code in a list in {slug}: {text}"),
                    call("run_card", arguments),
                ));
            }
        }
        for dimension in [
            "id",
            "total",
            "status",
            "note",
            "gift",
            "created_at",
            "ship_date",
            "opens_at",
            "extra",
        ] {
            let filter = json!({"dimension": dimension, "operation": "equals", "values": [text]});
            all.push((
                format!("code in filter on {dimension}: {text}"),
                call("query_table", json!({"table_id": 3, "filters": [filter]})),
            ));
        }
        all.push((
            format!("code as a dimension: {text}"),
            call(
                "query_metric",
                json!({"metric_id": 12, "group_by": [{"dimension": text}]}),
            ),
        ));
        all.push((
            format!("code as a slug: {text}"),
            call("run_card", json!({"card_id": 8, "parameters": {*text: 1}})),
        ));
    }
}

fn names(all: &mut Vec<Forbidden>) {
    let elsewhere = [
        "plan",
        "opened_on",
        "seats",
        "total",
        "status",
        "gift",
        "User.password",
        "User",
        "t3-0",
        "c12-1",
        "created_at ; x",
        "password",
        "*",
        "",
        "1",
        "User.state.x",
        "id",
        "ID",
        "Large",
        "Net revenue",
        "Product.vendor",
        "ship_date",
    ];
    for name in elsewhere {
        all.push((
            format!("dimension of another entry {name}"),
            call(
                "query_metric",
                json!({"metric_id": 12, "group_by": [{"dimension": name}]}),
            ),
        ));
        let filter = json!({"dimension": name, "operation": "is-null"});
        all.push((
            format!("filter on a dimension of another entry {name}"),
            call("query_metric", json!({"metric_id": 12, "filters": [filter]})),
        ));
        all.push((
            format!("values of another entry's {name}"),
            call("field_values", json!({"kind": "metric", "id": 12, "name": name})),
        ));
        all.push((
            format!("no such parameter {name}"),
            call("run_card", json!({"card_id": 8, "parameters": {name: 1}})),
        ));
        all.push((
            format!("no such segment {name}"),
            call(
                "query_metric",
                json!({"metric_id": 13, "filters": [{"segment": name}]}),
            ),
        ));
    }
    for name in [
        "User.state",
        "Product.category",
        "plan",
        "seats",
        "Revenue",
        "count(*)",
        "total + 1",
    ] {
        all.push((
            format!("no such field {name}"),
            call("query_table", json!({"table_id": 3, "fields": [name]})),
        ));
        all.push((
            format!("no such field {name}"),
            call(
                "query_table",
                json!({"table_id": 3, "order_by": [{"field": name, "direction": "asc"}]}),
            ),
        ));
        all.push((
            format!("no such field {name}"),
            call(
                "query_table",
                json!({"table_id": 3, "aggregations": [{"function": "sum", "field": name}]}),
            ),
        ));
        all.push((
            format!("no such measure {name}"),
            call(
                "query_table",
                json!({"table_id": 3, "aggregations": [{"measure": name}]}),
            ),
        ));
    }
    all.push((
        "an entry that is not there".into(),
        call(
            "cannot_answer",
            json!({"reason": "x", "nearest": ["Secret salaries"]}),
        ),
    ));
}

fn limits(all: &mut Vec<Forbidden>) {
    for limit in [
        "0",
        "-1",
        "-10",
        "10001",
        "1e9",
        "1.5",
        "5.0",
        "-0.0",
        "18446744073709551615",
        "\"10\"",
        "\"all\"",
        "true",
        "[]",
        "[5]",
        "{}",
    ] {
        for (tool, arguments) in [
            (
                "query_metric",
                r#"{"metric_id":12,"group_by":[{"dimension":"User.state"}],"limit":@}"#,
            ),
            ("query_table", r#"{"table_id":3,"limit":@}"#),
        ] {
            all.push((
                format!("{tool} limit {limit}"),
                call(tool, arguments.replace('@', limit)),
            ));
        }
    }
    let many = |count: usize, item: Value| Value::Array(vec![item; count]);
    let filter = json!({"dimension": "note", "operation": "is-null"});
    for (rule, arguments) in [
        ("21 filters", json!({"table_id": 3, "filters": many(21, filter)})),
        (
            "6 groups",
            json!({"table_id": 3, "aggregations": [{"function": "count"}], "group_by": many(6, json!({"dimension": "note"}))}),
        ),
        (
            "the same group twice",
            json!({"table_id": 3, "aggregations": [{"function": "count"}], "group_by": many(2, json!({"dimension": "note"}))}),
        ),
        (
            "the same field twice",
            json!({"table_id": 3, "fields": ["note", "note"]}),
        ),
        ("51 fields", json!({"table_id": 3, "fields": vec!["note"; 51]})),
        (
            "11 aggregations",
            json!({"table_id": 3, "aggregations": many(11, json!({"function": "count"}))}),
        ),
        (
            "groups without aggregations",
            json!({"table_id": 3, "group_by": [{"dimension": "note"}]}),
        ),
        (
            "fields with aggregations",
            json!({"table_id": 3, "fields": ["note"], "aggregations": [{"function": "count"}]}),
        ),
        (
            "order by what is not grouped",
            json!({"table_id": 3, "aggregations": [{"function": "count"}], "order_by": [{"field": "note", "direction": "asc"}]}),
        ),
        (
            "101 values",
            json!({"table_id": 3, "filters": [{"dimension": "id", "operation": "equals", "values": (0..101).collect::<Vec<_>>()}]}),
        ),
    ] {
        all.push((rule.into(), call("query_table", arguments)));
    }
    all.push((
        "order of one number".into(),
        call("query_metric", json!({"metric_id": 12, "order": "desc"})),
    ));
    all.push((
        "limit of one number".into(),
        call("query_metric", json!({"metric_id": 12, "limit": 5})),
    ));
}

fn operations(all: &mut Vec<Forbidden>) {
    let foreign = [
        (
            "id",
            vec![
                "string-contains",
                "is-true",
                "string-is-empty",
                "year-equals",
                "hour-equals",
            ],
        ),
        (
            "total",
            vec![
                "string-starts-with",
                "is-false",
                "month-equals",
                "string-is-not-empty",
            ],
        ),
        (
            "note",
            vec![
                "greater-than",
                "less-than",
                "is-true",
                "year-equals",
                "greater-than-or-equal",
            ],
        ),
        (
            "gift",
            vec![
                "equals",
                "not-equals",
                "greater-than",
                "string-contains",
                "year-equals",
            ],
        ),
        (
            "created_at",
            vec![
                "string-contains",
                "is-true",
                "string-is-empty",
                "string-ends-with",
            ],
        ),
        (
            "ship_date",
            vec![
                "hour-equals",
                "minute-equals",
                "second-not-equals",
                "is-true",
                "string-contains",
            ],
        ),
        (
            "opens_at",
            vec![
                "year-equals",
                "month-equals",
                "day-of-week-equals",
                "string-contains",
            ],
        ),
        (
            "extra",
            vec![
                "equals",
                "string-contains",
                "greater-than",
                "year-equals",
                "is-true",
            ],
        ),
    ];
    for (dimension, operations) in foreign {
        let unknown = [
            "between",
            "=",
            "eq",
            "Equals",
            "in",
            "like",
            "sql",
            "",
            "is_null",
            "contains",
            "time-interval",
        ];
        for operation in operations.into_iter().chain(unknown) {
            for values in [json!([]), json!([1]), json!(["2024-01-01"])] {
                let filter = json!({"dimension": dimension, "operation": operation, "values": values});
                all.push((
                    format!("{operation} on {dimension}"),
                    call("query_table", json!({"table_id": 3, "filters": [filter]})),
                ));
            }
        }
    }
    for (dimension, granularity) in [
        ("User.state", json!("month")),
        ("created_at", json!("decade")),
        ("created_at", json!("")),
        ("created_at", json!("MONTH")),
        ("created_at", json!(1)),
        ("created_at", json!(["month"])),
        ("created_at", Value::Null),
        ("created_at", json!("month-of-year")),
    ] {
        let group = json!({"dimension": dimension, "granularity": granularity});
        all.push((
            format!("granularity {granularity} on {dimension}"),
            call("query_metric", json!({"metric_id": 12, "group_by": [group]})),
        ));
    }
    for (function, field) in [
        ("sum", "status"),
        ("avg", "note"),
        ("sum", "created_at"),
        ("avg", "gift"),
        ("min", "note"),
        ("max", "gift"),
        ("sum", "extra"),
        ("count", "id"),
        ("median", "total"),
        ("percentile", "total"),
        ("SUM", "total"),
        ("", "total"),
        ("count-distinct", "extra"),
    ] {
        let aggregation = json!({"function": function, "field": field});
        all.push((
            format!("{function} of {field}"),
            call(
                "query_table",
                json!({"table_id": 3, "aggregations": [aggregation]}),
            ),
        ));
    }
    for aggregation in [
        json!({}),
        json!({"function": "sum"}),
        json!({"field": "total"}),
        json!({"function": "count", "measure": "Net revenue"}),
        json!({"measure": "Net revenue", "field": "total"}),
        json!("count"),
        json!(1),
        json!({"function": "count", "order": "up"}),
    ] {
        all.push((
            format!("aggregation {aggregation}"),
            call(
                "query_table",
                json!({"table_id": 3, "aggregations": [aggregation]}),
            ),
        ));
    }
}

fn values(all: &mut Vec<Forbidden>) {
    let long = "a".repeat(1_001);
    let cases = [
        (
            "status",
            vec![
                json!("lost"),
                json!(1),
                json!(true),
                json!({}),
                json!([]),
                json!([["paid"]]),
                json!(["paid", "lost"]),
                json!([null]),
            ],
        ),
        (
            "customer",
            vec![
                json!(long),
                json!("a\u{0}b"),
                json!("a\nb"),
                json!("\u{202e}abc"),
                json!(5),
                json!(false),
            ],
        ),
        (
            "least_total",
            vec![
                json!("abc"),
                json!("1,000"),
                json!("1e5"),
                json!("NaN"),
                json!("Infinity"),
                json!("-"),
                json!("0x10"),
                json!(""),
                json!(1e300),
                json!(1e-300),
                json!([1, 2]),
                json!(true),
                json!("10 USD"),
            ],
        ),
        (
            "total",
            vec![
                json!(5),
                json!([1]),
                json!([1, 2, 3]),
                json!([null, null]),
                json!([5, 1]),
                json!(["a", "b"]),
                json!("1~2"),
                json!([true, false]),
                json!([]),
            ],
        ),
        (
            "day",
            vec![
                json!("2024-13-01"),
                json!("2024-02-30"),
                json!("2024-1-1"),
                json!("01/02/2024"),
                json!("yesterday at noon"),
                json!("past30days"),
                json!("2024-01-01~2024-02-01"),
                json!(20_240_101),
                json!("2024-01-01'"),
                json!(""),
            ],
        ),
        (
            "when",
            vec![
                json!("2024-01-01~"),
                json!("~"),
                json!("2024-02-01~2024-01-01"),
                json!("past0days"),
                json!("pastdays"),
                json!("past30parsecs"),
                json!("last 30 days"),
                json!("2024-Q5"),
                json!("2024-00"),
                json!("thisday; x"),
                json!("now()"),
                json!(2024),
                json!(["2024-01-01", "2024-02-01"]),
                json!("past99999days"),
                json!("2024"),
            ],
        ),
        (
            "quarter",
            vec![
                json!("2024-Q0"),
                json!("Q5-2024"),
                json!("2024-05"),
                json!("Q1"),
                json!("q1-2024"),
                json!(1),
            ],
        ),
        ("gift", vec![json!("yes"), json!(1), json!(0), json!("")]),
        (
            "note",
            vec![json!(5), json!({"a": 1}), json!("\u{7}"), json!("x\u{2066}y")],
        ),
        (
            "unit",
            vec![json!("decade"), json!("Month"), json!(1), json!("month; drop")],
        ),
        (
            "product",
            vec![
                json!(true),
                json!([[1]]),
                json!({"id": 1}),
                json!(1e40),
                json!((0..101).collect::<Vec<_>>()),
            ],
        ),
    ];
    for (slug, values) in cases {
        for value in values {
            // An open range is one of the forms of `date/all-options`.
            if slug == "when" && value == json!("2024-01-01~") {
                continue;
            }
            all.push((
                format!("{slug} {value}"),
                call("run_card", json!({"card_id": 7, "parameters": {slug: value}})),
            ));
        }
    }
    for parameters in [
        json!([]),
        json!("status=paid"),
        json!(1),
        json!({"month": null}),
        json!({}),
    ] {
        all.push((
            format!("parameters {parameters}"),
            call("run_card", json!({"card_id": 9, "parameters": parameters})),
        ));
    }
    let filters = [
        (
            "created_at",
            "greater-than",
            vec![
                json!(["yesterday"]),
                json!([5]),
                json!(["2024-13-01"]),
                json!(["2024-01-01", "2024-02-01"]),
                json!([]),
                json!([null]),
                json!(["past30days"]),
                json!(["2024"]),
            ],
        ),
        (
            "created_at",
            "month-equals",
            vec![
                json!([0]),
                json!([13]),
                json!([1.5]),
                json!(["1st"]),
                json!([]),
                json!([-1]),
                json!([true]),
            ],
        ),
        (
            "created_at",
            "quarter-equals",
            vec![json!([0]), json!([5]), json!(["Q1"])],
        ),
        (
            "created_at",
            "day-of-week-equals",
            vec![json!([0]), json!([8]), json!(["Funday"])],
        ),
        ("created_at", "hour-equals", vec![json!([24]), json!([-1])]),
        (
            "created_at",
            "year-equals",
            vec![json!([0]), json!([10_000]), json!(["2O24"]), json!([2024.5])],
        ),
        (
            "created_at",
            "is-null",
            vec![json!([1]), json!([null]), json!(["x"])],
        ),
        (
            "total",
            "equals",
            vec![
                json!(["ten"]),
                json!([1e300]),
                json!([[1]]),
                json!([{}]),
                json!([true]),
                json!([null]),
            ],
        ),
        (
            "total",
            "greater-than",
            vec![json!([1, 2]), json!([]), json!(["abc"])],
        ),
        (
            "status",
            "equals",
            vec![
                json!(["lost"]),
                json!([1]),
                json!([]),
                json!([true]),
                json!(["paid", "lost"]),
            ],
        ),
        (
            "note",
            "string-contains",
            vec![json!([]), json!([1]), json!(["a\u{0}"]), json!([long])],
        ),
        (
            "opens_at",
            "equals",
            vec![json!(["25:00"]), json!(["noon"]), json!([12])],
        ),
    ];
    for (dimension, operation, cases) in filters {
        for values in cases {
            let filter = json!({"dimension": dimension, "operation": operation, "values": values});
            all.push((
                format!("{operation} on {dimension} with {values}"),
                call("query_table", json!({"table_id": 3, "filters": [filter]})),
            ));
        }
    }
    for (dimension, operation, bucket) in [
        ("note", "equals", "month"),
        ("created_at", "is-null", "month"),
        ("created_at", "equals", "decade"),
        ("ship_date", "equals", "hour"),
        ("total", "greater-than", "day"),
    ] {
        let filter = json!({"dimension": dimension, "operation": operation, "values": ["2024-01-01"], "bucket": bucket});
        all.push((
            format!("bucket {bucket} on {dimension}"),
            call("query_table", json!({"table_id": 3, "filters": [filter]})),
        ));
    }
    let questions = [
        json!(""),
        json!(" \n "),
        json!("x".repeat(1_001)),
        json!(1),
        Value::Null,
        json!([]),
    ];
    for question in questions {
        all.push(("question".into(), call("ask_user", json!({"question": question}))));
        all.push((
            "option".into(),
            call("ask_user", json!({"question": "Which?", "options": [question]})),
        ));
        all.push((
            "options".into(),
            call(
                "ask_user",
                json!({"question": "Which?", "options": vec!["a"; 11]}),
            ),
        ));
        all.push((
            "reason".into(),
            call("cannot_answer", json!({"reason": [question]})),
        ));
    }
}

fn json_text(all: &mut Vec<Forbidden>) {
    let mut texts: Vec<(String, String)> = [
        "null",
        "7",
        "\"card_id\"",
        "[]",
        "[{\"card_id\":7}]",
        "{",
        "}",
        "{\"card_id\":7",
        "{\"card_id\":}",
        "{'card_id':7}",
        "{card_id:7}",
        "{\"card_id\":NaN}",
        "{\"card_id\":Infinity}",
        "{\"card_id\":-Infinity}",
        "{\"card_id\":7,}",
        "{\"card_id\":7}{\"card_id\":8}",
        "{\"card_id\":7} trailing",
        "{\"card_id\":7,\"card_id\":8}",
        "{\"card_id\":1e999}",
        "{\"card_id\":07}",
        "{\"card_id\":+7}",
        "{\"card_id\":0x7}",
        "card_id=7",
        "<card_id>7</card_id>",
        "```json\n{\"card_id\":7}\n```",
        "{\"card_id\":7,\"parameters\":{\"status\":\"paid\",\"status\":\"shipped\"}}",
        "{\"\\u0063ard_id\":7,\"card_id\":7}",
        "\u{feff}{\"card_id\":7}",
        "{\"card_id\":7,\"parameters\":{\"status\":\"\\ud800\"}}",
        "// c\n{\"card_id\":7}",
        "undefined",
        "true",
        "",
    ]
    .map(|text| (format!("text {text:?}"), text.to_owned()))
    .to_vec();
    for depth in [15, 16, 17, 20, 100, 127, 128, 200, 1_000, 8_000] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        texts.push((
            format!("{depth} lists deep"),
            format!("{{\"card_id\":7,\"parameters\":{{\"status\":{nested}}}}}"),
        ));
        let nested = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        texts.push((
            format!("{depth} objects deep"),
            format!("{{\"card_id\":7,\"parameters\":{{\"status\":{nested}}}}}"),
        ));
        texts.push((format!("{depth} unclosed"), "{\"a\":".repeat(depth)));
    }
    for bytes in [16_385, 20_000, 100_000, 1_000_000, 10_000_000] {
        texts.push((
            format!("{bytes} bytes"),
            format!(
                "{{\"card_id\":7,\"parameters\":{{\"note\":\"{}\"}}}}",
                "a".repeat(bytes)
            ),
        ));
        texts.push((
            format!("{bytes} spaces"),
            format!("{}{{\"card_id\":7}}", " ".repeat(bytes)),
        ));
    }
    for (rule, text) in texts {
        all.push((rule.clone(), call("run_card", &text)));
        all.push((
            rule,
            call(
                "query_metric",
                text.replace("card_id", "metric_id")
                    .replace("parameters", "filters"),
            ),
        ));
    }
}
