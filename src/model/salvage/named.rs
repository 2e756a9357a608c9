//! Calls that a model wrote as a tool's name with a JSON object behind it: `run_card {"card_id": 7}`, a name in bold type over
//! a fenced object, `[Tool call: run_card {"card_id": 7}]`.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::find::WrittenCalls;
use super::plain::compiled;
use crate::model::lenient_json;
use crate::model::tool_names::ToolNames;

/// A name at a line's beginning, behind words that announce a call, and with an object behind it.
const NAMED: &str = r"(?imx) ^ [\ \t\[*`>@/\#-]*
    (?: (?: calling | call | using | use | the | tool | function | action | invoke ) [\ \t_]* :? [\ \t*`]* )*
    ( [\w.]+ ) [\ \t*`]* (?: (?: with | arguments | args | input | parameters | json )\b [\ \t]* )* :?
    \s* (?: ```\w* \s* )? \{";

static NAMED_CALLS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(NAMED));

/// The calls that end the text, each a known tool's name and one object.
pub(super) fn named(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let mut said = None;
    let mut calls = Vec::new();
    let mut rest = text;
    while !is_only_marks(rest) {
        let found = NAMED_CALLS.as_ref()?.captures(rest)?;
        let (whole, name) = (found.get(0)?, found.get(1)?);
        let name = names.plain(name.as_str());
        let (before, begun) = rest.split_at_checked(whole.end().saturating_sub(1))?;
        let before = before.get(..whole.start())?;
        if said.is_none() {
            said = Some(before.trim());
        } else if !is_only_marks(before) {
            return None;
        }
        let mut object = lenient_json::LenientParser { rest: begun };
        let arguments = object
            .value()
            .filter(Value::is_object)
            .filter(|_| names.has(&name))?;
        calls.push((name, arguments.to_string()));
        rest = object.rest;
    }
    (!calls.is_empty()).then(|| WrittenCalls {
        said: said.unwrap_or_default().to_owned(),
        calls,
    })
}

fn is_only_marks(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || "`]*,;".contains(c))
}
