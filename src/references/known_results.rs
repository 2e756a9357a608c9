use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::number_format::{CENTS, NumberFormat};
use super::row_index::RowIndex;
use super::style::FigureStyle;
use super::text::ReferenceProblem;
use crate::grounding::Notation;
use crate::result::{
    Amount, Column, ColumnTotals, Extent, Handle, HeldResult, HeldResults, HeldResultsError, ResultOrigin,
    ResultTable, totals,
};
use crate::text::{LinkRules, clean_line, markdown_inline, one_line};

/// Results that are listed when one is not found.
const MOST_LISTED: usize = 6;
/// Longest name in a message, in characters.
const MOST_CHARS: usize = 60;

/// The results of a conversation that references are resolved against. A result's rows are added before the first
/// reference to it is resolved.
#[derive(Debug)]
pub struct KnownResults {
    /// What becomes of links in cells.
    links: Arc<LinkRules>,
    results: BTreeMap<Handle, Result<KnownResult, ReferenceProblem>>,
    /// What there is, for whoever names something else.
    listed: Vec<String>,
    style: FigureStyle,
    /// What a text over them answers, the nearest first.
    asked: Vec<String>,
}

/// A result with its rows.
#[derive(Debug)]
pub(super) struct KnownResult {
    pub(super) handle: Handle,
    pub(super) origin: ResultOrigin,
    pub(super) table: Arc<ResultTable>,
    links: Arc<LinkRules>,
    totals: Arc<[ColumnTotals]>,
    unfounded: BTreeSet<usize>,
    rows: OnceLock<RowIndex>,
    formats: OnceLock<Vec<NumberFormat>>,
}

impl KnownResults {
    /// With the names of all that is held, and no rows yet.
    pub fn of(held: &HeldResults, links: &LinkRules) -> Self {
        let all = held.iter().filter(|one| !held.is_gone(one.handle)).rev();
        let listed = all.take(MOST_LISTED).map(|one| {
            let title = clean_line(&one.title, MOST_CHARS);
            format!("{} ({title}, {} rows)", one.handle, one.shown.rows_known)
        });
        Self {
            links: Arc::new(links.clone()),
            results: BTreeMap::new(),
            listed: listed.collect(),
            style: FigureStyle::default(),
            asked: Vec::new(),
        }
    }

    /// The same for an answer to questions, the nearest first: their language is that of the figures where the answer's own
    /// words do not tell it, unless a `style` is set.
    #[must_use]
    pub fn asked_in<'q>(mut self, style: FigureStyle, questions: impl IntoIterator<Item = &'q str>) -> Self {
        self.style = style;
        self.asked = questions.into_iter().map(str::to_owned).collect();
        self
    }

    /// How figures are written into an answer that begins so.
    pub(super) fn notation(&self, said: &str) -> Notation {
        let told = || Notation::of(said, self.asked.iter().map(String::as_str));
        self.style.notation().unwrap_or_else(told)
    }

    /// Whether a result was added.
    pub fn has(&self, handle: Handle) -> bool {
        self.results.contains_key(&handle)
    }

    /// Adds a result with its rows, or why they cannot be had. `unfounded` are the rows, counted from 0, of a calculation
    /// that rest on nothing but numbers that the model typed.
    pub fn add(
        &mut self,
        held: &HeldResult,
        table: Result<Arc<ResultTable>, HeldResultsError>,
        unfounded: BTreeSet<usize>,
    ) {
        let known = table.map(|table| KnownResult {
            handle: held.handle,
            origin: held.origin.clone(),
            links: Arc::clone(&self.links),
            totals: Arc::clone(&held.totals),
            table,
            unfounded,
            rows: OnceLock::new(),
            formats: OnceLock::new(),
        });
        let known = known.map_err(|error| ReferenceProblem::new(error.to_string()).hint("query it again"));
        self.results.insert(held.handle, known);
    }

    /// The result of that name.
    pub(super) fn get(&self, handle: Handle) -> Result<&KnownResult, ReferenceProblem> {
        match self.results.get(&handle) {
            Some(Ok(known)) => Ok(known),
            Some(Err(problem)) => Err(problem.clone()),
            None => {
                let problem = ReferenceProblem::new(format!("there is no result {handle}"));
                Err(if self.listed.is_empty() {
                    problem.hint("no result is held yet: run a query first")
                } else {
                    problem.hint(format!("held are {}", self.listed.join(", ")))
                })
            }
        }
    }
}

impl KnownResult {
    /// Its rows by their keys. Worked out once.
    pub(super) fn rows(&self) -> &RowIndex {
        self.rows.get_or_init(|| RowIndex::of(&self.table))
    }

    /// How the figures of a column are written. Worked out once.
    pub(super) fn number_format(&self, column: usize) -> NumberFormat {
        let formats = self.formats.get_or_init(|| {
            let columns = self.table.columns.iter().enumerate();
            let values = |at: usize| {
                let cells = self.table.rows.iter().filter_map(move |row| row.get(at));
                cells.filter_map(|cell| match cell.amount() {
                    Some(Amount::Exact(value)) => Some(value),
                    _ => None,
                })
            };
            let of = |(at, column): (usize, &Column)| {
                let format = NumberFormat::of_column(column, self.table.has_percentages(at));
                let format = if self.table.only_names(at) {
                    format.naming()
                } else {
                    format
                };
                // A name alone may be that of something else, but not where there are cents.
                let has_cents = || values(at).any(|value| value.normalize().scale() == CENTS);
                let money = column.counts_money() || (column.is_named_like_money() && has_cents());
                format.even(money, values(at))
            };
            columns.map(of).collect()
        });
        formats.get(column).cloned().unwrap_or_default()
    }

    /// Text of the data as it stands in an answer: one line without links, in which nothing is markup.
    pub(super) fn as_text(&self, text: &str, max_chars: usize) -> String {
        let line = one_line(text, max_chars);
        markdown_inline(&self.links.apply(&line).text)
    }

    pub(super) fn column(&self, at: usize) -> Option<&Column> {
        self.table.columns.get(at)
    }

    /// The totals of a column over all rows.
    pub(super) fn totals_of(&self, column: usize) -> Option<ColumnTotals> {
        let name = &self.column(column)?.name;
        let known = self.totals.iter().find(|totals| totals.column == *name).cloned();
        known.or_else(|| totals(&self.table).into_iter().nth(column))
    }

    /// Refuses a figure of a row that rests on nothing but numbers that the model typed.
    pub(super) fn check_founded(&self, row: usize) -> Result<(), ReferenceProblem> {
        if !self.unfounded.contains(&row) {
            return Ok(());
        }
        let problem = ReferenceProblem::new(format!(
            "row {} of {} was calculated with a number that you typed and that is neither the person's nor in a result",
            row + 1,
            self.handle
        ));
        Err(problem.hint("calculate it from cells"))
    }

    /// Refuses what is said over all rows of a result that does not have all.
    pub(super) fn check_whole(&self) -> Result<(), ReferenceProblem> {
        match self.not_whole() {
            None => Ok(()),
            Some((why, way_on)) => Err(ReferenceProblem::new(why).hint(way_on)),
        }
    }

    /// Why it does not have all rows, and how to come to a figure over all.
    pub(super) fn not_whole(&self) -> Option<(String, &'static str)> {
        const NARROWER: &str = "get the figure by a query that groups or filters more";
        let (why, way_on) = match self.table.extent {
            Extent::Complete => return None,
            Extent::AskedLimit { limit, .. } | Extent::OverAskedLimit { limit, .. } => (
                format!("it has only the {limit} rows that were asked for"),
                "for a figure over all rows query without a limit; for one over these rows use calculate",
            ),
            Extent::ServerLimit { limit } => (
                format!("the server stopped at its limit of {limit} rows"),
                NARROWER,
            ),
            Extent::RowBudget { budget } => (format!("fetching stopped at {budget} rows"), NARROWER),
            Extent::PageFailed { page } => (format!("its page {page} failed"), "query it again"),
        };
        Some((format!("{} is not whole: {why}", self.handle), way_on))
    }
}
