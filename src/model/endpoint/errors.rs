//! The errors of a model that what its server does stands for.

use std::fmt;

use http::StatusCode;
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::ModelEndpoint;
use crate::model::loading;
use crate::model::missing_route;
use crate::model::refusal::ServerRefusal;
use crate::model::sse_line::is_sign_of_life;
use crate::model::web_page;
use crate::model::{ModelError, NextStep};
use crate::wire::{WireError, WireResponse};

/// Longest message of a provider that an error repeats, in characters.
const MESSAGE_CHARS: usize = 400;
/// Values shorter than this are not worth hiding: they would make every message unreadable.
const SHORTEST_SECRET: usize = 4;

impl ModelEndpoint {
    /// The wire's failure as this model's.
    pub(in crate::model) fn wire_error(&self, source: WireError) -> ModelError {
        ModelError::Wire {
            model: self.id.to_string(),
            next: self.asked().after_wire(&source),
            source,
        }
    }

    /// An answer that cannot be read.
    pub(in crate::model) fn unreadable(&self, reason: impl fmt::Display) -> ModelError {
        self.unreadable_until(&reason.to_string(), NextStep::none())
    }

    pub(super) fn unreadable_until(&self, reason: &str, next: NextStep) -> ModelError {
        ModelError::Unreadable {
            model: self.id.to_string(),
            reason: self.presentable(reason),
            next,
        }
    }

    /// What to change about the address.
    pub(super) fn address_step(&self) -> NextStep {
        NextStep::is(missing_route::hint(
            self.id.provider,
            &self.base,
            &self.asked().address(),
        ))
    }

    /// A web page in place of an answer. `other` is what to do about one that tells no passing failure.
    pub(super) fn is_page(&self, page: &str, other: impl FnOnce(&str) -> NextStep) -> ModelError {
        let described = web_page::described(page);
        let next = match web_page::failure(page) {
            Some(status) => self.asked().after_refusal(status, &described, &[]),
            None => other(&described),
        };
        self.unreadable_until(&format!("it is {described}"), next)
    }

    /// A stream that ended before the completion did, or reported an error in its middle.
    pub(in crate::model) fn broke_off(&self, message: &str) -> ModelError {
        let (model, message) = (self.id.to_string(), self.presentable(message));
        if says_too_long(&message) {
            return ModelError::TooLong { model, message };
        }
        if missing_route::says_so(&message) {
            return self.no_route(200, message);
        }
        if loading::says_so(StatusCode::OK, &message) {
            return ModelError::Loading { model, message };
        }
        let next = self.asked().after_refusal(StatusCode::OK, &message, &[]);
        let message = before(message, &next);
        ModelError::BrokeOff { model, message, next }
    }

    /// A stream that ended before the completion did. `noise` is what it said beside the protocol.
    pub(in crate::model) fn ended_early(&self, noise: Option<&str>) -> ModelError {
        match noise {
            None => ModelError::BrokeOff {
                model: self.id.to_string(),
                message: "the stream ended before the completion did".to_owned(),
                next: self.asked().after_end(),
            },
            Some(noise) if noise.trim_start().starts_with('<') => self.is_page(noise, |page| {
                self.asked().after_refusal(StatusCode::OK, page, &[])
            }),
            Some(noise) => {
                self.unreadable(format!("it is not a completion, and its last words are: {noise}"))
            }
        }
    }

    /// The error of words that stand in a stream where a piece of the completion belongs. `has_begun` says whether there was any
    /// before; words that only say that the connection lives are no error.
    pub(in crate::model) fn lost_piece(&self, words: &str, has_begun: bool) -> Option<ModelError> {
        let is_lost = words.starts_with('{') || (has_begun && !is_sign_of_life(words));
        let words = match words.trim_start() {
            page if page.starts_with('<') => web_page::described(page),
            words => words.to_owned(),
        };
        is_lost.then(|| self.unreadable(format!("a piece of the stream cannot be read: {words}")))
    }

    /// The error of a piece that nobody can read.
    pub(in crate::model) fn lost_object(&self, piece: &Value) -> ModelError {
        self.unreadable(format!("a piece of the stream cannot be read: {piece}"))
    }

    /// A completion that stopped without the reason that its protocol has for an end.
    pub(in crate::model) fn unexplained(&self) -> ModelError {
        self.broke_off("the completion ended without saying why, so that it may be cut")
    }

    /// A completion that the server cut for a reason of its own.
    pub(in crate::model) fn cut(&self, reason: &str) -> ModelError {
        self.broke_off(&format!(
            "the server ended the completion early, with the reason `{reason}`"
        ))
    }

    /// The error that a redirection stands for: nothing is followed, because a key goes to the configured address alone.
    pub(super) fn moved(&self, response: &WireResponse) -> Option<ModelError> {
        let location = response.headers.get(http::header::LOCATION)?.to_str().ok()?;
        let mut to = self.base.join(location).ok()?;
        to.set_query(None);
        to.set_fragment(None);
        let _ = to.set_username("").and_then(|()| to.set_password(None));
        let variable = self.asked().address();
        let base = missing_route::without_route(to.path(), self.id.provider).to_owned();
        let is_route = base != to.path().trim_end_matches('/');
        let lower = to.path().to_ascii_lowercase();
        let is_login = ["login", "signin", "sign-in", "sso", "oauth", "saml"]
            .iter()
            .any(|word| lower.contains(word));
        let is_near = to.host_str() == self.base.host_str() && !is_login;
        if is_route || is_near {
            to.set_path(&base);
        }
        let there = self.presentable(to.as_str().trim_end_matches('/'));
        let here = self.base.as_str().trim_end_matches('/');
        let next = if there == here {
            format!(
                "the address in {variable} is right but for the way its server redirects: let it answer POST there itself"
            )
        } else if is_route || is_near {
            format!("if you trust it, set {variable} to {there}")
        } else {
            format!(
                "that is no address of an API and may be a login page: a proxy stands before the server that {variable} names"
            )
        };
        Some(ModelError::NoRoute {
            model: self.id.to_string(),
            status: response.status.as_u16(),
            message: format!("what is asked for is at another address, {there}"),
            next: NextStep::is(next),
            moved_to: Url::parse(&there).ok().map(Box::new),
        })
    }

    /// The error that a refusal stands for.
    pub(in crate::model) fn refused(&self, refusal: &ServerRefusal) -> ModelError {
        let (model, mut message) = (self.id.to_string(), self.presentable(&refusal.message));
        let is_silent = matches!(message.as_str(), "" | "{}" | "[]" | "null");
        if is_silent {
            refusal
                .status
                .canonical_reason()
                .unwrap_or("no words")
                .clone_into(&mut message);
        }
        let status = refusal.status.as_u16();
        let told = match self.presentable(&refusal.told) {
            told if told.is_empty() => message.clone(),
            told => told,
        };
        if loading::says_so(refusal.status, &told) {
            return ModelError::Loading { model, message };
        }
        if matches!(status, 400 | 413 | 422) && says_too_long(&told) {
            return ModelError::TooLong { model, message };
        }
        if missing_route::is_missing(refusal.status, &told) {
            return self.no_route(status, message);
        }
        let mut next = self.asked().after_refusal(refusal.status, &told, &refusal.listed);
        if is_silent && next.words().is_none() {
            next = self.asked().after_silence();
        }
        let message = before(message, &next);
        ModelError::Status {
            model,
            status,
            message,
            next,
        }
    }

    fn no_route(&self, status: u16, message: String) -> ModelError {
        ModelError::NoRoute {
            model: self.id.to_string(),
            status,
            message,
            next: self.address_step(),
            moved_to: None,
        }
    }

    /// A provider's words, short, on one line and without any secret of ours.
    fn presentable(&self, message: &str) -> String {
        let mut clean = message.to_owned();
        for secret in &self.secrets {
            let secret = secret.expose_secret();
            if secret.len() >= SHORTEST_SECRET {
                clean = clean.replace(secret, "[redacted]");
            }
        }
        let words = clean
            .split(|c: char| c.is_control() || c.is_whitespace())
            .filter(|word| !word.is_empty());
        let clean = words.collect::<Vec<_>>().join(" ");
        if clean.chars().count() <= MESSAGE_CHARS {
            return clean;
        }
        clean.chars().take(MESSAGE_CHARS).chain(['…']).collect()
    }
}

/// A server's words as they stand before a next step: the sentence goes on.
fn before(mut message: String, next: &NextStep) -> String {
    if next.words().is_some() {
        message.truncate(message.trim_end_matches(['.', ' ']).len());
    }
    message
}

/// The usual ways to say that the conversation does not fit into the model's context.
fn says_too_long(message: &str) -> bool {
    let message = message.to_lowercase();
    // So many in so short a time.
    if message.contains("wait before trying again") || message.contains("throttl") {
        return false;
    }
    [
        "context_length_exceeded",
        "context length",
        "context window",
        "context size",
        "maximum context",
        "prompt is too long",
        "context limit",
        "too many tokens",
        "input is too long",
        "exceeds the maximum number of tokens",
        "maximum prompt length",
        "maximum model length",
        "exceeds max length",
        "exceeded model token limit",
        "range of input length",
        "reduce the length of the messages",
        "reduce the length of the input",
    ]
    .iter()
    .any(|phrase| message.contains(phrase))
}
