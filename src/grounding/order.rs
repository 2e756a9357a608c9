//! Two ends of a change in the wrong order: "from 310 to 276", where 276 is of June and 310 of December after it.

use jiff::civil::Date;

use super::figure::{Figure, FigureStatus, Reason, Trace};
use super::scope::{MentionTarget, TextContext};
use super::text::{Days, Span};

/// Takes the source from both ends of a change that is told backwards. Where the ends have names of their own, these
/// have been held against the rows already.
pub(super) fn turned_round(context: &TextContext<'_, '_>, figures: &mut [Figure]) {
    figures.sort_by_key(|figure| (figure.start, figure.end));
    let backwards: Vec<usize> = figures
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| match pair {
            [from, to] => {
                let pointed = [from, to]
                    .iter()
                    .any(|one| one.status == FigureStatus::Referenced);
                !pointed && is_change(context, from, to) && is_later(context, from, to)
            }
            _ => false,
        })
        .map(|(at, _)| at)
        .collect();
    for at in backwards {
        for figure in figures.iter_mut().skip(at).take(2) {
            figure.status = FigureStatus::Unmatched {
                reason: Reason::Mismatch,
            };
            figure.sources.clear();
        }
    }
}

/// Whether two figures are written as `from 310 to 276` or `310 → 276`, with no name between or right behind them.
fn is_change(context: &TextContext<'_, '_>, from: &Figure, to: &Figure) -> bool {
    let text = context.text;
    let between = text
        .get(from.end..to.start)
        .unwrap_or_default()
        .replace(['*', '_'], "");
    let before = text
        .get(..from.start)
        .unwrap_or_default()
        .trim_end_matches(['*', '_']);
    let told = match between.as_str() {
        " → " | " -> " | "→" => true,
        " to " => before.ends_with("from "),
        _ => false,
    };
    let behind = Span::new(
        to.end,
        context.layout.place(Span::new(to.start, to.end)).clause.end,
    );
    let mut names = context.mentions_in(behind);
    told && !names.any(|mention| matches!(mention.what, MentionTarget::TextPeriod(_)))
}

/// Whether the first of two figures is of later days than the second, wherever they come from in one column.
fn is_later(context: &TextContext<'_, '_>, from: &Figure, to: &Figure) -> bool {
    let days = |figure: &Figure| -> Vec<(usize, String, Days)> {
        let sources = figure.sources.iter();
        sources.filter_map(|source| days_of(context, source)).collect()
    };
    let (first, second) = (days(from), days(to));
    let mut pairs = first
        .iter()
        .flat_map(|one| second.iter().map(move |other| (one, other)))
        .filter(|(one, other)| (one.0, &one.1) == (other.0, &other.1))
        .peekable();
    let complete = first.len() == from.sources.len() && second.len() == to.sources.len();
    complete && pairs.peek().is_some() && pairs.all(|(one, other)| one.2 > other.2)
}

/// The result, column and days of a cell.
fn days_of(context: &TextContext<'_, '_>, source: &Trace) -> Option<(usize, String, Days)> {
    let Trace::Cell { result, row, column } = source else {
        return None;
    };
    let index = context.index;
    let at = index
        .materials
        .iter()
        .position(|material| material.handle == *result)?;
    let shape = index.shapes.get(at)?;
    // `40.4K → 55.7K` of `revenue_2018` and `revenue_2019`: both are of one row.
    let columns = &index.materials.get(at)?.table.columns;
    let place = columns.iter().position(|one| one.name == *column)?;
    if let Some(year) = shape.column_years.get(&place) {
        let name = column.replace(&year.to_string(), "");
        let days = (Date::new(*year, 1, 1).ok()?, Date::new(year + 1, 1, 1).ok()?);
        return Some((at, format!("{name} {row}"), days));
    }
    // `1.0389 → 1.1721` of `rate_start` and `rate_end`.
    if let Some((name, end)) = end_of_change(column) {
        let day = |year| Date::new(year, 1, 1).ok();
        let year = 1 + i16::from(end);
        return Some((at, format!("{name} {row}"), (day(year)?, day(year + 1)?)));
    }
    let [(_, times)] = shape.times.as_slice() else {
        return None;
    };
    Some((at, column.clone(), (*times.get(row.checked_sub(1)?)?)?))
}

/// Of a column that is the beginning or the end of something by its name: the rest of its name, and whether it is the end.
pub(super) fn end_of_change(column: &str) -> Option<(String, bool)> {
    const ENDS: [[&str; 7]; 2] = [
        ["start", "begin", "opening", "open", "initial", "old", "before"],
        ["end", "final", "closing", "close", "latest", "new", "after"],
    ];
    let words = super::keys::name_words(column);
    let end = ENDS
        .iter()
        .position(|list| words.iter().any(|word| list.contains(&word.as_str())))?;
    let rest = words
        .iter()
        .filter(|word| !ENDS.iter().flatten().any(|one| one == word));
    Some((rest.cloned().collect::<Vec<_>>().join(" "), end == 1))
}
