//! From answers to a verdict: when they were run, and again from stored records.

use serde::Serialize;
use serde_json::Value;

use super::record::{TrialKeys, TrialRecord, Verdict};
use super::{Case, GRADER_VERSION, Grade, Suite, Trial, grade};
use crate::agent::Outcome;

/// What comes of a trial, and what each grader said. Answers that the harness could not bring about are not answers:
/// a model or data source that failed says nothing about the case, unless that is what the case expects.
pub fn judge(case: &Case, trial: &Trial) -> (Verdict, Vec<Grade>) {
    if let Some(reason) = unusable(case, trial) {
        return (Verdict::HarnessError { reason }, Vec::new());
    }
    let grades = grade(case, trial);
    let failed: Vec<String> = grades
        .iter()
        .filter(|grade| !grade.passed)
        .map(|grade| grade.grader.clone())
        .collect();
    let verdict = if failed.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Regressed { graders: failed }
    };
    (verdict, grades)
}

/// Why a trial cannot be graded.
fn unusable(case: &Case, trial: &Trial) -> Option<String> {
    if trial.answers.len() != case.turns.len() {
        let (given, wanted) = (trial.answers.len(), case.turns.len());
        return Some(format!("{given} answers came to {wanted} questions"));
    }
    trial.answers.iter().find_map(|answer| {
        let name = answer.get("outcome").cloned().unwrap_or(Value::Null);
        let Ok(outcome) = serde_json::from_value::<Outcome>(name.clone()) else {
            return Some(format!("an answer has the unknown outcome {name}"));
        };
        let failed = matches!(outcome, Outcome::UpstreamFailed | Outcome::Cancelled);
        (failed && !case.expect.outcome.contains(&outcome)).then(|| {
            let text = answer.get("text").and_then(Value::as_str).unwrap_or_default();
            format!("{} {text}", outcome.sentence()).trim_end().to_owned()
        })
    })
}

/// The keys of a trial of a case: hashes of what is asked and expected, and what the answers say of themselves.
pub fn keys(suite: &Suite, case: &Case, answers: &[Value]) -> TrialKeys {
    let said = |pointer: &str| {
        let value = answers.iter().find_map(|answer| answer.pointer(pointer));
        value.and_then(Value::as_str).map(str::to_owned)
    };
    let about = about(suite);
    let asked = hash(&(&about, suite.today, &case.turns, &case.principal, case.today));
    TrialKeys {
        case: hash(&(&asked, case)),
        suite: hash(&(&about, &suite.data)),
        data: suite.data.clone(),
        asked,
        prompt: said("/prompt/hash"),
        catalog: said("/catalog/fingerprint"),
        grader: GRADER_VERSION,
    }
}

/// Hash of what a suite asks about, without the data itself. Paths are left out: where a dataset lies on this machine says
/// nothing about it, but its bytes do.
pub(super) fn about(suite: &Suite) -> String {
    let dataset = &suite.dataset;
    hash(&(dataset.kind, &dataset.curated, &suite.name))
}

/// Twenty hex digits: no one has an interest in a collision here.
fn hash(value: &impl Serialize) -> String {
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    blake3::hash(&bytes).to_hex().chars().take(20).collect()
}

/// Grades records again by what the suites say now, without asking anything. A record whose case is gone, or asks
/// something else than it did, is stale.
pub fn regrade(suites: &[Suite], records: Vec<TrialRecord>) -> Vec<TrialRecord> {
    let mut regraded = Vec::with_capacity(records.len());
    for mut record in records {
        match case_of(suites, &record) {
            Some((suite, case)) => again(suite, case, &mut record),
            None => stale(&mut record, "the case (it is gone)"),
        }
        regraded.push(record);
    }
    regraded
}

/// The case that a record is of. Records of a set of recordings name it behind the suite.
pub(super) fn case_of<'a>(suites: &'a [Suite], record: &TrialRecord) -> Option<(&'a Suite, &'a Case)> {
    let named = |name: &str| suites.iter().find(|suite| suite.name == name);
    let without_set = || named(record.suite.rsplit_once('@')?.0);
    let suite = named(&record.suite).or_else(without_set)?;
    let case = suite.cases.iter().find(|case| case.id == record.case)?;
    Some((suite, case))
}

fn again(suite: &Suite, case: &Case, record: &mut TrialRecord) {
    let mut keys = keys(suite, case, &record.answers);
    if keys.asked != record.keys.asked {
        stale(record, "what the case asks");
        return;
    }
    match (&keys.data, &record.keys.data) {
        (Some(now), Some(then)) if now != then => return stale(record, "the suite's data"),
        (None, Some(_)) => {
            // Without the data here, the record's word stands.
            keys.data.clone_from(&record.keys.data);
            keys.suite.clone_from(&record.keys.suite);
        }
        _ => {}
    }
    record.keys = keys;
    record.tags.clone_from(&case.tags);
    record.cluster.clone_from(&case.cluster);
    // What kept a trial from being run to its end is not in its answers.
    if !(record.verdict.errored() && record.answers.len() < case.turns.len()) {
        (record.verdict, record.grades) = judge(case, &record.trial());
    }
}

fn stale(record: &mut TrialRecord, what: &str) {
    record.grades.clear();
    record.verdict = Verdict::Stale {
        what: vec![what.to_owned()],
        command: None,
    };
}
