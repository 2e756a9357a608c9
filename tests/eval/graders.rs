//! Each grader on an answer that is right, and on the same answer with one thing wrong.

use cardinal::eval::{Case, Grade, Suite, Trial, grade};
use serde_json::{Value, json};

/// A case with these expectations, loaded as a person writes it.
fn case(turns: usize, expect: &Value) -> Case {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("suite.yaml");
    let questions: Vec<String> = (1..=turns).map(|turn| format!("question {turn}")).collect();
    let suite = json!({
        "version": 1, "name": "t", "dataset": {"kind": "demo"},
        "cases": [{"id": "c", "turns": questions, "expect": expect}],
    });
    std::fs::write(&file, suite.to_string()).unwrap();
    Suite::load(&file).unwrap().cases.remove(0)
}

fn answer(text: &str) -> Value {
    json!({
        "version": 1, "outcome": "answered", "stop_reason": "final_answer", "text": text,
        "evidence": [{
            "call": 1, "kind": "metric", "id": 1, "name": "Revenue",
            "arguments": {
                "metric_id": 1,
                "group_by": [{"dimension": "created_at", "granularity": "month"}, {"dimension": "Product.category"}],
                "filters": [
                    {"dimension": "created_at", "operation": "greater-than-or-equal", "values": ["2025-01-01"]},
                    {"dimension": "created_at", "operation": "less-than", "values": ["2026-01-01"]},
                ],
            },
            "columns": ["category", "sum"], "rows": [["Toys", 1_234.5], ["Bath & Body", 999.25]], "rows_known": 2,
        }],
        "tool_calls": [
            {"name": "describe", "arguments": {"id": 1}, "status": "ok"},
            {"name": "query_metric", "arguments": {"metric_id": 1, "limit": 5}, "status": "ok"},
            {"name": "query_metric", "arguments": {}, "status": "refused", "message": "no such dimension"},
        ],
        "usage": {"input_tokens": 900, "output_tokens": 100, "cost_usd": 0.01, "steps": 3},
    })
}

fn grades(expect: &Value, answers: &[Value]) -> Vec<Grade> {
    let trial = Trial {
        case_id: "c".to_owned(),
        trial: 1,
        answers: answers.to_vec(),
    };
    grade(&case(answers.len(), expect), &trial)
}

/// The one grade that an expectation gives.
fn only(expect: &Value, answer: Value) -> Grade {
    let mut grades = grades(expect, &[answer]);
    assert_eq!(grades.len(), 1, "{grades:?}");
    let grade = grades.remove(0);
    assert!(!grade.reason.is_empty());
    grade
}

fn scalar(gold: &Value, text: &str) -> bool {
    let mut answer = answer(text);
    answer["evidence"] = json!([]);
    only(&json!({"gold": [{"scalar": gold}]}), answer).passed
}

/// What the program wrote in German is read so, whatever the case says, and so are the figures that it cites.
#[test]
fn an_answer_says_itself_how_its_figures_are_written() {
    let graded = |gold: &Value, text: &str| {
        let mut answer = answer(text);
        answer["evidence"] = json!([]);
        answer["number_style"] = "de".into();
        only(&json!({"gold": [gold]}), answer).passed
    };
    let scalar = |value: f64, locale: &str| json!({"scalar": {"value": value, "locale": locale}});
    for locale in ["en", "de", "fr"] {
        assert!(
            graded(&scalar(1_234.5, locale), "Es sind 1.234,5 Tonnen."),
            "{locale}"
        );
        assert!(
            graded(&scalar(1_831.0, locale), "Es sind 1.831 Fahrten."),
            "{locale}"
        );
        assert!(
            !graded(&scalar(1.831, locale), "Es sind 1.831 Fahrten."),
            "{locale}"
        );
    }
    let table = json!({"table": {"columns": ["a", "b"], "rows": [["Elbe", 1831], ["Oder", 12.5]]}});
    assert!(graded(
        &table,
        "| a | b |\n|---|---|\n| Elbe | 1.831 |\n| Oder | 12,5 |"
    ));
}

#[test]
fn scalars_as_written() {
    let cases = [
        (json!({"value": 1_234_567.89}), "We made $1,234,567.89.", true),
        (json!({"value": 1_234_567.89}), "We made $1.23M.", true),
        (json!({"value": 1_234_567.89}), "We made $1.24M.", false),
        (json!({"value": 1_234_567.89}), "We made about 1 million.", false),
        (json!({"value": 1_234_567.89}), "We made 1234567.9.", true),
        (json!({"value": 41_234, "unit": "count"}), "41,234 orders", true),
        (json!({"value": 41_234, "unit": "count"}), "41.2K orders", false),
        (json!({"value": 41_234, "unit": "count"}), "41,235 orders", false),
        (json!({"value": 41_234, "unit": "count"}), "41,234 %", false),
        (json!({"value": 5.23, "unit": "percent"}), "It is 5.23%.", true),
        (json!({"value": 5.23, "unit": "percent"}), "It is 5.2 %.", true),
        (json!({"value": 5.23, "unit": "percent"}), "It is 0.0523.", true),
        (json!({"value": 5.23, "unit": "percent"}), "It is 6.2 %.", false),
        (
            json!({"value": 0.0523, "unit": "fraction"}),
            "It is 5.23 %.",
            true,
        ),
        (json!({"value": 0.0523, "unit": "fraction"}), "It is 5.23.", false),
        (json!({"value": 12}), "It is 12 %.", false),
        (
            json!({"value": -5.2, "unit": "percent", "change": true}),
            "It fell by 5.2 %.",
            true,
        ),
        (
            json!({"value": -5.2, "unit": "percent", "change": true}),
            "It is 5.2 % lower.",
            true,
        ),
        (
            json!({"value": -5.2, "unit": "percent", "change": true}),
            "It rose by 5.2 %.",
            false,
        ),
        (
            json!({"value": 5.2, "unit": "percent", "change": true}),
            "It fell by 5.2 %.",
            false,
        ),
        (
            json!({"value": 5.2, "unit": "percent", "change": true}),
            "It is up 5.2 %.",
            true,
        ),
        (json!({"value": -1_234}), "The net result was (1,234).", true),
        (json!({"value": 1_234}), "The net result was (1,234).", false),
        (json!({"value": 1_234}), "Germany leads (1,234).", true),
        (json!({"value": 100, "absolute": 2}), "101.5", true),
        (json!({"value": 100, "absolute": 2}), "102.5", false),
        (json!({"value": 100, "relative": 0.05}), "about 104", true),
        (
            json!({"value": 1_234.5, "locale": "de"}),
            "Es sind 1.234,5.",
            true,
        ),
        (json!({"value": 1_234.5}), "Es sind 1.234,5.", false),
        (
            json!({"value": 1_234.5, "currency": "EUR", "unit": "money"}),
            "It is €1,234.50.",
            true,
        ),
        (
            json!({"value": 1_234.5, "currency": "EUR", "unit": "money"}),
            "It is $1,234.50.",
            false,
        ),
        (
            json!({"value": 2_025, "unit": "count"}),
            "In 2025 there were 3,000 orders.",
            false,
        ),
        (
            json!({"value": 5, "unit": "count"}),
            "The top 5: 70 orders",
            false,
        ),
        (json!({"value": 12}), "No figures here.", false),
    ];
    for (gold, text, right) in cases {
        assert_eq!(scalar(&gold, text), right, "{gold} in {text:?}");
    }
}

#[test]
fn a_result_speaks_only_where_the_case_says_so() {
    let with = |gold: &Value, text: &str, rows: Value| {
        let mut answer = answer(text);
        answer["evidence"][0]["columns"] = json!(["sum"]);
        answer["evidence"][0]["rows"] = rows;
        only(&json!({"gold": [{"scalar": gold}]}), answer).passed
    };
    let (in_text, in_result) = (json!({"value": 77}), json!({"value": 77, "in": "result"}));
    assert!(!with(&in_text, "Here it is.", json!([[77]])));
    assert!(with(&in_text, "It is 77.", json!([[78]])));
    assert!(with(&in_result, "Here it is.", json!([[77]])));
    assert!(!with(&in_result, "It is 77.", json!([[78]])));
    let empty = only(&json!({"outcome": ["answered"]}), answer("It is so."));
    assert!(empty.passed);
    let silent = grades(&json!({"outcome": ["answered"]}), &[answer("")]);
    assert!(
        silent
            .iter()
            .any(|grade| !grade.passed && grade.grader == "answer"),
        "{silent:?}"
    );
}

#[test]
fn tables_in_results_and_in_text() {
    let table = |last: f64, place: &str| {
        json!({"gold": [{"table": {
        "in": place, "columns": ["c", "r"], "rows": [["Toys", 1_234.5], ["Bath & Body", last]]}}]})
    };
    let gold = |last: f64| table(last, "text");
    assert!(only(&table(999.25, "result"), answer("x")).passed);
    assert!(!only(&gold(999.25), answer("x")).passed);
    let wrong = only(&table(998.25, "result"), answer("x"));
    assert!(
        !wrong.passed && wrong.reason.contains("no column has the values of \"r\""),
        "{}",
        wrong.reason
    );
    let mut said = answer("| c | r |\n|---|--:|\n| Toys | $1,234.50 |\n| Bath & Body | 998.25 |");
    said["evidence"] = json!([]);
    assert!(only(&gold(998.25), said.clone()).passed);
    assert!(!only(&gold(999.25), said).passed);
}

#[test]
fn any_of_several_golds() {
    let any = json!({"gold": [{"any_of": [{"scalar": {"value": 1}}, {"scalar": {"value": 2}}]}]});
    assert!(only(&any, answer("It is 2.")).passed);
    assert!(!only(&any, answer("It is 3.")).passed);
}

#[test]
fn sets_by_name_or_column() {
    let set = |values: Value| json!({"gold": [{"set": {"values": values, "others": ["Décor"]}}]});
    let grade = |values: Value, text: &str| only(&set(values), answer(text)).passed;
    assert!(grade(json!(["Toys", "Bath & Body"]), "bath & body and toys"));
    assert!(!grade(json!(["Toys", "Bath & Body"]), "see the table"));
    assert!(!grade(json!(["Toys", "Kitchen"]), "Toys alone"));
    assert!(!grade(json!(["Toys"]), "Toys and Décor"));
}

#[test]
fn rankings_with_ties_and_values() {
    let top = json!({"gold": [{"top": {"n": 2, "items": [
        {"name": "Ann", "value": 30.0}, {"name": "Bob", "value": 20.0}, {"name": "Cid", "value": 20.0}]}}]});
    let passes = |text: &str| only(&top, answer(text)).passed;
    assert!(passes("1. Ann: 30\n2. Bob: 20"));
    assert!(passes("1. Ann: 30\n2. Cid: 20"));
    assert!(!passes("1. Bob: 20\n2. Ann: 30"));
    assert!(!passes("1. Ann: 31\n2. Bob: 20"));
    assert!(!passes("1. Ann: 30"));
    let of_rows = json!({"gold": [{"top": {"in": "result", "items": [
        {"name": "Toys", "value": 1234.5}, {"name": "Bath & Body", "value": 999.25}]}}]});
    assert!(only(&of_rows, answer("see the table")).passed);
    let mut other = answer("see the table");
    other["evidence"][0]["rows"] = json!([["Bath & Body", 999.25], ["Toys", 1234.5]]);
    assert!(!only(&of_rows, other).passed);
}

#[test]
fn outcome_and_text() {
    assert!(only(&json!({"outcome": ["answered", "partial"]}), answer("x")).passed);
    assert!(!only(&json!({"outcome": ["refused"]}), answer("x")).passed);
    let text = json!({"text": {"must": ["(?i)revenue"], "must_not": ["BANANA"]}});
    assert!(only(&text, answer("Revenue is up.")).passed);
    assert!(!only(&text, answer("Sales are up.")).passed);
    assert!(!only(&text, answer("Revenue? BANANA")).passed);
}

#[test]
fn evidence_used_and_not_used() {
    let must = |rule: &str, entry: Value| only(&json!({"evidence": {rule: [entry]}}), answer("x")).passed;
    assert!(must("must_use", json!({"kind": "metric", "name": "Revenue"})));
    assert!(!must("must_use", json!({"kind": "card", "name": "Revenue"})));
    assert!(!must("must_not_use", json!({"id": 1})));
    assert!(must("must_not_use", json!({"id": 2})));
}

#[test]
fn queries_by_meaning() {
    let query = |year: u32, granularity: &str| {
        json!({"query": [{
            "entry": {"name": "Revenue"},
            "group_by": [{"dimension": "Product.category"}, {"dimension": "created_at", "granularity": granularity}],
            "filters": [{"dimension": "created_at", "operation": "year-equals", "values": [year]}],
        }]})
    };
    assert!(only(&query(2025, "month"), answer("x")).passed);
    assert!(!only(&query(2024, "month"), answer("x")).passed);
    assert!(!only(&query(2025, "quarter"), answer("x")).passed);
    let mut more = answer("x");
    more["evidence"][0]["arguments"]["filters"]
        .as_array_mut()
        .unwrap()
        .push(json!({"segment": "Large orders"}));
    assert!(!only(&query(2025, "month"), more).passed);
}

#[test]
fn the_way_to_the_answer() {
    let tools = |rules: Value| only(&json!({"tools": rules}), answer("x")).passed;
    assert!(tools(
        json!({"must": ["query_metric"], "order": ["describe", "query_metric"]})
    ));
    assert!(!tools(json!({"must": ["run_card"]})));
    assert!(!tools(json!({"must_not": ["describe"]})));
    assert!(!tools(json!({"order": ["query_metric", "describe"]})));
    assert!(!tools(json!({"max_calls": {"query_metric": 1}})));
    assert!(tools(json!({"max_calls": {"query_metric": 2}})));
    assert!(tools(
        json!({"calls": [{"tool": "query_metric", "arguments": {"limit": "5"}}]})
    ));
    assert!(!tools(
        json!({"calls": [{"tool": "query_metric", "arguments": {"limit": 6}}]})
    ));
}

#[test]
fn guards_and_budgets() {
    let passes = |expect: Value| only(&expect, answer("Write to a@b.example")).passed;
    assert!(passes(json!({"guards": {"max_refused": 1}})));
    assert!(!passes(json!({"guards": {"max_refused": 0}})));
    assert!(!passes(json!({"guards": {"must_not_show": ["@b\\."]}})));
    assert!(!passes(json!({"guards": {"must_not_show": ["^Toys$"]}})));
    for (limit, most, less) in [
        ("tool_calls", json!(3), json!(2)),
        ("steps", json!(3), json!(2)),
        ("tokens", json!(1_000), json!(999)),
        ("cost_usd", json!(0.01), json!(0.009)),
    ] {
        assert!(passes(json!({"budget": {limit: most}})), "{limit}");
        assert!(!passes(json!({"budget": {limit: less}})), "{limit}");
    }
    let mut unknown = answer("x");
    unknown["usage"] = json!({"input_tokens": 1, "output_tokens": 1, "cost_usd": null});
    assert!(!only(&json!({"budget": {"cost_usd": 5.0}}), unknown.clone()).passed);
    assert!(!only(&json!({"budget": {"steps": 5}}), unknown).passed);
}

#[test]
fn a_gold_may_be_about_an_earlier_turn() {
    let expect = json!({"gold": [{"scalar": {"value": 1, "turn": 1}}, {"scalar": {"value": 2}}]});
    let found = grades(&expect, &[answer("It is 1."), answer("It is 2.")]);
    assert!(
        found.len() == 2 && found.iter().all(|grade| grade.passed),
        "{found:?}"
    );
    assert_eq!(found[1].grader, "scalar 2");
}

#[test]
fn answers_that_are_missing_or_unreadable_fail() {
    let expect = json!({"outcome": ["answered"]});
    let trial = |answers: Vec<Value>| Trial {
        case_id: "c".to_owned(),
        trial: 1,
        answers,
    };
    for answers in [
        vec![],
        vec![json!({"text": "hm"})],
        vec![json!({"version": 99, "outcome": "answered"})],
    ] {
        let found = grade(&case(1, &expect), &trial(answers));
        assert!(
            found.len() == 1 && !found[0].passed && found[0].grader == "answers",
            "{found:?}"
        );
    }
}

/// A column is kept in thousands: the answer says so, and cites the cell.
#[test]
fn figures_count_in_the_unit_of_their_column() {
    let text = "Harbor did best in 2023: 8,558.6 thousand USD.";
    let cited = |text: &str, cell: Value| {
        let mut answer = answer(text);
        let start = text.find("8,558.6").unwrap();
        answer["figures"] = json!([
            {"start": start, "end": start + 7, "text": "8,558.6", "status": "referenced",
             "sources": [{"source": "cell", "result": "r1", "row": 1, "column": "revenue", "cell": cell}]}
        ]);
        answer
    };
    let table = json!({"gold": [{"table": {"columns": ["year", "revenue"], "rows": [[2023, 8558.6]]}}]});
    let figure = json!({"gold": [{"scalar": {"value": 8558.6}}]});
    let in_full = json!({"gold": [{"scalar": {"value": 8_558_600.0}}]});
    for gold in [&table, &figure, &in_full] {
        assert!(only(gold, cited(text, json!(8558.6))).passed, "{gold}");
    }
    // Nothing says that the cell is what the digits are from.
    for gold in [&table, &figure] {
        assert!(!only(gold, answer(text)).passed, "{gold}");
        assert!(!only(gold, cited(text, json!(8_558_600.0))).passed, "{gold}");
    }
    let other = text.replace("2023", "2022");
    assert!(!only(&table, cited(&other, json!(8558.6))).passed);
}

/// What is made of held results is evidence like any other, but no query of its own.
#[test]
fn results_made_of_results_are_graded_too() {
    let mut calculated = answer("Toys had a share of 55.27 %.");
    let made = json!({
        "result": "r2", "call": 4, "from": ["r1"], "operations": {},
        "columns": ["name", "value", "unit", "made"], "rows": [["share", 55.2657, "percent", "…"]], "rows_known": 1,
    });
    calculated["evidence"].as_array_mut().unwrap().push(made);

    let gold = json!({"outcome": ["answered"], "gold": [{"scalar": {"value": 55.27, "unit": "percent"}}]});
    let all = grades(&gold, std::slice::from_ref(&calculated));
    assert!(all.iter().all(|grade| grade.passed), "{all:?}");

    let used = json!({"outcome": ["answered"], "evidence": {"must_use": [{"name": "Orders"}]}});
    let all = grades(&used, std::slice::from_ref(&calculated));
    let miss = all.iter().find(|grade| !grade.passed).unwrap();
    assert!(miss.reason.contains("calculation over r1"), "{}", miss.reason);
}
