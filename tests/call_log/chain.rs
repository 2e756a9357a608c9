use std::fs;

use cardinal::call_log::{Anchor, CallLog, CallLogSettings, CallOutcome, verify};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{intent, of_kind, open, records, segments, written};

/// SHA-256 of the hash before and of the record without its own, written with sorted keys. Worked out here on its own.
fn hash_of(record: &Value) -> String {
    let mut fields = record.as_object().unwrap().clone();
    fields.remove("hash");
    let mut parts: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), value))
        .collect();
    parts.sort();
    let text = format!("{}{{{}}}", record["prev"].as_str().unwrap(), parts.join(","));
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[tokio::test]
async fn each_record_names_the_one_before_it() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), 5).await;
    let records = records(folder.path());
    assert_eq!(records.len(), 1 + 5 * 2);
    assert_eq!(records[0]["kind"], "segment");
    assert_eq!(records[0]["cardinal_log"], 1);
    let mut before = "0".repeat(64);
    for (seq, record) in records.iter().enumerate() {
        assert_eq!(record["seq"], seq);
        assert_eq!(record["prev"], before);
        assert_eq!(record["hash"], hash_of(record));
        before = record["hash"].as_str().unwrap().to_owned();
    }
    let report = verify(folder.path(), &[]).unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!(
        (report.records, report.segments, report.without_outcome),
        (11, 1, 0)
    );
    assert_eq!(report.head.unwrap().hash, before);
}

#[tokio::test]
async fn a_log_goes_on_over_segments_and_processes() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let log = CallLog::open(CallLogSettings {
            segment_bytes: 3_000,
            ..CallLogSettings::new(folder.path().to_owned())
        })
        .unwrap();
        for job in 0..5 {
            let call = log.intend(intent(&job.to_string())).await.unwrap();
            call.end(&CallOutcome::default());
        }
    }
    let files = segments(folder.path());
    assert!(files.len() > 3, "{files:?}");
    for file in &files {
        assert!(fs::metadata(file).unwrap().len() <= 3_000);
    }
    let report = verify(folder.path(), &[]).unwrap();
    assert!(report.ok && report.segments == files.len() as u64, "{report:?}");
    let all = records(folder.path());
    assert_eq!(of_kind(&all, "intent").len(), 15);
    assert_eq!(of_kind(&all, "outcome").len(), 15);
    assert_eq!(of_kind(&all, "segment").len(), files.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_write_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let dir = folder.path().to_owned();
            tokio::spawn(async move {
                let log = open(&dir);
                let calls = (0..25).map(|job| {
                    let log = log.clone();
                    async move {
                        let call = log.intend(intent(&format!("{writer}{job}"))).await.unwrap();
                        call.end(&CallOutcome::default());
                    }
                });
                futures_util::future::join_all(calls).await;
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let report = verify(folder.path(), &[]).unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!((report.records, report.without_outcome), (1 + 4 * 25 * 2, 0));
}

#[tokio::test]
async fn heads_are_anchored_elsewhere() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let anchor_file = elsewhere.path().join("heads");
    let log = CallLog::open(CallLogSettings {
        anchor_file: Some(anchor_file.clone()),
        anchor_every: 4,
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
    let anchors: Vec<Anchor> = fs::read_to_string(&anchor_file)
        .unwrap()
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();
    assert!(anchors.len() >= 4, "{anchors:?}");
    let all = records(folder.path());
    for anchor in &anchors {
        let record = &all[usize::try_from(anchor.seq).unwrap()];
        assert_eq!(record["hash"], anchor.hash);
    }
    let report = verify(folder.path(), &anchors).unwrap();
    assert!(report.ok && report.anchors == anchors.len() as u64, "{report:?}");
}
