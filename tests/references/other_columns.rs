//! Figures by reference that are of the right row, and of another column or in another unit than their sentence says.

use cardinal::result::{Column, ColumnKind, HeldResults};
use serde_json::json;

use super::kit::{bucketed, column, hold, table};
use super::sentences::agrees_over;

fn described(name: &str, label: &str, description: &str) -> Column {
    Column {
        label: label.to_owned(),
        description: Some(description.to_owned()),
        ..column(name, ColumnKind::Number)
    }
}

/// r1 trains, r2 and r3 a count and an amount by year, r4 invoices by month.
fn results() -> HeldResults {
    let mut held = HeldResults::default();
    let trains = vec![
        column("train", ColumnKind::Text),
        column("runs", ColumnKind::Integer),
        described("avg_departure_delay", "Departure delay", "Minutes."),
        described("avg_arrival_delay", "Arrival delay", "Minutes."),
        described("worst_run_min", "Worst run", "Minutes."),
        column("late_percent", ColumnKind::Number),
        column("freight_kg", ColumnKind::Number),
        described("cost", "Cost (EUR)", "EUR."),
    ];
    hold(
        &mut held,
        table(
            trains,
            vec![
                vec![
                    json!("Alba"),
                    json!(244),
                    json!(11.5),
                    json!(46.9),
                    json!(487),
                    json!(38.9),
                    json!(1520.5),
                    json!(912.5),
                ],
                vec![
                    json!("Brenta"),
                    json!(253),
                    json!(12.7),
                    json!(31.7),
                    json!(245),
                    json!(21.4),
                    json!(1720.5),
                    json!(712.5),
                ],
                vec![
                    json!("Cima"),
                    json!(301),
                    json!(14.1),
                    json!(28.3),
                    json!(198),
                    json!(17.3),
                    json!(1913.5),
                    json!(643.5),
                ],
            ],
        ),
    );
    let years = |name: &str, kind, values: [f64; 2]| {
        table(
            vec![bucketed("issued_on", "year"), column(name, kind)],
            vec![
                vec![json!("2024-01-01"), json!(values[0])],
                vec![json!("2025-01-01"), json!(values[1])],
            ],
        )
    };
    hold(&mut held, years("visits", ColumnKind::Integer, [219.0, 226.0]));
    hold(
        &mut held,
        years("invoiced_amount", ColumnKind::Number, [55_286.64, 58_858.17]),
    );
    hold(
        &mut held,
        table(
            vec![
                bucketed("month", "month"),
                described("invoiced", "Invoiced", "In CHF."),
                described("paid", "Paid", "In CHF."),
            ],
            vec![
                vec![json!("2025-07-01"), json!(23_501.27), json!(22_104.11)],
                vec![json!("2025-10-01"), json!(19_430.54), json!(19_200.12)],
                vec![json!("2025-11-01"), json!(13_885.89), json!(12_035.67)],
            ],
        ),
    );
    held
}

async fn all(texts: &[&str], right: bool) {
    let held = results();
    let mut wrong = Vec::new();
    for text in texts {
        let (written, agrees) = agrees_over(&held, text).await;
        if agrees.is_empty() || agrees.contains(&false) == right {
            wrong.push(format!("{written} {agrees:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_figure_is_not_told_in_another_unit() {
    all(
        &[
            "Alba was {{r1 late_percent @ Alba}} minutes late.",
            "Alba was {{r1 avg_arrival_delay @ Alba}}% late.",
            "Alba was {{r1 avg_arrival_delay @ Alba}} hours late.",
            "Alba carried {{r1 freight_kg @ Alba}} tonnes.",
            "Alba carried EUR {{r1 freight_kg @ Alba}} of freight.",
            "Alba cost CHF {{r1 cost @ Alba}}.",
            "Alba cost {{r1 cost @ Alba}} minutes.",
            "In all they cost {{r1 cost @ total}} kg.",
        ],
        false,
    )
    .await;
    all(
        &[
            "Alba was late in {{r1 late_percent @ Alba}} of its runs.",
            "Alba was {{r1 avg_arrival_delay @ Alba}} minutes late on average.",
            "Alba carried {{r1 freight_kg @ Alba}} kg.",
            "Alba cost EUR {{r1 cost @ Alba}}.",
            "Alba made {{r1 runs @ Alba}} runs.",
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn a_figure_is_not_told_as_another_column() {
    all(
        &[
            // The worst as a mean.
            "Alba is {{r1 worst_run_min @ Alba}} minutes late on average.",
            // A word that only another column has.
            "Alba arrives late, by {{r1 avg_departure_delay @ Alba}} minutes.",
            "The median of Alba is {{r1 avg_arrival_delay @ Alba}} minutes.",
            // The sentence goes on about what it began with.
            "July 2025 was the strongest month with CHF {{r4 invoiced @ 2025-07}} invoiced, November the weakest with CHF {{r4 paid @ 2025-11}}.",
            // The only measure of another result.
            "In 2025 visits grew by {{change r3 invoiced_amount @ 2024 -> 2025}}.",
            "Alba's freight is {{ratio r1 cost @ Alba / r1 cost @ Brenta}} times that of Brenta.",
            "Alba has {{share r1 freight_kg @ Alba of total}} of all booked costs.",
        ],
        false,
    )
    .await;
    all(
        &[
            "Alba arrives {{r1 avg_arrival_delay @ Alba}} minutes late on average, at worst {{r1 worst_run_min @ Alba}} minutes.",
            "Alba leaves {{r1 avg_departure_delay @ Alba}} minutes late at departure.",
            "July 2025 was the strongest month with CHF {{r4 invoiced @ 2025-07}} invoiced, November the weakest with CHF {{r4 invoiced @ 2025-11}}.",
            "In July CHF {{r4 invoiced @ 2025-07}} was invoiced, and of November CHF {{r4 paid @ 2025-11}} is paid.",
            "In 2025 visits grew by {{change r2 visits @ 2024 -> 2025}} and the invoiced amount by {{change r3 invoiced_amount @ 2024 -> 2025}}.",
            "Alba's freight is {{ratio r1 freight_kg @ Alba / r1 freight_kg @ Brenta}} times that of Brenta.",
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn what_is_worked_out_is_of_the_times_that_are_told() {
    all(
        &[
            "The average invoice of 2025 was {{ratio r3 invoiced_amount @ 2025 / r2 visits @ 2024}} for each visit.",
            "Invoices went from CHF {{r4 invoiced @ 2025-07}} in July to CHF {{r4 invoiced @ 2025-11}} in November, a drop of {{diff r4 invoiced @ 2025-10 -> 2025-11 | abs}}.",
        ],
        false,
    )
    .await;
    all(
        &[
            "For each visit that is CHF {{ratio r3 invoiced_amount @ 2025 / r2 visits @ 2025}} in 2025.",
            "Invoices went from CHF {{r4 invoiced @ 2025-07}} in July to CHF {{r4 invoiced @ 2025-11}} in November, a drop of {{diff r4 invoiced @ 2025-07 -> 2025-11 | abs}}.",
            "Although the invoiced amount fell in 2024, there were {{diff r2 visits @ 2024 -> 2025}} more visits in 2025.",
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn a_part_is_not_greater_than_its_whole() {
    all(
        &[
            "In July CHF {{r4 invoiced @ 2025-07}} of CHF {{r4 paid @ 2025-07}} was paid.",
            "In 2025 there were {{r2 visits @ 2025}} visits that took place out of {{r2 visits @ 2024}}.",
        ],
        false,
    )
    .await;
}
