use serde_json::Value;

use super::code::{begins_block, code_calls};
use super::marked::marked;
use super::named::named;
use super::object::{NamedCall, collect};
use super::plain::{plain_marks, unfenced, without_language};
use super::worded::worded;
use crate::model::fitted::repeats_a_key;
use crate::model::lenient_json;
use crate::model::tool_names::ToolNames;

/// The tags that models put around calls.
const TAGS: [&str; 6] = [
    "tool_call",
    "tools",
    "tool_calls",
    "function_call",
    "tool_code",
    "tool_use",
];
/// What stands alone in a line over a call, in small letters.
const HEADINGS: [&str; 6] = [
    "action",
    "tool call",
    "tool calls",
    "tool_call",
    "function call",
    "function calls",
];

/// Calls found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::model) struct WrittenCalls {
    /// What was said before them.
    pub(in crate::model) said: String,
    /// Names and arguments, in order; never empty.
    pub(in crate::model) calls: Vec<NamedCall>,
}

/// The calls that end the text, if it ends in nothing else: tagged, fenced or bare JSON, every piece of it a call of a
/// known tool, or calls between marks of a model's own. An answer that quotes JSON of something else, or goes on after
/// it, holds no calls.
pub(in crate::model) fn find_calls(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let text = plain_marks(text.trim());
    let text = text.as_ref();
    tagged(text, names)
        .or_else(|| fenced(text, names))
        .or_else(|| bare(text, names))
        .or_else(|| marked(text, names))
        .or_else(|| code_calls(text, names))
        .or_else(|| named(text, names))
        .or_else(|| worded(text, names))
        .filter(|found| !begins_block(&found.said))
}

fn tagged(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let (start, tag) = TAGS
        .iter()
        .filter_map(|tag| text.find(&format!("<{tag}>")).map(|start| (start, *tag)))
        .min_by_key(|(start, tag)| (*start, std::cmp::Reverse(tag.len())))?;
    let (said, tail) = text.split_at_checked(start)?;
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let begins_line = said.trim_end_matches([' ', '\t']).is_empty() || said.ends_with('\n');
    let mut inside = String::new();
    let mut rest = tail;
    while let Some(after) = rest.strip_prefix(&open) {
        // The last closing tag is often missing.
        let (content, next) = after.split_once(&close).unwrap_or((after, ""));
        inside.push_str(unfenced(content));
        inside.push('\n');
        rest = next.trim_start();
    }
    // What a model writes behind its calls, as if they had been answered, is made up.
    (rest.is_empty() || begins_line).then_some(())?;
    salvaged(said, &inside, names)
}

fn fenced(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let (said, _) = text.split_once("```")?;
    let mut inside = String::new();
    for (nth, part) in text.split("```").skip(1).enumerate() {
        if nth % 2 == 0 {
            inside.push_str(without_language(part));
            inside.push('\n');
        } else if !part.trim().is_empty() {
            return None;
        }
    }
    salvaged(said, &inside, names)
}

fn bare(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let mut start: usize = 0;
    for line in text.split_inclusive('\n') {
        // A line may begin with the words that announce a call.
        let announced = [": {", ": [{"].iter().filter_map(|mark| line.find(mark)).min();
        let json = match announced {
            _ if line.trim_start().starts_with(['{', '[']) => Some(0),
            found => found.map(|found| found.saturating_add(1)),
        };
        if let Some(json) = json {
            let (said, tail) = text.split_at_checked(start.saturating_add(json))?;
            let found = salvaged(said, tail, names);
            if found.is_some() || json == 0 {
                return found;
            }
        }
        start += line.len();
    }
    None
}

fn salvaged(said: &str, json: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let calls = values(json, names)?;
    (!calls.is_empty()).then(|| WrittenCalls {
        said: without_heading(said).to_owned(),
        calls,
    })
}

/// What was said before the line that only announces a call.
fn without_heading(said: &str) -> &str {
    let said = said.trim();
    let last = said.lines().next_back().unwrap_or_default();
    let words = last.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let is_heading = HEADINGS.contains(&words.as_str());
    said.strip_suffix(last)
        .filter(|_| is_heading)
        .map_or(said, str::trim_end)
}

/// The calls that a row of values is: JSON, or objects as other languages write them.
fn values(json: &str, names: &ToolNames) -> Option<Vec<NamedCall>> {
    let mut calls = Vec::new();
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(json).into_iter().collect();
    let values = match values {
        Ok(values) if repeats_a_key(&Value::from(values.clone()), json) => return None,
        Ok(values) => values,
        Err(_) => match (lenient_json::value(json), lenient_json::objects(json)) {
            (Some(value), _) => vec![value],
            // A bracket too many is no more than that.
            (None, (found, rest)) if rest.chars().all(|c| matches!(c, '}' | ']') || c.is_whitespace()) => {
                found.into_iter().map(Value::Object).collect()
            }
            _ => return None,
        },
    };
    for value in values {
        collect(&value, names, &mut calls)?;
    }
    Some(calls)
}
