//! What a check finds when somebody was at the files.

use std::fs;

use cardinal::call_log::{CallLog, CallLogSettings, CallOutcome, LogReport, verify};

use super::{intent, segments, written};

fn report(text: &str) -> LogReport {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log-000001.jsonl"), text).unwrap();
    verify(folder.path(), &[]).unwrap()
}

async fn log(calls: usize) -> String {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), calls).await;
    fs::read_to_string(&segments(folder.path())[0]).unwrap()
}

#[tokio::test]
async fn no_byte_can_be_changed_unseen() {
    let whole = log(2).await;
    assert!(report(&whole).ok);
    for at in 0..whole.len() {
        for flip in [1_u8, 32] {
            let mut bytes = whole.clone().into_bytes();
            bytes[at] ^= flip;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            let found = report(&changed);
            // The last line end alone is a record that was not written to its end.
            let last = at + 1 == whole.len();
            assert!(!found.ok || last && found.torn_bytes > 0, "byte {at}");
        }
    }
}

#[tokio::test]
async fn lines_that_are_moved_taken_out_or_doubled_are_named() {
    let whole = log(4).await;
    let lines: Vec<&str> = whole.lines().collect();
    let join = |lines: &[&str]| format!("{}\n", lines.join("\n"));
    for at in 1..lines.len() - 1 {
        let mut moved = lines.clone();
        moved.swap(at, at + 1);
        let mut missing = lines.clone();
        missing.remove(at);
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        for (what, changed) in [("moved", moved), ("missing", missing), ("doubled", doubled)] {
            let found = report(&join(&changed));
            let bad = found.first_bad.unwrap_or_else(|| panic!("{what} {at}"));
            let first_wrong = if what == "doubled" { at + 2 } else { at + 1 };
            assert_eq!(
                usize::try_from(bad.line).unwrap(),
                first_wrong,
                "{what} {at}: {bad:?}"
            );
            assert_eq!(
                usize::try_from(bad.seq).unwrap(),
                first_wrong - 1,
                "{what} {at}: {bad:?}"
            );
        }
    }
    let empty_line = whole.replacen('\n', "\n\n", 1);
    assert!(!report(&empty_line).ok);
    let spaced = whole.replacen("{\"", "{ \"", 1);
    assert!(!report(&spaced).ok);
}

#[tokio::test]
async fn a_record_that_was_written_anew_does_not_fit() {
    // Somebody who knows the format changes a record and works out its hash again.
    let whole = log(3).await;
    let lines: Vec<&str> = whole.lines().collect();
    let mut forged: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
    forged["does"] = "trigger job 9".into();
    let fields = forged.as_object_mut().unwrap();
    fields.remove("hash");
    let text = format!(
        "{}{}",
        fields["prev"].as_str().unwrap(),
        serde_json::Value::from(fields.clone())
    );
    let hash: String = sha2::Digest::finalize(sha2::Digest::chain_update(
        <sha2::Sha256 as sha2::Digest>::new(),
        text.as_bytes(),
    ))
    .iter()
    .map(|byte: &u8| format!("{byte:02x}"))
    .collect();
    fields.insert("hash".to_owned(), hash.into());
    let line = forged.to_string();
    let changed = whole.replace(lines[1], &line);
    let bad = report(&changed).first_bad.unwrap();
    assert_eq!(
        (bad.line, bad.problem.as_str()),
        (3, "it does not follow the record before it")
    );
}

#[tokio::test]
async fn a_cut_end_shows_against_an_anchor_only() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), 4).await;
    let head = verify(folder.path(), &[]).unwrap().head.unwrap();
    let path = &segments(folder.path())[0];
    let whole = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    fs::write(path, format!("{}\n", lines[..5].join("\n"))).unwrap();
    let kept = verify(folder.path(), &[]).unwrap().first_bad.unwrap();
    assert!(kept.problem.contains("the file `head` names record"), "{kept:?}");
    // Whoever cut it can take that file away too.
    fs::remove_file(folder.path().join("head")).unwrap();
    assert!(verify(folder.path(), &[]).unwrap().ok);
    let found = verify(folder.path(), std::slice::from_ref(&head)).unwrap();
    assert!(!found.ok);
    assert!(
        found
            .first_bad
            .unwrap()
            .problem
            .contains("the end of the log is missing")
    );
    // Everything written anew, with a hash for each record.
    let other = tempfile::tempdir().unwrap();
    written(other.path(), 4).await;
    assert!(verify(other.path(), &[]).unwrap().ok);
    let found = verify(other.path(), &[head]).unwrap();
    assert!(
        found
            .first_bad
            .unwrap()
            .problem
            .contains("not the record that was anchored")
    );
}

#[tokio::test]
async fn a_missing_segment_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let log = CallLog::open(CallLogSettings {
        segment_bytes: 2_000,
        ..CallLogSettings::new(folder.path().to_owned())
    })
    .unwrap();
    for job in 0..10 {
        log.intend(intent(&job.to_string()))
            .await
            .unwrap()
            .end(&CallOutcome::default());
    }
    drop(log);
    let files = segments(folder.path());
    assert!(files.len() >= 4);
    let whole = fs::read(&files[1]).unwrap();
    fs::remove_file(&files[1]).unwrap();
    let found = verify(folder.path(), &[]).unwrap().first_bad.unwrap();
    assert_eq!(found.problem, "segment 2 is missing before it");
    fs::write(&files[1], &whole[..whole.len() - 10]).unwrap();
    let found = verify(folder.path(), &[]).unwrap().first_bad.unwrap();
    assert_eq!(found.file, "log-000002.jsonl");
    fs::write(&files[1], b"").unwrap();
    assert!(!verify(folder.path(), &[]).unwrap().ok);
}
