//! The book in `docs/` says what is true: its settings are those of the schema, its commands are taken, its links lead somewhere.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::kit::Program;

/// Set it to write the generated page anew.
const UPDATE: &str = "CARDINAL_WRITE_DOCS";

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn pages() -> Vec<(String, String)> {
    let files = fs::read_dir(docs()).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<(String, String)> = files
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    pages.sort();
    pages
}

#[test]
fn the_configuration_page_is_the_schema() {
    let page = configuration(&serde_json::from_str(&cardinal::config::schema()).unwrap());
    let path = docs().join("configuration.md");
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, &page).unwrap();
    }
    let stands = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stands == page,
        "docs/configuration.md is not the schema: run the tests with {UPDATE}=1"
    );
}

/// The reference, made from the schema of the settings.
fn configuration(schema: &Value) -> String {
    let mut page = "\
# Configuration

<!-- Made from the schema by tests/cli/docs.rs. Change the descriptions in src/config and run the tests with CARDINAL_WRITE_DOCS=1. -->

Settings come from four places. A later one replaces an earlier one: defaults, `cardinal.toml`, the environment, flags.

- `cardinal init` writes a `cardinal.toml` with every setting, commented out at its default.
- The file is what `--config` names, else `CARDINAL_CONFIG`, else `cardinal.toml` in the working directory.
- Every setting has a variable: `CARDINAL_<SECTION>_<KEY>`, such as `CARDINAL_BUDGET_MAX_STEPS=8`. Lists are separated by commas.
- Secrets are refused in the file. A setting that ends in `_env` names the variable that holds one.
- A setting that cannot be used is an error. It names the file and line, or the variable, and what is allowed there.

The file begins with `version = 1`. For your editor there is a JSON schema: `schemas/config.schema.json`, or
`cardinal init --schema`.
"
    .to_owned();
    let sections = [
        "metabase",
        "dbt",
        "grants",
        "approvals",
        "call_log",
        "catalog",
        "model",
        "budget",
        "guard",
        "grounding",
        "shaping",
        "conversation",
        "tape",
        "server",
        "store",
    ];
    let known: BTreeSet<&str> = schema["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let named: BTreeSet<&str> = sections.into_iter().chain(["version"]).collect();
    assert_eq!(known, named, "a section of the schema has no place in the page");
    for name in sections {
        section(&mut page, schema, name, &schema["properties"][name]);
    }
    page
}

fn section(page: &mut String, schema: &Value, name: &str, property: &Value) {
    let described = property["description"]
        .as_str()
        .unwrap_or_default()
        .replace('\n', " ");
    let object = resolved(schema, property);
    writeln!(
        page,
        "\n## `[{name}]`\n\n{described}\n\n| setting | value | what it does |\n|---|---|---|"
    )
    .unwrap();
    let mut inner = Vec::new();
    for (key, setting) in object["properties"].as_object().unwrap() {
        if resolved(schema, setting).get("properties").is_some() {
            inner.push((format!("{name}.{key}"), setting));
            continue;
        }
        let what = setting["description"]
            .as_str()
            .unwrap_or_default()
            .replace('\n', " ")
            .replace('|', "\\|");
        writeln!(page, "| `{key}` | {} | {what} |", value(schema, setting)).unwrap();
    }
    for (name, setting) in inner {
        section(page, schema, &name, setting);
    }
}

/// What a property refers to, if it does.
fn resolved<'a>(schema: &'a Value, property: &'a Value) -> &'a Value {
    let alternatives = property["anyOf"].as_array().into_iter().flatten();
    let reference = alternatives
        .chain([property])
        .find_map(|one| one["$ref"].as_str());
    reference.map_or(property, |name| {
        &schema["$defs"][name.rsplit('/').next().unwrap()]
    })
}

/// What a setting takes.
fn value(schema: &Value, setting: &Value) -> String {
    let setting = resolved(schema, setting);
    if let Some(choices) = setting["oneOf"].as_array() {
        let choices = choices.iter().filter_map(|choice| choice["const"].as_str());
        return choices
            .map(|choice| format!("`\"{choice}\"`"))
            .collect::<Vec<_>>()
            .join(", ");
    }
    if let Some(choices) = setting["enum"].as_array() {
        return choices
            .iter()
            .map(|choice| format!("`{choice}`"))
            .collect::<Vec<_>>()
            .join(", ");
    }
    if let Some(ways) = setting["anyOf"].as_array() {
        let ways = ways.iter().filter(|way| way["type"] != "null");
        return ways
            .map(|way| value(schema, way))
            .collect::<Vec<_>>()
            .join(" or ");
    }
    let types = setting["type"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![setting["type"].clone()]);
    let kind = types
        .iter()
        .filter_map(Value::as_str)
        .find(|kind| *kind != "null")
        .unwrap_or("any");
    let kind = match kind {
        "integer" => "whole number",
        "string" => "text",
        "boolean" => "true or false",
        "array" => "list",
        "object" => "table",
        other => other,
    };
    match (setting["minimum"].as_f64(), setting["maximum"].as_f64()) {
        (Some(least), Some(most)) => format!("{kind}, {least} to {most}"),
        (Some(least), None) if least > 0.0 => format!("{kind}, at least {least}"),
        _ => kind.to_owned(),
    }
}

#[test]
fn the_summary_names_every_page_and_links_lead_somewhere() {
    let summary = fs::read_to_string(docs().join("SUMMARY.md")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts: Vec<(PathBuf, String)> = Vec::new();
    for (name, text) in pages() {
        assert!(
            name == "SUMMARY.md" || summary.contains(&format!("({name})")),
            "{name} is not in the summary"
        );
        texts.push((docs(), text));
    }
    for name in ["README.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md"] {
        texts.push((root.to_owned(), fs::read_to_string(root.join(name)).unwrap()));
    }
    for (folder, text) in texts {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if !file.is_empty() && !file.contains("://") {
                assert!(folder.join(file).exists(), "{link} leads nowhere");
            }
        }
    }
}

/// Lines of code that call the program, without what a shell makes of the rest.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lines = text
        .lines()
        .map(str::trim)
        .map(|line| line.strip_prefix("- run: ").unwrap_or(line));
    let calls = lines.filter_map(|line| {
        let call = line
            .strip_prefix("cargo run -- ")
            .or_else(|| line.strip_prefix("cardinal "))?;
        Some(
            call.split(" #")
                .next()?
                .split(" > ")
                .next()?
                .split(" | ")
                .next()?
                .trim(),
        )
    });
    calls.map(words).collect()
}

/// Words of a line, quotes honoured.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_of_the_book_is_taken() {
    let mut texts: Vec<String> = pages().into_iter().map(|(_, text)| text).collect();
    texts.push(fs::read_to_string(docs().join("ci/evals.yml")).unwrap());
    texts.push(fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap());
    let calls: BTreeSet<Vec<String>> = texts.iter().flat_map(|text| commands(text)).collect();
    assert!(calls.len() > 25, "{calls:#?}");
    let program = Program::new();
    for call in calls {
        let mut arguments: Vec<&str> = call.iter().map(String::as_str).collect();
        arguments.push("--help");
        let run = program.run(&arguments);
        assert_eq!(run.code, Some(0), "{call:?}: {}", run.stderr);
    }
}
