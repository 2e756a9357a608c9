//! Figures by reference that are of another column of the right row. Nothing but the words can tell: in "44381 is 212 minutes late
//! on average" the figure may be the worst delay, and in "October brought 85 invoices, November 12" the second may count
//! something else than the first. A word that only one other column has in its name, where none of the figure's own column
//! stands, says that it is of that one.

use super::figure::{FigureKind, ReferencedFigure};
use super::keys::name_words;
use super::referenced::place;
use super::scope::{FigureContext, MentionTarget};
use super::text::{Span, TextWord, root};
use super::unit_clash::{KnownUnit, unit_of_column};
use super::vocabulary::Concept;
use crate::result::{Column, ColumnKind};

/// Letters that two words have to begin with alike to be of one kind: `arrive` and `arrival`.
const ALIKE: usize = 5;
/// Words that go on with what the sentence says of another row: `November the weakest with 12`.
const GOES_ON: &str = "with at has had have and the a an of by only just about on to is was were followed ahead behind before then \
    next after against versus vs than compared from in both even still again also lowest highest fewest most least weakest \
    strongest best worst second third fourth fifth largest smallest biggest greatest last first chf eur usd gbp";
/// Words between what is measured and its figure.
const LEADS: &str = "by of was were is are at to rose fell grew increased decreased dropped climbed declined up down only about around \
    just roughly";

fn among(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == word)
}

/// The telling words of a column's name and label, by their roots.
fn telling(column: &Column) -> Vec<String> {
    let words = name_words(&format!("{} {}", column.name, column.label));
    let all = words
        .iter()
        .filter(|word| word.len() > 2 && !Concept::ColumnFiller.has(word));
    let mut roots: Vec<String> = all.map(|word| root(word).to_owned()).collect();
    roots.sort_unstable();
    roots.dedup();
    roots
}

/// Whether two words are of one kind.
fn alike(one: &str, other: &str) -> bool {
    let begins = || {
        let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        same >= ALIKE && one.len().abs_diff(other.len()) < 4
    };
    one == other || begins()
}

fn is_mean(low: &str) -> bool {
    matches!(
        low,
        "avg"
            | "average"
            | "averages"
            | "averaged"
            | "averaging"
            | "mean"
            | "durchschnitt"
            | "schnitt"
            | "mittel"
    )
}

/// The words beside a figure: those before it since the figure before, and those behind it up to the next figure or mark.
struct WordsBeside<'c, 'a> {
    before: &'c [TextWord<'a>],
    behind: &'c [TextWord<'a>],
}

impl<'c, 'a> WordsBeside<'c, 'a> {
    fn of(seat: &FigureContext<'c, 'a, '_>) -> Self {
        let context = seat.context;
        let (text, span) = (context.text, seat.span);
        let around = seat.place.aside.unwrap_or(seat.place.sentence);
        let figures = seat.figures_in(around);
        let last = figures.iter().rev().find(|figure| figure.end <= span.start);
        let start = last.map_or(around.start, |figure| figure.end).min(span.start);
        let led = Span::new(start, span.start).of(text);
        // Behind another figure words are of this one from the next mark on.
        let marks: &[char] = if last.is_some() {
            &[',', ';', ':', '(', ')', '\n']
        } else {
            &[';', '\n']
        };
        let mark = led.rfind(marks).map_or(0, |at| at + 1);
        let joint = [" and ", " while ", " but ", " und "]
            .iter()
            .filter(|_| last.is_some())
            .filter_map(|joint| led.rfind(joint).map(|at| at + joint.len() - 1))
            .max();
        let before = Span::new(start + mark.max(joint.unwrap_or(0)), span.start);
        let next = figures.iter().find(|figure| figure.start >= span.end);
        let end = next.map_or(around.end, |figure| figure.start).max(span.end);
        let follows = Span::new(span.end, end).of(text);
        let mark = follows.find([',', ';', ':', '(', ')', '\n']);
        let joint = [" and ", " while ", " but ", " und "]
            .iter()
            .filter_map(|joint| follows.find(joint))
            .min();
        let cut = mark.into_iter().chain(joint).min();
        // What stands before another figure without a mark is of that one.
        let behind = match (cut, next) {
            (Some(cut), _) => Span::new(span.end, span.end + cut),
            (None, None) => Span::new(span.end, end),
            (None, Some(_)) => Span::new(span.end, span.end),
        };
        Self {
            before: context.words_in(before),
            behind: context.words_in(behind),
        }
    }

    fn all(&self) -> impl Iterator<Item = &'c TextWord<'a>> {
        self.before.iter().chain(self.behind)
    }
}

/// Whether words beside a figure name another column of its result and not its own.
pub(super) fn is_named_otherwise(
    seat: &FigureContext<'_, '_, '_>,
    (material, column): (usize, usize),
) -> bool {
    let context = seat.context;
    let index = context.index;
    let (Some(shape), Some(table)) = (
        index.shapes.get(material),
        index.materials.get(material).map(|one| one.table),
    ) else {
        return false;
    };
    let Some(own) = table.columns.get(column) else {
        return false;
    };
    if seat.place.row.is_some() || super::cells::is_calculation(table) {
        return false;
    }
    if is_another_middle(seat, own) {
        return true;
    }
    let own_words = telling(own);
    let own_mean = name_words(&own.name).iter().any(|word| is_mean(word));
    let beside = WordsBeside::of(seat);
    let around = context.words_in(seat.place.sentence);
    let is_own = |word: &TextWord<'_>| {
        let root = root(&word.low);
        own_words.iter().any(|name| alike(name, root)) || (own_mean && is_mean(&word.low))
    };
    if own_words.is_empty() || around.iter().any(is_own) {
        return false;
    }
    let fits = |at: usize| {
        table
            .columns
            .get(at)
            .is_some_and(|other| at != column && is_of_one_kind(own, other))
    };
    let candidates: Vec<(usize, Vec<String>)> = shape
        .numeric
        .iter()
        .filter(|at| **at == column || fits(**at))
        .filter_map(|at| Some((*at, telling(table.columns.get(*at)?))))
        .collect();
    let of_one = |root: &str| {
        let mut having = candidates
            .iter()
            .filter(|(_, names)| names.iter().any(|name| alike(name, root)));
        match (having.next(), having.next()) {
            (Some((at, _)), None) => Some(*at),
            _ => None,
        }
    };
    let told = |word: &&TextWord<'_>| {
        let named = context
            .mentions_over(word.span)
            .any(|one| !matches!(one.what, MentionTarget::Column { .. }));
        !named
            && !seat.is_unit_of_another(word.span)
            && !seat.is_head_of_another(word.span)
            && !seat.differs_from(word.span)
            && !seat.is_set_against(word.span)
            && !seat.tells_of_its_part(word.span)
            && !seat.tells_of_its_whole(word.span)
            && !seat.is_before_its_part(word.span)
    };
    let mut others: Vec<usize> = beside
        .all()
        .filter(told)
        .filter_map(|word| of_one(root(&word.low)))
        .filter(|at| fits(*at))
        .collect();
    others.sort_unstable();
    others.dedup();
    others.len() == 1
}

/// Whether the words say median of a mean, or the other way.
fn is_another_middle(seat: &FigureContext<'_, '_, '_>, own: &Column) -> bool {
    let words = name_words(&format!("{} {}", own.name, own.label));
    let (mean, median) = (
        words.iter().any(|word| is_mean(word)),
        words.iter().any(|word| word == "median"),
    );
    let beside = WordsBeside::of(seat);
    let says_mean = beside.all().any(|word| is_mean(&word.low));
    let says_median = beside.all().any(|word| word.low == "median");
    (mean && !median && says_median && !says_mean) || (median && !mean && says_mean && !says_median)
}

/// Whether figures of two columns may be mistaken for each other: both are in one unit, as far as anybody knows.
fn is_of_one_kind(one: &Column, other: &Column) -> bool {
    match (unit_of_column(one), unit_of_column(other)) {
        (Some(KnownUnit::Money(_)), Some(KnownUnit::Money(_))) => true,
        (Some(unit), Some(other)) => unit == other,
        // The unit of one of them is told nowhere.
        (Some(KnownUnit::Money(_)), None) | (None, Some(KnownUnit::Money(_))) => {
            one.kind == ColumnKind::Number && other.kind == one.kind && one.meaning() == other.meaning()
        }
        (None, None) => one.kind == other.kind && one.meaning() == other.meaning(),
        _ => false,
    }
}

/// Whether the sentence goes on from a figure of another row to this one without a word for what it is, and they are of two
/// columns: `85 in October, in November 12`.
pub(super) fn is_out_of_line(
    seat: &FigureContext<'_, '_, '_>,
    written: &ReferencedFigure,
    all: &[ReferencedFigure],
) -> bool {
    let context = seat.context;
    let (index, text, sentence) = (context.index, context.text, seat.place.sentence);
    let cell = |figure: &ReferencedFigure| place(index, figure.trace.as_ref()?);
    let Some((material, row, column)) = cell(written) else {
        return false;
    };
    let before = all.iter().rev().filter(|one| {
        one.kind == Some(FigureKind::Number) && one.end <= written.start && one.start >= sentence.start
    });
    let mut before = before.filter_map(|one| Some((one, cell(one)?)));
    let Some((other, (_, other_row, other_column))) = before.find(|(_, (of, ..))| *of == material) else {
        return false;
    };
    // `the most (9 of 55), followed by Hopper (7)` goes on about the part.
    if before.any(|(_, (of, _, at))| of == material && at == column) {
        return false;
    }
    let table = index.materials.get(material).map(|one| one.table);
    let described = |at: usize| table.and_then(|table| table.columns.get(at));
    let (Some(own), Some(beside)) = (described(column), described(other_column)) else {
        return false;
    };
    if seat.place.row.is_some()
        || table.is_none_or(super::cells::is_calculation)
        || (other_row == row || other_column == column)
        || !is_of_one_kind(own, beside)
    {
        return false;
    }
    let between = Span::new(other.end, seat.span.start);
    let shape = index.shapes.get(material);
    let is_row = |what: &MentionTarget<'_>| match *what {
        MentionTarget::Label(label) => {
            let columns = shape.map(|shape| shape.labels.iter()).into_iter().flatten();
            let mut own = columns.filter(|(column, _)| *column == label.column);
            label.material == material
                && own.any(|(_, values)| values.get(row).copied().flatten() == Some(label.value))
        }
        MentionTarget::TextPeriod(period) => {
            let times = shape.map_or(0, |shape| shape.times.len());
            (0..times).any(|at| context.rows_of_period(material, at, period).contains(&row))
        }
        MentionTarget::Column { .. } => false,
    };
    let named = context
        .mentions_in(between)
        .filter(|mention| is_row(&mention.what));
    let Some(name) = named.map(|mention| mention.span).max_by_key(|span| span.end) else {
        return false;
    };
    let own_words = telling(own);
    let is_own = |word: &TextWord<'_>| own_words.iter().any(|name| alike(name, root(&word.low)));
    let behind = WordsBeside::of(seat).behind.iter();
    if context.words_in(between).iter().chain(behind).any(is_own) {
        return false;
    }
    let led = context.words_in(Span::new(name.end, seat.span.start));
    let goes_on = led
        .iter()
        .all(|word| among(GOES_ON, &word.low) || word.low.len() < 2);
    let next = |end: usize| {
        let word = context.words_from(end).first()?;
        let gap = Span::new(end, word.span.start).of(text).trim_matches(['*', '_']);
        (gap == " " || gap == "\u{a0}").then_some(word.low.as_str())
    };
    let (noun, other_noun) = (next(seat.span.end), next(other.end));
    let alone = noun.is_none_or(|noun| Some(noun) == other_noun || among(GOES_ON, noun) || noun == "while");
    goes_on && alone
}

/// Whether the phrase before a figure ends with the name of another result's only measure: `visits by 6.5 %` of the revenue.
pub(super) fn is_led_by_another_result(seat: &FigureContext<'_, '_, '_>, own: &[(usize, usize)]) -> bool {
    let context = seat.context;
    let index = context.index;
    let column = |(material, column): (usize, usize)| {
        let material = index.materials.get(material)?;
        Some((material, material.table.columns.get(column)?))
    };
    let since = context
        .number_before(seat.span.start)
        .map_or(0, |number| number.end);
    let start = seat.place.clause.start.max(since).min(seat.span.start);
    let words = context.words_in(Span::new(start, seat.span.start));
    let Some(noun) = words.iter().rev().find(|word| !among(LEADS, &word.low)) else {
        return false;
    };
    let gap = Span::new(noun.span.end, seat.span.start).of(context.text);
    if seat.place.row.is_some() || gap.contains([',', ';', '(', '\n']) {
        return false;
    }
    // `Friday trains 30.0` is said of trains, whatever it is.
    let leads = words.last().is_some_and(|last| among(LEADS, &last.low)) || gap.contains(':');
    if !leads {
        return false;
    }
    let noun = root(&noun.low);
    let mut own_names: Vec<String> = Vec::new();
    for place in own {
        let Some((material, described)) = column(*place) else {
            return false;
        };
        if super::cells::is_calculation(material.table) {
            return false;
        }
        own_names.extend(telling(described));
        own_names.extend(
            name_words(material.title)
                .iter()
                .map(|word| root(word).to_owned()),
        );
    }
    let is_own = |word: &TextWord<'_>| own_names.iter().any(|name| alike(name, root(&word.low)));
    if own.is_empty() || context.words_in(seat.place.clause).iter().any(is_own) {
        return false;
    }
    let of_noun = |(at, shape): (usize, &super::index::Shape)| {
        let [only] = shape.numeric.as_slice() else {
            return false;
        };
        let other = column((at, *only));
        let current = index.materials.get(at).is_some_and(|one| one.current);
        current
            && own.iter().all(|(material, _)| *material != at)
            && other.is_some_and(|(material, described)| {
                let counted = described.kind == ColumnKind::Integer || described.kind == ColumnKind::Number;
                counted
                    && !super::cells::is_calculation(material.table)
                    && telling(described).iter().any(|name| name == noun)
            })
    };
    index.shapes.iter().enumerate().any(of_noun)
}
