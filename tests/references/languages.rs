//! Figures are written as the language of the answer writes them: in German 1,831 is less than two.

use cardinal::grounding::{Claim, FigureStatus, Material, Notation, Separators, ground_referenced};
use cardinal::references::{FigureStyle, ReferencedText};
use cardinal::result::{Column, ColumnFormat, ColumnKind, HeldResults, NumberStyle, totals};
use serde_json::{Value, json};

use super::kit::{column, hold, known, shop, table};

/// A table of trains: a count, a rate in percent, an amount in euros, and the mean of years.
fn trains() -> HeldResults {
    let mut held = HeldResults::default();
    let mut cost = column("cost", ColumnKind::Number);
    cost.format.currency = Some("EUR".to_owned());
    hold(
        &mut held,
        table(
            vec![
                column("corridor", ColumnKind::Text),
                column("runs", ColumnKind::Integer),
                column("late_percent", ColumnKind::Number),
                cost,
                column("avg_year_built", ColumnKind::Number),
            ],
            vec![
                vec![
                    json!("Elbe"),
                    json!(1_831),
                    json!(25.44),
                    json!(45_064_384.27),
                    json!(2005.7),
                ],
                vec![json!("Oder"), json!(920), json!(4), json!(12.5), json!(1998)],
            ],
        ),
    );
    held
}

async fn written(style: FigureStyle, question: &str, text: &str) -> ReferencedText {
    let held = trains();
    let known = known(&held).await.asked_in(style, [question]);
    ReferencedText::of(text, &known)
}

async fn auto(question: &str, text: &str) -> String {
    written(FigureStyle::Auto, question, text)
        .await
        .text()
        .replace(['\u{a0}', '\u{202f}'], " ")
}

const ALL: &str = "{{r1 runs @ Elbe}}; {{r1 late_percent @ Elbe}}; {{r1 cost @ Elbe}}; {{r1 cost @ Elbe | M}}; \
                   {{r1 avg_year_built @ Elbe}}";

#[tokio::test]
async fn figures_are_written_as_the_language_of_the_answer_writes_them() {
    for (said, figures) in [
        (
            "In 2025 there were of all runs ",
            "1,831; 25.4%; €45,064,384.27; €45.1M; 2005.7",
        ),
        (
            "Im Jahr 2025 gab es von den Fahrten ",
            "1.831; 25,4 %; 45.064.384,27 €; 45,1 Mio €; 2005,7",
        ),
        (
            "En 2025 il y a eu dans le réseau ",
            "1 831; 25,4 %; 45 064 384,27 €; 45,1 M €; 2005,7",
        ),
        (
            "En el año 2025 fueron los trenes ",
            "1.831; 25,4 %; 45.064.384,27 €; 45,1 M €; 2005,7",
        ),
        (
            "Nel 2025 gli arrivi sono stati ",
            "1.831; 25,4%; 45.064.384,27 €; 45,1 Mln €; 2005,7",
        ),
        (
            "Em 2025 foram, nos trens, ",
            "1.831; 25,4%; 45.064.384,27 €; 45,1 M €; 2005,7",
        ),
        (
            "In 2025 waren er bij het spoor ",
            "1.831; 25,4%; € 45.064.384,27; € 45,1 mln; 2005,7",
        ),
    ] {
        let text = auto("?", &format!("{said}{ALL}")).await;
        assert_eq!(text, format!("{said}{figures}"));
    }
}

#[tokio::test]
async fn the_question_tells_the_language_where_the_answer_does_not_yet() {
    for (question, said, figure) in [
        ("Wie viele Fahrten gab es?", "", "1.831"),
        ("Wie viele Fahrten gab es?", "Elbe: ", "1.831"),
        ("How many runs were there?", "Elbe: ", "1,831"),
        ("Combien de trajets y a-t-il ?", "**Elbe** ", "1 831"),
        ("", "Elbe: ", "1,831"),
        // Who answers in another language than the question is read in that one.
        (
            "Wie viele Fahrten gab es?",
            "There were in all of the year ",
            "1,831",
        ),
        (
            "How many runs were there?",
            "Im Jahr 2025 waren es insgesamt ",
            "1.831",
        ),
        // The names of things say nothing.
        ("How many runs were there?", "Café de la Gare: ", "1,831"),
        ("How many runs?", "Revenue in March was ", "1,831"),
    ] {
        let text = auto(question, &format!("{said}{{{{r1 runs @ Elbe}}}}")).await;
        assert_eq!(text, format!("{said}{figure}"), "{question}");
    }
    // It is decided once: what follows cannot change it.
    let text = auto(
        "Wie viele gab es?",
        "{{r1 runs @ Elbe}} of the runs that there were: {{r1 runs @ Elbe}}",
    )
    .await;
    assert_eq!(text, "1.831 of the runs that there were: 1.831");
}

#[tokio::test]
async fn a_style_that_is_set_is_that_of_every_answer() {
    for (style, figures) in [
        (FigureStyle::En, "1,831; 25.4%; €45,064,384.27; €45.1M; 2005.7"),
        (
            FigureStyle::De,
            "1.831; 25,4 %; 45.064.384,27 €; 45,1 Mio €; 2005,7",
        ),
        (FigureStyle::Ch, "1’831; 25.4%; € 45’064’384.27; € 45.1M; 2005.7"),
    ] {
        let text = written(style, "Wie viele waren es?", ALL).await;
        assert_eq!(text.text().replace('\u{a0}', " "), figures);
        assert_eq!(Some(text.notation()), style.notation());
    }
}

#[tokio::test]
async fn a_unit_is_said_once_in_every_language() {
    for (text, read) in [
        (
            "Es sind für die Elbe {{r1 cost @ Elbe}} EUR.",
            "Es sind für die Elbe 45.064.384,27 €.",
        ),
        (
            "Es sind für die Elbe {{r1 cost @ Elbe}} Euro.",
            "Es sind für die Elbe 45.064.384,27 €.",
        ),
        (
            "Es sind für die Elbe EUR {{r1 cost @ Elbe}}.",
            "Es sind für die Elbe EUR 45.064.384,27.",
        ),
        (
            "Es sind für die Elbe {{r1 cost @ Elbe | M}} Millionen Euro.",
            "Es sind für die Elbe 45,1 Mio €.",
        ),
        (
            "Es sind für die Elbe {{r1 late_percent @ Elbe}} Prozent.",
            "Es sind für die Elbe 25,4 %.",
        ),
        (
            "Es sind für die Elbe {{r1 late_percent @ Elbe}}%.",
            "Es sind für die Elbe 25,4 %.",
        ),
    ] {
        assert_eq!(auto("", text).await, read);
    }
}

#[tokio::test]
async fn tables_are_written_so_as_well() {
    let text = auto(
        "Wie viele Fahrten gab es?",
        "{{table r1: corridor, runs, late_percent, cost}}",
    )
    .await;
    assert!(
        text.contains("| Elbe | 1.831 | 25,4 % | 45.064.384,27 € |"),
        "{text}"
    );
    assert!(text.contains("| Oder | 920 | 4,0 % | 12,50 € |"), "{text}");
}

#[tokio::test]
async fn the_marks_that_a_column_is_set_up_with_win() {
    for (marks, style, text) in [
        (",.", FigureStyle::En, "1.234,50"),
        (".,", FigureStyle::De, "1,234.50"),
        (".’", FigureStyle::De, "1’234.50"),
        ("??", FigureStyle::De, "1.234,50"),
    ] {
        let mut held = HeldResults::default();
        let amount = Column {
            format: ColumnFormat {
                style: Some(NumberStyle::Currency),
                separators: Some(marks.to_owned()),
                ..ColumnFormat::default()
            },
            ..column("amount", ColumnKind::Number)
        };
        hold(&mut held, table(vec![amount], vec![vec![json!(1234.5)]]));
        let known = known(&held).await.asked_in(style, []);
        let resolved = ReferencedText::of("{{r1}}", &known);
        assert_eq!(resolved.text(), text, "{marks}");
        let german = text.ends_with(",50");
        assert_eq!(resolved.figures()[0].separators == Separators::German, german);
    }
}

/// The figures of a German answer over the shop: what they are, and whether they have a source.
async fn figures(text: &str) -> Vec<(String, bool)> {
    let held = shop();
    let known = known(&held).await;
    let resolved = ReferencedText::of(text, &known);
    assert_eq!(resolved.notation(), Notation::German, "{}", resolved.text());
    let mut tables = Vec::new();
    for one in held.iter() {
        let table = held.table(one.handle).await.unwrap();
        tables.push((one.handle.to_string(), totals(&table), table));
    }
    let materials: Vec<Material<'_>> = tables
        .iter()
        .map(|(handle, totals, table)| Material {
            handle,
            title: "Umsatz",
            arguments: &Value::Null,
            table,
            totals,
            rows_seen: table.rows.len(),
            current: true,
        })
        .collect();
    let claim = Claim {
        text: resolved.text(),
        question: "Wie war es?",
        earlier: &[],
        today: jiff::civil::date(2025, 6, 1),
        shown: &[],
    };
    let found = ground_referenced(&claim, resolved.figures(), &materials, &|| false).unwrap();
    let has_source = |status| matches!(status, FigureStatus::Referenced | FigureStatus::Matched);
    found
        .into_iter()
        .map(|one| (one.text, has_source(one.status)))
        .collect()
}

#[tokio::test]
async fn an_answer_is_read_with_the_marks_that_it_is_written_in() {
    let right =
        figures("Im März 2025 war der Umsatz {{r1 revenue @ 2025-03}}, im Januar 2025 war er 28.550,43.")
            .await;
    assert!(right.contains(&("28.610,44".to_owned(), true)), "{right:?}");
    assert!(right.contains(&("28.550,43".to_owned(), true)), "{right:?}");
    // In English these would be two figures each, and both would be found.
    let wrong =
        figures("Im März 2025 war der Umsatz {{r1 revenue @ 2025-03}} bei 455,412 Bestellungen.").await;
    assert!(wrong.contains(&("455,412".to_owned(), false)), "{wrong:?}");
    let wrong = figures("Im März 2025 war der Umsatz {{r1 revenue @ 2025-03}} bei 455,5 Bestellungen.").await;
    assert!(wrong.contains(&("455,5".to_owned(), false)), "{wrong:?}");
}
