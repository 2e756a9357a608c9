//! What would be wrong does not come out: the model is told what and how instead.

use cardinal::result::Extent;
use serde_json::{Value, json};

use super::kit::{Came, Desk, table};

fn revenue(row: u64) -> Value {
    json!({"result": "r1", "column": "revenue", "row": row})
}

#[tokio::test]
async fn where_must_hit_exactly_one_row() {
    let desk = Desk::shop().await;
    let cell = |conditions: Value| json!([{"result": "r1", "column": "revenue", "where": conditions}, 2]);
    let many = desk
        .no("divide", cell(json!([{"column": "category", "equals": "Toys"}])))
        .await;
    assert!(many.contains("hits 2 rows of r1"), "{many}");
    assert!(many.contains("row 2 (2026-01-01T00:00:00Z, Toys, 20)"), "{many}");
    assert!(many.contains("row 4 (2026-02-01T00:00:00Z, Toys, 30)"), "{many}");
    let none = desk
        .no("divide", cell(json!([{"column": "category", "equals": "Toy"}])))
        .await;
    assert!(none.contains("hits no row of r1"), "{none}");
    assert!(
        none.contains("\"category\" has 2 different values, such as \"Toys\""),
        "{none}"
    );
    // Part of a number is not the number, and half a month is no month.
    for value in [json!("2026-0"), json!("20"), json!(2)] {
        let no = desk
            .no("divide", cell(json!([{"column": "month", "equals": value}])))
            .await;
        assert!(no.contains("hits no row"), "{no}");
    }
}

#[tokio::test]
async fn a_row_has_to_be_named_and_to_exist() {
    let desk = Desk::shop().await;
    let no = desk
        .no("divide", json!([{"result": "r1", "column": "revenue"}, 2]))
        .await;
    assert!(
        no.contains("r1 has 4 rows: say which one with row or where, or take a total"),
        "{no}"
    );
    for row in [json!(0), json!(5), json!(1.5), json!(-1)] {
        let no = desk
            .no(
                "divide",
                json!([{"result": "r1", "column": "revenue", "row": row}, 2]),
            )
            .await;
        assert!(no.contains("r1 has rows 1 to 4"), "{no}");
    }
}

#[tokio::test]
async fn names_that_are_not_there_teach_those_that_are() {
    let desk = Desk::shop().await;
    let no = desk
        .no("divide", json!([{"result": "r9", "column": "revenue"}, 2]))
        .await;
    assert!(no.contains("no result \"r9\" is held"), "{no}");
    assert!(
        no.contains("held are: r1 (metric 12 \"Revenue\", 4 rows)"),
        "{no}"
    );
    let no = desk
        .no(
            "divide",
            json!([{"result": "r1", "column": "revenues", "row": 1}, 2]),
        )
        .await;
    assert!(
        no.contains("r1 has no column \"revenues\"") && no.contains("\"revenue\""),
        "{no}"
    );
    let no = desk.no("power", json!([revenue(1), 2])).await;
    assert!(no.contains("operation is one of: add, subtract"), "{no}");
    let no = desk.no("divide", json!(["r1", 2])).await;
    assert!(no.contains("a cell is an object"), "{no}");
    let empty = Desk::empty().await;
    let no = empty.no("divide", json!([revenue(1), 2])).await;
    assert!(no.contains("no result is held yet"), "{no}");
}

#[tokio::test]
async fn cells_without_a_number_are_no_zero() {
    let desk = Desk::shop().await;
    let no = desk
        .no(
            "add",
            json!([{"result": "r1", "column": "orders", "row": 3}, revenue(1)]),
        )
        .await;
    assert!(no.contains("r1, row 3, \"orders\" has no value"), "{no}");
    let no = desk
        .no(
            "add",
            json!([{"result": "r1", "column": "category", "row": 3}, revenue(1)]),
        )
        .await;
    assert!(no.contains("is not a number: \"Kitchen\""), "{no}");
    assert!(
        no.contains("its columns with numbers: \"revenue\", \"orders\""),
        "{no}"
    );
    let no = desk
        .no(
            "add",
            json!([{"result": "r1", "column": "month", "total": "sum"}, revenue(1)]),
        )
        .await;
    assert!(no.contains("is not a number"), "{no}");
}

#[tokio::test]
async fn nothing_is_divided_by_zero() {
    let desk = Desk::shop().await;
    for (operation, of) in [
        ("divide", json!([revenue(1), revenue(4)])),
        ("percent_change", json!([revenue(4), revenue(1)])),
        ("share_percent", json!([revenue(1), revenue(4)])),
        ("divide", json!([revenue(1), 0])),
    ] {
        let no = desk.no(operation, of).await;
        assert!(no.contains("it would divide by zero"), "{operation}: {no}");
    }
}

#[tokio::test]
async fn what_decimals_do_not_hold_is_not_guessed() {
    let mut desk = Desk::empty().await;
    let large = json!([
        ["70000000000000000000000000000"],
        ["70000000000000000000000000000"],
        [1e40]
    ]);
    desk.hold(table(&["x:number"], &large, Extent::Complete));
    let cell = |row: u64| json!({"result": "r1", "column": "x", "row": row});
    for operation in ["add", "multiply"] {
        let no = desk.no(operation, json!([cell(1), cell(2)])).await;
        assert!(no.contains("too large to be held exactly"), "{no}");
    }
    let no = desk.no("divide", json!([cell(3), cell(1)])).await;
    assert!(no.contains("is not a number"), "{no}");
}

#[tokio::test]
async fn a_total_over_a_result_that_is_not_whole_is_refused() {
    for extent in [
        Extent::ServerLimit { limit: 2 },
        Extent::RowBudget { budget: 2 },
        Extent::PageFailed { page: 3 },
    ] {
        let mut desk = Desk::empty().await;
        desk.hold(table(&["x:integer"], &json!([[4], [5]]), extent));
        for total in ["sum", "mean", "min", "max", "count"] {
            let no = desk
                .no(
                    "multiply",
                    json!([{"result": "r1", "column": "x", "total": total}, 1]),
                )
                .await;
            assert!(no.contains("r1 is not whole"), "{no}");
        }
        // Its cells are what they are.
        let of = json!([{"result": "r1", "column": "x", "row": 2}, 1]);
        assert_eq!(desk.one("multiply", of).await.value, 5.into());
    }
}

#[tokio::test]
async fn an_operation_takes_its_number_of_figures() {
    let desk = Desk::shop().await;
    for (operation, of, said) in [
        (
            "subtract",
            json!([revenue(1), revenue(2), revenue(3)]),
            "subtract takes exactly two figures",
        ),
        (
            "percent_change",
            json!([revenue(1)]),
            "the earlier, then the later",
        ),
        (
            "share_percent",
            json!([revenue(1), 1, 2]),
            "the part, then the whole",
        ),
        ("add", json!([revenue(1)]), "add takes two or more figures, not 1"),
        ("mean", json!([]), "mean takes two or more figures, not 0"),
    ] {
        let no = desk.no(operation, of).await;
        assert!(no.contains(said), "{no}");
    }
}

#[tokio::test]
async fn a_figure_needs_a_result_behind_it() {
    let desk = Desk::shop().await;
    let no = desk.no("add", json!([1_200, "34"])).await;
    assert!(no.contains("only numbers were given"), "{no}");
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_refused_with_a_right_call() {
    let desk = Desk::shop().await;
    for arguments in [
        json!({}),
        json!({"calculations": []}),
        json!({"calculations": {}}),
        json!({"calculations": [1]}),
        json!({"calculations": [], "sql": "select 1"}),
        json!({"calculations": [{"name": "x", "operation": "add"}]}),
        json!({"calculations": [{"name": " ", "operation": "add", "of": [revenue(1), 1]}]}),
        json!({"calculations": [{"name": "x", "operation": "add", "of": [revenue(1), null]}]}),
        json!({"calculations": [{"name": "x", "operation": "add", "of": [revenue(1), [1]]}]}),
        json!({"calculations": [{"name": "x", "operation": "add", "of": ["x", revenue(1)]}]}),
        json!({"calculations": [{"name": "x", "operation": "add", "of": [{"result": "r1", "column": "revenue", "cell": 1}, 1]}]}),
        json!({"calculations": [{"name": "x", "operation": "add", "of": [{"result": "r1", "column": "revenue", "row": 1, "total": "sum"}, 1]}]}),
        json!({"calculations": [{"name": "x", "operation": "add", "of": [{"result": "r1", "column": "revenue", "total": "median"}, 1]}]}),
        json!({"calculations": [{"name": "x", "operation": "add", "of": [{"result": "r1", "column": "revenue", "where": {"month": "2026-01"}}, 1]}]}),
        json!({"calculations": vec![json!({"name": "x", "operation": "add", "of": [revenue(1), 1]}); 2]}),
        json!({"calculations": vec![json!({}); 21]}),
        json!({"calculations": [{"name": "x", "operation": "add", "of": vec![revenue(1); 41]}]}),
    ] {
        match desk.calculate(arguments.clone()).await {
            Came::Refused(message) => {
                assert!(
                    message.contains("a right call: calculate {"),
                    "{arguments}: {message}"
                );
            }
            other => panic!("{arguments}: {other:?}"),
        }
    }
}
