//! Which marks the numbers of a text are read with. `1.234` is two different numbers, so it is never guessed from one of them:
//! the figures that the program wrote tell it, or the language of the text, or else whichever reading bears out the most.

use super::figure::{FigureKind, ReferencedFigure};
use super::material::Claim;
use super::notation::Notation;
use super::number::{Number, Separators, is_apostrophe, is_fixed_space, numbers};

const ALL: [Separators; 4] = [
    Separators::English,
    Separators::German,
    Separators::French,
    Separators::Swiss,
];

/// The ways to read the numbers of a text, the likeliest first. Only one where nothing else can be meant.
pub(super) fn readings(claim: &Claim<'_>, referenced: &[ReferencedFigure]) -> Vec<Separators> {
    let any = |first: Separators| {
        let others = ALL.into_iter().filter(move |one| *one != first);
        [first].into_iter().chain(others).collect::<Vec<_>>()
    };
    let asked = [claim.question]
        .into_iter()
        .chain(claim.earlier.iter().rev().copied());
    let language = || Notation::of(claim.text, asked.clone()).separators();
    let is_number =
        |figure: &&ReferencedFigure| figure.kind == Some(FigureKind::Number) && figure.trace.is_some();
    let mut written = referenced
        .iter()
        .filter(is_number)
        .map(|figure| figure.separators);
    match written.next() {
        Some(first) if first != Separators::English => {
            let alone = written.all(|other| other == first) && language() == first;
            if alone { vec![first] } else { any(first) }
        }
        None if has_decimal_comma(claim.text)
            && !matches!(language(), Separators::English | Separators::Swiss) =>
        {
            vec![language()]
        }
        _ if may_be_foreign(claim.text) => any(Separators::English),
        _ => vec![Separators::English],
    }
}

/// The numbers of a text. What the program wrote is read with the marks that it wrote.
pub(super) fn numbers_of(text: &str, referenced: &[ReferencedFigure], separators: Separators) -> Vec<Number> {
    let mut found = numbers(text, separators);
    for other in ALL.into_iter().filter(|other| *other != separators) {
        let is_other = |figure: &&ReferencedFigure| {
            figure.kind == Some(FigureKind::Number) && figure.trace.is_some() && figure.separators == other
        };
        let spans: Vec<(usize, usize)> = referenced
            .iter()
            .filter(is_other)
            .map(|figure| (figure.start, figure.end))
            .collect();
        if spans.is_empty() {
            continue;
        }
        let within = |number: &Number| {
            let at = spans.partition_point(|(_, end)| *end <= number.start);
            spans.get(at).is_some_and(|(start, _)| *start < number.end)
        };
        found.retain(|number| !within(number));
        found.extend(numbers(text, other).into_iter().filter(|number| within(number)));
        found.sort_by_key(|number| number.start);
    }
    found
}

/// Whether a text has a number such as `25,4` or `1.234,50`, and none such as `1,234.50`.
fn has_decimal_comma(text: &str) -> bool {
    let mut runs = text.split(|c: char| !(c.is_ascii_digit() || matches!(c, ',' | '.')));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let decimals = |run: &str| {
        let run = run.trim_end_matches(['.', ',']);
        match run.rsplit_once(',') {
            Some((whole, rest)) => {
                digits(rest)
                    && rest.len() <= 2
                    && !whole.contains(',')
                    && whole.ends_with(|c: char| c.is_ascii_digit())
            }
            None => false,
        }
    };
    let english = |run: &str| {
        let run = run.trim_end_matches(['.', ',']);
        run.rsplit_once('.')
            .is_some_and(|(whole, rest)| digits(rest) && whole.contains(','))
    };
    let mut any = false;
    let clear = runs.all(|run| {
        any |= decimals(run);
        !english(run)
    });
    any && clear
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
                '.' | ' ' => run(at + 1) == 3,
                mark => (is_fixed_space(*mark) || is_apostrophe(*mark)) && run(at + 1) == 3,
            }
    })
}
