//! Totals that the program wrote in place of a reference, and single rows where a total is told: the sentence can speak of an
//! average where a sum stands, or of all rows where one of them stands.

use super::figure::Trace;
use super::referenced::place;
use super::scope::{Entailment, FigureContext};
use super::text::Span;
use super::vocabulary::Concept;
use crate::result::{ColumnMeaning, TotalKind};

/// Whether the last word before a figure that says how rows are put together says another way: `on average` of a sum. A mean has to
/// be told as one, unless the column is of means or rates anyway.
pub(super) fn is_another_total(
    seat: &FigureContext<'_, '_, '_>,
    material: usize,
    column: usize,
    total: TotalKind,
) -> bool {
    let own = match total {
        TotalKind::Sum => Concept::Total,
        TotalKind::Mean => Concept::Mean,
        TotalKind::Min => Concept::Least,
        TotalKind::Max => Concept::Most,
        _ => return false,
    };
    match said_before(seat).or_else(|| said_behind(seat)) {
        // `The seven largest invoices come to 98,281.20` is of the invoices.
        Some(Concept::Most | Concept::Least) if matches!(own, Concept::Total | Concept::Mean) => false,
        Some(said) => said != own,
        None => own == Concept::Mean && !is_of_means(seat, material, column) && !speaks_of_mean(seat),
    }
}

/// Whether a cell of one row stands where the words tell of all rows together, and name none.
pub(super) fn is_told_of_all(seat: &FigureContext<'_, '_, '_>, trace: &Trace) -> bool {
    let Some((material, row, _)) = place(seat.context.index, trace) else {
        return false;
    };
    let several = seat
        .context
        .index
        .materials
        .get(material)
        .is_some_and(|one| one.table.rows.len() > 1);
    let calculated = seat
        .context
        .index
        .materials
        .get(material)
        .is_some_and(|one| super::cells::is_calculation(one.table));
    several
        && !calculated
        && seat.place.row.is_none()
        && (said_before(seat) == Some(Concept::Total) || opens_with_all(seat))
        && seat.says_row(material, row) != Entailment::Yes
}

/// Whether the figure's clause begins with words for all rows, and goes on with them: `Together they had 874 cancellations and sold
/// 11,771 nights`.
fn opens_with_all(seat: &FigureContext<'_, '_, '_>) -> bool {
    const OPENINGS: [&str; 7] = [
        "together ",
        "altogether",
        "in all",
        "in total",
        "over all ",
        "all together",
        "zusammen ",
    ];
    let clause = seat.place.clause.of(seat.context.text).to_lowercase();
    let opening = clause.trim_start_matches(|c: char| !c.is_alphanumeric());
    OPENINGS.iter().any(|words| opening.starts_with(words))
}

/// What the words between the figure before and this one say of how rows are put together, the last one first.
fn said_before(seat: &FigureContext<'_, '_, '_>) -> Option<Concept> {
    const PHRASES: [&str; 6] = [
        "in all",
        "over all",
        "of all",
        "taken together",
        "all in all",
        "zusammen",
    ];
    let context = seat.context;
    let before = if let Some(cell) = seat.place.row {
        cell.header.unwrap_or(cell.cell)
    } else {
        let around = seat.place.aside.unwrap_or(seat.place.clause);
        let since = context
            .number_before(seat.span.start)
            .map_or(0, |number| number.end);
        let start = around.start.max(since).min(seat.span.start);
        Span::new(start, seat.span.start)
    };
    let said = |at: usize| {
        let (word, cues) = (context.words.get(at)?, context.cues.get(at)?);
        let together = matches!(
            word.low.as_str(),
            "together" | "jointly" | "zusammen" | "aller" | "ganze" | "gesamte"
        );
        if cues & Concept::Total.bit() != 0 || together {
            return Some(Concept::Total);
        }
        let extreme = super::shape::extreme_of(&word.low)?;
        (extreme != Concept::Mean || cues & Concept::Mean.bit() != 0).then_some(extreme)
    };
    let words = context.word_range(before).rev().find_map(said);
    let low = before.of(context.text).to_lowercase();
    words.or_else(|| {
        let whole = PHRASES.iter().any(|phrase| {
            low.match_indices(phrase)
                .any(|(at, _)| at == 0 || low.get(..at).is_some_and(|left| left.ends_with([' ', '(', '\n'])))
        });
        whole.then_some(Concept::Total)
    })
}

fn said_behind(seat: &FigureContext<'_, '_, '_>) -> Option<Concept> {
    let behind = seat.context.text.get(seat.span.end..).unwrap_or_default();
    let behind = behind.trim_start_matches(['*', '_', ' ']);
    let said = [
        ("on average", Concept::Mean),
        ("in total", Concept::Total),
        ("in all", Concept::Total),
        ("altogether", Concept::Total),
    ];
    said.into_iter()
        .find_map(|(words, concept)| behind.starts_with(words).then_some(concept))
}

/// Whether a column has means or parts of a whole in every row.
fn is_of_means(seat: &FigureContext<'_, '_, '_>, material: usize, column: usize) -> bool {
    let index = seat.context.index;
    let Some(shape) = index.shapes.get(material) else {
        return false;
    };
    let table = index.materials.get(material).map(|one| one.table);
    let rate = table
        .and_then(|table| table.columns.get(column))
        .is_some_and(|column| matches!(column.meaning(), ColumnMeaning::Rate | ColumnMeaning::Score));
    rate || shape.rates.contains(&column) || shape.extremes.get(&column) == Some(&Concept::Mean)
}

/// Whether the sentence, the header or the question speaks of a mean.
fn speaks_of_mean(seat: &FigureContext<'_, '_, '_>) -> bool {
    /// Words behind a figure that may say so.
    const BEHIND: usize = 4;
    let context = seat.context;
    let place = if let Some(cell) = seat.place.row {
        cell.header.unwrap_or(cell.cell)
    } else {
        let behind = context.words_from(seat.span.end);
        let last = behind.get(..BEHIND.min(behind.len())).and_then(<[_]>::last);
        let end = last.map_or(seat.span.end, |word| word.span.end);
        Span::new(seat.place.sentence.start, end.min(seat.place.sentence.end))
    };
    let mean = |low: &str| {
        Concept::Mean.has(low)
            || Concept::Per.has(low)
            || matches!(low, "typically" | "usual" | "usually" | "normal" | "normally")
    };
    let wide = seat.place.row.map(|_| seat.place.line);
    let mut words = [Some(place), wide]
        .into_iter()
        .flatten()
        .flat_map(|place| context.words_in(place));
    let cues = super::cues::Cues::of(seat);
    words.any(|word| mean(&word.low)) || cues.mean || cues.each
}
