//! Recordings graded again, without a model: what their notes say now, and when they may say it.

use cardinal::eval::recordings::{CaseNote, ExistingRecordings, NOTE_FILE};
use cardinal::eval::{Mode, Verdict};
use serde_json::Value;

use super::kit::{Shops, openai, ran};

async fn recorded() -> Shops {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    shops
}

fn note(shops: &Shops, case: &str) -> CaseNote {
    CaseNote::read(&shops.path("tapes/one").join(case))
        .unwrap()
        .unwrap()
}

/// What `eval record . --regrade` prints, and its exit code.
fn regraded(shops: &Shops) -> (String, Option<i32>) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_cardinal"))
        .args(["eval", "record", ".", "--regrade"])
        .env_clear()
        .env("HOME", shops.folder.path())
        .current_dir(shops.folder.path())
        .output()
        .unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

#[tokio::test]
async fn what_the_graders_say_now_is_noted() {
    let shops = recorded().await;
    assert_eq!(
        regraded(&shops),
        ("0 noted anew, 2 as they were, 0 left\n".to_owned(), Some(0))
    );
    shops.change("suite.yaml", "[South, 250.0]", "[South, 251.0]");
    let (out, code) = regraded(&shops);
    assert_eq!(code, Some(0), "{out}");
    assert!(
        out.contains("shops@one/by-shop: failed: table, was passed\n"),
        "{out}"
    );
    assert!(out.ends_with("1 noted anew, 1 as they were, 0 left\n"), "{out}");
    assert!(matches!(
        note(&shops, "by-shop").verdict,
        Verdict::Regressed { .. }
    ));

    shops.change("suite.yaml", "[South, 251.0]", "[South, 250.0]");
    regraded(&shops);
    assert_eq!(note(&shops, "by-shop").verdict, Verdict::Passed);
}

#[tokio::test]
async fn other_hashes_of_what_is_the_same_are_taken() {
    let shops = recorded().await;
    let before = note(&shops, "by-shop");
    let path = shops.path("tapes/one/by-shop").join(NOTE_FILE);
    for pointer in ["/suite", "/asked", "/data", "/form/body", "/form/user_turn"] {
        let mut told: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        *told.pointer_mut(pointer).unwrap() = "0".into();
        std::fs::write(&path, told.to_string()).unwrap();
        assert!(matches!(
            ran(&shops, Mode::Replay, "by-shop").await.verdict,
            Verdict::Stale { .. }
        ));
        let (out, code) = regraded(&shops);
        assert_eq!(code, Some(0), "{pointer}: {out}");
        assert!(out.contains("shops@one/by-shop: another hash of "), "{out}");
        assert_eq!(note(&shops, "by-shop"), before);
    }
}

#[tokio::test]
async fn what_is_another_now_is_left_for_a_new_recording() {
    for (file, old, new) in [
        ("data/sales.csv", "49.5", "50.5"),
        ("model.yaml", "Amount sold", "Amounts sold"),
        ("suite.yaml", "How much did each", "What did each"),
        ("suite.yaml", "tables: all", "tables: none"),
        ("suite.yaml", "today: 2025-06-30", "today: 2025-06-29"),
    ] {
        let shops = recorded().await;
        shops.change(file, old, new);
        let before = note(&shops, "by-shop");
        let (out, code) = regraded(&shops);
        assert_eq!(code, Some(1), "{new}: {out}");
        assert!(
            out.contains("shops@one/by-shop is left as it was: "),
            "{new}: {out}"
        );
        assert_eq!(note(&shops, "by-shop"), before, "{new}");
    }
}

/// Data that is written another way, and data that no recorded question looks at, is the same data to a recording.
#[tokio::test]
async fn data_that_brings_the_same_results_is_the_same() {
    let shops = recorded().await;
    shops.change(
        "data/sales.csv",
        "2025-01-06,South,250\n",
        "2025-01-06,South,250.0\n",
    );
    let (out, code) = regraded(&shops);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("another hash of the data"), "{out}");
    assert_eq!(
        ran(&shops, Mode::Replay, "by-shop").await.verdict,
        Verdict::Passed
    );
}
