use cardinal::eval::Verdict;
use cardinal::eval::recordings::{CaseNote, ExistingRecordings, RecordingError, record};
use cardinal::model::ModelDrive;
use cardinal::tapes::replay;
use cardinal::wire::TapeFile;
use serde_json::json;

use super::kit::{Shops, anthropic, openai, options, script, settings};
use crate::support::scripted_model::{Reply, ScriptedModel};

fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn sets_lie_beside_the_suite_and_share_what_the_model_read_first() {
    let shops = Shops::new();
    for (set, model) in [("openai", openai().await), ("anthropic", anthropic().await)] {
        let recorded = shops.record(set, &model, ExistingRecordings::Refuse).await;
        for case in recorded {
            assert_eq!(case.record.verdict, Verdict::Passed, "{:#?}", case.record);
            case.kept.unwrap();
        }
    }
    let tapes = shops.path("tapes");
    assert_eq!(names(&tapes), ["anthropic", "catalogs", "openai", "prompts"]);
    assert_eq!(names(&tapes.join("openai")), ["by-shop", "talk~two-turns"]);
    assert_eq!(
        names(&tapes.join("openai/talk~two-turns")),
        ["case.json", "turn-1.jsonl", "turn-2.jsonl"]
    );
    assert_eq!(
        names(&tapes.join("catalogs")).len(),
        1,
        "both sets share the catalog"
    );
    assert_eq!(names(&tapes.join("prompts")).len(), 2, "one for each wire");
    assert_eq!(shops.recordings().sets().unwrap(), ["anthropic", "openai"]);

    let replayed = replay(&tapes.join("openai/talk~two-turns/turn-2.jsonl"))
        .await
        .unwrap();
    assert_eq!(replayed.answer.text, "South sold most: 250.");
    let note = CaseNote::read(&tapes.join("openai/talk~two-turns"))
        .unwrap()
        .unwrap();
    let tape = TapeFile::read(&tapes.join("openai/talk~two-turns/turn-2.jsonl")).unwrap();
    assert_eq!((note.turns.len(), &note.turns[1]), (2, &tape.seal));
}

#[tokio::test]
async fn recordings_are_replaced_only_when_that_is_meant_and_come_out_the_same() {
    let shops = Shops::new();
    let model = openai().await;
    shops.record("one", &model, ExistingRecordings::Refuse).await;
    let turn = shops.path("tapes/one/by-shop/turn-1.jsonl");
    let before = TapeFile::read(&turn).unwrap();

    let refused = record(
        &shops.suite(),
        &settings(&model),
        &options("one", ExistingRecordings::Refuse),
        &mut |_| {},
    )
    .await;
    assert!(
        matches!(refused, Err(RecordingError::Exists { count: 2, .. })),
        "{refused:?}"
    );
    let left = shops.record("one", &model, ExistingRecordings::Leave).await;
    assert!(left.is_empty());
    std::fs::remove_dir_all(shops.path("tapes/one/by-shop")).unwrap();
    let missing = shops.record("one", &model, ExistingRecordings::Leave).await;
    assert_eq!(missing.len(), 1);

    shops.record("one", &model, ExistingRecordings::Replace).await;
    assert_eq!(names(&shops.path("tapes/one")), ["by-shop", "talk~two-turns"]);
    let after = TapeFile::read(&turn).unwrap();
    assert_eq!(
        (before.header.seed, &before.header.conversation),
        (after.header.seed, &after.header.conversation)
    );
    let requests = |tape: &TapeFile| json!(tape.exchanges.iter().map(|one| &one.request).collect::<Vec<_>>());
    assert_eq!(requests(&before), requests(&after));
}

#[tokio::test]
async fn a_case_that_fails_is_recorded_and_one_that_broke_is_not() {
    let shops = Shops::new();
    let model = ScriptedModel::openai_with(|request| match script(request) {
        reply if request["messages"].to_string().contains("did each shop") => reply,
        _ => Reply::status(400, json!({ "error": { "message": "no" } })),
    })
    .await;
    shops.change("suite.yaml", "[South, 250.0]", "[South, 251.0]");
    let recorded = shops.record("one", &model, ExistingRecordings::Refuse).await;
    let failing = &recorded[0];
    assert!(
        matches!(failing.record.verdict, Verdict::Regressed { .. }),
        "{failing:?}"
    );
    let note = CaseNote::read(failing.kept.as_ref().unwrap()).unwrap().unwrap();
    assert_eq!(note.verdict, failing.record.verdict);

    let broken = &recorded[1];
    assert!(broken.record.verdict.errored());
    assert!(broken.kept.is_err());
    assert_eq!(names(&shops.path("tapes/one")), ["by-shop"]);
}

/// How the model is driven is found out in the first turn; later ones do not ask again.
#[tokio::test]
async fn a_conversation_with_a_model_that_is_probed_is_recorded() {
    let shops = Shops::new();
    for native in [true, false] {
        let model = ScriptedModel::openai_with(move |request| {
            if request["tools"][0]["function"]["name"] == "report" {
                return if native {
                    Reply::tool_calls([("report", json!({ "word": "ready" }))])
                } else {
                    Reply::text("I have no tools.")
                };
            }
            if native {
                script(request)
            } else {
                Reply::text(r#"{"tool":"answer","arguments":{"text":"South sold most."}}"#)
            }
        })
        .await;
        let mut settings = settings(&model);
        settings.model.drive = ModelDrive::Probe;
        let set = if native { "native" } else { "json" };
        let options = options(set, ExistingRecordings::Refuse);
        let recorded = record(&shops.suite(), &settings, &options, &mut |_| {})
            .await
            .unwrap();
        for case in recorded {
            case.kept.unwrap();
        }
    }
}

#[tokio::test]
async fn a_broken_run_leaves_the_recording_that_was_there() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    let turn = shops.path("tapes/one/by-shop/turn-1.jsonl");
    let before = std::fs::read(&turn).unwrap();
    let broken = ScriptedModel::openai(Vec::new()).await;
    let recorded = shops.record("one", &broken, ExistingRecordings::Replace).await;
    assert!(recorded.iter().all(|case| case.kept.is_err()));
    assert_eq!(std::fs::read(&turn).unwrap(), before);
    assert_eq!(names(&shops.path("tapes/one")), ["by-shop", "talk~two-turns"]);
}

#[test]
fn the_program_records_the_baseline_planner() {
    let shops = Shops::new();
    let record = |more: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_cardinal"))
            .args([
                "eval",
                "record",
                ".",
                "--model",
                "offline",
                "--answered-by",
                "nobody",
            ])
            .args(more)
            .env_clear()
            .env("HOME", shops.folder.path())
            .current_dir(shops.folder.path())
            .output()
            .unwrap()
    };
    let first = record(&["--filter", "by-*"]);
    let out = String::from_utf8(first.stdout.clone()).unwrap();
    assert_eq!(
        (first.status.code(), out.as_str()),
        (Some(0), "1 recorded, 0 not recorded\n"),
        "{first:?}"
    );
    let tape = TapeFile::read(&shops.path("tapes/offline/by-shop/turn-1.jsonl")).unwrap();
    assert_eq!(tape.header.answered_by, "nobody");
    let again = record(&["--filter", "by-*"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8(again.stderr).unwrap().contains("--replace"));
}
