//! How a reference is written. Small models write it in many ways, so it is read leniently wherever only one reading makes
//! sense: spaces, quotes, case, `r1.revenue`, `= 2025` behind the name of a key column.

use super::chart::ChartKind;
use super::format::{FigureFormat, NumberScale};
use super::text::ReferenceProblem;
use crate::result::{FigureOperation, Handle};

/// What a text points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A cell, a total or a count of rows.
    Figure {
        place: CellReference,
        /// How it is to be written.
        format: FigureFormat,
    },
    /// A figure worked out of two.
    Derived {
        operation: DerivedOperation,
        /// From what, in the order they are written.
        of: [CellReference; 2],
        /// How it is to be written.
        format: FigureFormat,
    },
    /// Rows of a result as a table.
    Table(TableReference),
    /// The same, to be drawn where that is possible.
    Chart(ChartKind, TableReference),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellReference {
    pub(super) result: Handle,
    /// The column's name as written; `None` where the result has only one that can be meant.
    pub(super) column: Option<String>,
    pub(super) row: RowReference,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RowReference {
    /// None is named: the only one.
    Unnamed,
    /// By its number, counted from 1.
    Number(usize),
    /// By its key, or a total.
    Key(WrittenKey),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenKey {
    /// All of it, without quotes around it.
    pub(super) whole: String,
    /// Whether it stood in quotes, so that it is not a word such as `total`.
    pub(super) quoted: bool,
    /// What stands between its commas.
    pub(super) parts: Vec<KeyPart>,
}

/// One value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyPart {
    /// The column it is of, if it is named.
    pub(super) column: Option<String>,
    pub(super) value: String,
}

/// How a figure is worked out of two, A and B.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DerivedOperation {
    /// From A to B, in percent of A.
    Change,
    Difference,
    /// A in percent of B.
    Share,
    Ratio,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableReference {
    pub(super) result: Handle,
    /// The columns in order, each as written, with its format and name; all when there are none.
    pub(super) columns: Vec<String>,
    /// Which rows; all, when it is not said.
    pub(super) rows: Option<RowChoice>,
}

/// Some rows of a table, from one of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowChoice {
    First(usize),
    Last(usize),
}

impl RowChoice {
    /// Reads `first 10`, `top 10`, `10`, `last 3`.
    fn parse(options: &str) -> Option<Self> {
        let low = options.to_lowercase();
        let mut words = low.split_whitespace().filter(|word| *word != "rows").peekable();
        let last = words
            .next_if(|word| matches!(*word, "first" | "top" | "last"))
            .is_some_and(|word| word == "last");
        let number = words.next()?.parse().ok().filter(|number| *number > 0)?;
        let choice = if last { Self::Last } else { Self::First };
        words.next().is_none().then_some(choice(number))
    }
}

impl DerivedOperation {
    const WORDS: [(&'static str, Self); 5] = [
        ("change", Self::Change),
        ("diff", Self::Difference),
        ("difference", Self::Difference),
        ("share", Self::Share),
        ("ratio", Self::Ratio),
    ];

    /// What stands between the two.
    fn marks(self) -> &'static [&'static str] {
        match self {
            Self::Change | Self::Difference => &["->", "→", " to "],
            Self::Share => &[" of "],
            Self::Ratio => &["/", "÷", " per "],
        }
    }

    /// A right way to write it.
    fn pattern(self) -> &'static str {
        match self {
            Self::Change => "{{change r1 revenue @ 2024 -> r1 revenue @ 2025}}",
            Self::Difference => "{{diff r1 revenue @ 2024 -> r1 revenue @ 2025}}",
            Self::Share => "{{share r1 revenue @ Widget of r1 revenue @ total}}",
            Self::Ratio => "{{ratio r1 revenue @ 2025 / r1 orders @ 2025}}",
        }
    }

    /// The operation of `calculate` that it is.
    pub(super) fn figure_operation(self) -> FigureOperation {
        match self {
            Self::Change => FigureOperation::PercentChange,
            Self::Difference => FigureOperation::Subtract,
            Self::Share => FigureOperation::SharePercent,
            Self::Ratio => FigureOperation::Divide,
        }
    }
}

impl Reference {
    /// Whether what stands between two braces is meant as a reference: it begins with the name of a result, or with a word
    /// and the name of one, or it has an `@` behind words.
    pub(super) fn begins(inside: &str) -> bool {
        let inside = inside.trim();
        let (word, rest) = head(inside);
        let of_result = handle(word).is_some() || (is_head_word(word) && handle(head(rest).0).is_some());
        of_result || (inside.starts_with(char::is_alphabetic) && inside.contains(" @"))
    }

    /// Reads what stands between the braces.
    pub fn parse(inside: &str) -> Result<Self, ReferenceProblem> {
        let (body, options) = match last_unquoted(inside, '|') {
            Some(at) => (inside.get(..at).unwrap_or_default(), inside.get(at + 1..)),
            None => (inside, None),
        };
        let body = body.trim();
        let (word, rest) = head(body);
        if handle(word).is_some() || !is_head_word(word) {
            return Ok(Self::Figure {
                place: CellReference::parse(body)?,
                format: FigureFormat::parse(options)?,
            });
        }
        let word = word.to_lowercase();
        if let Some((_, operation)) = DerivedOperation::WORDS.iter().find(|(name, _)| *name == word) {
            return Ok(Self::Derived {
                operation: *operation,
                of: two(*operation, rest)?,
                format: FigureFormat::parse(options)?,
            });
        }
        let mut table = TableReference::parse(rest)?;
        table.rows = chosen_rows(options)?;
        if word != "chart" {
            return Ok(Self::Table(table));
        }
        let named = table
            .columns
            .first()
            .and_then(|name| ChartKind::named(bare(name)));
        if named.is_some() {
            table.columns.remove(0);
        }
        if let Some(RowChoice::Last(_)) = table.rows {
            return Err(
                ReferenceProblem::new("a chart begins at the first row".to_owned())
                    .hint("sort or filter the rows with more_rows, and draw that result"),
            );
        }
        Ok(Self::Chart(named.unwrap_or_default(), table))
    }

    pub fn results(&self) -> Vec<Handle> {
        match self {
            Self::Figure { place, .. } => vec![place.result],
            Self::Derived { of, .. } => of.iter().map(|place| place.result).collect(),
            Self::Table(table) | Self::Chart(_, table) => vec![table.result],
        }
    }
}

impl CellReference {
    /// Reads `r1 revenue @ 2025-03`.
    fn parse(text: &str) -> Result<Self, ReferenceProblem> {
        let (word, rest) = head(text.trim());
        let result = handle(word).ok_or_else(|| {
            ReferenceProblem::new(format!(
                "\"{}\" does not begin with the name of a result, such as r1",
                shown(text)
            ))
        })?;
        let (column, row) = match first_unquoted(rest, '@') {
            Some(at) => (
                rest.get(..at).unwrap_or_default(),
                RowReference::parse(rest.get(at + 1..).unwrap_or_default())?,
            ),
            None => (rest, RowReference::Unnamed),
        };
        let column = bare(column);
        Ok(Self {
            result,
            column: (!column.is_empty()).then(|| column.to_owned()),
            row,
        })
    }

    /// Reads the second of two, which may leave out what it has in common with the first: `2025`, `@ 2025`.
    fn parse_after(first: &Self, text: &str) -> Result<Self, ReferenceProblem> {
        let text = text.trim();
        if handle(head(text).0).is_some() {
            return Self::parse(text);
        }
        let key = text.strip_prefix('@').unwrap_or(text);
        Ok(Self {
            row: RowReference::parse(key)?,
            ..first.clone()
        })
    }
}

impl RowReference {
    fn parse(text: &str) -> Result<Self, ReferenceProblem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ReferenceProblem::new("no key stands behind the @".to_owned()));
        }
        if let Some(number) = text.strip_prefix('#') {
            let number = number.trim().parse().ok().filter(|number| *number > 0);
            return number.map(Self::Number).ok_or_else(|| {
                ReferenceProblem::new(format!("\"{}\" is not the number of a row", shown(text)))
            });
        }
        let parts = split_unquoted(text, ',');
        let parts = parts.into_iter().map(|part| {
            let (column, value) = match first_unquoted(part, '=') {
                Some(at) => (part.get(..at), part.get(at + 1..).unwrap_or_default()),
                None => (None, part),
            };
            KeyPart {
                column: column
                    .map(bare)
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned),
                value: bare(value).to_owned(),
            }
        });
        let whole = bare(text);
        Ok(Self::Key(WrittenKey {
            quoted: whole.len() < text.len(),
            whole: whole.to_owned(),
            parts: parts.collect(),
        }))
    }
}

impl TableReference {
    fn parse(text: &str) -> Result<Self, ReferenceProblem> {
        let (word, rest) = head(text.trim());
        let result = handle(word).ok_or_else(|| {
            ReferenceProblem::new(format!(
                "\"{}\" does not begin with the name of a result, such as r1",
                shown(text)
            ))
        })?;
        let columns = split_unquoted(rest, ',').into_iter().map(str::trim);
        Ok(Self {
            result,
            columns: columns
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            rows: None,
        })
    }
}

impl FigureFormat {
    /// Reads what stands behind the bar: `M`, `%`, `2`, `3 significant`, `abs`.
    pub(super) fn parse(options: Option<&str>) -> Result<Self, ReferenceProblem> {
        let mut format = Self::default();
        let mut number = None;
        let options = options.unwrap_or_default();
        for word in options.split(|c: char| c.is_whitespace() || c == ',') {
            let digits = word.trim_start_matches('.');
            if let Ok(digits) = digits.parse::<u32>() {
                number = Some(digits.min(MOST_DIGITS));
                format.decimals = number;
                continue;
            }
            match word.to_lowercase().as_str() {
                "" | "decimal" | "decimals" | "digit" | "digits" | "places" | "dp" | "figures" => {}
                "k" | "thousand" | "thousands" => format.scale = Some(NumberScale::Thousand),
                "m" | "mn" | "million" | "millions" => format.scale = Some(NumberScale::Million),
                "b" | "bn" | "billion" | "billions" => format.scale = Some(NumberScale::Billion),
                "%" | "percent" => format.percent = true,
                "abs" | "absolute" => format.absolute = true,
                "+" | "signed" => format.signed = true,
                "sig" | "significant" | "sf" | "sd" => {
                    (format.significant, format.decimals) = (number.filter(|digits| *digits > 0), None);
                }
                other => {
                    return Err(ReferenceProblem::new(format!(
                        "there is no format \"{}\": the formats are K, M, B, %, abs, or a number of decimals",
                        shown(other)
                    )));
                }
            }
        }
        Ok(format)
    }
}

/// Most digits that can be asked for.
const MOST_DIGITS: u32 = 12;

fn is_head_word(word: &str) -> bool {
    let word = word.to_lowercase();
    let derived = DerivedOperation::WORDS.iter().any(|(name, _)| *name == word);
    derived || matches!(word.as_str(), "table" | "chart")
}

fn two(operation: DerivedOperation, text: &str) -> Result<[CellReference; 2], ReferenceProblem> {
    let low = text.to_ascii_lowercase();
    let places: Vec<(usize, usize)> = operation
        .marks()
        .iter()
        .flat_map(|mark| low.match_indices(mark).map(|(at, mark)| (at, at + mark.len())))
        .filter(|(at, _)| is_unquoted(text, *at))
        .collect();
    let named = |(_, end): &&(usize, usize)| {
        let rest = text.get(*end..).unwrap_or_default();
        handle(head(rest.trim()).0).is_some()
    };
    let place = places.iter().find(named).or_else(|| places.last());
    let Some((at, end)) = place else {
        return Err(ReferenceProblem::new(format!(
            "it takes two figures, such as {}",
            operation.pattern()
        )));
    };
    let first = CellReference::parse(text.get(..*at).unwrap_or_default())?;
    let second = CellReference::parse_after(&first, text.get(*end..).unwrap_or_default())?;
    Ok([first, second])
}

/// Which rows stand behind the bar.
fn chosen_rows(options: Option<&str>) -> Result<Option<RowChoice>, ReferenceProblem> {
    let Some(options) = options.map(str::trim).filter(|options| !options.is_empty()) else {
        return Ok(None);
    };
    RowChoice::parse(options).map(Some).ok_or_else(|| {
        ReferenceProblem::new(format!(
            "\"{}\" is not a choice of rows: behind the bar stands first 10, last 10 or another number; a format stands behind \
             its column, as in revenue (M)",
            shown(options)
        ))
    })
}

/// The first word, and what stands behind it: behind a space, a point, a colon or an `@`.
fn head(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    (word, rest.trim_start_matches([' ', '\t', '.', ':']))
}

fn handle(word: &str) -> Option<Handle> {
    word.parse().ok()
}

/// What stands before the last `as` outside of quotes, and behind it.
pub(super) fn last_unquoted_as(text: &str) -> (&str, Option<&str>) {
    const AS: &str = " as ";
    let low = text.to_ascii_lowercase();
    let mut places = low.rmatch_indices(AS).map(|(at, _)| at);
    match places.find(|at| is_unquoted(text, at + 1)) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + AS.len()..)),
        None => (text, None),
    }
}

/// Text without white space and one pair of quotes around it.
pub(super) fn bare(text: &str) -> &str {
    let text = text.trim();
    ['"', '`', '\'', '“']
        .iter()
        .find_map(|quote| {
            let close = if *quote == '“' { '”' } else { *quote };
            let inside = text.strip_prefix(*quote)?.strip_suffix(close)?;
            (!inside.contains(close)).then_some(inside)
        })
        .map_or(text, str::trim)
}

/// The bytes of `text` that stand in quotes. A quote opens at the beginning of a value only, and needs its other half.
pub(super) fn quoted(text: &str) -> Vec<(usize, usize)> {
    quotes(text).0
}

/// The first quote that has no other half yet.
pub(super) fn open_quote(text: &str) -> Option<usize> {
    quotes(text).1
}

/// What stands in quotes, and the first one that is left open.
fn quotes(text: &str) -> (Vec<(usize, usize)>, Option<usize>) {
    let mut found = Vec::new();
    let mut open = None;
    let mut after_begin = true;
    let mut skip = 0usize;
    for (at, c) in text.char_indices() {
        if at < skip {
            continue;
        }
        let close = match c {
            '"' | '`' => Some(c),
            '“' => Some('”'),
            _ => None,
        };
        if let Some(close) = close.filter(|_| after_begin) {
            let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
            match rest.find(close) {
                Some(length) => {
                    skip = at + c.len_utf8() + length + close.len_utf8();
                    found.push((at, skip));
                }
                None => open = open.or(Some(at)),
            }
        }
        after_begin = c.is_whitespace() || matches!(c, '@' | ',' | '=' | ':' | '.' | '|' | '/' | '>');
    }
    (found, open)
}

fn is_unquoted(text: &str, at: usize) -> bool {
    quoted(text).iter().all(|(from, to)| at < *from || *to <= at)
}

fn first_unquoted(text: &str, wanted: char) -> Option<usize> {
    unquoted(text, wanted).next()
}

fn last_unquoted(text: &str, wanted: char) -> Option<usize> {
    unquoted(text, wanted).last()
}

fn unquoted(text: &str, wanted: char) -> impl Iterator<Item = usize> {
    let quoted = quoted(text);
    text.match_indices(wanted)
        .map(|(at, _)| at)
        .filter(move |at| quoted.iter().all(|(from, to)| at < from || to <= at))
}

fn split_unquoted(text: &str, mark: char) -> Vec<&str> {
    let mut from = 0;
    let mut parts = Vec::new();
    for at in unquoted(text, mark) {
        parts.extend(text.get(from..at));
        from = at + mark.len_utf8();
    }
    parts.extend(text.get(from..));
    parts
}

/// A written text, short enough to be quoted.
fn shown(text: &str) -> String {
    crate::text::clean_line(text, 60)
}
