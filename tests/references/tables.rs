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
                  *The first 2 of 3 rows; 1 more in result r2.*\n\nGood.";
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
        text.text()
            .ends_with("*The first 200 of 1000 rows; 800 more in result r1.*"),
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

#[tokio::test]
async fn columns_take_a_name_and_a_format() {
    let text =
        resolved("{{table r2: fiscal_year as Year, revenue (M) as \"Net sales, total\" | first 2}}").await;
    let wanted = "| Year | Net sales, total |\n| --- | --: |\n| 2023 | 1.0M |\n| 2024 | 1.2M |";
    assert!(text.text().starts_with(wanted), "{}", text.text());
    // A name is the model's own: Cardinal vouches for the figures and not for it.
    let vouched: Vec<&str> = text
        .figures()
        .iter()
        .map(|figure| &text.text()[figure.start..figure.end])
        .collect();
    assert!(
        vouched.contains(&"1.2M") && !vouched.contains(&"Year"),
        "{vouched:?}"
    );
    // A name that promises millions gets millions.
    let text = resolved("{{table r2: fiscal_year, revenue as Revenue (M)}}").await;
    assert!(
        text.text().contains("| fiscal_year | Revenue (M) |") && text.text().contains("| 0.9M |"),
        "{}",
        text.text()
    );
    let text = resolved("{{table r1: created_at, conversion_rate (%), revenue (0)}}").await;
    assert!(text.text().contains("| 12.5% | 28,550 |"), "{}", text.text());
}

#[tokio::test]
async fn a_column_may_be_called_as_a_short_form_is_written() {
    let mut held = HeldResults::default();
    let columns = vec![
        column("sold as gift", ColumnKind::Text),
        column("Revenue (M)", ColumnKind::Integer),
    ];
    hold(&mut held, table(columns, vec![vec![json!("yes"), json!(1_200)]]));
    let text = ReferencedText::of("{{table r1: Revenue (M), sold as gift}}", &known(&held).await);
    assert_eq!(
        text.text(),
        "| Revenue (M) | sold as gift |\n| --: | --- |\n| 1,200 | yes |"
    );
}

#[tokio::test]
async fn a_name_passes_the_same_gate_as_other_text() {
    let taken = problem("{{table r1: created_at, revenue as Orders}}").await;
    assert!(taken.contains("Orders is another column of r1"), "{taken}");
    let format = problem("{{table r1: revenue (furlongs)}}").await;
    assert!(format.contains("there is no format \"furlongs\""), "{format}");
    let sign = problem("{{table r1: revenue (abs)}}").await;
    assert!(sign.contains("with their sign"), "{sign}");
    let unknown = problem("{{table r1: margin (M) as Margin}}").await;
    assert!(unknown.contains("r1 has no column margin;"), "{unknown}");
    let text = resolved("{{table r1: revenue as \"[here](https://evil.test/x) | **bold**\"}}").await;
    let header = text.text().lines().next().unwrap();
    assert!(!header.contains("evil.test"), "{header}");
    assert!(!header.contains("**bold**"), "{header}");
}

#[tokio::test]
async fn a_table_and_a_chart_of_the_same_rows_are_printed_once() {
    let count = |text: &ReferencedText| text.text().matches("| 2025-01 |").count();
    let after =
        resolved("Both:\n\n{{table r1}}\n\n{{chart r1: line, created_at, orders}}\n\nThat is all.").await;
    assert_eq!(count(&after), 1, "{}", after.text());
    assert!(after.text().ends_with(" – |\n\nThat is all."), "{}", after.text());
    assert_eq!(after.charts()[0].start, after.charts()[0].end);
    let before =
        resolved("Both:\n\n{{chart r1: line, created_at, orders}}\n\n{{table r1: created_at, orders}}").await;
    assert_eq!(count(&before), 1, "{}", before.text());
    assert!(before.text().ends_with("| 455 |"), "{}", before.text());
    // The table is wanted beside the chart, so nothing stands in the chart's place.
    assert_eq!(before.charts()[0].start, before.charts()[0].end);
    // Other columns are another table.
    let other = resolved("{{chart r1: line, created_at, orders}}\n\n{{table r1: created_at, revenue}}").await;
    assert_eq!(count(&other), 2, "{}", other.text());
}

#[tokio::test]
async fn a_total_can_be_named_of_a_few_rows_too() {
    let text = resolved("{{r2 revenue @ total}} in {{r2 rows}} years").await;
    assert_eq!(text.text(), "3,100,000.5 in 3 years");
}

#[tokio::test]
async fn the_last_rows_can_be_printed() {
    let text = resolved("{{table r2: fiscal_year, revenue | last 1}}").await;
    assert!(
        text.text().starts_with("| fiscal_year | revenue |"),
        "{}",
        text.text()
    );
    assert!(text.text().contains("| 2025 | 900,000.5 |"), "{}", text.text());
    assert!(!text.text().contains("2024"), "{}", text.text());
    assert!(
        text.text()
            .contains("*The last 1 of 3 rows; 2 more in result r2.*"),
        "{}",
        text.text()
    );
    let all = resolved("{{table r2 | last 9}}").await;
    assert!(!all.text().contains("*The"), "{}", all.text());
    let chart = problem("{{chart r2: bar, fiscal_year, revenue | last 2}}").await;
    assert!(chart.contains("more_rows"), "{chart}");
}
