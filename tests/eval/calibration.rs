//! What the graders say of answers whose right verdict is known: pairs written by hand from what graders are meant to
//! do, without a look at how they do it. The table of agreement is kept; a change in it is a change of the graders, and
//! asks for another `GRADER_VERSION`.

mod generated;

use std::fmt::Write as _;
use std::path::Path;

use cardinal::eval::{Case, Expect, GRADER_VERSION, Gold, GoldPlace, Trial, grade};
use serde::Deserialize;
use serde_json::{Value, json};

/// One gold, and answers to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    about: String,
    #[serde(default = "question")]
    question: String,
    gold: Gold,
    /// Whether a result alone is wrong here: elsewhere answers without a text are held to the gold as a result's.
    #[serde(default)]
    text_only: bool,
    right: Vec<Given>,
    wrong: Vec<Given>,
}

/// An answer: its text, or what it rests on as well.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Given {
    Text(String),
    Whole(Whole),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    #[serde(default)]
    text: String,
    columns: Option<Vec<String>>,
    rows: Option<Vec<Vec<Value>>>,
    results: Option<Vec<Vec<Vec<Value>>>>,
}

impl Given {
    /// Whether it says nothing, so that only its results can be right.
    fn is_silent(&self) -> bool {
        matches!(self, Self::Whole(whole) if whole.text.is_empty() && (whole.rows.is_some() || whole.results.is_some()))
    }
}

/// The gold as it has to be found in a result.
pub(super) fn in_result(gold: &Gold) -> Gold {
    placed(gold, GoldPlace::Result)
}

/// The gold as the text has to say it.
fn in_text(gold: &Gold) -> Gold {
    placed(gold, GoldPlace::Text)
}

fn placed(gold: &Gold, place: GoldPlace) -> Gold {
    let mut gold = gold.clone();
    match &mut gold {
        Gold::Scalar(scalar) => scalar.place = place,
        Gold::Table(table) => table.place = place,
        Gold::Set(set) => set.place = place,
        Gold::Top(top) => top.place = place,
        Gold::AnyOf(options) => options
            .iter_mut()
            .for_each(|option| *option = placed(option, place)),
    }
    gold
}

fn question() -> String {
    "What is it?".to_owned()
}

/// The answer as `ask --json` prints it, as far as graders read it.
fn answer(given: &Given) -> Value {
    let (mut text, results) = match given {
        Given::Text(text) => (text.as_str(), Vec::new()),
        Given::Whole(whole) => {
            let mut results: Vec<Value> = whole
                .results
                .iter()
                .flatten()
                .map(|rows| result(None, rows))
                .collect();
            results.extend(
                whole
                    .rows
                    .as_ref()
                    .map(|rows| result(whole.columns.as_deref(), rows)),
            );
            (whole.text.as_str(), results)
        }
    };
    if given.is_silent() {
        text = "The result shows it.";
    }
    json!({
        "version": 1, "outcome": "answered", "stop_reason": "final_answer", "text": text,
        "evidence": results, "tool_calls": [], "usage": {},
    })
}

fn result(columns: Option<&[String]>, rows: &[Vec<Value>]) -> Value {
    let width = rows.first().map_or(1, Vec::len);
    let columns = columns.map_or_else(
        || (0..width).map(|at| format!("c{at}")).collect(),
        <[String]>::to_vec,
    );
    json!({
        "call": 1, "kind": "card", "id": 1, "name": "A card", "arguments": {},
        "columns": columns, "rows": rows, "rows_known": rows.len(),
    })
}

/// Whether the graders pass the answer, and why.
pub(super) fn passes(question: &str, gold: &Gold, answer: Value) -> (bool, String) {
    let case = Case {
        id: "c".to_owned(),
        turns: vec![question.to_owned()],
        principal: None,
        today: None,
        expect: Expect {
            gold: vec![gold.clone()],
            ..Expect::default()
        },
        tags: Vec::new(),
        cluster: None,
        source: None,
    };
    let trial = Trial {
        case_id: "c".to_owned(),
        trial: 1,
        answers: vec![answer],
    };
    let grades = grade(&case, &trial);
    let reasons: Vec<&str> = grades.iter().map(|grade| grade.reason.as_str()).collect();
    (grades.iter().all(|grade| grade.passed), reasons.join("; "))
}

/// How often a grader and the known verdict agree.
#[derive(Default)]
pub(super) struct Agreement {
    pub(super) right_right: u32,
    pub(super) wrong_wrong: u32,
    pub(super) false_alarm: u32,
    pub(super) missed: u32,
}

impl Agreement {
    pub(super) fn add(&mut self, right: bool, passed: bool) {
        *match (right, passed) {
            (true, true) => &mut self.right_right,
            (false, false) => &mut self.wrong_wrong,
            (true, false) => &mut self.false_alarm,
            (false, true) => &mut self.missed,
        } += 1;
    }

    pub(super) fn row(&self, name: &str) -> String {
        let Self {
            right_right,
            wrong_wrong,
            false_alarm,
            missed,
        } = self;
        format!("{name:<64} {right_right:>6} {wrong_wrong:>6} {false_alarm:>6} {missed:>6}\n")
    }
}

pub(super) fn head() -> String {
    format!(
        "graders {GRADER_VERSION}\n{:<64} {:>6} {:>6} {:>6} {:>6}\n",
        "", "right", "wrong", "alarm", "missed"
    )
}

#[test]
fn graders_agree_with_verdicts_known_beforehand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval/calibration");
    let mut table = head();
    let mut disagreements = String::new();
    let (mut all, mut silent) = (Agreement::default(), Agreement::default());
    for file in [
        "scalars", "names", "tables", "prose", "answers", "told", "later", "ferries", "clinic", "slips",
    ] {
        let text = std::fs::read_to_string(folder.join(format!("{file}.yaml"))).unwrap();
        let groups: Vec<Group> =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        for group in groups {
            let mut agreement = Agreement::default();
            let known = [(true, &group.right), (false, &group.wrong)];
            for (right, given) in known
                .iter()
                .flat_map(|(right, all)| all.iter().map(|one| (*right, one)))
            {
                let gold = if given.is_silent() && !group.text_only {
                    in_result(&group.gold)
                } else {
                    group.gold.clone()
                };
                let (passed, reason) = passes(&group.question, &gold, answer(given));
                if given.is_silent() && !group.text_only {
                    silent.add(
                        false,
                        passes(&group.question, &in_text(&group.gold), answer(given)).0,
                    );
                }
                agreement.add(right, passed);
                all.add(right, passed);
                if right != passed {
                    let verdict = if right { "right" } else { "wrong" };
                    writeln!(
                        disagreements,
                        "{file}: {}: {given:?} is {verdict}: {reason}",
                        group.about
                    )
                    .unwrap();
                }
            }
            table.push_str(&agreement.row(&format!("{file}: {}", group.about)));
        }
    }
    table.push_str(&silent.row("the same results where the text has to say it"));
    table.push_str(&all.row("all"));
    eprintln!("{disagreements}");
    insta::assert_snapshot!("calibration", format!("{table}\n{disagreements}"));
}
