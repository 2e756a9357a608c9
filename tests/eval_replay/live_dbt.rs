//! A turn that asked dbt, run again with its model from tape and dbt live.

use cardinal::eval::recordings::{ExistingRecordings, record};
use cardinal::eval::replay::replay_suites;
use cardinal::eval::{Mode, Suite, Verdict};
use serde_json::json;

use super::kit::{offline, options, replay_options, settings};
use crate::support::scripted_model::{Reply, ScriptedModel};

const SUITE: &str = "\
version: 1
name: ratings
dataset: { kind: demo, dbt: true }
today: 2026-07-01
cases:
  - id: believed
    question: Can I believe the average rating?
    expect:
      outcome: [answered]
      text: { must: [fct_reviews] }
";

#[tokio::test(flavor = "multi_thread")]
async fn with_live_tools_the_dbt_of_the_dataset_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("suite.yaml"), SUITE).unwrap();
    let model = ScriptedModel::openai_with(|request| {
        let messages = request["messages"].as_array().unwrap();
        if messages.last().unwrap()["role"] == "tool" {
            Reply::text("fct_reviews ended with {{r1 last_status @ fct_reviews}}.")
        } else {
            Reply::tool_calls([("data_health", json!({ "kind": "metric", "id": 6 }))])
        }
    })
    .await;
    let suite = Suite::load(folder.path()).unwrap();
    let recorded = record(
        &suite,
        &settings(&model),
        &options("one", ExistingRecordings::Refuse),
        &mut |_| {},
    )
    .await
    .unwrap();
    assert_eq!(recorded.len(), 1);

    for (mode, served_by) in [(Mode::Replay, "tape"), (Mode::ReplayModel, "live")] {
        let options = replay_options(mode, &[]);
        let plan = options.plan(std::slice::from_ref(&suite)).unwrap();
        let records = replay_suites(plan, &offline(), &options, &mut |_| Ok(()))
            .await
            .unwrap();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].verdict, Verdict::Passed, "{records:#?}");
        let answer = &records[0].answers[0];
        assert_eq!(answer["tool_calls"][0]["name"], "data_health", "{answer:#}");
        assert_eq!(answer["evidence"].as_array().unwrap().len(), 1);
        assert_eq!(answer["tool_calls"][0]["status"], "ok", "{served_by}: {answer:#}");
    }
}
