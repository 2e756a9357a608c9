//! A unit that stands in the text already is not written again, and a unit that is written is not left twice.

use cardinal::references::ReferencedText;
use cardinal::result::{ColumnKind, HeldResults, NumberStyle};
use serde_json::{Value, json};

use super::kit::{column, hold, known, problem, resolved, table};

/// A text over one result with an amount of a currency in each row.
async fn in_currency(code: &str, text: &str) -> String {
    let mut held = HeldResults::default();
    let mut money = column("amount", ColumnKind::Number);
    money.format.currency = Some(code.to_owned());
    let columns = vec![column("shop", ColumnKind::Text), money];
    let rows = vec![vec![json!("East"), json!(12.5)], vec![json!("West"), json!(-3)]];
    hold(&mut held, table(columns, rows));
    ReferencedText::of(text, &known(&held).await).text().to_owned()
}

#[tokio::test]
async fn a_currency_is_written_once() {
    for (code, written, text) in [
        ("USD", "It was {{r1 @ East}} USD.", "It was $12.50."),
        ("USD", "It was {{r1 @ East}} usd in all", "It was $12.50 in all"),
        ("USD", "It was {{r1 @ East}}$.", "It was $12.50."),
        ("USD", "It was {{r1 @ West}} USD", "It was -$3.00"),
        (
            "USD",
            "USD {{r1 @ East}} and ${{r1 @ East}}",
            "USD 12.50 and $12.50",
        ),
        ("CHF", "{{r1 @ East}} CHF, {{r1 @ East}}", "CHF 12.50, CHF 12.50"),
        ("CHF", "CHF {{r1 @ East}}", "CHF 12.50"),
        ("EUR", "{{r1 @ East}} € netto", "€12.50 netto"),
        ("EUR", "{{r1 @ East}} EUR", "€12.50"),
        ("USD", "{{r1 @ East | M}} million USD", "$0.0000125M"),
    ] {
        assert_eq!(in_currency(code, written).await, text, "{written}");
    }
}

#[tokio::test]
async fn what_is_no_unit_of_the_figure_stays() {
    for (code, written, text) in [
        ("USD", "{{r1 @ East}} USD-based", "$12.50 USD-based"),
        ("USD", "{{r1 @ East}} $5 less", "$12.50 $5 less"),
        ("USD", "{{r1 @ East}} EUR", "$12.50 EUR"),
        ("USD", "{{r1 @ East}} USDT", "$12.50 USDT"),
        ("USD", "{{r1 @ East}}\nUSD 5", "$12.50\nUSD 5"),
        ("USD", "{{r1 @ East}} (USD)", "$12.50 (USD)"),
        ("USD", "BUSD {{r1 @ East}}", "BUSD $12.50"),
    ] {
        assert_eq!(in_currency(code, written).await, text, "{written}");
    }
    let change = "{{change r2 revenue @ 2023 -> 2024}}";
    for (behind, text) in [
        (" percent, then", "20%, then"),
        (" per cent", "20%"),
        (" percentage points", "20% percentage points"),
        (" more", "20% more"),
    ] {
        assert_eq!(resolved(&format!("{change}{behind}")).await.text(), text);
    }
    assert_eq!(
        resolved("{{r2 revenue @ 2024 | M}} million, {{r1 revenue @ 2025-01 | K}}K")
            .await
            .text(),
        "1.2M, 28.6K"
    );
}

async fn of_column(name: &str, values: &[Value], text: &str) -> String {
    let mut held = HeldResults::default();
    let columns = vec![column("shop", ColumnKind::Text), column(name, ColumnKind::Number)];
    let shops = ["East", "West", "South"].map(|shop| json!(shop));
    let rows = shops
        .into_iter()
        .zip(values)
        .map(|(shop, value)| vec![shop, value.clone()]);
    hold(&mut held, table(columns, rows.collect()));
    ReferencedText::of(text, &known(&held).await).text().to_owned()
}

#[tokio::test]
async fn a_column_of_percentages_is_written_with_its_sign() {
    let values = [json!(5.78), json!(100.0), json!(0.5)];
    for (name, written, text) in [
        ("refund_rate_percent", "{{r1 @ East}} of orders", "5.8% of orders"),
        (
            "refund_rate_percent",
            "{{r1 @ East}} % of orders",
            "5.8% of orders",
        ),
        ("refund_rate_percent", "{{r1 @ East | % 2}}", "5.78%"),
        ("share_pct", "{{r1 @ West}}", "100%"),
        ("share_pct", "{{r1 share_pct @ max}}", "100%"),
        ("Growth %", "{{r1 Growth % @ South}}", "0.5%"),
        // From 5.78 % to 100 % are 94.22 points and no percent.
        (
            "share_pct",
            "{{diff r1 share_pct @ East -> West}} points",
            "94.22 points",
        ),
        ("rate", "{{r1 @ East}}", "5.78"),
    ] {
        assert_eq!(of_column(name, &values, written).await, text, "{name} {written}");
    }
    // Such values may be fractions in spite of the name: nothing is claimed of them.
    let fractions = [json!(0.0578), json!(1), json!(0.5)];
    assert_eq!(of_column("share_pct", &fractions, "{{r1 @ South}}").await, "0.5");
    let printed = of_column("share_pct", &values, "{{table r1}}").await;
    assert!(printed.contains("| East | 5.8% |"), "{printed}");
}

#[tokio::test]
async fn a_declared_fraction_named_percent_is_still_a_fraction() {
    let mut held = HeldResults::default();
    let mut share = column("share_percent", ColumnKind::Number);
    share.format.style = Some(NumberStyle::Percent);
    hold(&mut held, table(vec![share], vec![vec![json!(1.25)]]));
    let text = ReferencedText::of("{{r1}}", &known(&held).await);
    assert_eq!(text.text(), "125%");
}

#[tokio::test]
async fn no_format_is_made_up() {
    let said = problem("{{r1 revenue @ 2025-02 | USD}}").await;
    assert!(said.contains("there is no format \"usd\""), "{said}");
}
