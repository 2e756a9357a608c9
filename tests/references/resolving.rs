use cardinal::grounding::{FigureKind, Trace};
use cardinal::references::ReferencedText;
use cardinal::result::{Extent, HeldResults, TotalKind};
use serde_json::json;

use super::kit::{column, hold, known, problem, resolved, shop, table};

#[tokio::test]
async fn a_value_stands_in_place_of_its_reference_and_names_its_cell() {
    let text = resolved("Revenue was {{r1 revenue @ 2025-03}} in March.").await;
    assert_eq!(text.text(), "Revenue was 28,610.44 in March.");
    let [figure] = text.figures() else {
        panic!("{:?}", text.figures())
    };
    assert_eq!(&text.text()[figure.start..figure.end], "28,610.44");
    assert_eq!(figure.kind, Some(FigureKind::Number));
    let trace = Trace::Cell {
        result: "r1".to_owned(),
        row: 3,
        column: "revenue".to_owned(),
    };
    assert_eq!(figure.trace, Some(trace));
}

#[tokio::test]
async fn totals_and_counts_are_of_all_rows() {
    for (written, text) in [
        ("{{r1 orders @ total}}", "867"),
        ("{{r1 revenue @ sum}}", "89,142.78"),
        ("{{r1 orders @ mean}}", "289"),
        ("{{r1 orders @ max}}", "455"),
        ("{{r1 created_at @ last}}", "2025-03"),
        ("{{r1 rows}}", "3"),
        ("{{r4}}", "1,234"),
        ("{{r4 count}}", "1,234"),
    ] {
        assert_eq!(resolved(written).await.text(), text, "{written}");
    }
    let text = resolved("{{r1 orders @ total}}").await;
    let trace = text.figures()[0].trace.clone();
    assert!(
        matches!(
            trace,
            Some(Trace::Total {
                total: TotalKind::Sum,
                ..
            })
        ),
        "{trace:?}"
    );
}

#[tokio::test]
async fn a_row_that_is_called_total_is_that_row() {
    let mut held = HeldResults::default();
    let columns = || {
        vec![
            column("region", cardinal::result::ColumnKind::Text),
            column("revenue", cardinal::result::ColumnKind::Integer),
        ]
    };
    let rows = vec![
        vec![json!("North"), json!(1)],
        vec![json!("South"), json!(2)],
        vec![json!("Total"), json!(3)],
    ];
    hold(&mut held, table(columns(), rows));
    let text = ReferencedText::of("{{r1 revenue @ total}}", &known(&held).await);
    assert_eq!(text.text(), "3");
}

fn named(names: [&str; 3], values: [u32; 3]) -> cardinal::result::ResultTable {
    let columns = vec![
        column("code", cardinal::result::ColumnKind::Text),
        column("name", cardinal::result::ColumnKind::Text),
        column("revenue", cardinal::result::ColumnKind::Integer),
    ];
    let rows = ["A1", "B2", "C3"].into_iter().zip(names).zip(values);
    let rows = rows.map(|((code, name), value)| vec![json!(code), json!(name), json!(value)]);
    table(columns, rows.collect())
}

async fn of_one(table: cardinal::result::ResultTable, written: &str) -> String {
    let mut held = HeldResults::default();
    hold(&mut held, table);
    let text = ReferencedText::of(written, &known(&held).await);
    match text.references().iter().find_map(|one| one.problem.as_ref()) {
        Some(problem) => format!("problem: {problem}"),
        None => text.text().to_owned(),
    }
}

/// The word is a row only where the rows are keyed by it, not where any name beside the key is that word.
#[tokio::test]
async fn a_name_beside_the_key_is_no_total() {
    let shops = || named(["Total", "Max", "Lowest"], [10, 20, 5]);
    for (written, wanted) in [
        ("{{r1 revenue @ total}}", "35"),
        ("{{r1 revenue @ max}}", "20"),
        ("{{r1 revenue @ lowest}}", "5"),
        ("{{r1 revenue @ \"Total\"}}", "10"),
        ("{{r1 revenue @ A1}}", "10"),
        ("{{share r1 revenue @ A1 of total}}", "28.6%"),
    ] {
        assert_eq!(of_one(shops(), written).await, wanted, "{written}");
    }
}

#[tokio::test]
async fn a_key_that_is_a_word_for_a_total_is_refused_with_both_choices() {
    let mut brands = named(["x", "y", "z"], [10, 20, 25]);
    for (row, name) in brands.rows.iter_mut().zip(["Total", "Max", "Shell"]) {
        row[0] = cardinal::result::Cell::text(name);
    }
    for (written, row, total) in [
        (
            "{{r1 revenue @ total}}",
            "{{r1 revenue @ \"Total\"}}",
            "{{r1 revenue @ sum}}",
        ),
        (
            "{{r1 revenue @ Max}}",
            "{{r1 revenue @ \"Max\"}}",
            "{{r1 revenue @ maximum}}",
        ),
    ] {
        let said = of_one(brands.clone(), written).await;
        assert!(said.starts_with("problem: "), "{said}");
        assert!(said.contains(row) && said.contains(total), "{said}");
        assert!(of_one(brands.clone(), row).await.parse::<u32>().is_ok(), "{row}");
    }
    assert_eq!(of_one(brands.clone(), "{{r1 revenue @ sum}}").await, "55");
    assert_eq!(of_one(brands, "{{r1 revenue @ maximum}}").await, "25");
}

#[tokio::test]
async fn the_last_number_of_a_column_is_not_its_greatest() {
    for written in ["{{r1 orders @ last}}", "{{r2 revenue @ latest}}"] {
        let said = problem(written).await;
        assert!(said.contains("name the row by its key"), "{written}: {said}");
    }
    assert_eq!(resolved("{{r1 created_at @ last}}").await.text(), "2025-03");
}

#[tokio::test]
async fn totals_that_mean_nothing_or_are_not_whole_are_refused() {
    let rate = problem("{{r1 conversion_rate @ total}}").await;
    assert!(
        rate.contains("the sum of conversion_rate in r1 means nothing"),
        "{rate}"
    );
    let id = problem("{{r6 customer_id @ total}}").await;
    assert!(id.contains("means nothing"), "{id}");

    let mut held = HeldResults::default();
    for extent in [
        Extent::ServerLimit { limit: 2000 },
        Extent::AskedLimit {
            limit: 5,
            of: None,
            ordered: true,
        },
    ] {
        let mut cut = table(
            vec![
                column("name", cardinal::result::ColumnKind::Text),
                column("spent", cardinal::result::ColumnKind::Number),
            ],
            vec![vec![json!("a"), json!(1)], vec![json!("b"), json!(2)]],
        );
        cut.extent = extent;
        hold(&mut held, cut);
    }
    let known = known(&held).await;
    for written in [
        "{{r1 spent @ total}}",
        "{{r1 rows}}",
        "{{r2 spent @ total}}",
        "{{r2 rows}}",
    ] {
        let text = ReferencedText::of(written, &known);
        let problem = text.references()[0].problem.as_ref().expect(written).to_string();
        assert!(problem.contains("is not whole"), "{written}: {problem}");
    }
    let row = ReferencedText::of("{{r2 spent @ b}}", &known);
    assert_eq!(row.text(), "2", "a single row is what it is");
}

#[tokio::test]
async fn what_names_nothing_leaves_a_mark_and_says_what_is_near() {
    for (written, wanted) in [
        (
            "{{r9 revenue}}",
            "there is no result r9; held are r6 (metric r6, 3 rows)",
        ),
        (
            "{{r1 revenu @ 2025-03}}",
            "r1 has no column revenu; its columns: revenue, created_at",
        ),
        (
            "{{r1 revenue @ 2027-03}}",
            "no row of r1 has the key 2027-03; the nearest keys: 2025-0",
        ),
        (
            "{{r1 revenue}}",
            "r1 has 3 rows, and none is named; its rows are keyed by created_at, such as 2025-01 or 2025-02",
        ),
        (
            "{{r3 revenue @ 2025-02}}",
            "2 rows of r3 have 2025-02; write the whole key: 2025-02, Widget; 2025-02, \"Gadget, Large\"",
        ),
        (
            "{{r1 revenue @ #2}}",
            "rows of r1 have keys and no numbers; the key of row 2 is 2025-02",
        ),
        ("{{r1 @ 2025-03}}", "no column of r1 is named"),
        ("{{r5 amount @ #9}}", "r5 has 3 rows and no row 9"),
        (
            "{{r6 spent @ Harbor}}",
            "no row of r6 has the key Harbor; the nearest keys: \"Harbor Holdings, Inc.\"",
        ),
        (
            "{{r1 conversion_rate @ 2025-03}}",
            "that row of r1 has no value in conversion_rate",
        ),
        (
            "{{revenue @ 2025-03}}",
            "\"revenue @ 2025-03\" does not begin with the name of a result, such as r1",
        ),
        ("so {{r1 revenue @ total", "it is not closed; end it with }}"),
    ] {
        let said = problem(written).await;
        assert!(said.contains(wanted), "{written}: {said}");
        let text = resolved(written).await;
        assert!(text.text().contains("[no figure: r"), "{}", text.text());
        assert!(text.figures().iter().any(|figure| figure.trace.is_none()));
    }
}

#[tokio::test]
async fn rows_without_a_key_go_by_number() {
    assert_eq!(resolved("{{r5 amount @ #3}}").await.text(), "7.5");
    let same = problem("{{r5 amount}}").await;
    assert!(same.contains("write r5 amount @ #1"), "{same}");
}

#[tokio::test]
async fn integers_that_name_rows_are_keys() {
    assert_eq!(resolved("{{r2 revenue @ 2025}}").await.text(), "900,000.5");
    assert_eq!(resolved("{{r6 spent @ 40013}}").await.text(), "3");
    assert_eq!(
        resolved("{{r6 customer_id @ harbor holdings, inc.}}")
            .await
            .text(),
        "40012"
    );
}

#[tokio::test]
async fn data_that_looks_like_a_reference_or_markup_is_data() {
    let text = resolved("{{r6 customer @ 40013}} and {{r6 customer @ 40014}}").await;
    assert_eq!(
        text.text(),
        "{{r1 revenue @ total}} and a\\|b x ‹link removed› \\*c\\*"
    );
    assert_eq!(text.references().len(), 2);
    assert!(
        text.references()
            .iter()
            .all(|reference| reference.problem.is_none())
    );
}

#[tokio::test]
async fn a_currency_sign_before_an_amount_of_money_is_not_doubled() {
    let mut held = HeldResults::default();
    let mut money = column("amount", cardinal::result::ColumnKind::Number);
    money.format.currency = Some("USD".to_owned());
    hold(&mut held, table(vec![money], vec![vec![json!(12.5)]]));
    let text = ReferencedText::of("It cost ${{r1}} ({{r1}}).", &known(&held).await);
    assert_eq!(text.text(), "It cost $12.50 ($12.50).");
}

#[tokio::test]
async fn a_sign_that_the_model_adds_is_not_doubled() {
    for (written, text) in [
        ("up {{change r2 revenue @ 2023 -> 2024}} %, fine", "up 20%, fine"),
        ("up {{change r2 revenue @ 2023 -> 2024}}%.", "up 20%."),
        (
            "up {{change r2 revenue @ 2023 -> 2024}} and 5 %",
            "up 20% and 5 %",
        ),
    ] {
        assert_eq!(resolved(written).await.text(), text);
    }
}

#[tokio::test]
async fn a_text_of_thousands_of_references_ends_soon() {
    let held = shop();
    let known = known(&held).await;
    let text = ReferencedText::of(&"{{r1 revenue @ 2025-03}} ".repeat(2_000), &known);
    let broken = text
        .references()
        .iter()
        .filter(|one| one.problem.is_some())
        .count();
    assert_eq!((text.references().len(), broken), (2_000, 1_500));
    let tables = ReferencedText::of(&"{{table r1}} ".repeat(3_000), &known);
    assert!(tables.text().len() < 400_000);
}
