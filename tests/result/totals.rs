use std::str::FromStr;

use cardinal::result::ShapingSettings;
use cardinal::result::{Amount, Cell, ColumnKind, ColumnSummary, shape, totals};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::encoding::{HEADING, column, table};

fn numbers(values: &[&str]) -> ColumnSummary {
    let rows = values
        .iter()
        .map(|value| {
            vec![serde_json::from_str(value).map_or_else(|_| Cell::Text((*value).into()), Cell::Number)]
        })
        .collect();
    totals(&table(vec![column("total", ColumnKind::Number)], rows))[0]
        .summary
        .clone()
}

fn exact(text: &str) -> Amount {
    Amount::Exact(Decimal::from_str(text).unwrap())
}

#[test]
fn sums_are_exact_where_floats_are_not() {
    let ColumnSummary::Numbers {
        sum: Some(sum),
        mean: Some(mean),
        min,
        max,
        unreadable,
    } = numbers(&["0.1", "0.2", "0.3"])
    else {
        panic!()
    };
    assert_eq!(
        (sum, mean, min, max, unreadable),
        (exact("0.6"), exact("0.2"), exact("0.1"), exact("0.3"), 0)
    );
    assert_eq!(sum.to_string(), "0.6");
}

#[test]
fn whole_numbers_beyond_floats_count_exactly() {
    let ColumnSummary::Numbers {
        sum: Some(sum), max, ..
    } = numbers(&["9007199254740993", "9007199254740993"])
    else {
        panic!()
    };
    assert_eq!(sum, exact("18014398509481986"));
    assert_eq!(max, exact("9007199254740993"));
}

#[test]
fn beyond_decimals_a_sum_is_marked_approximate() {
    let ColumnSummary::Numbers {
        sum: Some(sum), max, ..
    } = numbers(&["1e300", "1"])
    else {
        panic!()
    };
    assert!(matches!(sum, Amount::Approximate(_)));
    assert!(matches!(max, Amount::Approximate(_)));
    assert!(sum.to_string().starts_with("about 1e300"));
}

#[test]
fn what_is_no_number_is_counted_apart() {
    let ColumnSummary::Numbers {
        sum: Some(sum),
        unreadable,
        ..
    } = numbers(&["2", "NaN", "Infinity", "x"])
    else {
        panic!()
    };
    assert_eq!((sum, unreadable), (exact("2"), 3));
}

#[test]
fn averages_shares_and_years_are_not_added_up() {
    let shown = |name: &str, label: &str| {
        let rows = [1, 2, 6].map(|n| vec![Cell::Number(n.into())]).to_vec();
        let mut of = column(name, ColumnKind::Number);
        label.clone_into(&mut of.label);
        totals(&table(vec![of], rows))[0].to_string()
    };
    for (name, label) in [
        ("avg", "Average of Total"),
        ("refund_rate_percent", "refund_rate_percent"),
        ("share", "Share"),
        ("growth", "Growth %"),
        ("count", "Distinct values of User"),
        ("expression", "Refund rate"),
        ("Year", "Year"),
        ("LATITUDE", "Latitude"),
    ] {
        assert_eq!(shown(name, label), "min 1, max 6", "{name}");
    }
    for name in ["rating", "customer_age", "Score"] {
        assert_eq!(shown(name, name), "mean 3, min 1, max 6", "{name}");
    }
    for name in [
        "revenue_this_year",
        "shares_sold",
        "discount",
        "unit_price",
        "iterations",
    ] {
        let expected = "sum 9, mean 3, min 1, max 6";
        assert_eq!(shown(name, name), expected, "{name}");
    }
}

#[test]
fn ids_and_text_get_no_sum() {
    for name in ["id", "ID", "user_id", "User ID"] {
        let rows = [1, 2, 2].map(|n| vec![Cell::Number(n.into())]).to_vec();
        let all = totals(&table(vec![column(name, ColumnKind::Integer)], rows));
        assert_eq!(all[0].summary, ColumnSummary::Distinct(2), "{name}");
    }
    let rows = vec![
        vec![Cell::Text("a".into())],
        vec![Cell::Null],
        vec![Cell::Text("a".into())],
    ];
    let all = totals(&table(vec![column("status", ColumnKind::Text)], rows));
    assert_eq!(
        (all[0].values, all[0].nulls, all[0].summary.clone()),
        (2, 1, ColumnSummary::Distinct(1))
    );
}

#[test]
fn times_have_a_first_and_a_last() {
    let rows = ["2024-03-01", "2023-12-31", "2024-01-15"]
        .map(|day| vec![Cell::Text(day.into())])
        .to_vec();
    let all = totals(&table(vec![column("day", ColumnKind::Date)], rows));
    assert_eq!(
        all[0].summary,
        ColumnSummary::Span {
            first: "2023-12-31".into(),
            last: "2024-03-01".into()
        }
    );
}

proptest! {
    #[test]
    fn totals_do_not_depend_on_the_cut(cents in prop::collection::vec(-1_000_000i64..1_000_000, 6..400), max_rows in 1usize..50) {
        let rows = cents
            .iter()
            .map(|c| vec![Cell::Number(serde_json::from_str(&Decimal::new(*c, 2).to_string()).unwrap())])
            .collect();
        let whole = table(vec![column("total", ColumnKind::Number)], rows);
        let sum = Decimal::new(cents.iter().sum::<i64>(), 2).normalize();
        let shaped = shape(&whole, &HEADING, ShapingSettings { max_rows, max_bytes: 3_000 });
        let expected = format!("\n- total: sum {sum}, mean ");
        prop_assert!(shaped.text.contains(&expected), "{}\n{}", expected, shaped.text);
    }
}
