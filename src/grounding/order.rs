//! Two ends of a change in the wrong order: "from 310 to 276", where 276 is of June and 310 of December after it.

use jiff::civil::Date;

use super::figure::{Figure, Reason, Trace};
use super::scope::{MentionTarget, TextContext};
use super::text::{Days, Relation, Span};
use super::vocabulary::Concept;
use crate::result::ColumnKind;

/// Takes the source from both ends of a change that is told backwards. Where the ends have names of their own, these
/// have been held against the rows already.
pub(super) fn turned_round(context: &TextContext<'_, '_>, figures: &mut [Figure]) {
    figures.sort_by_key(|figure| (figure.start, figure.end));
    let mut wrong: Vec<usize> = changes(context, figures)
        .filter(|(_, from, to)| is_told_backwards(context, from, to))
        .flat_map(|(at, ..)| [at, at + 1])
        .collect();
    wrong.extend(of_other_ends(context, figures));
    wrong.extend(out_of_turn(context, figures));
    wrong.extend(set_against_in_turn(context, figures));
    wrong.extend(scores_turned_round(context, figures));
    for at in wrong {
        if let Some(figure) = figures.get_mut(at) {
            figure.status = Reason::Mismatch.into();
            figure.sources.clear();
        }
    }
}

/// The changes that a text tells in one piece, `from 310 to 276`: the place of the first end among the figures, and both ends.
fn changes<'f>(
    context: &TextContext<'_, '_>,
    figures: &'f [Figure],
) -> impl Iterator<Item = (usize, &'f Figure, &'f Figure)> {
    let pairs = figures.iter().zip(figures.iter().skip(1)).enumerate();
    pairs
        .filter(|(_, (from, to))| is_change(context, from, to))
        .map(|(at, (from, to))| (at, from, to))
}

/// The result, row and column of a cell.
type CellPosition = (usize, usize, usize);

/// The cells that a figure is; `None` where it may be something else.
fn cells_of(context: &TextContext<'_, '_>, figure: &Figure) -> Option<Vec<CellPosition>> {
    let cell = |source: &Trace| {
        let Trace::Cell { result, row, column } = source else {
            return None;
        };
        let materials = context.index.materials;
        let at = materials.iter().position(|material| material.handle == *result)?;
        let columns = &materials.get(at)?.table.columns;
        Some((at, *row, columns.iter().position(|one| one.name == *column)?))
    };
    let cells: Option<Vec<_>> = figure.sources.iter().map(cell).collect();
    cells.filter(|cells| !cells.is_empty() && figure.has_source())
}

/// Whether a change is told from a later day to an earlier one, or from one column of a row to one before it: `ran from 10:48 to
/// 10:05`, `from 4,788 to 5,210` of January and February.
fn is_told_backwards(context: &TextContext<'_, '_>, from: &Figure, to: &Figure) -> bool {
    if is_later(context, from, to) {
        return true;
    }
    let both = cells_of(context, from).zip(cells_of(context, to));
    both.is_some_and(|(first, second)| are_turned_round(context, &first, &second))
}

/// Whether of two figures of one row the first is of a column behind that of the second, and the columns are of the same.
fn are_turned_round(context: &TextContext<'_, '_>, first: &[CellPosition], second: &[CellPosition]) -> bool {
    let pairs = first
        .iter()
        .flat_map(|one| second.iter().map(move |other| (one, other)));
    let mut in_row = pairs
        .filter(|(one, other)| (one.0, one.1) == (other.0, other.1))
        .peekable();
    let turned = |(one, other): (&CellPosition, &CellPosition)| {
        let shape = context.index.shapes.get(one.0);
        let table = context.index.materials.get(one.0).map(|one| one.table);
        let of = |column: usize| table.and_then(|table| table.columns.get(column));
        let (Some(shape), Some(a), Some(b)) = (shape, of(one.2), of(other.2)) else {
            return false;
        };
        let words = |name: &str| -> Vec<String> {
            let words = super::keys::name_words(name).into_iter();
            words.filter(|word| !Concept::ColumnFiller.has(word)).collect()
        };
        let (a_words, b_words) = (words(&a.name), words(&b.name));
        let alike = !a.kind.is_numeric() || a_words.iter().any(|word| b_words.contains(word));
        let dated = shape.column_years.contains_key(&one.2) || end_of_change(&a.name).is_some();
        one.2 > other.2 && a.kind == b.kind && alike && !dated
    };
    in_row.peek().is_some() && in_row.all(turned)
}

/// Figures with a colon between them, `61:29`, that are of one row in another order than its columns. Where a row has two names,
/// as a match has, either may be told first.
fn scores_turned_round(context: &TextContext<'_, '_>, figures: &[Figure]) -> Vec<usize> {
    let mut wrong = Vec::new();
    for (at, (one, next)) in figures.iter().zip(figures.iter().skip(1)).enumerate() {
        if context.text.get(one.end..next.start) != Some(":") {
            continue;
        }
        let (Some(first), Some(second)) = (cells_of(context, one), cells_of(context, next)) else {
            continue;
        };
        let names = |cell: &CellPosition| {
            let table = context.index.materials.get(cell.0).map(|one| one.table);
            let columns = table.into_iter().flat_map(|table| &table.columns);
            columns.filter(|column| column.kind == ColumnKind::Text).count()
        };
        if first.iter().all(|cell| names(cell) == 1) && are_turned_round(context, &first, &second) {
            wrong.extend([at, at + 1]);
        }
    }
    wrong
}

/// Figures that are set against each other without names, in another order than the pair before: `4,188 at Stadium vs 7,755 at City
/// Park. Arrivals: 7,753 vs 4,402`.
fn set_against_in_turn(context: &TextContext<'_, '_>, figures: &[Figure]) -> Vec<usize> {
    const REACH: usize = 200;
    let against = |one: &Figure, next: &Figure| {
        let gap = context.text.get(one.end..next.start).unwrap_or_default();
        let set = [" vs ", " vs. ", " versus ", " against "]
            .iter()
            .find(|mark| gap.contains(**mark))?;
        (gap.len() < 40).then(|| gap.trim_matches(['*', '_']) == *set)
    };
    let rows = |figure: &Figure| -> Option<(usize, usize)> {
        let cells = cells_of(context, figure)?;
        let (material, row, _) = *cells.first()?;
        cells
            .iter()
            .all(|cell| (cell.0, cell.1) == (material, row))
            .then_some((material, row))
    };
    let mut wrong = Vec::new();
    let mut before: Option<(usize, [(usize, usize); 2])> = None;
    for (at, pair) in figures.windows(2).enumerate() {
        let [one, next] = pair else { continue };
        let (Some(bare), Some(first), Some(second)) = (against(one, next), rows(one), rows(next)) else {
            continue;
        };
        let near = before.filter(|(end, _)| one.start < end + REACH);
        match near {
            Some((_, [left, right])) if bare && left != right => {
                if first == right {
                    wrong.push(at);
                }
                if second == left {
                    wrong.push(at + 1);
                }
            }
            _ => before = Some((next.end, [first, second])),
        }
    }
    wrong
}

/// Figures in a row that are of days in another order than the range that the sentence names: `From July to September it was 1,204,
/// 1,088, 1,391`.
fn out_of_turn(context: &TextContext<'_, '_>, figures: &[Figure]) -> Vec<usize> {
    let follows = |one: &Figure, next: &Figure| {
        let gap = context.text.get(one.end..next.start).unwrap_or_default();
        matches!(
            gap.trim_matches(['*', '_']),
            ", " | " and " | ", and " | ", then " | " → "
        )
    };
    let mut wrong = Vec::new();
    let mut at = 0;
    while at < figures.len() {
        let rest = figures.get(at..).unwrap_or_default();
        let pairs = rest.iter().zip(rest.iter().skip(1));
        let more = pairs.take_while(|(one, next)| follows(one, next)).count();
        let list = rest.get(..=more).unwrap_or_default();
        if let Some(first) = list.first().filter(|_| more >= 2) {
            let sentence = context.layout.place(Span::new(first.start, first.end)).sentence;
            let days: Vec<_> = list
                .iter()
                .map(|figure| {
                    let matched = figure.sources.first().filter(|_| figure.has_source());
                    matched.and_then(|source| days_of(context, source))
                })
                .collect();
            let in_turn = days.iter().zip(days.iter().skip(1)).all(|pair| match pair {
                (Some(one), Some(next)) => (one.0, &one.1) != (next.0, &next.1) || one.2 < next.2,
                _ => true,
            });
            if !in_turn && ends_named(context, sentence, first.start).is_some() {
                wrong.extend(at..=at + more);
            }
        }
        at += more + 1;
    }
    wrong
}

/// The ends of changes that are of other rows than the ends that the sentence names: `From December to February visits went from
/// 41,266 to 60,133`, where one of the two is of March.
fn of_other_ends(context: &TextContext<'_, '_>, figures: &[Figure]) -> Vec<usize> {
    let mut wrong = Vec::new();
    for (at, from, to) in changes(context, figures) {
        let place = context.layout.place(Span::new(from.start, from.end));
        let Some(ends) = ends_named(context, place.sentence, from.start) else {
            continue;
        };
        for (place, (figure, end)) in [from, to].into_iter().zip(ends).enumerate() {
            let rows: Vec<Option<bool>> = figure
                .sources
                .iter()
                .map(|source| is_row_of(context, source, end))
                .collect();
            if !rows.is_empty() && rows.iter().all(|of| *of == Some(false)) && figure.has_source() {
                wrong.push(at + place);
            }
        }
    }
    wrong
}

/// The two names that a sentence puts as the ends of what it tells of, before a place: `from December to February`.
fn ends_named<'i>(
    context: &TextContext<'_, 'i>,
    sentence: Span,
    until: usize,
) -> Option<[MentionTarget<'i>; 2]> {
    let before = Span::new(sentence.start, until);
    let mut named: Vec<_> = context
        .mentions_in(before)
        .filter(|mention| !matches!(mention.what, MentionTarget::Column { .. }))
        .collect();
    named.dedup_by_key(|mention| mention.span);
    let led = |start: usize| {
        let left = context
            .text
            .get(..start)
            .unwrap_or_default()
            .trim_end()
            .to_lowercase();
        left.ends_with("from") || left.ends_with("between")
    };
    match named.as_slice() {
        [only] => match only.what {
            MentionTarget::TextPeriod(period) => {
                let [one, other] = period.ends()?;
                led(only.span.start)
                    .then_some([MentionTarget::TextPeriod(one), MentionTarget::TextPeriod(other)])
            }
            _ => None,
        },
        [one, other] => {
            let gap = Span::new(one.span.end, other.span.start).of(context.text);
            (led(one.span.start) && matches!(gap, " to " | " and ")).then_some([one.what, other.what])
        }
        _ => None,
    }
}

/// Whether a cell is in a row that a name stands for; `None` where the name says nothing of its result.
fn is_row_of(context: &TextContext<'_, '_>, source: &Trace, name: MentionTarget<'_>) -> Option<bool> {
    let Trace::Cell { result, row, .. } = source else {
        return None;
    };
    let row = row.checked_sub(1)?;
    let index = context.index;
    let at = index
        .materials
        .iter()
        .position(|material| material.handle == *result)?;
    let shape = index.shapes.get(at)?;
    match name {
        MentionTarget::TextPeriod(period) => {
            let [(_, times)] = shape.times.as_slice() else {
                return None;
            };
            Some(period.relation((*times.get(row)?)?) != Relation::Apart)
        }
        MentionTarget::Label(label) if label.material == at => {
            let (_, values) = shape.labels.iter().find(|(column, _)| *column == label.column)?;
            Some(values.get(row).copied().flatten() == Some(label.value))
        }
        _ => None,
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
        " auf " => before.ends_with("von "),
        " à " | " a " => before.ends_with("de "),
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

/// The result and column of a cell, and the days of its row.
pub(super) type DaysOfFigure = (usize, String, Days);

/// The result, column and days of a cell.
pub(super) fn days_of(context: &TextContext<'_, '_>, source: &Trace) -> Option<DaysOfFigure> {
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
