use serde_json::{Value, json};

use crate::client::Dbt;

async fn last_run(dbt: &Dbt, query: &str) -> i64 {
    dbt.get(2, &format!("/runs/?order_by=-id&limit=1&{query}"))
        .await
        .data()[0]["id"]
        .as_i64()
        .unwrap()
}

#[tokio::test]
async fn the_last_step_looks_green_and_the_build_tells_more() {
    let dbt = Dbt::start().await;
    let run = last_run(&dbt, "job_definition_id=8001&status=10").await;
    let path = format!("/runs/{run}/artifacts/run_results.json");
    let statuses = |results: Value| {
        let mut found: Vec<String> = results["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["status"].as_str().unwrap().to_owned())
            .collect();
        found.sort();
        found.dedup();
        found
    };
    let docs = dbt.get(2, &path).await.json();
    assert_eq!(
        statuses(docs),
        ["success"],
        "the last step made the documentation"
    );
    let build = dbt.get(2, &format!("{path}?step=5")).await.json();
    assert!(statuses(build.clone()).contains(&"warn".to_owned()), "{build}");
    let finished = dbt.get(2, &format!("/runs/{run}/")).await.data()["finished_at"].clone();
    let generated = build["metadata"]["generated_at"].as_str().unwrap().to_owned();
    assert_eq!(
        generated[..19].replace('T', " "),
        finished.as_str().unwrap()[..19]
    );
    // Steps: 1 to 3 leave nothing, 4 looked at the sources, 6 made the documentation.
    for (step, file, status) in [
        (1, "manifest.json", 404),
        (3, "run_results.json", 404),
        (4, "sources.json", 200),
        (4, "run_results.json", 404),
        (5, "catalog.json", 404),
        (6, "catalog.json", 200),
        (7, "manifest.json", 404),
    ] {
        let answer = dbt
            .get(2, &format!("/runs/{run}/artifacts/{file}?step={step}"))
            .await;
        assert_eq!(answer.status.as_u16(), status, "step {step} {file}");
    }
    assert_eq!(dbt.get(2, &format!("{path}?step=x")).await.status, 400);
}

#[tokio::test]
async fn a_failed_build_says_what_failed_and_what_was_skipped() {
    let dbt = Dbt::start().await;
    let run = last_run(&dbt, "job_definition_id=8001&status=20").await;
    let results = dbt
        .get(2, &format!("/runs/{run}/artifacts/run_results.json"))
        .await
        .json();
    let status_of = |id: &str| {
        let rows = results["results"].as_array().unwrap();
        rows.iter().find(|row| row["unique_id"] == id).unwrap()["status"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(status_of("model.shop.fct_reviews"), "error");
    assert_eq!(status_of("model.shop.product_performance"), "skipped");
    assert_eq!(status_of("model.shop.fct_orders"), "success");
}

#[tokio::test]
async fn a_selection_builds_what_it_selects() {
    let dbt = Dbt::start().await;
    let run = last_run(&dbt, "job_definition_id=8002").await;
    let results = dbt
        .get(2, &format!("/runs/{run}/artifacts/run_results.json"))
        .await
        .json();
    let models: Vec<&str> = results["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["unique_id"].as_str().unwrap())
        .filter(|id| id.starts_with("model."))
        .collect();
    assert!(
        models.contains(&"model.shop.fct_orders") && models.contains(&"model.shop.product_performance"),
        "{models:?}"
    );
    assert!(!models.contains(&"model.shop.fct_invoices"), "{models:?}");
}

#[tokio::test]
async fn files_are_listed_when_a_run_is_over() {
    let dbt = Dbt::start().await;
    let run = last_run(&dbt, "job_definition_id=8001&status=10").await;
    let files = dbt.get(2, &format!("/runs/{run}/artifacts/")).await.data();
    let files: Vec<&str> = files
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file.as_str().unwrap())
        .collect();
    for file in [
        "manifest.json",
        "catalog.json",
        "run_results.json",
        "sources.json",
        "semantic_manifest.json",
        "compiled/shop/models/marts/fct_orders.sql",
    ] {
        assert!(files.contains(&file), "{file}");
    }
    let sql = dbt
        .get(
            2,
            &format!("/runs/{run}/artifacts/compiled/shop/models/marts/fct_orders.sql?step=5"),
        )
        .await;
    assert!(sql.text.contains("stg_orders"), "{}", sql.text);
    let hanging = dbt
        .post(2, "/jobs/8004/run/", json!({ "cause": "x" }))
        .await
        .data()["id"]
        .clone();
    assert_eq!(
        dbt.get(2, &format!("/runs/{hanging}/artifacts/")).await.json()["data"],
        Value::Null
    );
    assert_eq!(
        dbt.get(2, &format!("/runs/{hanging}/artifacts/manifest.json"))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn artifacts_name_no_machine() {
    let dbt = Dbt::start().await;
    let run = last_run(&dbt, "job_definition_id=8001&status=10").await;
    for file in [
        "manifest.json",
        "catalog.json",
        "run_results.json",
        "semantic_manifest.json",
    ] {
        let text = dbt.get(2, &format!("/runs/{run}/artifacts/{file}")).await.text;
        for folder in ["home", "root", "tmp"] {
            assert!(
                !text.contains(&format!("/{folder}/")),
                "{file} names a path under {folder}"
            );
        }
    }
}
