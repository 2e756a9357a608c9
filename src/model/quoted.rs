//! What a refusal quotes of the request that it refuses. Servers give back whole messages, and checkers of forms the value that they
//! did not like; a question or a description may hold any word. So what is a quotation names nothing: only the server's own words
//! say which part of a request is meant.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::lenient_json::LenientParser;
use super::salvage::compiled;

/// Letters and digits in a row that make a quotation, where they are no single word: field names are words that a prompt may have.
const RUN: usize = 20;
/// Keys that a request, a message and a schema have.
const FORM: [&[&str]; 4] = [
    &["messages"],
    &["input", "model"],
    &["role", "content"],
    &["properties"],
];
/// Most brackets of a text that are looked at.
const MOST_TRIED: usize = 64;

/// The value that a checker of Python's did not like, as it prints it, which may be cut in its middle.
const INPUT_VALUE: &str = r"(?s)input_value=.*?, input_type=\w+";
/// A key of an object with the beginning of its value.
const KEY: &str = r#"["']([A-Za-z_]\w*)["']\s*:\s*["'\[{\dTFNtfn-]"#;

static INPUT_VALUES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(INPUT_VALUE));
static KEY_PLACES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(KEY));

/// What a request says, to find it in a refusal.
#[derive(Debug, Default)]
pub(super) struct SentWords {
    keys: BTreeSet<String>,
    texts: Vec<String>,
}

impl SentWords {
    /// The words of a request with this body.
    pub(super) fn of(body: &[u8]) -> Self {
        let mut words = Self::default();
        words.add(&serde_json::from_slice(body).unwrap_or_default());
        words
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.texts.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::Object(fields) => {
                for (key, field) in fields {
                    self.keys.insert(key.clone());
                    self.add(field);
                }
            }
            _ => {}
        }
    }

    /// The value without what is quoted in it.
    pub(super) fn unquoted(&self, value: &Value) -> Value {
        let runs = self.runs_in(&value.to_string());
        self.without(value, &runs)
    }

    /// A text without what is quoted in it.
    pub(super) fn unquoted_text(&self, text: &str) -> String {
        self.clean(text, &self.runs_in(text))
    }

    fn without(&self, value: &Value, runs: &BTreeSet<u64>) -> Value {
        match value {
            Value::Object(_) if self.is_form(value) => Value::Null,
            Value::Object(fields) => {
                let kept = fields.iter();
                kept.map(|(key, field)| (key.clone(), self.without(field, runs)))
                    .collect()
            }
            Value::Array(items) => items.iter().map(|item| self.without(item, runs)).collect(),
            Value::String(text) => Value::String(self.clean(text, runs)),
            other => other.clone(),
        }
    }

    /// Whether a value has the form of a request or of one of its messages. One that only names fields has not.
    fn is_form(&self, value: &Value) -> bool {
        let has = |key: &&str| value.get(*key).is_some();
        FORM.iter().any(|keys| keys.iter().all(has)) && self.is_known(value)
    }

    /// Whether a value has no keys but those of the request.
    fn is_known(&self, value: &Value) -> bool {
        match value {
            Value::Object(fields) => fields
                .iter()
                .all(|(key, field)| self.keys.contains(key) && self.is_known(field)),
            Value::Array(items) => items.iter().all(|item| self.is_known(item)),
            _ => true,
        }
    }

    fn clean(&self, text: &str, runs: &BTreeSet<u64>) -> String {
        let mut clean = text.to_owned();
        if let Some(pattern) = INPUT_VALUES.as_ref() {
            clean = pattern.replace_all(&clean, " ").into_owned();
        }
        let clean = without_runs(&clean, runs);
        self.without_form(without_objects(&clean, |object| self.is_form(object)))
    }

    /// A text without the keys of a request whose form it prints, as far as it prints it.
    fn without_form(&self, text: String) -> String {
        let Some(pattern) = KEY_PLACES.as_ref() else {
            return text;
        };
        let found = pattern.captures_iter(&text).filter_map(|found| found.get(1));
        let found: Vec<_> = found.filter(|key| self.keys.contains(key.as_str())).collect();
        let names: BTreeSet<&str> = found.iter().map(regex::Match::as_str).collect();
        let is_form = FORM.iter().any(|keys| keys.iter().all(|key| names.contains(key)));
        if !is_form {
            return text;
        }
        without_places(&text, found.iter().map(regex::Match::range))
    }

    /// The runs of signs that a text has in common with the request.
    fn runs_in(&self, text: &str) -> BTreeSet<u64> {
        let told: BTreeSet<u64> = quotable(text).map(|(run, _)| run).collect();
        let mut common = BTreeSet::new();
        if told.is_empty() {
            return common;
        }
        for sent in &self.texts {
            common.extend(
                quotable(sent)
                    .map(|(run, _)| run)
                    .filter(|run| told.contains(run)),
            );
        }
        common
    }
}

/// Each [`RUN`] of letters and digits in a row, in small letters, as one number, with where its first stands and its last ends.
/// Only those that are more than one word.
fn quotable(text: &str) -> impl Iterator<Item = (u64, std::ops::Range<usize>)> {
    /// A prime, to which the signs of a run are the digits.
    const BASE: u64 = 1_099_511_628_211;
    let first = (0..RUN).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let mut places = std::collections::VecDeque::with_capacity(RUN);
    let mut number = 0u64;
    // Where a word last ended, or a character stood that may be one.
    let mut latest_end = None;
    text.char_indices().filter_map(move |(at, c)| {
        let is_sign = c.is_alphanumeric();
        if c.is_whitespace() || (is_sign && !c.is_ascii()) {
            latest_end = Some(at);
        }
        if !is_sign {
            return None;
        }
        let sign = c.to_lowercase().next().unwrap_or(c);
        number = number.wrapping_mul(BASE).wrapping_add(u64::from(sign));
        places.push_back((at, sign));
        if places.len() > RUN
            && let Some((_, old)) = places.pop_front()
        {
            number = number.wrapping_sub(u64::from(old).wrapping_mul(first));
        }
        let (start, _) = *places.front()?;
        let are_words = latest_end.is_some_and(|end| end >= start);
        (places.len() == RUN && are_words).then(|| (number, start..at.saturating_add(c.len_utf8())))
    })
}

fn without_runs(text: &str, common: &BTreeSet<u64>) -> String {
    let found = quotable(text).filter(|(run, _)| common.contains(run));
    without_places(text, found.map(|(_, place)| place))
}

/// A text without the objects in it, in the form of JSON or of Python, that are quoted.
fn without_objects(text: &str, is_quoted: impl Fn(&Value) -> bool) -> String {
    let (mut places, mut from) = (Vec::new(), 0);
    for _ in 0..MOST_TRIED {
        let Some(at) = text.get(from..).and_then(|rest| rest.find('{')) else {
            break;
        };
        let at = from.saturating_add(at);
        let mut parser = LenientParser {
            rest: text.get(at..).unwrap_or_default(),
        };
        from = at.saturating_add(1);
        if parser.value().is_some_and(|object| is_quoted(&object)) {
            from = text.len().saturating_sub(parser.rest.len());
            places.push(at..from);
        }
    }
    without_places(text, places)
}

/// A text without what stands at these places, which are in order and may overlap.
fn without_places(text: &str, places: impl IntoIterator<Item = std::ops::Range<usize>>) -> String {
    let (mut clean, mut from) = (String::new(), 0);
    for place in places {
        if let Some(before) = text.get(from..place.start) {
            clean += before;
            clean.push(' ');
        }
        from = from.max(place.end);
    }
    clean + text.get(from..).unwrap_or_default()
}
