//! The same over a public benchmark's accepted results: answers made of each by rule, right and wrong. The benchmark
//! lies beside the repository, not in it; only how often the graders agree is kept.

use cardinal::eval::Gold;
use serde_json::{Value, json};

use super::{Agreement, head, in_result, passes};
use crate::eval::benchmark::{Rows, as_float, as_text, bench, markdown, retyped};

/// The rule that changes nothing but the order.
const TURNED_ROUND: &str = "wrong: rows turned round";

/// A question with what it accepts.
struct Question {
    id: String,
    db: String,
    text: String,
    ordered: bool,
    accepted: Vec<Accepted>,
    gold: Gold,
}

#[derive(Clone)]
struct Accepted {
    columns: Vec<String>,
    rows: Rows,
}

fn questions() -> Vec<Question> {
    let Some(bench) = bench() else {
        return Vec::new();
    };
    let text = std::fs::read_to_string(bench.join("questions.jsonl")).unwrap();
    let question = |line: &str| {
        let read: Value = serde_json::from_str(line).unwrap();
        let ordered = read["ordered"].as_bool().unwrap();
        let accepted: Vec<Accepted> = read["gold"].as_array().unwrap().iter().map(accepted).collect();
        let options: Vec<Value> = accepted
            .iter()
            .map(|one| json!({"table": {"columns": one.columns, "rows": one.rows, "ordered": ordered}}))
            .collect();
        Question {
            id: read["id"].as_str().unwrap().to_owned(),
            db: read["db"].as_str().unwrap().to_owned(),
            text: read["question"].as_str().unwrap().to_owned(),
            ordered,
            accepted,
            gold: serde_json::from_value(json!({"any_of": options})).unwrap(),
        }
    };
    text.lines().map(question).collect()
}

fn accepted(gold: &Value) -> Accepted {
    Accepted {
        columns: serde_json::from_value(gold["columns"].clone()).unwrap(),
        rows: serde_json::from_value(gold["rows"].clone()).unwrap(),
    }
}

fn turned(table: &Accepted) -> Accepted {
    let mut table = table.clone();
    table.columns.reverse();
    table.rows.iter_mut().for_each(|row| row.reverse());
    table
}

fn with(table: &Accepted, change: impl FnOnce(&mut Accepted)) -> Accepted {
    let mut table = table.clone();
    change(&mut table);
    table
}

fn rounded(cell: &Value) -> Value {
    match cell.as_f64().filter(|_| cell.is_f64()) {
        Some(value) => json!(format!("{value:.2}").parse::<f64>().unwrap()),
        None => cell.clone(),
    }
}

/// Right answers of an accepted result, by rule.
fn right(question: &Question, table: &Accepted) -> Vec<(&'static str, Accepted)> {
    let mut answers = vec![
        ("right: as it is", table.clone()),
        ("right: columns turned round", turned(table)),
        (
            "right: other names",
            with(table, |table| {
                table
                    .columns
                    .iter_mut()
                    .enumerate()
                    .for_each(|(at, name)| *name = format!("col_{at}"));
            }),
        ),
        (
            "right: a further column",
            with(table, |table| {
                table.columns.insert(0, "more".to_owned());
                table
                    .rows
                    .iter_mut()
                    .enumerate()
                    .for_each(|(at, row)| row.insert(0, json!(format!("row {at}"))));
            }),
        ),
        (
            "right: whole numbers as fractions",
            with(table, |table| table.rows = retyped(&table.rows, as_float)),
        ),
        (
            "right: all as texts",
            with(table, |table| table.rows = retyped(&table.rows, as_text)),
        ),
    ];
    if !question.ordered {
        answers.push((
            "right: rows turned round",
            with(table, |table| table.rows.reverse()),
        ));
    }
    let long = |cell: &Value| cell.is_f64() && cell.as_f64().unwrap().abs() < 10.0;
    if table.rows.iter().flatten().any(Value::is_f64) && !table.rows.iter().flatten().any(long) {
        answers.push((
            "right: rounded to cents",
            with(table, |table| table.rows = retyped(&table.rows, rounded)),
        ));
    }
    answers
}

/// Wrong answers of an accepted result, by rule.
fn wrong(question: &Question, table: &Accepted, others: &[Question]) -> Vec<(&'static str, Accepted)> {
    let mut answers = Vec::new();
    let mut add = |rule, change: &dyn Fn(&mut Accepted) -> bool| {
        let mut other = table.clone();
        if change(&mut other) {
            answers.push((rule, other));
        }
    };
    add("wrong: the last row is missing", &|table| {
        table.rows.pop().is_some()
    });
    add("wrong: a row twice", &|table| {
        table.rows.push(table.rows[0].clone());
        true
    });
    add("wrong: a number off by one", &|table| {
        let cell = table.rows.iter_mut().flatten().find(|cell| cell.is_number());
        cell.is_some_and(|cell| {
            *cell = json!(cell.as_f64().unwrap() + 1.0);
            true
        })
    });
    add("wrong: a number a tenth off", &|table| {
        let cell = table
            .rows
            .iter_mut()
            .flatten()
            .find(|cell| cell.as_f64().is_some_and(|value| value != 0.0));
        cell.is_some_and(|cell| {
            *cell = json!(cell.as_f64().unwrap() * 1.1);
            true
        })
    });
    add("wrong: two cells changed places", &|table| {
        let last = table.rows.len() - 1;
        let width = table.columns.len();
        let differ = (0..width).find(|at| table.rows[0][*at] != table.rows[last][*at]);
        differ.filter(|_| width > 1).is_some_and(|at| {
            let cell = table.rows[0][at].clone();
            table.rows[0][at] = std::mem::replace(&mut table.rows[last][at], cell);
            true
        })
    });
    add("wrong: a column is missing", &|table| {
        table.rows.iter_mut().for_each(|row| drop(row.pop()));
        table.columns.pop();
        !table.columns.is_empty()
    });
    add("wrong: nothing in a cell", &|table| {
        !std::mem::replace(&mut table.rows[0][0], Value::Null).is_null()
    });
    add("wrong: zero for nothing", &|table| {
        let cell = table.rows.iter_mut().flatten().find(|cell| cell.is_null());
        cell.is_some_and(|cell| {
            *cell = json!(0);
            true
        })
    });
    add("wrong: no rows", &|table| {
        table.rows.clear();
        true
    });
    add("wrong: a text with more to it", &|table| {
        let cell = table.rows.iter_mut().flatten().find(|cell| cell.is_string());
        cell.is_some_and(|cell| {
            *cell = json!(format!("{} II", cell.as_str().unwrap()));
            true
        })
    });
    if question.ordered {
        add(TURNED_ROUND, &|other| {
            other.rows.reverse();
            other.rows != table.rows
        });
    }
    let same_data = others
        .iter()
        .filter(|other| other.db == question.db && other.id != question.id);
    if let Some(other) = same_data.flat_map(|other| &other.accepted).next() {
        answers.push(("wrong: another question's result", other.clone()));
    }
    answers
}

/// A table's rows as texts, for a comparison that anybody can follow: columns chosen in this order.
fn plain(rows: &Rows, columns: &[usize]) -> Vec<Vec<String>> {
    let cell = |cell: &Value| {
        if let Some(number) = cell.as_f64() {
            return number.to_string();
        }
        let text = cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
        // Days, months and midnights of one alternative and another.
        text.trim_end_matches(" 00:00:00+00:00")
            .trim_end_matches("-01")
            .to_owned()
    };
    let mut rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| columns.iter().map(|at| cell(&row[*at])).collect())
        .collect();
    rows.sort();
    rows
}

/// Whether a changed result happens to be an accepted one all the same, but for the order of its rows, of which some tie.
fn accidentally_right(question: &Question, table: &Accepted) -> bool {
    question.accepted.iter().any(|accepted| {
        let width = accepted.columns.len();
        let wanted = plain(&accepted.rows, &(0..width).collect::<Vec<_>>());
        choices(table.columns.len(), width)
            .iter()
            .any(|columns| plain(&table.rows, columns) == wanted)
    })
}

/// All ways of choosing so many of these many places, in any order.
fn choices(of: usize, many: usize) -> Vec<Vec<usize>> {
    if many == 0 {
        return vec![Vec::new()];
    }
    let shorter = choices(of, many - 1);
    let longer = shorter.iter().flat_map(|chosen| {
        let free = (0..of).filter(|at| !chosen.contains(at));
        free.map(|at| chosen.iter().copied().chain([at]).collect::<Vec<_>>())
    });
    longer.collect()
}

fn as_result(table: &Accepted) -> Value {
    json!({
        "version": 1, "outcome": "answered", "stop_reason": "final_answer", "text": "The result shows it.",
        "evidence": [{
            "call": 1, "kind": "card", "id": 1, "name": "A card", "arguments": {},
            "columns": table.columns, "rows": table.rows, "rows_known": table.rows.len(),
        }],
    })
}

/// The name of a rule where its table is printed in the text.
fn printed_rule(rule: &'static str) -> &'static str {
    Box::leak(format!("{rule}, printed").into_boxed_str())
}

fn as_text_alone(text: &str) -> Value {
    json!({"version": 1, "outcome": "answered", "text": text})
}

/// One figure in sentences.
fn told(table: &Accepted) -> Vec<(&'static str, String)> {
    let [row] = table.rows.as_slice() else {
        return Vec::new();
    };
    let [cell] = row.as_slice() else {
        return Vec::new();
    };
    let Some(value) = cell.as_f64().filter(|value| *value != 0.0 && cell.is_number()) else {
        return Vec::new();
    };
    let (less, more) = ((value * 0.7 - 1.0).round(), (value * 1.3 + 1.0).round());
    vec![
        ("right: a figure in a sentence", format!("The answer is {cell}.")),
        (
            "right: a figure with what it is of",
            format!("It is **{cell}** (all others together: {more})."),
        ),
        (
            "wrong: another figure in a sentence",
            format!("The answer is {more}."),
        ),
        (
            "wrong: candidates",
            format!("It could be {less}, {cell} or {more}."),
        ),
        (
            "wrong: a list of candidates",
            format!("- {less}\n- {cell}\n- {more}"),
        ),
        (
            "wrong: candidates one after the other",
            format!("It is {less}. It is {cell}. It is {more}."),
        ),
    ]
}

/// Each digit of a number is another one.
fn other_digits(cell: &Value) -> Value {
    let other = |c: char| match c.to_digit(10) {
        Some(digit) => char::from_digit(digit % 9 + 1, 10).unwrap(),
        None => c,
    };
    match cell {
        Value::Number(number) => {
            let text: String = number.to_string().chars().map(other).collect();
            serde_json::from_str(&text).unwrap_or_else(|_| cell.clone())
        }
        cell => cell.clone(),
    }
}

#[test]
fn graders_agree_with_answers_made_by_rule() {
    let questions = questions();
    if questions.is_empty() {
        return;
    }
    let mut rules: std::collections::BTreeMap<&str, Agreement> = std::collections::BTreeMap::new();
    for question in &questions {
        for table in &question.accepted {
            let mut say = |rule: &'static str, answer: Value| {
                let right = rule.starts_with("right");
                let gold = match answer.get("evidence") {
                    Some(_) => in_result(&question.gold),
                    None => question.gold.clone(),
                };
                let (passed, reason) = passes(&question.text, &gold, answer);
                rules.entry(rule).or_default().add(right, passed);
                if passed != right {
                    eprintln!("{}: {rule}: {reason:.300}", question.id);
                }
            };
            for (rule, answer) in right(question, table) {
                say(rule, as_result(&answer));
            }
            let printed = markdown(&table.columns, &table.rows);
            say("right: printed", as_text_alone(&printed));
            for (rule, text) in told(table) {
                say(rule, as_text_alone(&text));
            }
            say("wrong: no text", as_text_alone(""));
            let refusal = "I looked at the data, but I would rather not say.";
            say("wrong: a refusal in words", as_text_alone(refusal));
            // The heading may hold digits as well.
            let other = with(table, |table| table.rows = retyped(&table.rows, other_digits));
            if other.rows != table.rows && !accidentally_right(question, &other) {
                let other = markdown(&other.columns, &other.rows);
                say("wrong: every number changed, printed", as_text_alone(&other));
            }
            for (rule, answer) in wrong(question, table, &questions) {
                if rule == TURNED_ROUND || !accidentally_right(question, &answer) {
                    say(rule, as_result(&answer));
                    // A text that says of a row that it has nothing is another matter.
                    if rule != "wrong: nothing in a cell" {
                        let printed = markdown(&answer.columns, &answer.rows);
                        say(printed_rule(rule), as_text_alone(&printed));
                    }
                }
            }
        }
    }
    let rows: String = rules
        .iter()
        .map(|(rule, agreement)| agreement.row(rule))
        .collect();
    insta::assert_snapshot!("calibration_generated", format!("{}{rows}", head()));
}
