//! Where the results of two answers to one question differ: in words of calls, rows and columns.

use crate::agent::{Answer, Evidence};

/// Place, what was recorded, what is there now. `None` when the calls went the same way and brought the same rows.
type ResultDifference = (String, String, String);

/// The first call that went another way or brought something else. Calls that the later answer did not come to say
/// nothing.
pub(super) fn difference(recorded: &Answer, now: &Answer) -> Option<ResultDifference> {
    let mut calls = (1_u32..).zip(recorded.tool_calls.iter().zip(&now.tool_calls));
    calls.find_map(|(number, (was, is))| {
        let call = format!("call {number} ({})", was.name);
        if was.status != is.status || was.message != is.message {
            let say = |call: &crate::agent::CallRecord| {
                let status = serde_json::to_value(call.status).unwrap_or_default();
                let message = call.message.as_deref().unwrap_or_default();
                format!("{} {message}", status.as_str().unwrap_or_default())
                    .trim_end()
                    .to_owned()
            };
            return Some((call, say(was), say(is)));
        }
        let of = |answer: &'_ Answer| -> Vec<Evidence> {
            answer
                .evidence
                .iter()
                .filter(|evidence| evidence.call == number)
                .cloned()
                .collect()
        };
        let (was, is) = (of(recorded), of(now));
        was.iter().zip(&is).find_map(|(was, is)| {
            let name = format!("{call}, {} of {}", was.result, was.title);
            table(was, is).map(|(at, was, is)| (format!("{name}, {at}"), was, is))
        })
    })
}

fn table(was: &Evidence, is: &Evidence) -> Option<ResultDifference> {
    if was.columns != is.columns {
        return Some((
            "columns".to_owned(),
            was.columns.join(", "),
            is.columns.join(", "),
        ));
    }
    let cell = (1..)
        .zip(was.rows.to_values().iter().zip(&is.rows.to_values()))
        .find_map(|(row, (was_row, is_row))| {
            let mut cells = was.columns.iter().zip(was_row.iter().zip(is_row));
            cells.find(|(_, (was, is))| was != is).map(|(column, (was, is))| {
                (
                    format!("row {row}, column {column:?}"),
                    was.to_string(),
                    is.to_string(),
                )
            })
        });
    cell.or_else(|| {
        let rows = |evidence: &Evidence| format!("{} rows", evidence.rows_known);
        (was.rows.len() != is.rows.len() || was.rows_known != is.rows_known)
            .then(|| ("the number of rows".to_owned(), rows(was), rows(is)))
    })
}
