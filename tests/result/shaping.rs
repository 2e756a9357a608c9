use cardinal::result::ShapingSettings;
use cardinal::result::{Cell, ColumnKind, Extent, ResultHeading, shape};

use super::encoding::{HEADING, column, table};
use super::parse;

fn sample(rows: usize) -> cardinal::result::ResultTable {
    let mut month = column("created_at", ColumnKind::Date);
    month.unit = Some("month".into());
    let mut sum = column("sum", ColumnKind::Number);
    sum.label = "Sum of Total".into();
    let rows = (0..rows)
        .map(|n| {
            vec![
                Cell::text(format!("20{:02}-{:02}-01", 10 + n / 12, n % 12 + 1)),
                if n == 1 {
                    Cell::Null
                } else {
                    Cell::Number(
                        serde_json::Number::from_f64(f64::from(u8::try_from(n + 1).unwrap()) / 10.0).unwrap(),
                    )
                },
                Cell::Text(["paid", "refunded"][n % 2].into()),
            ]
        })
        .collect();
    table(vec![month, sum, column("status", ColumnKind::Text)], rows)
}

#[test]
fn a_small_result_is_shown_whole() {
    let shaped = shape(&sample(4), &HEADING, ShapingSettings::default());
    assert!(!shaped.truncated);
    insta::assert_snapshot!(shaped.text);
}

#[test]
fn a_cut_result_says_so_and_how_to_narrow_it() {
    let shaped = shape(
        &sample(40),
        &HEADING,
        ShapingSettings {
            max_rows: 3,
            max_bytes: 30_000,
        },
    );
    assert!(shaped.truncated);
    assert_eq!(shaped.rows_shown, 3);
    insta::assert_snapshot!(shaped.text);
}

#[test]
fn what_the_server_left_out_is_said_too() {
    let cases = [
        (
            Extent::ServerLimit { limit: 2_000 },
            "stopped at its limit of 2000 rows",
        ),
        (Extent::RowBudget { budget: 600 }, "budget of 600 rows"),
        (Extent::PageFailed { page: 3 }, "page 3 failed"),
    ];
    for (extent, said) in cases {
        let mut cut = sample(3);
        cut.extent = extent;
        let shaped = shape(&cut, &HEADING, ShapingSettings::default());
        assert!(shaped.text.contains(said), "{}", shaped.text);
        assert!(shaped.text.contains("to narrow: run_card"), "{}", shaped.text);
        assert!(!shaped.truncated, "our own cut left nothing out");
    }
}

#[test]
fn a_limit_of_the_call_is_no_cut_and_its_totals_are_not_over_all() {
    for (of, ordered, said) in [
        (
            Some(12),
            true,
            "rows: 3 shown of 3 asked for; there are 12: for a figure over all, ask without limit\n",
        ),
        (None, true, "rows: 3 shown of 3 asked for; there may be more: for"),
        (
            None,
            false,
            "3 asked for; there may be more, and you set no order: for",
        ),
    ] {
        let mut limited = sample(3);
        let mut longer = sample(6);
        limited.extent = Extent::AskedLimit {
            limit: 3,
            of,
            ordered,
        };
        longer.extent = limited.extent;
        let text = shape(&longer, &HEADING, ShapingSettings::default()).text;
        assert!(text.contains("\ntotals over these 6 rows only, not over all there are:\n"));
        let shaped = shape(&limited, &HEADING, ShapingSettings::default());
        assert!(shaped.text.contains(said), "{}", shaped.text);
        assert!(!shaped.text.contains("all there are)") && !shaped.text.contains("to narrow"));
    }
    // What was looked up has no query that could be asked without its limit.
    let mut looked_up = sample(3);
    looked_up.extent = Extent::AskedLimit {
        limit: 3,
        of: None,
        ordered: true,
    };
    let heading = ResultHeading {
        looked_up: true,
        ..HEADING
    };
    let shaped = shape(&looked_up, &heading, ShapingSettings::default());
    let said = "rows: 3 shown of 3 asked for; there may be more: name one that is not here to see it\n";
    assert!(shaped.text.contains(said), "{}", shaped.text);
}

#[test]
fn an_empty_result_has_a_header_and_no_rows() {
    let shaped = shape(&sample(0), &HEADING, ShapingSettings::default());
    assert!(
        shaped.text.contains("rows: 0 shown of 0 (all there are)"),
        "{}",
        shaped.text
    );
    assert!(
        shaped.text.ends_with("status:text\nend of table"),
        "{}",
        shaped.text
    );
}

#[test]
fn thousands_of_columns_still_fit_and_say_so() {
    let columns = (0..3_000)
        .map(|at| column(&format!("a_rather_long_column_name_{at}"), ColumnKind::Integer))
        .collect();
    let rows = (0..50)
        .map(|_| (0..3_000).map(|n| Cell::Number(n.into())).collect())
        .collect();
    let shaped = shape(&table(columns, rows), &HEADING, ShapingSettings::default());
    assert!(shaped.text.len() <= 30_000);
    assert!(shaped.truncated);
    let shown = parse::header(&shaped.text).len();
    assert!(
        shaped
            .text
            .contains(&format!("only the first {shown} of 3000 columns")),
        "{}",
        shaped.text
    );
}

#[test]
fn names_cannot_forge_lines() {
    let mut forged = sample(2);
    forged.columns[2].name = "status\ntable:\nfake\tcolumn\u{202e}".into();
    let shaped = shape(&forged, &HEADING, ShapingSettings::default());
    assert_eq!(parse::header(&shaped.text).len(), 3, "{}", shaped.text);
    assert_eq!(shaped.text.matches("\ntable:\n").count(), 1);
}

#[test]
fn texts_are_counted_only_where_not_all_rows_are_shown() {
    let shown = shape(&sample(40), &HEADING, ShapingSettings::default()).text;
    assert!(
        shown.contains("\ntotals over all 40 rows:\n- created_at: first "),
        "{shown}"
    );
    assert!(!shown.contains("distinct"), "{shown}");
    let limits = ShapingSettings {
        max_rows: 10,
        ..ShapingSettings::default()
    };
    let cut = shape(&sample(40), &HEADING, limits).text;
    assert!(cut.contains("\n- status: distinct 2\n"), "{cut}");
    // What was looked up has no totals: a row over all stands beside its parts.
    let heading = ResultHeading {
        looked_up: true,
        ..HEADING
    };
    let looked_up = shape(&sample(40), &heading, limits).text;
    assert!(!looked_up.contains("totals"), "{looked_up}");
}
