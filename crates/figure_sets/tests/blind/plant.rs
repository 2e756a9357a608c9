//! The rules by which one thing in a right answer is made wrong.

use std::ops::Range;

use cardinal::result::ColumnKind;

use super::answers::{Answer, Part, written};
use super::expression::{Cells, Expression, Rows};
use super::style::Style;
use super::world::World;

/// What was made wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The figure of the row beside.
    OffByOneRow,
    /// The figure of another column.
    SwappedColumns,
    /// Two figures stand in each other's place.
    SwappedFigures,
    /// The text names another month than the figure's.
    WrongMonth,
    /// Rounded to the wrong side.
    WrongRounding,
    /// The last digit of an exact figure is another.
    LastDigit,
    /// Two digits in each other's place.
    Transposed,
    /// From nowhere.
    Invented,
    /// What an earlier question's result says.
    Stale,
    /// Thousands for millions.
    WrongUnit,
    /// Percent for percentage points.
    PercentPoints,
    /// A ratio or share upside down.
    Inverted,
    /// A change as a share of what it came to instead of what it came from.
    WrongBase,
    /// Up for down.
    SignFlipped,
    /// A name or date that is not the one picked.
    WrongItem,
    /// A number in words.
    WrongWord,
    /// The text names another year than the figure's.
    WrongYear,
}

/// A wrong answer.
pub struct Planted {
    pub kind: Kind,
    pub text: String,
    /// What was changed, in the text.
    pub place: Range<usize>,
}

const WORDS: [&str; 10] = [
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
];
/// Factors of invented figures, none near a ratio that people write.
const FACTORS: [f64; 6] = [1.3717, 0.6173, 1.1871, 0.8419, 2.2939, 0.4327];

/// All wrong answers that can be made of a right one.
pub fn plant(answer: &Answer, world: &World, seed: usize) -> Vec<Planted> {
    let mut planted = Vec::new();
    let (right, _) = written(&answer.parts, world);
    let mut add = |kind: Kind, at: usize, changed: &[(usize, Part)]| {
        let mut parts = answer.parts.clone();
        for (at, part) in changed {
            parts[*at] = part.clone();
        }
        let (text, places) = written(&parts, world);
        if text != right {
            let place = places[at].clone();
            planted.push(Planted { kind, text, place });
        }
    };
    for (at, part) in answer.parts.iter().enumerate() {
        for (kind, wrong) in wrong_parts(part, answer, world, seed + at) {
            add(kind, at, &[(at, wrong)]);
        }
        if let (Part::Figure(_, style), Some(next @ Part::Figure(_, other))) =
            (part, answer.parts.get(at + 2))
            && style == other
        {
            add(
                Kind::SwappedFigures,
                at,
                &[(at, next.clone()), (at + 2, part.clone())],
            );
        }
    }
    planted
}

fn wrong_parts(part: &Part, answer: &Answer, world: &World, seed: usize) -> Vec<(Kind, Part)> {
    match part {
        Part::Figure(expression, style) => {
            let mut wrong = other_cells(expression, style, answer, world);
            wrong.extend(other_reckoning(expression, style));
            let value = expression.value(world);
            wrong.extend(
                other_digits(value, style, seed)
                    .into_iter()
                    .map(|(kind, text)| (kind, Part::Word(text))),
            );
            wrong
        }
        Part::Pick(cells, sample) => {
            let other =
                beside(cells, world).map(|cells| (Kind::WrongItem, Part::Pick(cells, sample.clone())));
            other.into_iter().collect()
        }
        Part::Way(right, wrong) => vec![(Kind::SignFlipped, Part::Way(wrong.clone(), right.clone()))],
        Part::Word(word) => {
            let at = WORDS.iter().position(|other| other == word).unwrap();
            let other = WORDS[(at + 2) % WORDS.len()];
            vec![(Kind::WrongWord, Part::Word(other.to_owned()))]
        }
        Part::Text(text) => other_periods(text),
    }
}

/// The same cells in the row beside.
fn beside(cells: &Cells, world: &World) -> Option<Cells> {
    let table = &world[&cells.table].table;
    let last = table.rows.len().checked_sub(1)?;
    let rows = match &cells.rows {
        Rows::One(_) if last == 0 => return None,
        Rows::One(row) if *row == last => Rows::One(row - 1),
        Rows::One(row) => Rows::One(row + 1),
        Rows::Range(first, end) if *first == 0 && *end == last && last > 1 => Rows::Range(0, last - 1),
        Rows::Range(first, end) if *end < last => Rows::Range(*first, end + 1),
        Rows::Range(first, end) if *first > 0 => Rows::Range(first - 1, *end),
        _ => return None,
    };
    Some(Cells {
        rows,
        ..cells.clone()
    })
}

/// The same cells in the next column of numbers.
fn next_column(cells: &Cells, world: &World) -> Option<Cells> {
    let columns = &world[&cells.table].table.columns;
    cells.column.as_ref()?;
    let at = cells.column_at(world);
    let numeric = |column: &usize| {
        let kind = columns[*column].kind;
        matches!(kind, ColumnKind::Integer | ColumnKind::Number)
            && columns[*column].unit.is_none()
            && !["id", "rating", "year"].contains(&columns[*column].name.as_str())
    };
    let other = (1..columns.len())
        .map(|step| (at + step) % columns.len())
        .find(numeric)?;
    Some(Cells {
        column: Some(columns[other].name.clone()),
        ..cells.clone()
    })
}

fn other_cells(expression: &Expression, style: &Style, answer: &Answer, world: &World) -> Vec<(Kind, Part)> {
    let mut wrong = Vec::new();
    let mut change = |kind: Kind, change: &dyn Fn(&Cells) -> Option<Cells>, every: bool| {
        let mut other = expression.clone();
        let mut changed = false;
        for cells in other.cells_mut() {
            if let Some(new) = change(cells)
                && (every || !changed)
            {
                *cells = new;
                changed = true;
            }
        }
        let counts = matches!(&other, Expression::Call(name, _) if name == "rows");
        if changed && !(counts && kind != Kind::OffByOneRow) {
            wrong.push((kind, Part::Figure(other, style.clone())));
        }
    };
    change(Kind::OffByOneRow, &|cells| beside(cells, world), false);
    change(Kind::SwappedColumns, &|cells| next_column(cells, world), false);
    if let Some(stale) = &answer.stale {
        change(Kind::Stale, &|cells| earlier(cells, stale, world), true);
    }
    wrong
}

/// The cells of an earlier result that stand for these.
fn earlier(cells: &Cells, stale: &super::answers::Stale, world: &World) -> Option<Cells> {
    if cells.table != stale.from {
        return None;
    }
    let column = cells.column.clone()?;
    let other = stale.columns.iter().find(|(from, _)| *from == column);
    let column = other.map_or(column, |(_, to)| to.clone());
    let rows = &world[&stale.to].table.rows;
    cells
        .rows
        .all()
        .iter()
        .all(|row| *row < rows.len())
        .then(|| Cells {
            table: stale.to.clone(),
            rows: cells.rows.clone(),
            column: Some(column),
        })
}

fn other_reckoning(expression: &Expression, style: &Style) -> Vec<(Kind, Part)> {
    let mut wrong = Vec::new();
    let unit = |after: &str| Style {
        after: after.to_owned(),
        ..style.clone()
    };
    if style.is_percent() && matches!(expression, Expression::Call(..)) {
        wrong.push((
            Kind::PercentPoints,
            Part::Figure(expression.clone(), unit(" percentage points")),
        ));
    }
    if style.after.ends_with("points") {
        wrong.push((Kind::PercentPoints, Part::Figure(expression.clone(), unit("%"))));
    }
    let (name, of) = match expression {
        Expression::Call(name, of) => (name.as_str(), of),
        _ => return wrong,
    };
    match (name, of.as_slice()) {
        ("ratio" | "share", [over, under]) => {
            let other = Expression::Call(name.to_owned(), vec![under.clone(), over.clone()]);
            wrong.push((Kind::Inverted, Part::Figure(other, style.clone())));
        }
        ("change", _) => {
            let other = Expression::Call("change_of_end".to_owned(), of.clone());
            wrong.push((Kind::WrongBase, Part::Figure(other, style.clone())));
        }
        _ => {}
    }
    wrong
}

fn other_digits(value: f64, style: &Style, seed: usize) -> Vec<(Kind, String)> {
    let mut wrong = Vec::new();
    let right = style.write(value);
    let in_units = value / style.unit();
    let nearest = in_units.round();
    let exact = (in_units - nearest).abs() < 1e-6;
    let other = if in_units > nearest {
        nearest + 1.0
    } else {
        nearest - 1.0
    };
    if exact {
        wrong.push((Kind::LastDigit, style.write((nearest + 1.0) * style.unit())));
    } else if (in_units - nearest).abs() < 0.4 {
        wrong.push((Kind::WrongRounding, style.write(other * style.unit())));
    }
    if let Some(text) = transposed(&right) {
        wrong.push((Kind::Transposed, text));
    }
    wrong.push((Kind::Invented, style.write(value * FACTORS[seed % FACTORS.len()])));
    wrong.push((
        Kind::Invented,
        style.write(value * FACTORS[(seed + 3) % FACTORS.len()]),
    ));
    if style.before.starts_with(['+', '−']) {
        wrong.push((Kind::SignFlipped, style.write(-value)));
    }
    let other = match style.after.trim() {
        "K" | "k" => Some(style.after.to_uppercase().replace('K', "M")),
        "M" => Some(style.after.replace('M', "K")),
        "million" => Some(style.after.replace("million", "thousand")),
        _ => None,
    };
    if let Some(after) = other {
        wrong.push((Kind::WrongUnit, right.replace(&style.after, &after)));
    } else if value.abs() >= 10_000.0 {
        let in_thousands = Style {
            decimals: 1,
            after: "K".to_owned(),
            ..style.clone()
        };
        wrong.push((Kind::WrongUnit, in_thousands.write(value).replace('K', "M")));
    }
    wrong
}

/// The first two different digits side by side, after the first one, in each other's place.
fn transposed(text: &str) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let first = bytes.iter().position(u8::is_ascii_digit)?;
    let pair = |at: &usize| {
        let (a, b) = (bytes[*at], bytes[at + 1]);
        a.is_ascii_digit() && b.is_ascii_digit() && a != b
    };
    let at = (first + 1..bytes.len() - 1).find(pair)?;
    bytes.swap(at, at + 1);
    String::from_utf8(bytes).ok()
}

/// A month as answers write it.
fn month(at: i8) -> String {
    jiff::civil::date(2025, at, 1).strftime("%B").to_string()
}

/// Another month or year in the words around the figures.
fn other_periods(text: &str) -> Vec<(Kind, Part)> {
    let mut wrong = Vec::new();
    for at in 1..=12 {
        let (month, other) = (month(at), month(at % 12 + 1));
        let ambiguous = month == "May" && !text.contains("May 2") && !text.contains("in May");
        if text.contains(&month) && !ambiguous {
            wrong.push((Kind::WrongMonth, Part::Text(text.replacen(&month, &other, 1))));
        }
    }
    for year in 2017..=2026 {
        let (year, other) = (year.to_string(), (year - 1).to_string());
        if text.contains(&year) {
            wrong.push((Kind::WrongYear, Part::Text(text.replacen(&year, &other, 1))));
        }
    }
    wrong
}
