//! A first model file for a database that has none.

use std::fmt::Write as _;

use crate::semantic::{FieldMetadata, SemanticModel, TableMetadata};

/// What stands above every draft.
const HEAD: &str = "\
# The semantic model of this data, for `cardinal sandbox serve --model` and for suites.
# What is told from the data itself is filled in; what only you know is left empty or commented out.
# docs/sandbox-model.md describes every key. `cardinal sandbox check` tells whether everything runs.
version: 1
# The day that \"last month\" counts from. Pin it, so that answers stay the same.
# today: 2026-06-30
";

const COLLECTIONS: &str = "
# Folders of cards. The curated one is what Cardinal's catalog is made of.
collections:
  - { path: Curated, curated: true, official: true }

# Questions, models and metrics. One metric that counts for each table; say what is counted, and add your own.
cards:
";

const TAIL: &str = "
# SQL with parameters, described columns and a dashboard look like this:
#
#  - name: Orders by status
#    collection: Curated
#    description: Number of orders per status.
#    sql: |
#      SELECT status, COUNT(*) AS orders FROM orders WHERE {{period}} GROUP BY status
#    parameters:
#      - { name: period, type: dimension, field: orders.created_at, widget: date/all-options }
#    columns:
#      orders: { description: Number of orders. }
#
# dashboards:
#  - { name: Overview, collection: Curated, cards: [Orders by status] }
";

/// A commented model file that loads: tables with their columns, keys as they were found, and a metric for each table.
pub(crate) fn draft(model: &SemanticModel) -> String {
    let mut text = HEAD.to_owned();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "database:\n  name: {}", quoted(&model.database.name));
    let _ = writeln!(text, "\ntables:");
    for table in &model.tables {
        describe_table(&mut text, model, table);
    }
    text.push_str(COLLECTIONS);
    for table in &model.tables {
        describe_metric(&mut text, table);
    }
    text.push_str(TAIL);
    text
}

fn describe_table(text: &mut String, model: &SemanticModel, table: &TableMetadata) {
    let _ = writeln!(text, "  {}:", quoted(&table.name));
    let _ = writeln!(text, "    # description: What one row is.");
    let _ = writeln!(text, "    fields:");
    for field in &table.fields {
        let mut said = Vec::new();
        if let Some(description) = &field.description {
            said.push(format!("description: {}", quoted(description)));
        }
        if let Some((target_table, target)) = field.fk_target_field_id.and_then(|id| model.field(id)) {
            let path = format!("{}.{}", target_table.name, target.name);
            said.push(format!("references: {}", quoted(&path)));
        } else if let Some(meaning) = &field.semantic_type {
            said.push(format!("semantic_type: {meaning}"));
        }
        let said = if said.is_empty() {
            "{}".to_owned()
        } else {
            format!("{{ {} }}", said.join(", "))
        };
        let kind = field.base_type.trim_start_matches("type/");
        let _ = writeln!(text, "      {}: {said} # {kind}", quoted(&field.name));
    }
}

fn describe_metric(text: &mut String, table: &TableMetadata) {
    let name = format!("Number of {}", table.display_name.to_lowercase());
    let _ = writeln!(text, "  - name: {}", quoted(&name));
    let _ = writeln!(text, "    type: metric\n    collection: Curated");
    let _ = writeln!(
        text,
        "    description: {}",
        quoted(&format!("Rows of {}.", table.name))
    );
    let _ = writeln!(
        text,
        "    query: {{ table: {}, aggregations: [[count]] }}",
        quoted(&table.name)
    );
    if let Some(amount) = table.visible_fields().find(|field| is_amount(field)) {
        let column = quoted(&amount.name);
        let _ = writeln!(text, "    # or, for a sum: aggregations: [[sum, {column}]]");
    }
}

/// Whether a column holds numbers that can be added up.
fn is_amount(field: &FieldMetadata) -> bool {
    let number = matches!(
        field.base_type.as_str(),
        "type/Integer" | "type/Float" | "type/Decimal"
    );
    number && field.semantic_type.is_none() && field.fk_target_field_id.is_none() && !is_key(&field.name)
}

/// Whether a column's numbers tell rows apart by its name: ids, years, codes.
fn is_key(name: &str) -> bool {
    const WORDS: &str = "id ids key no nr num number code zip postal postcode plz year jahr month monat day week quarter hour date \
        sku isbn ean phone version rank position";
    let low = name.to_lowercase();
    let mut words = low.split(|letter: char| !letter.is_alphanumeric());
    // `customerId`
    let joined = name.ends_with("Id") || name.ends_with("ID") || name.ends_with("Key");
    joined || words.any(|word| WORDS.split_ascii_whitespace().any(|one| one == word))
}

/// Text as YAML reads it back, whatever is in it: JSON strings are YAML strings.
fn quoted(text: &str) -> String {
    let plain = text
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let word = text.starts_with(|first: char| first.is_ascii_alphabetic());
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if plain && word && !reserved.contains(&text.to_ascii_lowercase().as_str()) {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}
