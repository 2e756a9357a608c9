use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::ReportError;
use crate::eval::record::{TrialRecord, TrialUsage, Verdict};

type Xml = Writer<Vec<u8>>;

/// JUnit XML: a test case for each trial. What graders failed is a failure, what could not be run an error, what is
/// stale or was not begun was skipped. Without `answers` no text of an answer is in it: graders' reasons, which quote
/// them, stay out too.
///
/// It is what the schemas of Ant's and of Jenkins' reports have in common, and valid by both.
///
/// The crate `quick-junit` is not used: its `testsuites` always bears counts (`tests`, `skipped`, `failures`, `errors`), which
/// Ant's schema refuses there.
pub fn junit(records: &[TrialRecord], answers: bool) -> Result<String, ReportError> {
    let failed = |reason: String| ReportError {
        report: "JUnit",
        reason,
    };
    let bytes = written(records, answers).map_err(|error| failed(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
}

fn written(records: &[TrialRecord], answers: bool) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites").write_inner_content(|xml| {
        let suites = records.chunk_by(|a, b| a.suite == b.suite);
        suites.enumerate().try_for_each(|(id, suite)| {
            let first = suite.first();
            first.map_or(Ok(()), |first| testsuite(xml, id, first, suite, answers))
        })
    })?;
    xml.write_event(Event::Text(BytesText::new("\n")))?;
    Ok(xml.into_inner())
}

fn testsuite(
    xml: &mut Xml,
    id: usize,
    first: &TrialRecord,
    suite: &[TrialRecord],
    answers: bool,
) -> io::Result<()> {
    let name = clean(&first.suite);
    let count = |element: &str| {
        let counted = suite
            .iter()
            .filter(|record| element_of(&record.verdict) == Some(element));
        counted.count().to_string()
    };
    let began = suite.iter().map(|record| record.started).min();
    let began = began.unwrap_or(first.started);
    let spent: Vec<TrialUsage> = suite.iter().map(TrialRecord::spent).collect();
    let millis: f64 = spent.iter().map(|spent| spent.total_ms).sum();
    let attributes = [
        ("name", name.clone()),
        ("package", name),
        ("id", id.to_string()),
        ("timestamp", began.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
        ("hostname", "localhost".to_owned()),
        ("tests", suite.len().to_string()),
        ("failures", count("failure")),
        ("errors", count("error")),
        ("skipped", count("skipped")),
        ("time", seconds(millis)),
    ];
    let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
    xml.create_element("testsuite")
        .with_attributes(attributes)
        .write_inner_content(|xml| {
            properties(xml, first, &spent)?;
            for record in suite {
                testcase(xml, record, answers)?;
            }
            let said = if answers { said(suite) } else { String::new() };
            xml.create_element("system-out")
                .write_text_content(BytesText::new(&said))?;
            xml.create_element("system-err")
                .write_text_content(BytesText::new(""))?;
            Ok(())
        })?;
    Ok(())
}

/// What a suite ran with and used: the schemas have no place for it on a test case.
fn properties(xml: &mut Xml, first: &TrialRecord, spent: &[TrialUsage]) -> io::Result<()> {
    let sum = |of: fn(&TrialUsage) -> f64| spent.iter().map(of).sum::<f64>().to_string();
    let cost: Option<f64> = spent.iter().map(|spent| spent.cost_usd).sum();
    let mut all = vec![
        ("model", clean(&first.model)),
        ("mode", first.mode.to_string()),
        ("input_tokens", sum(|spent| spent.input_tokens)),
        ("cached_tokens", sum(|spent| spent.cached_tokens)),
        ("output_tokens", sum(|spent| spent.output_tokens)),
        ("tool_calls", sum(|spent| spent.tool_calls)),
    ];
    all.extend(cost.map(|cost| ("cost_usd", cost.to_string())));
    xml.create_element("properties").write_inner_content(|xml| {
        for (name, value) in &all {
            xml.create_element("property")
                .with_attributes([("name", *name), ("value", value.as_str())])
                .write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

fn testcase(xml: &mut Xml, record: &TrialRecord, answers: bool) -> io::Result<()> {
    let name = clean(&format!("{} (trial {})", record.case, record.trial));
    let (suite, time) = (clean(&record.suite), seconds(record.spent().total_ms));
    let case = xml.create_element("testcase").with_attributes([
        ("name", name.as_str()),
        ("classname", suite.as_str()),
        ("time", time.as_str()),
    ]);
    let Some(element) = element_of(&record.verdict) else {
        case.write_empty()?;
        return Ok(());
    };
    // What a model said before it failed is part of an error's reason.
    let message = match &record.verdict {
        Verdict::HarnessError { .. } if !answers => "could not be run to its end".to_owned(),
        // So may be the two values at the place.
        Verdict::Diverged { at, .. } if !answers => clean(&format!("diverged at {at}")),
        verdict => clean(&verdict.to_string()),
    };
    let failed = record.grades.iter().filter(|grade| answers && !grade.passed);
    let reasons: Vec<String> = failed
        .map(|grade| clean(&format!("{}: {}", grade.grader, grade.reason)))
        .collect();
    case.write_inner_content(|xml| {
        xml.create_element(element)
            .with_attributes([("message", message.as_str()), ("type", record.verdict.name())])
            .write_text_content(BytesText::new(&reasons.join("\n")))?;
        Ok(())
    })?;
    Ok(())
}

/// The element that says what came of a trial; a trial that passed needs none.
fn element_of(verdict: &Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Passed => None,
        Verdict::Regressed { .. } | Verdict::Diverged { .. } => Some("failure"),
        Verdict::HarnessError { .. } => Some("error"),
        Verdict::Stale { .. } | Verdict::NotRun => Some("skipped"),
    }
}

/// The texts of the answers, each under its trial.
fn said(suite: &[TrialRecord]) -> String {
    let mut said = String::new();
    for record in suite {
        let texts = record
            .answers
            .iter()
            .filter_map(|answer| answer.get("text")?.as_str());
        for text in texts {
            said.push_str(&clean(&format!(
                "{} (trial {}): {text}\n",
                record.case, record.trial
            )));
        }
    }
    said
}

fn seconds(millis: f64) -> String {
    format!("{:.3}", (millis / 1000.0).max(0.0))
}

/// A text without what XML cannot hold, not even escaped.
fn clean(text: &str) -> String {
    let fits =
        |c: &char| (!c.is_control() || matches!(c, '\n' | '\t')) && !matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().filter(fits).collect()
}
