use cardinal::grounding::{FigureKind, Trace};
use cardinal::references::{ChartKind, ReferencedText};
use cardinal::result::{ColumnKind, HeldResults};
use serde_json::json;

use super::kit::{column, hold, known, problem, resolved, table};

#[tokio::test]
async fn a_table_is_printed_and_its_cells_have_sources() {
    let text = resolved("By month:\n\n{{table r1: created_at, revenue}}\n\nThat is all.").await;
    let wanted = "By month:\n\n| created_at | revenue |\n| --- | --: |\n| 2025-01 | 28,550.43 |\n| 2025-02 | 31,981.91 |\n\
                  | 2025-03 | 28,610.44 |\n\nThat is all.";
    assert_eq!(text.text(), wanted);
    let numbers: Vec<&str> = text
        .figures()
        .iter()
        .filter(|figure| figure.kind == Some(FigureKind::Number))
        .map(|figure| &text.text()[figure.start..figure.end])
        .collect();
    assert_eq!(numbers, ["28,550.43", "31,981.91", "28,610.44"]);
    let last = text.figures().last().unwrap();
    assert!(
        matches!(&last.trace, Some(Trace::Cell { result, row: 3, column }) if result == "r1" && column == "revenue")
    );
    assert!(text.figures().iter().all(|figure| figure.printed_row));
}

#[tokio::test]
async fn points_stand_under_each_other_and_nothing_is_left_out_silently() {
    let text = resolved("{{table r2 | first 2}} Good.").await;
    let wanted = "| fiscal_year | revenue |\n| --- | --: |\n| 2023 | 1,000,000 |\n| 2024 | 1,200,000 |\n\n\
                  *The first 2 of 3 rows.*\n\nGood.";
    assert_eq!(text.text(), wanted);
    let text = resolved("{{table r5: amount}}").await;
    assert!(
        text.text().contains("| 5.0 |") && text.text().contains("| 7.5 |"),
        "{}",
        text.text()
    );
}

#[tokio::test]
async fn a_chart_is_asked_for_and_its_table_stands_in_its_place() {
    let text = resolved("Here: {{chart r1: line, created_at, orders}}").await;
    let [chart] = text.charts() else {
        panic!("{:?}", text.charts())
    };
    assert_eq!((chart.kind, chart.rows), (ChartKind::Line, 3));
    assert_eq!(chart.columns, ["created_at", "orders"]);
    let drawn = &text.text()[chart.start..chart.end];
    assert!(
        drawn.starts_with("| created_at | orders |") && drawn.ends_with("| 455 |"),
        "{drawn}"
    );
}

#[tokio::test]
async fn a_long_table_says_how_many_rows_it_leaves_out() {
    let mut held = HeldResults::default();
    let rows = (0..1_000).map(|row| vec![json!(format!("customer {row}")), json!(row)]);
    hold(
        &mut held,
        table(
            vec![
                column("name", ColumnKind::Text),
                column("spent", ColumnKind::Integer),
            ],
            rows.collect(),
        ),
    );
    let text = ReferencedText::of("{{table r1}}", &known(&held).await);
    assert!(
        text.text().ends_with("*The first 200 of 1000 rows.*"),
        "{}",
        text.text()
    );
}

#[tokio::test]
async fn a_table_that_cannot_be_printed_says_why() {
    let column = problem("{{table r1: month}}").await;
    assert!(
        column.contains("r1 has no column month; its columns: created_at, revenue"),
        "{column}"
    );
    let rows = problem("{{table r1 | ten}}").await;
    assert!(rows.contains("is not a choice of rows"), "{rows}");
    let result = problem("{{table r9}}").await;
    assert!(result.contains("there is no result r9"), "{result}");
}
