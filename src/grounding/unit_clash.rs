//! Figures that are written in another unit than their column has: `38.9 % minutes`, `EUR 12` of a count, `12 %` of a column of
//! minutes. Both units have to be known. What a column is in says its settings, its description, its label or its name; what a
//! figure is in says a sign, a currency or a unit of time right beside its digits.

use super::column_kinds::is_amount;
use super::keys::name_words;
use super::number::Number;
use super::scope::FigureContext;
use super::text::Span;
use super::units::{seconds_of, unit_behind};
use super::vocabulary::Concept;
use crate::result::{Column, ColumnKind, NumberStyle};

/// What numbers are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KnownUnit {
    Percent,
    /// A currency, with its code where that is known.
    Money(Option<String>),
    /// A unit of time, in seconds.
    Time(i64),
    /// Another measure: kilometres, tonnes.
    Measure(&'static str),
    /// Things that are counted.
    Count,
}

/// Measures, in the words of names and texts: each row is one unit.
const MEASURES: [&str; 11] = [
    "kg kilograms kilogram kilos",
    "tonnes tons tonne tonnen",
    "km kilometers kilometres kilometer",
    "miles mile",
    "metres meters",
    "kwh",
    "mwh",
    "gwh",
    "litres liters liter litre",
    "hectolitres hectoliters hl hektoliter",
    "bottles flaschen",
];

/// The measure that a word, in lower case, is.
fn measure(low: &str) -> Option<&'static str> {
    MEASURES.into_iter().find(|row| among(row, low))
}
/// Codes of currencies in names.
const CODES: &str = "usd eur gbp chf jpy cny inr brl pln cad aud sek nok dkk czk huf mxn nzd sgd hkd zar";
/// Words of a name that make what stands beside them no unit of the column: `runs_per_day`, `answered_within_30_days`.
const NO_UNITS: &str =
    "per each within over under by in of than after before until since between count number num share";
/// Words of what has a length in time. Without one of them `min` is the least of something.
const LASTING: &str = "delay wait waiting duration time response handling late talk call travel stay length dwell lead processing reply";

fn among(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == word)
}

/// The unit that a few words name, such as those in the brackets of a label.
fn named(words: &str) -> Option<KnownUnit> {
    let words = words.trim_matches([' ', '.', '(', ')', '[', ']']);
    if words == "%" {
        return Some(KnownUnit::Percent);
    }
    let last = words.rsplit(' ').next().unwrap_or_default();
    let low = last.to_lowercase();
    if matches!(low.as_str(), "percent" | "percentage" | "pct" | "%") {
        return Some(KnownUnit::Percent);
    }
    if among(CODES, &low) {
        return Some(KnownUnit::Money(Some(last.to_uppercase())));
    }
    match last {
        "$" | "€" | "£" => return Some(KnownUnit::Money(None)),
        _ if Concept::Currency.has(&low) && low != "cents" => return Some(KnownUnit::Money(None)),
        _ => {}
    }
    let time = seconds_of(&low).map(KnownUnit::Time);
    time.or_else(|| measure(&low).map(KnownUnit::Measure))
}

/// A label without the currency in its brackets: `Unpaid` of `Unpaid (EUR)`. One that is written somewhere names no column.
pub(super) fn without_unit(label: &str) -> &str {
    match label.rsplit_once(['(', '[']) {
        Some((name, unit)) if matches!(named(unit), Some(KnownUnit::Money(_))) => name.trim_end(),
        _ => label,
    }
}

/// The unit that the name of a column has: `amount_chf`, `avg_delay_min`, `days_overdue`.
fn in_name(name: &str) -> Option<KnownUnit> {
    let bracketed = name.rsplit_once(['(', '[']).and_then(|(_, unit)| named(unit));
    if bracketed.is_some() {
        return bracketed;
    }
    let words = name_words(name);
    if (words.len() > 1 && words.iter().any(|word| among(NO_UNITS, word)))
        || words
            .iter()
            .any(|word| word.starts_with(|c: char| c.is_ascii_digit()))
    {
        return None;
    }
    let lasting = words.iter().any(|word| among(LASTING, word));
    let long = |word: &&String| word.len() > 3 && word.ends_with('s');
    let last = words.last().filter(|word| word.as_str() != "min" || lasting);
    let first = words.first().filter(long);
    // One letter is no unit: `grade_h`.
    let told = [last, first].into_iter().flatten().filter(|word| word.len() > 1);
    told.filter(|word| !matches!(word.as_str(), "sec" | "second" | "day" | "week"))
        .find_map(|word| named(word))
}

/// What a column is in, as far as anything says it.
pub(super) fn unit_of_column(column: &Column) -> Option<KnownUnit> {
    let format = &column.format;
    if format.style == Some(NumberStyle::Percent) {
        return Some(KnownUnit::Percent);
    }
    if format.currency.is_some() || format.style == Some(NumberStyle::Currency) {
        return Some(KnownUnit::Money(format.currency.clone()));
    }
    if let Some(suffix) = format.suffix.as_deref().and_then(named) {
        return Some(suffix);
    }
    if column.says_percent() {
        return Some(KnownUnit::Percent);
    }
    let description = column.description.as_deref().unwrap_or_default();
    let short = (!description.trim_end_matches('.').contains(' ')).then_some(description);
    let told = column.told_unit();
    let told = told.as_deref().or(short).and_then(named);
    if told.is_some() {
        return told;
    }
    let unit = in_name(&column.label).or_else(|| in_name(&column.name));
    // `price_kg` is money for each of them.
    unit.filter(|unit| !is_amount(column) || matches!(unit, KnownUnit::Money(_) | KnownUnit::Percent))
}

/// What a figure is written in.
fn written(seat: &FigureContext<'_, '_, '_>, number: &Number) -> Option<KnownUnit> {
    if number.percent {
        let own = Span::new(number.start, number.end).of(seat.context.text);
        let points = own.contains("oint") || own.contains("pp") || own.contains("unkt");
        return (!points).then_some(KnownUnit::Percent);
    }
    if let Some(code) = number.currency {
        let own = Span::new(number.start, number.end).of(seat.context.text);
        // Many dollars and yen are written with one sign.
        let shared = own.contains(['$', '¥']);
        return Some(KnownUnit::Money((!shared).then(|| code.to_owned())));
    }
    // `a 7-day average`, `24-hour clock`: no figure of a column.
    let hyphen = seat
        .context
        .text
        .get(number.end..)
        .unwrap_or_default()
        .starts_with('-');
    if let Some(behind) = unit_behind(seat, number.end) {
        return (!hyphen).then_some(KnownUnit::Time(behind));
    }
    let next = seat.context.words_from(number.end).first()?;
    let gap = Span::new(number.end, next.span.start).of(seat.context.text);
    let close = matches!(gap.trim_matches(['*', '_']), " " | "\u{a0}" | "\u{202f}");
    measure(&next.low).filter(|_| close).map(KnownUnit::Measure)
}

/// Whether a percentage is said to be of a unit of time at once: `38.9 % minutes late`.
fn is_in_two_units(seat: &FigureContext<'_, '_, '_>, number: &Number) -> bool {
    const PLURALS: [&str; 6] = ["minutes", "hours", "seconds", "minuten", "stunden", "sekunden"];
    let next = seat.context.words_from(number.end).first();
    number.percent
        && next.is_some_and(|next| PLURALS.contains(&next.low.as_str()))
        && unit_behind(seat, number.end).is_some()
}

/// Whether a figure is written in another unit than a column is in.
pub(super) fn is_in_another_unit(
    seat: &FigureContext<'_, '_, '_>,
    number: &Number,
    (material, column): (usize, usize),
) -> bool {
    let index = seat.context.index;
    let (Some(shape), Some(table)) = (
        index.shapes.get(material),
        index.materials.get(material).map(|one| one.table),
    ) else {
        return false;
    };
    let Some(described) = table.columns.get(column) else {
        return false;
    };
    if super::cells::is_calculation(table) {
        return false;
    }
    if is_in_two_units(seat, number) {
        return true;
    }
    let Some(written) = written(seat, number) else {
        return false;
    };
    let rate = shape.rates.contains(&column);
    let told = unit_of_column(described);
    let counts = || {
        let words = name_words(&format!("{} {}", described.name, described.label));
        let counted = words.iter().any(|word| Concept::CountName.has(word));
        described.kind == ColumnKind::Integer
            && !rate
            && !is_amount(described)
            && (shape.counts.contains(&column) || counted)
    };
    let known = match told {
        Some(known) => known,
        None if counts() => KnownUnit::Count,
        None => return false,
    };
    match (&written, &known) {
        (KnownUnit::Money(Some(one)), KnownUnit::Money(Some(other))) => one != other,
        // What is counted may be days or bottles.
        (KnownUnit::Money(_), KnownUnit::Money(_))
        | (KnownUnit::Time(_) | KnownUnit::Measure(_), KnownUnit::Count) => false,
        // A rate may be written in percent, whatever its name says besides.
        (KnownUnit::Percent, known) => *known != KnownUnit::Percent && !rate,
        (written, known) => written != known,
    }
}
