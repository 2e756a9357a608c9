//! Finds out which generation of the Agent API answers, by what its routes say to a request with nothing in it.
//!
//! | asked | says |
//! |---|---|
//! | `POST /v2/construct-query` | not there: v0.59 or v0.60. Misses `source`: v0.61. Misses `query`: v0.62 or later |
//! | `POST /v1/query` | not there: v0.59; else v0.60 |
//! | `POST /v2/query` with a text for a query | takes a text: v0.63 or later; else v0.62 |
//!
//! A version that is newer than all that are known here is asked the same: what it answers counts, and not its number.
//! A route that a proxy hides, that fails, or that the credential's scopes do not cover says nothing; then the version
//! decides.

use http::StatusCode;
use serde_json::{Value, json};

use super::call::{ApiCall, ApiReply, Caller};
use super::endpoints::{self, Route};
use super::{FailureClass, Generation, MetabaseError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProbedGeneration {
    Asked(Generation),
    /// The routes told nothing; the version has this one.
    Version(Generation),
    /// Nothing that is known here.
    Unknown,
}

/// What a route said to a request with nothing in it.
#[derive(Debug)]
enum RouteAnswer {
    Absent,
    /// It looked at the body, and said this of it.
    Said(String),
    /// It is there or not: it failed, or the credential may not ask it.
    Silent,
}

/// The grammar that `/v2` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProbedForm {
    Program,
    Portable,
}

/// Which generation answers; `claimed` is the number of the version.
pub(super) async fn generation(
    caller: &Caller,
    claimed: Option<u32>,
) -> Result<ProbedGeneration, MetabaseError> {
    let by_version = || {
        let known = claimed.and_then(Generation::of_version);
        known.map_or(ProbedGeneration::Unknown, ProbedGeneration::Version)
    };
    let form = match ask(caller, endpoints::CONSTRUCT_V2, json!({})).await? {
        RouteAnswer::Absent => match first_generations(caller, claimed).await? {
            // A version may have dropped the route and kept the one that answers.
            ProbedGeneration::Unknown => match queried_form(caller).await? {
                Some(form) => Some(form),
                None => return Ok(ProbedGeneration::Unknown),
            },
            found => return Ok(found),
        },
        RouteAnswer::Said(text) => match form_of(&text) {
            Some(form) => Some(form),
            None => queried_form(caller).await?,
        },
        // Whoever may not construct may still query, and the other route says the same.
        RouteAnswer::Silent => queried_form(caller).await?,
    };
    Ok(match form {
        Some(ProbedForm::Program) => ProbedGeneration::Asked(Generation::V61),
        Some(ProbedForm::Portable) => {
            let takes_text = match ask(caller, endpoints::QUERY_V2, json!({ "query": "-" })).await? {
                RouteAnswer::Said(text) => text.contains("base64"),
                RouteAnswer::Absent => false,
                RouteAnswer::Silent => claimed.is_none_or(|claimed| claimed != 62),
            };
            let generation = if takes_text {
                Generation::V63
            } else {
                Generation::V62
            };
            ProbedGeneration::Asked(generation)
        }
        None => by_version(),
    })
}

/// Which grammar the route takes that answers queries.
async fn queried_form(caller: &Caller) -> Result<Option<ProbedForm>, MetabaseError> {
    Ok(match ask(caller, endpoints::QUERY_V2, json!({})).await? {
        RouteAnswer::Said(text) => form_of(&text),
        RouteAnswer::Absent | RouteAnswer::Silent => None,
    })
}

/// v0.59 and v0.60, told apart by the route with pages.
async fn first_generations(caller: &Caller, claimed: Option<u32>) -> Result<ProbedGeneration, MetabaseError> {
    match ask(caller, endpoints::QUERY, json!({})).await? {
        RouteAnswer::Said(_) => return Ok(ProbedGeneration::Asked(Generation::V60)),
        RouteAnswer::Silent => {
            return Ok(ProbedGeneration::Version(match claimed {
                Some(59) => Generation::V59,
                _ => Generation::V60,
            }));
        }
        RouteAnswer::Absent => {}
    }
    Ok(match ask(caller, endpoints::CONSTRUCT, json!({})).await? {
        RouteAnswer::Absent => ProbedGeneration::Unknown,
        RouteAnswer::Said(_) => ProbedGeneration::Asked(Generation::V59),
        RouteAnswer::Silent => ProbedGeneration::Version(Generation::V59),
    })
}

/// Which grammar a route speaks, by the member of the body that it misses.
fn form_of(text: &str) -> Option<ProbedForm> {
    let Ok(Value::Object(body)) = serde_json::from_str(text) else {
        return None;
    };
    let misses = |name: &str| {
        let named = |key: &str| body.get(key).and_then(|errors| errors.get(name)).is_some();
        named("errors") || named("specific-errors")
    };
    if misses("source") || misses("operations") {
        Some(ProbedForm::Program)
    } else if misses("query") {
        Some(ProbedForm::Portable)
    } else {
        None
    }
}

async fn ask(caller: &Caller, route: Route, body: Value) -> Result<RouteAnswer, MetabaseError> {
    let call = ApiCall {
        action: format!("find out whether {} is there", route.path()),
        body: Some(body),
        ..ApiCall::default()
    };
    Ok(match caller.send(route, call).await {
        Ok(reply) => answer(&reply)?,
        Err(error) if error.class == FailureClass::Unauthorized => return Err(error),
        Err(_) => RouteAnswer::Silent,
    })
}

fn answer(reply: &ApiReply) -> Result<RouteAnswer, MetabaseError> {
    let text = || String::from_utf8_lossy(&reply.body).into_owned();
    Ok(match reply.status {
        StatusCode::UNAUTHORIZED => return Err(reply.failure()),
        _ if reply.is_absent_route() => RouteAnswer::Absent,
        StatusCode::BAD_REQUEST => RouteAnswer::Said(text()),
        status if status.is_success() => RouteAnswer::Said(text()),
        _ => RouteAnswer::Silent,
    })
}
