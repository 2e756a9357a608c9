//! The tool `ask_user`: ends the turn with a question to the person.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::check::{Rejection, decode, person_text};
use super::tool::{CheckContext, CheckedCall, OfferContext, RunContext, Tool, ToolRole, TurnEnding};
use super::{ToolError, ToolOutput, schema};
use crate::model::ToolSpec;

/// Longest question, in characters.
const MAX_QUESTION_CHARS: usize = 1_000;
const MAX_OPTIONS: usize = 10;
/// Longest option, in characters.
const MAX_OPTION_CHARS: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskUserArguments {
    question: String,
    #[serde(default)]
    options: Option<Vec<String>>,
}

/// A question to the person, with answers to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QuestionToUser {
    question: String,
    options: Vec<String>,
}

/// Asks the person something back.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskUserTool;

impl Tool for AskUserTool {
    type Plan = QuestionToUser;
    const NAME: &'static str = "ask_user";
    const ROLE: ToolRole = ToolRole::EndsTurn;

    fn spec(&self, _offer: OfferContext<'_>) -> Option<ToolSpec> {
        Some(schema::tool(
            Self::NAME,
            include_str!("../../prompts/tools/ask_user.md"),
            json!({
                "options": schema::list(schema::text()),
                "question": schema::text(),
            }),
            &["question"],
        ))
    }

    fn example(&self, _offer: OfferContext<'_>) -> Option<Value> {
        Some(json!({"options": ["by order date", "by ship date"], "question": "Which date counts?"}))
    }

    fn check(
        &self,
        arguments: Map<String, Value>,
        _context: CheckContext<'_>,
    ) -> Result<CheckedCall<QuestionToUser>, Rejection> {
        let arguments: AskUserArguments =
            decode(arguments).map_err(|rejection| rejection.hint("keys: question, options"))?;
        let question = person_text("question", &arguments.question, MAX_QUESTION_CHARS)?;
        let given = arguments.options.unwrap_or_default();
        if given.len() > MAX_OPTIONS {
            return Err(Rejection::bad_value(format!(
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
        let arguments = if options.is_empty() {
            json!({"question": question})
        } else {
            json!({"options": options, "question": question})
        };
        Ok(CheckedCall {
            arguments,
            plan: QuestionToUser { question, options },
        })
    }

    fn summary(&self, _plan: &QuestionToUser) -> String {
        "asks a question back".to_owned()
    }

    fn turn_ending(&self, plan: &QuestionToUser) -> Option<TurnEnding> {
        Some(TurnEnding::AskUser {
            question: plan.question.clone(),
            options: plan.options.clone(),
        })
    }

    /// Does nothing: the turn ends on the call.
    async fn run(&self, _plan: &QuestionToUser, _context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        Ok(ToolOutput::text(String::new()))
    }
}
