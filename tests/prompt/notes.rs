//! The texts that a model reads within a conversation, with their values. A word that changes here changes what every
//! model is told, so each stands in a snapshot, and a template that asks for a value nobody gives fails.

use std::path::Path;

use serde_json::{Value, json};

/// The template with its values, or why it does not fit them.
fn rendered(template: &str, values: &Value) -> String {
    let context = tera::Context::from_serialize(values).unwrap();
    tera::Tera::one_off(template, &context, false)
        .unwrap_or_else(|error| panic!("{template}: {error}"))
        .trim_end()
        .to_owned()
}

fn all_of(folder: &str, values: &Value) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let said = files.iter().map(|file| {
        let name = file.file_stem().unwrap().to_string_lossy();
        let template = std::fs::read_to_string(file).unwrap();
        format!("# {name}\n{}", rendered(&template, values))
    });
    said.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn the_guard_says() {
    let values = json!({
        "call": "2", "dropped": "5", "kept": "2000", "known": "- Revenue: 1 rows. sum 12", "limit": "20",
        "reason": "The reason.", "times": "3", "tool": "query_metric",
    });
    insta::assert_snapshot!(all_of("guard", &values));
}

#[test]
fn figures_without_a_source_are_told() {
    let values = json!({
        "figures": "- \"431\": no result holds it",
        "cell": "r1 row 4 (\"2025-04-01\"), column \"revenue\"",
        "named": "\"March 2025\"",
        "reference": "{{r1 revenue @ 2025-04-01}}",
    });
    insta::assert_snapshot!(all_of("repair", &values));
}

#[test]
fn failed_calls_say() {
    let template = include_str!("../../prompts/tools/failed.tera");
    let classes = [
        "invalid_query",
        "not_found",
        "forbidden",
        "unauthorized",
        "throttled",
        "timeout",
        "too_large",
        "unavailable",
        "unreadable",
        "catalog_drift",
    ];
    let said = classes.map(|class| {
        let values = json!({ "class": class, "what": "card 7 \"Revenue\"", "said": "Metabase said: <no>" });
        rendered(template, &values)
    });
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn ways_to_ask_for_less_are_told() {
    let card = include_str!("../../prompts/tools/narrow_card.tera");
    let more = include_str!("../../prompts/tools/more_rows_failed.md");
    let said = [
        rendered(card, &json!({ "unused": "" })),
        rendered(card, &json!({ "unused": "\"month\", \"state\"" })),
        rendered(
            more,
            &json!({ "tool": "more_rows", "problem": "no result r3 is held" }),
        ),
    ];
    insta::assert_snapshot!(said.join("\n\n"));
}
