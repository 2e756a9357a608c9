//! Recordings whose files are whole and do not belong together.

use std::path::Path;

use cardinal::eval::recordings::{CaseNote, ExistingRecordings, NOTE_FILE};
use cardinal::eval::{Mode, Verdict};

use super::kit::{Shops, change, forge, openai, ran};

async fn recorded() -> Shops {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    shops
}

fn note(folder: &Path, changed: impl FnOnce(&mut CaseNote)) {
    let mut note = CaseNote::read(folder).unwrap().unwrap();
    changed(&mut note);
    std::fs::write(folder.join(NOTE_FILE), serde_json::to_string(&note).unwrap()).unwrap();
}

/// It is an error of the harness that says these words and how to mend it.
async fn broken(shops: &Shops, case: &str, words: &[&str]) {
    let verdict = ran(shops, Mode::Replay, case).await.verdict;
    let Verdict::HarnessError { reason } = &verdict else {
        panic!("{verdict:?}")
    };
    for word in words
        .iter()
        .chain(&["to mend it: cardinal eval record ", "--replace"])
    {
        assert!(reason.contains(word), "{word} is not in {reason}");
    }
}

#[tokio::test]
async fn a_note_that_forgets_a_turn() {
    let shops = recorded().await;
    let double = shops.path("tapes/one/talk~two-turns");
    note(&double, |note| drop(note.turns.pop()));
    broken(&shops, "talk/two-turns", &["names 1 turns", "the case has 2"]).await;
    note(&double, |note| note.turns.clear());
    broken(&shops, "talk/two-turns", &["case.json", "names no turn"]).await;
}

#[tokio::test]
async fn a_recording_of_another_case_or_model() {
    let shops = recorded().await;
    let single = shops.path("tapes/one/by-shop");
    note(&single, |note| note.model = "openai:another".to_owned());
    broken(&shops, "by-shop", &["case.json", "openai:another"]).await;

    let shops = recorded().await;
    let single = shops.path("tapes/one/by-shop");
    note(&single, |note| note.case = "another".to_owned());
    broken(&shops, "by-shop", &["case.json", "another case: another"]).await;
}

#[tokio::test]
async fn tapes_that_ask_something_else_than_the_case() {
    let shops = recorded().await;
    let single = shops.path("tapes/one/by-shop");
    forge(&single, 1, |tape| tape.header.question.push('!'));
    broken(&shops, "by-shop", &["turn-1.jsonl", "each shop sell?!"]).await;

    let shops = recorded().await;
    let single = shops.path("tapes/one/by-shop");
    forge(&single, 1, |tape| {
        tape.header.today = jiff::civil::date(2025, 6, 29)
    });
    broken(&shops, "by-shop", &["2025-06-29", "2025-06-30"]).await;
}

#[tokio::test]
async fn a_turn_that_does_not_follow_the_one_before() {
    let shops = recorded().await;
    let double = shops.path("tapes/one/talk~two-turns");
    forge(&double, 2, |tape| tape.header.conversation.push('x'));
    broken(
        &shops,
        "talk/two-turns",
        &["line 1", "turn-2.jsonl", "turn before"],
    )
    .await;

    let shops = recorded().await;
    let double = shops.path("tapes/one/talk~two-turns");
    forge(&double, 2, |tape| tape.header.previous = None);
    broken(
        &shops,
        "talk/two-turns",
        &["line 1", "turn-2.jsonl", "turn before"],
    )
    .await;
}

#[tokio::test]
async fn recording_again_mends_what_lies_beside_the_tapes() {
    let shops = recorded().await;
    for kind in ["prompts", "catalogs"] {
        let folder = shops.path("tapes").join(kind);
        let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
        change(&file, "Amount", "Amounts");
    }
    broken(&shops, "by-shop", &["changed after"]).await;
    shops
        .record("one", &openai().await, ExistingRecordings::Replace)
        .await;
    for case in ["by-shop", "talk/two-turns"] {
        assert_eq!(ran(&shops, Mode::Replay, case).await.verdict, Verdict::Passed);
    }
}
