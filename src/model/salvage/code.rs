//! Calls that a model wrote as a line of code, as some were trained to: `print(default_api.run_card(card_id=7))`, or
//! `[run_card(card_id=7), describe(kind="card", id=7)]`.

use serde_json::{Map, Number, Value};

use super::find::WrittenCalls;
use crate::model::tool_names::ToolNames;

/// How deep values may lie in values.
const DEPTH: usize = 32;
/// What may stand around code.
const MARKS: [&str; 4] = ["```", "<tool_code>", "</tool_code>", "[/tool_code]"];

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

/// What was said before the line that opens a block of code.
fn before_marks(said: &str) -> &str {
    let said = said.trim();
    let last = said.lines().next_back().unwrap_or_default();
    let opens = MARKS.iter().any(|mark| last.trim_start().starts_with(mark));
    let before = said.strip_suffix(last).filter(|_| opens);
    before.map_or(said, str::trim_end)
}

/// All of the code, as calls.
fn statements(code: &str, names: &ToolNames) -> Option<Vec<(String, String)>> {
    let mut code = Code { rest: code };
    let mut calls = Vec::new();
    loop {
        while code.eat_any(&["[", "]", ",", ";", ")", "```", "<tool_code>", "</tool_code>"]) {}
        if code.at_end() {
            break;
        }
        if code.eat("print") && !code.eat("(") {
            return None;
        }
        let path = code.path()?;
        let name = names.plain(path);
        let arguments = code.call_arguments(DEPTH).filter(|_| names.has(&name))?;
        calls.push((name, Value::Object(arguments).to_string()));
    }
    (!calls.is_empty()).then_some(calls)
}

/// Code that is being read.
struct Code<'a> {
    rest: &'a str,
}

impl<'a> Code<'a> {
    fn at_end(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.is_empty()
    }

    fn eat(&mut self, mark: &str) -> bool {
        self.rest = self.rest.trim_start();
        let after = self.rest.strip_prefix(mark);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn eat_any(&mut self, marks: &[&str]) -> bool {
        marks.iter().any(|mark| self.eat(mark))
    }

    /// A name with dots in it: `default_api.run_card`.
    fn path(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start();
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (path, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!path.is_empty()).then_some(path)
    }

    /// `(key=value, …)`, or one object in brackets.
    fn call_arguments(&mut self, depth: usize) -> Option<Map<String, Value>> {
        if !self.eat("(") {
            return None;
        }
        let mut arguments = Map::new();
        while !self.eat(")") {
            if self.rest.starts_with('{') {
                let Value::Object(object) = self.value(depth)? else {
                    return None;
                };
                arguments.extend(object);
            } else {
                let key = self.path()?;
                if !self.eat("=") {
                    return None;
                }
                let value = self.value(depth)?;
                arguments.insert(key.to_owned(), value);
            }
            if !self.eat(",") && !self.rest.trim_start().starts_with(')') {
                return None;
            }
        }
        Some(arguments)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            quote @ ('"' | '\'') => self.text(quote).map(Value::String),
            '[' => self.list("[", "]", depth),
            '(' => self.list("(", ")", depth),
            '{' => self.object(depth),
            c if c.is_ascii_digit() || c == '-' || c == '.' => self.number(),
            _ => match self.path()? {
                "True" | "true" => Some(Value::Bool(true)),
                "False" | "false" => Some(Value::Bool(false)),
                "None" | "null" => Some(Value::Null),
                // An object by the name of its type: `Filter(dimension="x")`.
                _ => self.call_arguments(depth).map(Value::Object),
            },
        }
    }

    fn number(&mut self) -> Option<Value> {
        let is_part = |c: char| c.is_ascii_digit() || "+-.eE_".contains(c);
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (written, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let written = written.replace('_', "");
        serde_json::from_str::<Number>(&written).ok().map(Value::Number)
    }

    fn text(&mut self, quote: char) -> Option<String> {
        let mut out = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next()?.1 {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    other => out.push(other),
                },
                c if c == quote => {
                    self.rest = self.rest.get(at.saturating_add(1)..)?;
                    return Some(out);
                }
                c => out.push(c),
            }
        }
        None
    }

    fn list(&mut self, open: &str, close: &str, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.eat(open);
        while !self.eat(close) {
            items.push(self.value(depth)?);
            if !self.eat(",") && !self.rest.trim_start().starts_with(close) {
                return None;
            }
        }
        Some(Value::Array(items))
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut object = Map::new();
        self.eat("{");
        while !self.eat("}") {
            let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let key = self.text(quote)?;
            if !self.eat(":") {
                return None;
            }
            let value = self.value(depth)?;
            object.insert(key, value);
            if !self.eat(",") && !self.rest.trim_start().starts_with('}') {
                return None;
            }
        }
        Some(Value::Object(object))
    }
}
