//! Calls between the marks that models were trained to put around them, when their server does not read them.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::code::statements;
use super::find::WrittenCalls;
use super::object::{NamedCall, as_call};
use super::plain::{compiled, plain_marks};
use super::schema::is_no_answer;
use super::worded::begins;
use crate::model::lenient_json;
use crate::model::tool_names::ToolNames;

/// What a call begins with that is written in a model's own marks, where a line or a text begins. Nothing that people
/// read begins so.
const OPENING: &str = r"(?mx) ^[\ \t]* (?:
      < (?: \|? (?:tool_|python_(?:tag|start)|channel\|>commentary|start\|>assistant|recipient\|>) | ｜tool | function [=(] | function_calls?>
          | \|open\|> | (?:invoke|function_calls) [\ >] | tool_calls?> | tools> | start_function_call> | parameter= | arg_key> )
    | < [|｜]? [\w:▁-]* (?i: tool|function|action|invoke|plugin) [\w:▁-]* (?: [|｜]? > | [\ ] [^<>\n]* /? > )
    | \[ /? [A-Z_]* TOOL [A-Z_]* \]
    | ```tool_(?:code|call)\b
    | Action: [\ \t]* [\w.]+ [\ \t]* (?: \r?\n [\ \t]* Action\ Input: | [\[({] )
    | (?:(?:assistant|commentary)\ )? to= (?:functions\.)? \w+
)";
/// `<function=NAME>…</function>`, the same without its bracket, `<invoke name="NAME">…</invoke>`.
const ELEMENT: &str = r#"(?sx)
    < (?:function [=(] | (?:invoke | function | function_call | tool | tool_call) \s+ name= ) \s* ["']? ([\w.-]+) ["']? [),]? \s* >?
    (.*?) (?: </ (?:function_call | function | invoke | tool_call | tool) > | \z )"#;
/// `<parameter=KEY>VALUE</parameter>`, `<parameter name="KEY">VALUE</parameter>`.
const PARAMETER: &str = r#"(?sx) < (?:parameter|param|argument|arg) (?: = | \s+ name= ) ["']? ([\w.-]+) ["']? ([^>]*) >
    (.*?) </ (?:parameter|param|argument|arg) >"#;
/// `<tool_name>NAME</tool_name><parameters>…</parameters>`.
const NAME_ELEMENT: &str = r"(?sx) < (?:tool_name|function_name|tool|function|name|action) > \s* ([\w.-]+) \s* </ \w+ >
    \s* (?: < (?:parameters|arguments|args|input|tool_input|action_input) > (.*?) </ \w*(?:parameters|arguments|args|input) > )?";
/// `<arg_key>KEY</arg_key><arg_value>VALUE</arg_value>`.
const PAIR: &str = r"(?s)<arg_key>(.*?)</arg_key>()\s*<arg_value>(.*?)</arg_value>";
/// What is left of a pair that breaks off.
const CUT_PAIR: &str = r"<(?:(?:parameter|param|argument|arg)(?:=|\s+name=)|arg_(?:key|value)\b)";
/// `<tool_call>NAME …</tool_call>`.
const NAMED: &str = r"(?s)<tool_call>\s*([\w.-]+)\s*(<arg_key>.*?|)(?:</tool_call>|\z)";
/// What stands between a name and its arguments in the other marks, and what may lie around both.
const NOISE: &str = r"(?x) \[CALL_ID\] \s* \w+ | <[|｜]? [^|｜<>]* [|｜]? > | \[/?[A-Z_]+\] | ```\w*
    | \bAction\ Input: | \bAction: | \bto= | \bfunctions?\b [.:]?
    | \b(?:json|code|commentary|assistant|analysis|call)\b | [:.,;=] \d*";
/// The marks alone, which may stand around lines of code.
const MARK: &str = r"(?x) <[|｜]? /? [\w:▁]+ [|｜]? > | \[/?[A-Z_]+\]";
/// What a model makes up behind its call: the answer that it waits for.
const ANSWERED: &str = r"(?mx) ^[\ \t]* (?: Observation: | <tool_response> | <tool_result> )";

/// What stands in sentences and is no part of a call: references, marks of sources, words in brackets.
const ASIDE: &str = r#"\{\{[^{}]*\}\}|\[\d+\]|\s\([^(){}=\[\]"]*\)"#;

static ASIDES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(ASIDE));
static OPENS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(OPENING));
static ELEMENTS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(ELEMENT));
static NAME_ELEMENTS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(NAME_ELEMENT));
static PARAMETERS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(PARAMETER));
static PAIRS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(PAIR));
static CUT_PAIRS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(CUT_PAIR));
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(NAMED));
static NOISES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(NOISE));
static MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(MARK));
static ANSWERS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(ANSWERED));

/// The calls that end the text between such marks: each of a known tool, and nothing else behind the first mark.
pub(super) fn marked(text: &str, names: &ToolNames) -> Option<WrittenCalls> {
    let (said, tail) = split(text, names)?;
    let made_up = ANSWERS.as_ref().and_then(|answers| answers.find(tail));
    let tail = made_up.map_or(tail, |found| tail.get(..found.start()).unwrap_or(tail));
    let calls = found(tail, ELEMENTS.as_ref(), PARAMETERS.as_ref())
        .or_else(|| found(tail, NAMES.as_ref(), PAIRS.as_ref()))
        .or_else(|| found(tail, NAME_ELEMENTS.as_ref(), PARAMETERS.as_ref()))
        .or_else(|| own_tags(tail, names))
        .or_else(|| interleaved(tail, names))
        .or_else(|| statements(&MARKS.as_ref()?.replace_all(tail, " "), names))?;
    let calls: Vec<NamedCall> = calls
        .into_iter()
        .map(|(name, arguments)| (names.plain(&name), arguments))
        .collect();
    (!calls.is_empty() && calls.iter().all(|(name, _)| names.has(name))).then(|| WrittenCalls {
        said: said.trim().to_owned(),
        calls,
    })
}

/// Whether the text ends in what was begun as a call and cannot be read as one: it is no answer.
pub(in crate::model) fn is_garbled(text: &str, names: &ToolNames) -> bool {
    let text = plain_marks(text);
    let text = text.as_ref();
    split(text, names).is_some_and(|(_, tail)| !speaks(tail))
        || as_code(text, names)
        || begun_code(text, names)
        || begun_json(text, names)
        || begins(text, names).is_some_and(|start| text.get(start..).is_some_and(|tail| !speaks(tail)))
        || is_no_answer(text, names)
}

/// What was said, and what begins with the first mark of a call.
fn split<'a>(text: &'a str, names: &ToolNames) -> Option<(&'a str, &'a str)> {
    let marked = OPENS.as_ref()?.find(text).map(|found| found.start());
    let tagged = own_tag(text, names);
    let start = marked.into_iter().chain(tagged).min()?;
    text.split_at_checked(start)
}

/// Where a line begins with `<NAME` of a known tool.
fn own_tag(text: &str, names: &ToolNames) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.trim_start().strip_prefix('<') {
            let name = leading_name(rest);
            let after = rest.get(name.len()..).unwrap_or_default();
            if names.has(name) && after.starts_with(|c: char| matches!(c, '>' | '/') || c.is_whitespace()) {
                return Some(start);
            }
        }
        start += line.len();
    }
    None
}

fn leading_name(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// The calls that one pattern finds, with the arguments that another finds inside them.
fn found(tail: &str, calls: Option<&Regex>, arguments: Option<&Regex>) -> Option<Vec<NamedCall>> {
    let arguments = arguments?;
    let found: Vec<NamedCall> = calls?
        .captures_iter(tail)
        .map(|found| {
            let inside = found.get(2).map_or("", |inside| inside.as_str());
            Some((found.get(1)?.as_str().to_owned(), body(inside, arguments)?))
        })
        // A key without its value.
        .filter(|call| !matches!(call, Some((_, arguments)) if arguments.starts_with("<arg_")))
        .collect::<Option<_>>()?;
    (!found.is_empty()).then_some(found)
}

/// Arguments as pairs, or as the JSON that stands there; `None` where a pair is cut or there are two of one key.
fn body(inside: &str, pairs: &Regex) -> Option<String> {
    let found: Map<String, Value> = pairs
        .captures_iter(inside)
        .filter_map(|pair| {
            Some((
                pair.get(1)?.as_str().trim().to_owned(),
                value(pair.get(3)?.as_str(), pair.get(2)?.as_str()),
            ))
        })
        .collect();
    let is_each_once = found.len() == pairs.captures_iter(inside).count();
    let is_cut = || {
        CUT_PAIRS
            .as_ref()
            .is_some_and(|cut| cut.is_match(&pairs.replace_all(inside, " ")))
    };
    if !is_each_once || (!found.is_empty() && is_cut()) {
        return None;
    }
    let inside = inside.trim();
    if !found.is_empty() || inside.is_empty() {
        return Some(Value::Object(found).to_string());
    }
    let elements = elements(inside).filter(|found| !found.contains_key("arg_key"));
    Some(elements.map_or_else(|| inside.to_owned(), |found| Value::Object(found).to_string()))
}

/// `<KEY>VALUE</KEY>`, and nothing else.
fn elements(inside: &str) -> Option<Map<String, Value>> {
    let mut found = Map::new();
    let mut rest = inside;
    while let Some(begun) = rest.strip_prefix('<') {
        let key = leading_name(begun);
        let (written, next) = begun
            .get(key.len()..)?
            .strip_prefix('>')?
            .split_once(&format!("</{key}>"))?;
        if found.insert(key.to_owned(), value(written, "")).is_some() {
            return None;
        }
        rest = next.trim_start();
    }
    (rest.is_empty() && !found.is_empty()).then_some(found)
}

/// What a value is that was written without quotes: JSON if it reads as such and its tag does not say that it is a text,
/// else a text.
fn value(written: &str, attributes: &str) -> Value {
    if attributes.contains("string=\"true\"") {
        return Value::String(written.to_owned());
    }
    let written = written.trim();
    serde_json::from_str(written).unwrap_or_else(|_| Value::String(written.to_owned()))
}

/// `<NAME>{…}</NAME>`.
fn own_tags(tail: &str, names: &ToolNames) -> Option<Vec<NamedCall>> {
    let mut calls = Vec::new();
    let mut rest = tail.trim();
    while let Some(begun) = rest.strip_prefix('<') {
        let name = leading_name(begun);
        if !names.has(name) {
            return None;
        }
        let inside = begun.get(name.len()..)?.strip_prefix('>')?;
        let (inside, next) = inside.split_once(&format!("</{name}>"))?;
        calls.push((name.to_owned(), body(inside, PARAMETERS.as_ref()?)?));
        rest = next.trim_start();
    }
    (rest.is_empty() && !calls.is_empty()).then_some(calls)
}

/// Names and objects in turn, with marks between and around them and no other words.
fn interleaved(tail: &str, names: &ToolNames) -> Option<Vec<NamedCall>> {
    let tail = tail.replace("<|\"|>", "\"");
    let mut calls = Vec::new();
    let mut rest = tail.as_str();
    while let Some(start) = rest.find('{') {
        let (before, json) = rest.split_at_checked(start)?;
        let before = NOISES.as_ref()?.replace_all(before, " ");
        let mut text = lenient_json::LenientParser { rest: json };
        let Value::Object(object) = text.value()? else {
            return None;
        };
        rest = text.rest;
        let words: Vec<&str> = before
            .split_whitespace()
            .filter(|word| *word != "[" && *word != "]")
            .collect();
        match words.as_slice() {
            [] => calls.push(own_name(&object, names)?),
            [name] => calls.push(((*name).to_owned(), Value::Object(object).to_string())),
            _ => return None,
        }
    }
    let after = NOISES.as_ref()?.replace_all(rest, " ");
    after
        .trim_matches(|c: char| c.is_whitespace() || c == ']')
        .is_empty()
        .then_some(calls)
        .filter(|calls| !calls.is_empty())
}

/// The call of an object that holds its own name, or is named by its only key.
fn own_name(object: &Map<String, Value>, names: &ToolNames) -> Option<NamedCall> {
    let only = object.iter().next().filter(|_| object.len() == 1);
    match only {
        Some((name, arguments)) if names.has(name) && arguments.is_object() => {
            Some((name.clone(), arguments.to_string()))
        }
        _ => as_call(object, names),
    }
}

/// Whether people are spoken to behind the marks: a line of several words with nothing of a mark or of JSON in it.
fn speaks(tail: &str) -> bool {
    let (Some(noises), Some(asides)) = (NOISES.as_ref(), ASIDES.as_ref()) else {
        return false;
    };
    tail.lines().any(|line| {
        let line = asides.replace_all(line, " ");
        let line = noises.replace_all(&line, " ");
        !line.contains(['<', '>', '{', '}', '(', '[', ']', '"', '|', '｜'])
            && line.split_whitespace().count() >= 3
    })
}

/// Whether the text ends in a known tool's name with arguments in brackets, as code would call it.
fn as_code(text: &str, names: &ToolNames) -> bool {
    let ends = text.trim_end().trim_end_matches('`').trim_end();
    if !ends.ends_with([')', ']']) {
        return false;
    }
    ends.lines()
        .rev()
        .take_while(|line| !line.trim().is_empty())
        .any(|line| {
            // A comment calls nothing, and is no answer.
            let line = line.trim_start_matches(['[', '#', ' ', '\t']);
            let line = line.strip_prefix("print(").unwrap_or(line);
            let name = leading_name(line);
            names.has(name)
                && line
                    .get(name.len()..)
                    .is_some_and(|rest| rest.starts_with(['(', '.']))
        })
}

/// Whether a line calls a known tool as code would, and the text breaks off before the call's end.
fn begun_code(text: &str, names: &ToolNames) -> bool {
    let mut start: usize = 0;
    for line in text.split_inclusive('\n') {
        let code = line.trim_start().trim_start_matches('[');
        let code = code.strip_prefix("print(").unwrap_or(code);
        let code = code.strip_prefix("default_api.").unwrap_or(code);
        let name = leading_name(code);
        let tail = text.get(start..).unwrap_or_default();
        let calls = names.has(name) && code.get(name.len()..).is_some_and(|rest| rest.starts_with('('));
        let is_open = tail.matches(['(', '[', '{']).count() > tail.matches([')', ']', '}']).count();
        if calls && is_open && !tail.trim_end().ends_with(['.', '!', '?']) && !speaks(tail) {
            return true;
        }
        start = start.saturating_add(line.len());
    }
    false
}

/// A key under which a tool's name stands, and that name.
const NAME_FIELD: &str = r#"(?i)\{[^{}]{0,400}?["'](?:name|tool|tool_?name|action|function|function_?name|recipient(?:_name)?|method|command|call)["']\s*:\s*["']([\w. -]+)["']"#;

static NAME_FIELDS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(NAME_FIELD));

/// Whether the text ends in JSON that names a known tool and cannot be read: it breaks off, or holds too much.
fn begun_json(text: &str, names: &ToolNames) -> bool {
    let Some(found) = NAME_FIELDS.as_ref().and_then(|fields| fields.captures(text)) else {
        return false;
    };
    let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else {
        return false;
    };
    let tail = text.get(whole.start()..).unwrap_or_default().trim();
    let (objects, rest) = lenient_json::objects(tail.trim_end_matches('`'));
    let is_unread = objects.is_empty() || rest.starts_with('{');
    let brings = ["arguments", "parameters", "args", "input"]
        .iter()
        .any(|key| tail.contains(key));
    let breaks_off = !tail.ends_with(['}', ']', '.', '!', '?']);
    names.has(&names.plain(name.as_str())) && is_unread && (brings || breaks_off) && !speaks(tail)
}
