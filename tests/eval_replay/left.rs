//! What killed runs and earlier recordings leave behind.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use cardinal::eval::recordings::{ExistingRecordings, RecordingError, record};
use cardinal::eval::{Mode, Verdict};

use super::kit::{Shops, openai, options, ran_all, settings};

/// What a run leaves that was killed while it put a new recording in the place of `case`.
fn killed_over(set: &Path, case: &str) -> File {
    let left = set.join(".new-1-0");
    fs::create_dir_all(left.join("half")).unwrap();
    fs::write(left.join("half/turn-1.jsonl"), "{").unwrap();
    fs::rename(set.join(case), left.join(format!("{case}.old"))).unwrap();
    File::create(left.join("lock")).unwrap()
}

#[tokio::test]
async fn a_killed_run_is_cleared_up_by_the_next() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    let set = shops.path("tapes/one");
    drop(killed_over(&set, "by-shop"));
    fs::remove_dir_all(set.join("talk~two-turns")).unwrap();
    let recorded = shops
        .record("one", &openai().await, ExistingRecordings::Leave)
        .await;
    assert_eq!(recorded.len(), 1, "the other is put back");
    assert!(!set.join(".new-1-0").exists());
    let records = ran_all(&shops, Mode::Replay).await;
    assert!(
        records.len() == 2 && records.iter().all(|record| record.verdict == Verdict::Passed),
        "{records:#?}"
    );
}

#[tokio::test]
async fn a_run_that_still_records_is_left_alone() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    let set = shops.path("tapes/one");
    let lock = killed_over(&set, "by-shop");
    lock.lock().unwrap();
    shops
        .record("one", &openai().await, ExistingRecordings::Leave)
        .await;
    assert!(set.join(".new-1-0/by-shop.old").exists());
    assert!(set.join("by-shop/case.json").exists());
}

/// Two runs into one set: what the first has recorded stays, and the second says so.
#[tokio::test]
async fn a_case_that_was_recorded_meanwhile_stays() {
    let shops = Shops::new();
    let (one, other) = (openai().await, openai().await);
    let run = |model| {
        let (suite, settings) = (shops.suite(), settings(model));
        async move {
            let options = options("one", ExistingRecordings::Refuse);
            record(&suite, &settings, &options, &mut |_| {}).await.unwrap()
        }
    };
    let (one, other) = tokio::join!(run(&one), run(&other));
    let all: Vec<_> = one.into_iter().chain(other).collect();
    let kept = all.iter().filter(|case| case.kept.is_ok()).count();
    assert_eq!((kept, all.len()), (2, 4));
    let meanwhile = all.iter().filter_map(|case| case.kept.as_ref().err());
    for reason in meanwhile {
        assert!(reason.contains("another run meanwhile"), "{reason}");
    }
}

#[tokio::test]
async fn what_no_recording_needs_any_more_goes() {
    let shops = Shops::new();
    shops
        .record("one", &openai().await, ExistingRecordings::Refuse)
        .await;
    let old = SystemTime::now() - Duration::from_secs(2 * 60 * 60);
    let aged = |kind: &str, name: &str| {
        let path = shops.path("tapes").join(kind).join(name);
        fs::write(&path, "{}").unwrap();
        File::options()
            .append(true)
            .open(&path)
            .unwrap()
            .set_modified(old)
            .unwrap();
        path
    };
    let stray = [aged("prompts", "00ff.json"), aged("catalogs", "00ff.json")];
    for kind in ["prompts", "catalogs"] {
        for file in fs::read_dir(shops.path("tapes").join(kind)).unwrap() {
            let file = File::options().append(true).open(file.unwrap().path()).unwrap();
            file.set_modified(old).unwrap();
        }
    }
    fs::remove_dir_all(shops.path("tapes/one/by-shop")).unwrap();
    shops
        .record("one", &openai().await, ExistingRecordings::Leave)
        .await;
    assert!(stray.iter().all(|path| !path.exists()));
    let records = ran_all(&shops, Mode::Replay).await;
    assert!(records.iter().all(|record| record.verdict == Verdict::Passed));
}

#[tokio::test]
async fn a_place_that_cannot_be_written_to_is_named() {
    let shops = Shops::new();
    fs::create_dir(shops.path("tapes")).unwrap();
    fs::write(shops.path("tapes/one"), "").unwrap();
    let refused = record(
        &shops.suite(),
        &settings(&openai().await),
        &options("one", ExistingRecordings::Refuse),
        &mut |_| {},
    )
    .await;
    let Err(RecordingError::Write { path, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert!(path.starts_with(shops.path("tapes/one")), "{}", path.display());
}
