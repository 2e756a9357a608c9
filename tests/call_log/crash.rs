//! What a crash leaves behind, and disks that take nothing.

use std::fs;
use std::io::Write as _;

use cardinal::call_log::{CallLogError, CallOutcome, verify};
use sha2::{Digest, Sha256};

use super::{intent, of_kind, open, records, segments, written};

#[tokio::test]
async fn a_record_cut_anywhere_is_repaired_and_that_is_written_down() {
    let source = tempfile::tempdir().unwrap();
    written(source.path(), 2).await;
    let whole = fs::read(&segments(source.path())[0]).unwrap();
    let ends: Vec<usize> = (0..whole.len())
        .filter(|at| whole[*at] == b'\n')
        .map(|at| at + 1)
        .collect();
    for cut in (1..whole.len()).step_by(37).chain(ends.iter().copied()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log-000001.jsonl");
        fs::write(&path, &whole[..cut]).unwrap();
        open(folder.path())
            .intend(intent("9"))
            .await
            .unwrap()
            .end(&CallOutcome::default());
        let report = verify(folder.path(), &[]).unwrap();
        assert!(report.ok, "cut at {cut}: {report:?}");
        let all = records(folder.path());
        let kept = ends.iter().filter(|end| **end <= cut).count();
        let torn = &whole[ends[..kept].last().copied().unwrap_or(0)..cut];
        let repairs = of_kind(&all, "repair");
        if torn.is_empty() {
            assert!(repairs.is_empty(), "cut at {cut}");
        } else {
            assert_eq!(repairs.len(), 1, "cut at {cut}");
            assert_eq!(repairs[0]["bytes"], torn.len());
            let hash: String = Sha256::digest(torn)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(repairs[0]["sha256"], hash);
        }
        assert_eq!(all.last().unwrap()["kind"], "outcome");
    }
}

#[tokio::test]
async fn a_running_log_goes_on_behind_what_another_process_left_torn() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    log.intend(intent("1"))
        .await
        .unwrap()
        .end(&CallOutcome::default());
    // The outcome is on its way: the next intent is behind it.
    log.intend(intent("2"))
        .await
        .unwrap()
        .end(&CallOutcome::default());
    log.refused(intent("3")).await.unwrap();
    let path = segments(folder.path()).pop().unwrap();
    fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap()
        .write_all(b"{\"agent\":\"ana")
        .unwrap();
    log.intend(intent("4"))
        .await
        .unwrap()
        .end(&CallOutcome::default());
    drop(log);
    let report = verify(folder.path(), &[]).unwrap();
    assert!(
        report.ok && report.repairs == 1 && report.without_outcome == 0,
        "{report:?}"
    );
}

#[tokio::test]
async fn a_log_that_was_tampered_with_at_its_end_is_not_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), 1).await;
    let path = segments(folder.path()).pop().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"outcome\"", "\"0utcome\"")).unwrap();
    let error = open(folder.path()).intend(intent("2")).await.unwrap_err();
    assert!(matches!(error, CallLogError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("cardinal log verify"), "{error}");
    // Somebody else's format.
    let first = text
        .lines()
        .next()
        .unwrap()
        .replace("\"cardinal_log\":1", "\"cardinal_log\":2");
    fs::write(&path, format!("{first}\n{}", text.split_once('\n').unwrap().1)).unwrap();
    let error = open(folder.path()).intend(intent("2")).await.unwrap_err();
    assert!(
        matches!(
            error,
            CallLogError::Version {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_folder_that_takes_nothing_refuses_calls_and_forgets_no_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    let log = open(&dir);
    let running = log.intend(intent("1")).await.unwrap();
    let aside = folder.path().join("aside");
    fs::rename(&dir, &aside).unwrap();
    fs::write(&dir, "a file").unwrap();
    let error = log.intend(intent("2")).await.unwrap_err();
    assert!(matches!(error, CallLogError::Io { .. }), "{error}");
    running.end(&CallOutcome {
        status: Some(201),
        ..CallOutcome::default()
    });
    assert!(log.intend(intent("3")).await.is_err());
    fs::remove_file(&dir).unwrap();
    fs::rename(&aside, &dir).unwrap();
    log.refused(intent("4")).await.unwrap();
    drop(log);
    let report = verify(&dir, &[]).unwrap();
    assert!(report.ok && report.without_outcome == 0, "{report:?}");
    let all = records(&dir);
    assert_eq!(of_kind(&all, "intent").len(), 1);
    assert_eq!(of_kind(&all, "outcome")[0]["status"], 201);
}
