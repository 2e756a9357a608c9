//! What a figure of an answer is: `change(month[2025-10].revenue,month[2025-11].revenue)`.

use cardinal::result::{Cell, ResultTable};

use super::world::World;

/// An expression over cells.
#[derive(Debug, Clone)]
pub enum Expression {
    Number(f64),
    Cells(Cells),
    Call(String, Vec<Self>),
}

/// Cells of one column, or rows if there is none.
#[derive(Debug, Clone)]
pub struct Cells {
    pub table: String,
    pub rows: Rows,
    pub column: Option<String>,
}

/// Rows of a table, counted from 0.
#[derive(Debug, Clone)]
pub enum Rows {
    One(usize),
    Range(usize, usize),
    Some(Vec<usize>),
}

impl Rows {
    pub fn all(&self) -> Vec<usize> {
        match self {
            Self::One(row) => vec![*row],
            Self::Range(first, last) => (*first..=*last).collect(),
            Self::Some(rows) => rows.clone(),
        }
    }
}

impl Expression {
    pub fn parse(text: &str, world: &World) -> Self {
        let text = text.trim();
        if let Ok(number) = text.parse() {
            return Self::Number(number);
        }
        let open = text.find(['(', '[']).unwrap_or_else(|| panic!("{text}"));
        if text[open..].starts_with('(') {
            let inner = text[open + 1..]
                .strip_suffix(')')
                .unwrap_or_else(|| panic!("{text}"));
            let parts = arguments(inner).into_iter().map(|part| Self::parse(part, world));
            return Self::Call(text[..open].to_owned(), parts.collect());
        }
        Self::Cells(Cells::parse(text, world))
    }

    /// What it comes to; a call of `n` says its number.
    pub fn value(&self, world: &World) -> f64 {
        let values = self.values(world);
        assert_eq!(values.len(), 1, "{self:?} is one value");
        values[0]
    }

    fn values(&self, world: &World) -> Vec<f64> {
        let (name, of) = match self {
            Self::Number(value) => return vec![*value],
            Self::Cells(cells) => return cells.values(world),
            Self::Call(name, of) => (name.as_str(), of),
        };
        let all: Vec<f64> = of.iter().flat_map(|one| one.values(world)).collect();
        let count = f64::from(u32::try_from(all.len()).unwrap());
        vec![match (name, all.as_slice()) {
            ("sum", _) => all.iter().sum(),
            ("mean", _) => all.iter().sum::<f64>() / count,
            ("rows", _) => count,
            ("n", [one]) => *one,
            ("abs", [one]) => one.abs(),
            ("diff", [from, to]) => to - from,
            ("change", [from, to]) => (to - from) / from * 100.0,
            ("change_of_end", [from, to]) => (to - from) / to * 100.0,
            ("share", [part, whole]) => part / whole * 100.0,
            ("ratio", [over, under]) => over / under,
            _ => panic!("{name} of {} values", all.len()),
        }]
    }

    /// All references to cells in it, to be changed.
    pub fn cells_mut(&mut self) -> Vec<&mut Cells> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Cells(cells) => vec![cells],
            Self::Call(_, of) => of.iter_mut().flat_map(Self::cells_mut).collect(),
        }
    }
}

impl Cells {
    fn parse(text: &str, world: &World) -> Self {
        let (table, rest) = text.split_once('[').unwrap();
        let (rows, column) = rest.split_once(']').unwrap();
        let in_table = &world
            .get(table)
            .unwrap_or_else(|| panic!("no result {table}"))
            .table;
        let rows = match (rows.split_once(".."), rows.strip_prefix('*')) {
            (Some((first, last)), _) => Rows::Range(row(in_table, first), row(in_table, last)),
            (None, Some("")) => Rows::Range(0, in_table.rows.len() - 1),
            (None, Some(key)) => Rows::Some(matching(in_table, key)),
            (None, None) => Rows::One(row(in_table, rows)),
        };
        Self {
            table: table.to_owned(),
            rows,
            column: column.strip_prefix('.').map(str::to_owned),
        }
    }

    pub fn column_at(&self, world: &World) -> usize {
        let name = self.column.as_deref().unwrap();
        let columns = &world[&self.table].table.columns;
        columns
            .iter()
            .position(|column| column.name == name)
            .unwrap_or_else(|| panic!("no column {name}"))
    }

    fn values(&self, world: &World) -> Vec<f64> {
        let rows = self.rows.all();
        let table = &world[&self.table].table;
        if self.column.is_none() {
            return vec![0.0; rows.len()];
        }
        let column = self.column_at(world);
        rows.iter()
            .map(|row| match &table.rows[*row][column] {
                Cell::Number(number) => number.as_f64().unwrap(),
                other => panic!("{self:?} is {other:?}"),
            })
            .collect()
    }

    /// The text of the one cell meant.
    pub fn text(&self, world: &World) -> String {
        said(&world[&self.table].table.rows[self.rows.all()[0]][self.column_at(world)])
    }
}

fn row(table: &ResultTable, key: &str) -> usize {
    if let Some(position) = key.strip_prefix('#') {
        return position.parse::<usize>().unwrap() - 1;
    }
    let found = matching(table, key);
    *found.first().unwrap_or_else(|| panic!("no row {key}"))
}

/// Rows whose cells hold each part of a key; a date is meant by its beginning.
fn matching(table: &ResultTable, key: &str) -> Vec<usize> {
    let holds = |row: &[Cell], part: &str| {
        row.iter().any(|cell| {
            let text = said(cell);
            text == part || (text.starts_with("20") && text.starts_with(part) && part.len() >= 4)
        })
    };
    let parts: Vec<&str> = key.split(',').collect();
    let rows = table.rows.iter().enumerate();
    rows.filter(|(_, row)| parts.iter().all(|part| holds(row, part)))
        .map(|(at, _)| at)
        .collect()
}

pub fn said(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Bool(is) => is.to_string(),
        Cell::Null => String::new(),
    }
}

/// The arguments of a call: commas inside of brackets belong to them.
fn arguments(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, char) in text.char_indices() {
        match char {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
