use serde_json::Value;

use super::GradeResult;
use super::view::{AnswerView, CallView};
use crate::eval::case::ToolRules;

pub(super) fn trajectory(rules: &ToolRules, answers: &[AnswerView]) -> Option<GradeResult> {
    if *rules == ToolRules::default() {
        return None;
    }
    let calls: Vec<&CallView> = answers.iter().flat_map(|answer| &answer.tool_calls).collect();
    Some(check(rules, &calls))
}

fn check(rules: &ToolRules, calls: &[&CallView]) -> GradeResult {
    let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
    let made = if names.is_empty() {
        "no call".to_owned()
    } else {
        names.join(", ")
    };
    for tool in &rules.must {
        if !calls.iter().any(|call| call.name == *tool && call.worked()) {
            return Err(format!("expected a call of {tool} that worked, found {made}"));
        }
    }
    for tool in &rules.must_not {
        if names.contains(&tool.as_str()) {
            return Err(format!("expected no call of {tool}, found {made}"));
        }
    }
    let mut rest = calls.iter().filter(|call| call.worked());
    for tool in &rules.order {
        if !rest.any(|call| call.name == *tool) {
            return Err(format!(
                "expected {} in this order, found {made}",
                rules.order.join(", ")
            ));
        }
    }
    for wanted in &rules.calls {
        let arguments = Value::Object(wanted.arguments.clone());
        let same = |call: &&CallView| {
            call.name == wanted.tool && call.worked() && within(&arguments, &call.arguments)
        };
        if !calls.iter().any(same) {
            let found: Vec<String> = calls
                .iter()
                .filter(|call| call.name == wanted.tool)
                .map(|call| call.arguments.to_string())
                .collect();
            return Err(format!(
                "expected a call of {} with {arguments}, found {}",
                wanted.tool,
                if found.is_empty() { made } else { found.join(", ") }
            ));
        }
    }
    for (tool, most) in &rules.max_calls {
        let count = names.iter().filter(|name| *name == tool).count();
        if count > *most as usize {
            return Err(format!("expected at most {most} calls of {tool}, found {count}"));
        }
    }
    Ok(format!("the calls are as expected: {made}"))
}

/// Whether all of `wanted` is in `given`: objects may have more keys, lists are the same or, for objects in them, hold
/// at least these.
fn within(wanted: &Value, given: &Value) -> bool {
    match (wanted, given) {
        (Value::Object(wanted), Value::Object(given)) => wanted
            .iter()
            .all(|(key, value)| given.get(key).is_some_and(|found| within(value, found))),
        (Value::Array(wanted), Value::Array(given)) => wanted
            .iter()
            .all(|value| given.iter().any(|found| within(value, found))),
        _ => super::query::same_value(wanted, given),
    }
}
