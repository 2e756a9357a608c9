//! The tools that ask dbt: [`data_health`](health), [`dbt_lookup`](lookup) and [`dbt_run_job`](run_job). They are shown only
//! where dbt is configured and what they ask is granted.
//!
//! What they bring are tables like any other: a time or a count in an answer is a cell of one, so that it can be pointed at.
//! Nothing that dbt says stands on a line of ours.

mod health;
mod lookup;
mod rows;
mod run_job;

use serde_json::json;

pub(super) use health::DataHealthTool;
pub(super) use lookup::DbtLookupTool;
pub(super) use run_job::DbtRunJobTool;

use super::ToolError;
use crate::dbt::{DbtError, DbtFailure, DbtNameError, EntryHealthError};
use crate::metabase::FailureClass;
use crate::prompt::fill;
use crate::text::{clean_line, cut_to_bytes};

/// Longest message, in bytes.
const MAX_BYTES: usize = 1_500;
/// Most characters passed on of what dbt said.
const MAX_SAID_CHARS: usize = 700;

/// A failure as the model is told of it.
fn told(what: &str, class: &str, said: &str, counted_as: FailureClass) -> ToolError {
    let values = json!({ "what": what, "class": class, "said": clean_line(said, MAX_SAID_CHARS) });
    let message = fill(include_str!("../../../prompts/dbt/failed.tera"), &values);
    ToolError::TellModel {
        class: counted_as,
        message: cut_to_bytes(message, MAX_BYTES),
    }
}

/// A failure of dbt. None of them ends the turn: Metabase can still be asked.
fn failed(what: &str, error: &DbtError) -> ToolError {
    let (class, counted_as) = match error.class {
        DbtFailure::Invalid => ("invalid", FailureClass::InvalidQuery),
        DbtFailure::NotFound => ("not_found", FailureClass::NotFound),
        DbtFailure::Denied => ("denied", FailureClass::Forbidden),
        DbtFailure::Unauthorized | DbtFailure::Forbidden => ("forbidden", FailureClass::Forbidden),
        DbtFailure::Closed => ("closed", FailureClass::Throttled),
        DbtFailure::Timeout => ("timeout", FailureClass::Timeout),
        DbtFailure::TooLarge => ("too_large", FailureClass::TooLarge),
        DbtFailure::Unavailable => ("unavailable", FailureClass::Unavailable),
        DbtFailure::Unreadable | DbtFailure::Artifact => ("unreadable", FailureClass::Unreadable),
    };
    told(what, class, &error.to_string(), counted_as)
}

/// A name that nothing, or more than one thing, has.
fn unknown(what: &str, error: &DbtNameError) -> ToolError {
    told(what, "unknown_name", &error.to_string(), FailureClass::NotFound)
}

fn unhealthy(what: &str, error: &EntryHealthError) -> ToolError {
    match error {
        EntryHealthError::Dbt(error) => failed(what, error),
        EntryHealthError::NotJoined { .. } => {
            told(what, "not_found", &error.to_string(), FailureClass::NotFound)
        }
    }
}

/// Why a tool that is not offered here was run all the same.
fn not_configured(what: &str) -> ToolError {
    told(what, "denied", "dbt is not configured", FailureClass::Forbidden)
}
