//! The XML against what the schemas of Ant (`JUnit.xsd`) and Jenkins (`junit-10.xsd`) both take, written down here.

use cardinal::eval::report::junit;
use cardinal::eval::{TrialRecord, Verdict};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::reports::record;

/// An element: those that may hold it, the attributes it has to have, and those it may have.
const SCHEMA: &[(&str, &[&str], &[&str], &[&str])] = &[
    ("testsuites", &[""], &[], &[]),
    (
        "testsuite",
        &["testsuites"],
        &[
            "name",
            "package",
            "id",
            "timestamp",
            "hostname",
            "tests",
            "failures",
            "errors",
            "time",
        ],
        &["skipped"],
    ),
    ("properties", &["testsuite"], &[], &[]),
    ("property", &["properties"], &["name", "value"], &[]),
    ("testcase", &["testsuite"], &["name", "classname", "time"], &[]),
    ("failure", &["testcase"], &["type"], &["message"]),
    ("error", &["testcase"], &["type"], &["message"]),
    ("skipped", &["testcase"], &[], &["type", "message"]),
    ("system-out", &["testsuite"], &[], &[]),
    ("system-err", &["testsuite"], &[], &[]),
];
/// Ant's schema wants them in this order, each of the others once.
const ORDER: [&str; 4] = ["properties", "testcase", "system-out", "system-err"];

/// Every element with its parent and attributes, in order, and all text; fails on what is not well-formed XML.
fn elements(text: &str) -> (Vec<(String, String, Vec<(String, String)>)>, String) {
    let mut reader = Reader::from_str(text);
    let (mut path, mut found, mut said) = (vec![String::new()], Vec::new(), String::new());
    loop {
        let event = reader.read_event().unwrap();
        let opened = matches!(event, Event::Start(_));
        match event {
            Event::Start(tag) | Event::Empty(tag) => {
                let name = String::from_utf8(tag.name().as_ref().to_vec()).unwrap();
                let attributes = tag.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let value = String::from_utf8(attribute.value.to_vec()).unwrap();
                    assert!(!value.contains('<'), "{value}");
                    (String::from_utf8(attribute.key.as_ref().to_vec()).unwrap(), value)
                });
                found.push((path.last().unwrap().clone(), name.clone(), attributes.collect()));
                if opened {
                    path.push(name);
                }
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Text(text) => said.push_str(std::str::from_utf8(&text).unwrap()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(path, [""]);
    (found, said)
}

fn check(text: &str) {
    let (found, _) = elements(text);
    for (parent, name, attributes) in &found {
        let (_, parents, needed, allowed) = SCHEMA
            .iter()
            .find(|(element, ..)| element == name)
            .unwrap_or_else(|| panic!("{name} is in no schema"));
        assert!(parents.contains(&parent.as_str()), "{name} in {parent}");
        for need in *needed {
            assert!(
                attributes.iter().any(|(name, _)| name == need),
                "{name} without {need}"
            );
        }
        for (attribute, value) in attributes {
            let known = needed.contains(&attribute.as_str()) || allowed.contains(&attribute.as_str());
            assert!(known, "{name} with {attribute}");
            match attribute.as_str() {
                "id" | "tests" | "failures" | "errors" | "skipped" => drop(value.parse::<i32>().unwrap()),
                "time" => {
                    let (whole, part) = value.split_once('.').unwrap();
                    assert!(
                        whole.chars().chain(part.chars()).all(|c| c.is_ascii_digit()),
                        "{value}"
                    );
                }
                "timestamp" => {
                    let moment: jiff::civil::DateTime = value.parse().unwrap();
                    assert_eq!(moment.strftime("%Y-%m-%dT%H:%M:%S").to_string(), *value);
                }
                "name" | "package" | "hostname" => assert!(!value.trim().is_empty()),
                _ => {}
            }
        }
    }
    // One verdict a test case, and the children of a suite in order.
    let places: Vec<usize> = found
        .iter()
        .filter(|(parent, ..)| parent == "testsuite")
        .map(|(_, name, _)| ORDER.iter().position(|one| one == name).unwrap())
        .collect();
    for suite in places.split_inclusive(|place| *place == 3) {
        assert!(suite.is_sorted(), "{suite:?}");
        assert_eq!(suite.iter().filter(|place| **place != 1).count(), 3, "{suite:?}");
    }
    for pair in found.windows(2) {
        assert!(pair[0].0 != "testcase" || pair[1].0 != "testcase", "{pair:?}");
    }
}

fn every_verdict() -> Vec<TrialRecord> {
    let verdicts = [
        Verdict::Passed,
        Verdict::Regressed {
            graders: vec!["scalar".to_owned(), "<b>\"&'".to_owned()],
        },
        Verdict::Diverged {
            at: "/messages/0 <is> \"other\"".to_owned(),
            was: "one".to_owned(),
            now: "two".to_owned(),
            command: None,
        },
        Verdict::Stale {
            what: vec!["the question".to_owned()],
            command: None,
        },
        Verdict::HarnessError {
            reason: "nobody\u{0}\u{1b}[31m\u{ffff} there".to_owned(),
        },
        Verdict::NotRun,
    ];
    let mut records: Vec<TrialRecord> = verdicts
        .into_iter()
        .enumerate()
        .map(|(at, verdict)| record(&format!("case-{at}"), verdict))
        .collect();
    let mut other = record("case-0", Verdict::Passed);
    "a & b".clone_into(&mut other.suite);
    records.insert(0, other);
    records
}

#[test]
fn the_xml_is_valid_with_answers_and_without() {
    let records = every_verdict();
    let quiet = junit(&records, false).unwrap();
    check(&quiet);
    assert!(!quiet.contains("4711"), "{quiet}");
    let full = junit(&records, true).unwrap();
    check(&full);
    assert!(elements(&full).1.contains("4711"), "{full}");
    for text in [&quiet, &full] {
        assert!(
            !text
                .chars()
                .any(|c| (c.is_control() && c != '\n') || c == '\u{ffff}'),
            "{text}"
        );
    }
    check(&junit(&[], false).unwrap());
}
