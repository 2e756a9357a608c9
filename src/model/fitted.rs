//! Arguments in the types that a tool's schema has, made of what can only mean that.
//!
//! Models write `"7"` for 7, one filter where a list of filters belongs, a list as a text, `null` for what they leave out. The
//! gate refuses all of it, because what is checked and what is sent must have one reading. So a call that it refuses is
//! written anew here, driven by nothing but the schema, and goes through the same gate once more. What could mean several
//! things stays as it is, and stays refused.
//!
//! ```text
//! {"metricId": "7", "filters": {"segment": "Paid", "values": null}, "limit": "1 000"}
//! {"metric_id": 7, "filters": [{"segment": "Paid"}], "limit": 1000}
//! ```

use serde_json::{Map, Number, Value};

use super::arguments::{self, WRAPPERS};
use super::lenient_json;
use super::tool_names::letters;

/// Longest arguments that are read, in bytes.
const MOST_BYTES: usize = 16 << 10;
/// How deep values may lie in values.
const DEPTH: usize = 16;
/// Words for nothing at all.
const NOTHING: [&str; 5] = ["", "null", "none", "undefined", "nil"];

/// Arguments that do not fit a schema, in its types; `None` when there is nothing to change or nothing is sure.
pub(crate) fn fitted(written: &str, schema: &Value) -> Option<String> {
    if written.len() > MOST_BYTES {
        return None;
    }
    let plain = arguments::plain(written);
    let object: Value = serde_json::from_str(&plain).ok()?;
    if !object.is_object() || repeats_a_key(&object, &plain) {
        return None;
    }
    let fitted = fit(object.clone(), schema, ValuePlace::default());
    (fitted != object || plain != written).then(|| fitted.to_string())
}

/// Other words for the fields of the objects in lists, where an object has none of that name.
const ALIASES: [(&str, &[&str]); 6] = [
    ("operation", &["op", "operator"]),
    ("dimension", &["field", "column"]),
    ("column", &["field", "dimension"]),
    ("field", &["column"]),
    ("granularity", &["grain", "unit", "interval", "timegrain"]),
    ("function", &["aggregation", "agg", "func"]),
];

/// Where a value stands.
#[derive(Debug, Clone, Copy, Default)]
struct ValuePlace {
    depth: usize,
    /// Whether it belongs to the item of a list.
    is_listed: bool,
}

impl ValuePlace {
    fn deeper(self) -> Self {
        Self {
            depth: self.depth.saturating_add(1),
            ..self
        }
    }

    fn item(self) -> Self {
        Self {
            is_listed: true,
            ..self.deeper()
        }
    }
}

fn fit(value: Value, schema: &Value, place: ValuePlace) -> Value {
    if place.depth > DEPTH {
        return value;
    }
    match kind(schema) {
        "object" => fit_object(value, schema, place),
        "array" => fit_list(value, schema, place),
        "integer" => fit_number(value, true),
        "number" => fit_number(value, false),
        "boolean" => fit_truth(value),
        "string" => fit_text(value, schema, place),
        _ => fit_any(value, schema, place),
    }
}

fn kind(schema: &Value) -> &str {
    schema.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// A value of several types: an object can only be the one that is an object.
fn fit_any(value: Value, schema: &Value, place: ValuePlace) -> Value {
    let choices = schema.get("anyOf").and_then(Value::as_array);
    let mut objects = choices
        .into_iter()
        .flatten()
        .filter(|choice| kind(choice) == "object");
    match (objects.next(), objects.next()) {
        (Some(object), None) => match packed(&value).unwrap_or(value) {
            value @ Value::Object(_) => fit_object(value, object, place),
            value => value,
        },
        _ => value,
    }
}

/// The object or list that a text is.
fn packed(value: &Value) -> Option<Value> {
    let text = value.as_str()?.trim();
    let is_packed = text.starts_with(['{', '[']);
    let read = is_packed.then(|| lenient_json::value(text)).flatten()?;
    // A key that occurs twice has no reading.
    (!repeats_a_key(&read, text)).then_some(read)
}

fn fit_object(value: Value, schema: &Value, place: ValuePlace) -> Value {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return packed(&value).filter(Value::is_object).unwrap_or(value);
    };
    let is_known = |object: &Map<String, Value>| object.keys().all(|key| properties.contains_key(key));
    match packed(&value).unwrap_or(value) {
        Value::Object(object) => Value::Object(fit_fields(object, properties, schema, place)),
        Value::Array(items) => {
            let mut whole = Map::new();
            for item in &items {
                let part = item.as_object().filter(|part| is_known(part));
                let is_only = items.len() == 1 || part.is_some_and(|part| part.len() == 1);
                let Some(part) = part.filter(|_| is_only) else {
                    return Value::Array(items);
                };
                if part.keys().any(|key| whole.contains_key(key)) {
                    return Value::Array(items);
                }
                whole.extend(part.clone());
            }
            Value::Object(fit_fields(whole, properties, schema, place))
        }
        // `month` for `{"dimension": "month"}`.
        Value::String(text) => match required(schema).as_slice() {
            [only]
                if !text.trim().is_empty()
                    && properties.get(*only).is_some_and(|field| kind(field) == "string") =>
            {
                let field = fit(
                    Value::String(text),
                    properties.get(*only).unwrap_or(&Value::Null),
                    place.deeper(),
                );
                Value::Object(Map::from_iter([((*only).to_owned(), field)]))
            }
            _ => Value::String(text),
        },
        other => other,
    }
}

fn required(schema: &Value) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn fit_fields(
    object: Map<String, Value>,
    properties: &Map<String, Value>,
    schema: &Value,
    place: ValuePlace,
) -> Map<String, Value> {
    let required = required(schema);
    let object = renamed(
        lifted(object, properties, &required),
        properties,
        (&required, place),
    );
    let mut fitted = Map::new();
    for (key, value) in object {
        let field = properties.get(&key);
        if !required.contains(&key.as_str()) && is_nothing(&value, field, place) {
            continue;
        }
        let value = match field {
            Some(field) if kind(field) == "integer" => fit(without_kind(value, &key), field, place.deeper()),
            Some(field) => fit(value, field, place.deeper()),
            None => value,
        };
        fitted.insert(key, value);
    }
    fitted
}

/// An id without the kind before it, as a catalog lists both: `metric 7` of `metric_id`.
fn without_kind(value: Value, key: &str) -> Value {
    let number = |text: &str| {
        let text = text.trim();
        let stem = key.strip_suffix("_id")?;
        let named = text
            .get(..stem.len())
            .filter(|word| word.eq_ignore_ascii_case(stem));
        let rest = match named.and_then(|_| text.get(stem.len()..)) {
            Some(rest) => rest.trim_start_matches([' ', ':', '#', '_', '-']),
            None => text.strip_prefix('#')?,
        };
        let is_number = !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit());
        is_number.then(|| rest.to_owned())
    };
    match value.as_str().and_then(number) {
        Some(number) => Value::String(number),
        None => value,
    }
}

/// Whether the value of a field that may be missing says that it is. Values that a query is filtered by may be called `none`
/// or be empty, so that of those only `null` says it.
fn is_nothing(value: &Value, field: Option<&Value>, place: ValuePlace) -> bool {
    let is_own = place.depth == 0 || place.is_listed;
    match (value, field) {
        (Value::Null, _) => true,
        (Value::Array(items), Some(_)) => place.is_listed && items.is_empty(),
        (Value::String(text), Some(field)) if is_own => match kind(field) {
            "string" if field.get("enum").is_none() => place.is_listed && text.trim().is_empty(),
            "array" => text.trim().is_empty(),
            _ => NOTHING.contains(&text.trim().to_lowercase().as_str()),
        },
        _ => false,
    }
}

/// The fields without what they, or some of them, are wrapped in.
fn lifted(
    object: Map<String, Value>,
    properties: &Map<String, Value>,
    required: &[&str],
) -> Map<String, Value> {
    let inner = |value: &Value| match packed(value).unwrap_or_else(|| value.clone()) {
        Value::Object(inner) => Some(inner),
        _ => None,
    };
    if let (1, Some((key, value))) = (object.len(), object.iter().next())
        && properties.contains_key(key)
        && !required.is_empty()
        && let Some(inner) = inner(value)
        && required
            .iter()
            .all(|name| inner.contains_key(*name) && *name != key.as_str())
        && inner.keys().all(|key| properties.contains_key(key))
    {
        // A tool's own `parameters`, with all arguments within.
        return inner;
    }
    let mut plain = Map::new();
    for (key, value) in &object {
        let is_wrapper = WRAPPERS.contains(&key.as_str()) && !properties.contains_key(key);
        let inner = is_wrapper.then(|| inner(value)).flatten().filter(|inner| {
            let is_new = |key: &String| properties.contains_key(key) && !object.contains_key(key);
            inner.keys().all(is_new)
        });
        let parts = inner.unwrap_or_else(|| Map::from_iter([(key.clone(), value.clone())]));
        if parts.keys().any(|key| plain.contains_key(key)) {
            return object;
        }
        plain.extend(parts);
    }
    plain
}

/// The fields under the names of the schema: `metricId`, `groupBy`, `filter` for one of `filters`, `id` where only one id is
/// wanted.
fn renamed(
    object: Map<String, Value>,
    properties: &Map<String, Value>,
    (required, place): (&[&str], ValuePlace),
) -> Map<String, Value> {
    let is_alias = |written: &str, name: &str| {
        let mut aliases = ALIASES
            .iter()
            .filter(|(known, _)| place.is_listed && *known == name);
        aliases.any(|(_, words)| words.contains(&written))
    };
    let is_meant = |key: &str, name: &String| {
        let (written, known) = (letters(key), letters(name));
        let is_list = properties.get(name).is_some_and(|field| kind(field) == "array");
        let is_id = written == "id"
            && name.ends_with("_id")
            && required.contains(&name.as_str())
            && properties.get(name).is_some_and(|field| kind(field) == "integer");
        written == known || is_id || is_alias(&written, name) || (is_list && format!("{written}s") == known)
    };
    let mut plain = Map::new();
    for (key, value) in &object {
        let mut names = properties.keys().filter(|name| {
            !properties.contains_key(key) && !object.contains_key(*name) && is_meant(key, name)
        });
        let name = match (names.next(), names.next()) {
            (Some(name), None) => name,
            _ => key,
        };
        if plain.insert(name.clone(), value.clone()).is_some() {
            return object;
        }
    }
    plain
}

fn fit_list(value: Value, schema: &Value, place: ValuePlace) -> Value {
    let null = Value::Null;
    let item_schema = schema.get("items").unwrap_or(&null);
    let of_objects = kind(item_schema) == "object" || item_schema.get("anyOf").is_some();
    let fit_item = |item: Value| fit(item, item_schema, place.item());
    match packed(&value).unwrap_or(value) {
        // `null` within a list may mean what has no value, and stays.
        Value::Array(items) => Value::Array(items.into_iter().map(fit_item).collect()),
        // A list that some languages write as an object.
        Value::Object(numbered)
            if !numbered.is_empty()
                && (0..numbered.len()).all(|at| numbered.contains_key(&at.to_string())) =>
        {
            let items = (0..numbered.len()).filter_map(|at| numbered.get(&at.to_string()).cloned());
            Value::Array(items.map(fit_item).collect())
        }
        object @ Value::Object(_) if of_objects => Value::Array(vec![fit_item(object)]),
        // With a comma it may be several.
        Value::String(text) if text.trim().is_empty() || text.contains([',', ';', '\n']) => {
            Value::String(text)
        }
        text @ Value::String(_) => match fit_item(text) {
            Value::String(text) if of_objects => Value::String(text),
            item => Value::Array(vec![item]),
        },
        scalar @ (Value::Number(_) | Value::Bool(_)) if !of_objects => Value::Array(vec![fit_item(scalar)]),
        other => other,
    }
}

/// The only item of a list that stands where one value belongs.
fn only(value: Value) -> Value {
    match value {
        Value::Array(mut items) if items.len() == 1 => items.pop().unwrap_or_default(),
        other => other,
    }
}

fn fit_number(value: Value, is_whole: bool) -> Value {
    match only(value) {
        Value::Number(number) => whole(&number)
            .filter(|_| is_whole)
            .unwrap_or(Value::Number(number)),
        Value::String(text) => match number_of(&text) {
            Some(number) if is_whole => whole(&number).unwrap_or(Value::String(text)),
            Some(number) => Value::Number(number),
            None => Value::String(text),
        },
        other => other,
    }
}

/// A number without a fraction, as one that has none: `7.0`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be whole and below 2^53"
)]
fn whole(number: &Number) -> Option<Value> {
    if number.is_i64() || number.is_u64() {
        return Some(Value::Number(number.clone()));
    }
    let value = number.as_f64()?;
    (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then(|| Value::from(value as i64))
}

/// The number that a text is: digits with at most one point, and blanks between groups of three. A comma may be either, and so may
/// a point before three digits: `1.000`.
fn number_of(text: &str) -> Option<Number> {
    let text = text.trim().trim_matches(['"', '\'']);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let mut groups = digits.split([' ', '\u{a0}', '\u{202f}', '\u{2009}', '_']);
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let is_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let last = rest.len().saturating_sub(1);
    let is_group = |(at, group): (usize, &&str)| {
        let group = if at == last {
            group.split('.').next().unwrap_or_default()
        } else {
            group
        };
        group.len() == 3 && is_digits(group)
    };
    let is_grouped =
        rest.is_empty() || (first.len() <= 3 && is_digits(first) && rest.iter().enumerate().all(is_group));
    let joined = format!("{first}{}", rest.concat());
    let (before, behind) = joined.split_once('.').unwrap_or((&joined, "0"));
    let may_be_thousands =
        rest.is_empty() && behind.len() == 3 && (1..=3).contains(&before.len()) && !before.starts_with('0');
    let is_number =
        is_grouped && !may_be_thousands && is_digits(before) && is_digits(behind) && joined.len() <= 20;
    let sign = if digits.len() < text.len() { "-" } else { "" };
    let before = before.trim_start_matches('0');
    let before = if before.is_empty() { "0" } else { before };
    let fraction = if behind.chars().all(|c| c == '0') {
        String::new()
    } else {
        format!(".{behind}")
    };
    is_number
        .then(|| serde_json::from_str(&format!("{sign}{before}{fraction}")).ok())
        .flatten()
}

fn fit_truth(value: Value) -> Value {
    match only(value) {
        Value::String(text) => match text.trim().to_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::String(text),
        },
        other => other,
    }
}

fn fit_text(value: Value, schema: &Value, place: ValuePlace) -> Value {
    let text = match only(value) {
        Value::String(text) => text,
        // What a tool says to a person is no number.
        Value::Number(number) if place.depth > 1 && !number.to_string().contains(['e', 'E']) => {
            number.to_string()
        }
        other => return other,
    };
    let Some(words) = schema.get("enum").and_then(Value::as_array) else {
        return Value::String(text);
    };
    let is_word = text
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '"'));
    let mut meant = words.iter().filter(|word| {
        let word = word.as_str().unwrap_or_default();
        word == text || (is_word && !letters(word).is_empty() && letters(word) == letters(&text))
    });
    match (meant.next(), meant.next()) {
        (Some(word), None) => word.clone(),
        _ => Value::String(text),
    }
}

/// Whether a key occurs twice in an object of the text that this was read from.
pub(super) fn repeats_a_key(read: &Value, text: &str) -> bool {
    keys(read) != colons(text)
}

/// How many keys a value has, at any depth.
fn keys(value: &Value) -> usize {
    match value {
        Value::Object(object) => object
            .values()
            .map(keys)
            .sum::<usize>()
            .saturating_add(object.len()),
        Value::Array(items) => items.iter().map(keys).sum(),
        _ => 0,
    }
}

/// How many keys a written value has: more than it holds when one occurs twice.
fn colons(text: &str) -> usize {
    let (mut count, mut quote, mut is_escaped) = (0usize, None, false);
    for c in text.chars() {
        match quote {
            Some(_) if is_escaped => is_escaped = false,
            Some(_) if c == '\\' => is_escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None => count = count.saturating_add(usize::from(c == ':')),
        }
    }
    count
}
