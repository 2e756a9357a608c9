//! The unit that a description tells in words: USD in `Sum of payments in USD.`, thousands of EUR in `In thousands of EUR`, hours in
//! `Mean time to the first reply, in hours.` Columns without a format often have their unit nowhere else.

/// Currencies by code, in capitals as people write them.
pub(super) const CODES: [&str; 33] = [
    "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF",
    "IDR", "ILS", "INR", "JPY", "KRW", "MXN", "NOK", "NZD", "PLN", "RON", "SAR", "SEK", "SGD", "THB", "TRY",
    "UAH", "USD", "ZAR",
];
/// Currencies by name.
const MONEY: [&str; 14] = [
    "cent", "cents", "dollar", "dollars", "euro", "euros", "franc", "francs", "pound", "pounds", "rupees",
    "sterling", "yen", "yuan",
];
/// Other units. They are common words, so they count only at the end of what is said.
const MEASURES: [&str; 32] = [
    "bytes",
    "days",
    "gb",
    "grams",
    "gwh",
    "hours",
    "kb",
    "kg",
    "kilograms",
    "kilometers",
    "kilometres",
    "km",
    "kwh",
    "liters",
    "litres",
    "mb",
    "meters",
    "metres",
    "miles",
    "milliseconds",
    "minutes",
    "months",
    "ms",
    "mwh",
    "percent",
    "seconds",
    "tb",
    "tonnes",
    "tons",
    "weeks",
    "years",
    "%",
];
const SCALES: [&str; 6] = [
    "billion",
    "billions",
    "million",
    "millions",
    "thousand",
    "thousands",
];
/// What ends a part of a sentence.
const ENDS: [char; 7] = ['.', ',', ';', ':', ')', ']', '!'];

/// The only unit that a description tells, in its own words; `None` where it tells none, or several.
pub(super) fn described_unit(text: &str) -> Option<String> {
    only_unit(text, |_| true)
}

/// The unit that a text names without `in`, as notes on a column do: `hours`, `EUR to growers`, `List price EUR per bottle`,
/// `the same for Swiss invoices, CHF`. `None` where the currency only says of which things it speaks, as in `EUR invoices`.
pub(super) fn own_unit(text: &str) -> Option<String> {
    const BEFORE: [&str; 8] = [
        "amount", "amounts", "cost", "payout", "price", "revenue", "sales", "value",
    ];
    const BEHIND: [&str; 14] = [
        "a", "after", "before", "each", "excl", "for", "from", "gross", "incl", "net", "of", "per", "to",
        "with",
    ];
    let whole = text.trim().trim_end_matches(ENDS);
    if among(&MEASURES, whole) || (whole.starts_with('°') && !whole.contains(' ')) {
        return Some(whole.to_owned());
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let bare = |word: &&str| word.trim_end_matches(ENDS).to_owned();
    if words.iter().any(|word| among(&SCALES, &bare(word))) {
        return None;
    }
    let mut codes = words
        .iter()
        .enumerate()
        .filter(|(_, word)| CODES.contains(&bare(word).as_str()));
    let (at, word) = codes.next().filter(|_| codes.next().is_none())?;
    let before = at.checked_sub(1).and_then(|at| words.get(at));
    let begins = before.is_none_or(|before| before.ends_with(ENDS) || among(&BEFORE, before));
    let ends = word.ends_with(ENDS) || words.get(at + 1).is_none_or(|next| among(&BEHIND, &bare(next)));
    (begins && ends).then(|| bare(word))
}

/// The unit that a text about several columns tells of the one with these names: of the word right before it, as in
/// `Revenue (USD, completed orders only) and number of orders`. `None` where it tells several.
pub(super) fn unit_of(text: &str, names: &[&str]) -> Option<String> {
    only_unit(text, |before| {
        before.is_some_and(|before| names.iter().any(|name| has_word(name, before)))
    })
}

/// The only unit that a text tells behind the words that count, given the word before each place; `None` where there is
/// none, or several.
fn only_unit(text: &str, counts: impl Fn(Option<&str>) -> bool) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found: Vec<String> = (0..words.len())
        .filter(|at| counts(at.checked_sub(1).and_then(|before| words.get(before)).copied()))
        .filter_map(|at| unit_at(words.get(at..).unwrap_or_default()))
        .collect();
    found.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    match found.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// Whether a name of a column has this word, in the singular or the plural.
fn has_word(name: &str, word: &str) -> bool {
    let singular = |text: &str| {
        let low = text.to_lowercase();
        low.strip_suffix('s').map_or_else(|| low.clone(), str::to_owned)
    };
    let wanted = singular(word);
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    wanted.len() >= 3 && words.any(|one| singular(one) == wanted)
}

/// The unit behind `in`, or in brackets: `in thousands of US dollars`, `(USD`.
fn unit_at(words: &[&str]) -> Option<String> {
    let (first, rest) = words.split_first()?;
    let opened = first.strip_prefix(['(', '[']);
    let says_in = opened.unwrap_or(first).eq_ignore_ascii_case("in");
    let rest = match (says_in, opened) {
        (true, _) => rest,
        (false, Some(_)) => words,
        (false, None) => return None,
    };
    let mut told: Vec<&str> = Vec::new();
    let mut rest = rest.iter().map(|word| word.trim_start_matches(['(', '[']));
    let mut word = rest.next()?;
    if among(&SCALES, word) {
        told.push(word);
        word = rest.next()?;
        if word.eq_ignore_ascii_case("of") {
            told.push(word);
            word = rest.next()?;
        }
    }
    if word.eq_ignore_ascii_case("us") {
        told.push(word);
        word = rest.next()?;
    }
    let unit = word.trim_end_matches(ENDS);
    let ends = unit.len() < word.len() || rest.next().is_none_or(|next| next == "per");
    let counts = CODES.contains(&unit) || among(&MONEY, unit) || (ends && among(&MEASURES, unit));
    told.push(unit);
    counts.then(|| told.join(" "))
}

/// Whether a unit is a currency, by its code or name, and no multiple of one.
pub(super) fn is_currency(unit: &str) -> bool {
    let unit = unit.strip_prefix("US ").unwrap_or(unit);
    CODES.contains(&unit) || (among(&MONEY, unit) && !unit.to_lowercase().starts_with("cent"))
}

fn among(words: &[&str], word: &str) -> bool {
    let low = word.to_lowercase();
    words.contains(&low.as_str())
}

#[cfg(test)]
mod tests {
    use super::{described_unit, unit_of};

    #[test]
    fn a_text_about_several_columns_tells_the_unit_of_the_one_that_it_names() {
        let text = "Revenue (USD, completed orders only) and number of orders per month.";
        for (text, column, unit) in [
            (text, "revenue", Some("USD")),
            (text, "revenue_2025", Some("USD")),
            (text, "orders", None),
            (
                "Payments received (USD) and number of invoices.",
                "received",
                Some("USD"),
            ),
            (
                "Refunded amount (USD) and refunded orders",
                "refunded_orders",
                None,
            ),
            (
                "Refunded amount (USD) and refunded orders",
                "refunded_amount",
                Some("USD"),
            ),
            ("Weights in kg, volumes in litres.", "Weight", Some("kg")),
            ("Price (USD) of now and price (EUR) of then.", "price", None),
            ("Orders, by month, in USD.", "month", None),
        ] {
            assert_eq!(unit_of(text, &[column]).as_deref(), unit, "{text} {column}");
        }
    }

    #[test]
    fn the_only_unit_is_told_in_the_words_of_the_description() {
        for (text, unit) in [
            ("Sum of order totals in USD, tax included.", Some("USD")),
            (
                "Revenue (USD, completed orders only) and number of orders.",
                Some("USD"),
            ),
            (
                "In thousands of USD, negative for a loss.",
                Some("thousands of USD"),
            ),
            (
                "Sum of net income in thousands of US dollars.",
                Some("thousands of US dollars"),
            ),
            ("Mean time to the first reply, in hours.", Some("hours")),
            ("Share of trials that convert (in percent)", Some("percent")),
            ("Amounts in EUR; in EUR since ever", Some("EUR")),
            ("Converted from amounts in GBP to amounts in EUR", None),
            ("Orders of at least 300 USD.", None),
            ("Accounts that were opened in months with a holiday", None),
            ("Orders placed in 2025.", None),
            ("", None),
        ] {
            assert_eq!(described_unit(text).as_deref(), unit, "{text}");
        }
    }
}
