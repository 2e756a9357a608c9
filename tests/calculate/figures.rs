//! What comes out, to the last digit, and how it is accounted for.

use cardinal::result::{CalculatedUnit, Cell, Extent, ResultOrigin};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::kit::{Desk, derivations, output, table};

fn at(row: u64) -> Value {
    json!({"result": "r1", "column": "revenue", "row": row})
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[tokio::test]
async fn each_operation_in_decimal() {
    let desk = Desk::shop().await;
    for (operation, of, wanted) in [
        ("add", json!([at(1), at(2)]), "300.30"),
        ("add", json!([at(1), at(2), at(3)]), "430.43"),
        ("subtract", json!([at(1), at(2)]), "-100.10"),
        ("multiply", json!([at(1), 3]), "300.30"),
        ("divide", json!([at(2), at(1)]), "2"),
        ("percent_change", json!([at(1), at(3)]), "30"),
        ("percent_change", json!([at(2), at(1)]), "-50"),
        ("share_percent", json!([at(1), at(2)]), "50"),
        ("mean", json!([at(1), at(2), at(3), at(4)]), "107.6075"),
        ("min", json!([at(1), at(2), at(3)]), "100.10"),
        ("max", json!([at(1), at(2), "150.5"]), "200.20"),
    ] {
        let made = desk.one(operation, of.clone()).await;
        assert_eq!(made.value, decimal(wanted), "{operation} {of}");
    }
}

#[tokio::test]
async fn a_total_over_the_rows_a_limit_left_is_said_to_be_of_these() {
    let mut desk = Desk::empty().await;
    let limited = Extent::AskedLimit {
        limit: 2,
        of: Some(9),
        ordered: true,
    };
    desk.hold(table(&["x:integer"], &json!([[4], [5]]), limited));
    let of = |cell: Value| json!({"calculations": [{"name": "n", "operation": "multiply", "of": [cell, 1]}]});
    let total = desk
        .calculate(of(json!({"result": "r1", "column": "x", "total": "sum"})))
        .await;
    let total = output(total);
    assert!(
        total.content.contains("r1 has only the rows that were asked for"),
        "{}",
        total.content
    );
    assert_eq!(
        total.brought.unwrap().table.unpack().extent,
        limited.computed_over()
    );
    let cell = desk
        .calculate(of(json!({"result": "r1", "column": "x", "row": 2})))
        .await;
    assert_eq!(
        output(cell).brought.unwrap().table.unpack().extent,
        Extent::Complete
    );
}

#[tokio::test]
async fn a_tenth_and_two_tenths_are_three_tenths() {
    let mut desk = Desk::empty().await;
    desk.hold(table(&["x:number"], &json!([[0.1], [0.2]]), Extent::Complete));
    let of = json!([{"result": "r1", "column": "x", "row": 1}, {"result": "r1", "column": "x", "row": 2}]);
    assert_eq!(desk.one("add", of).await.value.to_string(), "0.3");
}

#[tokio::test]
async fn a_change_from_a_loss_counts_against_its_size() {
    let mut desk = Desk::empty().await;
    desk.hold(table(
        &["profit:number"],
        &json!([[-200], [-50]]),
        Extent::Complete,
    ));
    let of = json!([
        {"result": "r1", "column": "profit", "row": 1},
        {"result": "r1", "column": "profit", "row": 2},
    ]);
    assert_eq!(desk.one("percent_change", of).await.value, decimal("75"));
}

#[tokio::test]
async fn cells_are_named_in_every_way() {
    let desk = Desk::shop().await;
    let one = |conditions: Value| json!([{"result": "r1", "column": "revenue", "where": conditions}, 1]);
    for (conditions, wanted) in [
        (
            json!([{"column": "month", "equals": "2026-02"}, {"column": "category", "equals": "Kitchen"}]),
            "130.13",
        ),
        (
            json!([{"column": "Month", "equals": "2026-02-01T00:00:00Z"}, {"column": "category", "equals": "Kitchen"}]),
            "130.13",
        ),
        (json!(["month = 2026-02", "category = \"Kitchen\""]), "130.13"),
        (json!([{"column": "orders", "equals": 20}]), "200.20"),
        (json!([{"column": "orders", "equals": "20"}]), "200.20"),
        (json!([{"column": "orders", "equals": null}]), "130.13"),
        (
            json!([{"column": "category", "equals": "toys"}, {"column": "month", "equals": "2026-01-01"}]),
            "200.20",
        ),
    ] {
        let made = desk.one("multiply", one(conditions.clone())).await;
        assert_eq!(made.value, decimal(wanted), "{conditions}");
    }
    // A result of one row needs no place; a handle's case and blanks do not count.
    let made = desk
        .one("divide", json!([{"result": " R2 ", "column": "count"}, 12]))
        .await;
    assert_eq!(made.value, decimal("5"));
}

#[tokio::test]
async fn totals_cover_all_rows_that_are_held_or_those_that_are_hit() {
    let desk = Desk::shop().await;
    let kitchen = json!([{"column": "category", "equals": "Kitchen"}]);
    for (total, conditions, wanted) in [
        ("sum", json!([]), "430.43"),
        ("mean", json!([]), "107.6075"),
        ("min", json!([]), "0"),
        ("max", json!([]), "200.20"),
        ("count", json!([]), "4"),
        ("sum", kitchen.clone(), "230.23"),
        ("count", kitchen, "2"),
    ] {
        let of = json!([{"result": "r1", "column": "revenue", "total": total, "where": conditions}, 1]);
        assert_eq!(desk.one("multiply", of).await.value, decimal(wanted), "{total}");
    }
    // Rows without a value take no part.
    let of = json!([{"result": "r1", "column": "orders", "total": "mean"}, 1]);
    assert_eq!(desk.one("multiply", of).await.value, decimal("20"));
    let of = json!([{"result": "r1", "column": "category", "total": "count"}, 1]);
    assert_eq!(desk.one("multiply", of).await.value, decimal("4"));
}

#[tokio::test]
async fn a_later_calculation_uses_all_digits_of_an_earlier_one() {
    let mut desk = Desk::empty().await;
    desk.hold(table(&["x:integer"], &json!([[1], [3]]), Extent::Complete));
    let cell = |row: u64| json!({"result": "r1", "column": "x", "row": row});
    let came = desk
        .calculate(json!({"calculations": [
            {"name": "third", "operation": "divide", "of": [cell(1), cell(2)]},
            {"name": "million thirds", "operation": "multiply", "of": ["third", 3_000_000]},
        ]}))
        .await;
    let brought = output(came).brought.unwrap();
    assert_eq!(
        brought.table.unpack().rows[0][1],
        Cell::Number(serde_json::from_str("0.333333").unwrap())
    );
    assert_eq!(brought.table.unpack().rows[1][1], Cell::Number(1_000_000.into()));
    // The same from the held result in a call of its own.
    desk.shelf.put(brought);
    let third = json!({"result": "r2", "column": "value", "where": [{"column": "name", "equals": "third"}]});
    let again = desk.one("multiply", json!([third, 3_000_000])).await;
    assert_eq!(cardinal::result::for_reading(again.value), decimal("1000000"));
}

#[tokio::test]
async fn percentages_stay_percentages() {
    let desk = Desk::shop().await;
    let came = desk
        .calculate(json!({"calculations": [
            {"name": "kitchen", "operation": "share_percent", "of": [at(1), {"result": "r1", "column": "revenue", "total": "sum"}]},
            {"name": "toys", "operation": "share_percent", "of": [at(2), {"result": "r1", "column": "revenue", "total": "sum"}]},
            {"name": "apart", "operation": "subtract", "of": ["toys", "kitchen"]},
            {"name": "money", "operation": "subtract", "of": [at(2), at(1)]},
        ]}))
        .await;
    let units: Vec<Option<CalculatedUnit>> = derivations(came).iter().map(|made| made.unit).collect();
    assert_eq!(
        units,
        [
            Some(CalculatedUnit::Percent),
            Some(CalculatedUnit::Percent),
            Some(CalculatedUnit::PercentagePoints),
            None
        ]
    );
}

#[tokio::test]
async fn figures_of_a_column_of_percentages_are_percentages() {
    let mut desk = Desk::empty().await;
    let rows = json!([["a", 1.98, 3], ["b", 2.5, 4]]);
    desk.hold(table(
        &["site:text", "rot_pct:number", "kg:integer"],
        &rows,
        Extent::Complete,
    ));
    let cell = |column: &str, row: u64| json!({"result": "r1", "column": column, "row": row});
    let (one, other) = (cell("rot_pct", 1), cell("rot_pct", 2));
    for (operation, of, unit) in [
        ("mean", json!([one, other]), Some(CalculatedUnit::Percent)),
        (
            "subtract",
            json!([other, one]),
            Some(CalculatedUnit::PercentagePoints),
        ),
        ("divide", json!([one, other]), None),
        ("subtract", json!([cell("kg", 2), cell("kg", 1)]), None),
    ] {
        assert_eq!(desk.one(operation, of).await.unit, unit, "{operation}");
    }
}

#[tokio::test]
async fn the_model_reads_a_result_like_any_other() {
    let desk = Desk::shop().await;
    let came = desk
        .calculate(json!({"calculations": [
            {"name": "growth", "operation": "percent_change", "of": [at(1), at(3)]},
            {"name": "per order", "operation": "divide", "of": [
                {"result": "r1", "column": "revenue", "total": "sum", "where": [{"column": "category", "equals": "Toys"}]},
                {"result": "r2", "column": "count"},
            ]},
            {"name": "twice", "operation": "multiply", "of": ["per order", 2]},
        ]}))
        .await;
    insta::assert_snapshot!(output(came).content);
}

#[tokio::test]
async fn a_figure_is_accounted_for_so_that_a_program_can_check_it() {
    let desk = Desk::shop().await;
    let came = desk
        .calculate(json!({"calculations": [
            {"name": "share", "operation": "share_percent", "of": [
                {"result": "r1", "column": "revenue", "where": [{"column": "orders", "equals": 20}]},
                {"result": "r1", "column": "revenue", "total": "sum", "where": [{"column": "category", "equals": "Toys"}]},
            ]},
            {"name": "of a dozen", "operation": "divide", "of": ["share", 12]},
        ]}))
        .await;
    let brought = output(came).brought.unwrap();
    let ResultOrigin::Calculated {
        from, derivations, ..
    } = &brought.origin
    else {
        panic!("{:?}", brought.origin);
    };
    assert_eq!(from.iter().map(ToString::to_string).collect::<Vec<_>>(), ["r1"]);
    insta::assert_snapshot!(serde_json::to_string_pretty(derivations).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Cents go in and cents come out, whatever the figures: sums and differences lose nothing.
    #[test]
    fn money_is_never_off_by_a_cent(cents in proptest::collection::vec(-10_000_000_000i64..10_000_000_000, 2..20)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let exact = |cents: i64| Decimal::new(cents, 2);
        let rows: Vec<Value> = cents
            .iter()
            .map(|cents| json!([serde_json::from_str::<Value>(&exact(*cents).to_string()).unwrap()]))
            .collect();
        runtime.block_on(async {
            let mut desk = Desk::empty().await;
            desk.hold(table(&["x:number"], &json!(rows), Extent::Complete));
            let cells: Vec<Value> = (1..=cents.len()).map(|row| json!({"result": "r1", "column": "x", "row": row})).collect();
            let added = desk.one("add", json!(cells)).await;
            assert_eq!(added.value, exact(cents.iter().sum()));
            let total = desk.one("subtract", json!([{"result": "r1", "column": "x", "total": "sum"}, cells[0].clone()])).await;
            assert_eq!(total.value, exact(cents.iter().skip(1).sum()));
        });
    }
}
