//! The table grader over the accepted results of a public benchmark: each is itself however it is turned, and nothing else.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use cardinal::eval::grade::match_tables;
use cardinal::eval::{Case, GoldTable, Suite, Trial, grade};
use serde_json::{Value, json};

/// The benchmark's folder, when it lies beside the repository or one of its worktrees.
pub fn bench() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = root
        .ancestors()
        .skip(1)
        .map(|above| above.join("shared/bench/defog"))
        .find(|path| path.is_dir());
    if found.is_none() {
        // Not by a macro: what those print is shown only for tests that fail.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no ../shared/bench/defog beside the repository"
        );
    }
    found
}

fn golds() -> Vec<(String, GoldTable)> {
    let Some(bench) = bench() else {
        return Vec::new();
    };
    let text = std::fs::read_to_string(bench.join("questions.jsonl")).unwrap();
    let mut golds = Vec::new();
    for line in text.lines() {
        let question: Value = serde_json::from_str(line).unwrap();
        for gold in question["gold"].as_array().unwrap() {
            let table =
                json!({"columns": gold["columns"], "rows": gold["rows"], "ordered": question["ordered"]});
            let id = question["id"].as_str().unwrap().to_owned();
            golds.push((id, serde_json::from_value(table).unwrap()));
        }
    }
    assert!(golds.len() > 200);
    golds
}

pub(super) type Rows = Vec<Vec<Value>>;

fn columns_shuffled(rows: &Rows, random: &mut fastrand::Rng) -> Rows {
    let mut order: Vec<usize> = (0..rows[0].len()).collect();
    random.shuffle(&mut order);
    rows.iter()
        .map(|row| order.iter().map(|at| row[*at].clone()).collect())
        .collect()
}

/// The same cells as another database or program would hand them over.
pub(super) fn retyped(rows: &Rows, cell: impl Fn(&Value) -> Value) -> Rows {
    rows.iter().map(|row| row.iter().map(&cell).collect()).collect()
}

pub(super) fn as_float(cell: &Value) -> Value {
    cell.as_i64()
        .and_then(|whole| i32::try_from(whole).ok())
        .map_or_else(|| cell.clone(), |whole| json!(f64::from(whole)))
}

pub(super) fn as_text(cell: &Value) -> Value {
    match cell {
        Value::Number(number) => json!(number.to_string()),
        Value::Bool(flag) => json!(i32::from(*flag)),
        Value::String(day) if day.parse::<jiff::civil::Date>().is_ok() && day.len() == 10 => {
            json!(format!("{day}T00:00:00Z"))
        }
        other => other.clone(),
    }
}

fn changed(cell: &Value) -> Value {
    match cell {
        Value::Number(number) => {
            let value = number.as_f64().unwrap();
            if number.is_i64() {
                json!(value + 1.0)
            } else {
                json!(value * 1.02 + 0.01)
            }
        }
        Value::Bool(flag) => json!(!flag),
        Value::Null => json!("something"),
        Value::String(text) => json!(format!("{text}x")),
        other => panic!("{other}"),
    }
}

fn matches(gold: &GoldTable, rows: &Rows) -> bool {
    let width = rows.first().map_or(0, Vec::len);
    match_tables(gold, width, rows).is_ok()
}

#[expect(clippy::cast_possible_truncation, reason = "losing digits is what is tried")]
fn single(value: f64) -> f64 {
    f64::from(value as f32)
}

#[test]
fn every_accepted_result_is_itself_however_it_is_turned() {
    for (id, gold) in golds() {
        let mut random = fastrand::Rng::with_seed(gold.rows.len() as u64);
        let rows = &gold.rows;
        for _ in 0..5 {
            assert!(
                matches(&gold, &columns_shuffled(rows, &mut random)),
                "{id}: columns"
            );
            let mut shuffled = rows.clone();
            random.shuffle(&mut shuffled);
            let unordered = GoldTable {
                ordered: false,
                ..gold.clone()
            };
            assert!(matches(&unordered, &shuffled), "{id}: rows");
        }
        assert!(matches(&gold, &retyped(rows, as_float)), "{id}: floats");
        assert!(matches(&gold, &retyped(rows, as_text)), "{id}: texts");
        let mut wide = rows.clone();
        for row in &mut wide {
            row.insert(0, json!("more"));
        }
        assert!(matches(&gold, &wide), "{id}: a further column");
        // Short ones are as somebody wrote them, and single precision says something else then.
        let singles = retyped(rows, |cell| {
            let single = cell.as_f64().filter(|_| cell.is_f64()).map(single);
            let long = single.filter(|value| value.to_string().len() > 12);
            long.map_or_else(|| cell.clone(), |value| json!(value))
        });
        assert!(matches(&gold, &singles), "{id}: single precision");
    }
}

#[test]
fn nothing_else_is_an_accepted_result() {
    for (id, gold) in golds() {
        let rows = &gold.rows;
        for at in 0..rows.len() {
            for column in 0..rows[at].len() {
                let mut other = rows.clone();
                other[at][column] = changed(&rows[at][column]);
                assert!(
                    !matches(&gold, &other),
                    "{id}: row {at}, column {column}: {:?}",
                    other[at]
                );
            }
            let mut fewer = rows.clone();
            fewer.remove(at);
            assert!(!matches(&gold, &fewer), "{id}: without row {at}");
            let mut more = rows.clone();
            more.push(rows[at].clone());
            assert!(!matches(&gold, &more), "{id}: row {at} twice");
            let next = (at + 1) % rows.len();
            if rows[next] != rows[at] {
                let mut instead = rows.clone();
                instead[next] = rows[at].clone();
                assert!(!matches(&gold, &instead), "{id}: row {at} in place of another");
            }
        }
        let mut backwards = rows.clone();
        backwards.reverse();
        let ordered = GoldTable {
            ordered: true,
            ..gold.clone()
        };
        assert!(
            backwards == *rows || !matches(&ordered, &backwards),
            "{id}: backwards"
        );
    }
}

/// A case that expects the gold in the text alone.
fn in_text(gold: &GoldTable) -> Case {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("suite.yaml");
    let mut table = serde_json::to_value(gold).unwrap();
    table["in"] = json!("text");
    let suite = json!({
        "version": 1, "name": "t", "dataset": {"kind": "demo"},
        "cases": [{"id": "c", "question": "q", "expect": {"gold": [{"table": table}]}}],
    });
    std::fs::write(&file, suite.to_string()).unwrap();
    Suite::load(&file).unwrap().cases.remove(0)
}

/// The rows as an answer prints them.
pub(super) fn markdown(columns: &[String], rows: &Rows) -> String {
    let cell = |cell: &Value| match cell {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.replace('|', "\\|"),
        Value::Number(number) if number.is_i64() => {
            let (digits, mut grouped) = (number.to_string(), String::new());
            for (at, digit) in digits.chars().enumerate() {
                let left = digits.trim_start_matches('-').len() - at.min(digits.len());
                grouped.push(digit);
                if left > 1 && (left - 1) % 3 == 0 && !digits.starts_with('-') && digits.len() > 4 {
                    grouped.push(',');
                }
            }
            grouped
        }
        other => other.to_string(),
    };
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = "Here it is:\n\n".to_owned();
    text += &line(columns.to_vec());
    text += &line(columns.iter().map(|_| "---:".to_owned()).collect());
    for row in rows {
        text += &line(row.iter().map(cell).collect());
    }
    text + "\nThat is all."
}

fn passes(case: &Case, text: &str) -> bool {
    let trial = Trial {
        case_id: "c".to_owned(),
        trial: 1,
        answers: vec![json!({"version": 1, "outcome": "answered", "text": text})],
    };
    grade(case, &trial).iter().all(|grade| grade.passed)
}

#[test]
fn a_markdown_table_is_read_as_well_as_rows_are() {
    for (id, gold) in golds() {
        let case = in_text(&gold);
        let text = markdown(&gold.columns, &gold.rows);
        assert!(passes(&case, &text), "{id}: {text}");
        let mut other = gold.rows.clone();
        let last = other.len() - 1;
        other[last][0] = changed(&other[last][0]);
        assert!(!passes(&case, &markdown(&gold.columns, &other)), "{id}");
    }
}
