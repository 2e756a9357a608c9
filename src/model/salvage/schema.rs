//! What only looks like a call: a tool's schema, arguments without their tool, or a tool in a form of its own. Small models write both when they were
//! shown tools and did not learn to call them. Neither is an answer.

use serde_json::{Map, Value};

use super::object::names_tool;
use super::plain::unfenced;
use crate::model::lenient_json;
use crate::model::tool_names::ToolNames;

/// Keys of a JSON schema that few other objects have.
const MARKS: [&str; 5] = [
    "\"properties\"",
    "\"additionalProperties\"",
    "\"required\"",
    "\"$schema\"",
    "\"anyOf\"",
];
/// The keys of a call in the form that most servers know.
const OF_CALLS: [&str; 5] = ["id", "type", "name", "arguments", "parameters"];
/// The values of `type` that a schema begins with.
const TYPES: [&str; 2] = ["object", "function"];

/// Whether a value is a schema.
pub(super) fn is_schema(value: &Value) -> bool {
    let of_type = value.get("type").and_then(Value::as_str);
    let is_typed = of_type.is_some_and(|kind| TYPES.contains(&kind));
    value.get("properties").is_some_and(Value::is_object) && is_typed || value.get("$schema").is_some()
}

/// Whether a text is nothing but a schema, whole or broken off, a tool's description, the arguments of a tool, or JSON that
/// says which tool is to be called.
pub(super) fn is_no_answer(text: &str, names: &ToolNames) -> bool {
    let text = unfenced(text.trim());
    if !text.starts_with(['{', '[']) {
        return behind_words(text, names);
    }
    let (objects, rest) = lenient_json::objects(text.trim_start_matches(['[', ' ', '\n']));
    let is_only = rest.chars().all(|c| "[]{}`,".contains(c) || c.is_whitespace());
    if !objects.is_empty() && is_only {
        return objects.iter().any(|object| {
            holds_schema(object)
                || is_arguments(object, names)
                || is_call_of_nothing(object, names)
                || names_tool(object, names)
        });
    }
    let found = MARKS.iter().filter(|mark| text.contains(**mark)).count();
    let typed = text.contains("\"type\"");
    objects.is_empty() && (found >= 2 || (found == 1 && typed))
}

/// Whether the lines behind what was said are nothing but JSON that says which tool is to be called.
fn behind_words(text: &str, names: &ToolNames) -> bool {
    let json = text.find("\n{").and_then(|at| text.get(at..)).unwrap_or_default();
    let (objects, rest) = lenient_json::objects(json.trim_start());
    rest.trim_matches(['`', ' ', '\n']).is_empty() && objects.iter().any(|object| names_tool(object, names))
}

/// Whether an object is a schema or describes something by one.
fn holds_schema(object: &Map<String, Value>) -> bool {
    let whole = Value::Object(object.clone());
    is_schema(&whole)
        || ["parameters", "input_schema", "inputSchema", "schema", "arguments"]
            .iter()
            .any(|key| whole.get(*key).is_some_and(is_schema))
        || object
            .get("function")
            .and_then(Value::as_object)
            .is_some_and(holds_schema)
}

/// Whether an object is made like a call and names what is no tool: with arguments that tools take, or with nothing beside
/// them that no call has.
fn is_call_of_nothing(object: &Map<String, Value>, names: &ToolNames) -> bool {
    let inner = object.get("function").and_then(Value::as_object);
    let listed = object.get("tool_calls").and_then(Value::as_array);
    let mut within = inner
        .into_iter()
        .chain(listed.into_iter().flatten().filter_map(Value::as_object));
    if within.any(|inner| is_call_of_nothing(inner, names)) {
        return true;
    }
    let brings = ["arguments", "parameters"]
        .iter()
        .find_map(|key| object.get(*key));
    let name = object.get("name").and_then(Value::as_str).unwrap_or_default();
    // What is sold or who sells it has a name of another kind.
    let is_word = name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.contains(char::is_whitespace);
    let is_only = is_word && object.keys().all(|key| OF_CALLS.contains(&key.as_str()));
    !name.is_empty()
        && match brings {
            Some(Value::Object(arguments)) => is_only || arguments.keys().any(|key| names.have_argument(key)),
            Some(Value::String(written)) => is_only && written.trim_start().starts_with('{'),
            _ => false,
        }
}

fn is_arguments(object: &Map<String, Value>, names: &ToolNames) -> bool {
    let keys: Vec<&str> = object.keys().map(String::as_str).collect();
    names.take(&keys)
}
