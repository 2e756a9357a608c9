//! Rows by their keys: names that occur twice, groups without a name, numbers, months and quarters.

use cardinal::references::ReferencedText;
use cardinal::result::{Cell, Column, ColumnKind, Extent, HeldResults, ResultTable, ShapingSettings, shape};
use serde_json::{Value, json};

use super::kit::{bucketed, column, hold, known, table};
use crate::result::encoding::HEADING;

async fn written(table: ResultTable, text: &str) -> String {
    let mut held = HeldResults::default();
    hold(&mut held, table);
    let text = ReferencedText::of(text, &known(&held).await);
    match text.references().iter().find_map(|one| one.problem.as_ref()) {
        Some(problem) => format!("problem: {problem}"),
        None => text.text().to_owned(),
    }
}

fn customers() -> ResultTable {
    let columns = vec![
        column("name", ColumnKind::Text),
        column("country", ColumnKind::Text),
        column("city", ColumnKind::Text),
        column("revenue", ColumnKind::Number),
    ];
    let row = |name: &str, country: &str, city: &str, revenue: f64| {
        vec![json!(name), json!(country), json!(city), json!(revenue)]
    };
    table(
        columns,
        vec![
            row("Mia Brooks", "US", "San Francisco", 20.5),
            row("Owen O'Neil", "US", "Boston", 10.0),
            row("Mia Brooks", "US", "Boston", 30.25),
        ],
    )
}

fn heading(table: &ResultTable) -> String {
    shape(table, &HEADING, ShapingSettings::default()).text
}

#[tokio::test]
async fn a_name_that_occurs_twice_takes_the_next_column_of_the_key() {
    let text = heading(&customers());
    assert!(text.contains("\nrow key: name, city\n"), "{text}");
    for (reference, wanted) in [
        ("{{r1 revenue @ Mia Brooks, Boston}}", "30.25"),
        ("{{r1 revenue @ Mia Brooks, San Francisco}}", "20.50"),
        ("{{r1 revenue @ Owen O'Neil}}", "10.00"),
    ] {
        assert_eq!(written(customers(), reference).await, wanted, "{reference}");
    }
    let said = written(customers(), "{{r1 revenue @ Mia Brooks}}").await;
    assert!(
        said.contains("write the whole key: Mia Brooks, San Francisco; Mia Brooks, Boston"),
        "{said}"
    );
}

#[tokio::test]
async fn the_first_column_alone_is_not_told_as_the_key() {
    let mut one_each = customers();
    one_each.rows.truncate(2);
    assert!(!heading(&one_each).contains("row key"));
    let mut none = customers();
    none.rows = vec![none.rows[0].clone(), none.rows[0].clone()];
    let text = heading(&none);
    assert!(
        text.contains("\nrow key: none, so rows go by number, #1 for the first\n"),
        "{text}"
    );
    assert_eq!(written(none, "{{r1 revenue @ #2}}").await, "20.5");
}

#[tokio::test]
async fn the_greatest_of_rows_that_are_not_all_is_named_by_its_row() {
    let mut limited = customers();
    limited.extent = Extent::AskedLimit {
        limit: 3,
        of: None,
        ordered: true,
    };
    for (reference, wanted) in [
        (
            "{{r1 revenue @ max}}",
            "the greatest of these rows is {{r1 revenue @ Mia Brooks, Boston}}",
        ),
        (
            "{{r1 revenue @ min}}",
            "the least of these rows is {{r1 revenue @ Owen O'Neil, Boston}}",
        ),
        ("{{r1 revenue @ total}}", "query without a limit"),
    ] {
        let said = written(limited.clone(), reference).await;
        assert!(
            said.contains("only the 3 rows that were asked for") && said.contains(wanted),
            "{said}"
        );
    }
    let row = "{{r1 revenue @ Mia Brooks, Boston}}";
    assert_eq!(written(limited, row).await, "30.25");
}

fn grouped(by: Column, groups: &[Value]) -> ResultTable {
    let counts = (1..).map(|count: u32| json!(count));
    let rows = groups
        .iter()
        .zip(counts)
        .map(|(group, count)| vec![group.clone(), count]);
    table(vec![by, column("claims", ColumnKind::Integer)], rows.collect())
}

#[tokio::test]
async fn a_group_without_a_name_and_groups_by_number_have_keys() {
    let ratings = || {
        grouped(
            column("rating", ColumnKind::Integer),
            &[Value::Null, json!(1), json!(5)],
        )
    };
    assert!(!heading(&ratings()).contains("row key"));
    for (reference, wanted) in [
        ("{{r1 claims @ \\N}}", "1"),
        ("{{r1 claims @ null}}", "1"),
        ("{{r1 claims @ 5}}", "3"),
        ("{{r1 rating @ 5}}", "5"),
    ] {
        assert_eq!(written(ratings(), reference).await, wanted, "{reference}");
    }
    let said = written(ratings(), "{{r1 claims}}").await;
    assert!(said.contains("keyed by rating, such as \\N or 1"), "{said}");
    let twice = grouped(column("hour", ColumnKind::Integer), &[Value::Null, Value::Null]);
    assert!(twice.row_key().is_empty());
}

#[tokio::test]
async fn months_and_quarters_go_by_each_of_their_spellings() {
    let months = |by: Column, texts: [&str; 2]| grouped(by, &texts.map(|text| json!(text)));
    let text = || months(column("month", ColumnKind::Text), ["2026-04", "2026-05"]);
    let date = || months(bucketed("month", "month"), ["2026-04-01", "2026-05-01"]);
    let moment = || {
        let mut by = bucketed("month", "month");
        by.kind = ColumnKind::Datetime;
        months(by, ["2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z"])
    };
    for key in ["2026-05", "2026-05-01", "May 2026"] {
        for table in [text(), date(), moment()] {
            let reference = format!("{{{{r1 claims @ {key}}}}}");
            assert_eq!(written(table, &reference).await, "2", "{key}");
        }
    }
    let quarters = || months(column("quarter", ColumnKind::Text), ["2026-Q1", "2026-Q2"]);
    for key in ["2026-Q2", "Q2 2026", "2026-04-01", "2026-04"] {
        let reference = format!("{{{{r1 claims @ {key}}}}}");
        assert_eq!(written(quarters(), &reference).await, "2", "{key}");
    }
    // A day is not its month: other days of the month may be missing.
    let days = months(bucketed("day", "day"), ["2026-04-30", "2026-05-01"]);
    let said = written(days, "{{r1 claims @ 2026-05}}").await;
    assert!(said.contains("no row of r1 has the key 2026-05"), "{said}");
}

#[tokio::test]
async fn names_with_blanks_need_no_quotes_and_odd_ones_take_them() {
    let odd = || {
        let columns = vec![
            column("Product name", ColumnKind::Text),
            column("unit price (net, USD)", ColumnKind::Number),
        ];
        let rows = vec![
            vec![Cell::text("Office Chairs"), Cell::Number(5.into())],
            vec![Cell::text("a@b | c"), Cell::Number(6.into())],
        ];
        ResultTable {
            columns,
            rows,
            extent: Extent::Complete,
            bytes_received: 0,
        }
    };
    for reference in [
        "{{r1 unit price (net, USD) @ Office Chairs}}",
        "{{r1 \"unit price (net, USD)\" @ \"Office Chairs\"}}",
        "{{r1 @ office chairs}}",
    ] {
        assert_eq!(written(odd(), reference).await, "5", "{reference}");
    }
    assert_eq!(written(odd(), "{{r1 @ \"a@b | c\"}}").await, "6");
    let printed = written(
        odd(),
        "{{table r1: Product name, \"unit price (net, USD)\" | first 1}}",
    )
    .await;
    assert!(printed.contains("| Office Chairs | 5 |"), "{printed}");
}

#[tokio::test]
async fn a_column_is_named_in_any_spelling_of_its_name() {
    let sales = || {
        let columns = vec![
            column("sum_of_price", ColumnKind::Number),
            column("avg_of_unit price", ColumnKind::Number),
            column("count_distinct_of_city", ColumnKind::Integer),
        ];
        table(columns, vec![vec![json!(10), json!(2.5), json!(4)]])
    };
    for (reference, wanted) in [
        ("{{r1 sum_of_price}}", "10"),
        ("{{r1 sum of price}}", "10"),
        ("{{r1 Sum of Price}}", "10"),
        ("{{r1 avg of unit_price}}", "2.5"),
        ("{{r1 average of unit price}}", "2.5"),
        ("{{r1 count-distinct of city}}", "4"),
    ] {
        assert_eq!(written(sales(), reference).await, wanted, "{reference}");
    }
}

#[tokio::test]
async fn a_time_of_day_is_a_key_and_is_written_without_seconds_and_zone() {
    let opening = || {
        let columns = vec![
            column("opens_at", ColumnKind::Time),
            column("shops", ColumnKind::Integer),
        ];
        table(
            columns,
            vec![
                vec![json!("09:30:00"), json!(3)],
                vec![json!("14:00:00.000Z"), json!(5)],
                vec![json!("14:00:30Z"), json!(1)],
            ],
        )
    };
    for (reference, wanted) in [
        ("{{r1 shops @ 09:30}}", "3"),
        ("{{r1 shops @ 14:00}}", "5"),
        ("{{r1 shops @ 14:00:30}}", "1"),
        ("{{r1 opens_at @ 14:00}}", "14:00"),
        ("{{r1 opens_at @ 14:00:30}}", "14:00:30"),
    ] {
        assert_eq!(written(opening(), reference).await, wanted, "{reference}");
    }
}
