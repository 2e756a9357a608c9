//! Numbers of a text that measure nothing because the data has them in a name: the 90 of "more than 90 days" beside a column `61-90
//! Days`, the 24 of "by week 24", a year that columns are of, the top of a scale.

use std::collections::{HashMap, HashSet};

use super::exempt::walk;
use super::index::CellIndex;
use super::keys::name_words;
use super::number::{Kind, Number, Separators, numbers};
use super::text::{Span, TextWord, stem, words};
use super::vocabulary::Concept;

/// Words for the same unit of time in several languages.
const UNITS: [&str; 6] = [
    "day days tag tage tagen jour jours día días dia dias",
    "week weeks wk kw w woche wochen semaine semaines semana semanas",
    "month months monat monate monaten mois mes meses",
    "hour hours hr hrs h stunde stunden heure heures hora horas",
    "year years jahr jahre jahren an ans année años año",
    "minute minutes min mins minuten minuto minutos",
];

/// Whether two words are the same, or of the same unit of time.
fn same_word(one: &str, other: &str) -> bool {
    let unit = |word: &str| {
        UNITS
            .iter()
            .position(|list| list.split(' ').any(|one| one == word))
    };
    stem(one) == stem(other) || unit(one).is_some_and(|unit_of| unit(other) == Some(unit_of))
}

fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The numbers in the names of results and columns, each with the words beside it.
fn in_names(index: &CellIndex<'_>) -> HashMap<String, Vec<[Option<String>; 2]>> {
    let mut found: HashMap<String, Vec<[Option<String>; 2]>> = HashMap::new();
    let mut add = |words: &[String]| {
        for (at, word) in words.iter().enumerate().filter(|(_, word)| is_digits(word)) {
            let beside = [at.checked_sub(1), Some(at + 1)].map(|at| words.get(at?).cloned());
            found.entry(word.clone()).or_default().push(beside);
        }
    };
    for material in index.materials {
        let columns = material.table.columns.iter();
        let names = columns.flat_map(|column| [column.name.as_str(), column.label.as_str()]);
        for name in names.chain([material.title]) {
            if name.bytes().any(|byte| byte.is_ascii_digit()) {
                add(&name_words(name));
            }
        }
        walk(material.arguments, &mut String::new(), &mut |_, value| {
            // `2026-W20`
            let week = value.as_str().and_then(|text| text.split_once("-W"));
            if let Some((_, week)) = week.filter(|(_, week)| week.len() <= 2) {
                let week = week.trim_start_matches('0').to_owned();
                add(&["week".to_owned(), week]);
            }
        });
    }
    found
}

/// Where a text has a number of a name together with a word beside it there: `week 24` of `Completed Week 24`.
pub(super) fn numbers_of_names(text: &str, words: &[TextWord<'_>], index: &CellIndex<'_>) -> Vec<Span> {
    let named = in_names(index);
    let mut found = Vec::new();
    if named.is_empty() {
        return found;
    }
    for (at, word) in words.iter().enumerate() {
        let Some(all) = named.get(&word.low) else { continue };
        let gap = |before: Option<usize>, after: Option<usize>| {
            let (before, after) = (words.get(before?)?, words.get(after?)?);
            text.get(before.span.end..after.span.start)
        };
        let beside = |side: usize| {
            let other = if side == 0 {
                at.checked_sub(1)
            } else {
                Some(at + 1)
            };
            let between = if side == 0 {
                gap(other, Some(at))
            } else {
                gap(Some(at), other)
            }?;
            Some((words.get(other?)?.low.as_str(), between.trim_matches(['*', '_'])))
        };
        let fits = |names: &[Option<String>; 2]| {
            names.iter().enumerate().any(|(side, name)| {
                let (Some(name), Some((here, gap))) = (name, beside(side)) else {
                    return false;
                };
                let range = matches!(gap, "-" | "–" | " to " | " – ");
                let telling =
                    name.len() > 1 && !Concept::ColumnFiller.has(name) && !Concept::DayFiller.has(name);
                if is_digits(name) {
                    range && here == name
                } else {
                    matches!(gap, " " | "\u{a0}" | "-") && telling && same_word(here, name)
                }
            })
        };
        if all.iter().any(fits) {
            found.push(word.span);
        }
    }
    found
}

/// Where a text has so much of the name of one column as has digits, and of no other: `61–90 days` of `61-90 Days`.
pub(super) fn columns_of_numbers(
    text: &str,
    words: &[TextWord<'_>],
    index: &CellIndex<'_>,
) -> Vec<(Span, usize, usize)> {
    const LONGEST: usize = 4;
    let mut phrases: HashMap<Vec<String>, HashSet<(usize, usize)>> = HashMap::new();
    for (at, (material, shape)) in index.materials.iter().zip(&index.shapes).enumerate() {
        for column in &shape.numeric {
            let Some(named) = material.table.columns.get(*column) else {
                continue;
            };
            for name in [&named.name, &named.label] {
                let all = name_words(name);
                for length in 2..=LONGEST.min(all.len()) {
                    for run in all
                        .windows(length)
                        .filter(|run| run.iter().any(|word| is_digits(word)))
                    {
                        let telling = run.iter().any(|word| !is_digits(word) && word.len() > 1);
                        if telling {
                            let run = run.iter().map(|word| stem(word).to_owned()).collect();
                            phrases.entry(run).or_default().insert((at, *column));
                        }
                    }
                }
            }
        }
    }
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() && !phrases.is_empty() {
        let longest = (2..=LONGEST).rev().find_map(|length| {
            let run = words.get(at..at + length)?;
            let key: Vec<String> = run.iter().map(|word| stem(&word.low).to_owned()).collect();
            let columns = phrases.get(&key)?;
            let span = Span::new(run.first()?.span.start, run.last()?.span.end);
            let plain = !span.of(text).contains(['.', ',', ';', ':', '|', '\n', '(']);
            plain.then_some((length, span, columns))
        });
        let Some((length, span, columns)) = longest else {
            at += 1;
            continue;
        };
        let mut columns = columns.iter();
        if let (Some((material, column)), None) = (columns.next(), columns.next()) {
            found.push((span, *material, *column));
        }
        at += length;
    }
    found
}

/// Makes four digits a year that are written plainly and are a year which columns, filters or the question speak of, where
/// nothing measures so much: the 2025 of "Umsatz 2025 je m²".
pub(super) fn years_apart(
    text: &str,
    mut all: Vec<Number>,
    index: &CellIndex<'_>,
    question: &str,
) -> Vec<Number> {
    let may_be = |number: &Number| {
        number.kind == Kind::Quantity
            && number.end - number.start == 4
            && number.digits == 4
            && (1900.0..=2100.0).contains(&number.value)
    };
    if !all.iter().any(may_be) {
        return all;
    }
    let asked = numbers(question, Separators::English).into_iter();
    let mut years: HashSet<String> = asked
        .filter(|number| number.kind == Kind::Year)
        .map(|number| Span::new(number.start, number.end).of(question).to_owned())
        .collect();
    years.extend(index.years.iter().map(i16::to_string));
    let columns = index.shapes.iter().flat_map(|shape| shape.column_years.values());
    years.extend(columns.map(i16::to_string));
    for column in index.materials.iter().flat_map(|one| &one.table.columns) {
        years.extend(
            name_words(&column.label)
                .into_iter()
                .filter(|word| word.len() == 4),
        );
    }
    for number in all.iter_mut().filter(|number| may_be(number)) {
        let own = Span::new(number.start, number.end).of(text);
        let behind = text.get(number.end..).unwrap_or_default();
        let before = text.get(..number.start).unwrap_or_default();
        let next = words(
            behind
                .get(..behind.char_indices().nth(24).map_or(behind.len(), |(at, _)| at))
                .unwrap_or_default(),
        );
        // `2025 orders` are so many.
        let counts = behind.starts_with(' ')
            && next
                .first()
                .is_some_and(|word| word.low.len() > 3 && word.low.ends_with('s') && !word.capital());
        let article = ["the ", "our ", "die ", "der ", "les ", "los ", "las "];
        let counts = counts && !article.iter().any(|word| before.ends_with(word));
        let told = ["was ", "is ", "were ", "are ", "to ", "total "]
            .iter()
            .any(|word| before.ends_with(word));
        let measured = !index.between(number.value - 0.5, number.value + 0.5).is_empty();
        if years.contains(own) && !counts && !told && !measured {
            number.kind = Kind::Year;
        }
    }
    all
}

/// Whether a number is the top of the scale that the figure before it stands on, `4.1 / 5`, or an end of one: `a scale of 1 to 5`.
pub(super) fn is_of_scale(context: &super::scope::TextContext<'_, '_>, number: &Number) -> bool {
    const SCALES: [&str; 5] = ["scale", "skala", "échelle", "escala", "likert"];
    const REACH: usize = 5;
    if number.percent || number.currency.is_some() || number.value.fract() != 0.0 || number.value > 100.0 {
        return false;
    }
    let top = [5.0, 10.0].contains(&number.value)
        && context.number_before(number.start).is_some_and(|before| {
            let gap = context.text.get(before.end..number.start).unwrap_or_default();
            let of = matches!(gap.trim(), "/" | "out of" | "von" | "sur" | "sobre");
            of && before.last_place < 1.0 && before.value <= number.value && !before.percent
        });
    let end = context.word_before(number.start).map_or(0, |at| at + 1);
    let near = context
        .words
        .get(end.saturating_sub(REACH)..end)
        .unwrap_or_default();
    top || near.iter().any(|word| SCALES.contains(&word.low.as_str()))
}
