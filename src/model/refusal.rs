use http::StatusCode;

use super::adjust::{RequestPart, SentParts};
use super::server_error::{ServerError, error_in, message_of_body};
use super::token_limit::{self, TokenLimitAdvice};

/// Most of a refusal that is searched for the name of a part, in characters.
const WORDS: usize = 8 << 10;

/// A response with a failure status, read.
#[derive(Debug)]
pub(super) struct ServerRefusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
    /// What the server lists, where it does not have the model.
    pub(super) listed: Vec<String>,
    /// The whole body, as far as it is looked at.
    words: String,
    failed_generation: Option<String>,
}

impl ServerRefusal {
    /// Reads the body of a response with this status.
    pub(super) fn read(status: StatusCode, body: &[u8]) -> Self {
        let json = serde_json::from_slice(body).unwrap_or_default();
        let error = ServerError::find(&json, false);
        Self {
            status,
            message: message_of_body(body),
            listed: Vec::new(),
            words: String::from_utf8_lossy(body).chars().take(WORDS).collect(),
            failed_generation: error.and_then(|error| error.failed_generation),
        }
    }

    /// The refusal that the beginning of a response with status 200 tells, if it tells one.
    pub(super) fn told_in(seen: &[u8]) -> Option<Self> {
        let error = error_in(seen)?;
        Some(Self {
            status: error.status,
            message: error.message,
            listed: Vec::new(),
            words: String::from_utf8_lossy(seen).chars().take(WORDS).collect(),
            failed_generation: error.failed_generation,
        })
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
        self.status == StatusCode::BAD_REQUEST && words.iter().any(|phrase| self.words.contains(phrase))
    }

    /// The part of the request that it names, of those that were sent.
    pub(super) fn part(&self, sent: &SentParts) -> Option<RequestPart> {
        if matches!(self.status.as_u16(), 400 | 422 | 500 | 501)
            && let Some(limit) = self.token_limit(sent)
        {
            return Some(limit);
        }
        let part = RequestPart::refused(&self.words, sent)?;
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
        match token_limit::advice(&self.message, limit.tokens)? {
            TokenLimitAdvice::AtMost(tokens) => Some(tokens),
            TokenLimitAdvice::None => None,
        }
    }

    /// What to do about the limit of tokens, where it is what was refused.
    fn token_limit(&self, sent: &SentParts) -> Option<RequestPart> {
        let limit = sent.limit?;
        match token_limit::advice(&self.message, limit.tokens)? {
            TokenLimitAdvice::AtMost(tokens) => Some(RequestPart::TokensAbove(tokens)),
            TokenLimitAdvice::None => limit.is_optional.then_some(RequestPart::AnyTokenLimit),
        }
    }
}
