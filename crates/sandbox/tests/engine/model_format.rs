//! The semantic model as a format that people write: its schema, its draft, what is checked and what it can say.

use std::fs;
use std::path::Path;

use cardinal_sandbox::{ModelFault, World, WorldError, model_schema};
use serde_json::{Value, json};

use super::kit::demo;

const ORDERS: &str =
    "id,customer_id,amount,amount,status,\n1,1,5,9,open,x\n2,2,7,1,done,y\n3,2,1.5,2,done,z\n";
const CUSTOMERS: &str = "id,name\n1,Ann\n2,Bob\n";

fn folder(model: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("orders.csv", ORDERS),
        ("customers.csv", CUSTOMERS),
        ("model.yaml", model),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn load(model: &str) -> Result<World, WorldError> {
    let folder = folder(model);
    World::from_csv(folder.path(), Some(&folder.path().join("model.yaml")))
}

fn faults(model: &str) -> Vec<(Option<u64>, String)> {
    match load(model) {
        Ok(_) => Vec::new(),
        Err(WorldError::Model { faults, .. }) => faults
            .into_iter()
            .map(|fault| (fault.line, fault.message))
            .collect(),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_schema_is_the_committed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/sandbox-model.schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, model_schema()).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == model_schema(),
        "the format has changed: run this test with UPDATE_SCHEMA=1"
    );
    let schema: Value = serde_json::from_str(&committed).unwrap();
    let without = undescribed(&schema);
    assert!(without.is_empty(), "keys without a description: {without:?}");
}

fn undescribed(schema: &Value) -> Vec<String> {
    let of = |name: &str, properties: &Value| -> Vec<String> {
        let properties = properties.as_object().unwrap().iter();
        let silent = properties
            .filter(|(_, property)| property["description"].is_null() && property["$ref"].is_null());
        silent.map(|(key, _)| format!("{name}.{key}")).collect()
    };
    let mut found = of("", &schema["properties"]);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        if definition["properties"].is_object() {
            found.extend(of(name, &definition["properties"]));
        }
    }
    found
}

#[test]
fn a_draft_loads_and_runs() {
    let folder = folder("");
    let world = World::from_csv(folder.path(), None).unwrap();
    let draft = world.draft_model();
    for wanted in [
        "references: \"customers.id\"",
        "Number of orders",
        "# today:",
        "amount_2",
    ] {
        assert!(draft.contains(wanted), "no {wanted} in\n{draft}");
    }
    let path = folder.path().join("draft.yaml");
    fs::write(&path, &draft).unwrap();
    let drafted =
        World::from_csv(folder.path(), Some(&path)).unwrap_or_else(|error| panic!("{error}\n{draft}"));
    assert_eq!(drafted.check(), []);
    assert_eq!(drafted.model().cards.len(), 2);
    assert!(drafted.model().curated_collection_id.is_some());
}

#[test]
fn columns_with_the_same_header_are_renamed_where_people_see_it() {
    let world = load("version: 1").unwrap();
    let orders = world.model().table_named("orders").unwrap();
    let names: Vec<&str> = orders.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(
        names,
        ["id", "customer_id", "amount", "amount_2", "status", "column_6"]
    );
    let second = orders.field_named("amount_2").unwrap();
    assert!(
        second
            .description
            .as_deref()
            .unwrap()
            .contains("header \"amount\""),
        "{second:?}"
    );
    assert_eq!(world.notices().len(), 2, "{:?}", world.notices());
    assert!(world.notices()[0].contains("orders.csv") && world.notices()[0].contains("amount_2"));
}

#[test]
fn every_fault_is_named_with_its_line() {
    let model = "\
version: 1
tables:
  orders:
    fields:
      prize: { description: Wrong }
cards:
  - name: Good
    sql: SELECT 1 AS one
  - name: No such collection
    collection: Nowhere
    sql: SELECT 1
  - name: No such column
    query: { table: orders, filters: [[\"=\", size, 1]] }
dashboards:
  - { name: Overview, cards: [Missing] }
";
    let found = faults(model);
    let lines: Vec<Option<u64>> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [Some(5), Some(9), Some(12), Some(15)], "{found:?}");
    let error = load(model).unwrap_err().to_string();
    assert!(
        error.contains("model.yaml:9: card \"No such collection\": no collection \"Nowhere\""),
        "{error}"
    );
    assert_eq!(error.lines().count(), 4, "{error}");
}

#[test]
fn sql_that_the_database_refuses_is_found_at_load() {
    let model = "\
version: 1
cards:
  - name: Fine
    sql: SELECT amount FROM orders WHERE status = {{status}} [[AND amount > {{least}}]]
    parameters:
      - { name: status, type: text, required: true }
      - { name: least, type: number }
  - name: Misspelt
    sql: SELECT amounts FROM orders
  - name: In an optional part
    sql: SELECT amount FROM orders WHERE 1 = 1 [[AND colour = {{colour}}]]
    parameters: [{ name: colour, type: text }]
";
    let found = faults(model);
    assert_eq!(
        found.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
        [Some(8), Some(10)],
        "{found:?}"
    );
    assert!(
        found[0].1.contains("\"Misspelt\"") && found[0].1.contains("amounts"),
        "{found:?}"
    );
    assert!(found[1].1.contains("colour"), "{found:?}");
    let meant = "version: 1\ncards: [{ name: X, broken: true, sql: SELECT nothing }]";
    assert_eq!(faults(meant), []);
}

#[test]
fn a_check_runs_what_a_load_only_prepares() {
    let world = load(
        "version: 1\ncards:\n  - name: Overflow\n    sql: SELECT abs(-9223372036854775807 - 1)\n  - name: Described\n    sql: SELECT \
         1 AS one\n    columns: { two: { description: Not there } }\n",
    )
    .unwrap();
    let found = world.check();
    assert_eq!(
        found
            .iter()
            .map(|fault: &ModelFault| fault.line)
            .collect::<Vec<_>>(),
        [Some(3), Some(5)]
    );
    assert!(found[0].message.contains("integer overflow"), "{found:?}");
    assert!(
        found[1].message.contains("\"two\"") && found[1].message.contains("one"),
        "{found:?}"
    );
}

#[test]
fn the_demo_passes_its_own_check() {
    assert_eq!(demo().check(), []);
}

#[test]
fn columns_of_sql_take_types_and_descriptions() {
    let world = load(
        "version: 1\ncards:\n  - name: By status\n    type: model\n    sql: SELECT status, '2024-05-01' AS day, SUM(amount) AS \
         total FROM orders GROUP BY 1, 2\n    columns:\n      day: { base_type: type/Date }\n      total: { description: In USD, \
         display_name: Total in USD, semantic_type: type/Income }\n  - name: Total\n    type: metric\n    query: { card: By \
         status, aggregations: [[sum, total]] }\n    dimensions: [day, { field: status, name: State, description: Open or \
         done }]\n",
    )
    .unwrap();
    let card = &world.model().cards[0];
    let limits = cardinal_sandbox::query::RowLimits::USERLAND;
    let result = world.run_card(card, &[], limits).unwrap();
    for columns in [result.cols, world.card_columns(card).unwrap()] {
        assert_eq!(columns[1]["base_type"], "type/Date");
        assert_eq!(
            (
                &columns[2]["description"],
                &columns[2]["display_name"],
                &columns[2]["semantic_type"]
            ),
            (&json!("In USD"), &json!("Total in USD"), &json!("type/Income"))
        );
    }
    assert_eq!(result.rows[0][1], "2024-05-01T00:00:00Z");
    let metric = &world.model().cards[1];
    let dimensions = world.wide_fields_of_card(metric).unwrap();
    let named: Vec<(&str, &str)> = dimensions
        .iter()
        .map(|field| (field.name.as_str(), field.display_name.as_str()))
        .collect();
    assert_eq!(named, [("day", "day"), ("status", "State")]);
    assert_eq!(dimensions[0].base_type, "type/Date");
    assert_eq!(dimensions[1].description.as_deref(), Some("Open or done"));
}

#[test]
fn a_metric_names_its_dimensions() {
    let metric = |dimensions: &str| {
        format!(
            "version: 1\ncards:\n  - name: Amount\n    type: metric\n    query: {{ table: orders, aggregations: [[sum, amount]] \
             }}\n    dimensions: {dimensions}\n"
        )
    };
    let world = load(&metric("[status, customer.name]")).unwrap();
    let card = &world.model().cards[0];
    let dimensions = world.wide_fields_of_card(card).unwrap();
    let named: Vec<&str> = dimensions.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(named, ["status", "name"]);
    assert!(dimensions[1].source_field_id.is_some());
    let wrong = faults(&metric("[colour]"));
    assert!(
        wrong[0].1.contains("dimension \"colour\"") && wrong[0].0 == Some(3),
        "{wrong:?}"
    );
    let question = faults("version: 1\ncards: [{ name: X, sql: SELECT 1, dimensions: [a] }]");
    assert!(question[0].1.contains("only a metric"), "{question:?}");
}

#[test]
fn faults_of_entries_and_of_sql_are_named_together() {
    let model = "\
version: 1
tables:
  orders:
    fields:
      prize: { description: Wrong }
cards:
  - name: Misspelt
    sql: SELECT amounts FROM orders
  - name: No such column
    type: model
    query: { table: orders, filters: [[\"=\", size, 1]] }
  - name: Over it
    query: { card: No such column }
  - name: Described
    sql: SELECT 1 AS one
    columns: { two: { description: Not there } }
  - name: Good
    sql: SELECT 1 AS one
";
    let lines: Vec<Option<u64>> = faults(model).iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [Some(5), Some(7), Some(9), Some(14)]);
}

#[test]
fn text_is_not_added_up_and_a_draft_offers_no_sum_of_keys() {
    let found = faults(
        "version: 1\ncards:\n  - name: Sum of words\n    type: metric\n    query: { table: orders, aggregations: [[sum, status]] }\n  \
         - name: Greatest word\n    query: { table: orders, aggregations: [[max, status]] }\n",
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, Some(3));
    assert!(found[0].1.contains("\"sum\" needs numbers"), "{found:?}");

    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("visits.csv"),
        "ticket_no,year,zip,visits\n7,2024,1010,3\n7,2025,1020,5\n",
    )
    .unwrap();
    let draft = World::from_csv(folder.path(), None).unwrap().draft_model();
    assert!(draft.contains("[[sum, visits]]"), "{draft}");
    for key in ["ticket_no", "year", "zip"] {
        assert!(!draft.contains(&format!("[[sum, {key}]]")), "{draft}");
    }
}

#[test]
fn a_check_names_parameters_that_no_sql_uses() {
    let world = load(
        "version: 1\ncards:\n  - name: Unused\n    sql: SELECT amount FROM orders [[WHERE amount > {{least}}]]\n    parameters:\n      - \
         { name: least, type: number }\n      - { name: most, type: number }\n",
    )
    .unwrap();
    let found = world.check();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].message.contains("{{most}}"), "{found:?}");
    assert_eq!(found[0].line, Some(3));
}
