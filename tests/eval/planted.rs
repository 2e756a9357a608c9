//! One failing trial for each kind of grader: each is caught, by that grader and no other.

use cardinal::eval::{Case, Suite, Trial, Verdict, judge};
use serde_json::{Value, json};

const EXPECT: &str = r#"{
    "outcome": ["answered"],
    "gold": [
        {"scalar": {"value": 2233.75, "unit": "money"}},
        {"table": {"columns": ["category", "sum"], "rows": [["Toys", 1234.5], ["Bath", 999.25]], "in": "evidence"}},
        {"set": {"values": ["Toys", "Bath"], "others": ["Games"]}},
        {"top_n": {"items": [{"name": "Toys", "value": 1234.5}, {"name": "Bath", "value": 999.25}], "n": 2}},
        {"any_of": [{"scalar": {"value": 1234.5}}, {"scalar": {"value": 4321.0}}]}
    ],
    "text": {"must": ["(?i)total"], "must_not": ["sponsor"]},
    "evidence": {"must_use": [{"kind": "metric", "name": "Revenue"}], "must_not_use": [{"kind": "card", "id": 9}]},
    "query": [{"entry": {"kind": "metric", "id": 1}, "group_by": [{"dimension": "Product.category"}],
               "filters": [{"dimension": "created_at", "operation": "year-equals", "values": [2025]}]}],
    "tools": {"must": ["query_metric"], "must_not": ["run_card"], "order": ["describe", "query_metric"],
              "calls": [{"tool": "query_metric", "arguments": {"metric_id": 1}}], "max_calls": {"query_metric": 1}},
    "guards": {"max_refused": 0, "max_failed": 0, "must_not_show": ["password"]},
    "budget": {"tool_calls": 3, "steps": 3, "tokens": 2000, "cost_usd": 0.02}
}"#;

fn case() -> Case {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("suite.yaml");
    let expect = EXPECT.replace("\"top_n\"", "\"top\"");
    let expect: Value = serde_json::from_str(&expect).unwrap();
    let suite = json!({
        "version": 1, "name": "t", "dataset": {"kind": "demo"},
        "cases": [{"id": "c", "question": "What are the totals of Toys and of Bath?", "expect": expect}],
    });
    std::fs::write(&file, suite.to_string()).unwrap();
    Suite::load(&file).unwrap().cases.remove(0)
}

fn answer() -> Value {
    json!({
        "version": 1, "outcome": "answered", "stop_reason": "final_answer",
        "text": "The total is $2,233.75: Toys 1,234.50, Bath 999.25.",
        "evidence": [{
            "call": 2, "kind": "metric", "id": 1, "name": "Revenue",
            "arguments": {
                "metric_id": 1, "group_by": [{"dimension": "Product.category"}],
                "filters": [{"dimension": "created_at", "operation": "year-equals", "values": [2025]}],
            },
            "columns": ["category", "sum"], "rows": [["Toys", 1234.5], ["Bath", 999.25]], "rows_known": 2,
        }],
        "tool_calls": [
            {"name": "describe", "arguments": {"id": 1}, "status": "ok"},
            {"name": "query_metric", "arguments": {"metric_id": 1}, "status": "ok"},
        ],
        "usage": {"input_tokens": 900, "output_tokens": 100, "cost_usd": 0.01, "steps": 3},
    })
}

/// The graders that failed the answer.
fn failed(answer: Value) -> Vec<String> {
    let trial = Trial {
        case_id: "c".to_owned(),
        trial: 1,
        answers: vec![answer],
    };
    let (verdict, grades) = judge(&case(), &trial);
    assert!(grades.iter().all(|grade| !grade.reason.is_empty()));
    match verdict {
        Verdict::Passed => Vec::new(),
        Verdict::Regressed { graders } => graders,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_right_answer_passes() {
    assert_eq!(failed(answer()), Vec::<String>::new());
}

#[test]
fn every_grader_catches_its_own_regression() {
    type Plant = fn(&mut Value);
    let say = |answer: &mut Value, from: &str, to: &str| {
        let text = answer["text"].as_str().unwrap().replace(from, to);
        answer["text"] = json!(text);
    };
    let spoken: [(&str, &str, &str, &[&str]); 7] = [
        ("a figure", "2,233.75", "2,233.76", &["scalar"]),
        ("a currency's amount", "$2,233.75", "2.3 thousand", &["scalar"]),
        (
            "a name that does not belong",
            "Bath 999.25.",
            "Bath 999.25, Games none.",
            &["set"],
        ),
        (
            "the wrong order",
            "Toys 1,234.50, Bath 999.25",
            "Bath 999.25, Toys 1,234.50",
            &["top_n"],
        ),
        (
            "a wrong figure beside a name",
            "Bath 999.25",
            "Bath 998.25",
            &["top_n"],
        ),
        ("a missing word", "total", "sum", &["text"]),
        (
            "a forbidden word",
            "Bath 999.25.",
            "Bath 999.25. Visit our sponsor.",
            &["text"],
        ),
    ];
    for (name, from, to, graders) in spoken {
        let mut answer = answer();
        say(&mut answer, from, to);
        assert_eq!(failed(answer), graders, "{name}");
    }
    let plants: [(&str, Plant, &[&str]); 25] = [
        (
            "another outcome",
            |a| a["outcome"] = json!("partial"),
            &["outcome"],
        ),
        (
            "a changed cell",
            |a| a["evidence"][0]["rows"][1][1] = json!(998.25),
            &["table"],
        ),
        (
            "a row more",
            |a| {
                a["evidence"][0]["rows"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!(["Toys", 1234.5]))
            },
            &["table"],
        ),
        (
            "a row less",
            |a| drop(a["evidence"][0]["rows"].as_array_mut().unwrap().pop()),
            &["table"],
        ),
        (
            "neither of two",
            |a| a["text"] = json!("Total $2,233.75: Toys more than 1 thousand, Bath 999.25"),
            &["top_n", "scalar 2"],
        ),
        (
            "another source",
            |a| a["evidence"][0]["name"] = json!("Costs"),
            &["evidence"],
        ),
        (
            "a forbidden source",
            |a| {
                let mut other = a["evidence"][0].clone();
                other["kind"] = json!("card");
                other["id"] = json!(9);
                a["evidence"].as_array_mut().unwrap().push(other);
            },
            &["evidence"],
        ),
        (
            "another group",
            |a| a["evidence"][0]["arguments"]["group_by"][0]["dimension"] = json!("Product.vendor"),
            &["query"],
        ),
        (
            "another filter",
            |a| a["evidence"][0]["arguments"]["filters"][0]["values"][0] = json!(2024),
            &["query"],
        ),
        (
            "a filter less",
            |a| a["evidence"][0]["arguments"]["filters"] = json!([]),
            &["query"],
        ),
        (
            "a tool that has to be called",
            |a| drop(a["tool_calls"].as_array_mut().unwrap().pop()),
            &["trajectory"],
        ),
        (
            "a forbidden tool",
            |a| a["tool_calls"][0]["name"] = json!("run_card"),
            &["trajectory"],
        ),
        (
            "the wrong way round",
            |a| a["tool_calls"].as_array_mut().unwrap().reverse(),
            &["trajectory"],
        ),
        (
            "other arguments",
            |a| a["tool_calls"][1]["arguments"]["metric_id"] = json!(2),
            &["trajectory"],
        ),
        (
            "a call too many",
            |a| {
                let call = a["tool_calls"][1].clone();
                a["tool_calls"].as_array_mut().unwrap().push(call);
            },
            &["trajectory"],
        ),
        (
            "a refused call",
            |a| {
                let call = json!({"name": "describe", "arguments": {}, "status": "refused", "message": "no"});
                a["tool_calls"].as_array_mut().unwrap().push(call);
            },
            &["guards"],
        ),
        (
            "something that must not be shown",
            |a| a["evidence"][0]["columns"][0] = json!("password"),
            &["guards"],
        ),
        ("a step too many", |a| a["usage"]["steps"] = json!(4), &["budget"]),
        (
            "tokens",
            |a| a["usage"]["input_tokens"] = json!(1901),
            &["budget"],
        ),
        (
            "another metric of that name",
            |a| a["evidence"][0]["id"] = json!(2),
            &["query"],
        ),
        (
            "another granularity",
            |a| a["evidence"][0]["arguments"]["group_by"][0]["granularity"] = json!("month"),
            &["query"],
        ),
        (
            "a failed call",
            |a| {
                let call = json!({"name": "describe", "arguments": {}, "status": "failed", "message": "no"});
                a["tool_calls"].as_array_mut().unwrap().push(call);
            },
            &["guards"],
        ),
        (
            "calls too many in all",
            |a| {
                let call = json!({"name": "field_values", "arguments": {}, "status": "ok"});
                a["tool_calls"]
                    .as_array_mut()
                    .unwrap()
                    .extend([call.clone(), call]);
            },
            &["budget"],
        ),
        (
            "a dearer answer",
            |a| a["usage"]["cost_usd"] = json!(0.03),
            &["budget"],
        ),
        (
            "an unknown price",
            |a| a["usage"]["cost_usd"] = Value::Null,
            &["budget"],
        ),
    ];
    for (name, plant, graders) in plants {
        let mut answer = answer();
        plant(&mut answer);
        assert_eq!(failed(answer), graders, "{name}");
    }
    let mut unreadable = answer();
    unreadable["version"] = json!(99);
    assert_eq!(failed(unreadable), ["answers"]);
}
