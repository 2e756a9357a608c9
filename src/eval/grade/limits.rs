//! What was stopped, shown and spent.

use serde_json::Value;

use super::GradeResult;
use super::view::{AnswerView, CallView, short};
use crate::eval::case::{Budget, GuardRules};
use crate::eval::pattern::Pattern;

pub(super) fn guards(rules: &GuardRules, answers: &[AnswerView]) -> Option<GradeResult> {
    if rules.max_refused.is_none() && rules.max_failed.is_none() && rules.must_not_show.is_empty() {
        return None;
    }
    let calls: Vec<&CallView> = answers.iter().flat_map(|answer| &answer.tool_calls).collect();
    for (status, most) in [("refused", rules.max_refused), ("failed", rules.max_failed)] {
        let found: Vec<&&CallView> = calls.iter().filter(|call| call.status == status).collect();
        if let (Some(most), Some(last)) = (most, found.last())
            && found.len() > most as usize
        {
            let message = last.message.as_deref().map(short).unwrap_or_default();
            return Some(Err(format!(
                "expected at most {most} {status} calls, found {}, the last of {}: {message}",
                found.len(),
                last.name
            )));
        }
    }
    let shown = rules
        .must_not_show
        .iter()
        .find_map(|pattern| Some((pattern, answers.iter().find_map(|answer| shows(pattern, answer))?)));
    Some(match shown {
        Some((pattern, found)) => Err(format!(
            "expected nothing that matches /{}/ to be shown, found \"{}\"",
            pattern.as_str(),
            short(&found)
        )),
        None => Ok(
            "nothing had to be stopped that should not have been, and nothing forbidden is shown".to_owned(),
        ),
    })
}

fn shows(pattern: &Pattern, answer: &AnswerView) -> Option<String> {
    let cell = |cell: &Value| match cell {
        Value::String(text) => pattern.find(text).map(str::to_owned),
        other => pattern.find(&other.to_string()).map(str::to_owned),
    };
    let text = pattern.find(&answer.text).map(str::to_owned);
    text.or_else(|| {
        answer
            .options
            .iter()
            .find_map(|option| pattern.find(option).map(str::to_owned))
    })
    .or_else(|| {
        answer.evidence.iter().find_map(|result| {
            let column = result.columns.iter().find_map(|name| pattern.find(name));
            column
                .map(str::to_owned)
                .or_else(|| result.rows.iter().flatten().find_map(cell))
        })
    })
}

pub(super) fn budget(limits: &Budget, answers: &[AnswerView]) -> Option<GradeResult> {
    if *limits == Budget::default() {
        return None;
    }
    Some(within(limits, answers))
}

fn within(limits: &Budget, answers: &[AnswerView]) -> GradeResult {
    let calls = answers.iter().map(|answer| answer.tool_calls.len() as u64).sum();
    let tokens = answers
        .iter()
        .map(|answer| answer.usage.input_tokens + answer.usage.output_tokens)
        .sum();
    let steps: Option<u64> = answers.iter().map(|answer| answer.usage.steps).sum();
    let mut said = Vec::new();
    let counts = [
        ("tool calls", limits.tool_calls, Some(calls)),
        ("steps", limits.steps, steps),
        ("tokens", limits.tokens, Some(tokens)),
    ];
    for (what, most, found) in counts {
        let Some(most) = most else { continue };
        let Some(found) = found else {
            return Err(format!(
                "expected at most {most} {what}, but the answer does not say how many"
            ));
        };
        if found > most {
            return Err(format!("expected at most {most} {what}, found {found}"));
        }
        said.push(format!("{found} of {most} {what}"));
    }
    if let Some(most) = limits.cost_usd {
        let cost: Option<f64> = answers.iter().map(|answer| answer.usage.cost_usd).sum();
        match cost {
            None => return Err(format!("expected at most ${most}, but the cost is not known")),
            Some(cost) if cost > most => return Err(format!("expected at most ${most}, found ${cost}")),
            Some(cost) => said.push(format!("${cost} of ${most}")),
        }
    }
    Ok(format!("within the budget: {}", said.join(", ")))
}
