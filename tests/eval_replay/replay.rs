use cardinal::eval::recordings::ExistingRecordings;
use cardinal::eval::{Mode, TrialRecord, Verdict, regrade};

use super::kit::{Shops, anthropic, openai, ran, ran_all};

#[tokio::test]
async fn both_wires_replay_without_model_data_or_sandbox_to_the_same_bytes() {
    let shops = Shops::new();
    for (set, model) in [("openai", openai().await), ("anthropic", anthropic().await)] {
        shops.record(set, &model, ExistingRecordings::Refuse).await;
    }
    let lines = |records: &[TrialRecord]| serde_json::to_string(records).unwrap();
    let first = ran_all(&shops, Mode::Replay).await;
    assert_eq!(first.len(), 4);
    for record in &first {
        assert_eq!(record.verdict, Verdict::Passed, "{record:#?}");
        assert_eq!(record.answers[0]["tool_calls"][0]["served_by"], "tape");
        assert_eq!(record.answers[0]["timings"]["total_ms"], 0);
    }
    assert_eq!(lines(&first), lines(&ran_all(&shops, Mode::Replay).await));
    let suites: Vec<&str> = first.iter().map(|record| record.suite.as_str()).collect();
    assert_eq!(
        suites,
        [
            "shops@anthropic",
            "shops@anthropic",
            "shops@openai",
            "shops@openai"
        ]
    );
    let again = regrade(&[shops.suite()], first.clone());
    assert_eq!(lines(&first), lines(&again));
}

#[tokio::test]
async fn data_that_is_not_there_is_not_missed() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    std::fs::remove_dir_all(shops.path("data")).unwrap();
    let records = ran_all(&shops, Mode::Replay).await;
    assert!(
        records.iter().all(|record| record.verdict == Verdict::Passed),
        "{records:#?}"
    );
}

#[tokio::test]
async fn what_graders_say_is_told_from_everything_else() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    // What is expected is no part of what was recorded.
    shops.change("suite.yaml", "[South, 250.0]", "[South, 251.0]");
    let record = ran(&shops, Mode::Replay, "by-shop").await;
    assert!(
        matches!(record.verdict, Verdict::Regressed { .. }),
        "{:?}",
        record.verdict
    );
}

#[tokio::test]
async fn a_recording_is_stale_when_what_it_was_made_of_is_another() {
    let changes = [
        (
            "suite.yaml",
            "How much did each",
            "What did each",
            "what the case asks",
        ),
        (
            "suite.yaml",
            "tables: all",
            "tables: none",
            "what the suite asks about",
        ),
        ("data/sales.csv", "49.5", "50.5", "the data"),
        ("model.yaml", "Amount sold", "Amounts sold", "the data"),
    ];
    for (file, old, new, what) in changes {
        let shops = Shops::new();
        shops
            .record("one", &openai().await, ExistingRecordings::Refuse)
            .await;
        shops.change(file, old, new);
        let record = ran(&shops, Mode::Replay, "by-shop").await;
        let Verdict::Stale {
            what: changed,
            command,
        } = &record.verdict
        else {
            panic!("{:?}", record.verdict)
        };
        assert_eq!(changed, &[what.to_owned()]);
        let command = command.as_deref().unwrap();
        assert!(
            command.starts_with("cardinal eval record ") && command.ends_with("--replace"),
            "{command}"
        );
    }
}

#[tokio::test]
async fn cases_that_came_and_cases_that_went_are_told() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    shops.change("suite.yaml", "id: by-shop", "id: by-store");
    let plan = super::kit::replay_options(Mode::Replay, &[])
        .plan(&[shops.suite()])
        .unwrap();
    assert_eq!(plan.unrecorded, ["shops/by-store"]);
    let records = ran_all(&shops, Mode::Replay).await;
    let gone = records.iter().find(|record| record.case == "by-shop").unwrap();
    assert!(
        matches!(gone.verdict, Verdict::Stale { .. }),
        "{:?}",
        gone.verdict
    );
}

#[tokio::test]
async fn data_that_changed_is_told_by_call_row_and_column_when_tools_are_live() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    let same = ran_all(&shops, Mode::ReplayModel).await;
    assert!(
        same.iter().all(|record| record.verdict == Verdict::Passed),
        "{same:#?}"
    );
    assert_ne!(same[0].answers[0]["tool_calls"][0]["served_by"], "tape");

    shops.change("data/sales.csv", "49.5", "59.5");
    let record = ran(&shops, Mode::ReplayModel, "by-shop").await;
    let Verdict::Diverged { at, was, now, .. } = &record.verdict else {
        panic!("{:?}", record.verdict)
    };
    assert!(
        at.contains("turn 1, call 1 (run_card)") && at.contains("row 1, column"),
        "{at}"
    );
    assert_eq!((was.as_str(), now.as_str()), ("150.0", "160.0"));

    shops.change("model.yaml", "Amount sold by", "Amounts sold by");
    let record = ran(&shops, Mode::ReplayModel, "by-shop").await;
    let Verdict::Stale { what, .. } = &record.verdict else {
        panic!("{:?}", record.verdict)
    };
    assert!(what.iter().any(|what| what == "the catalog"), "{what:?}");
}

#[tokio::test]
async fn another_model_is_asked_over_recorded_results_and_what_is_not_on_tape_is_noted() {
    use crate::support::scripted_model::{Reply, ScriptedModel};
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    // The data is another now; what was recorded counts.
    shops.change("data/sales.csv", "49.5", "59.5");
    let records = super::kit::counterfactual(&shops, &openai().await).await;
    assert!(
        records.iter().all(|record| record.off_tape.is_empty()),
        "{records:#?}"
    );
    assert!(
        records.iter().all(|record| record.verdict == Verdict::Passed),
        "{records:#?}"
    );
    assert_eq!(records[0].answers[0]["tool_calls"][0]["served_by"], "tape");

    let mut step = 0;
    let curious = ScriptedModel::openai_with(move |request| {
        step += 1;
        let id = crate::support::stack::ids(request, "query_table", "table_id")[0];
        match step {
            1 => Reply::tool_calls([("query_table", serde_json::json!({ "table_id": id, "limit": 1 }))]),
            _ => Reply::text("No idea."),
        }
    })
    .await;
    let records = super::kit::counterfactual(&shops, &curious).await;
    let off: usize = records.iter().map(|record| record.off_tape.len()).sum();
    assert!(off > 0, "{records:#?}");
}
