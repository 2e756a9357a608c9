use serde_json::{Map, Value, json};

use crate::agent::Answer;
use crate::grounding::{Kind, Number, Sign, numbers};

/// Most figures of one answer that become golds.
const MOST: usize = 20;

/// A figure of an answer that becomes what is expected, for a person to confirm.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureToConfirm {
    /// The turn, counted from 1.
    pub turn: usize,
    /// As the answer has it.
    pub written: String,
    /// The value: the cell's, where it comes from one, so that the figure may be rounded in another way.
    pub value: f64,
    /// Where it comes from, in words.
    pub from: String,
    percent: bool,
    currency: Option<&'static str>,
    last_turn: bool,
}

impl FigureToConfirm {
    pub(super) fn gold(&self) -> Value {
        let mut gold = Map::new();
        gold.insert("value".to_owned(), json!(self.value));
        if self.percent {
            gold.insert("unit".to_owned(), "percent".into());
        } else if let Some(currency) = self.currency {
            gold.insert("unit".to_owned(), "money".into());
            gold.insert("currency".to_owned(), currency.into());
        }
        if !self.last_turn {
            gold.insert("turn".to_owned(), json!(self.turn));
        }
        gold.into()
    }

    /// What stands above it in the case's file.
    pub(super) fn comment(&self) -> String {
        let line = format!("{} from {}", self.written, self.from);
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The figures of answers that have a source, each once. Figures that the answer itself says to come from a result
/// count; so does what stands in a cell of one.
pub(super) fn figures(answers: &[Answer]) -> Vec<FigureToConfirm> {
    let mut found: Vec<FigureToConfirm> = Vec::new();
    let mut told: Vec<Value> = Vec::with_capacity(answers.len());
    for (turn, answer) in (1..).zip(answers) {
        told.push(json!(answer));
        let last_turn = turn == answers.len();
        let read = numbers(&answer.text, answer.number_style.separators());
        let figures = read
            .iter()
            .filter(|number| number.kind == Kind::Quantity && number.value.is_finite());
        for number in figures.take(MOST) {
            let Some((value, from)) = source(&told, &answer.text, number) else {
                continue;
            };
            let figure = FigureToConfirm {
                turn,
                written: answer
                    .text
                    .get(number.start..number.end)
                    .unwrap_or_default()
                    .to_owned(),
                value,
                from,
                percent: number.percent,
                currency: number.currency,
                last_turn,
            };
            let known = found.iter().any(|other| {
                other.turn == turn
                    && other.value.to_bits() == value.to_bits()
                    && other.percent == number.percent
            });
            if !known {
                found.push(figure);
            }
        }
    }
    found
}

/// The value of a figure of the last of these answers, and where it comes from: the later the result, the likelier.
fn source(answers: &[Value], text: &str, number: &Number) -> Option<(f64, String)> {
    let from_cell = answers.iter().rev().find_map(|answer| cell(answer, number));
    if from_cell.is_some() {
        return from_cell;
    }
    let figures = answers.last()?.get("figures")?.as_array()?;
    let start = json!(number.start);
    let end = json!(number.end);
    let traced = figures.iter().any(|figure| {
        let overlaps = figure.get("start") == Some(&start) || figure.get("end") == Some(&end);
        let status = figure.get("status").and_then(Value::as_str);
        overlaps && matches!(status, Some("matched" | "referenced"))
    });
    let written = text.get(number.start..number.end).unwrap_or_default();
    traced.then(|| (number.value, format!("a derivation that was checked ({written})")))
}

/// The cell that a figure is, rounded as it is written.
fn cell(answer: &Value, number: &Number) -> Option<(f64, String)> {
    let results = answer.get("evidence")?.as_array()?;
    results.iter().rev().find_map(|result| {
        let columns = result.get("columns")?.as_array()?;
        let rows = result.get("rows")?.as_array()?;
        (1..).zip(rows).find_map(|(row, cells)| {
            let mut cells = columns.iter().zip(cells.as_array()?);
            cells.find_map(|(column, cell)| {
                let value = value_of(cell)?;
                let shown = is(number, value)?;
                let name = result.get("name").and_then(Value::as_str).unwrap_or("a result");
                let column = column.as_str().unwrap_or_default();
                Some((shown, format!("{name}, row {row}, column {column}")))
            })
        })
    })
}

fn value_of(cell: &Value) -> Option<f64> {
    match cell {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok().filter(|value: &f64| value.is_finite()),
        _ => None,
    }
}

/// The cell's value in the figure's unit, if the figure is the cell. A figure whose sign stands in words is told by
/// its size.
fn is(number: &Number, cell: f64) -> Option<f64> {
    let near = |value: f64| {
        let apart = if number.sign == Sign::Positive {
            (number.value.abs() - value.abs()).abs()
        } else {
            (number.value - value).abs()
        };
        apart <= number.last_place / 2.0 + value.abs() * 1e-9
    };
    if near(cell) {
        return Some(if number.sign == Sign::Positive {
            cell.abs()
        } else {
            cell
        });
    }
    (number.percent && near(cell * 100.0)).then_some(cell * 100.0)
}
