//! The ledger's file: whole or an error, never silently zero.

use cardinal::ledger::{Allowance, DayLedger, LedgerError, Spend};

use super::book::{book, granted, noon, tokens, tokens_a_day};

fn written(dir: &std::path::Path) -> (DayLedger, std::path::PathBuf) {
    let book = book(dir, "ana@example.com", tokens_a_day(1_000));
    let hold = granted(book.ask(None, &[tokens(400)], noon()).unwrap());
    book.settle(&hold, tokens(300), noon()).unwrap();
    granted(book.ask(None, &[tokens(50)], noon()).unwrap());
    let folder = std::fs::read_dir(dir).unwrap().next().unwrap().unwrap().path();
    (book, folder.join("2026-06-30.json"))
}

#[test]
fn it_reads_well_and_names_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let (_, path) = written(dir.path());
    let text = std::fs::read_to_string(&path).unwrap();
    let page: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(page["version"], 1);
    assert_eq!(page["day"], "2026-06-30");
    assert_eq!(page["spent"]["tokens"], 300);
    assert_eq!(page["reserved"].as_object().unwrap().len(), 1);
    assert!(
        !text.contains("ana") && !path.to_string_lossy().contains("ana@"),
        "{text}"
    );
}

#[test]
fn cut_anywhere_it_is_an_error_that_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let (book, path) = written(dir.path());
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() - 2 {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = book.ask(None, &[tokens(1)], noon()).unwrap_err();
        assert!(
            matches!(error, LedgerError::Corrupt { .. }),
            "{length}: {error:?}"
        );
        let said = error.to_string();
        assert!(
            said.contains("2026-06-30.json") && said.contains("remove it"),
            "{said}"
        );
        book.standing(noon()).unwrap_err();
        assert_eq!(
            std::fs::read(&path).unwrap(),
            &whole[..length],
            "it is left as it is"
        );
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(book.standing(noon()).unwrap().taken.tokens, 350);
}

#[test]
fn what_is_not_ours_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let (book, path) = written(dir.path());
    let whole = std::fs::read_to_string(&path).unwrap();
    for (what, text) in [
        (
            "a later version",
            whole.replacen("\"version\": 1", "\"version\": 2", 1),
        ),
        ("another day", whole.replacen("2026-06-30", "2026-06-29", 1)),
        (
            "a field more",
            whole.replacen("\"version\"", "\"note\": 1, \"version\"", 1),
        ),
        (
            "a negative sum",
            whole.replacen("\"cost_usd\": \"0\"", "\"cost_usd\": \"-5\"", 1),
        ),
        ("a negative count", whole.replacen("300", "-300", 1)),
        ("no text", "\u{0}\u{1}".to_owned()),
    ] {
        assert_ne!(text, whole, "{what}");
        std::fs::write(&path, &text).unwrap();
        assert!(book.ask(None, &[tokens(1)], noon()).is_err(), "{what}");
    }
}

#[test]
fn a_write_that_was_broken_off_leaves_the_page_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let (book, path) = written(dir.path());
    std::fs::write(path.with_file_name("new"), "{\"version\": 1, \"prin").unwrap();
    assert_eq!(book.standing(noon()).unwrap().taken.tokens, 350);
    granted(book.ask(None, &[tokens(1)], noon()).unwrap());
    assert_eq!(book.standing(noon()).unwrap().taken.tokens, 351);
}

#[test]
fn looking_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("not there yet");
    let book = book(&folder, "ana", Allowance::default());
    assert_eq!(book.standing(noon()).unwrap().taken, Spend::default());
    assert!(!folder.exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let book = book(&file, "ana", tokens_a_day(1_000));
    let error = book.ask(None, &[tokens(1)], noon()).unwrap_err();
    assert!(error.to_string().contains("budget.ledger_dir"), "{error}");
}

#[test]
fn pages_of_long_ago_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let (book, path) = written(dir.path());
    let later = noon() + std::time::Duration::from_secs(40 * 86_400);
    granted(book.ask(None, &[tokens(1)], later).unwrap());
    assert!(!path.exists());
    assert!(path.with_file_name("2026-08-09.json").exists());
}
