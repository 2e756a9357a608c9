//! What a column measures, by its name, its format and its numbers: money, things counted, parts of a whole.

use super::index::CellIndex;
use super::vocabulary::Concept;
use crate::result::{Column, ColumnKind, ColumnSummary, NumberStyle};

/// Whether a name is one of parts of a whole.
pub(super) fn is_rate(name: &str, label: &str) -> bool {
    let low = format!("{name} {label}").to_lowercase();
    let words = super::keys::name_words(&format!("{name} {label}"));
    Concept::RateName.words().any(|word| names(&low, &words, word))
}

/// Whether a word stands in a name: short ones alone, for there is a `rate` in `nitrate` and a `ratio` in `duration`.
fn names(low: &str, words: &[String], word: &str) -> bool {
    if matches!(word, "rate" | "ratio") {
        words.iter().any(|one| super::text::stem(one) == word)
    } else {
        low.contains(word)
    }
}

/// A name without the percent signs that stand behind a number.
fn without_bounds(name: &str) -> String {
    let mut kept = String::with_capacity(name.len());
    for c in name.chars() {
        if c == '%' && kept.trim_end().ends_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        kept.push(c);
    }
    kept
}

/// Whether a column is of money.
pub(super) fn is_amount(column: &Column) -> bool {
    let low = format!("{} {}", column.name, column.label).to_lowercase();
    column.format.style == Some(NumberStyle::Currency) || is_money_word(&low)
}

/// Whether a word is of money.
pub(super) fn is_money_word(low: &str) -> bool {
    Concept::MoneyName.words().any(|word| low.contains(word))
}

/// Whether a column counts things, beside another one with amounts: what is in a currency is not in it.
pub(super) fn is_count_column(index: &CellIndex<'_>, material: usize, column: usize) -> bool {
    let (Some(shape), Some(table)) = (
        index.shapes.get(material),
        index.materials.get(material).map(|material| material.table),
    ) else {
        return false;
    };
    let kind = |at: usize| table.columns.get(at).map(|column| column.kind);
    let named = table
        .columns
        .get(column)
        .is_some_and(|column| is_money_word(&format!("{} {}", column.name, column.label).to_lowercase()));
    let counted = table.columns.get(column).is_some_and(|column| {
        let words = super::keys::name_words(&format!("{} {}", column.name, column.label));
        words.iter().any(|word| Concept::CountName.has(word))
    });
    let amounts = shape.numeric.iter().any(|at| {
        let amount = || *at != column && table.columns.get(*at).is_some_and(is_amount);
        kind(*at) == Some(ColumnKind::Number) || amount()
    });
    let currency = table
        .columns
        .get(column)
        .is_some_and(|column| column.format.style == Some(NumberStyle::Currency));
    (counted || !named) && !currency && amounts && kind(column) == Some(ColumnKind::Integer)
}

/// Whether a column's numbers are parts of a whole.
pub(super) fn is_rate_column(index: &CellIndex<'_>, material: usize, column: usize) -> bool {
    let table = index.materials.get(material).map(|material| material.table);
    let Some(named) = table.and_then(|table| table.columns.get(column)) else {
        return false;
    };
    // `Responders (HbA1c < 7 %)` are so many: the sign belongs to the bound.
    let low = without_bounds(&format!("{} {}", named.name, named.label).to_lowercase());
    if named.format.style == Some(NumberStyle::Percent) {
        return true;
    }
    // What is counted may be named so: `paid_conversions`, `price_changes`.
    let words = super::keys::name_words(&format!("{} {}", named.name, named.label));
    let part = ["rate", "percent", "pct", "%", "share"]
        .iter()
        .any(|word| names(&low, &words, word));
    if named.kind == ColumnKind::Integer && !part {
        return false;
    }
    // `Yield (dt/ha)` and `Nitrate (mg/l)` have a unit of their own.
    let unit = named.label.split_once('(').map(|(_, unit)| unit);
    if unit.is_some_and(|unit| unit.contains('/')) && !part {
        return false;
    }
    // An exchange rate is not a part of a whole.
    let plainly = Concept::RateName
        .words()
        .any(|word| word != "rate" && !Concept::RateOrMoneyName.has(word) && names(&low, &words, word));
    let small = || match index.summary(material, column) {
        Some(ColumnSummary::Numbers { min, max, .. }) => max.as_f64() <= 100.0 && min.as_f64() >= -100.0,
        _ => true,
    };
    plainly || (is_rate(&named.name, &named.label) && small())
}

/// Whether a column is of changes or differences by its name, so that its values have signs: `goal_difference`, and not
/// `goals_against`.
pub(super) fn is_of_changes(column: &Column) -> bool {
    const NO_CHANGES: [&str; 8] = ["against", "vs", "versus", "than", "point", "points", "up", "down"];
    let words = super::keys::name_words(&format!("{} {}", column.name, column.label));
    let mut telling = words.iter().filter(|word| !NO_CHANGES.contains(&word.as_str()));
    telling.any(|word| super::cues::names_a_change(word, ""))
}
