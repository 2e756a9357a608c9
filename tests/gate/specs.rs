use std::collections::BTreeSet;

use cardinal::catalog::{Catalog, Entry};
use cardinal::prompt::Prompt;
use serde_json::Value;

use super::fixture::{catalog, toolbox, toolbox_over};

#[tokio::test]
async fn the_model_is_told_of_tools_that_make_sense() {
    let names = |entries: Vec<Entry>| async {
        let (toolbox, _) = toolbox_over(Catalog::for_tests(entries)).await;
        toolbox
            .specs()
            .iter()
            .map(|spec| spec.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(Vec::new()).await,
        ["more_rows", "derive", "calculate", "ask_user", "cannot_answer"]
    );
    let cards = catalog()
        .entries()
        .iter()
        .filter(|entry| matches!(entry, Entry::Card(_)))
        .cloned()
        .collect();
    assert_eq!(
        names(cards).await,
        [
            "run_card",
            "describe",
            "field_values",
            "more_rows",
            "derive",
            "calculate",
            "ask_user",
            "cannot_answer"
        ]
    );
    let all = catalog().entries().to_vec();
    assert_eq!(
        names(all).await,
        [
            "run_card",
            "query_metric",
            "query_table",
            "describe",
            "field_values",
            "more_rows",
            "derive",
            "calculate",
            "ask_user",
            "cannot_answer"
        ]
    );
}

#[tokio::test]
async fn values_are_offered_only_of_kinds_that_there_are() {
    let told = |kinds: &'static [&'static str]| async move {
        let entries = catalog().entries().to_vec();
        let entries = entries
            .into_iter()
            .filter(|entry| kinds.contains(&entry.kind().to_string().as_str()));
        let (toolbox, _) = toolbox_over(Catalog::for_tests(entries.collect())).await;
        let specs = toolbox.specs();
        let spec = specs.iter().find(|spec| spec.name == "field_values");
        spec.unwrap().description.clone()
    };
    assert_eq!(
        told(&["card", "metric", "table"]).await,
        "Lists the values of a card's parameter, or those that occur in a dimension of a metric or table."
    );
    assert_eq!(
        told(&["card", "metric"]).await,
        "Lists the values of a card's parameter, or those that occur in a dimension of a metric."
    );
    assert_eq!(told(&["card"]).await, "Lists the values of a card's parameter.");
    assert_eq!(
        told(&["table"]).await,
        "Lists the values of a dimension of a table."
    );
}

#[tokio::test]
async fn specs_are_what_they_were() {
    let specs = toolbox().await.specs();
    insta::assert_snapshot!(serde_json::to_string_pretty(&*specs).unwrap());
}

#[tokio::test]
async fn every_object_in_a_schema_is_closed_and_every_list_has_items() {
    fn check(schema: &Value) {
        match schema {
            Value::Object(map) => {
                assert!(!map.contains_key("$ref"), "{schema}");
                if map.get("type") == Some(&Value::from("object")) {
                    assert_eq!(
                        map.get("additionalProperties"),
                        Some(&Value::from(false)),
                        "{schema}"
                    );
                }
                if map.get("type") == Some(&Value::from("array")) {
                    assert!(map.contains_key("items"), "{schema}");
                }
                map.values().for_each(check);
            }
            Value::Array(items) => items.iter().for_each(check),
            _ => {}
        }
    }
    for spec in toolbox().await.specs().iter() {
        assert!(!spec.description.is_empty());
        check(&spec.schema);
    }
}

/// What Gemini, strict modes and grammars of local servers take: one type, texts in an `enum`, no schema for further keys,
/// no bounds.
fn portable(schema: &Value, place: &str) -> Vec<String> {
    let mut faults = Vec::new();
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                let fault = match key.as_str() {
                    "type" => !value.is_string() && !place.ends_with("properties"),
                    "enum" => !value
                        .as_array()
                        .is_some_and(|all| all.iter().all(Value::is_string)),
                    "additionalProperties" => !value.is_boolean(),
                    "minimum" | "maximum" | "minItems" | "maxItems" | "pattern" | "format" | "default"
                    | "const" | "oneOf" | "allOf" | "not" => !place.ends_with("properties"),
                    _ => false,
                };
                if fault {
                    faults.push(format!("{place}.{key}: {value}"));
                }
                faults.extend(portable(value, &format!("{place}.{key}")));
            }
        }
        Value::Array(items) => faults.extend(items.iter().flat_map(|item| portable(item, place))),
        _ => {}
    }
    faults
}

#[tokio::test]
async fn schemas_are_such_as_every_server_takes() {
    let slugs = |count: u32| {
        let parameter =
            |at: u32| crate::support::catalogs::parameter(&format!("slug_{at}"), "string/=", false, &[]);
        let mut card = crate::support::catalogs::card(1, "Card", "");
        card.parameters = (0..count).map(parameter).collect();
        Catalog::for_tests(vec![Entry::Card(std::sync::Arc::new(card))])
    };
    for catalog in [catalog(), slugs(60), slugs(61)] {
        let (toolbox, _) = toolbox_over(catalog).await;
        for spec in toolbox.specs().iter() {
            assert_eq!(portable(&spec.schema, &spec.name), Vec::<String>::new());
        }
    }
    let (many, _) = toolbox_over(slugs(61)).await;
    let parameters = &many.specs()[0].schema["properties"]["parameters"];
    assert_eq!(
        parameters["items"]["required"],
        serde_json::json!(["name", "values"])
    );
}

/// Words in backticks that look like names of tools or of their arguments.
fn named(text: &str) -> Vec<String> {
    let between = text.split('`').skip(1).step_by(2);
    between
        .filter(|word| word.contains('_') && word.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn texts_name_only_what_the_model_has() {
    fn keys(schema: &Value, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(map) => {
                if let Some(Value::Object(properties)) = map.get("properties") {
                    found.extend(properties.keys().cloned());
                }
                map.values().for_each(|value| keys(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
            _ => {}
        }
    }
    let specs = toolbox().await.specs();
    let mut known: BTreeSet<String> = specs.iter().map(|spec| spec.name.clone()).collect();
    specs.iter().for_each(|spec| keys(&spec.schema, &mut known));
    let prompt = Prompt::render(&catalog(), specs.clone()).unwrap();
    let (core, _) = prompt.system.split_once("# The catalog").unwrap();
    let texts = specs.iter().map(|spec| spec.description.as_str()).chain([core]);
    let mentioned: BTreeSet<String> = texts.flat_map(named).collect();
    for tool in ["more_rows", "field_values", "ask_user", "cannot_answer"] {
        assert!(mentioned.contains(tool), "{tool} {mentioned:?}");
    }
    let unknown: Vec<&String> = mentioned.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
