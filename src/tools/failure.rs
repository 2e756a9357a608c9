//! Failures of calls that were let through: what the model can act on, and what ends the turn.
//!
//! The turn ends only when no other call can work either: the credential does not work, or our own wire would not send
//! the request. Any other failure may concern this entry or this moment alone, so the model is told of it, and the guard
//! ends a streak of failures.

use serde_json::json;

use super::ToolError;
use crate::dbt::{DbtError, DbtFailure};
use crate::metabase::{FailureClass, MetabaseError};
use crate::prompt::fill;
use crate::text::{clean_line, cut_to_bytes};
use crate::wire::WireError;

/// Longest message, in bytes.
const MAX_BYTES: usize = 1_500;
/// Most characters passed on of what Metabase said.
const MAX_SAID_CHARS: usize = 500;

/// Tells the model of a failure of dbt. None ends the turn: Metabase may still answer.
pub(super) fn of_dbt(what: &str, error: &DbtError) -> ToolError {
    let class = match error.class {
        DbtFailure::Invalid => FailureClass::InvalidQuery,
        DbtFailure::Unauthorized => FailureClass::Unauthorized,
        DbtFailure::Forbidden | DbtFailure::Denied => FailureClass::Forbidden,
        DbtFailure::NotFound => FailureClass::NotFound,
        DbtFailure::Closed => FailureClass::Throttled,
        DbtFailure::TooLarge => FailureClass::TooLarge,
        DbtFailure::Timeout => FailureClass::Timeout,
        DbtFailure::Unreadable => FailureClass::Unreadable,
        DbtFailure::Unavailable | DbtFailure::Artifact => FailureClass::Unavailable,
    };
    tell_model(what, class, &error.message)
}

/// Nothing asks dbt here, although the catalog has a metric of its.
pub(super) fn without_dbt(what: &str) -> ToolError {
    let said = "dbt's Semantic Layer is not configured in this process";
    tell_model(what, FailureClass::Unavailable, said)
}

/// Sorts a failure; `what` is the entry it was about, as in `card 7 "Revenue"`.
pub(super) fn sort(what: &str, error: MetabaseError) -> ToolError {
    let ours = matches!(
        error.source,
        Some(WireError::NotGranted { .. } | WireError::Invalid { .. })
    );
    if ours || error.class == FailureClass::Unauthorized {
        return ToolError::Fatal(error);
    }
    tell_model(what, error.class, &error.message)
}

fn tell_model(what: &str, class: FailureClass, said: &str) -> ToolError {
    let said = clean_line(said, MAX_SAID_CHARS);
    let values = json!({"what": what, "class": class, "said": said});
    let message = fill(include_str!("../../prompts/tools/failed.tera"), &values);
    ToolError::TellModel {
        class,
        message: cut_to_bytes(message, MAX_BYTES),
    }
}
