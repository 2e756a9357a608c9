//! What was read, as text for a language model. Programs read the resources instead.

use std::fmt::Write as _;

use serde_json::Value;

/// All resources of an answer.
pub(super) fn output(resources: &[Value]) -> String {
    let mut text = "<resources>\n".to_owned();
    for resource in resources {
        let uri = resource.get("uri").and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(text, "<resource uri=\"{}\">", escaped(uri));
        if let Some(structured) = resource.pointer("/content/structured-output") {
            element(&mut text, structured);
        } else {
            let problem = resource.get("error").and_then(Value::as_str).unwrap_or_default();
            let _ = writeln!(text, "**Error:** {}", escaped(problem));
        }
        text.push_str("</resource>\n");
    }
    text.push_str("</resources>");
    text
}

/// A thing with its plain values as attributes and its lists inside.
fn element(text: &mut String, value: &Value) {
    let Some(members) = value.as_object() else {
        return;
    };
    let name = members.get("type").and_then(Value::as_str).unwrap_or("item");
    let _ = write!(text, "<{name}");
    for (key, value) in members {
        let shown = match value {
            Value::String(shown) => shown.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => continue,
        };
        let _ = write!(text, " {key}=\"{}\"", escaped(&shown));
    }
    let lists = members.values().filter_map(Value::as_array);
    let inner: Vec<&Value> = lists.flatten().filter(|item| item.is_object()).collect();
    if inner.is_empty() {
        text.push_str(" />\n");
        return;
    }
    text.push_str(">\n");
    for item in inner {
        element(text, item);
    }
    let _ = writeln!(text, "</{name}>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
