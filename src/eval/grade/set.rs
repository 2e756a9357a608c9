use std::collections::BTreeSet;

use serde_json::Value;

use super::Verdict;
use super::mention;
use super::view::{AnswerView, ResultView};
use crate::eval::gold::{GoldSet, Place};

pub(super) fn grade(gold: &GoldSet, answer: &AnswerView) -> Verdict {
    let names: BTreeSet<String> = gold.values.iter().map(mention::name).collect();
    let wanted = format!(
        "expected {}",
        names.iter().cloned().collect::<Vec<_>>().join(", ")
    );
    let is_said = |name: &&String| mention::find(&answer.text, name).is_some();
    if gold.place != Place::Evidence {
        let others: Vec<String> = gold.others.iter().map(mention::name).collect();
        if let Some(other) = others.iter().find(is_said) {
            return Err(format!("{wanted}, found {other} too"));
        }
        let missing: Vec<&str> = names
            .iter()
            .filter(|name| !is_said(name))
            .map(String::as_str)
            .collect();
        if missing.is_empty() {
            return Ok(format!("{wanted}, found all in the text"));
        }
        if gold.place == Place::Text {
            return Err(format!(
                "{wanted}, found no {} in the text",
                missing.join(", no ")
            ));
        }
    }
    match answer.evidence.iter().find(|result| holds(result, &names)) {
        Some(result) => Ok(format!(
            "{wanted}, found just these in a column of {}",
            result.title()
        )),
        None => Err(format!(
            "{wanted}, found them neither all in the text nor as the values of a column"
        )),
    }
}

/// Whether the values of one of the columns are just these.
fn holds(result: &ResultView, names: &BTreeSet<String>) -> bool {
    (0..result.columns.len()).any(|at| {
        let values = result.rows.iter().map(|row| row.get(at).unwrap_or(&Value::Null));
        values.map(mention::name).collect::<BTreeSet<String>>() == *names
    })
}
