use cardinal::references::ReferencedText;
use cardinal::result::{Column, ColumnFormat, ColumnKind, HeldResults, NumberStyle};
use serde_json::{Value, json};

use super::kit::{column, hold, known, resolved, table};

#[tokio::test]
async fn a_figure_is_written_as_its_column_is_unless_another_format_is_asked_for() {
    for (written, text) in [
        ("{{r1 revenue @ 2025-01}}", "28,550.43"),
        ("{{r1 revenue @ 2025-01 | 0}}", "28,550"),
        ("{{r1 revenue @ 2025-01 | 1}}", "28,550.4"),
        ("{{r1 revenue @ 2025-01 | 3 significant}}", "28,600"),
        ("{{r1 revenue @ 2025-01 | K}}", "28.6K"),
        ("{{r1 revenue @ 2025-01 | K, 2}}", "28.55K"),
        ("{{r2 revenue @ 2024 | M}}", "1.2M"),
        ("{{r2 revenue @ 2024 | M 2}}", "1.20M"),
        ("{{r1 conversion_rate @ 2025-01 | %}}", "12.5%"),
        ("{{r1 conversion_rate @ 2025-01 | % 0}}", "13%"),
        ("{{r1 conversion_rate @ 2025-01}}", "0.125"),
        ("{{r2 fiscal_year @ 2024}}", "2024"),
        ("{{r1 created_at @ 2025-01}}", "2025-01"),
        ("{{r6 customer_id @ 40012}}", "40012"),
    ] {
        assert_eq!(resolved(written).await.text(), text, "{written}");
    }
}

/// The value as a column of this format writes it.
async fn of_format(kind: ColumnKind, format: ColumnFormat, value: Value, wanted: &str) -> String {
    let mut held = HeldResults::default();
    let column = Column {
        format,
        ..column("amount", kind)
    };
    hold(&mut held, table(vec![column], vec![vec![value]]));
    let text = ReferencedText::of(&format!("{{{{r1 amount{wanted}}}}}"), &known(&held).await);
    text.text().to_owned()
}

#[tokio::test]
async fn the_format_that_an_analyst_set_up_is_used() {
    let currency = |code: &str| ColumnFormat {
        style: Some(NumberStyle::Currency),
        currency: Some(code.to_owned()),
        ..ColumnFormat::default()
    };
    let number = ColumnKind::Number;
    for (format, value, wanted, text) in [
        (currency("USD"), json!(1234.5), "", "$1,234.50"),
        (currency("USD"), json!(-1234.5), "", "-$1,234.50"),
        (currency("EUR"), json!(1_234_567.8), " | M", "€1.23M"),
        (currency("CHF"), json!(12), "", "CHF 12.00"),
        (currency("JPY"), json!(1234.5), "", "¥1,235"),
    ] {
        assert_eq!(of_format(number, format, value, wanted).await, text);
    }
    assert_eq!(
        of_format(ColumnKind::Integer, currency("USD"), json!(1_200_000), "").await,
        "$1,200,000"
    );
    let fraction = || ColumnFormat {
        style: Some(NumberStyle::Percent),
        ..ColumnFormat::default()
    };
    assert_eq!(of_format(number, fraction(), json!(0.4213), "").await, "42.1%");
    assert_eq!(
        of_format(number, fraction(), json!(0.4213), " | % 0").await,
        "42%"
    );
    let scaled = ColumnFormat {
        scale: Some("0.001".parse().unwrap()),
        suffix: Some(" k".to_owned()),
        decimals: Some(1),
        ..ColumnFormat::default()
    };
    assert_eq!(of_format(number, scaled, json!(12500), "").await, "12.5 k");
}

#[tokio::test]
async fn a_day_is_written_in_the_style_of_its_column_where_that_is_clear() {
    for (style, text) in [
        (Some("D MMMM, YYYY"), "4 March, 2025"),
        (Some("MMMM D, YYYY"), "March 4, 2025"),
        (Some("dddd, MMMM D, YYYY"), "Tuesday, March 4, 2025"),
        (Some("YYYY/M/D"), "2025/3/4"),
        // Day and month could be taken for each other.
        (Some("M/D/YYYY"), "2025-03-04"),
        (Some("D/M/YYYY"), "2025-03-04"),
        (Some("what MMMM"), "2025-03-04"),
        (None, "2025-03-04"),
    ] {
        let format = ColumnFormat {
            date_style: style.map(str::to_owned),
            ..ColumnFormat::default()
        };
        let written = of_format(ColumnKind::Date, format, json!("2025-03-04"), "").await;
        assert_eq!(written, text, "{style:?}");
    }
    let month = Column {
        format: ColumnFormat {
            date_style: Some("MMMM D, YYYY".to_owned()),
            ..ColumnFormat::default()
        },
        ..super::kit::bucketed("month", "month")
    };
    let mut held = HeldResults::default();
    hold(&mut held, table(vec![month], vec![vec![json!("2025-03-01")]]));
    let text = ReferencedText::of("{{r1 month}}", &known(&held).await);
    assert_eq!(text.text(), "2025-03", "a bucket is no day");
}

/// Contracts begin on the first of a month: only what is called a month, or runs through several of them, is written as one.
#[tokio::test]
async fn days_that_are_firsts_of_months_stay_days() {
    for (name, days, written) in [
        (
            "day",
            &["2025-01-01", "2025-01-01", "2025-03-01"][..],
            "2025-03-01",
        ),
        (
            "billed_on",
            &["2024-01-01", "2025-01-01", "2026-01-01"],
            "2026-01-01",
        ),
        ("timestamps", &["2025-01-01", "2025-02-01"], "2025-02-01"),
        ("started", &["2025-01-01", "2025-02-01", "2025-03-01"], "2025-03"),
        ("started", &["2025-03-01", "2025-02-01", "2025-01-01"], "2025-03"),
        ("order_month", &["2025-01-01", "2025-03-01"], "2025-03"),
        ("month", &["2025-01-01", "2025-03-02"], "2025-03-02"),
    ] {
        let rows = days.iter().map(|day| vec![json!(day)]).collect();
        let mut held = HeldResults::default();
        hold(
            &mut held,
            table(vec![super::kit::column(name, ColumnKind::Date)], rows),
        );
        let pointed = format!("{{{{r1 {name} @ last}}}}");
        let text = ReferencedText::of(&pointed, &known(&held).await);
        assert_eq!(text.text(), written, "{name} {days:?}");
    }
}

/// The first value of a column of these, as it is written.
async fn first_of(column: Column, values: &[Value], wanted: &str) -> String {
    let mut held = HeldResults::default();
    let name = column.name.clone();
    let rows = (1..)
        .zip(values)
        .map(|(row, value)| vec![json!(format!("s{row}")), value.clone()]);
    let columns = vec![super::kit::column("shop", ColumnKind::Text), column];
    hold(&mut held, table(columns, rows.collect()));
    let text = format!("{{{{r1 {name} @ s1{wanted}}}}}");
    ReferencedText::of(&text, &known(&held).await).text().to_owned()
}

#[tokio::test]
async fn money_keeps_its_cents_where_its_column_has_any() {
    let cents = [json!(1_025_076.8), json!(12), json!(414_263.95)];
    let described = |text: &str| Column {
        description: Some(text.to_owned()),
        ..column("unpaid", ColumnKind::Number)
    };
    let labelled = |text: &str| Column {
        label: text.to_owned(),
        ..column("unpaid", ColumnKind::Number)
    };
    for money in [
        labelled("Unpaid (EUR)"),
        described("What is open, in EUR."),
        column("unpaid_chf", ColumnKind::Number),
    ] {
        assert_eq!(first_of(money.clone(), &cents, "").await, "1,025,076.80");
        assert_eq!(
            first_of(money.clone(), &[json!(12), json!(1.5)], "").await,
            "12.00"
        );
        assert_eq!(
            first_of(money.clone(), &[json!(976_443.899_999_99), json!(1)], "").await,
            "976,443.90"
        );
        assert_eq!(
            first_of(money.clone(), &[json!(12), json!(2)], "").await,
            "12",
            "no cents"
        );
        assert_eq!(
            first_of(money.clone(), &[json!(1.789), json!(2)], "").await,
            "1.789",
            "a price"
        );
        assert_eq!(first_of(money, &cents, " | 0").await, "1,025,077");
    }
    for other in [
        described("In thousands of EUR."),
        labelled("Weight (kg)"),
        labelled("Unpaid"),
    ] {
        assert_eq!(first_of(other, &cents, "").await, "1,025,076.8");
    }
    let mut held = HeldResults::default();
    let rows = [("a", 1200.5, 8), ("b", 800.1, 3)];
    let rows = rows
        .into_iter()
        .map(|(shop, cost, jobs)| vec![json!(shop), json!(cost), json!(jobs)]);
    let columns = vec![
        column("shop", ColumnKind::Text),
        column("cost_eur", ColumnKind::Number),
        column("jobs", ColumnKind::Integer),
    ];
    hold(&mut held, table(columns, rows.collect()));
    let text = "{{r1 cost_eur @ total}} {{diff r1 cost_eur @ b -> a}} {{ratio r1 cost_eur @ b / r1 jobs @ b}} {{r1 jobs @ total}}";
    let text = ReferencedText::of(text, &known(&held).await);
    assert_eq!(text.text(), "2,000.60 400.40 266.70 11");
}

#[tokio::test]
async fn years_have_no_thousands_also_where_they_are_means() {
    for (name, text) in [
        ("avg_year_built", "2005.7"),
        ("mean_year", "2005.7"),
        ("construction_year", "2005.7"),
        ("orders_per_year", "2,005.7"),
        ("year_total", "2,005.7"),
        ("last_year", "2,005.7"),
    ] {
        let values = [json!(2005.7), json!(1998)];
        assert_eq!(
            first_of(column(name, ColumnKind::Number), &values, "").await,
            text,
            "{name}"
        );
    }
    let values = [json!(20_057), json!(1998)];
    let cost = first_of(column("avg_year_built", ColumnKind::Number), &values, "").await;
    assert_eq!(cost, "20,057", "no year");
}

/// A zero at the end says that there was more.
#[tokio::test]
async fn what_was_rounded_keeps_its_zero() {
    let share = async |part: f64| {
        let mut held = HeldResults::default();
        let rows = vec![
            vec![json!("a"), json!(part)],
            vec![json!("b"), json!(1000.0 - part)],
        ];
        let columns = vec![
            column("shop", ColumnKind::Text),
            column("jobs", ColumnKind::Number),
        ];
        hold(&mut held, table(columns, rows));
        let text = "{{share r1 jobs @ a of total}}";
        ReferencedText::of(text, &known(&held).await).text().to_owned()
    };
    for (part, text) in [
        (40.2, "4.0%"),
        (40.0, "4%"),
        (200.0, "20%"),
        (289.6, "29.0%"),
        (4.52, "0.45%"),
    ] {
        assert_eq!(share(part).await, text);
    }
    let revenue = || column("revenue", ColumnKind::Number);
    assert_eq!(first_of(revenue(), &[json!(66_981_200)], " | M").await, "67.0M");
    assert_eq!(first_of(revenue(), &[json!(67_000_000)], " | M").await, "67M");
    // In a column of percentages all are as exact as one of them.
    let rate = || column("late_percent", ColumnKind::Number);
    assert_eq!(first_of(rate(), &[json!(7), json!(8.5)], "").await, "7.0%");
    assert_eq!(first_of(rate(), &[json!(7), json!(8)], "").await, "7%");
}
