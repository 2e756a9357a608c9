use super::cells::{Source, Sources, sources};
use super::derive::derive;
use super::exempt::{Said, arguments, by_form, by_words};
use super::figure::{Figure, FigureKind, Operation, Reason, Status, Trace};
use super::index::Index;
use super::material::{Claim, Material};
use super::number::{Number, Separators, numbers};
use super::scope::{Context, Says, Seat, What};
use super::text::{Relation, Span, stem, words};
use super::wanted::Wanted;
use super::{date, item};

/// Most sources that are kept of one figure.
const MOST_SOURCES: usize = 8;

/// Every figure of an answer's text, in order, with where it comes from. Deterministic; reads no clock.
pub fn ground(claim: &Claim<'_>, materials: &[Material<'_>]) -> Vec<Figure> {
    let index = Index::new(materials);
    let said = Said::of(claim, materials.is_empty());
    let unmatched = |figures: &[Figure]| figures.iter().filter(|figure| figure.is_unmatched()).count();
    let mut best = read(claim, &index, &said, Separators::English);
    if unmatched(&best) == 0 || !may_be_foreign(claim.text) {
        return best;
    }
    for separators in [Separators::German, Separators::French, Separators::Swiss] {
        let other = read(claim, &index, &said, separators);
        if unmatched(&other) < unmatched(&best) {
            best = other;
        }
    }
    best
}

/// Whether a text has digits grouped or decimals marked as English does not.
fn may_be_foreign(text: &str) -> bool {
    let digits: Vec<char> = text.chars().collect();
    let run = |at: usize| digits.iter().skip(at).take_while(|c| c.is_ascii_digit()).count();
    digits.iter().enumerate().any(|(at, mark)| {
        let before = at
            .checked_sub(1)
            .and_then(|at| digits.get(at))
            .is_some_and(char::is_ascii_digit);
        before
            && match mark {
                ',' => !matches!(run(at + 1), 0 | 3),
                '.' | '\'' | '’' | '\u{a0}' | '\u{202f}' | '\u{2009}' | ' ' => run(at + 1) == 3,
                _ => false,
            }
    })
}

fn read(claim: &Claim<'_>, index: &Index<'_>, said: &Said, separators: Separators) -> Vec<Figure> {
    let numbers = numbers(claim.text, separators);
    let context = Context::read(claim.text, &numbers, index);
    let mut figures = dates(claim, &context);
    let dated: Vec<Span> = context
        .mentions
        .iter()
        .filter(|mention| matches!(mention.what, What::Period(period) if !period.bare_year))
        .map(|mention| mention.span)
        .collect();
    let mut open = Vec::new();
    let mut known: Vec<(Span, Source)> = Vec::new();
    for number in &numbers {
        let span = Span::new(number.start, number.end);
        if dated.iter().any(|date| date.holds(span)) {
            continue;
        }
        if let Some(rule) = by_form(number, &context, claim.today) {
            figures.push(figure(
                claim.text,
                span,
                FigureKind::Number,
                Status::Exempt { rule },
                Vec::new(),
            ));
            continue;
        }
        let seat = context.seat(span);
        let wanted = Wanted::of(number, &seat);
        let found = sources(&seat, &wanted);
        let kept = kept(&seat, claim, &found);
        if let Some(source) = one_value(&kept) {
            known.push((span, source.clone()));
        }
        open.push((number, wanted, found, kept));
    }
    for (number, wanted, found, kept) in open {
        let seat = context.seat(Span::new(number.start, number.end));
        let figure = decide(&seat, number, &wanted, &found, kept, (said, &known));
        known.extend(a_sum(&figure, index).map(|source| (seat.span, source)));
        figures.push(figure);
    }
    figures.extend(item::items(&context));
    figures.sort_by_key(|figure| (figure.start, figure.end));
    figures
}

/// The source of a figure whose sources all hold the same value: which of them is meant makes no difference to what
/// is computed from it.
fn one_value(kept: &[Source]) -> Option<&Source> {
    let first = kept.first()?;
    let value = |source: &Source| source.cell.map(|cell| cell.value.to_bits());
    let same =
        kept.len() == 1 || (first.cell.is_some() && kept.iter().all(|other| value(other) == value(first)));
    same.then_some(first)
}

/// The source of a figure that was found to be a sum, to be computed with by what follows.
fn a_sum(figure: &Figure, index: &Index<'_>) -> Option<Source> {
    let trace = figure.sources.first()?;
    let Trace::Derivation {
        operation: Operation::Sum,
        inputs,
        ..
    } = trace
    else {
        return None;
    };
    let handle = &inputs.first()?.result;
    let material = index
        .materials
        .iter()
        .position(|material| material.handle == *handle)?;
    Some(Source {
        trace: trace.clone(),
        material,
        cell: None,
    })
}

fn dates(claim: &Claim<'_>, context: &Context<'_, '_>) -> Vec<Figure> {
    let periods = context.mentions.iter().filter_map(|mention| match mention.what {
        What::Period(period) if !period.bare_year => Some(period),
        _ => None,
    });
    periods
        .map(|period| {
            let (status, traces) = date::source(&period, context, claim);
            figure(claim.text, period.span, FigureKind::Date, status, traces)
        })
        .collect()
}

/// Of the sources that fit, those that fit best. A result of an earlier turn counts only where no result of this
/// turn has the figure, and only if the sentence says that it looks back.
fn kept(seat: &Seat<'_, '_, '_>, claim: &Claim<'_>, found: &Sources) -> Vec<Source> {
    let materials = seat.context.index.materials;
    let current = |source: &Source| {
        materials
            .get(source.material)
            .is_some_and(|material| material.current)
    };
    let any_current = materials.iter().any(|material| material.current);
    let best_of = |wanted: &dyn Fn(&Source) -> bool| -> Vec<Source> {
        let fitting = || found.fitting.iter().filter(|(_, source)| wanted(source));
        let best = fitting().map(|(says, _)| *says).max();
        fitting()
            .filter(|(says, _)| Some(*says) == best)
            .map(|(_, source)| source.clone())
            .collect()
    };
    let of_now = best_of(&|source| current(source));
    if !of_now.is_empty() || !any_current {
        return if any_current { of_now } else { best_of(&|_| true) };
    }
    best_of(&|source| looks_back(seat, claim, source))
}

/// Words with which a sentence looks back at an earlier result.
const BACK: [&str; 20] = [
    "earlier",
    "before",
    "previous",
    "previously",
    "prior",
    "compared",
    "versus",
    "vs",
    "against",
    "from",
    "than",
    "again",
    "already",
    "above",
    "still",
    "both",
    "zuvor",
    "vorher",
    "bisher",
    "gegenüber",
];

/// Whether a sentence may mean a result of an earlier turn: it names its period, its filter or its entry, or says
/// that it compares.
fn looks_back(seat: &Seat<'_, '_, '_>, claim: &Claim<'_>, source: &Source) -> bool {
    let context = seat.context;
    let (Some(material), Some(shape)) = (
        context.index.materials.get(source.material),
        context.index.shapes.get(source.material),
    ) else {
        return false;
    };
    let sentence: Vec<&str> = context
        .words
        .iter()
        .filter(|word| seat.place.sentence.holds(word.span))
        .map(|word| word.low.as_str())
        .collect();
    // Money can be of no result of this turn if that has none.
    let amounts = |at: usize| context.index.has_amounts(at);
    let any_amounts = (0..context.index.materials.len())
        .filter(|at| context.index.materials.get(*at).is_some_and(|one| one.current))
        .any(amounts);
    if (seat.is_money() && !any_amounts)
        || sentence.iter().any(|word| BACK.contains(word))
        || seat.says_filters(source.material, true) == Says::Yes
    {
        return true;
    }
    let days = source.cell.and_then(|cell| {
        let days = shape.times.iter().find_map(|(_, days)| *days.get(cell.row)?)?;
        (seat.says_row(cell.material, cell.row) == Says::Yes).then_some(days)
    });
    // A month without a year may as well be one of this turn's result.
    let named = days.is_some_and(|days| {
        context.mentions.iter().any(|mention| match mention.what {
            What::Period(period) if seat.place.sentence.holds(mention.span) => {
                period.dated() && matches!(period.relation(days), Relation::Same | Relation::Holds)
            }
            _ => false,
        })
    });
    let others = context.index.materials.iter().filter(|other| other.current);
    let theirs: Vec<String> = others.clone().flat_map(named_words).collect();
    let own_title = others.clone().all(|other| other.title != material.title)
        && words(material.title)
            .iter()
            .filter(|word| word.low.len() > 3 && !theirs.iter().any(|name| name == stem(&word.low)))
            .any(|word| sentence.iter().any(|said| stem(said) == stem(&word.low)));
    let question = words(claim.question);
    let asked = question.iter().any(|word| BACK.contains(&word.low.as_str()));
    named || own_title || asked
}

/// The words in the names of a result and its columns.
fn named_words(material: &Material<'_>) -> Vec<String> {
    let columns = material.table.columns.iter();
    let names = columns.flat_map(|column| [column.name.as_str(), column.label.as_str()]);
    let all: Vec<String> = names
        .chain([material.title])
        .map(|name| name.replace('_', " "))
        .collect();
    let words = all.iter().flat_map(|name| words(name));
    words.map(|word| stem(&word.low).to_owned()).collect()
}

fn decide(
    seat: &Seat<'_, '_, '_>,
    number: &Number,
    wanted: &Wanted,
    found: &Sources,
    kept: Vec<Source>,
    (said, known): (&Said, &[(Span, Source)]),
) -> Figure {
    let context = seat.context;
    let finish = |status, sources| figure(context.text, seat.span, FigureKind::Number, status, sources);
    let traces = |sources: Vec<Source>| -> Vec<Trace> {
        let mut traces: Vec<Trace> = Vec::new();
        for source in sources {
            if !traces.contains(&source.trace) && traces.len() < MOST_SOURCES {
                traces.push(source.trace);
            }
        }
        traces
    };
    if super::cues::contradicts_its_way(seat, number) {
        return finish(
            Status::Unmatched {
                reason: Reason::Mismatch,
            },
            Vec::new(),
        );
    }
    if !kept.is_empty() {
        return finish(Status::Matched, traces(kept));
    }
    let arguments = arguments(wanted, context);
    if !arguments.is_empty() {
        return finish(Status::Matched, arguments);
    }
    let derived = derive(seat, wanted, known);
    if !derived.is_empty() {
        return finish(Status::Matched, traces(derived));
    }
    let exempt = said
        .quoted(number, context)
        .or_else(|| by_words(number, wanted, seat));
    if let Some(rule) = exempt {
        return finish(Status::Exempt { rule }, Vec::new());
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
    finish(Status::Unmatched { reason }, Vec::new())
}

/// A figure at a place of the text.
pub(super) fn figure(
    text: &str,
    span: Span,
    kind: FigureKind,
    status: Status,
    sources: Vec<Trace>,
) -> Figure {
    let chars = |end: usize| text.get(..end).unwrap_or_default().chars().count();
    Figure {
        start: span.start,
        end: span.end,
        start_char: chars(span.start),
        end_char: chars(span.end),
        text: span.of(text).to_owned(),
        kind,
        status,
        sources,
    }
}
