//! A server that is still loading its model. Servers of local models and of models that run on demand say so, in words of
//! their own, until they can answer. That is not a failure: the wire waits for it.

use http::StatusCode;

use super::server_error::message_of_body;
use crate::wire::is_passing_for_models;

/// What a server says while it loads a model.
const LOADING: [&str; 10] = [
    "loading model",
    "model loading",
    "is loading",
    "still loading",
    "currently loading",
    "being loaded",
    "not loaded yet",
    "not yet loaded",
    "finished loading",
    "loading in progress",
];
/// The same in words that a refusal may use for something else: they count with a status of passing trouble alone.
const STARTING: [&str; 10] = [
    "not ready",
    "not yet ready",
    "warming up",
    "is starting",
    "starting up",
    "still starting",
    "initializing",
    "initialising",
    "waking up",
    "cold start",
];
/// What it says when that came to nothing, which no waiting mends.
const FAILED: [&str; 19] = [
    "error loading",
    "failed to load",
    "loading failed",
    "load failed",
    "failed to start",
    "failed to initialize",
    "unable to",
    "could not",
    "couldn't",
    "cannot",
    "can't",
    "timed out",
    "timeout",
    "out of memory",
    "terminated",
    "abort",
    "insufficient",
    "not enough",
    "requires more",
];

/// Whether the body of a failure says that the model is being loaded.
pub(super) fn says_so_in(status: StatusCode, body: &[u8]) -> bool {
    says_so(status, &message_of_body(body))
}

/// Whether a server's words say that its model is being loaded.
pub(super) fn says_so(status: StatusCode, message: &str) -> bool {
    let message = message.to_lowercase();
    let has = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    let starts = is_passing_for_models(status) && has(&STARTING);
    let is_let_in = !matches!(status.as_u16(), 401..=403);
    is_let_in && (starts || has(&LOADING)) && !has(&FAILED)
}
