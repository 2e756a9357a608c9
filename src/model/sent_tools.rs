//! Tools as a server takes them: closed or open, described where they are listed or in the system prompt, with schemas of every kind
//! or of simple types alone. Nothing is lost either way: what a schema may not say its description says, and the gate checks it
//! anyhow.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::adjust::RequestPart;
use super::json_action::listed;
use super::tool_schema::opened;
use super::{ModelRequest, ToolSpec};

/// Longest description of a tool that every server takes, in characters.
const SHORT: usize = 200;
/// Types of what is no list and no object.
const SCALARS: [&str; 4] = ["string", "integer", "number", "boolean"];

/// The tools of a request without what is left out.
pub(super) fn tools<'a>(request: &'a ModelRequest, left_out: &BTreeSet<RequestPart>) -> Cow<'a, [ToolSpec]> {
    let sends = |part: RequestPart| !left_out.contains(&part);
    let (closed, any) = (sends(RequestPart::ClosedSchemas), sends(RequestPart::ToolSchemas));
    let described = sends(RequestPart::ToolDescriptions);
    if closed && any && described {
        return Cow::Borrowed(&request.tools);
    }
    let as_taken = request.tools.iter().map(|tool| ToolSpec {
        name: tool.name.clone(),
        description: if described {
            tool.description.clone()
        } else {
            beginning(&tool.description)
        },
        schema: match (any, closed) {
            (false, _) => simple(&tool.schema).into(),
            (true, false) => opened(&tool.schema).into(),
            (true, true) => tool.schema.clone(),
        },
    });
    as_taken.collect()
}

/// The system prompt of a request, with the descriptions of tools where these do not stand with the tools.
pub(super) fn system<'a>(request: &'a ModelRequest, left_out: &BTreeSet<RequestPart>) -> Cow<'a, str> {
    if !left_out.contains(&RequestPart::ToolDescriptions) || request.tools.is_empty() {
        return Cow::Borrowed(&request.system);
    }
    Cow::Owned(format!(
        "{}\n{}",
        request.system.trim_end(),
        listed(&request.tools)
    ))
}

/// The first sentence of a description, or its first words.
fn beginning(description: &str) -> String {
    let sentence = description
        .split_inclusive(['.', '\n'])
        .next()
        .unwrap_or_default();
    let sentence = sentence.trim();
    if sentence.chars().count() <= SHORT {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(SHORT - 1).collect();
    let words = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    format!("{words}…")
}

/// The schema of a tool with simple types alone.
fn simple(schema: &Value) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object);
    let properties: Map<String, Value> = properties
        .into_iter()
        .flatten()
        .map(|(name, property)| (name.clone(), simple_property(property)))
        .collect();
    let mut plain = json!({"type": "object", "properties": properties});
    if let (Some(required), Some(object)) = (schema.get("required"), plain.as_object_mut()) {
        object.insert("required".to_owned(), required.clone());
    }
    plain
}

/// One argument as a text, a number, a yes or no, or a list of these. What its schema says beside that, and any other schema, stands
/// in its description.
fn simple_property(property: &Value) -> Value {
    let scalar = |schema: &Value| {
        let kind = schema.get("type").and_then(Value::as_str);
        SCALARS.into_iter().find(|known| Some(*known) == kind)
    };
    let items = property.get("items").and_then(scalar);
    let is_list = property.get("type").is_some_and(|kind| kind == "array");
    let (mut plain, shown) = match (scalar(property), items.filter(|_| is_list)) {
        (Some(kind), _) => (json!({ "type": kind }), rest(property, &["type", "description"])),
        (None, Some(kind)) => {
            let of_items = property.get("items").map(|items| rest(items, &["type"]));
            let mut others = rest(property, &["type", "description", "items"]);
            others.extend(
                of_items
                    .filter(|rest| !rest.is_empty())
                    .map(|rest| ("items".to_owned(), rest.into())),
            );
            (json!({"type": "array", "items": {"type": kind}}), others)
        }
        (None, None) => (json!({"type": "string"}), rest(property, &["description"])),
    };
    let described = property.get("description").and_then(Value::as_str);
    let shown = (!shown.is_empty()).then(|| opened(&Value::Object(shown)).to_string());
    let description: Vec<&str> = described.into_iter().chain(shown.as_deref()).collect();
    if let Some(object) = plain.as_object_mut().filter(|_| !description.is_empty()) {
        object.insert("description".to_owned(), description.join(" ").into());
    }
    plain
}

/// The fields of a schema but for these.
fn rest(schema: &Value, without: &[&str]) -> Map<String, Value> {
    let fields = schema.as_object().into_iter().flatten();
    let others = fields.filter(|(key, _)| !without.contains(&key.as_str()));
    others.map(|(key, value)| (key.clone(), value.clone())).collect()
}
