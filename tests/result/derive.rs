//! What is worked out from a held table, against the same worked out plainly.

use std::collections::{BTreeMap, BTreeSet};

use cardinal::result::derive::{
    DeriveError, Granularity, RowAggregate, RowFilter, RowFunction, RowGroup, RowOperations, RowSort,
    StopSignal, TextMatching, TimePart, ValueComparison, ValueTest, derive,
};
use cardinal::result::{Cell, ColumnKind, Extent, ResultTable};
use proptest::prelude::*;
use serde_json::{Number, Value, json};

use super::encoding::{column, table};

/// One order: where, how many cents, which day.
type Order = (Option<String>, Option<i64>, Option<u16>);

fn money(cents: i64) -> Number {
    let sign = if cents < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100);
    serde_json::from_str(&text).unwrap()
}

fn day(number: u16) -> String {
    let first = jiff::civil::date(2024, 1, 1);
    first.saturating_add(jiff::Span::new().days(number)).to_string()
}

fn orders(rows: &[Order]) -> ResultTable {
    let columns = vec![
        column("state", ColumnKind::Text),
        column("price", ColumnKind::Number),
        column("day", ColumnKind::Date),
    ];
    let rows = rows.iter().map(|(state, cents, on)| {
        vec![
            state.clone().map_or(Cell::Null, Cell::text),
            cents.map_or(Cell::Null, |cents| Cell::Number(money(cents))),
            on.map_or(Cell::Null, |on| Cell::text(day(on))),
        ]
    });
    table(columns, rows.collect())
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.to_string()),
        _ => None,
    }
}

/// Cents of a number that was written with at most two digits after the point.
fn cents(cell: &Cell) -> Option<i64> {
    let written = match cell {
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => text.to_string(),
        _ => return None,
    };
    let value: rust_decimal::Decimal = written.parse().unwrap();
    let cents = value * rust_decimal::Decimal::from(100);
    assert!(cents.is_integer(), "{written} is not exact");
    Some(cents.try_into().unwrap())
}

fn count(cell: &Cell) -> u64 {
    match cell {
        Cell::Number(number) => number.as_u64().unwrap(),
        other => panic!("{other:?}"),
    }
}

fn aggregate(function: RowFunction, column: usize) -> RowAggregate {
    RowAggregate {
        function,
        column: Some(column),
    }
}

fn did(table: &ResultTable, operations: &RowOperations) -> Vec<Vec<Cell>> {
    derive(table, operations, &StopSignal::default())
        .unwrap()
        .table
        .rows
}

fn an_order() -> impl Strategy<Value = Order> {
    (
        proptest::option::weighted(0.9, "[A-Ca-c]{0,2}|é|ß|Ω"),
        proptest::option::weighted(0.9, -100_000_000_000i64..100_000_000_000),
        proptest::option::weighted(0.9, 0u16..800),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn groups_come_out_as_when_counted_by_hand(
        rows in proptest::collection::vec(an_order(), 0..60),
        least in -100_000_000_000i64..100_000_000_000,
    ) {
        let operations = RowOperations {
            filters: vec![RowFilter {
                column: 1,
                test: ValueTest::Compares(ValueComparison::GreaterOrEqual, Value::Number(money(least))),
            }],
            groups: vec![RowGroup { column: 0, granularity: None }],
            aggregates: vec![
                RowAggregate { function: RowFunction::Count, column: None },
                aggregate(RowFunction::Sum, 1),
                aggregate(RowFunction::Min, 1),
                aggregate(RowFunction::Max, 2),
                aggregate(RowFunction::CountDistinct, 2),
            ],
            ..RowOperations::default()
        };
        let mut plain: BTreeMap<Option<String>, Vec<&Order>> = BTreeMap::new();
        for order in rows.iter().filter(|order| order.1.is_some_and(|cents| cents >= least)) {
            plain.entry(order.0.clone()).or_default().push(order);
        }
        let found = did(&orders(&rows), &operations);
        prop_assert_eq!(found.len(), plain.len());
        for row in &found {
            let of = plain.get(&text(&row[0])).expect("a group that there is");
            prop_assert_eq!(count(&row[1]), of.len() as u64);
            prop_assert_eq!(cents(&row[2]), Some(of.iter().filter_map(|order| order.1).sum()));
            prop_assert_eq!(cents(&row[3]), of.iter().filter_map(|order| order.1).min());
            prop_assert_eq!(text(&row[4]), of.iter().filter_map(|order| order.2).max().map(day));
            let days: BTreeSet<u16> = of.iter().filter_map(|order| order.2).collect();
            prop_assert_eq!(count(&row[5]), days.len() as u64);
        }
    }

    #[test]
    fn months_and_quarters_add_up_to_the_whole(rows in proptest::collection::vec(an_order(), 1..60)) {
        for granularity in [Granularity::Month, Granularity::Quarter, Granularity::Year] {
            let operations = RowOperations {
                groups: vec![RowGroup { column: 2, granularity: Some(granularity) }],
                aggregates: vec![aggregate(RowFunction::Sum, 1)],
                ..RowOperations::default()
            };
            let found = did(&orders(&rows), &operations);
            let starts: Vec<Option<String>> = found.iter().map(|row| text(&row[0])).collect();
            let mut sorted = starts.clone();
            sorted.sort_by_key(|start| (start.is_none(), start.clone()));
            prop_assert_eq!(&starts, &sorted);
            prop_assert!(starts.iter().flatten().all(|start| start.ends_with("-01")));
            let sum: i64 = found.iter().filter_map(|row| cents(&row[1])).sum();
            prop_assert_eq!(sum, rows.iter().filter_map(|order| order.1).sum::<i64>());
        }
    }

    #[test]
    fn pages_of_sorted_rows_are_the_sorted_rows(
        rows in proptest::collection::vec(an_order(), 0..60),
        size in 1u64..20,
        descending in any::<bool>(),
    ) {
        let sheet = orders(&rows);
        let mut paged = Vec::new();
        for page in 0..=(rows.len() as u64 / size) {
            let operations = RowOperations {
                columns: vec![1, 0],
                sort: vec![RowSort { column: 1, descending }],
                offset: page * size,
                limit: Some(size),
                ..RowOperations::default()
            };
            let derived = derive(&sheet, &operations, &StopSignal::default()).unwrap();
            prop_assert_eq!(derived.of, rows.len() as u64);
            paged.extend(derived.table.rows);
        }
        let mut plain = rows.clone();
        plain.sort_by_key(|order| {
            (order.1.is_none(), order.1.map(|cents| if descending { -cents } else { cents }))
        });
        let found: Vec<(Option<i64>, Option<String>)> =
            paged.iter().map(|row| (cents(&row[0]), text(&row[1]))).collect();
        let plain: Vec<(Option<i64>, Option<String>)> =
            plain.into_iter().map(|order| (order.1, order.0)).collect();
        prop_assert_eq!(found, plain);
    }
}

fn one_column(kind: ColumnKind, values: &[Value]) -> ResultTable {
    let cell = |value: &Value| match value {
        Value::Null => Cell::Null,
        Value::Bool(value) => Cell::Bool(*value),
        Value::Number(number) => Cell::Number(number.clone()),
        other => Cell::text(other.as_str().unwrap()),
    };
    table(
        vec![column("x", kind)],
        values.iter().map(|value| vec![cell(value)]).collect(),
    )
}

fn kept(kind: ColumnKind, values: &[Value], test: ValueTest) -> Vec<Value> {
    let operations = RowOperations {
        filters: vec![RowFilter { column: 0, test }],
        ..RowOperations::default()
    };
    did(&one_column(kind, values), &operations)
        .iter()
        .map(|row| Value::from(&row[0]))
        .collect()
}

fn total(kind: ColumnKind, values: &[Value], function: RowFunction) -> Value {
    let operations = RowOperations {
        aggregates: vec![aggregate(function, 0)],
        ..RowOperations::default()
    };
    Value::from(&did(&one_column(kind, values), &operations)[0][0])
}

#[test]
fn big_and_small_numbers_keep_every_digit() {
    let big = [json!("9007199254740993"), json!("9007199254740993"), json!(1)];
    assert_eq!(
        total(ColumnKind::Integer, &big, RowFunction::Sum),
        json!("18014398509481987")
    );
    assert_eq!(
        total(ColumnKind::Integer, &big, RowFunction::Max),
        json!("9007199254740993")
    );
    assert_eq!(
        total(ColumnKind::Integer, &big, RowFunction::CountDistinct),
        json!(2)
    );
    let cents = [json!(0.1), json!(0.2), json!(null)];
    assert_eq!(total(ColumnKind::Number, &cents, RowFunction::Sum), json!(0.3));
    assert_eq!(
        total(ColumnKind::Number, &cents, RowFunction::Average),
        json!(0.15)
    );
    assert_eq!(
        total(ColumnKind::Number, &[json!(null)], RowFunction::Sum),
        json!(null)
    );
    let over = ValueTest::Compares(ValueComparison::Greater, json!("9007199254740992"));
    assert_eq!(kept(ColumnKind::Integer, &big, over).len(), 2);
    let even = [json!(1), json!(1.0), json!(2)];
    assert_eq!(
        total(ColumnKind::Number, &even, RowFunction::CountDistinct),
        json!(2)
    );
    let rough = [json!(1e300), json!(5), json!(1e299)];
    assert_eq!(total(ColumnKind::Number, &rough, RowFunction::Max), json!(1e300));
}

#[test]
fn a_sum_never_leaves_a_value_out() {
    let mixed = one_column(ColumnKind::Number, &[json!(1), json!("about five")]);
    let operations = RowOperations {
        aggregates: vec![aggregate(RowFunction::Sum, 0)],
        ..RowOperations::default()
    };
    let error = derive(&mixed, &operations, &StopSignal::default()).unwrap_err();
    assert!(
        matches!(error, DeriveError::NotNumbers { count: 1, .. }),
        "{error}"
    );
}

#[test]
fn moments_are_compared_in_time_and_days_with_their_day() {
    let moments = [
        json!("2024-03-31T23:30:00+02:00"),
        json!("2024-03-31T22:00:00Z"),
        json!("2024-04-01T00:15:00Z"),
        json!(null),
    ];
    let day = json!("2024-03-31");
    let kind = ColumnKind::Datetime;
    assert_eq!(
        kept(kind, &moments, ValueTest::OneOf(vec![day.clone()])),
        moments[..2]
    );
    let until = ValueTest::Compares(ValueComparison::LessOrEqual, day.clone());
    assert_eq!(kept(kind, &moments, until), moments[..2]);
    assert_eq!(
        kept(kind, &moments, ValueTest::Compares(ValueComparison::Greater, day)),
        moments[2..3]
    );
    let moment = ValueTest::Compares(ValueComparison::Less, json!("2024-03-31T22:00:00Z"));
    assert_eq!(kept(kind, &moments, moment), moments[..1]);
    assert_eq!(total(kind, &moments, RowFunction::Min), moments[0]);
    assert_eq!(total(kind, &moments, RowFunction::Max), moments[2]);
    let april = ValueTest::Part {
        part: TimePart::Month,
        values: vec![4],
        not: false,
    };
    assert_eq!(kept(kind, &moments, april), moments[2..3]);
    let sunday = ValueTest::Part {
        part: TimePart::DayOfWeek,
        values: vec![7],
        not: true,
    };
    assert_eq!(kept(kind, &moments, sunday), moments[2..]);
}

#[test]
fn texts_are_exact_where_equal_and_easy_where_alike() {
    let states = [
        json!("Ohio"),
        json!("ohio"),
        json!("IOWA"),
        json!(""),
        json!(null),
    ];
    let kind = ColumnKind::Text;
    assert_eq!(
        kept(kind, &states, ValueTest::OneOf(vec![json!("Ohio")])),
        states[..1]
    );
    assert_eq!(
        kept(kind, &states, ValueTest::NoneOf(vec![json!("Ohio")])),
        states[1..]
    );
    let like = |matching, text: &str| ValueTest::Matches(matching, vec![text.to_owned()]);
    assert_eq!(
        kept(kind, &states, like(TextMatching::StartsWith, "OH")),
        states[..2]
    );
    assert_eq!(
        kept(kind, &states, like(TextMatching::EndsWith, "owa")),
        states[2..3]
    );
    assert_eq!(
        kept(kind, &states, like(TextMatching::Contains, "h")),
        states[..2]
    );
    assert_eq!(
        kept(kind, &states, like(TextMatching::NotContains, "h")),
        states[2..]
    );
    assert_eq!(kept(kind, &states, ValueTest::Empty), states[3..]);
    assert_eq!(kept(kind, &states, ValueTest::NotEmpty), states[..3]);
    assert_eq!(kept(kind, &states, ValueTest::Null), states[4..]);
    assert_eq!(kept(kind, &states, ValueTest::NotNull), states[..4]);
}

#[test]
fn groups_can_be_sorted_by_what_is_computed_and_cut_to_the_top() {
    let rows: Vec<Order> = [("a", 500), ("b", 10_000), ("a", 200), ("c", 900), ("b", -5)]
        .map(|(state, cents)| (Some(state.to_owned()), Some(cents), None))
        .to_vec();
    let operations = RowOperations {
        groups: vec![RowGroup {
            column: 0,
            granularity: None,
        }],
        aggregates: vec![aggregate(RowFunction::Sum, 1)],
        sort: vec![RowSort {
            column: 1,
            descending: true,
        }],
        limit: Some(2),
        ..RowOperations::default()
    };
    let derived = derive(&orders(&rows), &operations, &StopSignal::default()).unwrap();
    let names: Vec<&str> = derived
        .table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(names, ["state", "sum_of_price"]);
    let plain = |rows: &[Vec<Cell>]| -> Vec<(Value, Value)> {
        rows.iter()
            .map(|row| (Value::from(&row[0]), Value::from(&row[1])))
            .collect()
    };
    assert_eq!(
        plain(&derived.table.rows),
        [(json!("b"), json!(99.95)), (json!("c"), json!(9))]
    );
    assert_eq!(derived.of, 3);
}

#[test]
fn what_is_missing_in_the_table_is_missing_in_what_comes_of_it() {
    let mut sheet = orders(&[(None, Some(1), None)]);
    sheet.extent = Extent::ServerLimit { limit: 1 };
    let operations = RowOperations {
        aggregates: vec![aggregate(RowFunction::Sum, 1)],
        ..RowOperations::default()
    };
    let derived = derive(&sheet, &operations, &StopSignal::default()).unwrap();
    assert_eq!(derived.table.extent, sheet.extent);
}

#[test]
fn work_that_nobody_waits_for_stops() {
    let stop = StopSignal::default();
    stop.now();
    let error = derive(&orders(&[(None, None, None)]), &RowOperations::default(), &stop).unwrap_err();
    assert!(matches!(error, DeriveError::Stopped), "{error}");
}
