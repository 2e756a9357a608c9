use super::GradeResult;
use super::view::{AnswerView, ResultView};
use crate::eval::case::{EntryRef, EvidenceRules};

pub(super) fn used(rules: &EvidenceRules, answers: &[AnswerView]) -> Option<GradeResult> {
    if rules.must_use.is_empty() && rules.must_not_use.is_empty() {
        return None;
    }
    let results = || answers.iter().flat_map(|answer| &answer.evidence);
    let titles = || {
        let titles: Vec<String> = results().map(ResultView::title).collect();
        if titles.is_empty() {
            "no result".to_owned()
        } else {
            titles.join(", ")
        }
    };
    if let Some(missing) = rules
        .must_use
        .iter()
        .find(|entry| !results().any(|result| is(entry, result)))
    {
        return Some(Err(format!(
            "expected a result of {}, found {}",
            name(missing),
            titles()
        )));
    }
    let forbidden = rules
        .must_not_use
        .iter()
        .find_map(|entry| results().find(|result| is(entry, result)));
    Some(match forbidden {
        Some(result) => Err(format!("expected no result of {}, found one", result.title())),
        None => Ok(format!("it rests on {}, as expected", titles())),
    })
}

/// Whether a result is of the entry.
pub(super) fn is(entry: &EntryRef, result: &ResultView) -> bool {
    let kind = entry.kind.is_none_or(|kind| kind.to_string() == result.kind);
    let id = entry.id.is_none_or(|id| u64::from(id) == result.id);
    let name = entry.name.as_ref().is_none_or(|name| *name == result.name);
    kind && id && name
}

/// An entry for a reason.
pub(super) fn name(entry: &EntryRef) -> String {
    let kind = entry
        .kind
        .map_or_else(|| "entry".to_owned(), |kind| kind.to_string());
    let id = entry.id.map(|id| format!(" {id}")).unwrap_or_default();
    let name = entry
        .name
        .as_ref()
        .map(|name| format!(" \"{name}\""))
        .unwrap_or_default();
    format!("{kind}{id}{name}")
}
