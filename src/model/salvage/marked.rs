//! Calls between the marks that models were trained to put around them, when their server does not read them.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::find::Salvaged;

/// A tool's name and its arguments.
type Call = (String, String);

/// What a call begins with that is written in a model's own marks, where a line or a text begins. Nothing that people
/// read begins so.
const OPENING: &str = r"(?mx) ^[\ \t]* (?:
      < (?: \|? (?:tool_|python_tag|channel\|>commentary|start\|>assistant) | ｜tool | function= | function_calls?>
          | (?:antml:)? (?:invoke|function_calls) [\ >] | tool_calls?> | tools> | start_function_call> | parameter= )
    | \[TOOL_CALLS\]
    | Action: [\ \t]* [\w.]+ [\ \t]* \r?\n [\ \t]* Action\ Input:
    | (?:(?:assistant|commentary)\ )? to= (?:functions\.)? \w+
)";
/// `<function=NAME>…</function>`, `<invoke name="NAME">…</invoke>`.
const ELEMENT: &str = r#"(?sx) < (?:function= | (?:antml:)?invoke \s+ name= ) ["']? ([\w.-]+) ["']? \s* >
    (.*?) (?: </ (?:function | (?:antml:)?invoke) > | \z )"#;
/// `<parameter=KEY>VALUE</parameter>`, `<parameter name="KEY">VALUE</parameter>`.
const PARAMETER: &str = r#"(?sx) < (?:antml:)? parameter (?: = | \s+ name= ) ["']? ([\w.-]+) ["']? [^>]* >
    (.*?) </ (?:antml:)? parameter >"#;
/// `<arg_key>KEY</arg_key><arg_value>VALUE</arg_value>`.
const PAIR: &str = r"(?s)<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>";
/// `<tool_call>NAME …</tool_call>`.
const NAMED: &str = r"(?s)<tool_call>\s*([\w.-]+)\s*(<arg_key>.*?|)(?:</tool_call>|\z)";
/// What stands between a name and its arguments in the other marks, and what may lie around both.
const NOISE: &str = r"(?x) <[|｜][^|｜>]*[|｜]> | \[/?[A-Z_]+\] | </?[a-z_]+> | ```\w* | \bAction\ Input: | \bAction:
    | \bto= | \bfunctions?\b [.:]? | \b(?:json|commentary|assistant|analysis)\b | [:.,;=] \d*";

static OPENS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(OPENING).ok());
static ELEMENTS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(ELEMENT).ok());
static PARAMETERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(PARAMETER).ok());
static PAIRS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(PAIR).ok());
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(NAMED).ok());
static NOISES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(NOISE).ok());

/// The calls that end the text between such marks: each of a known tool, and nothing else behind the first mark.
pub(super) fn marked(text: &str, is_tool: &dyn Fn(&str) -> bool) -> Option<Salvaged> {
    let (said, tail) = split(text, is_tool)?;
    let calls = found(tail, ELEMENTS.as_ref(), PARAMETERS.as_ref())
        .or_else(|| found(tail, NAMES.as_ref(), PAIRS.as_ref()))
        .or_else(|| own_tags(tail, is_tool))
        .or_else(|| interleaved(tail))?;
    let calls: Vec<Call> = calls
        .into_iter()
        .map(|(name, arguments)| (bare_name(&name), arguments))
        .collect();
    (!calls.is_empty() && calls.iter().all(|(name, _)| is_tool(name))).then(|| Salvaged {
        said: said.trim().to_owned(),
        calls,
    })
}

/// Whether the text ends in what was begun as a call and cannot be read as one: it is no answer.
pub(in crate::model) fn is_garbled(text: &str, is_tool: &dyn Fn(&str) -> bool) -> bool {
    split(text, is_tool).is_some_and(|(_, tail)| !speaks(tail))
        || as_code(text, is_tool)
        || begun_json(text, is_tool)
}

/// What was said, and what begins with the first mark of a call.
fn split<'a>(text: &'a str, is_tool: &dyn Fn(&str) -> bool) -> Option<(&'a str, &'a str)> {
    let marked = OPENS.as_ref()?.find(text).map(|found| found.start());
    let tagged = own_tag(text, is_tool);
    let start = marked.into_iter().chain(tagged).min()?;
    text.split_at_checked(start)
}

/// Where a line begins with `<NAME` of a known tool.
fn own_tag(text: &str, is_tool: &dyn Fn(&str) -> bool) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.trim_start().strip_prefix('<') {
            let name = leading_name(rest);
            let after = rest.get(name.len()..).unwrap_or_default();
            if is_tool(name) && after.starts_with(|c: char| matches!(c, '>' | '/') || c.is_whitespace()) {
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

/// The name without what some models put around it.
fn bare_name(name: &str) -> String {
    name.strip_prefix("functions.").unwrap_or(name).to_owned()
}

/// The calls that one pattern finds, with the arguments that another finds inside them.
fn found(tail: &str, calls: Option<&Regex>, arguments: Option<&Regex>) -> Option<Vec<Call>> {
    let arguments = arguments?;
    let found: Vec<Call> = calls?
        .captures_iter(tail)
        .filter_map(|found| {
            let (name, inside) = (found.get(1)?.as_str(), found.get(2)?.as_str());
            Some((name.to_owned(), body(inside, arguments)))
        })
        .collect();
    (!found.is_empty()).then_some(found)
}

/// Arguments as pairs, or as the JSON that stands there.
fn body(inside: &str, pairs: &Regex) -> String {
    let found: Map<String, Value> = pairs
        .captures_iter(inside)
        .filter_map(|pair| {
            Some((
                pair.get(1)?.as_str().trim().to_owned(),
                value(pair.get(2)?.as_str()),
            ))
        })
        .collect();
    let inside = inside.trim();
    if found.is_empty() && !inside.is_empty() {
        inside.to_owned()
    } else {
        Value::Object(found).to_string()
    }
}

/// What a value is that was written without quotes: JSON if it reads as such, else a text.
fn value(written: &str) -> Value {
    let written = written.trim();
    serde_json::from_str(written).unwrap_or_else(|_| Value::String(written.to_owned()))
}

/// `<NAME>{…}</NAME>`.
fn own_tags(tail: &str, is_tool: &dyn Fn(&str) -> bool) -> Option<Vec<Call>> {
    let mut calls = Vec::new();
    let mut rest = tail.trim();
    while let Some(begun) = rest.strip_prefix('<') {
        let name = leading_name(begun);
        if !is_tool(name) {
            return None;
        }
        let inside = begun.get(name.len()..)?.strip_prefix('>')?;
        let (inside, next) = inside.split_once(&format!("</{name}>"))?;
        calls.push((name.to_owned(), body(inside, PARAMETERS.as_ref()?)));
        rest = next.trim_start();
    }
    (rest.is_empty() && !calls.is_empty()).then_some(calls)
}

/// Names and JSON objects in turn, with marks between and around them and no other words.
fn interleaved(tail: &str) -> Option<Vec<Call>> {
    let mut calls = Vec::new();
    let mut rest = tail;
    while let Some(start) = rest.find('{') {
        let (before, json) = rest.split_at_checked(start)?;
        let before = NOISES.as_ref()?.replace_all(before, " ");
        let mut values = serde_json::Deserializer::from_str(json).into_iter::<Map<String, Value>>();
        let object = values.next()?.ok()?;
        rest = json.get(values.byte_offset()..)?;
        let words: Vec<&str> = before
            .split_whitespace()
            .filter(|word| *word != "[" && *word != "]")
            .collect();
        match words.as_slice() {
            [] => calls.push(own_name(&object)?),
            [name] => calls.push(((*name).to_owned(), Value::Object(object).to_string())),
            _ => return None,
        }
    }
    let after = NOISES.as_ref()?.replace_all(rest, " ");
    after
        .trim_matches(|c: char| c.is_whitespace() || c == ']')
        .is_empty()
        .then_some(calls)
}

/// The call of an object that holds its own name.
fn own_name(object: &Map<String, Value>) -> Option<Call> {
    let name = object.get("name")?.as_str()?;
    let arguments = object.get("arguments").or_else(|| object.get("parameters"));
    Some((
        name.to_owned(),
        arguments.map_or_else(|| "{}".to_owned(), Value::to_string),
    ))
}

/// Whether people are spoken to behind the marks: a line of several words with nothing of a mark or of JSON in it.
fn speaks(tail: &str) -> bool {
    let Some(noises) = NOISES.as_ref() else {
        return false;
    };
    tail.lines().any(|line| {
        let line = noises.replace_all(line, " ");
        !line.contains(['<', '>', '{', '}', '(', '[', ']', '"', '|', '｜'])
            && line.split_whitespace().count() >= 3
    })
}

/// Whether the text ends in a known tool's name with arguments in brackets, as code would call it.
fn as_code(text: &str, is_tool: &dyn Fn(&str) -> bool) -> bool {
    let ends = text.trim_end().trim_end_matches('`').trim_end();
    if !ends.ends_with([')', ']']) {
        return false;
    }
    ends.lines()
        .rev()
        .take_while(|line| !line.trim().is_empty())
        .any(|line| {
            let line = line.trim_start().trim_start_matches('[');
            let line = line.strip_prefix("print(").unwrap_or(line);
            let name = leading_name(line);
            is_tool(name)
                && line
                    .get(name.len()..)
                    .is_some_and(|rest| rest.starts_with(['(', '.']))
        })
}

/// Whether the text ends in JSON that names a known tool and breaks off.
fn begun_json(text: &str, is_tool: &dyn Fn(&str) -> bool) -> bool {
    let Some(start) = text.rfind("{\"name\"").or_else(|| text.rfind("{ \"name\"")) else {
        return false;
    };
    let tail = text.get(start..).unwrap_or_default();
    let name = tail.split('"').nth(3).unwrap_or_default();
    let whole = serde_json::from_str::<Value>(tail.trim());
    is_tool(name) && tail.contains("\"arguments\"") && whole.is_err_and(|error| error.is_eof())
}
