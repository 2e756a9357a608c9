//! The call log: what it holds, that it holds, and what a check finds.

mod calls;
mod chain;
mod crash;
mod program;
mod tampered_segments;
mod tampering;

use std::fs;
use std::path::{Path, PathBuf};

use cardinal::call_log::{CallDecision, CallIntent, CallLog, CallLogSettings, CallOutcome};
use cardinal::operations::{ADMINISTRATIVE, OperationCall, identify};
use http::Method;
use serde_json::Value;

/// A call of the API: the trigger of a job.
pub fn trigger(job: &str) -> OperationCall {
    let path = format!("/api/v2/accounts/1/jobs/{job}/run/");
    identify(
        &ADMINISTRATIVE,
        &Method::POST,
        &path,
        Some(br#"{"cause":"a test"}"#),
    )
    .unwrap()
}

pub fn intent(job: &str) -> CallIntent {
    let call = trigger(job);
    CallIntent {
        agent: "analyst".to_owned(),
        principal: "default".to_owned(),
        account: Some("1".to_owned()),
        doing: call.sentence(|_, _| None),
        decision: CallDecision::Allowed {
            rule: "grants.rules 1".to_owned(),
        },
        turn: None,
        tape: None,
        request_hash: CallIntent::hash("POST", "https://dbt.example.com/", b"{}"),
        call,
    }
}

pub fn open(dir: &Path) -> CallLog {
    CallLog::open(CallLogSettings::new(dir.to_owned())).unwrap()
}

/// A log of so many calls with their outcomes.
pub async fn written(dir: &Path, calls: usize) {
    let log = open(dir);
    for job in 0..calls {
        let call = log.intend(intent(&job.to_string())).await.unwrap();
        call.end(&CallOutcome {
            status: Some(200),
            ..CallOutcome::default()
        });
    }
}

/// The files of a log, in order.
pub fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    files
}

/// All records, in order.
pub fn records(dir: &Path) -> Vec<Value> {
    let texts = segments(dir)
        .into_iter()
        .map(|path| fs::read_to_string(path).unwrap());
    let lines: Vec<String> = texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Records of one kind.
pub fn of_kind<'a>(records: &'a [Value], kind: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| record["kind"] == kind).collect()
}
