//! Numbers of a text that are no measures: keys of rows, times of day. They come from the row that the words around them
//! name, as figures do: "Okafor's order 40017" is wrong if that order is Bergmann's.

use super::cells::SourceCandidate;
use super::elsewhere::elsewhere;
use super::figure::{Figure, FigureKind, FigureStatus, Reason, Trace};
use super::ground::figure;
use super::index::NumberCell;
use super::labels::Label;
use super::number::{Kind, Number};
use super::scope::{Entailment, MentionTarget, TextContext};
use super::text::Span;
use crate::result::Cell;

/// Most rows that are given as the source of one key.
const MOST_ROWS: usize = 3;

/// What becomes of a number that names rows, if it does.
pub(super) fn key_figure(context: &TextContext<'_, '_>, span: Span) -> Option<Figure> {
    if !context.is_key(span) {
        return unknown_key(context, span);
    }
    let mentions = context.mentions_in(span);
    let labels: Vec<&Label> = mentions
        .filter_map(|mention| match mention.what {
            MentionTarget::Label(label) if context.is_key(mention.span) => Some(label),
            _ => None,
        })
        .collect();
    // A key names its row alone: only what stands close to it can say otherwise.
    let mut seat = context.seat(span);
    let (clause, aside) = (seat.place.clause, seat.place.aside);
    if seat.place.row.is_none() {
        seat.scopes
            .retain(|scope| scope.span == clause || Some(scope.span) == aside);
    }
    let mut best: Option<(Entailment, Vec<Trace>)> = None;
    let mut denied = None;
    for label in labels {
        let (Some(material), Some(shape)) = (
            context.index.materials.get(label.material),
            context.index.shapes.get(label.material),
        ) else {
            continue;
        };
        let Some(((column, _), rows)) = shape
            .labels
            .iter()
            .zip(&shape.label_rows)
            .find(|((column, _), _)| *column == label.column)
        else {
            continue;
        };
        let name = material
            .table
            .columns
            .get(*column)
            .map(|column| column.name.clone());
        for row in rows.get(label.value).into_iter().flat_map(|rows| rows.iter()) {
            let says = seat.says_of_key(label.material, *row, *column);
            if says == Entailment::No {
                denied.get_or_insert(NumberCell {
                    value: f64::NAN,
                    material: label.material,
                    row: *row,
                    column: *column,
                });
                continue;
            }
            let trace = Trace::Cell {
                result: material.handle.to_owned(),
                row: row + 1,
                column: name.clone().unwrap_or_default(),
            };
            match &mut best {
                Some((known, traces)) if *known == says && traces.len() < MOST_ROWS => traces.push(trace),
                Some((known, _)) if *known >= says => {}
                _ => best = Some((says, vec![trace])),
            }
        }
    }
    let (status, traces) = match best {
        Some((_, traces)) => (FigureStatus::Matched, traces),
        None => (
            FigureStatus::Unmatched {
                reason: Reason::Mismatch,
            },
            Vec::new(),
        ),
    };
    Some(Figure {
        elsewhere: denied
            .filter(|_| status != FigureStatus::Matched)
            .and_then(|cell| elsewhere(&seat, cell)),
        ..figure(context, span, FigureKind::Number, status, traces)
    })
}

/// A number under the header of a key column that no row has: `| 8 | Rovers |` under `rank`.
fn unknown_key(context: &TextContext<'_, '_>, span: Span) -> Option<Figure> {
    let cell = context.layout.place(span).row?;
    let alone = cell.cell.of(context.text).trim_matches([' ', '*', '_', '`']) == span.of(context.text);
    let header = cell.header.filter(|_| alone)?.of(context.text);
    let value: i64 = span.of(context.text).parse().ok()?;
    let columns = context.index.columns_of_header(header);
    let mut keys = context.index.keys.iter();
    let known = |at: usize| {
        context
            .index
            .materials
            .get(at)
            .is_some_and(|one| one.rows_seen >= one.table.rows.len())
    };
    let of_header = keys.any(|key| columns.contains(&(key.material, key.column)) && known(key.material));
    let has = context
        .index
        .keys
        .iter()
        .any(|key| key.labels.contains_key(&value));
    let measured = columns.iter().any(|(material, column)| {
        let shape = context.index.shapes.get(*material);
        shape.is_some_and(|shape| {
            shape.numeric.contains(column) && !shape.labels.iter().any(|(label, _)| label == column)
        })
    });
    let reason = Reason::NoSource;
    (of_header && !has && !measured).then(|| {
        figure(
            context,
            span,
            FigureKind::Number,
            FigureStatus::Unmatched { reason },
            Vec::new(),
        )
    })
}

/// Whether a time of day in a cell is the one written, as far as both tell seconds.
fn has_seconds(context: &TextContext<'_, '_>, cell: &NumberCell, written: &str) -> bool {
    let seconds = |clock: &str| {
        clock
            .split(':')
            .nth(2)
            .and_then(|part| part.get(..2).map(str::to_owned))
    };
    let table = context.index.materials.get(cell.material).map(|one| one.table);
    let own = table.and_then(|table| table.rows.get(cell.row)?.get(cell.column));
    let own = match own {
        Some(Cell::Text(text)) => seconds(text),
        _ => None,
    };
    own.zip(seconds(written))
        .is_none_or(|(own, written)| own == written)
}

/// What becomes of a time of day, where results have such times.
pub(super) fn clock_figure(context: &TextContext<'_, '_>, number: &Number, question: &str) -> Option<Figure> {
    const HALF: u16 = 12 * 60;
    let span = Span::new(number.start, number.end);
    let text = span.of(context.text);
    if context.index.clocks.is_empty() || number.kind != Kind::Date || question.contains(text) {
        return None;
    }
    let minutes = super::cell_values::minutes_of_clock(text.get(..5).unwrap_or(text).trim_end_matches(':'))?;
    let behind = context
        .text
        .get(span.end..)
        .unwrap_or_default()
        .trim_start()
        .to_lowercase();
    let meant = match (behind.get(..2), minutes < HALF) {
        (Some("am" | "a."), _) => [minutes % HALF; 2],
        (Some("pm" | "p."), _) => [minutes % HALF + HALF; 2],
        (_, true) => [minutes, minutes + HALF],
        (_, false) => [minutes; 2],
    };
    let before = context.text.get(..span.start).unwrap_or_default();
    if before.ends_with(['–', '—', '-']) {
        return None;
    }
    let seat = context.seat(span);
    let headed = |cell: &NumberCell| {
        let columns = seat.header_columns(cell.material);
        (columns.is_empty() || columns.contains(&cell.column))
            && seat.says_day_column(
                cell.material,
                cell.column,
                &context.index.clock_columns(cell.material),
            ) != Entailment::No
    };
    let mut traces = Vec::new();
    let mut denied = None;
    for (_, cell) in context
        .index
        .clocks
        .iter()
        .filter(|(minutes, _)| meant.contains(minutes))
    {
        context.work.spend(1);
        if !has_seconds(context, cell, text) {
            continue;
        }
        if seat.says_row(cell.material, cell.row) == Entailment::No || !headed(cell) {
            denied.get_or_insert(*cell);
        } else if traces.len() < MOST_ROWS {
            let source = SourceCandidate::Cell(*cell).source(context.index);
            traces.extend(source.map(|source| source.trace));
        }
    }
    let reason = if denied.is_some() {
        Reason::Mismatch
    } else {
        Reason::NoSource
    };
    let status = if traces.is_empty() {
        FigureStatus::Unmatched { reason }
    } else {
        FigureStatus::Matched
    };
    Some(Figure {
        elsewhere: denied
            .filter(|_| traces.is_empty())
            .and_then(|cell| elsewhere(&seat, cell)),
        ..figure(context, span, FigureKind::Date, status, traces)
    })
}
