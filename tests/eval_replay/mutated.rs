//! What the graders are worth: every recorded answer that passes fails once its text no longer answers.

use cardinal::eval::{Case, Gold, Suite, Trial, TrialRecord, Verdict, judge};
use serde_json::{Value, json};

use super::committed::{replayed, suites};

/// What a text becomes; `None` where this changes nothing that the case asks for.
type Mutation = fn(&Case, &str) -> Option<String>;

const MUTATIONS: [(&str, Mutation); 7] = [
    ("text emptied", |_, _| Some(String::new())),
    ("a refusal in words", |case, _| {
        let wants = !case.expect.gold.is_empty() || !case.expect.text.must.is_empty();
        wants.then(|| "I looked at the data, but I would rather not say.".to_owned())
    }),
    ("every number changed", |case, text| {
        let changed = other_digits(text);
        (wants_figures(&case.expect.gold) && changed != text).then_some(changed)
    }),
    ("two rows exchanged", |case, text| {
        // What a case asks for beside one figure is not held against a table that the answer adds.
        let wants = case
            .expect
            .gold
            .iter()
            .any(|gold| !matches!(gold, Gold::Scalar(_) | Gold::Set(_)));
        exchanged(text).filter(|_| wants && wants_figures(&case.expect.gold))
    }),
    ("candidates in a sentence", |case, text| {
        candidates(&case.expect.gold).map(|all| format!("It could be {}. {}", all.join(", "), notes(text)))
    }),
    ("candidates in a list", |case, text| {
        candidates(&case.expect.gold).map(|all| format!("- {}\n\n{}", all.join("\n- "), notes(text)))
    }),
    ("candidates one after the other", |case, _| {
        candidates(&case.expect.gold).map(|all| format!("It is {}.", all.join(". It is ")))
    }),
];

/// The words under an answer that say where it comes from.
fn notes(text: &str) -> &str {
    text.rsplit("\n\n")
        .next()
        .filter(|notes| notes.starts_with("From "))
        .unwrap_or_default()
}

fn wants_figures(golds: &[Gold]) -> bool {
    golds.iter().any(|gold| match gold {
        Gold::Scalar(_) | Gold::Table(_) => true,
        Gold::Top(top) => top.items.iter().any(|item| item.value.is_some()),
        Gold::Set(_) => false,
        Gold::AnyOf(options) => wants_figures(options),
    })
}

/// Each digit but those of years is another one.
fn other_digits(text: &str) -> String {
    text.chars()
        .map(|c| match c.to_digit(10) {
            Some(digit) => char::from_digit(digit % 9 + 1, 10).unwrap(),
            None => c,
        })
        .collect()
}

/// The first two rows of a printed table with their figures exchanged, or the first two figures of a sentence that names
/// two things.
fn exchanged(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let rule = lines.iter().position(|line| {
        line.starts_with('|') && line.trim_start_matches(['|', ':', ' ']).starts_with('-')
    })?;
    let cells = |at: usize| -> Option<Vec<String>> {
        let line = lines.get(at)?.strip_prefix('|')?.strip_suffix('|')?;
        Some(line.split('|').map(str::to_owned).collect())
    };
    let figure = |cell: &str| cell.trim().starts_with(|c: char| c.is_ascii_digit()) && !cell.contains('-');
    let (first, mut one) = (rule + 1, cells(rule + 1)?);
    let (second, mut other) = (first + 1..lines.len()).find_map(|at| {
        let other = cells(at)?;
        let differs = one
            .iter()
            .zip(&other)
            .skip(1)
            .any(|(a, b)| figure(a) && figure(b) && a != b);
        differs.then_some((at, other))
    })?;
    // The first column names the row, or is its rank.
    for at in 1..one.len().min(other.len()) {
        if figure(&one[at]) && figure(&other[at]) {
            std::mem::swap(&mut one[at], &mut other[at]);
        }
    }
    let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    changed[first] = format!("|{}|", one.join("|"));
    changed[second] = format!("|{}|", other.join("|"));
    Some(changed.join("\n"))
}

/// What is wanted among others of its kind; nothing where it is a table, which has its own rows.
fn candidates(golds: &[Gold]) -> Option<Vec<String>> {
    match golds.first()? {
        Gold::Scalar(gold) => {
            let unit = json!(gold.unit);
            let unit = if unit == "percent" { " %" } else { "" };
            let of = |factor: f64| format!("{}{unit}", (gold.value * factor * 100.0).round() / 100.0);
            Some(vec![of(0.7), of(1.3), format!("{}{unit}", gold.value), of(1.9)])
        }
        Gold::Set(gold) => {
            let mut names: Vec<String> = gold
                .values
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            names.insert(1, "shipped".to_owned());
            names.push("returned".to_owned());
            Some(names)
        }
        Gold::Top(gold) => {
            let n = gold.n.map_or(gold.items.len(), |n| n as usize);
            let mut names: Vec<String> = gold.items.iter().take(n).map(|item| item.name.clone()).collect();
            names.extend(["Northern Trading".to_owned(), "Old Harbour".to_owned()]);
            Some(names)
        }
        Gold::Table(_) | Gold::AnyOf(_) => None,
    }
}

fn mutated(case: &Case, record: &TrialRecord, mutation: Mutation) -> Option<Trial> {
    let mut trial = record.trial();
    let mut changed = false;
    for answer in &mut trial.answers {
        let text = answer["text"].as_str().unwrap().to_owned();
        if let Some(other) = mutation(case, &text) {
            answer["text"] = json!(other);
            changed = true;
        }
        answer["options"] = json!([]);
    }
    changed.then_some(trial)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_recorded_answer_passes_once_its_text_says_something_else() {
    let suites = suites();
    let records = replayed(&suites, &[], &[]).await;
    let mut passed = Vec::new();
    for (name, mutation) in MUTATIONS {
        let (mut tried, mut survived) = (0, 0);
        for record in records.iter().filter(|record| record.verdict.passed()) {
            let suite: &Suite = suites
                .iter()
                .find(|suite| record.suite.starts_with(&suite.name))
                .unwrap();
            let case = suite.cases.iter().find(|case| case.id == record.case).unwrap();
            let Some(trial) = mutated(case, record, mutation) else {
                continue;
            };
            tried += 1;
            if judge(case, &trial).0 == Verdict::Passed {
                survived += 1;
                passed.push(format!(
                    "{name}: {}: {}",
                    record.case_key(),
                    trial.answers.last().unwrap()["text"]
                ));
            }
        }
        eprintln!("{name}: {survived} of {tried} pass");
        assert!(tried > 5, "{name} changes nothing");
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}
