//! Columns of whole numbers that tell rows apart and measure nothing: order ids, years, hours, ranks, postal codes. Their
//! numbers are names. `2024` in a column of fiscal years is named by "in 2024" as "Bolt" is in a column of products, and no
//! figure rests on such a cell.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::filters::dimension;
use super::labels::Label;
use super::text::{is_singular, stem, words};
use super::vocabulary::Concept;
use crate::result::{Cell, Column, ColumnKind, ColumnMeaning, ResultTable};

/// What the numbers of a key column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Plain,
    /// Hours of the day, which are also written `6 pm` and `18:00`.
    Hour,
    /// Places in an order, which are also written `#3`.
    Rank,
}

/// A column whose numbers are names.
#[derive(Debug)]
pub(super) struct KeyColumn {
    pub(super) material: usize,
    pub(super) column: usize,
    pub(super) kind: KeyKind,
    /// What it is a key of, by stem: `order`, `week`.
    pub(super) nouns: Vec<String>,
    pub(super) labels: HashMap<i64, Label>,
}

/// How a numeric column takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberRole {
    Measure,
    /// It tells rows apart.
    Key,
    /// It tells rows apart, and may be said of a row too.
    Both,
    /// It is the year of its rows.
    Year,
    /// It is the month of its rows, whose year is in this column.
    MonthOf(usize),
}

/// The words of a name, in lower case: those of `customerId` and of `customer_id` are the same.
pub(super) fn name_words(name: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(name.len() + 4);
    let mut lower = false;
    for c in name.chars() {
        if c.is_uppercase() && lower {
            spaced.push(' ');
        }
        lower = c.is_lowercase();
        spaced.push(if c == '_' { ' ' } else { c });
    }
    words(&spaced).into_iter().map(|word| word.low).collect()
}

/// The whole number in a cell.
pub(super) fn whole(cell: &Cell) -> Option<i64> {
    let number = match cell {
        Cell::Number(number) => number,
        Cell::Text(text) if text.len() < 16 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            return text.parse().ok();
        }
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and within bounds")]
    number.as_i64().or_else(|| {
        let value = number
            .as_f64()
            .filter(|value| value.fract() == 0.0 && value.abs() < 9e15)?;
        Some(value as i64)
    })
}

/// How a column of numbers takes part, by its meaning, its name, the call that brought it, and its values.
pub(super) fn role(table: &ResultTable, at: usize, seen: usize, arguments: &Value) -> NumberRole {
    let Some(column) = table.columns.get(at) else {
        return NumberRole::Measure;
    };
    let cells = || table.rows.iter().take(seen).filter_map(|row| row.get(at));
    let values: Vec<i64> = cells().filter_map(whole).collect();
    let filled = cells().filter(|cell| **cell != Cell::Null).count();
    if values.len() < filled || values.is_empty() {
        return NumberRole::Measure;
    }
    let name = name_words(&column.name);
    let years = values.iter().all(|value| (1900..=2100).contains(value));
    if years && name.iter().any(|word| Concept::YearName.has(word)) {
        return NumberRole::Year;
    }
    if is_month(column) && values.iter().all(|value| (1..=12).contains(value)) {
        let year = (0..table.columns.len())
            .find(|other| *other != at && is_number(table, *other) && role_is_year(table, *other, seen));
        return year.map_or(NumberRole::Key, NumberRole::MonthOf);
    }
    let last = name.last().map_or("", String::as_str);
    let different: HashSet<i64> = values.iter().copied().collect();
    let unique = different.len() == seen && seen > 1;
    let grouped = is_grouped_by(arguments, column);
    match column.meaning() {
        ColumnMeaning::Identifier | ColumnMeaning::TimePart => return NumberRole::Key,
        _ if grouped => return NumberRole::Key,
        // `citation_num` is a count: it does not tell rows apart.
        _ if column.kind == ColumnKind::Integer
            && Concept::KeyName.has(last)
            && (last != "num" || unique) =>
        {
            return NumberRole::Key;
        }
        ColumnMeaning::Rate => return NumberRole::Measure,
        _ => {}
    }
    let measures = || {
        let mut others = 0..table.columns.len();
        others.any(|other| other != at && is_number(table, other))
    };
    let told_apart = has_names(table, at, seen);
    if Concept::ScaleName.has(last) {
        return if told_apart || !measures() {
            NumberRole::Both
        } else {
            NumberRole::Key
        };
    }
    let first = at == 0 && column.kind == ColumnKind::Integer;
    let alone = unique && !told_apart;
    if first && measures() && (alone || numbers_things(column, &name, &values)) {
        NumberRole::Key
    } else {
        NumberRole::Measure
    }
}

/// Whether a first column counts things up under the name of one of them, as `batch` and `courtroom` do beside names of their
/// own. What is measured is named in the plural or by a word for an amount, and seldom sorted upwards.
fn numbers_things(column: &Column, name: &[String], values: &[i64]) -> bool {
    let amount = |word: &String| {
        Concept::MoneyName.has(word) || Concept::CountName.has(word) || Concept::RateName.has(word)
    };
    let one_thing = name
        .last()
        .is_some_and(|last| last.len() > 2 && is_singular(last));
    let upwards = values
        .iter()
        .zip(values.iter().skip(1))
        .all(|(one, next)| one <= next);
    let several = values.first() != values.last();
    one_thing && upwards && several && column.meaning() == ColumnMeaning::Amount && !name.iter().any(amount)
}

fn role_is_year(table: &ResultTable, at: usize, seen: usize) -> bool {
    let Some(column) = table.columns.get(at) else {
        return false;
    };
    let years = table.rows.iter().take(seen).filter_map(|row| whole(row.get(at)?));
    name_words(&column.name)
        .iter()
        .any(|word| Concept::YearName.has(word))
        && years.into_iter().all(|year| (1900..=2100).contains(&year))
}

fn is_month(column: &Column) -> bool {
    column.unit.is_none() && Concept::MonthName.has(&column.name.to_lowercase())
}

fn is_number(table: &ResultTable, at: usize) -> bool {
    table
        .columns
        .get(at)
        .is_some_and(|column| column.kind.is_numeric())
}

/// Whether a call grouped its rows by a column.
fn is_grouped_by(arguments: &Value, column: &Column) -> bool {
    let groups = arguments.get("group_by").and_then(Value::as_array);
    let own = column.name.to_lowercase();
    groups.into_iter().flatten().any(|group| {
        let name = group.get("dimension").and_then(Value::as_str);
        name.is_some_and(|name| dimension(name) == own)
    })
}

/// Whether other columns tell the rows apart by text or time.
fn has_names(table: &ResultTable, besides: usize, seen: usize) -> bool {
    (0..table.columns.len()).filter(|at| *at != besides).any(|at| {
        let texts: HashSet<&str> = table
            .rows
            .iter()
            .take(seen)
            .filter_map(|row| match row.get(at)? {
                Cell::Text(text) => Some(&**text),
                _ => None,
            })
            .collect();
        seen > 0 && texts.len() == seen
    })
}

impl KeyColumn {
    /// A column with the values of its rows.
    pub(super) fn new(material: usize, at: usize, column: &Column, title: &str, others: &[Column]) -> Self {
        let names = name_words(&column.name)
            .into_iter()
            .chain(name_words(&column.label));
        let mut nouns: Vec<String> = names
            .filter(|word| word.len() > 1 && !Concept::KeyFiller.has(word))
            .map(|word| stem(&word).to_owned())
            .collect();
        // A plain `id` is of what the result lists: `Largest accounts`.
        if nouns.is_empty() {
            let measured = |noun: &str| {
                let mut names = others
                    .iter()
                    .flat_map(|other| name_words(&format!("{} {}", other.name, other.label)));
                names.any(|name| stem(&name) == noun)
            };
            let things = words(title).into_iter().filter(|word| word.low.ends_with('s'));
            let things = things.map(|word| stem(&word.low).to_owned());
            nouns.extend(things.filter(|noun| !measured(noun)));
        }
        let has =
            |nouns: &[String], wanted: &[&str]| nouns.iter().any(|noun| wanted.contains(&noun.as_str()));
        let hour = matches!(column.unit.as_deref(), Some("hour-of-day")) || has(&nouns, &["hour", "hr"]);
        let rank = has(&nouns, &["rank", "ranking", "position", "pos", "place"]);
        if rank {
            nouns.extend(["rank", "ranked", "place", "position"].map(str::to_owned));
        }
        if has(&nouns, &["rating", "stars", "star"]) {
            nouns.extend(["star", "rating"].map(str::to_owned));
        }
        if has(&nouns, &["zip", "plz", "postcode"]) {
            nouns.extend(["code", "zip", "postcode", "plz"].map(str::to_owned));
        }
        let kind = match (hour, rank) {
            (true, _) => KeyKind::Hour,
            (_, true) => KeyKind::Rank,
            _ => KeyKind::Plain,
        };
        Self {
            material,
            column: at,
            kind,
            nouns,
            labels: HashMap::new(),
        }
    }

    /// Whether a word is what the key is of.
    pub(super) fn is_of(&self, low: &str) -> bool {
        let stem = stem(low);
        self.nouns.iter().any(|noun| noun == stem)
    }
}
