//! Dates, held against the row and the column that the words around them name: "Order 9148 was delivered on May 30" is
//! wrong where that is the day on which it was paid, or on which another order was delivered.
//!
//! Only what is written right beside a date names its column: the word before it ("paid on 9 May"), or the table's header.

use super::figure::{OffContextSource, Trace};
use super::index::NumberCell;
use super::scope::{Entailment, FigureContext, TextContext};
use super::text::{Relation, Span, TextPeriod, root, same_length};
use super::vocabulary::Concept;

/// Most words between a date and the word that says what happened on it: "paid on the 9th of May".
const REACH: usize = 4;

/// What holding a date against the rows that have it comes to.
pub(super) struct DatedRows {
    /// The cells that the words around it allow.
    pub(super) fitting: Vec<Trace>,
    /// A cell that has the date, but is of another row or column.
    pub(super) denied: Option<OffContextSource>,
}

/// Holds a date against the cells that are exactly it. None where no result has such cells.
pub(super) fn dated_rows(context: &TextContext<'_, '_>, period: &TextPeriod) -> Option<DatedRows> {
    const MOST_ROWS: usize = 3;
    let seat = context.seat_of_date(period.span);
    let mut fitting = Vec::new();
    let mut denied: Option<NumberCell> = None;
    for (at, (material, shape)) in context
        .index
        .materials
        .iter()
        .zip(&context.index.shapes)
        .enumerate()
    {
        let days: Vec<usize> = shape.times.iter().map(|(column, _)| *column).collect();
        for (column, rows) in &shape.times {
            context.work.spend(rows.len());
            let same = rows.iter().enumerate().filter(|(_, days)| {
                days.is_some_and(|days| period.relation(days) == Relation::Same && same_length(period, days))
            });
            for (row, _) in same {
                let allowed = seat.says_names(at, row) != Entailment::No
                    && seat.says_day_column(at, *column, &days) != Entailment::No;
                if !allowed {
                    denied.get_or_insert(NumberCell {
                        value: f64::NAN,
                        material: at,
                        row,
                        column: *column,
                    });
                } else if fitting.len() < MOST_ROWS {
                    fitting.push(Trace::Cell {
                        result: material.handle.to_owned(),
                        row: row + 1,
                        column: material.table.columns.get(*column)?.name.clone(),
                    });
                }
            }
        }
    }
    let denied = denied.and_then(|cell| super::elsewhere::elsewhere(&seat, cell));
    (!fitting.is_empty() || denied.is_some()).then_some(DatedRows { fitting, denied })
}

/// Whether a range from one day to another has both of them in columns of days of a result, and no row that the words allow has
/// them in this order: `from 30 March to 27 March`.
pub(super) fn is_range_of_no_row(context: &TextContext<'_, '_>, period: &TextPeriod) -> bool {
    let Some([from, to]) = period.ends() else {
        return false;
    };
    let seat = context.seat_of_date(period.span);
    let mut known = false;
    for (at, shape) in context.index.shapes.iter().enumerate() {
        // The columns in which a row has a day, in order.
        let places = |end: &TextPeriod, row: usize| -> Vec<usize> {
            let columns = shape.times.iter().enumerate();
            let same = columns.filter(|(_, (_, rows))| {
                let days = rows.get(row).copied().flatten();
                days.is_some_and(|days| end.relation(days) == Relation::Same && same_length(end, days))
            });
            same.map(|(place, _)| place).collect()
        };
        if shape.times.len() < 2 {
            continue;
        }
        context.work.spend(shape.times.len() * shape.seen);
        let (mut begins, mut ends) = (false, false);
        for row in 0..shape.seen {
            let (first, last) = (places(&from, row), places(&to, row));
            begins |= !first.is_empty();
            ends |= !last.is_empty();
            let in_order = first.iter().any(|first| last.iter().any(|last| first < last));
            if in_order && seat.says_names(at, row) != Entailment::No {
                return false;
            }
        }
        known |= begins && ends;
    }
    known
}

impl FigureContext<'_, '_, '_> {
    /// What the words beside a date or time say to one of the columns of days or times of a result.
    pub(super) fn says_day_column(&self, material: usize, column: usize, columns: &[usize]) -> Entailment {
        let Some(table) = self.context.index.materials.get(material).map(|one| one.table) else {
            return Entailment::Nothing;
        };
        let headed = self.header_columns(material);
        let mut of_days = headed.iter().filter(|one| columns.contains(one)).peekable();
        if of_days.peek().is_some() {
            return if of_days.any(|one| *one == column) {
                Entailment::Yes
            } else {
                Entailment::No
            };
        }
        let words = self.words_beside_day();
        let named = |column: &usize| {
            let Some(described) = table.columns.get(*column) else {
                return false;
            };
            let names = super::keys::name_words(&format!("{} {}", described.name, described.label));
            names
                .iter()
                .filter(|name| !Concept::DayFiller.has(name))
                .any(|name| words.iter().any(|word| happens_alike(word, name)))
        };
        match columns
            .iter()
            .filter(|one| named(one))
            .collect::<Vec<_>>()
            .as_slice()
        {
            [] => Entailment::Nothing,
            several if several.contains(&&column) => Entailment::Yes,
            _ => Entailment::No,
        }
    }

    /// The words that say what happened on a day: those of the header, or the last one before the date.
    fn words_beside_day(&self) -> Vec<String> {
        let context = self.context;
        if let Some(cell) = self.place.row {
            let header = cell
                .header
                .map(|header| context.words_in(header))
                .unwrap_or_default();
            return header.iter().map(|word| word.low.clone()).collect();
        }
        let before = context.word_before(self.span.start).map_or(0, |at| at + 1);
        let near = context
            .words
            .get(before.saturating_sub(REACH)..before)
            .unwrap_or_default()
            .iter()
            .rev();
        let inside = near.take_while(|word| self.place.sentence.holds(word.span));
        let mut telling = inside.skip_while(|word| Concept::DayFiller.has(&word.low));
        let word = telling
            .next()
            .filter(|word| !word.low.starts_with(|c: char| c.is_ascii_digit()));
        let close = word.filter(|word| {
            let gap = Span::new(word.span.end, self.span.start).of(context.text);
            !gap.contains([',', ';', ')'])
        });
        close.map(|word| word.low.clone()).into_iter().collect()
    }
}

/// Whether two words are of the same event: `shipped` and `ship`, `paid` and `payment`.
fn happens_alike(word: &str, name: &str) -> bool {
    const ALIKE: [&[&str]; 8] = [
        &["scheduled", "schedule", "planned", "due"],
        &["paid", "pay", "payment"],
        &["placed", "place", "order", "ordered"],
        &["issued", "issue", "invoice", "invoiced", "billed"],
        &["hired", "hire", "joined", "join", "start", "started"],
        &["sold", "sale", "sell"],
        &["sent", "send", "ship", "shipped"],
        &["begins", "began", "start", "started", "starts"],
    ];
    let both = |group: &&[&str]| group.contains(&word) && group.contains(&name);
    root(word) == root(name) || ALIKE.iter().any(both)
}
