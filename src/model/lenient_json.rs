//! Values as models write them when nothing checks them: JSON with single quotes, keys without any, `True` and `None`, a
//! comma too many, an object by the name of its type. What is strict JSON reads the same here, but for an object that has a key
//! twice: it is none.

use serde_json::{Map, Number, Value};

/// How deep values may lie in values.
const DEPTH: usize = 32;

/// Text that is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct LenientParser<'a> {
    pub(super) rest: &'a str,
}

/// The objects that a text begins with and what follows them, with `;` or `,` between them or nothing.
pub(super) fn objects(text: &str) -> (Vec<Map<String, Value>>, &str) {
    let mut parser = LenientParser { rest: text };
    let mut found = Vec::new();
    loop {
        let before = parser.rest;
        while parser.eat(";") || parser.eat(",") {}
        let begins = parser.rest.trim_start().starts_with('{');
        let Some(Value::Object(object)) = begins.then(|| parser.value()).flatten() else {
            return (found, before.trim_start());
        };
        found.push(object);
    }
}

/// The one value that a text is.
pub(super) fn value(text: &str) -> Option<Value> {
    let mut parser = LenientParser { rest: text };
    parser.value().filter(|_| parser.at_end())
}

impl<'a> LenientParser<'a> {
    pub(super) fn at_end(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.is_empty()
    }

    pub(super) fn eat(&mut self, mark: &str) -> bool {
        self.rest = self.rest.trim_start();
        let after = self.rest.strip_prefix(mark);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// A name with dots in it: `default_api.run_card`.
    pub(super) fn path(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start();
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (path, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!path.is_empty()).then_some(path)
    }

    /// `(key=value, …)`, or one object in brackets.
    pub(super) fn call_arguments(&mut self) -> Option<Map<String, Value>> {
        self.arguments(DEPTH)
    }

    /// The value that the text goes on with.
    pub(super) fn value(&mut self) -> Option<Value> {
        self.any(DEPTH)
    }

    fn arguments(&mut self, depth: usize) -> Option<Map<String, Value>> {
        if !self.eat("(") {
            return None;
        }
        let mut arguments = Map::new();
        while !self.eat(")") {
            self.eat("**");
            if self.rest.starts_with('{') {
                let Value::Object(object) = self.any(depth)? else {
                    return None;
                };
                for (key, value) in object {
                    add(&mut arguments, key, value)?;
                }
            } else {
                let key = self.path()?;
                if !self.eat("=") {
                    return None;
                }
                let value = self.any(depth)?;
                add(&mut arguments, key.to_owned(), value)?;
            }
            if !self.eat(",") && !self.rest.trim_start().starts_with(')') {
                return None;
            }
        }
        Some(arguments)
    }

    fn any(&mut self, depth: usize) -> Option<Value> {
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
                _ => self.arguments(depth).map(Value::Object),
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
        if quote == '"'
            && let Some((text, rest)) = strict_text(self.rest)
        {
            self.rest = rest;
            return Some(text);
        }
        let inside = self.rest.get(1..)?;
        let end = closing_quote(inside, quote)?;
        let (written, rest) = inside.split_at_checked(end)?;
        self.rest = rest.get(1..)?;
        Some(unescaped(written))
    }

    fn list(&mut self, open: &str, close: &str, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.eat(open);
        while !self.eat(close) {
            items.push(self.any(depth)?);
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
            let key = match self.rest.chars().next()? {
                quote @ ('"' | '\'') => self.text(quote)?,
                _ => self.path()?.to_owned(),
            };
            if !self.eat(":") {
                return None;
            }
            let value = self.any(depth)?;
            add(&mut object, key, value)?;
            if !self.eat(",") && !self.rest.trim_start().starts_with('}') {
                return None;
            }
        }
        Some(Value::Object(object))
    }
}

/// Adds a field; one that occurs twice has no reading.
fn add(object: &mut Map<String, Value>, key: String, value: Value) -> Option<()> {
    object.insert(key, value).is_none().then_some(())
}

/// The JSON text that something begins with, and what follows it: its escapes are JSON's own.
fn strict_text(text: &str) -> Option<(String, &str)> {
    let mut texts = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let found = texts.next()?.ok()?;
    text.get(texts.byte_offset()..).map(|rest| (found, rest))
}

/// Where the text that something begins with is closed.
pub(super) fn closing_quote(written: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    let mut chars = written.char_indices();
    let closing = chars.find(|(_, c)| {
        let closes = !is_escaped && *c == quote;
        is_escaped = !is_escaped && *c == '\\';
        closes
    });
    closing.map(|(at, _)| at)
}

/// A text without its escapes, those of JSON and of Python. One that is cut in its middle is left out.
pub(super) fn unescaped(written: &str) -> String {
    let mut units: Vec<u16> = Vec::new();
    let mut buffer = [0; 2];
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        let c = if c == '\\' {
            match rest.next() {
                None => break,
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(kind @ ('u' | 'x')) => {
                    let length = if kind == 'u' { 4 } else { 2 };
                    let digits: String = rest.as_str().chars().take(length).collect();
                    if digits.chars().count() < length {
                        break;
                    }
                    match u16::from_str_radix(&digits, 16) {
                        Ok(unit) => {
                            units.push(unit);
                            rest = rest.as_str().get(digits.len()..).unwrap_or_default().chars();
                            continue;
                        }
                        Err(_) => kind,
                    }
                }
                Some(other) => other,
            }
        } else {
            c
        };
        units.extend_from_slice(c.encode_utf16(&mut buffer));
    }
    // The first half of a pair whose second was cut.
    if units.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit)) {
        units.pop();
    }
    String::from_utf16_lossy(&units)
}
