//! The answers and their parts.

use std::ops::Range;

use super::expression::{Cells, Expression};
use super::style::{Style, write_text};
use super::world::World;

/// An answer to a question.
pub struct Answer {
    pub id: String,
    /// What sort of answer it is.
    pub kind: String,
    pub question: String,
    pub earlier: Vec<String>,
    /// Texts the model saw besides results.
    pub shown: Vec<String>,
    /// Results of this turn.
    pub results: Vec<String>,
    /// Results of earlier turns.
    pub before: Vec<String>,
    /// Which earlier result a stale figure is from.
    pub stale: Option<Stale>,
    pub parts: Vec<Part>,
}

/// `country>custcountry:orders=count`: instead of a figure of one result, that of an earlier one, and which columns
/// stand for which.
pub struct Stale {
    pub from: String,
    pub to: String,
    pub columns: Vec<(String, String)>,
}

/// A piece of an answer.
#[derive(Debug, Clone)]
pub enum Part {
    Text(String),
    /// A number.
    Figure(Expression, Style),
    /// A number as a word.
    Word(String),
    /// A name or date that the answer picks.
    Pick(Cells, String),
    /// Which way something went, and the other way.
    Way(String, String),
}

impl Part {
    pub fn write(&self, world: &World) -> String {
        match self {
            Self::Text(text) | Self::Word(text) | Self::Way(text, _) => text.clone(),
            Self::Figure(expression, style) => style.write(expression.value(world)),
            Self::Pick(cells, sample) => write_text(&cells.text(world), sample),
        }
    }
}

/// The text of parts and where each stands in it.
pub fn written(parts: &[Part], world: &World) -> (String, Vec<Range<usize>>) {
    let mut text = String::new();
    let mut places = Vec::new();
    for part in parts {
        let start = text.len();
        text.push_str(&part.write(world));
        places.push(start..text.len());
    }
    (text, places)
}

pub fn answers(world: &World) -> Vec<Answer> {
    [
        include_str!("answers_single.txt"),
        include_str!("answers_named.txt"),
        include_str!("answers_later.txt"),
    ]
    .iter()
    .flat_map(|file| sections(file, world))
    .collect()
}

/// The answers of a file.
pub fn sections(file: &str, world: &World) -> Vec<Answer> {
    file.split("=== ")
        .skip(1)
        .map(|section| answer(section, world))
        .collect()
}

fn answer(section: &str, world: &World) -> Answer {
    let (head, body) = section.split_once("\n\n").unwrap();
    let (id, head) = head.split_once('\n').unwrap();
    let value = |key: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(name, _)| *name == key)
            .map(|(_, value)| value.to_owned())
            .next()
    };
    let list = |key: &str, mark: &str| -> Vec<String> {
        let value = value(key).unwrap_or_default();
        value
            .split(mark)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    Answer {
        id: id.to_owned(),
        kind: value("kind").unwrap_or_default(),
        question: value("question").unwrap(),
        earlier: list("earlier", " | "),
        shown: list("shown", " | "),
        results: list("results", ", "),
        before: list("before", ", "),
        stale: value("stale").map(|stale| Stale::parse(&stale)),
        parts: parts(body.trim_end(), world),
    }
}

impl Stale {
    fn parse(text: &str) -> Self {
        let (tables, columns) = text.split_once(':').unwrap_or((text, ""));
        let (from, to) = tables.split_once('>').unwrap();
        let columns = columns.split(',').filter_map(|pair| pair.split_once('='));
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
            columns: columns
                .map(|(from, to)| (from.to_owned(), to.to_owned()))
                .collect(),
        }
    }
}

fn parts(mut text: &str, world: &World) -> Vec<Part> {
    let mut parts = Vec::new();
    while let Some(at) = text.find("{{").into_iter().chain(text.find("[[")).min() {
        parts.push(Part::Text(text[..at].to_owned()));
        let close = if text[at..].starts_with('{') { "}}" } else { "]]" };
        let (inner, rest) = text[at + 2..].split_once(close).unwrap();
        let (left, right) = inner.split_once('|').unwrap_or_else(|| panic!("{inner}"));
        parts.push(match (close, left.strip_prefix('@'), right.strip_prefix('\'')) {
            ("]]", ..) => Part::Way(left.to_owned(), right.to_owned()),
            (_, Some(cell), _) => match Expression::parse(cell, world) {
                Expression::Cells(cells) => Part::Pick(cells, right.to_owned()),
                other => panic!("{other:?} is no cell"),
            },
            (_, _, Some(word)) => Part::Word(word.trim_end_matches('\'').to_owned()),
            _ => Part::Figure(Expression::parse(left, world), Style::parse(right)),
        });
        text = rest;
    }
    parts.push(Part::Text(text.to_owned()));
    parts
}
