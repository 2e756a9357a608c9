//! JSON that is a call: an object that names a tool and brings arguments, under whatever keys a model has learnt to write them.

use serde_json::{Map, Value};

use super::schema::is_schema;
use super::worded::pairs;
use crate::model::tool_names::ToolNames;
use crate::model::{arguments, lenient_json};

/// A tool's name and its arguments.
pub(super) type NamedCall = (String, String);

/// The keys under which models put a tool's name, as [`plain_key`] writes them.
const NAME_KEYS: [&str; 15] = [
    "name",
    "tool",
    "toolname",
    "action",
    "function",
    "functionname",
    "recipientname",
    "recipient",
    "method",
    "command",
    "api",
    "apiname",
    "call",
    "toolcall",
    "step",
];
/// Those of them under which nothing else stands.
const TOOL_KEYS: [&str; 7] = [
    "tool",
    "toolname",
    "function",
    "functionname",
    "recipientname",
    "toolcall",
    "functioncall",
];
/// The keys under which models put the arguments.
const ARGUMENT_KEYS: [&str; 14] = [
    "arguments",
    "parameters",
    "args",
    "input",
    "actioninput",
    "toolinput",
    "toolargs",
    "toolarguments",
    "toolparameters",
    "functionargs",
    "functionarguments",
    "params",
    "kwargs",
    "content",
];
/// What else a call without arguments may hold without being something else that happens to have a name.
const SIDE_KEYS: [&str; 6] = ["id", "type", "index", "callid", "toolcallid", "tooluseid"];
/// The keys under which models put one call, or a list of calls.
const WRAPPERS: [&str; 11] = [
    "toolcalls",
    "tooluses",
    "functioncalls",
    "calls",
    "toolcall",
    "tooluse",
    "functioncall",
    "action",
    "actions",
    "step",
    "steps",
];
/// Those of them beside which words may stand.
const SURE_WRAPPERS: [&str; 6] = [
    "toolcalls",
    "tooluses",
    "functioncalls",
    "toolcall",
    "tooluse",
    "functioncall",
];

/// A key in small letters, without marks: `toolName`, `tool_name`, `Tool name`.
fn plain_key(key: &str) -> String {
    let letters = key.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// The first of these keys that an object has, and what stands there.
fn first_of<'a>(object: &'a Map<String, Value>, keys: &[&str]) -> Option<(&'a str, &'a Value)> {
    keys.iter().find_map(|wanted| {
        let mut fields = object.iter();
        let found = fields.find(|(key, _)| plain_key(key) == **wanted);
        found.map(|(key, value)| (key.as_str(), value))
    })
}

/// Takes one value as a call or a list of calls; `None` when any of it is something else.
pub(super) fn collect(value: &Value, names: &ToolNames, calls: &mut Vec<NamedCall>) -> Option<()> {
    match value {
        Value::Array(items) => {
            if let [Value::String(name), arguments @ Value::Object(_)] = items.as_slice()
                && names.has(name)
            {
                calls.push((name.clone(), arguments.to_string()));
                return Some(());
            }
            let is_text = |item: &&Value| item.get("type").and_then(Value::as_str) == Some("text");
            let mut items = items.iter().filter(|item| !is_text(item));
            items.try_for_each(|item| collect(item, names, calls))
        }
        Value::Object(object) => {
            if let Some(inner) = wrapped(object) {
                return collect(inner, names, calls);
            }
            if let (1, Some((key, inner))) = (object.len(), object.iter().next())
                && names.has(key)
                && inner.is_object()
            {
                calls.push((key.clone(), inner.to_string()));
                return Some(());
            }
            calls.push(as_call(object, names)?);
            Some(())
        }
        _ => None,
    }
}

/// The calls that an object holds and nothing else, but for words beside them.
fn wrapped(object: &Map<String, Value>) -> Option<&Value> {
    let (key, inner) =
        first_of(object, &WRAPPERS).filter(|(_, inner)| inner.is_object() || inner.is_array())?;
    let is_word = |value: &Value| value.is_null() || value.is_string();
    let is_only = object.len() == 1
        || (SURE_WRAPPERS.contains(&plain_key(key).as_str())
            && object.iter().all(|(other, value)| other == key || is_word(value)));
    is_only.then_some(inner)
}

/// The call that an object is. One that names a tool and brings arguments may hold anything else beside them; a schema is
/// no arguments.
pub(super) fn as_call(object: &Map<String, Value>, names: &ToolNames) -> Option<NamedCall> {
    if let Some((_, Value::Object(function))) = first_of(object, &["function", "tool", "action"]) {
        let call = as_call(function, names)?;
        return (!is_named_otherwise(object, &call.0, names)).then_some(call);
    }
    let (name_key, name) = first_of(object, &NAME_KEYS)?;
    let name = names.plain(name.as_str()?);
    let arguments = first_of(object, &ARGUMENT_KEYS).map(|(_, value)| value);
    let arguments = arguments.filter(|value| !value.is_null());
    if !names.has(&name) {
        // `tools/call`, and the call itself among the parameters.
        return arguments
            .and_then(Value::as_object)
            .and_then(|inner| as_call(inner, names));
    }
    if is_named_otherwise(object, &name, names) || brings_others(object, (&name, arguments), names) {
        return None;
    }
    let is_bare = || object.keys().all(|key| key == name_key || is_beside(key));
    let beside = arguments_beside(object, name_key);
    let brings_some = || {
        let keys: Vec<&str> = beside.keys().map(String::as_str).collect();
        names.take(&keys)
    };
    (arguments.is_some() || is_bare() || brings_some()).then_some(())?;
    let written = match arguments {
        None => Value::Object(beside).to_string(),
        Some(schema) if is_schema(schema) => return None,
        Some(Value::String(text)) => match pairs(text) {
            Some(found) => Value::Object(found).to_string(),
            None => text.clone(),
        },
        Some(other) => other.to_string(),
    };
    Some((name, arguments::plain(&written)))
}

/// Whether an object names another known tool as well.
fn is_named_otherwise(object: &Map<String, Value>, name: &str, names: &ToolNames) -> bool {
    let others = object
        .iter()
        .filter(|(key, _)| NAME_KEYS.contains(&plain_key(key).as_str()));
    let mut tools = others.filter_map(|(_, other)| Some(names.plain(other.as_str()?)));
    tools.any(|other| other != name && names.has(&other))
}

/// Whether an object brings other arguments than those that are taken: under another key, or beside them.
fn brings_others(
    object: &Map<String, Value>,
    (name, taken): (&str, Option<&Value>),
    names: &ToolNames,
) -> bool {
    let read = |value: &Value| match value {
        Value::String(text) => lenient_json::value(text).filter(Value::is_object),
        value => Some(value.clone()).filter(Value::is_object),
    };
    let Some(taken) = taken.and_then(read) else {
        return false;
    };
    object.iter().any(|(key, value)| {
        if ARGUMENT_KEYS.contains(&plain_key(key).as_str()) {
            return read(value).is_some_and(|other| other != taken && !is_schema(&other));
        }
        !is_beside(key) && names.takes(name, key) && taken.get(key) != Some(value)
    })
}

/// What stands beside a name and is neither the arguments nor an id: the arguments themselves, where there is nothing else.
fn arguments_beside(object: &Map<String, Value>, name_key: &str) -> Map<String, Value> {
    let fields = object.iter();
    fields
        .filter(|(key, _)| *key != name_key && !is_beside(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn is_beside(key: &str) -> bool {
    let key = plain_key(key);
    SIDE_KEYS.contains(&key.as_str()) || ARGUMENT_KEYS.contains(&key.as_str())
}

/// Whether an object, or one within it, says which tool is to be called, in a form that is none of a call. A name that is no
/// word of a language says so under more keys.
pub(super) fn names_tool(object: &Map<String, Value>, names: &ToolNames) -> bool {
    let tool = |keys: &[&str]| {
        let (_, tool) = first_of(object, keys)?;
        Some(names.plain(tool.as_str()?)).filter(|tool| names.has(tool))
    };
    tool(&TOOL_KEYS).is_some()
        || tool(&NAME_KEYS).is_some_and(|tool| tool.contains('_'))
        || object
            .values()
            .filter_map(Value::as_object)
            .any(|inner| names_tool(inner, names))
}
