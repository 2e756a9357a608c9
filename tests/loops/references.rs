//! Answers that point at their figures: written by the program, as they come and in the end; put right once; marked.

use cardinal::agent::{Answer, Event, GroundingSettings, OnUnmatched, Outcome, ReferenceMode};
use cardinal::grounding::{FigureStatus, Reason, Trace};
use cardinal::references::FigureStyle;
use serde_json::{Value, json};

use super::march::{ask, by_month, saying};
use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack};

const POINTED: &str = "Revenue in March 2025 was {{r1 @ 2025-03}}, after {{r1 @ 2025-02 | K}} in February.";
const WRITTEN: &str = "Revenue in March 2025 was 28,610.44, after 22.7K in February.";

fn knobs(grounding: GroundingSettings) -> Knobs {
    Knobs {
        grounding,
        ..Knobs::default()
    }
}

fn messages(request: &Value) -> Vec<&str> {
    let messages = request["messages"].as_array().unwrap().iter();
    messages
        .filter_map(|message| message["content"].as_str())
        .collect()
}

/// What who watched saw of the answer in the end.
fn streamed(stack: &Stack) -> String {
    let events = stack.events.lock().unwrap();
    let after = events
        .iter()
        .rposition(|event| matches!(event, Event::TextDiscarded));
    let texts = events
        .iter()
        .skip(after.map_or(0, |at| at + 1))
        .filter_map(|event| match event {
            Event::Text(text) => Some(text.as_str()),
            _ => None,
        });
    texts.collect()
}

/// A German answer has German figures, in the stream, the text, the figures and the JSON.
#[tokio::test]
async fn an_answer_in_another_language_has_its_figures_in_that_language() {
    const POINTED: &str =
        "Im März 2025 war der Umsatz {{r1 @ 2025-03}}, nach {{r1 @ 2025-02 | K}} im Februar.";
    const WRITTEN: &str = "Im März 2025 war der Umsatz 28.610,44, nach 22,7\u{a0}Tsd im Februar.";
    let mut stack = saying(&[POINTED], Knobs::default()).await;
    let answer = stack.ask("Wie hoch war der Umsatz im März 2025?").await;
    assert_eq!(
        (answer.outcome, answer.text.as_str()),
        (Outcome::Answered, WRITTEN)
    );
    assert_eq!(streamed(&stack), WRITTEN);
    let shown = serde_json::to_value(&answer).unwrap();
    assert_eq!(shown["number_style"], "de");
    let figures = shown["figures"].as_array().unwrap();
    let march = figures.iter().find(|one| one["text"] == "28.610,44").unwrap();
    assert_eq!(march["status"], "referenced");
    assert_eq!(
        march["sources"][0]["cell"], 28610.44,
        "evidence has plain numbers"
    );
    let back: Answer = serde_json::from_value(shown).unwrap();
    assert_eq!(back.number_style, answer.number_style);

    let grounding = GroundingSettings {
        number_style: FigureStyle::En,
        ..GroundingSettings::default()
    };
    let mut stack = saying(&[POINTED], knobs(grounding)).await;
    let answer = stack.ask("Wie hoch war der Umsatz im März 2025?").await;
    assert!(answer.text.contains("28,610.44"), "{}", answer.text);
    assert!(
        serde_json::to_value(&answer)
            .unwrap()
            .get("number_style")
            .is_none()
    );
}

#[tokio::test]
async fn the_program_writes_what_the_text_points_at_and_the_model_keeps_its_words() {
    let mut stack = saying(&[POINTED], Knobs::default()).await;
    let answer = ask(&mut stack).await;
    assert_eq!(
        (answer.outcome, answer.text.as_str()),
        (Outcome::Answered, WRITTEN)
    );
    assert_eq!(stack.model.requests().len(), 2, "nothing is asked again");
    assert_eq!(streamed(&stack), WRITTEN);
    let figure = answer
        .figures
        .iter()
        .find(|one| one.figure.text == "28,610.44")
        .unwrap();
    assert_eq!(figure.figure.status, FigureStatus::Referenced);
    assert_eq!(&WRITTEN[figure.figure.start..figure.figure.end], "28,610.44");
    let shown = serde_json::to_value(figure).unwrap();
    assert_eq!(shown["status"], "referenced");
    assert_eq!(shown["sources"][0]["row"], 3);
    assert_eq!(shown["sources"][0]["cell"], 28610.44);
    let back: Answer = serde_json::from_value(serde_json::to_value(&answer).unwrap()).unwrap();
    assert_eq!(back.figures.len(), answer.figures.len());

    stack.ask("Thanks?").await;
    let requests = stack.model.requests();
    let said = messages(requests.last().unwrap());
    assert!(said.contains(&POINTED), "the model reads its own words: {said:?}");
    assert!(!said.contains(&WRITTEN));
}

#[tokio::test]
async fn a_reference_that_names_nothing_is_told_once_with_what_is_near() {
    let wrong = "Revenue in March 2025 was {{r1 @ 2026-03}}.";
    let right = "Revenue in March 2025 was {{r1 @ 2025-03}}.";
    for on_unmatched in [OnUnmatched::Mark, OnUnmatched::Off] {
        let texts: &'static [&'static str] = Box::leak(Box::new([wrong, right]));
        let grounding = GroundingSettings {
            on_unmatched,
            ..GroundingSettings::default()
        };
        let mut stack = saying(texts, knobs(grounding)).await;
        let answer = ask(&mut stack).await;
        assert_eq!(
            (answer.outcome, answer.text.as_str()),
            (Outcome::Answered, "Revenue in March 2025 was 28,610.44.")
        );
        let requests = stack.model.requests();
        let told = messages(&requests[2]);
        let (draft, note) = (told[told.len() - 2], told[told.len() - 1]);
        assert_eq!(draft, wrong, "its own draft, as it wrote it");
        let line = "- {{r1 @ 2026-03}}: no row of r1 has the key 2026-03; the nearest keys: 2025-03";
        assert!(note.contains(line), "{note}");
    }
}

#[tokio::test]
async fn what_stays_unresolved_leaves_a_mark() {
    let mut stack = saying(&["Revenue was {{r1 @ 2026-03}}."], Knobs::default()).await;
    let answer = ask(&mut stack).await;
    assert_eq!(answer.outcome, Outcome::Partial);
    assert!(
        answer
            .text
            .starts_with("Revenue was [no figure: r1 @ 2026-03].\n\n[unverified]")
            && answer.text.contains("no row of r1 has the key 2026-03"),
        "{}",
        answer.text
    );
    let reason = Reason::Unresolved;
    assert!(
        answer
            .figures
            .iter()
            .any(|one| one.figure.status == FigureStatus::Unmatched { reason })
    );
    assert_eq!(streamed(&stack), answer.text);
    let off = GroundingSettings {
        on_unmatched: OnUnmatched::Off,
        ..GroundingSettings::default()
    };
    let mut stack = saying(&["Revenue was {{r1 @ 2026-03}} of 999,999."], knobs(off)).await;
    let answer = ask(&mut stack).await;
    assert_eq!(answer.outcome, Outcome::Partial, "a hole is never passed over");
    assert!(!answer.text.contains("\"999,999\""), "{}", answer.text);
}

#[tokio::test]
async fn a_sentence_that_names_another_row_is_told_by_its_reference() {
    const WRONG: &str = "Revenue in March 2025 was {{r1 @ 2025-02}}.";
    let mut stack = saying(&[WRONG, POINTED], Knobs::default()).await;
    let answer = ask(&mut stack).await;
    assert_eq!(
        (answer.outcome, answer.text.as_str()),
        (Outcome::Answered, WRITTEN)
    );
    let requests = stack.model.requests();
    let note = *messages(&requests[2]).last().unwrap();
    assert!(
        note.contains(
            "- {{r1 @ 2025-02}}, which is \"22,737.95\": it is r1 row 2 (\"2025-02-01\"), column \"revenue\", but the words around \
             it are taken to speak of \"March 2025\""
        ),
        "{note}"
    );
}

#[tokio::test]
async fn a_typed_figure_is_told_with_the_reference_that_writes_it() {
    const TYPED: &str = "Revenue in March 2025 was 22,737.95, which is 1,234.56 more.";
    let mut stack = saying(&[TYPED, POINTED], Knobs::default()).await;
    ask(&mut stack).await;
    let requests = stack.model.requests();
    let note = *messages(&requests[2]).last().unwrap();
    for told in [
        "write {{r1 revenue @ 2025-02-01}} in its place",
        "if you worked it out of two figures, write {{diff r1 COLUMN @ ROW -> ROW}}",
    ] {
        assert!(note.contains(told), "{note}");
    }
    let mut stack = saying(
        &["February 2025 made {{r1 revenue @ 2025-02-01}}."],
        Knobs::default(),
    )
    .await;
    let answer = ask(&mut stack).await;
    assert_eq!(answer.text, "February 2025 made 22,737.95.");
}

#[tokio::test]
async fn switched_off_the_text_goes_out_as_it_is_and_the_prompt_says_nothing_of_references() {
    let grounding = GroundingSettings {
        references: ReferenceMode::Off,
        on_unmatched: OnUnmatched::Off,
        ..GroundingSettings::default()
    };
    let mut stack = saying(&[POINTED], knobs(grounding)).await;
    let answer = ask(&mut stack).await;
    assert_eq!(answer.text, POINTED);
    let requests = stack.model.requests();
    let system = messages(&requests[0])[0].to_owned();
    assert!(!system.contains("{{"), "{system}");
    let mut stack = saying(&[POINTED], Knobs::default()).await;
    ask(&mut stack).await;
    let requests = stack.model.requests();
    let told = messages(&requests[0])[0].to_owned();
    assert!(told.contains("{{r2 revenue @ 2025-03}}"), "{told}");
}

#[tokio::test]
async fn calculated_figures_and_derivations_are_pointed_at_too() {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |_| {
        step += 1;
        let cell = |month: &str, column: &str| json!({"result": "r1", "column": column, "where": [{"column": "created_at", "equals": month}]});
        match step {
            1 => by_month(),
            2 => Reply::tool_calls([(
                "calculate",
                json!({"calculations": [
                    {"name": "growth", "operation": "percent_change", "of": [cell("2025-02", "revenue"), cell("2025-03", "revenue")]},
                    {"name": "typed", "operation": "multiply", "of": [cell("2025-02", "revenue"), 1.2345]},
                ]}),
            )]),
            3 => Reply::text(
                "Growth in March was {{r2 growth}}, that is {{change r1 @ 2025-02 -> 2025-03}}; {{r2 typed}}.",
            ),
            _ => {
                Reply::text("Growth in March was {{r2 growth}}, that is {{change r1 @ 2025-02 -> 2025-03}}.")
            }
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let answer = ask(&mut stack).await;
    assert_eq!(answer.text, "Growth in March was 25.8%, that is 25.8%.");
    assert_eq!(answer.outcome, Outcome::Answered);
    let requests = stack.model.requests();
    let note = *messages(&requests[3]).last().unwrap();
    assert!(
        note.contains("- {{r2 typed}}: row 2 of r2 was calculated with a number that you typed"),
        "{note}"
    );
    let derived = answer
        .figures
        .iter()
        .filter(|one| one.figure.text == "25.8%")
        .nth(1)
        .unwrap();
    assert!(
        matches!(&derived.sources[0].trace, Trace::Derivation { value, .. } if value.starts_with("25.8"))
    );
}

#[tokio::test]
async fn tables_and_charts_are_printed_and_results_of_earlier_questions_can_be_named() {
    const TEXT: &str = "By month:\n\n{{chart r1: line}}";
    let mut stack = saying(
        &[TEXT, "In January 2025 it was {{r1 @ 2025-01}}."],
        Knobs::default(),
    )
    .await;
    let answer = ask(&mut stack).await;
    assert_eq!(answer.outcome, Outcome::Answered, "{}", answer.text);
    assert!(answer.text.contains("| 2025-03 | 28,610.44 |"), "{}", answer.text);
    let [chart] = answer.charts.as_slice() else {
        panic!("{:?}", answer.charts)
    };
    assert!(answer.text[chart.start..chart.end].starts_with('|'));
    let cells = answer
        .figures
        .iter()
        .filter(|one| one.figure.status == FigureStatus::Referenced);
    assert!(cells.count() >= 24, "twelve months and what they came to");
    assert_eq!(streamed(&stack), answer.text);
    assert!(
        stack
            .events
            .lock()
            .unwrap()
            .iter()
            .any(|event| matches!(event, Event::Chart(_)))
    );

    let answer = stack.ask("And in January?").await;
    assert_eq!(
        (answer.outcome, answer.text.as_str()),
        (Outcome::Answered, "In January 2025 it was 28,550.43.")
    );
    assert_eq!(answer.earlier_results.len(), 1);
}

#[tokio::test]
async fn a_text_cut_in_the_middle_of_a_reference_shows_what_is_missing() {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |_| {
        step += 1;
        match step {
            1 => by_month(),
            _ => Reply::text("Revenue was {{r1 @ 2025-01}}, then {{r1 @ 20").stopping("length"),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let answer = ask(&mut stack).await;
    assert!(
        answer
            .text
            .starts_with("Revenue was 28,550.43, then [no figure: r1 @ 20]"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn a_short_result_lists_no_totals_but_tells_its_unit_and_its_total_can_be_named() {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |_| {
        step += 1;
        match step {
            1 => Reply::tool_calls([(
                "query_metric",
                json!({ "metric_id": 1, "group_by": [{ "dimension": "created_at", "granularity": "quarter" }],
                        "filters": [{ "dimension": "created_at", "operation": "year-equals", "values": ["2025"] }] }),
            )]),
            _ => Reply::text("In 2025 it was {{r1 revenue @ total}} USD."),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let answer = stack.ask("What was revenue in 2025?").await;
    assert_eq!(
        (answer.outcome, answer.text.as_str()),
        (Outcome::Answered, "In 2025 it was 446,213.55 USD.")
    );
    let requests = stack.model.requests();
    let result = *messages(requests.last().unwrap()).last().unwrap();
    assert!(!result.contains("totals"), "{result}");
    assert!(
        result.contains("\nunits: revenue USD by its description\n"),
        "{result}"
    );
}

#[tokio::test]
async fn a_unit_that_only_the_description_of_a_card_tells_is_told_of_the_column_it_names() {
    let probe = Stack::scripted(Vec::new()).await;
    let mut entries = probe.catalog.entries().iter();
    let card = entries
        .find(|entry| entry.name() == "Revenue by month")
        .unwrap()
        .id();
    let model = ScriptedModel::openai(vec![
        Reply::tool_calls([("run_card", json!({ "card_id": card }))]),
        Reply::text("By month:\n\n{{table r1: month, revenue, orders | first 2}}"),
    ]);
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let answer = stack.ask("What was revenue by month?").await;
    // A table that is printed has it in the header, for its cells do not show it.
    let header = answer.text.lines().find(|line| line.starts_with('|')).unwrap();
    assert!(
        header.ends_with(" (USD) | orders |") && header.to_lowercase().contains("| revenue (usd)"),
        "{header}"
    );
    let requests = stack.model.requests();
    let result = *messages(requests.last().unwrap()).last().unwrap();
    // Of the two columns with numbers, the orders have no unit.
    assert!(
        result.contains("\nunits: revenue USD by its description\n"),
        "{result}"
    );
}
