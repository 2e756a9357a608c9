use std::collections::HashMap;

use super::cells::{FigureSource, SourceCandidate, Sources, sources_of};
use super::derive::derive;
use super::derive_denied::{is_of_denied_cell, is_of_denied_row, is_of_other_sign, is_under_its_header};
use super::earlier::kept;
use super::exempt::{QuotableNumbers, arguments, by_form, by_words};
use super::figure::{DerivationOperation, Figure, FigureKind, FigureStatus, Reason, ReferencedFigure, Trace};
use super::index::CellIndex;
use super::known::KnownFigures;
use super::material::{Claim, Material};
use super::number::{Kind, Number, Separators};
use super::number_marks::{numbers_of, readings};
use super::presence::may_hold_figures;
use super::referenced::ReferencedSpans;
use super::scope::{FigureContext, MentionTarget, TextContext};
use super::text::{Span, TextPeriod, holder};
use super::tolerance::Tolerance;
use super::work::Work;
use super::{date, item};

/// Digits from which on a figure may be what only the question asks for.
const ASKED_DIGITS: u32 = 3;
/// Most sources that are kept of one figure.
const MOST_SOURCES: usize = 8;

/// Every figure of an answer's text, in order, with where it comes from. Deterministic; reads no clock.
///
/// The work has a bound. Figures that it does not reach are [`Reason::NotChecked`].
pub fn ground(claim: &Claim<'_>, materials: &[Material<'_>]) -> Vec<Figure> {
    ground_until(claim, materials, &|| false).unwrap_or_default()
}

/// The same, unless `stop` says in between that it is to end: then nothing. It is asked every few microseconds.
pub fn ground_until(
    claim: &Claim<'_>,
    materials: &[Material<'_>],
    stop: &dyn Fn() -> bool,
) -> Option<Vec<Figure>> {
    ground_referenced(claim, &[], materials, stop)
}

/// The same for a text in which the program wrote some figures itself, in place of references: `referenced`, in the order
/// of the text. These are not looked for. Of each it is only checked whether the words around it name another row.
pub fn ground_referenced(
    claim: &Claim<'_>,
    referenced: &[ReferencedFigure],
    materials: &[Material<'_>],
    stop: &dyn Fn() -> bool,
) -> Option<Vec<Figure>> {
    let work = Work::new(stop);
    let figures = ground_with(claim, referenced, materials, &work);
    (!work.was_stopped()).then_some(figures)
}

/// Every number of a text that may be a figure, as one that was not looked at. Those that the program wrote itself,
/// `referenced`, have their source all the same.
pub fn unchecked(text: &str, referenced: &[ReferencedFigure]) -> Vec<Figure> {
    let claim = Claim {
        text,
        question: "",
        earlier: &[],
        today: jiff::civil::Date::MIN,
        shown: &[],
    };
    let separators = readings(&claim, referenced).first().copied().unwrap_or_default();
    let numbers = numbers_of(text, referenced, separators);
    let work = Work::new(&|| false);
    let index = CellIndex::new(&[], text);
    let context = TextContext::read(text, &numbers, &index, &work);
    let reason = Reason::NotChecked;
    let written = ReferencedSpans::of(referenced);
    let others = numbers
        .iter()
        .filter(|number| number.kind == Kind::Quantity)
        .map(|number| Span::new(number.start, number.end))
        .filter(|span| !written.touches(*span));
    let others = others.map(|span| {
        let status = FigureStatus::Unmatched { reason };
        figure(&context, span, FigureKind::Number, status, Vec::new())
    });
    let mut figures: Vec<Figure> = written
        .figures(&context, &|seat, _| {
            figure(
                &context,
                seat.span,
                FigureKind::Number,
                FigureStatus::Matched,
                Vec::new(),
            )
        })
        .into_iter()
        .chain(others)
        .collect();
    figures.sort_by_key(|figure| (figure.start, figure.end));
    figures
}

fn ground_with(
    claim: &Claim<'_>,
    referenced: &[ReferencedFigure],
    materials: &[Material<'_>],
    work: &Work<'_>,
) -> Vec<Figure> {
    if !may_hold_figures(claim.text, referenced) {
        return Vec::new();
    }
    let index = CellIndex::new(materials, claim.text);
    let said = QuotableNumbers::of(claim, materials.is_empty());
    let unmatched = |figures: &[Figure]| figures.iter().filter(|figure| figure.is_unmatched()).count();
    let mut readings = readings(claim, referenced).into_iter();
    let first = readings.next().unwrap_or_default();
    let mut best = read(claim, referenced, &index, &said, (first, work));
    for separators in readings {
        if unmatched(&best) == 0 || work.is_over() {
            break;
        }
        let other = read(claim, referenced, &index, &said, (separators, work));
        if unmatched(&other) < unmatched(&best) {
            best = other;
        }
    }
    best
}

fn read(
    claim: &Claim<'_>,
    referenced: &[ReferencedFigure],
    index: &CellIndex<'_>,
    said: &QuotableNumbers,
    (separators, work): (Separators, &Work<'_>),
) -> Vec<Figure> {
    let numbers =
        super::score::scores_apart(claim.text, numbers_of(claim.text, referenced, separators), index);
    let numbers = super::name_numbers::years_apart(claim.text, numbers, index, claim.question);
    let context = TextContext::read(claim.text, &numbers, index, work);
    let written = ReferencedSpans::of(referenced);
    let mut figures = dates(claim, &context, &written);
    let dated: Vec<Span> = context
        .mentions
        .iter()
        .filter(|mention| matches!(mention.what, MentionTarget::TextPeriod(period) if !period.bare_year && !period.relative))
        .map(|mention| mention.span)
        .collect();
    let mut open = Vec::new();
    let mut known = KnownFigures {
        held: written.sources(index),
        asked: super::cues::asked(claim.question),
        set: super::units::set_by(claim.question),
        ..KnownFigures::default()
    };
    for number in &numbers {
        let span = Span::new(number.start, number.end);
        if written.touches(span) {
            continue;
        }
        if holder(&dated, |date| *date, span).is_some() {
            continue;
        }
        if let Some(key) = super::key_figures::key_figure(&context, span) {
            figures.push(key);
            continue;
        }
        if let Some(clock) = super::key_figures::clock_figure(&context, number, claim.question) {
            figures.push(clock);
            continue;
        }
        if let Some(rule) = by_form(number, &context, claim.today) {
            figures.push(figure(
                &context,
                span,
                FigureKind::Number,
                FigureStatus::Exempt { rule },
                Vec::new(),
            ));
            continue;
        }
        if work.is_over() {
            let status = FigureStatus::Unmatched {
                reason: Reason::NotChecked,
            };
            figures.push(figure(&context, span, FigureKind::Number, status, Vec::new()));
            continue;
        }
        let seat = context.seat(span);
        let (wanted, found) = sources_of(number, &seat);
        let kept = kept(&seat, claim, &found);
        if let Some(source) = one_value(&found, &kept).and_then(|one| one.source(index)) {
            known.held.push((span, source));
        }
        open.push((number, wanted, found, kept));
    }
    known.held.sort_by_key(|(span, _)| (span.start, span.end));
    for (number, wanted, found, kept) in open {
        let seat = context.seat(Span::new(number.start, number.end));
        let figure = decide(&seat, number, &wanted, &found, &kept, (said, &known));
        known.take_derived(&figure, index);
        figures.push(figure);
    }
    figures.extend(written.figures(&context, &|seat, number| {
        let (wanted, found) = sources_of(number, seat);
        let kept = kept(seat, claim, &found);
        decide(seat, number, &wanted, &found, &kept, (said, &known))
    }));
    super::order::turned_round(&context, &mut figures);
    let items = item::items(&context).into_iter();
    figures.extend(items.filter(|item| !written.touches(Span::new(item.start, item.end))));
    figures.sort_by_key(|figure| (figure.start, figure.end));
    figures
}

/// The source of a figure whose sources all hold the same value: which of them is meant makes no difference to what
/// is computed from it.
fn one_value<'f>(found: &'f Sources, kept: &[usize]) -> Option<&'f SourceCandidate> {
    let first = found.at(*kept.first()?)?;
    let value = |candidate: &SourceCandidate| match candidate {
        SourceCandidate::Cell(cell) => Some(cell.value.to_bits()),
        SourceCandidate::Other(_) => None,
    };
    let same = kept.len() == 1
        || (value(first).is_some()
            && kept
                .iter()
                .filter_map(|at| found.at(*at))
                .all(|other| value(other) == value(first)));
    same.then_some(first)
}

/// What was derived before, where a figure says it again: `all others lie between 175k and 209k`, below a table of them. A row that its
/// clause names must be one that it was derived from.
fn said_again(
    seat: &FigureContext<'_, '_, '_>,
    wanted: &Tolerance,
    known: &KnownFigures,
) -> Option<FigureSource> {
    const DIGITS: u32 = 2;
    let of_rows_named = |source: &FigureSource| {
        let named = seat.named_rows(source.material);
        let Trace::Derivation { inputs, .. } = &source.trace else {
            return false;
        };
        named.is_empty()
            || inputs
                .iter()
                .flat_map(|input| &input.rows)
                .any(|row| named.contains(&(row - 1)))
    };
    let percent = |source: &FigureSource| {
        let operations = [
            DerivationOperation::Share,
            DerivationOperation::ShareOfRest,
            DerivationOperation::PercentChange,
        ];
        matches!(&source.trace, Trace::Derivation { operation, .. } if operations.contains(operation))
    };
    let mut derived = known
        .derived
        .iter()
        .filter(|_| seat.place.row.is_none() && wanted.digits >= DIGITS);
    let found = derived.find(|(value, source)| {
        wanted.admits(*value) && percent(source) == wanted.percent && of_rows_named(source)
    });
    found.map(|(_, source)| source.clone())
}

fn dates(claim: &Claim<'_>, context: &TextContext<'_, '_>, written: &ReferencedSpans<'_>) -> Vec<Figure> {
    let periods = context.mentions.iter().filter_map(|mention| match mention.what {
        MentionTarget::TextPeriod(period)
            if !period.bare_year && !period.relative && !written.touches(period.span) =>
        {
            Some(period)
        }
        _ => None,
    });
    let said = date::QuotablePeriods::default();
    let mut known: HashMap<TextPeriod, (FigureStatus, Vec<Trace>)> = HashMap::new();
    periods
        .map(|period| {
            let looked_up = known.entry(period.without_place()).or_insert_with(|| {
                if context.work.is_over() {
                    let reason = Reason::NotChecked;
                    return (FigureStatus::Unmatched { reason }, Vec::new());
                }
                date::source(&period, context, claim, &said)
            });
            let (status, traces) = looked_up.clone();
            let found = figure(context, period.span, FigureKind::Date, status, traces);
            if status != FigureStatus::Matched || context.work.is_over() {
                return found;
            }
            if super::date_rows::is_range_of_no_row(context, &period) {
                return Figure {
                    status: Reason::Mismatch.into(),
                    sources: Vec::new(),
                    ..found
                };
            }
            match super::date_rows::dated_rows(context, &period) {
                Some(rows) if rows.fitting.is_empty() => Figure {
                    status: Reason::Mismatch.into(),
                    sources: Vec::new(),
                    elsewhere: rows.denied,
                    ..found
                },
                Some(rows) => Figure {
                    sources: rows.fitting,
                    ..found
                },
                None => found,
            }
        })
        .collect()
}

fn decide(
    seat: &FigureContext<'_, '_, '_>,
    number: &Number,
    wanted: &Tolerance,
    found: &Sources,
    kept: &[usize],
    (said, known): (&QuotableNumbers, &KnownFigures),
) -> Figure {
    let context = seat.context;
    let finish = |status, sources| figure(context, seat.span, FigureKind::Number, status, sources);
    let traces = |sources: &mut dyn Iterator<Item = FigureSource>| -> Vec<Trace> {
        let mut traces: Vec<Trace> = Vec::new();
        while traces.len() < MOST_SOURCES
            && let Some(source) = sources.next()
        {
            if !traces.contains(&source.trace) {
                traces.push(source.trace);
            }
        }
        traces
    };
    if super::cues::contradicts_its_way(seat, number) || super::cues::is_less_than_its_part(seat, number) {
        return finish(
            FigureStatus::Unmatched {
                reason: Reason::Mismatch,
            },
            Vec::new(),
        );
    }
    // What was not looked at to the end has no source, whatever was found by then.
    let not_checked = FigureStatus::Unmatched {
        reason: Reason::NotChecked,
    };
    if context.work.is_over() {
        return finish(not_checked, Vec::new());
    }
    if super::row_before::is_of_another_row(seat, found, kept) {
        return finish(Reason::Mismatch.into(), Vec::new());
    }
    if !kept.is_empty() {
        let kept = kept.iter().filter_map(|at| found.at(*at));
        let mut sources = kept.filter_map(|one| one.source(context.index));
        return finish(FigureStatus::Matched, traces(&mut sources));
    }
    let arguments = arguments(wanted, context);
    if !arguments.is_empty() {
        return finish(FigureStatus::Matched, arguments);
    }
    let mut derived = derive(seat, wanted, known);
    if derived.is_empty()
        && wanted.digits >= ASKED_DIGITS
        && let Some(asked) = wanted.and_asked(known.asked)
    {
        derived = derive(seat, &asked, known);
    }
    derived.retain(|source| {
        is_under_its_header(seat, source)
            && !is_of_denied_row(seat, source)
            && !is_of_denied_cell(found, source, wanted.cues)
            && !is_of_other_sign(seat, wanted, source)
    });
    if context.work.is_over() {
        return finish(not_checked, Vec::new());
    }
    if !derived.is_empty() {
        return finish(FigureStatus::Matched, traces(&mut derived.into_iter()));
    }
    if let Some(again) = said_again(seat, wanted, known) {
        return finish(FigureStatus::Matched, vec![again.trace]);
    }
    let by_words = || by_words(number, wanted, seat);
    if let Some(rule) = said.quoted(number, context).or_else(by_words) {
        return finish(FigureStatus::Exempt { rule }, Vec::new());
    }
    let reason = if found.incomplete {
        Reason::IncompleteTotal
    } else if !found.fitting.is_empty() {
        Reason::Stale
    } else if found.denied {
        Reason::Mismatch
    } else {
        Reason::NoSource
    };
    let elsewhere = found.denied_cell.filter(|_| reason == Reason::Mismatch);
    Figure {
        elsewhere: elsewhere.and_then(|cell| super::elsewhere::elsewhere(seat, cell)),
        ..finish(FigureStatus::Unmatched { reason }, Vec::new())
    }
}

/// A figure at a place of the text.
pub(super) fn figure(
    context: &TextContext<'_, '_>,
    span: Span,
    kind: FigureKind,
    status: FigureStatus,
    sources: Vec<Trace>,
) -> Figure {
    Figure {
        start: span.start,
        end: span.end,
        start_char: context.characters_before(span.start),
        end_char: context.characters_before(span.end),
        text: span.of(context.text).to_owned(),
        kind,
        status,
        sources,
        elsewhere: None,
    }
}
