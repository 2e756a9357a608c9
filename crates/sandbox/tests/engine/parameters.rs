//! Parameters of SQL cards: which type may feed which tag, how many values, defaults, nulls, dates.

use std::sync::LazyLock;

use cardinal_sandbox::World;
use cardinal_sandbox::query::{CardFailure, ParameterException, QueryFailure, RowLimits};
use cardinal_sandbox::semantic::Card;
use serde_json::{Value, json};

/// The widget-types of field filters that have a card of their own below.
const WIDGETS: [&str; 22] = [
    "id",
    "category",
    "location/city",
    "location/zip_code",
    "boolean/=",
    "string/=",
    "string/!=",
    "string/contains",
    "string/does-not-contain",
    "string/starts-with",
    "string/ends-with",
    "number/=",
    "number/!=",
    "number/between",
    "number/>=",
    "number/<=",
    "date/single",
    "date/range",
    "date/relative",
    "date/month-year",
    "date/quarter-year",
    "date/all-options",
];

/// One small table and one card per kind of tag; the card's name is the kind.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = "id,name,city,price,sold_on,active\n".to_owned();
    for id in 1..=100 {
        let (name, city) = if id % 10 == 0 {
            ("100% wool".to_owned(), "")
        } else {
            (format!("item {id}"), "Łódź")
        };
        // From 2026-03-23 to 2026-06-30, one a day.
        let day = jiff::civil::date(2026, 6, 30).saturating_sub(jiff::Span::new().days(100 - id));
        csv += &format!("{id},{name},{city},{id}.5,{day},{}\n", id % 2 == 0);
    }
    std::fs::write(folder.path().join("items.csv"), csv).unwrap();
    let mut yaml = "version: 1\ntoday: 2026-06-30\ncards:\n".to_owned();
    for kind in ["text", "number", "date", "boolean"] {
        let column = match kind {
            "text" => "name = {{x}}",
            "number" => "price IN ({{x}})",
            "date" => "sold_on = {{x}}",
            _ => "active = {{x}}",
        };
        yaml += &format!(
            "  - {{ name: {kind}, sql: \"SELECT COUNT(*) FROM items WHERE 1=1 [[AND {column}]]\", \
             parameters: [{{ name: x, display_name: The X, type: {kind} }}] }}\n"
        );
    }
    for widget in WIDGETS {
        let column = match widget.split('/').next().unwrap() {
            "number" => "price",
            "date" => "sold_on",
            "boolean" => "active",
            "location" => "city",
            "id" => "id",
            _ => "name",
        };
        yaml += &format!(
            "  - {{ name: \"{widget}\", sql: \"SELECT COUNT(*) FROM items WHERE {{{{x}}}}\", \
             parameters: [{{ name: x, display_name: The X, type: dimension, field: items.{column}, widget: \"{widget}\" }}] }}\n"
        );
    }
    yaml += r#"
  - name: defaults
    sql: "SELECT COUNT(*) FROM items WHERE 1=1 [[AND id <= {{optional}}]] AND id > {{needed}}"
    parameters:
      - { name: optional, type: number, default: 50 }
      - { name: needed, type: number, default: 10, required: true }
  - name: required
    sql: "SELECT COUNT(*) FROM items WHERE name = {{x}}"
    parameters: [{ name: x, display_name: The X, type: text, required: true }]
  - name: bare
    sql: "SELECT COUNT(*) FROM items WHERE name = {{x}}"
    parameters: [{ name: x, type: text }]
  - name: listed
    sql: "SELECT {{x}}"
    parameters: [{ name: x, type: text, default: a, values: [a, [b, Bee]] }]
  - name: unit
    sql: "SELECT COUNT(DISTINCT {{x}}) FROM items"
    parameters: [{ name: x, type: temporal-unit, field: items.sold_on }]
  - name: nested
    sql: "SELECT COUNT(*) FROM {{#text}} AS t"
  - name: builder
    query: { table: items, aggregations: [[count]] }
"#;
    let model = folder.path().join("model.yaml");
    std::fs::write(&model, yaml).unwrap();
    World::from_csv(folder.path(), Some(&model)).unwrap()
});

fn card(name: &str) -> &'static Card {
    WORLD.model().cards.iter().find(|card| card.name == name).unwrap()
}

fn target(card: &Card) -> Value {
    card.parameters
        .first()
        .map_or(Value::Null, |parameter| parameter["target"].clone())
}

fn send(name: &str, kind: &str, value: Value) -> Result<Value, CardFailure> {
    let card = card(name);
    let parameter = json!({"type": kind, "target": target(card), "value": value});
    WORLD
        .run_card(card, &[parameter], RowLimits::USERLAND)
        .map(|result| result.rows[0][0].clone())
}

fn count(name: &str, kind: &str, value: Value) -> i64 {
    send(name, kind, value.clone())
        .unwrap_or_else(|error| panic!("{name} {kind} {value}: {error}"))
        .as_i64()
        .unwrap()
}

fn exception(failure: CardFailure) -> ParameterException {
    match failure {
        CardFailure::Exception(exception) => exception,
        CardFailure::Query(failure) => panic!("an envelope, not an exception: {failure}"),
    }
}

fn envelope(failure: CardFailure) -> QueryFailure {
    match failure {
        CardFailure::Query(failure) => failure,
        CardFailure::Exception(exception) => panic!("an exception, not an envelope: {exception}"),
    }
}

/// The documented table: which parameter type feeds which tag types and widget-types, among those of the cards above.
const FEEDS: [(&str, &[&str]); 31] = [
    (
        "text",
        &[
            "text",
            "string/=",
            "id",
            "category",
            "location/city",
            "location/zip_code",
        ],
    ),
    (
        "string/=",
        &[
            "text",
            "string/=",
            "id",
            "category",
            "location/city",
            "location/zip_code",
        ],
    ),
    (
        "number",
        &["number", "number/=", "id", "category", "location/zip_code"],
    ),
    (
        "number/=",
        &["number", "number/=", "id", "category", "location/zip_code"],
    ),
    (
        "date",
        &["date", "date/single", "date/all-options", "id", "category"],
    ),
    (
        "date/single",
        &["date", "date/single", "date/all-options", "id", "category"],
    ),
    ("boolean", &["boolean", "boolean/=", "id", "category"]),
    ("boolean/=", &["boolean", "boolean/="]),
    ("date/range", &["date/range", "date/all-options"]),
    ("date/month-year", &["date/month-year", "date/all-options"]),
    ("date/quarter-year", &["date/quarter-year", "date/all-options"]),
    ("date/relative", &["date/relative", "date/all-options"]),
    ("date/all-options", &["date/all-options"]),
    ("number/<=", &["number/<=", "number/between"]),
    ("number/>=", &["number/>=", "number/between"]),
    ("category", &["category", "number", "text", "date", "boolean"]),
    ("id", &["id"]),
    ("string/!=", &["string/!="]),
    ("string/contains", &["string/contains"]),
    ("string/does-not-contain", &["string/does-not-contain"]),
    ("string/starts-with", &["string/starts-with"]),
    ("string/ends-with", &["string/ends-with"]),
    ("number/!=", &["number/!="]),
    ("number/between", &["number/between"]),
    ("location/city", &["location/city"]),
    ("location/zip_code", &["location/zip_code"]),
    ("location/state", &[]),
    ("location/country", &[]),
    ("temporal-unit", &[]),
    ("dimension", &[]),
    ("anything else", &[]),
];

#[test]
fn each_type_feeds_exactly_what_the_table_says() {
    for (kind, allowed) in FEEDS {
        for accepts in ["text", "number", "date", "boolean"].into_iter().chain(WIDGETS) {
            let refused = match send(accepts, kind, json!("1")) {
                Err(CardFailure::Exception(exception)) => {
                    assert_eq!(exception.status, 500);
                    let message = format!(
                        "Invalid parameter value type :{kind} for parameter \"x\". Parameter value must be one of: "
                    );
                    assert!(exception.message.starts_with(&message), "{exception}");
                    true
                }
                _ => false,
            };
            assert_eq!(!refused, allowed.contains(&accepts), "{kind} into {accepts}");
        }
    }
}

#[test]
fn operators_do_what_they_are_called() {
    let cases = [
        ("string/=", "string/=", json!("item 7"), 1),
        ("string/=", "string/=", json!(["item 7", "item 8"]), 2),
        ("string/!=", "string/!=", json!(["item 7"]), 99),
        ("string/contains", "string/contains", json!(["WOOL"]), 10),
        ("string/contains", "string/contains", json!(["%"]), 10),
        (
            "string/does-not-contain",
            "string/does-not-contain",
            json!(["wool"]),
            90,
        ),
        ("string/starts-with", "string/starts-with", json!(["Item 9"]), 10),
        ("string/ends-with", "string/ends-with", json!([" 9", "wool"]), 11),
        ("location/city", "string/=", json!(["Łódź"]), 90),
        ("id", "id", json!([3, 4, 5]), 3),
        ("id", "number/=", json!(3), 1),
        ("number/=", "number/=", json!(["7.5"]), 1),
        ("number/!=", "number/!=", json!([7.5]), 99),
        ("number/between", "number/between", json!([10, 20]), 10),
        ("number/between", "number/between", json!([90, null]), 11),
        ("number/between", "number/between", json!([null, 10]), 9),
        ("number/between", "number/>=", json!([90]), 11),
        ("number/>=", "number/>=", json!(90), 11),
        ("number/<=", "number/<=", json!([10]), 9),
        ("boolean/=", "boolean/=", json!([true]), 50),
        ("text", "text", json!("item 7"), 1),
        ("text", "category", json!(["item 7"]), 1),
        ("number", "number", json!("7.5"), 1),
        ("number", "number/=", json!([7.5, 8.5]), 2),
        ("date", "date/single", json!("2026-06-30"), 1),
        ("boolean", "boolean", json!(false), 50),
    ];
    for (name, kind, value, wanted) in cases {
        assert_eq!(count(name, kind, value.clone()), wanted, "{name} {kind} {value}");
    }
}

#[test]
fn dates_are_read_as_people_write_them() {
    let cases = [
        ("2026-06-30", 1),
        ("2026-06-01~2026-06-10", 10),
        ("2026-06-21~", 10),
        ("~2026-03-31", 9),
        ("2026-05", 31),
        ("2026-Q2", 91),
        ("Q2-2026", 91),
        ("past30days", 30),
        ("past30days~", 31),
        ("past7days-from-7days", 7),
        ("past1weeks", 7),
        ("past2months", 61),
        ("past1quarters", 9),
        ("thismonth", 30),
        ("thisweek", 3),
        ("thisyear", 100),
        ("thisquarter", 91),
        ("lastmonth", 31),
        ("today", 1),
        ("yesterday", 1),
        ("next30days", 0),
        ("next30days~", 1),
        ("exclude-days-Sat-Sun", 72),
        ("exclude-months-Jun", 70),
        ("exclude-quarters-2", 9),
    ];
    for (text, wanted) in cases {
        assert_eq!(
            count("date/all-options", "date/all-options", json!(text)),
            wanted,
            "{text}"
        );
    }
    for text in [
        "",
        "soon",
        "2026-13",
        "2026-02-30",
        "past",
        "pastdays",
        "~",
        "2026-06-01~soon",
        "exclude-days-Fun",
        "thisdecade",
    ] {
        let failure = envelope(send("date/all-options", "date/all-options", json!(text)).unwrap_err());
        assert_eq!(
            (failure.error_type, failure.status),
            (Some("invalid-parameter"), 400),
            "{text}"
        );
    }
}

#[test]
fn defaults_and_nulls() {
    let run = |parameters: &[Value]| {
        WORLD
            .run_card(card("defaults"), parameters, RowLimits::USERLAND)
            .unwrap()
            .rows[0][0]
            .as_i64()
            .unwrap()
    };
    let of = |name: &str, value: Value| json!({"type": "number/=", "target": ["variable", ["template-tag", name]], "value": value});
    assert_eq!(run(&[]), 40, "both defaults apply");
    assert_eq!(
        run(&[of("optional", Value::Null)]),
        90,
        "null drops the filter although a default exists"
    );
    assert_eq!(run(&[of("optional", json!([]))]), 90, "an empty list is null");
    assert_eq!(
        run(&[of("needed", Value::Null)]),
        40,
        "a required tag falls back to its default"
    );
    assert_eq!(run(&[of("needed", json!(20)), of("optional", json!(30))]), 10);
    let by_id = json!({"id": card("defaults").parameters[0]["id"], "value": 20});
    assert_eq!(
        run(&[by_id]),
        10,
        "by the id of the card's own parameter, without type and target"
    );
}

#[test]
fn what_is_missing_or_too_much() {
    let missing = |parameters: &[Value], name: &str| {
        envelope(
            WORLD
                .run_card(card(name), parameters, RowLimits::USERLAND)
                .unwrap_err(),
        )
    };
    let failure = missing(&[], "required");
    assert_eq!(
        failure.error,
        "You'll need to pick a value for 'The X' before this query can run."
    );
    assert_eq!(
        (failure.error_type, failure.status),
        (Some("missing-required-parameter"), 400)
    );
    let null = json!({"type": "string/=", "target": target(card("required")), "value": null});
    assert_eq!(missing(&[null], "required"), failure);
    let failure = missing(&[], "bare");
    assert_eq!(failure.error_type, Some("missing-required-parameter"));
    assert_eq!(
        failure.error,
        "Cannot run the query: missing required parameters: #{\"x\"}"
    );

    let failure = envelope(send("text", "string/=", json!(["a", "b"])).unwrap_err());
    assert_eq!(
        failure.error,
        "Multiple conflicting values were given for 'The X'"
    );
    assert_eq!(failure.error_type, Some("multiple-conflicting-parameter-values"));
    let twice = |value: &str| json!({"type": "string/=", "target": target(card("text")), "value": value});
    let both = WORLD.run_card(card("text"), &[twice("a"), twice("b")], RowLimits::USERLAND);
    assert_eq!(envelope(both.unwrap_err()), failure);
    for (name, kind, value) in [
        ("number/between", "number/between", json!([1])),
        ("number/between", "number/between", json!([1, 2, 3])),
        ("number/>=", "number/>=", json!([1, 2])),
        ("number", "number/=", json!("seven")),
        ("date", "date/single", json!("soon")),
        ("boolean", "boolean", json!("perhaps")),
        ("string/contains", "string/contains", json!([7])),
        ("string/=", "string/=", json!([{"a": 1}])),
    ] {
        let failure = envelope(send(name, kind, value.clone()).unwrap_err());
        assert_eq!(
            (failure.error_type, failure.status),
            (Some("invalid-parameter"), 400),
            "{name} {value}"
        );
    }
}

#[test]
fn unknown_tags_are_the_servers_500() {
    let parameter =
        json!({"type": "string/=", "target": ["variable", ["template-tag", "nope"]], "value": "a"});
    let run = |name: &str| {
        exception(
            WORLD
                .run_card(card(name), std::slice::from_ref(&parameter), RowLimits::USERLAND)
                .unwrap_err(),
        )
    };
    let failure = run("text");
    let id = card("text").id;
    assert_eq!(
        failure.message,
        format!("Invalid parameter: Card {id} does not have a template tag named \"nope\".")
    );
    assert_eq!(
        (failure.status, &failure.data["allowed-parameters"]),
        (500, &json!(["x"]))
    );
    assert_eq!(failure.data["invalid-parameter"], parameter);
    assert!(
        run("builder").message.contains("does not have a template tag"),
        "query-builder cards take none"
    );
}

#[test]
fn values_of_a_parameter() {
    let values = |name: &str| {
        let id = card(name).parameters[0]["id"].as_str().unwrap();
        WORLD.parameter_values(card(name), id).unwrap()
    };
    assert_eq!(json!(values("listed").values), json!([["a"], ["b", "Bee"]]));
    assert_eq!(values("location/city").values, vec![vec![json!("Łódź")]]);
    assert!(values("text").values.is_empty());
    let failure = exception(WORLD.parameter_values(card("text"), "nope").unwrap_err());
    assert_eq!(
        (failure.status, failure.message.as_str()),
        (400, "Card does not have a parameter with the ID \"nope\"")
    );
}

#[test]
fn units_and_cards_in_sql() {
    assert_eq!(count("unit", "temporal-unit", json!("month")), 4);
    assert_eq!(count("unit", "temporal-unit", json!("quarter")), 2);
    let nested = WORLD.run_card(card("nested"), &[], RowLimits::USERLAND).unwrap();
    assert_eq!(nested.rows, vec![vec![json!(1)]]);
    let injected = count("text", "string/=", json!("x' OR '1'='1"));
    assert_eq!(injected, 0, "values are bound");
}
