//! No data, however made, can produce a line that reads as ours, nor end the table before its end.

use cardinal::result::ShapingSettings;
use cardinal::result::{Cell, ColumnKind, Extent, ResultTable, shape};
use proptest::prelude::*;

use super::encoding::{HEADING, column, table};
use crate::text::cleaning::crafted;

fn any_cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        1 => Just(Cell::Null),
        1 => Just(Cell::Bool(true)),
        1 => any::<i64>().prop_map(|n| Cell::Number(n.into())),
        8 => crafted().prop_map(Cell::text),
    ]
}

/// Tables with hostile names, labels, units and cells.
fn hostile() -> impl Strategy<Value = ResultTable> {
    (1_usize..4, 0_usize..6, 0_u8..4).prop_flat_map(|(width, height, extent)| {
        let names = prop::collection::vec((crafted(), crafted(), prop::option::of(crafted())), width);
        let rows = prop::collection::vec(prop::collection::vec(any_cell(), width), height);
        (names, rows).prop_map(move |(names, rows)| {
            let columns = names.into_iter().map(|(name, label, unit)| {
                let mut column = column(&name, ColumnKind::Text);
                (column.label, column.unit) = (label, unit);
                column
            });
            let mut table = table(columns.collect(), rows);
            table.extent = match extent {
                0 => Extent::Complete,
                1 => Extent::ServerLimit { limit: 2_000 },
                2 => Extent::AskedLimit {
                    limit: 2,
                    of: Some(40),
                    ordered: false,
                },
                _ => Extent::PageFailed { page: 2 },
            };
            table
        })
    })
}

/// Whether a line begins as one of ours does, whatever its case, white space and width.
fn reads_as_ours(line: &str) -> bool {
    let plain: String = line
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .flat_map(char::to_lowercase)
        .collect();
    let plain = plain.trim_start();
    let begins = [
        "totals over",
        "(totals of",
        "to narrow: ",
        "labels: ",
        "row key: ",
        "[cardinal",
        "</catalog",
        "<|",
        "human:",
    ];
    let numbered = |word: &str| {
        let rest = plain.strip_prefix(word).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    begins.iter().any(|begin| plain.starts_with(begin))
        || numbered("rows: ")
        || numbered("result r")
        || ["table:", "end of table"].contains(&plain.trim_end())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_line_is_ours_or_a_row(table in hostile(), max_rows in 1_usize..5) {
        let limits = ShapingSettings { max_rows, max_bytes: 12_000 };
        let shaped = shape(&table, &HEADING, limits);
        let lines: Vec<&str> = shaped.text.split('\n').collect();
        let at = |mark: &str| lines.iter().filter(|line| **line == mark).count();
        prop_assert_eq!(at("table:"), 1);
        prop_assert_eq!(at("end of table"), 1);
        prop_assert_eq!(lines.last(), Some(&"end of table"));
        let begin = lines.iter().position(|line| *line == "table:").unwrap();
        prop_assert_eq!(lines.len() - begin - 3, shaped.rows_shown);
        for line in &lines[begin + 1..lines.len() - 1] {
            prop_assert!(!reads_as_ours(line), "{line:?}");
            prop_assert!(!line.chars().any(|c| c.is_control() && c != '\t'), "{line:?}");
        }
        // Above the table data stands only behind our words.
        prop_assert!(lines[0].starts_with("result r"));
        for line in &lines[1..begin] {
            let ours = [
                "rows: ",
                "the next rows: ",
                "the other columns: ",
                "to narrow: ",
                "labels: ",
                "units: ",
                "row key: ",
                "asked: ",
                "padded with spaces, ",
                "totals over ",
                "- ",
                "(totals of ",
            ];
            prop_assert!(ours.iter().any(|begin| line.starts_with(begin)), "{line:?}");
        }
        prop_assert_eq!(lines.iter().filter(|line| line.starts_with("totals over")).count() <= 1, true);
    }

    #[test]
    fn a_shortened_row_is_still_one_row(text in crafted(), max_bytes in 2_000_usize..3_000) {
        let long = Cell::text(text.repeat(4_000 / text.len().max(1) + 1));
        let table = table(vec![column("a", ColumnKind::Text)], vec![vec![long]]);
        let shaped = shape(&table, &HEADING, ShapingSettings { max_rows: 5, max_bytes });
        prop_assert!(shaped.text.len() <= max_bytes);
        prop_assert!(shaped.text.ends_with("\nend of table"), "{}", shaped.text);
        prop_assert_eq!(shaped.text.matches("\nend of table").count(), 1);
    }
}
