//! Answers as people and models write them, right and wrong, over small results.

use cardinal::grounding::{Claim, Figure, FigureKind, FigureStatus, Material, Reason, Rule, Trace, ground};
use cardinal::result::{Cell, Column, ColumnKind, Extent, ResultTable, totals};
use serde_json::{Number, Value, json};

const MONTHS: [f64; 12] = [
    28_550.43, 22_737.95, 28_610.44, 31_981.91, 38_850.7, 35_603.97, 33_167.31, 34_033.42, 35_925.84,
    45_176.2, 49_452.38, 62_123.0,
];

fn column(name: &str, kind: ColumnKind, unit: Option<&str>) -> Column {
    Column {
        name: name.to_owned(),
        label: name.to_owned(),
        kind,
        unit: unit.map(str::to_owned),
        description: None,
        format: cardinal::result::ColumnFormat::default(),
    }
}

fn number(value: f64) -> Cell {
    Cell::Number(Number::from_f64(value).unwrap())
}

fn table(columns: Vec<Column>, rows: Vec<Vec<Cell>>, extent: Extent) -> ResultTable {
    ResultTable {
        columns,
        rows,
        extent,
        bytes_received: 0,
    }
}

fn by_month(extent: Extent) -> ResultTable {
    let rows = MONTHS
        .iter()
        .enumerate()
        .map(|(at, value)| vec![Cell::text(format!("2025-{:02}-01", at + 1)), number(*value)])
        .collect();
    let columns = vec![
        column("created_at", ColumnKind::Date, Some("month")),
        column("sum", ColumnKind::Number, None),
    ];
    table(columns, rows, extent)
}

fn single(value: f64) -> ResultTable {
    table(
        vec![column("sum", ColumnKind::Number, None)],
        vec![vec![number(value)]],
        Extent::Complete,
    )
}

fn cohorts() -> ResultTable {
    let rows = [("2023", 467, 92.7), ("2024", 540, 82.0), ("2025", 510, 61.6)];
    let rows = rows.map(|(year, buyers, percent)| {
        vec![
            Cell::text(year),
            Cell::Number(Number::from(buyers)),
            number(percent),
        ]
    });
    let columns = vec![
        column("signup_year", ColumnKind::Text, None),
        column("buyers", ColumnKind::Integer, None),
        column("repeat_percent", ColumnKind::Number, None),
    ];
    table(columns, rows.to_vec(), Extent::Complete)
}

fn year(year: i32) -> Value {
    json!({"filters": [{"dimension": "created_at", "operation": "year-equals", "values": [year]}], "metric_id": 1})
}

/// One result of the conversation.
struct Held {
    title: &'static str,
    arguments: Value,
    table: ResultTable,
    current: bool,
}

fn held(title: &'static str, arguments: Value, table: ResultTable) -> Held {
    Held {
        title,
        arguments,
        table,
        current: true,
    }
}

fn revenue() -> Vec<Held> {
    vec![held("Revenue", year(2025), by_month(Extent::Complete))]
}

fn look(question: &str, text: &str, results: &[Held]) -> Vec<Figure> {
    let sums: Vec<_> = results.iter().map(|held| totals(&held.table)).collect();
    let names: Vec<String> = (1..=results.len()).map(|at| format!("r{at}")).collect();
    let materials: Vec<Material<'_>> = results
        .iter()
        .zip(&sums)
        .zip(&names)
        .map(|((held, totals), handle)| Material {
            handle,
            title: held.title,
            arguments: &held.arguments,
            table: &held.table,
            totals,
            rows_seen: held.table.rows.len(),
            current: held.current,
        })
        .collect();
    let today = jiff::civil::date(2026, 6, 30);
    ground(
        &Claim {
            text,
            question,
            earlier: &[],
            today,
            shown: &[],
        },
        &materials,
    )
}

fn flagged(figures: &[Figure]) -> Vec<&str> {
    figures
        .iter()
        .filter(|figure| figure.is_unmatched())
        .map(|figure| figure.text.as_str())
        .collect()
}

#[track_caller]
fn holds(results: &[Held], question: &str, cases: &[(&str, &[&str])]) {
    for (text, wrong) in cases {
        let figures = look(question, text, results);
        assert_eq!(flagged(&figures), *wrong, "{text}\n{figures:#?}");
    }
}

#[test]
fn right_answers_in_many_styles_are_let_through() {
    let right: Vec<(&str, &[&str])> = [
        "Revenue in 2025 was $446,213.55 in total. The best month was December with $62,123.00, the weakest February ($22,737.95).",
        "Revenue was 28,550.43 in January, 22,737.95 in February and 28,610.44 in March.",
        "Revenue rose from 49,452.38 in November to 62,123.00 in December, up 25.6 %.",
        "| Month | Revenue |\n|---|---|\n| January | 28,550.43 |\n| February | 22,737.95 |\n| **Total** | **446,213.55** |",
        "| Month | Revenue | Change |\n|---|---|---|\n| 2025-01 | 28,550.43 | – |\n| 2025-02 | 22,737.95 | -20.4 % |\n| 2025-03 | 28,610.44 | +25.8 % |",
        "In 2025 revenue came to about $446K, of which December alone made 13.9 %. On average a month brought 37,184.46.",
        "From March to May 2025 revenue was 99,443.05 in total.",
        "Revenue grew by 117.6 % from January to December 2025.",
        "Between January and December 2025, revenue rose by $33,572.57.",
        "Der Umsatz betrug 2025 insgesamt 446.213,55 USD; der beste Monat war Dezember mit 62.123,00 USD.",
        "Le chiffre d'affaires 2025 s'élève à 446 213,55 USD ; le meilleur mois est décembre avec 62 123,00 USD.",
        "In 3 of the 12 months revenue was above $45,000: October, November and December.",
        "The three best months were December (62,123.00), November (49,452.38) and October (45,176.20); together they brought 156,751.58, or 35.1 % of the year.",
        "January and February brought 28,550.43 and 22,737.95 respectively.",
        "By June 2025, cumulative revenue had reached 186,335.40.",
        "The second half brought 259,878.15 vs. 186,335.40 in the first half, an increase of 39.5 %.",
        "Revenue:\n- Q1: 79.9K\n- Q2: 106.4K\n- Q3: 103.1K\n- Q4: 156.8K",
        "December's revenue (62,123.00) was 2.73x that of February (22,737.95).",
        "No month of 2025 had less than 20,000; the median month was 34,818.70.",
        "February was the only month with a decline of more than 10 %: −20.4 %.",
    ]
    .map(|text| (text, [].as_slice()))
    .to_vec();
    holds(&revenue(), "What was our revenue by month in 2025?", &right);
}

#[test]
fn a_part_may_stand_beside_its_whole() {
    let right: Vec<(&str, &[&str])> = [
        "December brought 13.9 % of it: 62,123.00 of 446,213.55 USD.",
        "In December 2025 it was 62,123.00 USD out of $446,213.55.",
    ]
    .map(|text| (text, [].as_slice()))
    .to_vec();
    holds(&revenue(), "What share of 2025 revenue came in December?", &right);
    holds(
        &revenue(),
        "What share of 2025 revenue came in December?",
        &[(
            "December brought 62,123.00 of 354,080.09 USD.",
            &["354,080.09 USD"],
        )],
    );
}

#[test]
fn a_figure_must_come_from_the_row_its_sentence_names() {
    holds(
        &revenue(),
        "What was our revenue by month in 2025?",
        &[
            (
                "Revenue was 28,550.43 in January, 28,610.44 in February.",
                &["28,610.44"],
            ),
            ("In March revenue was 31,981.91.", &["31,981.91"]),
            (
                "| Month | Revenue |\n|---|---|\n| January | 22,737.95 |\n| February | 28,550.43 |",
                &["22,737.95", "28,550.43"],
            ),
            ("December revenue was $62,124.", &["$62,124"]),
            ("Revenue fell by 12.5 % in February.", &["12.5 %"]),
            (
                "Revenue in 2025 was $512,880.17; December made 17.2 % of it.",
                &["$512,880.17", "17.2 %"],
            ),
            (
                "The best month was November with $62,123.00.",
                &["November", "$62,123.00"],
            ),
        ],
    );
    let figures = look("By month?", "In March revenue was 31,981.91.", &revenue());
    let wrong = figures.iter().find(|figure| figure.is_unmatched()).unwrap();
    assert_eq!(
        wrong.status,
        FigureStatus::Unmatched {
            reason: Reason::Mismatch
        }
    );
}

#[test]
fn a_figure_must_come_from_the_column_it_is_said_to_be_of() {
    let results = [held("Repeat purchase rate", json!({"card_id": 25}), cohorts())];
    holds(
        &results,
        "What is the repeat purchase rate?",
        &[
            (
                "Of the 510 buyers of 2025, 61.6 % bought again; for 2024 it was 82.0 % of 540.",
                &[],
            ),
            (
                "The rate fell from 82 % (2024 cohort) to 61.6 % (2025 cohort), a drop of 20.4 percentage points.",
                &[],
            ),
            (
                "| Year | Buyers | Repeat |\n|--|--|--|\n| 2024 | 540 | 82 % |\n| 2025 | 510 | 61.6 % |",
                &[],
            ),
            (
                "| Year | Buyers | Repeat |\n|--|--|--|\n| 2024 | 82 | 540 % |",
                &["82", "540 %"],
            ),
        ],
    );
}

#[test]
fn an_earlier_result_counts_only_where_the_sentence_means_it() {
    let mut results = vec![
        held("Revenue", year(2025), single(446_213.55)),
        held("Revenue", year(2024), single(354_080.09)),
    ];
    results[0].current = false;
    holds(
        &results,
        "And in 2024?",
        &[
            ("Revenue in 2024 was $354,080.09.", &[]),
            (
                "In 2024 revenue came to $354,080.09, compared with $446,213.55 in 2025.",
                &[],
            ),
            (
                "2024: $354,080.09. That is $92,133.46 (20.6 %) less than the $446,213.55 of 2025.",
                &[],
            ),
            ("Revenue in 2024 was $446,213.55.", &["$446,213.55"]),
            ("It was $446,213.55.", &["$446,213.55"]),
        ],
    );
    results.pop();
    holds(
        &results,
        "How much was that again?",
        &[("It was $446,213.55.", &[])],
    );
}

#[test]
fn totals_of_what_is_not_whole_are_no_totals() {
    let cut = [held(
        "Revenue",
        year(2025),
        by_month(Extent::ServerLimit { limit: 12 }),
    )];
    let figures = look(
        "Revenue?",
        "Revenue was 446,213.55 in total over 12 months.",
        &cut,
    );
    let total = figures.iter().find(|figure| figure.text == "446,213.55").unwrap();
    assert_eq!(
        total.status,
        FigureStatus::Unmatched {
            reason: Reason::IncompleteTotal
        }
    );
    holds(&cut, "Revenue?", &[("December brought 62,123.00.", &[])]);
}

#[test]
fn rules_exempt_what_claims_nothing() {
    let text = "1. Model 500 is in the top 5 of 2025 (see https://bi.example/metric/77), as asked: 250. Card 9 has it.";
    let figures = look("Is it above 250?", text, &revenue());
    let rules: Vec<(&str, Rule)> = figures
        .iter()
        .filter_map(|figure| match figure.status {
            FigureStatus::Exempt { rule } => Some((figure.text.as_str(), rule)),
            _ => None,
        })
        .collect();
    for wanted in [
        ("5", Rule::Ordinal),
        ("2025", Rule::Year),
        ("77", Rule::Link),
        ("250", Rule::Question),
        ("9", Rule::Id),
    ] {
        assert!(rules.contains(&wanted), "{wanted:?} in {rules:?}");
    }
    assert_eq!(flagged(&figures), ["500"], "no result has a Model 500");
}

#[test]
fn ambiguous_figures_keep_all_their_sources() {
    let rows = vec![
        vec![Cell::text("Office"), number(4.0)],
        vec![Cell::text("Outdoor"), number(4.0)],
        vec![Cell::text("Toys"), number(4.2)],
    ];
    let columns = vec![
        column("category", ColumnKind::Text, None),
        column("avg", ColumnKind::Number, None),
    ];
    let results = [held(
        "Average rating",
        json!({"metric_id": 5}),
        table(columns, rows, Extent::Complete),
    )];
    let figures = look("Ratings?", "The lowest rating is 4.0.", &results);
    assert_eq!(figures[0].sources.len(), 2, "{figures:#?}");
    assert!(
        figures[0]
            .sources
            .iter()
            .all(|source| matches!(source, Trace::Cell { .. }))
    );
}

#[test]
fn periods_are_found_in_filters_and_rows() {
    let figures = look(
        "Revenue?",
        "From January to March 2025 it was 79,898.82; April 2019 is not in it.",
        &revenue(),
    );
    let dates: Vec<(&str, bool)> = figures
        .iter()
        .filter(|figure| figure.kind == FigureKind::Date)
        .map(|figure| (figure.text.as_str(), figure.is_unmatched()))
        .collect();
    assert_eq!(dates, [("January to March 2025", false), ("April 2019", true)]);
}

#[test]
fn places_are_given_in_bytes_and_characters() {
    let text = "Größe: 62,123.00 im Dezember";
    let figures = look("?", text, &revenue());
    let figure = figures
        .iter()
        .find(|figure| figure.kind == FigureKind::Number)
        .unwrap();
    assert_eq!(&text[figure.start..figure.end], "62,123.00");
    assert_eq!((figure.start_char, figure.end_char), (7, 16));
}

#[test]
fn the_name_of_a_hidden_character_is_no_figure() {
    let text = "The channel `w[U+200B]eb` and `[U+202E]gnp` in December: 62,123.00";
    let figures = look("?", text, &revenue());
    assert!(
        figures.iter().all(|figure| !figure.is_unmatched()),
        "{figures:#?}"
    );
}

#[test]
fn without_any_result_a_number_is_quoted_only_with_the_words_around_it() {
    let shown = ["Mean stars, 1 (bad) to 5 (good). Default: the last 12 months."];
    let claim = |text| Claim {
        text,
        question: "What was the revenue?",
        earlier: &[],
        today: "2026-06-30".parse().unwrap(),
        shown: &shown,
    };
    let invented = ground(&claim("The revenue was 5."), &[]);
    assert!(invented.iter().any(Figure::is_unmatched), "{invented:#?}");
    let quoted = ground(
        &claim("It covers the last 12 months, with 1 (bad) to 5 (good) stars."),
        &[],
    );
    let unmatched: Vec<_> = quoted.iter().filter(|figure| figure.is_unmatched()).collect();
    assert!(unmatched.is_empty(), "{unmatched:#?}");
}
