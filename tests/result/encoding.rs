use cardinal::result::ShapingSettings;
use cardinal::result::{
    Amount, Cell, Column, ColumnKind, Extent, ResultHeading, ResultTable, encode_cell, shape,
};
use proptest::prelude::*;

use super::parse;

pub(crate) fn column(name: &str, kind: ColumnKind) -> Column {
    Column {
        name: name.into(),
        label: name.into(),
        kind,
        unit: None,
        description: None,
        format: cardinal::result::ColumnFormat::default(),
    }
}

pub(crate) fn table(columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> ResultTable {
    ResultTable {
        columns,
        rows,
        extent: Extent::Complete,
        bytes_received: 0,
    }
}

pub(crate) const HEADING: ResultHeading<'static> = ResultHeading {
    handle: cardinal::result::Handle::FIRST,
    asked: None,
    note: None,
    made: None,
    looked_up: false,
    title: "card 7 \"Orders\"",
    narrow: "run_card with its parameter status",
};

#[test]
fn no_text_reads_as_null_or_breaks_a_line() {
    for text in [
        "\\N",
        "N",
        "",
        "null",
        "a\tb",
        "a\nb",
        "a\r\nb",
        "\\",
        "\\t",
        "\u{202e}abc",
        "\u{200b}",
        "\u{e0041}",
        "\u{0}",
    ] {
        let encoded = encode_cell(&Cell::Text(text.into()));
        assert_ne!(encoded, encode_cell(&Cell::Null), "{text:?}");
        assert!(
            !encoded.contains(['\t', '\n', '\r', '\u{202e}', '\u{200b}', '\u{0}', '\u{e0041}']),
            "{encoded:?}"
        );
    }
}

#[test]
fn readable_text_stays_as_it_is() {
    for text in ["Zoë Müller", "日本", "a \"quoted\" name", "50 % off", "🙂"] {
        assert_eq!(encode_cell(&Cell::Text(text.into())), text);
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\\\tnN\t\n\r\u{202e}\u{200b}a-c]{0,12}",
        Just("\u{e0041}\u{feff}".to_owned()),
        crate::text::cleaning::crafted(),
    ]
}

fn cell_of(kind: ColumnKind) -> BoxedStrategy<Cell> {
    let value = match kind {
        ColumnKind::Integer => any::<i64>().prop_map(|n| Cell::Number(n.into())).boxed(),
        ColumnKind::Number => (-1e12..1e12f64)
            .prop_map(|n| Cell::Number(serde_json::Number::from_f64(n).unwrap()))
            .boxed(),
        ColumnKind::Boolean => any::<bool>().prop_map(Cell::Bool).boxed(),
        _ => any_text().prop_map(Cell::text).boxed(),
    };
    prop_oneof![1 => Just(Cell::Null), 6 => value].boxed()
}

fn any_table() -> impl Strategy<Value = ResultTable> {
    let kinds = prop::collection::vec(
        prop::sample::select(vec![
            ColumnKind::Integer,
            ColumnKind::Number,
            ColumnKind::Boolean,
            ColumnKind::Text,
            ColumnKind::Datetime,
        ]),
        1..8,
    );
    kinds.prop_flat_map(|kinds| {
        let row: Vec<_> = kinds.iter().map(|kind| cell_of(*kind)).collect();
        let columns: Vec<_> = kinds
            .iter()
            .enumerate()
            .map(|(at, kind)| column(&format!("c{at}"), *kind))
            .collect();
        prop::collection::vec(row, 0..120).prop_map(move |rows| table(columns.clone(), rows))
    })
}

/// The cells, each number as the decimal that is meant by it: the noise in the last digits of a sum is not shown.
fn meant(rows: &[Vec<Cell>]) -> Vec<Vec<(Option<Amount>, Option<Cell>)>> {
    let cell = |cell: &Cell| match cell {
        Cell::Number(_) => (cell.amount(), None),
        other => (None, Some(other.clone())),
    };
    rows.iter().map(|row| row.iter().map(cell).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn shown_rows_are_whole_and_read_back(
        table in any_table(),
        max_rows in 1usize..150,
        max_bytes in 2_000usize..12_000,
    ) {
        let shaped = shape(&table, &HEADING, ShapingSettings { max_rows, max_bytes });
        prop_assert!(shaped.text.len() <= max_bytes, "{} > {max_bytes}", shaped.text.len());
        prop_assert!(shaped.rows_shown <= max_rows);
        let shortened = shaped.text.contains("shortened");
        if !shortened {
            let read = parse::rows(&shaped.text, &table.columns);
            prop_assert_eq!(meant(&read), meant(&table.rows[..shaped.rows_shown]));
        }
        prop_assert_eq!(shaped.truncated, shortened || shaped.rows_shown < table.rows.len());
        prop_assert!(table.rows.is_empty() || shaped.rows_shown > 0);
    }

    #[test]
    fn one_huge_row_is_shortened_visibly(lengths in prop::collection::vec(0usize..9_000, 1..12), max_bytes in 2_000usize..9_000) {
        let columns = (0..lengths.len()).map(|at| column(&format!("c{at}"), ColumnKind::Text)).collect();
        let row = lengths.iter().map(|length| Cell::text("é\t".repeat(*length))).collect();
        let shaped = shape(&table(columns, vec![row]), &HEADING, ShapingSettings { max_rows: 200, max_bytes });
        prop_assert!(shaped.text.len() <= max_bytes);
        prop_assert_eq!(shaped.rows_shown, 1);
        prop_assert_eq!(shaped.truncated, shaped.text.contains("bytes left out]"));
        let line = shaped.text.rsplit('\n').nth(1).unwrap();
        prop_assert_eq!(line.split('\t').count(), lengths.len());
    }
}
