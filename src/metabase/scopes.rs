//! Scopes of the Agent API: which routes of a generation a credential may not ask.

use http::StatusCode;
use serde_json::json;

use super::call::{ApiCall, Caller};
use super::endpoints::{self, Route};
use super::server::DetectedServer;
use super::{Generation, MetabaseError};

/// Routes that metric and table queries of a generation need, one for each scope.
fn needed(generation: Generation) -> &'static [Route] {
    match generation {
        Generation::V59 => &[
            endpoints::METRIC,
            endpoints::TABLE,
            endpoints::CONSTRUCT,
            endpoints::EXECUTE,
        ],
        Generation::V60 => &[endpoints::METRIC, endpoints::TABLE, endpoints::QUERY],
        Generation::V61 | Generation::V62 | Generation::V63 => &[endpoints::QUERY_V2],
    }
}

/// The scopes that are needed and that the credential lacks.
pub(super) async fn missing(
    caller: &Caller,
    detected: &DetectedServer,
) -> Result<Vec<&'static str>, MetabaseError> {
    let mut missing = Vec::new();
    let needed = detected.info.generation.map(needed).unwrap_or_default();
    for route in needed {
        let reads = route.path().contains('{');
        let call = ApiCall {
            action: format!("find out whether {} may be asked", route.path()),
            // No entry has this number, so nothing is read.
            ids: if reads { vec!["0".to_owned()] } else { Vec::new() },
            body: (!reads).then(|| json!({})),
            ..ApiCall::default()
        };
        let reply = caller.send(*route, call).await?;
        if reply.status == StatusCode::FORBIDDEN && reply.lacks_scope() {
            missing.extend(route.scope);
        }
    }
    Ok(missing)
}
