use std::collections::BTreeSet;

use serde_json::Value;

use super::kit::load_env;

/// The dotted path of every setting of the schema, with its description.
pub(super) fn settings() -> Vec<(String, String)> {
    let schema: Value = serde_json::from_str(&cardinal::config::schema()).unwrap();
    let mut found = Vec::new();
    collect(&schema, &schema, "", &mut found);
    found
}

fn collect(root: &Value, node: &Value, path: &str, found: &mut Vec<(String, String)>) {
    for (key, property) in node["properties"].as_object().unwrap() {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let target = reference(property).map(|name| &root["$defs"][name]);
        match target.filter(|target| target["properties"].is_object()) {
            Some(section) => collect(root, section, &path, found),
            None => found.push((
                path,
                property["description"].as_str().unwrap_or_default().to_owned(),
            )),
        }
    }
}

fn reference(property: &Value) -> Option<&str> {
    let direct = property["$ref"].as_str();
    let in_any = || {
        property["anyOf"]
            .as_array()?
            .iter()
            .find_map(|one| one["$ref"].as_str())
    };
    direct.or_else(in_any)?.strip_prefix("#/$defs/")
}

#[test]
fn the_committed_schema_is_the_programs() {
    let committed = include_str!("../../schemas/config.schema.json").replace("\r\n", "\n");
    assert_eq!(
        committed,
        cardinal::config::schema(),
        "run `cargo run -- init --schema > schemas/config.schema.json`"
    );
}

#[test]
fn every_setting_is_described() {
    let all = settings();
    assert!(all.len() > 50, "{}", all.len());
    for (path, description) in all {
        assert!(!description.is_empty(), "{path} has no description");
    }
}

#[test]
fn every_setting_has_a_variable() {
    for (path, _) in settings().into_iter().filter(|(path, _)| path != "version") {
        let name = format!("CARDINAL_{}", path.replace('.', "_").to_ascii_uppercase());
        // A value that no setting takes, or that does nothing: either way the variable has to be recognised.
        let result = load_env(&[(name.as_str(), "\u{0}")]);
        match result {
            Ok(loaded) => assert!(loaded.notes.is_empty(), "{name}: {:?}", loaded.notes),
            Err(error) => assert!(!error.to_string().contains("unknown field"), "{error}"),
        }
    }
}

#[test]
fn settings_are_unique() {
    let all = settings();
    let unique: BTreeSet<_> = all.iter().map(|(path, _)| path).collect();
    assert_eq!(unique.len(), all.len());
}
