//! A server that has no Metabase: metrics of dbt are all that it asks.

use std::sync::Arc;

use cardinal::grants::{GrantLevel, GrantRule};
use cardinal::operations::Area;
use serde_json::json;

use super::client::Ask;
use super::kit::TestServer;
use crate::support::demo_world::WORLD;
use crate::support::reply::Reply as ModelReply;
use crate::support::scripted_model::ScriptedModel;
use crate::support::stack::dbt_settings;

const QUESTION: &str = "What was revenue by month in 2025?";

#[tokio::test(flavor = "multi_thread")]
async fn everything_works_over_dbt_alone() {
    let world = Arc::clone(&WORLD);
    let data = move || world.sqlite_address().map_err(|error| error.to_string());
    let options = cardinal::dbt_sandbox::DbtServeOptions::new(Arc::new(data));
    let dbt = cardinal::dbt_sandbox::serve(options).await.unwrap();
    let server = TestServer::with(|settings| {
        settings.dbt.cloud = Some(dbt_settings(&dbt));
        settings.catalog.dbt_metrics.names = vec!["revenue".to_owned()];
        settings.catalog.cache_dir = None;
        let read = GrantRule::new([Area::DbtSemanticLayer, Area::DbtRuns], GrantLevel::Read);
        settings.grants.rules = vec![read];
    })
    .await;
    assert_eq!(server.get("/readyz").await.status, 200);
    let me = server.get("/v1/me").await.json();
    assert_eq!((&me["metabase"], &me["demo"]), (&json!(null), &json!(false)));
    let catalog = server.get("/v1/catalog").await.json();
    let entries = catalog["entries"].as_array().unwrap();
    assert_eq!(
        (entries.len(), &entries[0]["link"]),
        (1, &json!(null)),
        "{catalog:#}"
    );
    let suggestions = server.get("/v1/suggestions").await.json();
    assert!(!suggestions["suggestions"].as_array().unwrap().is_empty());

    let record = server.ask(QUESTION).await;
    let answer = &record["answer"];
    assert_eq!(answer["outcome"], "answered", "{record:#}");
    assert_eq!(answer["evidence"][0]["dbt_metric"], "revenue");
    assert_eq!(record["tables"][0]["rows"].as_array().unwrap().len(), 12);
    assert_eq!(record["tables"][0]["entry"]["link"], json!(null));
    assert_eq!(record["charts"][0]["kind"], "line");
    let session = record["session"].as_str().unwrap();
    let next = server.ask_in(session, "And by month in 2024?").await;
    assert_eq!(next["status"], "finished", "{next:#}");

    let chat = json!({"model": "cardinal", "messages": [{"role": "user", "content": QUESTION}]});
    let chat = server.post("/v1/chat/completions", chat).await.json();
    assert_eq!(chat["cardinal"]["outcome"], "answered", "{chat:#}");
    let told = server.send(Ask::events(&json!({"question": QUESTION}))).await;
    assert_eq!(told.named("done").len(), 1, "{told:#?}");
    assert_eq!(told.named("tool_started")[0]["entry"]["link"], json!(null));
    let export = server
        .get(&format!("/v1/sessions/{session}/export?format=markdown"))
        .await;
    assert_eq!(export.status, 200, "{export:#?}");
    // Nothing leads to a place that is not there.
    for text in [record.to_string(), told.body, export.body] {
        assert!(!text.contains("no-metabase.invalid"), "{text}");
    }
}

/// A dbt of one's own is asked about itself beside the demo, and judges nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_judged_by_no_other_dbt() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_owned();
    crate::dbt::project::write(&dir, &[("manifest.json", crate::dbt::project::manifest())]);
    let model = ScriptedModel::openai(vec![ModelReply::text("Nothing to say.")]).await;
    let server = TestServer::before(model, |settings| {
        settings.dbt.project_dir = Some(dir);
        settings.grants.rules = vec![GrantRule::new([Area::DbtLocalArtifacts], GrantLevel::Read)];
    })
    .await;
    server.ask("Can I believe the average rating?").await;
    let request = &server.model.as_ref().unwrap().requests()[0];
    let tools = request["tools"].as_array().unwrap();
    let named = |name: &str| tools.iter().any(|tool| tool["function"]["name"] == name);
    assert!(named("dbt_lookup") && !named("data_health"), "{tools:#?}");
    let prompt = request["messages"][0].to_string();
    assert!(
        prompt.contains("`dbt_lookup`") && !prompt.contains("data_health"),
        "{prompt}"
    );
}
