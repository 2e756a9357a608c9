//! The sentence around a reference is held against the key of its row.

use cardinal::grounding::{Claim, FigureStatus, Material, Reason, ground_referenced};
use cardinal::references::ReferencedText;
use cardinal::result::{HeldResults, totals};
use serde_json::Value;

use super::kit::{known, shop};

/// What came of each figure that was written, in the order of the text: whether its sentence agrees.
async fn agrees(text: &str) -> (String, Vec<bool>) {
    agrees_over(&shop(), text).await
}

/// The same of a text over other results.
pub(super) async fn agrees_over(held: &HeldResults, text: &str) -> (String, Vec<bool>) {
    let resolved = ReferencedText::of(text, &known(held).await);
    let mut tables = Vec::new();
    for one in held.iter() {
        let table = held.table(one.handle).await.unwrap();
        tables.push((one.handle.to_string(), totals(&table), table));
    }
    let materials: Vec<Material<'_>> = tables
        .iter()
        .map(|(handle, totals, table)| Material {
            handle,
            title: "Revenue",
            arguments: &Value::Null,
            table,
            totals,
            rows_seen: table.rows.len(),
            current: true,
        })
        .collect();
    let claim = Claim {
        text: resolved.text(),
        question: "How did it go?",
        earlier: &[],
        today: jiff::civil::date(2025, 6, 1),
        shown: &[],
    };
    let figures = ground_referenced(&claim, resolved.figures(), &materials, &|| false).unwrap();
    let of_references = figures.iter().filter(|figure| {
        let mut written = resolved.figures().iter();
        written.any(|one| (one.start, one.end) == (figure.start, figure.end))
    });
    let agrees = of_references.map(|figure| match figure.status {
        FigureStatus::Referenced => true,
        FigureStatus::Unmatched {
            reason: Reason::Mismatch,
        } => false,
        other => panic!("{}: {other:?}", figure.text),
    });
    (resolved.text().to_owned(), agrees.collect())
}

#[tokio::test]
async fn a_sentence_that_names_another_row_is_found() {
    for text in [
        "2024: {{r2 revenue @ 2025}}",
        "Revenue in 2024 was {{r2 revenue @ 2025}}.",
        "In fiscal year 2023 it came to {{r2 revenue @ 2024 | M}}.",
        "| Year | Revenue |\n|---|---|\n| 2024 | {{r2 revenue @ 2023}} |",
        "In March 2025 revenue was {{r1 revenue @ 2025-02}}.",
        "- **2025-01**: {{r1 revenue @ 2025-03}}",
        "Customer 40012 spent {{r6 spent @ 40013}}.",
        "Harbor Holdings, Inc. spent {{r6 spent @ 40014}}.",
        "| Month | Orders |\n|---|---|\n| 2025-01 | {{r1 revenue @ 2025-01}} |",
        "In January 2025 orders were {{r1 revenue @ 2025-01}}.",
        "Widget made {{r3 revenue @ 2025-02, \"Gadget, Large\"}} in February 2025.",
        "In January 2025, orders: {{r1 revenue @ 2025-01}}.",
        "In January 2025: revenue: {{r1 orders @ 2025-01}}, orders: {{r1 orders @ 2025-01}}.",
    ] {
        let (written, agrees) = agrees(text).await;
        assert!(agrees.contains(&false), "{text}\n{written}\n{agrees:?}");
    }
}

#[tokio::test]
async fn a_sentence_that_names_its_row_or_none_passes() {
    for text in [
        "2024: {{r2 revenue @ 2024}}",
        "Revenue rose from {{r2 revenue @ 2023}} in 2023 to {{r2 revenue @ 2024}} in 2024.",
        "Revenue fell {{change r2 revenue @ 2024 -> 2025 | abs}} to {{r2 revenue @ 2025}} in fiscal year 2025.",
        "In 2025 we made {{r2 revenue @ 2025}}, after {{r2 revenue @ 2024}} in 2024.",
        "In 2025 we made {{r2 revenue @ 2025}} (2024: {{r2 revenue @ 2024}}).",
        "The best month was February 2025 with {{r1 revenue @ 2025-02}}.",
        "From January to March 2025 revenue came to {{r1 revenue @ total}}.",
        "Over {{r1 rows}} months, {{r1 orders @ total}} orders were placed.",
        "{{table r2}}",
        "| Year | Revenue |\n|---|---|\n| 2023 | {{r2 revenue @ 2023}} |\n| 2024 | {{r2 revenue @ 2024}} |",
        "Customer 40013 spent {{r6 spent @ 40013}}, customer 40014 {{r6 spent @ 40014}}.",
        "It made {{r2 revenue @ 2025}}.",
        "| Month | Orders | Revenue |\n|---|---|---|\n| 2025-01 | {{r1 orders @ 2025-01}} | {{r1 revenue @ 2025-01}} |",
        "In January 2025 there were {{r1 orders @ 2025-01}} orders and {{r1 revenue @ 2025-01}} of revenue.",
        "Revenue per order in January 2025 was {{ratio r1 revenue @ 2025-01 / r1 orders @ 2025-01}}.",
        "Of the 3 years, 2024 was the best with {{r2 revenue @ 2024 | M}}.",
    ] {
        let (written, agrees) = agrees(text).await;
        assert!(
            !agrees.contains(&false) && !agrees.is_empty(),
            "{text}\n{written}\n{agrees:?}"
        );
    }
}

#[tokio::test]
async fn what_is_worked_out_is_held_against_its_sentence() {
    for text in [
        // The other way.
        "Revenue rose {{change r2 revenue @ 2024 -> 2025}} in fiscal year 2025.",
        "Revenue rose {{change r2 revenue @ 2024 -> 2025 | abs}} in fiscal year 2025.",
        "Revenue fell by {{change r2 revenue @ 2023 -> 2024}} in fiscal year 2024.",
        "From 2024 to 2025 revenue changed by {{change r2 revenue @ 2025 -> 2024}}.",
        "In March 2025 revenue was {{diff r1 revenue @ 2025-02 -> 2025-03 | abs}} higher than in February.",
        // Other rows.
        "In fiscal year 2025 revenue changed by {{change r2 revenue @ 2023 -> 2024}}.",
        "Widget made {{share r3 revenue @ 2025-01, \"Gadget, Large\" of total}} of revenue in January 2025.",
        "January 2025 made {{share r1 revenue @ 2025-02 of total}} of all revenue.",
        "In January 2025 revenue per order was {{ratio r1 revenue @ 2025-03 / r1 orders @ 2025-03}}.",
        // Another column.
        "January 2025 made {{share r1 revenue @ 2025-01 of total}} of all orders.",
        "Orders rose {{change r1 revenue @ 2025-01 -> 2025-02}} in February 2025.",
    ] {
        let (written, agrees) = agrees(text).await;
        assert!(agrees.contains(&false), "{text}\n{written}\n{agrees:?}");
    }
    for text in [
        "Revenue fell {{change r2 revenue @ 2024 -> 2025}} in fiscal year 2025.",
        "Revenue fell by {{change r2 revenue @ 2024 -> 2025 | abs}} in fiscal year 2025, after a rise of {{change r2 revenue @ 2023 -> 2024}}.",
        "From 2023 to 2024 revenue rose by {{change r2 revenue @ 2023 -> 2024}}.",
        "2024 was {{diff r2 revenue @ 2025 -> 2024}} higher than 2025.",
        "January 2025 made {{share r1 revenue @ 2025-01 of total}} of all revenue.",
        "In January 2025 each order brought {{ratio r1 revenue @ 2025-01 / r1 orders @ 2025-01}}.",
        "The difference between 2023 and 2024 is {{diff r2 revenue @ 2023 -> 2024}}.",
        "It changed by {{change r2 revenue @ 2023 -> 2024}}.",
        "| Year | Revenue | Change |\n|---|---|---|\n| 2024 | {{r2 revenue @ 2024}} | {{change r2 revenue @ 2023 -> 2024}} |",
    ] {
        let (written, agrees) = agrees(text).await;
        assert!(
            !agrees.contains(&false) && !agrees.is_empty(),
            "{text}\n{written}\n{agrees:?}"
        );
    }
}

#[tokio::test]
async fn a_total_is_told_as_the_one_it_is() {
    for text in [
        "On average revenue was {{r1 revenue @ total}} a month.",
        "In total there were {{r1 orders @ mean}} orders.",
        "There were {{r1 orders @ mean}} orders.",
        "The lowest revenue was {{r1 revenue @ max}}.",
        "Together they came to {{r1 revenue @ 2025-02}}.",
    ] {
        let (written, agrees) = agrees(text).await;
        assert!(agrees.contains(&false), "{text}\n{written}\n{agrees:?}");
    }
    for text in [
        "In total revenue was {{r1 revenue @ total}}, {{r1 revenue @ mean}} a month on average.",
        "The lowest revenue was {{r1 revenue @ min}} and the highest {{r1 revenue @ max}}.",
        "The three months came to {{r1 revenue @ total}}.",
    ] {
        let (written, agrees) = agrees(text).await;
        assert!(
            !agrees.contains(&false) && !agrees.is_empty(),
            "{text}\n{written}\n{agrees:?}"
        );
    }
}
