//! Calls that a model wrote as a line of code, as some were trained to: `print(default_api.run_card(card_id=7))`, or
//! `[run_card(card_id=7), describe(kind="card", id=7)]`.

use serde_json::Value;

use super::find::WrittenCalls;
use super::object::NamedCall;
use crate::model::lenient_json::LenientParser;
use crate::model::tool_names::ToolNames;

/// What code takes tools to be part of.
const OWNERS: [&str; 8] = [
    "default_api",
    "functions",
    "function",
    "tools",
    "tool",
    "cardinal",
    "mcp",
    "api",
];
/// What may stand around code.
const MARKS: [&str; 4] = ["```", "<tool_code>", "</tool_code>", "[/tool_code]"];
/// What a line begins with that other lines of code hang on.
const BLOCKS: [&str; 13] = [
    "if", "elif", "else", "for", "while", "def", "class", "with", "try", "except", "finally", "async",
    "lambda",
];
/// What may stand between calls, and around all of them.
const BETWEEN: [&str; 9] = ["[", "]", ",", ";", ")", "```", "`", "<tool_code>", "</tool_code>"];

/// The calls that end the text, if its last lines are calls of known tools in code and nothing else.
pub(super) fn code_calls(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.contains('(') {
            let (said, code) = text.split_at_checked(start)?;
            if let Some(calls) = statements(code, names) {
                return Some(WrittenCalls {
                    said: before_marks(said).to_owned(),
                    calls,
                });
            }
        }
        start += line.len();
    }
    None
}

/// Whether what stands before a call is code that decides whether it runs, or what it runs: `if False:`, `def run_card(id): pass`.
pub(super) fn begins_block(said: &str) -> bool {
    said.lines().any(|line| {
        let line = line.trim();
        let word = line.split(|c: char| !c.is_ascii_lowercase()).next();
        word.is_some_and(|word| BLOCKS.contains(&word)) && (line.ends_with(':') || line.contains("):"))
    })
}

/// What was said before the line that opens a block of code.
fn before_marks(said: &str) -> &str {
    let said = said.trim();
    let last = said.lines().next_back().unwrap_or_default();
    let opens = MARKS.iter().any(|mark| last.trim_start().starts_with(mark));
    let before = said.strip_suffix(last).filter(|_| opens);
    before.map_or(said, str::trim_end)
}

/// All of the code, as calls.
pub(super) fn statements(code: &str, names: &ToolNames) -> Option<Vec<NamedCall>> {
    let mut code = LenientParser { rest: code };
    let mut calls = Vec::new();
    let mut results = Vec::new();
    loop {
        while BETWEEN.iter().any(|mark| code.eat(mark)) {}
        if code.at_end() {
            break;
        }
        let Called { path, result } = called(&mut code)?;
        results.extend(result);
        // `print(result)` calls nothing.
        if results.contains(&path) && code.eat(")") {
            continue;
        }
        let name = names.plain(path);
        let arguments = code
            .call_arguments()
            .filter(|_| names.has(&name) && is_meant(path, &name))?;
        calls.push((name, Value::Object(arguments).to_string()));
    }
    (!calls.is_empty()).then_some(calls)
}

/// Whether a path that ends in a tool's name means the tool: a name that is a word of a language may be anything's own.
fn is_meant(path: &str, name: &str) -> bool {
    let before = path.split('.').next().unwrap_or_default();
    name.contains('_') || before == path || before.starts_with(name) || OWNERS.contains(&before)
}

/// What a statement calls, and what it calls the result.
struct Called<'a> {
    path: &'a str,
    result: Option<&'a str>,
}

/// What is called next, behind what code puts before a call: `print(`, `await`, `result =`.
fn called<'a>(code: &mut LenientParser<'a>) -> Option<Called<'a>> {
    let mut path = code.path()?;
    let mut result = None;
    if ["const", "let", "var"].contains(&path) {
        path = code.path()?;
    }
    if path == "await" || path == "return" {
        path = code.path()?;
    } else if code.eat("=") {
        result = Some(path);
        path = code.path()?;
        if path == "await" {
            path = code.path()?;
        }
    }
    if path == "print" {
        path = if code.eat("(") { code.path()? } else { return None };
        if path == "await" {
            path = code.path()?;
        }
    }
    Some(Called { path, result })
}
