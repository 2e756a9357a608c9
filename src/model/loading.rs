//! A server that is still loading its model. Servers of local models and of models that run on demand say so, in words of
//! their own, until they can answer. That is not a failure: the wire waits for it.

use super::server_error::message_of_body;

/// What a server says while it loads a model.
const LOADING: [&str; 20] = [
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
const FAILED: [&str; 13] = [
    "error loading",
    "fail",
    "unable to",
    "could not",
    "couldn't",
    "cannot",
    "can't",
    "timed out",
    "timeout",
    "out of memory",
    "terminated",
    "not enough",
    "requires more",
];

/// Whether the body of a failure says that the model is being loaded.
pub(super) fn says_so_in(body: &[u8]) -> bool {
    says_so(&message_of_body(body))
}

/// Whether a server's words say that its model is being loaded.
pub(super) fn says_so(message: &str) -> bool {
    let message = message.to_lowercase();
    let has = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    has(&LOADING) && !has(&FAILED)
}
