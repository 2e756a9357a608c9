//! Texts and tables that are made to be hard: the work for them has a bound, and grows with their length, no faster.

use std::cell::Cell as Counter;
use std::fmt::Write as _;

use cardinal::grounding::{Claim, Figure, FigureStatus, Material, Reason, ground_until, unchecked};
use cardinal::result::{Cell, Column, ColumnKind, Extent, ResultTable, totals};
use serde_json::{Number, json};

fn column(name: &str, kind: ColumnKind) -> Column {
    Column {
        name: name.to_owned(),
        label: name.to_owned(),
        kind,
        unit: (kind == ColumnKind::Date).then(|| "day".to_owned()),
        description: None,
        format: cardinal::result::ColumnFormat::default(),
    }
}

/// A result with three columns of names, one of days and some of amounts.
fn table(rows: u32) -> ResultTable {
    let row = |at: u32| {
        let day = jiff::civil::date(2025, 1, 1).saturating_add(jiff::Span::new().days(i64::from(at)));
        let mut cells = vec![
            Cell::text(format!("Alpha{}", letters(at))),
            Cell::text(format!("Beta{}", letters(at))),
            Cell::text(format!("Gamma{}", letters(at))),
            Cell::text(day.to_string()),
        ];
        cells.extend((1..4_u32).map(|measure| {
            let cents = f64::from((at * 7_919 + measure * 104_729) % 9_999_999) / 100.0;
            Cell::Number(Number::from_f64(cents).unwrap())
        }));
        cells
    };
    let mut columns = vec![
        column("customer", ColumnKind::Text),
        column("product", ColumnKind::Text),
        column("city", ColumnKind::Text),
        column("day", ColumnKind::Date),
    ];
    columns.extend((1..4).map(|measure| column(&format!("measure_{measure}"), ColumnKind::Number)));
    ResultTable {
        columns,
        rows: (0..rows).map(row).collect(),
        extent: Extent::Complete,
        bytes_received: 0,
    }
}

/// A name's ending without digits.
fn letters(mut at: u32) -> String {
    let mut name = String::new();
    loop {
        name.push(char::from(b'a' + u8::try_from(at % 26).unwrap()));
        at /= 26;
        if at == 0 {
            return name;
        }
    }
}

/// The figures of a text, with how often somebody was asked whether to go on.
fn grounded(text: &str, table: &ResultTable) -> (Vec<Figure>, u32) {
    let (totals, arguments) = (totals(table), json!({}));
    let material = Material {
        handle: "r1",
        title: "Measures",
        arguments: &arguments,
        table,
        totals: &totals,
        rows_seen: table.rows.len(),
        current: true,
    };
    let asked = Counter::new(0);
    let go_on = || {
        asked.set(asked.get() + 1);
        false
    };
    let figures = ground_until(&claim(text), &[material], &go_on).unwrap();
    (figures, asked.get())
}

fn claim(text: &str) -> Claim<'_> {
    Claim {
        text,
        question: "How did we do?",
        earlier: &[],
        today: jiff::civil::date(2026, 6, 30),
        shown: &[],
    }
}

/// One sentence with names of every kind and figures.
fn one_sentence(names: u32) -> String {
    let mut text = String::from("The total share and average change per day was");
    for at in 0..names {
        let end = letters(at % 50);
        let _ = write!(
            text,
            " Alpha{end} Beta{end} Gamma{end} {}.{at:02},",
            at * 13 % 997
        );
    }
    text
}

#[test]
fn names_of_several_kinds_are_never_multiplied_without_bound() {
    let mut text = String::from("The total share of");
    for kind in ["Alpha", "Beta", "Gamma"] {
        for at in 0..50 {
            let _ = write!(text, " {kind}{}", letters(at));
        }
    }
    text.push_str(" was 1,234.56 and the average change was 7.89 percent.");
    let (figures, asked) = grounded(&text, &table(50));
    assert_eq!(figures.len(), 2, "{figures:?}");
    assert!(asked < 100, "{asked}");
}

#[test]
fn the_work_grows_with_the_text_and_no_faster() {
    let table = table(60);
    let (_, short) = grounded(&one_sentence(180), &table);
    let (_, long) = grounded(&one_sentence(540), &table);
    assert!(
        short > 10 && long < 5 * short,
        "{short} and {long} for a sentence"
    );
    let lines = |count: u32| {
        (0..count).fold(String::new(), |mut text, at| {
            let _ = writeln!(
                text,
                "- Alpha{} made {}.{:02} per day",
                letters(at % 60),
                at * 13 % 997,
                at % 100
            );
            text
        })
    };
    let (_, short) = grounded(&lines(100), &table);
    let (_, long) = grounded(&lines(400), &table);
    assert!(long < 6 * short, "{short} and {long} for a list");
}

#[test]
fn the_work_grows_with_the_table_and_no_faster() {
    let text = one_sentence(40);
    let (_, small) = grounded(&text, &table(100));
    let (_, large) = grounded(&text, &table(400));
    assert!(large < 6 * small, "{small} and {large}");
}

#[test]
fn cells_of_one_value_and_a_text_that_repeats_it_end_too() {
    let mut table = table(200);
    for row in &mut table.rows {
        row.iter_mut()
            .skip(4)
            .for_each(|cell| *cell = Cell::Number(Number::from(0)));
    }
    let (figures, _) = grounded(&"0 ".repeat(1_000), &table);
    assert_eq!(figures.len(), 1_000);
}

#[test]
fn a_sentence_that_is_too_long_to_be_one_still_has_its_figures() {
    let table = table(50);
    let mut text = "word ".repeat(2_000);
    let _ = write!(text, "and Alpha{} made 1,047.29 in measure 1", letters(0));
    let (figures, _) = grounded(&text, &table);
    let figure = figures.iter().find(|figure| figure.text == "1,047.29").unwrap();
    assert_eq!(figure.status, FigureStatus::Matched, "{figure:?}");
}

#[test]
fn whoever_wants_it_to_end_gets_nothing_and_no_figure_counts_as_traced() {
    let table = table(50);
    let text = one_sentence(60);
    let totals = totals(&table);
    let arguments = json!({});
    let material = Material {
        handle: "r1",
        title: "Measures",
        arguments: &arguments,
        table: &table,
        totals: &totals,
        rows_seen: 50,
        current: true,
    };
    assert!(ground_until(&claim(&text), &[material], &|| true).is_none());
    let figures = unchecked(&text, &[]);
    let reason = Reason::NotChecked;
    assert!(figures.len() >= 60);
    assert!(
        figures
            .iter()
            .all(|figure| figure.status == FigureStatus::Unmatched { reason })
    );
}
