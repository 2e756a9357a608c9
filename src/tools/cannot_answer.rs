//! The tool `cannot_answer`: ends the turn, because the catalog does not hold the answer, or because Cardinal cannot do what
//! was asked.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::check::{Rejection, decode, listing, nearest, person_text, quote, resolve};
use super::tool::{
    CheckContext, CheckedCall, MissingPart, OfferContext, RunContext, Tool, ToolRole, TurnEnding,
};
use super::{ToolError, ToolOutput, schema};
use crate::catalog::{Catalog, Entry};
use crate::model::ToolSpec;

/// Longest reason, in characters.
const MAX_REASON_CHARS: usize = 2_000;
/// Most names of near entries.
const MAX_NEAREST: usize = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CannotAnswerArguments {
    reason: String,
    #[serde(default)]
    missing: Option<String>,
    #[serde(default)]
    nearest: Option<Vec<String>>,
}

/// A reason why there is no answer, for the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoAnswer {
    reason: String,
    /// Names of entries, each of which exists.
    nearest: Vec<String>,
    missing: MissingPart,
}

/// Says that the catalog does not hold the answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct CannotAnswerTool;

impl Tool for CannotAnswerTool {
    type Plan = NoAnswer;
    const NAME: &'static str = "cannot_answer";
    const ROLE: ToolRole = ToolRole::EndsTurn;

    fn spec(&self, _offer: OfferContext<'_>) -> Option<ToolSpec> {
        Some(schema::tool(
            Self::NAME,
            include_str!("../../prompts/tools/cannot_answer.md"),
            json!({
                "missing": {
                    "enum": ["data", "tool", "action"],
                    "type": "string",
                },
                "nearest": schema::list(schema::text()),
                "reason": {"description": "one or two sentences for the person who asked", "type": "string"},
            }),
            &["reason"],
        ))
    }

    fn example(&self, _offer: OfferContext<'_>) -> Option<Value> {
        Some(json!({"reason": "The catalog has no data on that."}))
    }

    /// A person must never be pointed at an entry that does not exist.
    fn check(
        &self,
        arguments: Map<String, Value>,
        context: CheckContext<'_>,
    ) -> Result<CheckedCall<NoAnswer>, Rejection> {
        let arguments: CannotAnswerArguments =
            decode(arguments).map_err(|rejection| rejection.hint("keys: reason, missing, nearest"))?;
        let missing = match arguments.missing.as_deref() {
            None | Some("data") => MissingPart::Data,
            Some("tool") => MissingPart::Tool,
            Some("action") => MissingPart::Action,
            Some(other) => {
                return Err(Rejection::bad_value(format!(
                    "missing is data, tool or action, not {}",
                    quote(other)
                )));
            }
        };
        let reason = person_text("reason", &arguments.reason, MAX_REASON_CHARS)?;
        let given = arguments.nearest.unwrap_or_default();
        if given.len() > MAX_NEAREST {
            return Err(Rejection::bad_value(format!(
                "nearest has {} items; at most {MAX_NEAREST} are allowed",
                given.len()
            )));
        }
        let mut nearest: Vec<String> = Vec::new();
        for name in &given {
            let found = entry_named(context.catalog, name)?;
            if !nearest.iter().any(|name| name == found) {
                nearest.push(found.to_owned());
            }
        }
        let mut arguments = json!({"reason": reason});
        if let Some(map) = arguments.as_object_mut() {
            if !nearest.is_empty() {
                map.insert("nearest".to_owned(), json!(nearest));
            }
            match missing {
                MissingPart::Data => {}
                MissingPart::Tool => drop(map.insert("missing".to_owned(), json!("tool"))),
                MissingPart::Action => drop(map.insert("missing".to_owned(), json!("action"))),
            }
        }
        Ok(CheckedCall {
            arguments,
            plan: NoAnswer {
                reason,
                nearest,
                missing,
            },
        })
    }

    fn summary(&self, _plan: &NoAnswer) -> String {
        "says that the catalog cannot answer".to_owned()
    }

    fn turn_ending(&self, plan: &NoAnswer) -> Option<TurnEnding> {
        Some(TurnEnding::CannotAnswer {
            reason: plan.reason.clone(),
            nearest: plan.nearest.clone(),
            missing: plan.missing,
        })
    }

    /// Does nothing: the turn ends on the call.
    async fn run(&self, _plan: &NoAnswer, _context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput::text(String::new()))
    }
}

fn entry_named<'a>(catalog: &'a Catalog, name: &str) -> Result<&'a str, Rejection> {
    let entries = catalog.entries();
    // Two entries may share a name; either is meant.
    if let Some(entry) = entries.iter().find(|entry| entry.name() == name) {
        return Ok(entry.name());
    }
    resolve(name, entries, Entry::name, Entry::name)
        .map(Entry::name)
        .ok_or_else(|| {
            let near = nearest(name, entries.iter().map(Entry::name), 5);
            Rejection::unknown_name(format!("nearest: the catalog has nothing named {}", quote(name)))
                .hint(format!("names like it: {}", listing(near)))
                .hint("name entries exactly, or leave nearest out")
        })
}
