//! The demo starts with facts that were worked out before. They have to be those that its rows say.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cardinal_sandbox::World;
use serde_json::{Value, json};

use super::kit::demo;

/// Distinct values that are kept of each column.
const VALUES: u64 = 60;

/// Everything that `src/data/facts.json` holds, from the rows of a world.
fn facts(world: &World) -> Value {
    let model = world.model();
    let mut fields = BTreeMap::new();
    for table in &model.tables {
        for field in &table.fields {
            let found = world.field_values(field.id, VALUES).unwrap();
            let values: Vec<Value> = found.values.into_iter().flatten().collect();
            fields.insert(
                format!("{}.{}", table.name, field.name),
                json!({"values": values, "more": found.has_more_values, "statistics": found.statistics}),
            );
        }
    }
    let mut cards = BTreeMap::new();
    for card in model.cards.iter().filter(|card| card.is_native()) {
        let Ok(columns) = world.card_columns(card) else {
            continue;
        };
        let columns = columns
            .iter()
            .map(|column| json!([column["name"], column["base_type"]]));
        cards.insert(card.name.clone(), columns.collect::<Vec<_>>());
    }
    json!({"fields": fields, "cards": cards})
}

/// One line for each column and card, so that a change can be read.
fn written(facts: &Value) -> String {
    let part = |key: &str| {
        let entries = facts[key].as_object().unwrap();
        let lines = entries
            .iter()
            .map(|(name, fact)| format!("  {}: {fact}", json!(name)));
        lines.collect::<Vec<_>>().join(",\n")
    };
    format!(
        "{{\"fields\": {{\n{}\n}}, \"cards\": {{\n{}\n}}}}\n",
        part("fields"),
        part("cards")
    )
}

#[test]
fn prepared_facts_are_those_of_the_rows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/facts.json");
    let rows = World::demo_from_rows().unwrap();
    let found = facts(&rows);
    if std::env::var_os("UPDATE_FACTS").is_some() {
        fs::write(&path, written(&found)).unwrap();
    }
    let kept: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert!(
        kept == found,
        "the demo's rows say something else than src/data/facts.json: run this test with UPDATE_FACTS=1"
    );
    // What a client is told is the same with and without them.
    assert_eq!(facts(demo()), found);
    let tables = |world: &World| format!("{:?}", world.model().tables);
    assert_eq!(tables(demo()), tables(&rows));
    for card in &rows.model().cards {
        assert_eq!(
            demo().card_columns(card),
            rows.card_columns(card),
            "{}",
            card.name
        );
        assert_eq!(
            demo().wide_fields_of_card(card),
            rows.wide_fields_of_card(card),
            "{}",
            card.name
        );
    }
}
