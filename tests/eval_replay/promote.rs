use std::path::Path;
use std::process::{Command, Output};

use cardinal::eval::recordings::{ExistingRecordings, PromoteError, Promotion, promote};
use cardinal::eval::{DatasetKind, Mode, Verdict};

use super::kit::{Shops, forge, offline, openai, ran};

fn cardinal(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cardinal"))
        .args(arguments)
        .env_clear()
        .env("HOME", folder)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn ended(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = cardinal(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?} {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_answer_of_ask_becomes_a_case_that_passes_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ended(
        at,
        &[
            "ask",
            "How much revenue did we make in 2025?",
            "--model",
            "offline",
            "--tape",
            "a.jsonl",
        ],
        0,
    );
    let out = ended(at, &["eval", "promote", "a.jsonl", "--suite", "own"], 0);
    assert!(
        out.contains("case how-much-revenue-did-we-make-in-2025 in "),
        "{out}"
    );
    assert!(out.contains("confirm: turn 1: "), "{out}");
    let out = ended(at, &["eval", "run", "own", "--out", "r"], 0);
    assert!(out.ends_with("1 passed, 0 failed\n"), "{out}");
    let out = ended(
        at,
        &["eval", "run", "own", "--mode", "replay-model", "--out", "m"],
        0,
    );
    assert!(out.ends_with("1 passed, 0 failed\n"), "{out}");
    ended(at, &["eval", "promote", "a.jsonl", "--suite", "own"], 2);
    let second = ended(
        at,
        &["eval", "promote", "a.jsonl", "--suite", "own", "--id", "again"],
        0,
    );
    assert!(second.contains("case again in "), "{second}");
}

#[test]
fn an_id_that_cannot_be_one_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let question = "How much revenue did we make in 2025?";
    ended(
        at,
        &["ask", question, "--model", "offline", "--tape", "a.jsonl"],
        0,
    );
    let long = "a".repeat(300);
    for id in ["../../evil", "a b", "#x", "", "a: b", "*", "..", &long] {
        let promoted = cardinal(
            at,
            &["eval", "promote", "a.jsonl", "--suite", "own/new", "--id", id],
        );
        let told = String::from_utf8(promoted.stderr).unwrap();
        assert_eq!(promoted.status.code(), Some(2), "{id}: {told}");
        assert!(
            told.contains("a case cannot be named") && told.contains("--id"),
            "{told}"
        );
        assert!(!at.join("own").exists(), "{id}");
    }
    for id in ["null", "123", "yes", "x/y"] {
        ended(
            at,
            &["eval", "promote", "a.jsonl", "--suite", "own/new", "--id", id],
            0,
        );
    }
    let out = ended(at, &["eval", "run", "own/new", "--out", "r"], 0);
    assert!(out.ends_with("4 passed, 0 failed\n"), "{out}");
}

#[tokio::test]
async fn a_conversation_becomes_a_case_that_fails_when_its_data_changes() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    let promotion = Promotion {
        tape: shops.path("tapes/one/talk~two-turns/turn-2.jsonl"),
        opinion: None,
        suite: shops.folder.path().to_owned(),
        set: "promoted".to_owned(),
        id: Some("from-production".to_owned()),
    };
    let promoted = promote(&promotion, &offline()).await.unwrap();
    let golds: Vec<(usize, f64)> = promoted
        .confirm
        .iter()
        .map(|figure| (figure.turn, figure.value))
        .collect();
    assert_eq!(golds, [(1, 150.0), (1, 250.0), (2, 250.0)], "{promoted:#?}");
    assert_eq!(
        ran(&shops, Mode::Replay, "from-production").await.verdict,
        Verdict::Passed
    );
    assert_eq!(
        ran(&shops, Mode::ReplayModel, "from-production").await.verdict,
        Verdict::Passed
    );
    assert!(matches!(
        promote(&promotion, &offline()).await,
        Err(PromoteError::Exists { .. })
    ));

    shops.change("data/sales.csv", "49.5", "59.5");
    let verdict = ran(&shops, Mode::ReplayModel, "from-production").await.verdict;
    assert!(matches!(verdict, Verdict::Diverged { .. }), "{verdict}");
}

/// The shops are neither the demo nor, at an address of this machine, certainly somebody's Metabase.
#[tokio::test]
async fn data_that_a_tape_was_not_asked_of_is_refused() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    let promotion = |suite: &str| Promotion {
        tape: shops.path("tapes/one/by-shop/turn-1.jsonl"),
        opinion: None,
        suite: shops.path(suite),
        set: "promoted".to_owned(),
        id: Some("from-production".to_owned()),
    };
    let untold = promote(&promotion("own"), &offline()).await.unwrap_err();
    assert!(matches!(untold, PromoteError::UnknownDataset { .. }), "{untold}");
    assert!(untold.to_string().contains("configured"), "{untold}");
    assert!(!shops.path("own").exists());

    std::fs::create_dir(shops.path("demo")).unwrap();
    let text = "version: 1\nname: demo\ndataset: { kind: demo }\n\
                cases: [{ id: a, question: b, expect: { outcome: [answered] } }]\n";
    std::fs::write(shops.path("demo/suite.yaml"), text).unwrap();
    let other = promote(&promotion("demo"), &offline()).await.unwrap_err();
    assert!(matches!(other, PromoteError::OtherDataset { .. }), "{other}");
    assert_eq!(
        std::fs::read_to_string(shops.path("demo/suite.yaml")).unwrap(),
        text
    );
    assert!(!shops.path("demo/cases").exists());
}

#[tokio::test]
async fn a_tape_of_a_company_s_metabase_becomes_a_case_of_the_configured_one() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    forge(&shops.path("tapes/one/by-shop"), 1, |tape| {
        "https://metabase.example.com/".clone_into(&mut tape.header.metabase.url);
    });
    let promotion = Promotion {
        tape: shops.path("tapes/one/by-shop/turn-1.jsonl"),
        opinion: None,
        suite: shops.path("own"),
        set: "promoted".to_owned(),
        id: None,
    };
    let promoted = promote(&promotion, &offline()).await.unwrap();
    assert_eq!(promoted.suite.dataset.kind, DatasetKind::Configured);
    let text = std::fs::read_to_string(shops.path("own/suite.yaml")).unwrap();
    assert!(text.contains("configured") && !text.contains("demo"), "{text}");
}
