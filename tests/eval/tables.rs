//! Tables by value: what is the same table, and what never is.

use cardinal::eval::GoldTable;
use cardinal::eval::grade::{TableMismatch, match_tables};
use proptest::prelude::*;
use serde_json::{Value, json};

fn rows(value: &Value) -> Vec<Vec<Value>> {
    serde_json::from_value(value.clone()).unwrap()
}

fn gold(value: &Value) -> GoldTable {
    let rows = rows(value);
    let columns: Vec<String> = (0..rows.first().map_or(1, Vec::len))
        .map(|at| format!("c{at}"))
        .collect();
    serde_json::from_value(json!({"columns": columns, "rows": rows})).unwrap()
}

fn check(left: &Value, right: &Value) -> Result<(), TableMismatch> {
    let found = rows(right);
    match_tables(&gold(left), found.first().map_or(1, Vec::len), &found)
}

#[test]
fn the_same_values_are_the_same_table() {
    let cases = [
        (
            "other column order",
            json!([["a", 1], ["b", 2]]),
            json!([[1, "a"], [2, "b"]]),
        ),
        (
            "other row order",
            json!([["a", 1], ["b", 2]]),
            json!([["b", 2], ["a", 1]]),
        ),
        ("further columns", json!([["a", 1]]), json!([["x", 1, "a"]])),
        ("decimals", json!([[12]]), json!([[12.0]])),
        ("text as number", json!([[12.5]]), json!([["12.5"]])),
        ("trailing zeros", json!([[12.5]]), json!([["12.500"]])),
        ("month as text", json!([[3]]), json!([["03"]])),
        ("rounded", json!([[1_234.567_8]]), json!([[1_234.57]])),
        (
            "rounded the other way round",
            json!([[1_234.57]]),
            json!([[1_234.567_8]]),
        ),
        ("rounded to whole", json!([[12_345.67]]), json!([[12_346]])),
        (
            "binary noise",
            json!([[0.3]]),
            json!([[0.300_000_000_000_000_04]]),
        ),
        ("booleans", json!([[true], [false]]), json!([[1], [0]])),
        (
            "booleans as text",
            json!([[true], [false]]),
            json!([["true"], ["false"]]),
        ),
        (
            "dates and midnights",
            json!([["2025-01-01"], ["2025-01-02"]]),
            json!([["2025-01-01T00:00:00Z"], ["2025-01-02 00:00:00"]]),
        ),
        (
            "offsets",
            json!([["2025-01-01T00:00:00Z"]]),
            json!([["2025-01-01T02:00:00+02:00"]]),
        ),
        (
            "months",
            json!([["2025-01"], ["2025-02"]]),
            json!([["2025-01-01T00:00:00Z"], ["2025-02-01T00:00:00Z"]]),
        ),
        ("quarters", json!([["2025-Q2"]]), json!([["2025-04-01"]])),
        (
            "years",
            json!([[2024], [2025]]),
            json!([["2024-01-01"], ["2025-01-01"]]),
        ),
        (
            "nulls",
            json!([[null, 1], ["a", 2]]),
            json!([["a", 2], [null, 1]]),
        ),
        (
            "duplicates",
            json!([["a"], ["a"], ["b"]]),
            json!([["a"], ["b"], ["a"]]),
        ),
        ("empty", json!([]), json!([])),
        (
            "columns of the same values",
            json!([[1, 1, "x"], [2, 2, "y"]]),
            json!([["x", 1, 1], ["y", 2, 2]]),
        ),
        ("spaces around", json!([["a "]]), json!([["a"]])),
        (
            "means of numbers with 24 binary digits",
            json!([["Vegan", 4.599_999_904_632_568], ["Thai", 4.149_999_936_421_712]]),
            json!([["Vegan", 4.6], ["Thai", 4.15]]),
        ),
        (
            "numbers beside one that is none",
            json!([[12.5], ["n/a"], [3]]),
            json!([["12.50"], ["n/a"], ["3.0"]]),
        ),
        (
            "months as people write them",
            json!([["2025-01-01"], ["2025-02-01"], ["2025-03-01"]]),
            json!([["January 2025"], ["Feb 2025"], ["March, 2025"]]),
        ),
        (
            "quarters as people write them",
            json!([["2025-01-01"], ["2025-04-01"]]),
            json!([["Q1 2025"], ["2025 Q2"]]),
        ),
        (
            "days as people write them",
            json!([["2025-01-05"], ["2025-02-11"]]),
            json!([["Jan 5, 2025"], ["11 February 2025"]]),
        ),
        (
            "timestamps with a zone at midnight",
            json!([["2023-04-01 00:00:00+00:00"]]),
            json!([["2023-04-01"]]),
        ),
    ];
    for (name, left, right) in cases {
        assert_eq!(check(&left, &right), Ok(()), "{name}");
    }
}

#[test]
fn other_values_are_another_table() {
    let cases = [
        ("one row less", json!([["a"], ["b"]]), json!([["a"]])),
        (
            "a duplicate less",
            json!([["a"], ["a"], ["b"]]),
            json!([["a"], ["b"], ["b"]]),
        ),
        ("another number", json!([[12]]), json!([[13]])),
        ("a count is exact", json!([[41_234]]), json!([[41_234.4]])),
        (
            "large counts are exact",
            json!([[10_000_000_000_001_i64]]),
            json!([[10_000_000_000_002_i64]]),
        ),
        (
            "ids beyond binary fractions",
            json!([[9_007_199_254_740_993_i64]]),
            json!([[9_007_199_254_740_992_i64]]),
        ),
        ("a cent more", json!([[12_345_678.91]]), json!([[12_345_678.92]])),
        ("too few digits to tell", json!([[0.012_3]]), json!([[0.01]])),
        ("null is not zero", json!([[null]]), json!([[0]])),
        ("null is not an empty text", json!([[null]]), json!([[""]])),
        ("another day", json!([["2025-01-01"]]), json!([["2025-01-02"]])),
        (
            "a time is not its day",
            json!([["2025-01-01"]]),
            json!([["2025-01-01T08:00:00Z"]]),
        ),
        ("codes are texts", json!([["007"]]), json!([["7"]])),
        ("capitals", json!([["Web"]]), json!([["web"]])),
        (
            "cells that change places",
            json!([["a", 1], ["b", 2]]),
            json!([["a", 2], ["b", 1]]),
        ),
        ("a sign", json!([[5.5]]), json!([[-5.5]])),
        ("a fraction is not its percentage", json!([[0.25]]), json!([[25]])),
        (
            "a computed number is not any near one",
            json!([[4.599_999_904_632_568]]),
            json!([[4.59]]),
        ),
        ("another month", json!([["2025-01-01"]]), json!([["Feb 2025"]])),
        (
            "codes among texts",
            json!([["007"], ["x"]]),
            json!([["7"], ["x"]]),
        ),
        (
            "a column twice for two",
            json!([[1, 1], [2, 2]]),
            json!([[1, "x"], [2, "y"]]),
        ),
    ];
    for (name, left, right) in cases {
        assert!(check(&left, &right).is_err(), "{name}");
    }
}

#[test]
fn order_counts_when_asked() {
    let mut table = gold(&json!([["a"], ["b"]]));
    table.ordered = true;
    assert_eq!(match_tables(&table, 1, &rows(&json!([["a"], ["b"]]))), Ok(()));
    assert_eq!(
        match_tables(&table, 1, &rows(&json!([["b"], ["a"]]))),
        Err(TableMismatch::Order)
    );
}

#[test]
fn rows_that_tie_may_stand_in_any_order() {
    let mut table = gold(&json!([["a", 9], ["b", 7], ["c", 7], ["d", 1]]));
    table.ordered = true;
    let check = |found: Value| match_tables(&table, 2, &rows(&found));
    assert_eq!(check(json!([["a", 9], ["c", 7], ["b", 7], ["d", 1]])), Ok(()));
    // That the names rise too says nothing: names may do so by chance.
    let mut table = gold(&json!([["a", 9], ["c", 7], ["b", 7], ["d", 1]]));
    table.ordered = true;
    let check = |found: Value| match_tables(&table, 2, &rows(&found));
    assert_eq!(check(json!([["a", 9], ["b", 7], ["c", 7], ["d", 1]])), Ok(()));
    assert_eq!(
        check(json!([["c", 7], ["a", 9], ["b", 7], ["d", 1]])),
        Err(TableMismatch::Order)
    );
    assert_eq!(
        check(json!([["d", 1], ["b", 7], ["c", 7], ["a", 9]])),
        Err(TableMismatch::Order)
    );
    // All the same is no order.
    let mut table = gold(&json!([["b", 1], ["c", 1], ["a", 1]]));
    table.ordered = true;
    let other = rows(&json!([["a", 1], ["b", 1], ["c", 1]]));
    assert_eq!(match_tables(&table, 2, &other), Err(TableMismatch::Order));
    // Nulls stand first or last.
    let mut table = gold(&json!([[null, "x"], [9, "z"], [9, "y"], [1, "z"]]));
    table.ordered = true;
    let other = rows(&json!([[null, "x"], [9, "y"], [9, "z"], [1, "z"]]));
    assert_eq!(match_tables(&table, 2, &other), Ok(()));
}

#[test]
fn further_columns_may_be_refused_and_some_may_be_missing() {
    let strict: GoldTable =
        serde_json::from_value(json!({"columns": ["a"], "rows": [[1]], "extra_columns": "refused"})).unwrap();
    assert!(match_tables(&strict, 2, &rows(&json!([[1, 2]]))).is_err());
    let partial: GoldTable =
        serde_json::from_value(json!({"columns": ["a", "b"], "rows": [[1, "x"]], "required": ["a"]}))
            .unwrap();
    assert_eq!(match_tables(&partial, 1, &rows(&json!([[1]]))), Ok(()));
}

#[test]
fn a_case_may_set_its_own_tolerance() {
    let mut table = gold(&json!([["a", 100]]));
    table.relative = Some(0.05);
    assert_eq!(match_tables(&table, 2, &rows(&json!([["a", 104]]))), Ok(()));
    assert!(match_tables(&table, 2, &rows(&json!([["a", 106]]))).is_err());
}

#[test]
fn near_numbers_sorted_the_other_way_are_still_paired() {
    let left = json!([[1.001, 10.5], [1.002, 5.5]]);
    let right = json!([[1.0, 5.5], [1.0, 10.5]]);
    let mut table = gold(&left);
    table.absolute = Some(0.01);
    assert_eq!(match_tables(&table, 2, &rows(&right)), Ok(()));
}

fn cell() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-1_000_i64..1_000).prop_map(Value::from),
        (-100_000_i32..100_000).prop_map(|cents| json!(f64::from(cents) / 100.0)),
        "[a-z]{1,4}".prop_map(Value::from),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (1_i8..=28).prop_map(|day| json!(format!("2025-03-{day:02}"))),
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<Value>>> {
    (1_usize..5, 1_usize..12)
        .prop_flat_map(|(width, height)| prop::collection::vec(prop::collection::vec(cell(), width), height))
}

proptest! {
    #[test]
    fn a_permuted_table_still_matches(table in table(), seed in any::<u64>()) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut columns: Vec<usize> = (0..table[0].len()).collect();
        random.shuffle(&mut columns);
        let mut found: Vec<Vec<Value>> = table
            .iter()
            .map(|row| columns.iter().map(|at| row[*at].clone()).collect())
            .collect();
        random.shuffle(&mut found);
        prop_assert_eq!(match_tables(&gold(&json!(table)), columns.len(), &found), Ok(()));
    }

    #[test]
    fn a_changed_cell_never_matches(table in table(), row in any::<prop::sample::Index>(), column in any::<prop::sample::Index>()) {
        let mut found = table.clone();
        let row = row.index(table.len());
        let column = column.index(table[0].len());
        found[row][column] = match &table[row][column] {
            Value::Number(number) => json!(number.as_f64().unwrap() + 1.0),
            Value::Null => json!("was null"),
            _ => Value::Null,
        };
        prop_assert!(match_tables(&gold(&json!(table)), table[0].len(), &found).is_err());
    }

    #[test]
    fn a_row_more_or_less_never_matches(table in table()) {
        let mut more = table.clone();
        more.push(table[0].clone());
        prop_assert!(match_tables(&gold(&json!(table)), table[0].len(), &more).is_err());
        prop_assert!(match_tables(&gold(&json!(table)), table[0].len(), &table[1..]).is_err());
    }
}
