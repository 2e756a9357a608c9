//! Calls that a model wrote as keys and values: as YAML, as a command, or announced in brackets.
//!
//! ```text
//! tool: run_card            /run_card card_id=7            [tool_call: run_card(card_id=7)]
//! arguments:
//!   card_id: 7
//! ```

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::find::WrittenCalls;
use super::object::{NamedCall, collect};
use super::plain::compiled;
use crate::model::lenient_json::LenientParser;
use crate::model::tool_names::ToolNames;

/// Longest text that is read as YAML, in bytes.
const LONGEST: usize = 16 << 10;
/// A line that begins a call as YAML, or a list of them.
const KEYED: &str = r#"(?m) ^[\ \t]* (?:-[\ \t]+)?
    ["']? ( tool | tool_name | tool_call | tool_calls | function | function_call | function_name | name | action | calls | [\w.]+ ) ["']?
    :[\ \t]* (?: ["']? ([\w.]+) ["']? [\ \t]* )? \r? $"#;
/// A name behind what announces a call, or alone.
const ANNOUNCED: &str = r#"(?mi) ^ [\ \t\[(*`>\#-]*
    ( [/@!] | \$[\ ]
    | (?: (?P<done> called | used | ran | invoked | executed )\ (?:the\ )? | (?:calling|call|using|use|running|run|invoking|invoke|executing|execute)\ (?:the\ )? )
      (?: (?: tool | function | action | command ) (?: [\ _-] (?: call | use | request ) )? [\ \t]* [:=]? [\ \t]* )?
    | (?: tool | function | action | command )? [\ _-]? (?: call | use | request )? [\ \t]* [:=] [\ \t]* /? | )
    ["'`]? ([\w.]+) ["'`]? "#;
/// What may stand between a name and its arguments.
const BETWEEN: &str = r"(?i) ^ [\ \t,:*`]* (?: (?: with | the | arguments | args | input | parameters )\b [\ \t]* [:=]? )* [\ \t`]*";
/// What may stand behind a call.
const CLOSING: &[char] = &[']', ')', '`', '*', '.', ',', ';'];

static KEYED_LINES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(&format!("(?x){KEYED}")));
static ANNOUNCEMENTS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(&format!("(?x){ANNOUNCED}")));
static SEPARATORS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(&format!("(?x){BETWEEN}")));

/// The calls that end the text in one of these forms, and nothing behind them.
pub(super) fn worded(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    as_yaml(text, names).or_else(|| announced(text, names))
}

/// Where a call of a known tool begins in one of these forms, whether or not it can be read.
pub(super) fn begins(text: &str, names: &ToolNames) -> Option<usize> {
    let keyed = KEYED_LINES.as_ref()?.captures_iter(text).find_map(|found| {
        let name = found.get(2)?.as_str();
        names
            .has(&names.plain(name))
            .then(|| Some(found.get(0)?.start()))?
    });
    let announced = ANNOUNCEMENTS.as_ref()?.captures_iter(text).find_map(|found| {
        let is_known = names.has(&names.plain(found.get(3)?.as_str()));
        let says_so = !found.get(1)?.is_empty();
        (is_known && says_so).then(|| Some(found.get(0)?.start()))?
    });
    keyed.into_iter().chain(announced).min()
}

fn as_yaml(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let is_known = |name: &str| names.has(&names.plain(name));
    let start = KEYED_LINES.as_ref()?.captures_iter(text).find_map(|found| {
        let (key, value) = (found.get(1)?.as_str(), found.get(2));
        // `run_card:`, `tool: run_card`, `tool_call:`
        let begins = match value {
            Some(value) => is_known(value.as_str()),
            None => is_known(key) || key.contains("call") || key == "function" || key == "tool",
        };
        begins.then(|| Some(found.get(0)?.start()))?
    })?;
    let (said, tail) = text.split_at_checked(start)?;
    let tail = without_closing_mark(tail);
    if tail.len() > LONGEST {
        return None;
    }
    let read: Value = serde_saphyr::from_str(tail).ok()?;
    let mut calls = Vec::new();
    collect(&read, names, &mut calls)?;
    (!calls.is_empty()).then(|| WrittenCalls {
        said: without_opening_mark(said).to_owned(),
        calls,
    })
}

/// What was said before the fence or tag that opens a call.
fn without_opening_mark(said: &str) -> &str {
    let said = said.trim();
    let last = said.lines().next_back().unwrap_or_default();
    let opens = last.trim_start().starts_with(['`', '<']);
    let before = said.strip_suffix(last).filter(|_| opens);
    before.map_or(said, str::trim_end)
}

/// The text without the fence or tag that closes a call.
fn without_closing_mark(tail: &str) -> &str {
    let tail = tail.trim_end();
    let last = tail.lines().next_back().unwrap_or_default();
    let closes = last.trim_start().starts_with(['`', '<']);
    tail.strip_suffix(last).filter(|_| closes).unwrap_or(tail)
}

/// Lines that are each an announced name and its arguments.
fn announced(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let mut said = None;
    let mut calls = Vec::new();
    let mut rest = text;
    loop {
        let mut lines = ANNOUNCEMENTS.as_ref()?.captures_iter(rest);
        let Some((start, call, after)) = lines.find_map(|found| line_call(rest, &found, names)) else {
            break;
        };
        let before = rest.get(..start)?;
        if said.is_none() {
            said = Some(without_opening_mark(before));
        } else if !is_closing(before) {
            return None;
        }
        calls.push(call);
        rest = after;
    }
    (!calls.is_empty() && is_closing(without_closing_mark(rest))).then(|| WrittenCalls {
        said: said.unwrap_or_default().to_owned(),
        calls,
    })
}

/// The call that begins with a line of `text`: where it begins, its name and arguments, and what follows it. A name that nothing
/// announces needs arguments that a tool takes.
fn line_call<'t>(
    text: &'t str,
    found: &regex::Captures<'_>,
    names: &ToolNames,
) -> Option<(usize, NamedCall, &'t str)> {
    let (whole, announcement) = (found.get(0)?, found.get(1)?);
    let name = names.plain(found.get(3)?.as_str());
    let (arguments, after) = arguments(text.get(whole.end()..)?).filter(|_| names.has(&name))?;
    let keys: Vec<&str> = arguments.keys().map(String::as_str).collect();
    // A comment in code calls nothing.
    if whole.as_str().trim_start().starts_with('#') && text.get(whole.end()..)?.starts_with('(') {
        return None;
    }
    // Behind an answer it tells of what was done.
    let is_report = found.name("done").is_some()
        && !whole.as_str().trim_start().starts_with('[')
        && !text.get(..whole.start())?.trim().is_empty();
    let is_meant = !is_report && (!announcement.is_empty() || names.take(&keys));
    is_meant.then(|| (whole.start(), (name, Value::Object(arguments).to_string()), after))
}

fn is_closing(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || CLOSING.contains(&c))
}

/// The arguments that stand behind a name, and what follows them: `(key=value)`, `{"key": value}` or pairs.
fn arguments(text: &str) -> Option<(Map<String, Value>, &str)> {
    let between = SEPARATORS.as_ref()?.find(text).map_or(0, |found| found.end());
    let mut parser = LenientParser {
        rest: text.get(between..)?,
    };
    if parser.rest.starts_with('(') {
        return parser.call_arguments().map(|found| (found, parser.rest));
    }
    if parser.rest.trim_start().starts_with('{') {
        let Value::Object(found) = parser.value()? else {
            return None;
        };
        return Some((found, parser.rest));
    }
    let mut found = Map::new();
    while !parser
        .rest
        .trim_start_matches([' ', '\t', ','])
        .starts_with(['\n', '\r'])
        && !is_closing(parser.rest.lines().next().unwrap_or_default())
    {
        parser.rest = parser.rest.trim_start_matches([' ', '\t', ',']);
        let is_option = parser.eat("--") || parser.eat("-");
        let key = parser.path()?;
        if !parser.eat("=") && !parser.eat(":") && !is_option {
            return None;
        }
        if found.insert(key.to_owned(), pair_value(&mut parser)).is_some() {
            return None;
        }
    }
    Some((found, parser.rest))
}

/// A text that is nothing but `key=value` pairs.
pub(super) fn pairs(text: &str) -> Option<Map<String, Value>> {
    let is_one = text.contains('=') && !text.trim_start().starts_with(['{', '[', '"', '(']);
    let (found, rest) = is_one.then(|| arguments(text)).flatten()?;
    (rest.trim().is_empty() && !found.is_empty()).then_some(found)
}

/// A value that ends where the next pair begins; what is no JSON is a text.
fn pair_value(parser: &mut LenientParser<'_>) -> Value {
    let ends = |c: char| c.is_whitespace() || CLOSING.contains(&c) && c != '.';
    let mut read = *parser;
    if let Some(value) = read
        .value()
        .filter(|_| read.rest.is_empty() || read.rest.starts_with(ends))
    {
        *parser = read;
        return value;
    }
    let text = parser.rest.trim_start();
    let end = text.find(ends).unwrap_or(text.len());
    let (written, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    parser.rest = rest;
    Value::String(written.to_owned())
}
