use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::gate::{No, decode, person_text};
use super::{Plan, PlannedCall, spec};
use crate::model::ToolSpec;

/// The tool's name.
pub(super) const NAME: &str = "ask_user";

const MAX_QUESTION_CHARS: usize = 1_000;
const MAX_OPTIONS: usize = 10;
const MAX_OPTION_CHARS: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    question: String,
    #[serde(default)]
    options: Option<Vec<String>>,
}

/// What the model is told.
pub(super) fn spec() -> ToolSpec {
    spec::tool(
        NAME,
        include_str!("../../prompts/tools/ask_user.md"),
        json!({
            "options": spec::list(spec::text()),
            "question": spec::text(),
        }),
        &["question"],
    )
}

/// Checks a call.
pub(super) fn plan(arguments: Map<String, Value>) -> Result<PlannedCall, No> {
    let arguments: Arguments = decode(arguments).map_err(|no| no.hint("keys: question, options"))?;
    let question = person_text("question", &arguments.question, MAX_QUESTION_CHARS)?;
    let given = arguments.options.unwrap_or_default();
    if given.len() > MAX_OPTIONS {
        return Err(No::value(format!(
            "options has {} items; at most {MAX_OPTIONS} are allowed",
            given.len()
        )));
    }
    let mut options: Vec<String> = Vec::new();
    for option in &given {
        let option = person_text("an option", option, MAX_OPTION_CHARS)?;
        if !options.contains(&option) {
            options.push(option);
        }
    }
    let canonical = if options.is_empty() {
        json!({"question": question})
    } else {
        json!({"options": options, "question": question})
    };
    Ok(PlannedCall {
        tool: NAME,
        arguments: canonical,
        plan: Plan::AskUser { question, options },
    })
}
