//! Columns of numbers that name rows, years, money and units, as they are found in cards that nobody set up.

use cardinal::references::ReferencedText;
use cardinal::result::{Column, ColumnKind, HeldResults, ResultTable, ShapingSettings, shape};
use serde_json::{Value, json};

use super::kit::{bucketed, column, hold, known, table};
use super::sentences::agrees_over;
use crate::result::encoding::HEADING;

const INTEGER: ColumnKind = ColumnKind::Integer;
const NUMBER: ColumnKind = ColumnKind::Number;
const TEXT: ColumnKind = ColumnKind::Text;
const DATE: ColumnKind = ColumnKind::Date;

fn heading(table: &ResultTable) -> String {
    shape(table, &HEADING, ShapingSettings::default()).text
}

async fn written(table: &ResultTable, text: &str) -> String {
    let mut held = HeldResults::default();
    hold(&mut held, table.clone());
    let text = ReferencedText::of(text, &known(&held).await);
    match text.references().iter().find_map(|one| one.problem.as_ref()) {
        Some(problem) => format!("problem: {problem}"),
        None => text.text().to_owned(),
    }
}

fn of(columns: &[(&str, ColumnKind)], rows: Value) -> ResultTable {
    let columns = columns.iter().map(|(name, kind)| column(name, *kind));
    let rows: Vec<Vec<Value>> = serde_json::from_value(rows).unwrap();
    table(columns.collect(), rows)
}

/// One row for each harvest.
fn harvests(year: &str) -> ResultTable {
    of(
        &[(year, INTEGER), ("kg", INTEGER), ("first_pick", DATE)],
        json!([
            [2019, 150_200, "2019-09-02"],
            [2020, 148_000, "2020-09-01"],
            [2021, 139_500, "2021-09-10"],
            [2022, 171_300, "2022-08-29"],
            [2023, 165_000, "2023-09-04"],
            [2025, 178_539, "2025-08-29"],
        ]),
    )
}

#[tokio::test]
async fn a_first_column_of_unique_years_is_the_key_and_no_amount() {
    for year in ["vintage", "season", "jahrgang", "fy", "harvest_year", "campaign"] {
        let sheet = harvests(year);
        let told = heading(&sheet);
        assert!(!told.contains("row key"), "{told}");
        assert!(!told.contains(&format!("- {year}:")), "{told}");
        assert!(told.contains("- kg: sum 952539"), "{told}");
        for (reference, text) in [
            ("{{r1 kg @ 2025}}", "178,539"),
            ("{{r1 kg @ 2025-08-29}}", "178,539"),
            (&format!("{{{{r1 {year} @ 2025}}}}"), "2025"),
        ] {
            assert_eq!(written(&sheet, reference).await, text, "{year} {reference}");
        }
        let printed = written(&sheet, "{{table r1}}").await;
        assert!(
            printed.contains("| 2019 | 150,200 |") && !printed.contains("2,0"),
            "{printed}"
        );
        let total = written(&sheet, &format!("{{{{r1 {year} @ total}}}}")).await;
        assert!(total.contains("means nothing"), "{total}");
    }
}

#[tokio::test]
async fn years_that_recur_are_no_amounts_and_what_is_as_large_is_one() {
    let rows = |values: [u32; 6]| {
        let sites = ["Berg", "Hang", "Kreuz"].into_iter().cycle();
        let rows = sites.zip(values).map(|(site, value)| json!([site, value, 7]));
        Value::Array(rows.collect())
    };
    let crops = of(
        &[("site", TEXT), ("crop", INTEGER), ("kg", INTEGER)],
        rows([2024, 2024, 2024, 2025, 2025, 2025]),
    );
    let told = heading(&crops);
    assert!(
        !told.contains("- crop:") && told.contains("row key: site, crop"),
        "{told}"
    );
    assert_eq!(written(&crops, "{{r1 crop @ Berg, 2025}}").await, "2025");
    for (name, values) in [
        ("crop", [2000, 1950, 2000, 1950, 2100, 2000]),
        ("price", [2024, 2024, 2024, 2025, 2025, 2025]),
        ("visitors", [2024, 2024, 2024, 2025, 2025, 2025]),
    ] {
        let amounts = of(&[("site", TEXT), (name, INTEGER), ("kg", INTEGER)], rows(values));
        assert!(heading(&amounts).contains(&format!("- {name}: sum")), "{name}");
        assert!(
            written(&amounts, "{{table r1}}").await.contains("| 2,0"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_numbers_the_rows_comes_before_a_day_that_happens_to_differ() {
    let batches = |first: &str, time: Column| {
        let mut batches = of(
            &[(first, INTEGER), ("start_ts", DATE), ("hours", INTEGER)],
            json!([
                [1190, "2023-09-18", 96],
                [1187, "2023-09-15", 120],
                [1204, "2022-09-30", 88],
            ]),
        );
        batches.columns[1] = time;
        batches
    };
    let day = || column("start_ts", DATE);
    let told = heading(&batches("btch", day()));
    assert!(!told.contains("row key") && !told.contains("- btch"), "{told}");
    for (reference, text) in [
        ("{{r1 hours @ 1187}}", "120"),
        ("{{r1 btch @ 1187}}", "1187"),
        ("{{r1 hours @ 2022-09-30}}", "88"),
    ] {
        assert_eq!(written(&batches("btch", day()), reference).await, text);
    }
    for (first, time) in [
        ("orders", day()),
        ("order_count", day()),
        ("kg", day()),
        ("payout", day()),
        ("btch", bucketed("start_ts", "day")),
    ] {
        let told = heading(&batches(first, time));
        assert!(told.contains("row key: start_ts"), "{first}: {told}");
    }
}

#[tokio::test]
async fn two_groups_name_a_row_together_also_where_one_is_a_number() {
    let groups = |by: &str, values: [u32; 2]| {
        let [one, other] = values;
        of(
            &[("site", TEXT), (by, INTEGER), ("avg_oe", NUMBER)],
            json!([
                ["Berg", one, 84.5],
                ["Berg", other, 85.5],
                ["Kreuz", one, 86.5],
                ["Kreuz", other, 87.5]
            ]),
        )
    };
    for (by, values, reference) in [
        ("vintage", [2024, 2025], "{{r1 avg_oe @ Kreuz, 2025}}"),
        ("hall", [1, 2], "{{r1 avg_oe @ Kreuz, 2}}"),
        ("organic", [0, 1], "{{r1 avg_oe @ Kreuz, 1}}"),
    ] {
        let table = groups(by, values);
        let told = heading(&table);
        assert!(told.contains(&format!("row key: site, {by}\n")), "{told}");
        assert_eq!(written(&table, reference).await, "87.5");
    }
    let measured = heading(&groups("bottles", [12, 24]));
    assert!(measured.contains("row key: none"), "{measured}");
}

fn described(name: &str, description: &str) -> Column {
    Column {
        description: Some(description.to_owned()),
        ..column(name, NUMBER)
    }
}

#[tokio::test]
async fn money_is_known_by_name_or_note_and_keeps_its_cents() {
    let amounts = |column: Column, values: [f64; 2]| {
        let columns = vec![super::kit::column("shop", TEXT), column];
        table(
            columns,
            vec![
                vec![json!("a"), json!(values[0])],
                vec![json!("b"), json!(values[1])],
            ],
        )
    };
    for money in [
        column("eur_2024", NUMBER),
        column("net_amt", NUMBER),
        column("payout", NUMBER),
        described("amt", "EUR"),
        described("paid", "EUR to growers"),
        described("listed", "list price EUR per bottle"),
        described("swiss", "same for the swiss invoices, CHF"),
    ] {
        let name = money.name.clone();
        let table = amounts(money, [15_990.2, 24_197.95]);
        assert_eq!(written(&table, "{{r1 @ a}}").await, "15,990.20", "{name}");
        let apart = format!("{{{{diff r1 {name} @ a -> b}}}}");
        assert_eq!(written(&table, &apart).await, "8,207.75", "{name}");
    }
    for other in [
        column("hours", NUMBER),
        described("payout", "in thousands of EUR"),
        described("price", "in kg"),
        described("n", "from EUR invoices"),
        column("cost_h", NUMBER),
    ] {
        let name = other.name.clone();
        let table = amounts(other, [15_990.2, 24_197.95]);
        assert_eq!(written(&table, "{{r1 @ a}}").await, "15,990.2", "{name}");
    }
    let named = amounts(column("payout", NUMBER), [12.5, 3.0]);
    assert_eq!(written(&named, "{{r1 @ a}}").await, "12.5", "no cents");
}

#[test]
fn units_that_a_name_or_a_note_tells_are_told() {
    for (column, told) in [
        (column("payout_eur", NUMBER), "payout_eur EUR by its name"),
        (column("eur_2024", NUMBER), "eur_2024 EUR by its name"),
        (column("avg_h", NUMBER), "avg_h hours by its name"),
        (column("dur_min", INTEGER), "dur_min minutes by its name"),
        (column("net_kg", NUMBER), "net_kg kg by its name"),
        (described("amt", "EUR"), "amt EUR by its description"),
        (described("avg", "hours"), "avg hours by its description"),
        (described("oe", "°Oe"), "oe °Oe by its description"),
        (
            described("eur_kg", "price per kg in EUR"),
            "eur_kg EUR by its description",
        ),
    ] {
        let text = heading(&table(vec![column], vec![vec![json!(1)]]));
        assert!(text.contains(&format!("\nunits: {told}\n")), "{text}");
    }
    for silent in [
        column("temp_min", NUMBER),
        column("eur_kg", NUMBER),
        column("kg_per_h", NUMBER),
        column("kg", NUMBER),
        column("eur", NUMBER),
        column("first_try", INTEGER),
        column("order_id", INTEGER),
        described("n", "EUR invoices"),
        described("n", "more than 300 EUR"),
        described("invoice_count", "EUR"),
        described("n", "converted, EUR to USD"),
    ] {
        let name = silent.name.clone();
        let text = heading(&table(vec![silent], vec![vec![json!(1)]]));
        assert!(!text.contains("units:"), "{name}: {text}");
    }
}

#[tokio::test]
async fn amounts_of_several_currencies_are_not_added_up() {
    let orders = |codes: [&str; 6]| {
        let rows = codes.iter().zip(1..).map(|(code, qty)| {
            let order = format!("order {qty}");
            json!([order, qty, 100.25, code])
        });
        of(
            &[
                ("ord", TEXT),
                ("qty", INTEGER),
                ("net_amt", NUMBER),
                ("ccy", TEXT),
            ],
            Value::Array(rows.collect()),
        )
    };
    let mixed = orders(["EUR", "CHF", "EUR", "EUR", "CHF", "EUR"]);
    let told = heading(&mixed);
    assert!(
        told.contains("- qty: sum 21") && told.contains("- net_amt: min 100.25"),
        "{told}"
    );
    let total = written(&mixed, "{{r1 net_amt @ total}}").await;
    assert!(total.contains("means nothing"), "{total}");
    let one = orders(["EUR"; 6]);
    assert!(
        heading(&one).contains("- net_amt: sum 601.5"),
        "{}",
        heading(&one)
    );
    let mut own = mixed;
    own.columns[2] = column("amt_eur", NUMBER);
    assert!(heading(&own).contains("- amt_eur: sum 601.5"), "its own currency");
}

#[tokio::test]
async fn what_binary_addition_leaves_is_not_shown() {
    let noisy = of(
        &[("shop", TEXT), ("hours", NUMBER)],
        json!([
            ["a", 55_318.840_000_000_004],
            ["b", 145.299_999_999_999_98],
            ["c", 0.300_000_000_000_000_04],
            ["d", 96.416_666_666_666_67],
            ["e", 1_234_567_890_123.456],
            ["f", 7.5],
        ]),
    );
    let told = heading(&noisy);
    for row in [
        "a\t55318.84\n",
        "b\t145.3\n",
        "c\t0.3\n",
        "d\t96.41666666666667\n",
        "e\t1234567890123.456\n",
    ] {
        assert!(told.contains(row), "{row} {told}");
    }
    let mut clean = noisy;
    clean.rows.truncate(3);
    assert_eq!(written(&clean, "{{r1 @ total}}").await, "55,464.44");
}

#[tokio::test]
async fn the_year_beside_a_name_is_that_of_the_vintage() {
    let wines = of(
        &[
            ("wine_id", INTEGER),
            ("label", TEXT),
            ("vintage", INTEGER),
            ("btl_on", DATE),
            ("pts", INTEGER),
        ],
        json!([
            [2, "Steinhang", 2019, "2020-05-04", 84],
            [13, "Steinhang", 2020, "2021-05-03", 81],
            [22, "Lagrein Riserva", 2020, "2022-06-01", 93],
            [33, "Steinhang", 2022, "2023-05-08", 83],
            [42, "Lagrein Riserva", 2022, "2024-06-03", 95],
        ]),
    );
    let mut held = HeldResults::default();
    hold(&mut held, wines);
    for (text, right) in [
        ("The Lagrein Riserva 2022 has {{r1 pts @ 42}} points.", true),
        ("In 2020, Steinhang got {{r1 pts @ 13}} points.", true),
        ("Steinhang of vintage 2019 got {{r1 pts @ 2}} points.", true),
        ("Steinhang of vintage 2019 got {{r1 pts @ 13}} points.", false),
    ] {
        let (said, agrees) = agrees_over(&held, text).await;
        assert_eq!(agrees, [right], "{said}");
    }
}
