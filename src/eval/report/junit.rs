use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite, XmlString};

use super::ReportError;
use crate::eval::record::{TrialRecord, Verdict};

/// JUnit XML: a test case for each trial. What graders failed is a failure, what could not be run an error, what is
/// stale was skipped. Without `answers` no text of an answer is in it: graders' reasons, which quote them, stay out too.
pub fn junit(records: &[TrialRecord], answers: bool) -> Result<String, ReportError> {
    let mut report = Report::new("cardinal eval");
    for suite in records.chunk_by(|a, b| a.suite == b.suite) {
        let Some(first) = suite.first() else { continue };
        let mut tests = TestSuite::new(first.suite.as_str());
        tests.add_property(Property::new("model", first.model.as_str()));
        tests.add_property(Property::new("mode", first.mode.to_string()));
        for record in suite {
            tests.add_test_case(test(record, answers));
        }
        report.add_test_suite(tests);
    }
    report.to_string().map_err(|error| ReportError {
        report: "JUnit",
        reason: error.to_string(),
    })
}

fn test(record: &TrialRecord, answers: bool) -> TestCase {
    let name = format!("{} (trial {})", record.case, record.trial);
    let mut test = TestCase::new(name, status(record, answers));
    test.set_classname(record.suite.as_str());
    let spent = record.spent();
    test.set_time(Duration::from_secs_f64((spent.total_ms / 1000.0).max(0.0)));
    for (name, value) in [
        ("input_tokens", Some(spent.input_tokens)),
        ("output_tokens", Some(spent.output_tokens)),
        ("tool_calls", Some(spent.tool_calls)),
        ("cost_usd", spent.cost_usd),
    ] {
        if let Some(value) = value {
            test.add_property(Property::new(name, value.to_string()));
        }
    }
    if answers {
        let texts: Vec<&str> = record
            .answers
            .iter()
            .filter_map(|answer| answer.get("text")?.as_str())
            .collect();
        test.set_system_out(XmlString::new(texts.join("\n\n")));
    }
    test
}

fn status(record: &TrialRecord, answers: bool) -> TestCaseStatus {
    let (mut status, message) = match &record.verdict {
        Verdict::Passed => return TestCaseStatus::success(),
        Verdict::Regressed { graders } => (
            TestCaseStatus::non_success(NonSuccessKind::Failure),
            format!("failed by {}", graders.join(", ")),
        ),
        Verdict::Diverged { at } => (
            TestCaseStatus::non_success(NonSuccessKind::Failure),
            format!("diverged at {at}"),
        ),
        Verdict::HarnessError { reason } => {
            (TestCaseStatus::non_success(NonSuccessKind::Error), reason.clone())
        }
        Verdict::Stale { what } => (TestCaseStatus::skipped(), format!("stale: {}", what.join(", "))),
    };
    status.set_type(record.verdict.name());
    if answers || !record.verdict.errored() {
        status.set_message(message);
    } else {
        // What a model said before it failed is part of an error's reason.
        status.set_message("could not be run to its end");
    }
    if answers {
        let failed = record.grades.iter().filter(|grade| !grade.passed);
        let reasons: Vec<String> = failed
            .map(|grade| format!("{}: {}", grade.grader, grade.reason))
            .collect();
        if !reasons.is_empty() {
            status.set_description(reasons.join("\n"));
        }
    }
    status
}
