use http::StatusCode;
use serde_json::Value;

use super::adjust::{RefusalWords, RequestPart, SentParts, TokenLimitAdvice, limit_advice, refused};
use super::quoted::SentWords;
use super::server_error::{ServerError, error_in, message_of, message_of_body};

/// Most of a refusal that is searched for the name of a part, in characters.
const WORDS: usize = 8 << 10;
/// Most of a refusal that is read, in bytes: it may quote the whole request.
const READ: usize = 256 << 10;
/// Most of its words, in characters.
const MESSAGE: usize = 32 << 10;

/// A response with a failure status, read.
#[derive(Debug)]
pub(super) struct ServerRefusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
    /// The message without what it quotes of the request: what tells the kind of the refusal.
    pub(super) told: String,
    /// What the server lists, where it does not have the model.
    pub(super) listed: Vec<String>,
    /// The whole body.
    body: String,
    /// The same without what it quotes of the request.
    words: RefusalWords,
    failed_generation: Option<String>,
}

impl ServerRefusal {
    /// Reads the body of a response with this status.
    pub(super) fn read(status: StatusCode, body: &[u8]) -> Self {
        let json = serde_json::from_slice(body).unwrap_or_default();
        let error = ServerError::find(&json, false);
        let generation = error.and_then(|error| error.failed_generation);
        Self::with(status, &message_of_body(body), body, generation)
    }

    /// The refusal that the beginning of a response with status 200 tells, if it tells one.
    pub(super) fn told_in(seen: &[u8]) -> Option<Self> {
        let error = error_in(seen)?;
        Some(Self::with(
            error.status,
            &error.message,
            seen,
            error.failed_generation,
        ))
    }

    fn with(status: StatusCode, message: &str, body: &[u8], failed_generation: Option<String>) -> Self {
        let body = String::from_utf8_lossy(body.get(..READ).unwrap_or(body)).into_owned();
        let message: String = message.chars().take(MESSAGE).collect();
        let words = searched(&body);
        Self {
            status,
            told: message.clone(),
            message,
            listed: Vec::new(),
            words: RefusalWords::new(&words, &words),
            body,
            failed_generation,
        }
    }

    /// The same, read as a refusal of a request with this body: what it quotes of that names nothing.
    pub(super) fn of_request(mut self, sent: &[u8]) -> Self {
        let sent = SentWords::of(sent);
        let json = serde_json::from_str::<Value>(&self.body).ok();
        let (own, told) = match json.filter(|json| json.is_object() || json.is_array()) {
            Some(json) => {
                let own = sent.unquoted(&json);
                (own.to_string(), message_of(&own))
            }
            None => (sent.unquoted_text(&self.body), sent.unquoted_text(&self.message)),
        };
        self.words = RefusalWords::new(&searched(&own), &searched(&self.body));
        self.told = told;
        self
    }

    /// What the model wrote, when the server refused to take it for a call.
    pub(super) fn failed_generation(&self) -> Option<&str> {
        self.failed_generation.as_deref()
    }

    /// Whether the provider withholds an answer to what was asked, and nothing is wrong with how.
    pub(super) fn is_withheld(&self) -> bool {
        let words = [
            "\"content_filter\"",
            "content management policy",
            "ResponsibleAIPolicyViolation",
        ];
        self.status == StatusCode::BAD_REQUEST && words.iter().any(|phrase| self.body.contains(phrase))
    }

    /// The part of the request that it names, of those that were sent.
    pub(super) fn part(&self, sent: &SentParts) -> Option<RequestPart> {
        if matches!(self.status.as_u16(), 400 | 422 | 500 | 501)
            && let Some(limit) = self.token_limit(sent)
        {
            return Some(limit);
        }
        let part = refused(&self.words, sent)?;
        match self.status.as_u16() {
            // Gateways pass a refusal of the server behind them on as a failure of their own.
            400 | 422 | 500 | 501 => Some(part),
            // What a server does not find is in the request.
            404 if part == RequestPart::KeptReasoning => Some(part),
            // Servers without tools answer with almost anything.
            404 | 405 | 415 => {
                Some(part).filter(|part| matches!(part, RequestPart::Tools | RequestPart::ChatCompletions))
            }
            _ => None,
        }
    }

    /// The largest limit of tokens that what is left of an account pays for, where that is what was refused.
    pub(super) fn affordable(&self, sent: &SentParts) -> Option<u32> {
        let limit = sent
            .limit
            .filter(|_| self.status == StatusCode::PAYMENT_REQUIRED)?;
        match self.advice(limit.tokens)? {
            TokenLimitAdvice::AtMost(tokens) => Some(tokens),
            TokenLimitAdvice::None => None,
        }
    }

    /// What to do about the limit of tokens, where it is what was refused.
    fn token_limit(&self, sent: &SentParts) -> Option<RequestPart> {
        let limit = sent.limit?;
        match self.advice(limit.tokens)? {
            TokenLimitAdvice::AtMost(tokens) => Some(RequestPart::TokensAbove(tokens)),
            TokenLimitAdvice::None => limit.is_optional.then_some(RequestPart::AnyTokenLimit),
        }
    }

    fn advice(&self, sent: u32) -> Option<TokenLimitAdvice> {
        limit_advice(&RefusalWords::new(&self.told, &self.told), sent)
    }
}

/// As much of a text as is searched.
fn searched(text: &str) -> String {
    text.chars().take(WORDS).collect()
}
