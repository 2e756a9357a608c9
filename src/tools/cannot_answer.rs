use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::gate::{No, decode, listing, nearest, person_text, quote, resolve};
use super::{Plan, PlannedCall, spec};
use crate::catalog::{Catalog, Entry};
use crate::model::ToolSpec;

/// The tool's name.
pub(super) const NAME: &str = "cannot_answer";

const MAX_REASON_CHARS: usize = 2_000;
const MAX_NEAREST: usize = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    reason: String,
    #[serde(default)]
    nearest: Option<Vec<String>>,
}

/// What the model is told.
pub(super) fn spec() -> ToolSpec {
    spec::tool(
        NAME,
        include_str!("../../prompts/tools/cannot_answer.md"),
        json!({
            "nearest": spec::list(spec::text()),
            "reason": {"description": "one or two sentences for the person who asked", "type": "string"},
        }),
        &["reason"],
    )
}

/// Checks a call. A person must never be pointed at an entry that does not exist.
pub(super) fn plan(catalog: &Catalog, arguments: Map<String, Value>) -> Result<PlannedCall, No> {
    let arguments: Arguments = decode(arguments).map_err(|no| no.hint("keys: reason, nearest"))?;
    let reason = person_text("reason", &arguments.reason, MAX_REASON_CHARS)?;
    let given = arguments.nearest.unwrap_or_default();
    if given.len() > MAX_NEAREST {
        return Err(No::value(format!(
            "nearest has {} items; at most {MAX_NEAREST} are allowed",
            given.len()
        )));
    }
    let mut names: Vec<String> = Vec::new();
    for name in &given {
        let found = entry_named(catalog, name)?;
        if !names.iter().any(|name| name == found) {
            names.push(found.to_owned());
        }
    }
    let canonical = if names.is_empty() {
        json!({"reason": reason})
    } else {
        json!({"nearest": names, "reason": reason})
    };
    Ok(PlannedCall {
        tool: NAME,
        arguments: canonical,
        plan: Plan::CannotAnswer {
            reason,
            nearest: names,
        },
    })
}

fn entry_named<'a>(catalog: &'a Catalog, name: &str) -> Result<&'a str, No> {
    let entries = catalog.entries();
    // Two entries may share a name; either is meant.
    if let Some(entry) = entries.iter().find(|entry| entry.name() == name) {
        return Ok(entry.name());
    }
    resolve(name, entries, Entry::name, Entry::name)
        .map(Entry::name)
        .ok_or_else(|| {
            let near = nearest(name, entries.iter().map(Entry::name), 5);
            No::name(format!("nearest: the catalog has nothing named {}", quote(name)))
                .hint(format!("names like it: {}", listing(near)))
                .hint("name entries exactly, or leave nearest out")
        })
}
