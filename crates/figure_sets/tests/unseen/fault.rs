//! The faults: what a model that reads a result carelessly writes.

use std::collections::BTreeSet;
use std::ops::Range;

use cardinal::result::{Cell, ColumnKind};

use super::super::blind::answers::{Answer, Part, written};
use super::super::blind::expression::{Cells, Expression, Rows};
use super::super::blind::style::Style;
use super::super::blind::world::World;

/// What was made wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Two figures of one column stand in each other's place.
    Rows,
    /// Two figures of one row stand in each other's place.
    Columns,
    /// Two dates or times of one row stand in each other's place.
    Dates,
    /// The figure of the row beside.
    Beside,
    /// The figure that an earlier result has in the same place.
    WrongResult,
    /// Two headers of a table stand in each other's place.
    Headers,
    /// A count that only an id or key column holds.
    CountFromId,
    /// From nowhere.
    Invented,
    /// The last digit is another.
    LastDigit,
    /// The other sign, or the other way that something went.
    Sign,
    /// Another unit: thousands for millions, a fraction for its percent.
    Scale,
    /// Two figures worked out in one way stand in each other's place.
    Derived,
    /// A change or difference the wrong way round.
    Turned,
    /// Another total of the column.
    Total,
}

/// A wrong answer.
pub struct Planted {
    pub fault: Fault,
    pub text: String,
    pub parts: Vec<Part>,
    /// The lines that hold what was changed.
    pub lines: Vec<Range<usize>>,
}

/// All wrong answers that can be made of a right one.
pub fn plant(answer: &Answer, world: &World) -> Vec<Planted> {
    let parts = &answer.parts;
    let cells: Vec<(usize, Cells)> = parts
        .iter()
        .enumerate()
        .filter_map(|(at, part)| Some((at, plain(part)?)))
        .collect();
    let mut planted = Vec::new();
    for (first, (at, one)) in cells.iter().enumerate() {
        let later = || cells.iter().skip(first + 1);
        let same_column = |(_, other): &&(usize, Cells)| {
            other.column == one.column && other.table == one.table && other.rows.all() != one.rows.all()
        };
        let same_row = |(_, other): &&(usize, Cells)| {
            other.column != one.column && other.table == one.table && other.rows.all() == one.rows.all()
        };
        // The next one and the last one.
        let rows: BTreeSet<usize> = [later().find(same_column), later().rfind(same_column)]
            .into_iter()
            .flatten()
            .map(|(at, _)| *at)
            .collect();
        for other in rows {
            planted.extend(exchanged(Fault::Rows, answer, world, *at, other));
        }
        if let Some((other, _)) = later().find(same_row) {
            let fault = match &parts[*at] {
                // Written as it stands: of two texts in brackets either may come first.
                Part::Pick(_, sample) if sample == "T" => continue,
                Part::Pick(..) => Fault::Dates,
                _ => Fault::Columns,
            };
            planted.extend(exchanged(fault, answer, world, *at, *other));
        }
        let others = [
            (Fault::Beside, beside(one, world)),
            (Fault::WrongResult, earlier(one, answer, world)),
        ];
        for (fault, other) in others {
            if let (Some(cells), Part::Figure(_, style)) = (other, &parts[*at]) {
                let wrong = Part::Figure(Expression::Cells(cells), style.clone());
                if wrong.write(world) != parts[*at].write(world) {
                    planted.extend(changed(fault, answer, world, &[(*at, wrong)]));
                }
            }
        }
    }
    for (at, part) in parts.iter().enumerate() {
        if let Part::Way(_, other) = part {
            let other = Part::Text(other.clone());
            planted.extend(changed(Fault::Sign, answer, world, &[(at, other)]));
        }
        let Part::Figure(expression, style) = part else {
            continue;
        };
        let value = expression.value(world);
        let mut write = |fault, value: f64| {
            let word = style.write(value);
            planted.extend(changed(fault, answer, world, &[(at, Part::Word(word))]));
        };
        if value != 0.0 {
            write(Fault::Invented, value * 1.3717 + 7.0 * style.unit());
            write(Fault::LastDigit, value + style.unit());
        }
        if value < 0.0 || style.before.starts_with('+') {
            write(Fault::Sign, -value);
        }
        if let Some(id) = id_for(expression, answer, world) {
            write(Fault::CountFromId, id);
        }
        if let Some(other) = other_unit(style) {
            // A fraction stays what it is, and loses its hundred.
            let factor = if style.fraction {
                1.0
            } else {
                other.scale() / style.scale()
            };
            let wrong = Part::Word(other.write(value * factor));
            planted.extend(changed(Fault::Scale, answer, world, &[(at, wrong)]));
        }
    }
    planted.extend(headers(answer, world));
    planted
}

/// The same digits under another unit.
fn other_unit(style: &Style) -> Option<Style> {
    let after = match style.after.as_str() {
        "K" => "M",
        "M" => "K",
        " million" => " thousand",
        _ if style.fraction => {
            let decimals = style.decimals + 1;
            return Some(Style {
                decimals,
                fraction: false,
                ..style.clone()
            });
        }
        _ => return None,
    };
    Some(Style {
        after: after.to_owned(),
        ..style.clone()
    })
}

/// The one cell that a part writes as it is.
fn plain(part: &Part) -> Option<Cells> {
    match part {
        Part::Figure(Expression::Cells(cells), _) | Part::Pick(cells, _) => Some(cells.clone()),
        _ => None,
    }
}

/// The cell below, or above the last one.
fn beside(cells: &Cells, world: &World) -> Option<Cells> {
    let row = *cells.rows.all().first()?;
    let rows = &world[&cells.table].table.rows;
    let other = if row + 1 < rows.len() {
        row + 1
    } else {
        row.checked_sub(1)?
    };
    let column = cells.column_at(world);
    matches!(rows[other][column], Cell::Number(_)).then(|| Cells {
        rows: Rows::One(other),
        ..cells.clone()
    })
}

fn earlier(cells: &Cells, answer: &Answer, world: &World) -> Option<Cells> {
    let stale = answer.stale.as_ref().filter(|stale| stale.from == cells.table)?;
    let row = *cells.rows.all().first()?;
    (row < world[&stale.to].table.rows.len()).then(|| Cells {
        table: stale.to.clone(),
        ..cells.clone()
    })
}

/// Two parts with each other's cell, each written as the place wants it.
fn exchanged(fault: Fault, answer: &Answer, world: &World, at: usize, other: usize) -> Option<Planted> {
    let swap = |place: usize, from: usize| match (&answer.parts[place], &answer.parts[from]) {
        (Part::Figure(_, style), Part::Figure(cells, _)) => Some(Part::Figure(cells.clone(), style.clone())),
        (Part::Pick(_, style), Part::Pick(cells, _)) if can_be_written(&cells.text(world), style) => {
            Some(Part::Pick(cells.clone(), style.clone()))
        }
        _ => None,
    };
    let (one, two) = (swap(at, other)?, swap(other, at)?);
    // What reads the same is not exchanged.
    if answer.parts[at].write(world) == one.write(world)
        || answer.parts[other].write(world) == two.write(world)
    {
        return None;
    }
    changed(fault, answer, world, &[(at, one), (other, two)])
}

/// A day has no time of day, and a time of day is of no day.
fn can_be_written(cell: &str, sample: &str) -> bool {
    match sample {
        "T" => true,
        _ if sample.contains(":MM") => cell.contains(':'),
        _ => cell.find(':').is_none_or(|at| at > 2),
    }
}

pub fn changed(fault: Fault, answer: &Answer, world: &World, changes: &[(usize, Part)]) -> Option<Planted> {
    let mut parts = answer.parts.clone();
    for (at, part) in changes {
        parts[*at] = part.clone();
    }
    let (right, _) = written(&answer.parts, world);
    let (text, places) = written(&parts, world);
    let lines = changes.iter().map(|(at, _)| line(&text, &places[*at])).collect();
    (text != right).then_some(Planted {
        fault,
        text,
        parts,
        lines,
    })
}

fn line(text: &str, place: &Range<usize>) -> Range<usize> {
    let start = text[..place.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[place.end..]
        .find('\n')
        .map_or(text.len(), |at| place.end + at);
    start..end
}

/// Two headers of columns of numbers in each other's place.
fn headers(answer: &Answer, world: &World) -> Option<Planted> {
    let (right, _) = written(&answer.parts, world);
    let start = right.find("\n|---").or_else(|| right.find("\n|--"))?;
    let head_start = right[..start].rfind('\n').map_or(0, |at| at + 1);
    let mut headers: Vec<&str> = right[head_start..start].trim_matches('|').split('|').collect();
    let figures = answer.parts.iter().filter_map(plain);
    let columns: BTreeSet<String> = figures.filter_map(|cells| cells.column).collect();
    let last = headers.len().checked_sub(1)?;
    if headers.len() < 3 || columns.len() < 2 {
        return None;
    }
    headers.swap(last - 1, last);
    let text = format!(
        "{}|{}|{}",
        &right[..head_start],
        headers.join("|"),
        &right[start..]
    );
    let whole = head_start..text.len();
    Some(Planted {
        fault: Fault::Headers,
        text,
        parts: Vec::new(),
        lines: vec![whole],
    })
}

/// A small number that only key columns of the results hold, for a count.
fn id_for(expression: &Expression, answer: &Answer, world: &World) -> Option<f64> {
    let counts = match expression {
        Expression::Call(name, _) => name == "rows",
        Expression::Number(_) | Expression::Cells(_) => false,
    };
    if !counts {
        return None;
    }
    let right = expression.value(world);
    let table = &world[answer.results.first()?].table;
    let is_key = |at: usize| {
        let name = &table.columns[at].name;
        name.ends_with("id") || name.ends_with("no")
    };
    let numbers = |keys: bool| -> Vec<f64> {
        table
            .rows
            .iter()
            .flat_map(|row| row.iter().enumerate())
            .filter(|(at, _)| is_key(*at) == keys && table.columns[*at].kind == ColumnKind::Integer)
            .filter_map(|(_, cell)| match cell {
                Cell::Number(number) => number.as_f64(),
                _ => None,
            })
            .collect()
    };
    let others = numbers(false);
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    let rows = table.rows.len() as f64;
    numbers(true)
        .into_iter()
        .find(|id| *id < 20.0 && *id != right && *id != rows && *id > 1.0 && !others.contains(id))
}
