//! Figures of the Semantic Layer are MetricFlow's: `project/golden/answers.json` holds what `mf query` answered over the
//! same tables.

use std::sync::Arc;

use cardinal_dbt_sandbox::DbtProject;
use serde_json::{Value, json};

use crate::client::Dbt;
use crate::semantic::{ask, rows};

const ANSWERS: &str = include_str!("../project/golden/answers.json");

fn group(name: &Value) -> Value {
    json!({ "name": name })
}

/// The variables of a question as `mf query` was asked it.
fn variables(question: &Value) -> Value {
    let list = |name: &str| question[name].as_array().cloned().unwrap_or_default();
    let metrics: Vec<String> = list("metrics")
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    let order: Vec<Value> = list("order_by")
        .iter()
        .map(|key| {
            let key = key.as_str().unwrap();
            let name = key.trim_start_matches('-');
            let descending = key.starts_with('-');
            if metrics.iter().any(|metric| metric == name) {
                json!({ "metric": { "name": name }, "descending": descending })
            } else {
                json!({ "groupBy": { "name": name }, "descending": descending })
            }
        })
        .collect();
    let filters: Vec<Value> = list("where").iter().map(|sql| json!({ "sql": sql })).collect();
    json!({
        "metrics": metrics.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>(),
        "groupBy": list("group_by").iter().map(group).collect::<Vec<_>>(),
        "where": filters,
        "orderBy": order,
        "limit": question["limit"],
        "savedQuery": question["saved_query"],
    })
}

/// A cell of either side, so that both can be compared: moments to the day, truths in one spelling.
fn plain(cell: &Value) -> String {
    let text = match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.as_str() {
        "True" => "true".to_owned(),
        "False" => "false".to_owned(),
        "None" | "NULL" | "nan" | "NaT" => String::new(),
        text if text.len() >= 19 && text.as_bytes()[4] == b'-' && (&text[11..19] == "00:00:00") => {
            text[..10].to_owned()
        }
        text => text.to_owned(),
    }
}

fn same(a: &str, b: &str) -> bool {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0),
        _ => a == b,
    }
}

#[tokio::test]
async fn every_figure_is_metricflows() {
    compared(&Dbt::start().await, ANSWERS, 50).await;
}

/// Conversions, what is not added up over time, and offsets of what has a past itself.
#[tokio::test]
async fn figures_of_rarer_metrics_are_metricflows_too() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [
        (
            "target/manifest.json",
            include_str!("../project/artifacts/manifest.json"),
        ),
        (
            "target/catalog.json",
            include_str!("../project/artifacts/catalog.json"),
        ),
        (
            "target/semantic_manifest.json",
            include_str!("../project/golden/more_semantic_manifest.json"),
        ),
        (
            "seeds/calendar.csv",
            include_str!("../project/seeds/calendar.csv"),
        ),
        (
            "seeds/countries.csv",
            include_str!("../project/seeds/countries.csv"),
        ),
    ] {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let project = DbtProject::from_folder(folder.path()).unwrap();
    let dbt = Dbt::with(|options| options.project = Arc::new(project)).await;
    compared(&dbt, include_str!("../project/golden/more_answers.json"), 35).await;
}

async fn compared(dbt: &Dbt, answers: &str, least: usize) {
    let answers: Vec<Value> = serde_json::from_str(answers).unwrap();
    assert!(answers.len() >= least);
    let mut wrong = Vec::new();
    for answer in &answers {
        let question = &answer["question"];
        let (names, found) = match ask(dbt, variables(question)).await {
            Ok(result) => rows(&result),
            Err(error) => {
                wrong.push(format!("{question}: {error}"));
                continue;
            }
        };
        let columns: Vec<&str> = answer["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        // The engine has groups first, in an order of its own.
        let places: Option<Vec<usize>> = columns
            .iter()
            .map(|name| names.iter().position(|known| known == name))
            .collect();
        let Some(places) = places.filter(|places| places.len() == names.len()) else {
            wrong.push(format!("{question}: columns {names:?}, not {columns:?}"));
            continue;
        };
        let mut ours: Vec<Vec<String>> = found
            .iter()
            .map(|row| places.iter().map(|place| plain(&row[*place])).collect())
            .collect();
        let mut theirs: Vec<Vec<String>> = answer["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row.as_array().unwrap().iter().map(plain).collect())
            .collect();
        if question.get("order_by").is_none() {
            ours.sort();
            theirs.sort();
        }
        if ours.len() != theirs.len() {
            wrong.push(format!("{question}: {} rows, not {}", ours.len(), theirs.len()));
            continue;
        }
        let groups = columns.len() - question["metrics"].as_array().map_or(0, Vec::len);
        let differing = ours
            .iter()
            .zip(&theirs)
            .find(|(ours, theirs)| !ours.iter().zip(*theirs).all(|(a, b)| same(a, b)));
        if let Some((ours, theirs)) = differing {
            wrong.push(format!("{question}: {ours:?}, not {theirs:?} ({groups} groups)"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        answers.len(),
        wrong.join("\n")
    );
}
