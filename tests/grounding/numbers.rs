//! Numbers in prose.

use cardinal::grounding::{Kind, Number, Separators, Sign, numbers};
use proptest::prelude::*;

fn one(text: &str) -> Number {
    let mut found = numbers(text, Separators::English);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    found.remove(0)
}

#[test]
fn figures_as_people_write_them() {
    let cases: [(&str, f64, &str); 37] = [
        ("we made 1,234,567.89 in all", 1_234_567.89, "1,234,567.89"),
        ("it is 12", 12.0, "12"),
        ("about $1.2M.", 1_200_000.0, "$1.2M"),
        ("US$ 3.5 billion", 3.5e9, "US$ 3.5 billion"),
        ("12K orders", 12_000.0, "12K"),
        ("12k orders", 12_000.0, "12k"),
        ("$5m this year", 5e6, "$5m"),
        ("took 5m to load", 5.0, "5"),
        ("3 thousand people", 3_000.0, "3 thousand"),
        ("grew 5.2%", 5.2, "5.2%"),
        ("grew 5.2 percent", 5.2, "5.2 percent"),
        ("by 3 percentage points", 3.0, "3 percentage points"),
        ("at -4.5 now", -4.5, "-4.5"),
        ("at \u{2212}4.5 now", -4.5, "\u{2212}4.5"),
        ("-$1,000", -1_000.0, "-$1,000"),
        ("$-1,000", -1_000.0, "$-1,000"),
        ("the loss: (1,234)", -1_234.0, "(1,234)"),
        ("the result was ($1,234.50)", -1_234.5, "($1,234.50)"),
        ("a share of .5", 0.5, ".5"),
        ("1.5e6 rows", 1.5e6, "1.5e6"),
        ("12 EUR", 12.0, "12 EUR"),
        ("€12", 12.0, "€12"),
        ("1234", 1_234.0, "1234"),
        ("**1,234**", 1_234.0, "1,234"),
        ("+7 more", 7.0, "+7"),
        ("well-12 is odd", 12.0, "12"),
        ("there were 2025 orders", 2_025.0, "2025"),
        ("2,025 orders", 2_025.0, "2,025"),
        ("1,2345", 1.0, "1"),
        ("12x", 12.0, "12"),
        ("5 USD", 5.0, "5 USD"),
        ("446\u{202f}213.55 in all", 446_213.55, "446\u{202f}213.55"),
        ("1\u{a0}446\u{a0}213.55", 1_446_213.55, "1\u{a0}446\u{a0}213.55"),
        ("446\u{2009}213 orders", 446_213.0, "446\u{2009}213"),
        ("446\u{2019}213.55", 446_213.55, "446\u{2019}213.55"),
        ("1'446'213", 1_446_213.0, "1'446'213"),
        ("446,213\u{a0}USD", 446_213.0, "446,213\u{a0}USD"),
    ];
    for (text, value, written) in cases {
        let found = numbers(text, Separators::English);
        let number = &found[0];
        assert_eq!(number.value, value, "{text}: {number:?}");
        assert_eq!(&text[number.start..number.end], written, "{text}");
        assert_eq!(number.kind, Kind::Quantity, "{text}");
    }
}

#[test]
fn what_only_looks_like_a_figure() {
    let cases = [
        ("in 2025", Kind::Year),
        ("2025: good", Kind::Year),
        ("Q1", Kind::Label),
        ("version 2.0.1 is out", Kind::Label),
        ("on 2025-03-01", Kind::Date),
        ("in 2025-03", Kind::Date),
        ("since 2025-Q1", Kind::Date),
        ("at 2025-03-01T10:00:00Z", Kind::Date),
        ("at 10:30", Kind::Date),
        ("on June 5", Kind::Date),
        ("on 5 June", Kind::Date),
        ("the 3rd", Kind::Ordinal),
        ("#3", Kind::Ordinal),
        ("the top 5", Kind::Ordinal),
        ("1. Widget", Kind::ListMarker),
        ("  2) Gadget", Kind::ListMarker),
        ("in the last 12 months", Kind::Span),
    ];
    for (text, kind) in cases {
        assert_eq!(one(text).kind, kind, "{text}");
    }
}

#[test]
fn ranges_are_two_numbers_and_no_minus() {
    for text in ["10-20", "10–20", "5%–10%", "$5-$10", "10 to 20"] {
        let found = numbers(text, Separators::English);
        assert_eq!(found.len(), 2, "{text}: {found:?}");
        assert!(found.iter().all(|number| number.value > 0.0), "{text}: {found:?}");
    }
}

#[test]
fn an_aside_in_brackets_may_be_either() {
    let number = one("Germany leads (1,234)");
    assert_eq!((number.sign, number.value), (Sign::Bracketed, 1_234.0));
}

#[test]
fn other_separators_only_when_asked() {
    let cases = [
        ("1.234,5", Separators::German, 1_234.5),
        ("1 234,5", Separators::French, 1_234.5),
        ("1\u{202f}234,5", Separators::French, 1_234.5),
        ("1'234,5", Separators::German, 1_234.5),
        ("3,2 Mrd", Separators::German, 3.2e9),
    ];
    for (text, separators, value) in cases {
        let found = numbers(text, separators);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(found[0].value, value, "{text}");
        assert_ne!(numbers(text, Separators::English)[0].value, value, "{text}");
    }
}

#[test]
fn percent_currency_and_precision_are_kept() {
    let number = one("€1.25M");
    assert_eq!(
        (number.currency, number.last_place, number.digits),
        (Some("EUR"), 10_000.0, 3)
    );
    assert!(one("12.50 %").percent);
    assert_eq!(one("12.50 %").digits, 4);
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_in_order(text in "\\PC{0,60}") {
        let mut end = 0;
        for number in numbers(&text, Separators::English) {
            prop_assert!(number.start < number.end && number.end <= text.len());
            prop_assert!(number.start >= end, "{number:?} begins before {end}");
            prop_assert!(text.is_char_boundary(number.start) && text.is_char_boundary(number.end));
            end = number.end;
        }
    }

    #[test]
    fn a_grouped_number_is_the_number(value in 0_u64..1_000_000_000_000) {
        let plain = value.to_string();
        let mut grouped = String::new();
        for (at, digit) in plain.chars().enumerate() {
            if at > 0 && (plain.len() - at) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let text = format!("there were {grouped} orders");
        let found = numbers(&text, Separators::English);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].value, plain.parse::<f64>().unwrap());
        prop_assert_eq!(&text[found[0].start..found[0].end], grouped);
    }
}
