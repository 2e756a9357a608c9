//! Rows that are listed one a line, named by several keys, and columns of figures that a query formatted as text.

use cardinal::grounding::{Claim, Figure, Material, ground};
use cardinal::result::{Cell, Column, ColumnKind, Extent, ResultTable, totals};
use serde_json::{Number, json};

fn column(name: &str, kind: ColumnKind) -> Column {
    Column {
        name: name.to_owned(),
        label: name.to_owned(),
        kind,
        unit: None,
        description: None,
        format: cardinal::result::ColumnFormat::default(),
    }
}

fn unmatched(text: &str, title: &str, table: &ResultTable) -> Vec<String> {
    let (totals, arguments) = (totals(table), json!({}));
    let material = Material {
        handle: "r1",
        title,
        arguments: &arguments,
        table,
        totals: &totals,
        rows_seen: table.rows.len(),
        current: true,
    };
    let claim = Claim {
        text,
        question: "List them.",
        earlier: &[],
        today: jiff::civil::date(2026, 6, 30),
        shown: &[],
    };
    let figures = ground(&claim, &[material]);
    figures
        .into_iter()
        .filter(Figure::is_unmatched)
        .map(|figure| figure.text)
        .collect()
}

/// Loans of a library, where the numbers of members and shelves are also fines and days.
fn loans() -> ResultTable {
    let rows = [
        (2101, "2024-03-05T09:12:44Z", 41, 7, 0.0, 12, 18.4, 1.2, 41.5),
        (2102, "2024-03-06T11:00:03Z", 12, 41, 2.75, 59, 25.54, 1.4, 37.17),
        (2103, "2024-03-09T16:45:21Z", 58, 18, 0.0, 50, 25.1, 1.51, 58.2),
        (
            2104,
            "2024-03-11T08:30:59Z",
            25,
            12,
            3.74,
            65,
            98.98,
            6.93,
            159.89,
        ),
    ];
    let number = |value: f64| Cell::Number(Number::from_f64(value).unwrap());
    ResultTable {
        columns: vec![
            column("ID", ColumnKind::Integer),
            column("LENT_AT", ColumnKind::Datetime),
            column("MEMBER_ID", ColumnKind::Integer),
            column("SHELF_ID", ColumnKind::Integer),
            column("REBATE", ColumnKind::Number),
            column("DAYS", ColumnKind::Integer),
            column("FEE", ColumnKind::Number),
            column("TAX", ColumnKind::Number),
            column("PAID", ColumnKind::Number),
        ],
        rows: rows
            .map(|(id, at, member, shelf, rebate, days, fee, tax, total)| {
                vec![
                    Cell::Number(id.into()),
                    Cell::text(at),
                    Cell::Number(member.into()),
                    Cell::Number(shelf.into()),
                    if rebate > 0.0 { number(rebate) } else { Cell::Null },
                    Cell::Number(days.into()),
                    number(fee),
                    number(tax),
                    number(total),
                ]
            })
            .to_vec(),
        extent: Extent::Complete,
        bytes_received: 0,
    }
}

#[test]
fn a_line_may_name_its_row_by_several_keys() {
    let text = "Loans:\n\
        - 2101, 2024-03-05 09:12:44, 41, 7: Rebate (none), Days 12, Fee 18.40, Tax 1.20, Paid 41.5\n\
        - 2102, 2024-03-06 11:00:03, 12, 41: Rebate 2.75, Days 59, Fee 25.54, Tax 1.40, Paid 37.17\n\
        - 2103, 2024-03-09 16:45:21, 58, 18: Rebate (none), Days 50, Fee 25.1, Tax 1.51, Paid 58.2\n\
        - 2104, 2024-03-11 08:30:59, 25, 12: Rebate 3.74, Days 65, Fee 98.98, Tax 6.93, Paid 159.89\n";
    assert_eq!(unmatched(text, "Loans", &loans()), Vec::<String>::new());
    // Of another row, of no row, and a figure of another row.
    for wrong in ["58, 7: Rebate", "41, 8: Rebate", "41, 7: Rebate (none), Days 59"] {
        let right = ["41, 7: Rebate", "41, 7: Rebate", "41, 7: Rebate (none), Days 12"];
        let at = ["58, 7: Rebate", "41, 8: Rebate"]
            .iter()
            .position(|one| *one == wrong)
            .unwrap_or(2);
        let text = text.replacen(right[at], wrong, 1);
        assert!(!unmatched(&text, "Loans", &loans()).is_empty(), "{wrong}");
    }
}

#[test]
fn a_mark_for_no_value_leaves_a_column_of_written_figures_one() {
    for mark in ["-", "–", "n/a", "N/A", ""] {
        let table = ResultTable {
            columns: vec![
                column("depot", ColumnKind::Text),
                column("takings", ColumnKind::Text),
            ],
            rows: [("Ost", "€3,410.75"), ("Mitte", mark), ("Hafen", "€88.20")]
                .map(|(depot, takings)| vec![Cell::text(depot), Cell::text(takings)])
                .to_vec(),
            extent: Extent::Complete,
            bytes_received: 0,
        };
        let said = |text: &str| unmatched(text, "Takings by depot", &table);
        assert!(said("Ost took €3,410.75 and Hafen €88.20.").is_empty(), "{mark}");
        assert_eq!(said("Ost took €88.20."), ["€88.20"], "{mark}");
        assert_eq!(said("Mitte took €88.20."), ["€88.20"], "{mark}");
    }
}

/// Shipments by week: what a sentence says beside a name that it does not go with.
fn shipments() -> ResultTable {
    let mut week = column("week", ColumnKind::Date);
    week.unit = Some("week".to_owned());
    let columns = vec![
        column("order_id", ColumnKind::Integer),
        week,
        column("quantity", ColumnKind::Integer),
        column("subtotal", ColumnKind::Number),
        column("total", ColumnKind::Number),
    ];
    let rows = [
        (107_000, "2025-03-03", 300, 108.36, 119.2),
        (107_004, "2025-03-10", 210, 599.94, 659.9),
        (107_009, "2025-03-17", 245, 240.1, 264.1),
    ];
    let number = |value: f64| Cell::Number(Number::from_f64(value).unwrap());
    let rows = rows.map(|(id, day, quantity, subtotal, total)| {
        vec![
            Cell::Number(Number::from(id)),
            Cell::text(day),
            Cell::Number(Number::from(quantity)),
            number(subtotal),
            number(total),
        ]
    });
    ResultTable {
        columns,
        rows: rows.into(),
        extent: Extent::Complete,
        bytes_received: 0,
    }
}

#[test]
fn a_name_says_nothing_of_a_figure_that_is_written_in_another_way() {
    let said = |text: &str| unmatched(text, "Shipments by week", &shipments());
    let right = [
        "In Shipments by week the largest subtotal is 599.94 and the quantities come to 755 units.",
        "Over all weeks the total quantity is 755 units; order 107000 has a subtotal of 108.36.",
        "Order 107004 has a total of $659.90.",
    ];
    for text in right {
        assert!(said(text).is_empty(), "{text}: {:?}", said(text));
    }
    assert_eq!(said("Order 107004 has a total of $599.94."), ["$599.94"]);
    assert_eq!(said("Order 107009 has a subtotal of $108.36."), ["$108.36"]);
}

/// Orders of a shop whose last amount is called `Total`, as a saved question lists them. 155 is a user of one and a product of another.
fn orders() -> ResultTable {
    let columns = vec![
        column("ID", ColumnKind::Integer),
        column("CREATED_AT", ColumnKind::Datetime),
        column("DISCOUNT", ColumnKind::Number),
        column("PRODUCT_ID", ColumnKind::Integer),
        column("QUANTITY", ColumnKind::Integer),
        column("SUBTOTAL", ColumnKind::Number),
        column("TAX", ColumnKind::Number),
        column("TOTAL", ColumnKind::Number),
        column("USER_ID", ColumnKind::Integer),
    ];
    let rows = json!([
        [
            1199,
            "2018-10-22T05:07:06.089Z",
            null,
            182,
            68,
            84.489_403_704_761_12,
            5.07,
            88.195_148_558_811_98,
            155
        ],
        [
            1475,
            "2019-07-03T00:41:03.541Z",
            null,
            128,
            53,
            75.080_163_145_044_17,
            3.0,
            84.513_304_273_747_89,
            211
        ],
        [
            9639,
            "2017-09-27T06:19:46.347Z",
            2.776_582_909_164_9,
            165,
            59,
            25.536_330_427_467_956,
            1.4,
            37.167_453_378_986_3,
            1280
        ],
        [
            10263,
            "2018-07-31T11:12:17.485Z",
            null,
            191,
            52,
            128.584_185_205_793_7,
            7.72,
            95.267_282_748_236_11,
            1352
        ],
        [
            16560,
            "2018-09-01T07:54:29.007Z",
            null,
            155,
            72,
            43.775_743_101_827_76,
            2.74,
            80.119_725_907_692_37,
            2204
        ]
    ]);
    let cell = |value: &serde_json::Value| match value {
        serde_json::Value::Number(number) => Cell::Number(number.clone()),
        serde_json::Value::String(text) => Cell::text(text.as_str()),
        _ => Cell::Null,
    };
    let row = |row: &serde_json::Value| row.as_array().unwrap().iter().map(cell).collect();
    ResultTable {
        columns,
        rows: rows.as_array().unwrap().iter().map(row).collect(),
        extent: Extent::Complete,
        bytes_received: 0,
    }
}

#[test]
fn a_column_may_be_called_total_and_a_number_be_two_keys() {
    let said = |text: &str| unmatched(text, "Orders quantity >= 50", &orders());
    let text = "Orders quantity >= 50:\n\
        - 1199, 2018-10-22 05:07:06, 182, 155: Discount (none), Quantity 68, Subtotal 84.49, Tax 5.07, Total 88.2\n\
        - 1475, 2019-07-03 00:41:03, 128, 211: Discount (none), Quantity 53, Subtotal 75.08, Tax 3, Total 84.51\n\
        - 9639, 2017-09-27 06:19:46, 165, 1280: Discount 2.78, Quantity 59, Subtotal 25.54, Tax 1.4, Total 37.17\n\
        - 10263, 2018-07-31 11:12:17, 191, 1352: Discount (none), Quantity 52, Subtotal 128.58, Tax 7.72, Total 95.27\n\
        - 16560, 2018-09-01 07:54:29, 155, 2204: Discount (none), Quantity 72, Subtotal 43.78, Tax 2.74, Total 80.12\n\n\
        Source: card \"Orders quantity >= 50\".";
    assert_eq!(said(text), Vec::<String>::new());
    let wrong = text.replace("Total 88.2", "Total 84.51");
    assert!(!said(&wrong).is_empty());
    let wrong = text.replace(
        "Subtotal 25.54, Tax 1.4, Total 37.17",
        "Subtotal 37.17, Tax 1.4, Total 25.54",
    );
    assert!(!said(&wrong).is_empty());
}
