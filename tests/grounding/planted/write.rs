//! Right answers over a result, in the ways people and models write them.

use cardinal::result::{Cell, ColumnKind, ColumnSummary, ColumnTotals, ResultTable};
use serde_json::Value;

use crate::grounding::MONTHS;

/// A result as a conversation holds it.
pub struct Fact {
    pub handle: String,
    pub title: String,
    pub arguments: Value,
    pub table: ResultTable,
    pub totals: Vec<ColumnTotals>,
}

/// How a figure is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    Grouped(usize),
    Plain(usize),
    Dollar(usize),
    Thousands,
    Percent(usize),
    German(usize),
}

impl Form {
    pub fn write(self, value: f64) -> String {
        match self {
            Self::Grouped(decimals) => grouped(value, decimals, ',', '.'),
            Self::German(decimals) => grouped(value, decimals, '.', ','),
            Self::Plain(decimals) => format!("{value:.decimals$}"),
            Self::Dollar(decimals) => format!("${}", grouped(value, decimals, ',', '.')),
            Self::Thousands => format!("{:.1}K", value / 1000.0),
            Self::Percent(decimals) => format!("{value:.decimals$} %"),
        }
    }

    /// What one unit of the last digit written is worth.
    pub fn unit(self) -> f64 {
        match self {
            Self::Thousands => 100.0,
            Self::Grouped(decimals)
            | Self::German(decimals)
            | Self::Plain(decimals)
            | Self::Dollar(decimals)
            | Self::Percent(decimals) => 0.1_f64.powi(i32::try_from(decimals).unwrap()),
        }
    }
}

fn grouped(value: f64, decimals: usize, group: char, point: char) -> String {
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(group);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(point);
        out.push_str(fraction);
    }
    if value < 0.0 { format!("-{out}") } else { out }
}

/// A figure of a statement.
#[derive(Debug, Clone)]
pub struct Slot {
    pub value: f64,
    pub form: Form,
    /// The cell it is; `None` for what is computed.
    pub cell: Option<(usize, usize)>,
}

/// A part of a statement.
#[derive(Debug, Clone)]
pub enum Piece {
    Text(String),
    Figure(Slot),
}

/// A right answer.
#[derive(Debug, Clone)]
pub struct Statement {
    pub style: &'static str,
    pub pieces: Vec<Piece>,
}

impl Statement {
    pub fn text(&self) -> String {
        self.with(usize::MAX, "")
    }

    /// The text, with the figure of that number written otherwise.
    pub fn with(&self, number: usize, written: &str) -> String {
        let mut at = 0;
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Figure(slot) => {
                    at += 1;
                    if at - 1 == number {
                        written.to_owned()
                    } else {
                        slot.form.write(slot.value)
                    }
                }
            })
            .collect()
    }

    pub fn slots(&self) -> Vec<&Slot> {
        self.pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Figure(slot) => Some(slot),
                Piece::Text(_) => None,
            })
            .collect()
    }
}

struct Writer {
    style: &'static str,
    pieces: Vec<Piece>,
}

impl Writer {
    fn new(style: &'static str) -> Self {
        Self {
            style,
            pieces: Vec::new(),
        }
    }

    fn say(mut self, text: impl Into<String>) -> Self {
        self.pieces.push(Piece::Text(text.into()));
        self
    }

    fn cell(mut self, fact: &Fact, row: usize, column: usize, form: Form) -> Self {
        let value = fact.number(row, column);
        self.pieces.push(Piece::Figure(Slot {
            value,
            form,
            cell: Some((row, column)),
        }));
        self
    }

    fn computed(mut self, value: f64, form: Form) -> Self {
        self.pieces.push(Piece::Figure(Slot {
            value,
            form,
            cell: None,
        }));
        self
    }

    fn done(self) -> Statement {
        Statement {
            style: self.style,
            pieces: self.pieces,
        }
    }
}

impl Fact {
    pub fn number(&self, row: usize, column: usize) -> f64 {
        match &self.table.rows[row][column] {
            Cell::Number(number) => number.as_f64().unwrap(),
            other => panic!("{other:?} in {}", self.title),
        }
    }

    pub fn numeric(&self) -> Vec<usize> {
        let columns = self.table.columns.iter().enumerate();
        columns
            .filter(|(at, column)| {
                column.kind.is_numeric()
                    && column.unit.is_none()
                    && !column.name.ends_with("id")
                    && self
                        .table
                        .rows
                        .iter()
                        .all(|row| matches!(row[*at], Cell::Number(_)))
            })
            .map(|(at, _)| at)
            .collect()
    }

    /// The one column that names the rows.
    pub fn key(&self) -> Option<usize> {
        let keys: Vec<usize> = (0..self.table.columns.len())
            .filter(|at| !self.table.columns[*at].kind.is_numeric())
            .collect();
        match keys.as_slice() {
            [only]
                if self
                    .table
                    .rows
                    .iter()
                    .all(|row| matches!(row[*only], Cell::Text(_))) =>
            {
                Some(*only)
            }
            _ => None,
        }
    }

    pub fn is_time(&self) -> bool {
        self.key()
            .is_some_and(|at| self.table.columns[at].kind.is_temporal())
    }

    /// How a row is called; several ways for times.
    fn name(&self, row: usize, way: usize) -> String {
        let key = self.key().unwrap();
        let Cell::Text(text) = &self.table.rows[row][key] else {
            panic!()
        };
        let column = &self.table.columns[key];
        if column.kind != ColumnKind::Date {
            return text.to_string();
        }
        let (year, month) = (&text[..4], text[5..7].parse::<usize>().unwrap());
        match (column.unit.as_deref(), way % 3) {
            (Some("month"), 0) => format!("{} {year}", MONTHS[month - 1]),
            (Some("month"), 1) => format!("{} {year}", &MONTHS[month - 1][..3]),
            (Some("month"), _) => format!("{year}-{month:02}"),
            (Some("quarter"), 0) => format!("Q{} {year}", month.div_ceil(3)),
            (Some("quarter"), _) => format!("{year}-Q{}", month.div_ceil(3)),
            (Some("year"), _) => year.to_owned(),
            _ => text.to_string(),
        }
    }

    fn form(&self, column: usize, way: usize) -> Form {
        let whole = self
            .table
            .rows
            .iter()
            .all(|row| matches!(&row[column], Cell::Number(number) if !number.is_f64()));
        let percent = self.table.columns[column].name.contains("percent") || self.title.contains("rate");
        let large = (0..self.table.rows.len()).all(|row| self.number(row, column).abs() >= 10_000.0);
        match (whole, percent, way % 4) {
            (true, _, 0 | 1) => Form::Grouped(0),
            (true, ..) => Form::Plain(0),
            (_, true, _) => Form::Percent(1),
            (_, _, 0) => Form::Grouped(2),
            (_, _, 1) => Form::Dollar(2),
            (_, _, 2) if large => Form::Thousands,
            (_, _, 2) => Form::Grouped(1),
            _ if large => Form::Dollar(0),
            _ => Form::Plain(2),
        }
    }
}

/// Every style of statement that fits a result. `way` chooses how names and figures are written.
pub fn statements(fact: &Fact, way: usize) -> Vec<Statement> {
    let mut all = Vec::new();
    let rows = fact.table.rows.len();
    let numeric = fact.numeric();
    let Some(&column) = numeric.first() else {
        return all;
    };
    let what = if numeric.len() > 1 {
        fact.table.columns[column].label.to_lowercase()
    } else {
        fact.title.to_lowercase()
    };
    let form = fact.form(column, way);
    if rows == 1 {
        all.push(
            Writer::new("one number")
                .say(format!("{} came to ", fact.title))
                .cell(fact, 0, column, form)
                .say(".")
                .done(),
        );
        all.push(
            Writer::new("one number, bold")
                .say("It is **")
                .cell(fact, 0, column, form)
                .say("**.")
                .done(),
        );
        return all;
    }
    if fact.key().is_none() || rows < 3 {
        return all;
    }
    let name = |row: usize| fact.name(row, way);
    let pick = |number: usize| (way * 7 + number * 3) % rows;
    let (a, b) = (pick(1), (pick(1) + 1) % rows);
    let c = (b + 1) % rows;
    all.push(
        Writer::new("one row")
            .say(format!("In {}, {what} was ", name(a)))
            .cell(fact, a, column, form)
            .say(".")
            .done(),
    );
    all.push(
        Writer::new("figure first")
            .cell(fact, b, column, form)
            .say(format!(" was the {what} of {}.", name(b)))
            .done(),
    );
    all.push(
        Writer::new("a run of rows")
            .say(format!("The {what} was "))
            .cell(fact, a, column, form)
            .say(format!(" in {}, ", name(a)))
            .cell(fact, b, column, form)
            .say(format!(" in {} and ", name(b)))
            .cell(fact, c, column, form)
            .say(format!(" in {}.", name(c)))
            .done(),
    );
    all.push(
        Writer::new("respectively")
            .say(format!("The {what} of {} and {} came to ", name(a), name(b)))
            .cell(fact, a, column, form)
            .say(" and ")
            .cell(fact, b, column, form)
            .say(" respectively.")
            .done(),
    );
    all.push(
        Writer::new("brackets")
            .say(format!("{} (", name(a)))
            .cell(fact, a, column, form)
            .say(format!(") and {} (", name(c)))
            .cell(fact, c, column, form)
            .say(") stand out.")
            .done(),
    );
    all.push(listed(fact, way));
    all.push(table(fact, way));
    all.push(best(fact, column, form, way));
    all.extend(of_all(fact, column, form, way));
    all.extend(change(fact, column, form, (a.min(b), a.max(b)), way));
    if let Form::Grouped(decimals) = form {
        all.push(
            Writer::new("German")
                .say(format!("{}: ", name(c)))
                .cell(fact, c, column, Form::German(decimals))
                .say(".")
                .done(),
        );
    }
    if let Some(&other) = numeric.get(1) {
        let (one, two) = (&fact.table.columns[column], &fact.table.columns[other]);
        all.push(
            Writer::new("two columns")
                .say(format!("{}: {} ", name(b), one.label.to_lowercase()))
                .cell(fact, b, column, form)
                .say(format!(", {} ", two.label.to_lowercase()))
                .cell(fact, b, other, fact.form(other, way))
                .say(".")
                .done(),
        );
    }
    all
}

fn listed(fact: &Fact, way: usize) -> Statement {
    let column = fact.numeric()[0];
    let mut writer = Writer::new("list").say(format!("{}:\n", fact.title));
    for row in 0..fact.table.rows.len().min(12) {
        let mark = if way % 2 == 0 {
            "- ".to_owned()
        } else {
            format!("{}. ", row + 1)
        };
        writer = writer
            .say(format!("{mark}**{}**: ", fact.name(row, way)))
            .cell(fact, row, column, fact.form(column, way))
            .say("\n");
    }
    writer.done()
}

fn table(fact: &Fact, way: usize) -> Statement {
    let numeric = fact.numeric();
    let key = fact.key().unwrap();
    let mut writer = Writer::new("table").say(format!("| {} |", fact.table.columns[key].label));
    for column in &numeric {
        writer = writer.say(format!(" {} |", fact.table.columns[*column].label));
    }
    writer = writer.say(format!("\n|---|{}\n", "---|".repeat(numeric.len())));
    for row in 0..fact.table.rows.len().min(20) {
        writer = writer.say(format!("| {} |", fact.name(row, way)));
        for column in &numeric {
            writer = writer
                .say(" ")
                .cell(fact, row, *column, fact.form(*column, way))
                .say(" |");
        }
        writer = writer.say("\n");
    }
    writer.done()
}

fn best(fact: &Fact, column: usize, form: Form, way: usize) -> Statement {
    let mut order: Vec<usize> = (0..fact.table.rows.len()).collect();
    order.sort_by(|a, b| fact.number(*b, column).total_cmp(&fact.number(*a, column)));
    let (first, second, last) = (order[0], order[1], order[order.len() - 1]);
    Writer::new("best and worst")
        .say(format!("{} comes first with ", fact.name(first, way)))
        .cell(fact, first, column, form)
        .say(format!(", ahead of {} with ", fact.name(second, way)))
        .cell(fact, second, column, form)
        .say(format!("; {} is last at ", fact.name(last, way)))
        .cell(fact, last, column, form)
        .say(".")
        .done()
}

/// The whole column: its sum, its mean, the share of a row.
fn of_all(fact: &Fact, column: usize, form: Form, way: usize) -> Vec<Statement> {
    let ColumnSummary::Numbers {
        sum: Some(sum),
        mean: Some(mean),
        ..
    } = &fact.totals[column].summary
    else {
        return Vec::new();
    };
    let (sum, mean) = (sum.as_f64(), mean.as_f64());
    let row = way % fact.table.rows.len();
    let part = fact.number(row, column);
    if matches!(form, Form::Percent(_)) || part <= 0.0 {
        return Vec::new();
    }
    let average = if form == Form::Grouped(0) || form == Form::Plain(0) {
        Form::Grouped(1)
    } else {
        form
    };
    vec![
        Writer::new("total and mean")
            .say(format!("{} was ", fact.title))
            .computed(sum, form)
            .say(" in total, on average ")
            .computed(mean, average)
            .say(" each.")
            .done(),
        Writer::new("share")
            .say(format!("{} made ", fact.name(row, way)))
            .computed(100.0 * part / sum, Form::Percent(1))
            .say(" of the total of ")
            .computed(sum, form)
            .say(".")
            .done(),
    ]
}

/// From one row to another.
fn change(fact: &Fact, column: usize, form: Form, (from, to): (usize, usize), way: usize) -> Vec<Statement> {
    let (before, after) = (fact.number(from, column), fact.number(to, column));
    if before <= 0.0 || before == after || matches!(form, Form::Percent(_)) || !fact.is_time() {
        return Vec::new();
    }
    let (verb, word) = if after > before {
        ("rose", "up")
    } else {
        ("fell", "down")
    };
    let change = (100.0 * (after - before) / before).abs();
    let gap = (after - before).abs();
    vec![
        Writer::new("change in percent")
            .say(format!("{} {verb} from ", fact.title))
            .cell(fact, from, column, form)
            .say(format!(" in {} to ", fact.name(from, way)))
            .cell(fact, to, column, form)
            .say(format!(" in {}, {word} ", fact.name(to, way)))
            .computed(change, Form::Percent(1))
            .say(".")
            .done(),
        Writer::new("change alone")
            .say(format!(
                "From {} to {} it {verb} by ",
                fact.name(from, way),
                fact.name(to, way)
            ))
            .computed(change, Form::Percent(1))
            .say(", that is ")
            .computed(
                gap,
                if form == Form::Thousands {
                    Form::Dollar(2)
                } else {
                    form
                },
            )
            .say(".")
            .done(),
    ]
}
