//! The outcome and what the text says.

use super::GradeResult;
use super::view::{AnswerView, short};
use crate::agent::Outcome;
use crate::eval::case::TextRules;

pub(super) fn outcome(expected: &[Outcome], answer: &AnswerView) -> Option<GradeResult> {
    let names: Vec<String> = expected
        .iter()
        .filter_map(|outcome| serde_json::to_value(outcome).ok()?.as_str().map(str::to_owned))
        .collect();
    if names.is_empty() {
        return None;
    }
    let found = &answer.outcome;
    let reason = format!("expected {}, found {found}", names.join(" or "));
    Some(if names.contains(found) {
        Ok(reason)
    } else {
        Err(reason)
    })
}

/// An answer without a word answers nothing, whatever its outcome.
pub(super) fn nothing_said(answer: &AnswerView) -> Option<GradeResult> {
    let said = !answer.text.trim().is_empty() || !answer.options.is_empty();
    (!said).then(|| Err("expected an answer, found no text at all".to_owned()))
}

pub(super) fn text(rules: &TextRules, answer: &AnswerView) -> Option<GradeResult> {
    if rules.must.is_empty() && rules.must_not.is_empty() {
        return None;
    }
    // A question back is read with the answers it offers.
    let text = std::iter::once(answer.text.as_str())
        .chain(answer.options.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join("\n");
    if let Some(missing) = rules.must.iter().find(|pattern| pattern.find(&text).is_none()) {
        return Some(Err(format!(
            "expected a match of /{}/, found: {}",
            missing.as_str(),
            short(&text)
        )));
    }
    let forbidden = rules
        .must_not
        .iter()
        .find_map(|pattern| Some((pattern, pattern.find(&text)?)));
    Some(match forbidden {
        Some((pattern, found)) => Err(format!(
            "expected no match of /{}/, found \"{}\"",
            pattern.as_str(),
            short(found)
        )),
        None => Ok(format!(
            "the text matches all {} patterns and none of {} forbidden ones",
            rules.must.len(),
            rules.must_not.len()
        )),
    })
}
