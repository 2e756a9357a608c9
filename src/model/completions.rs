//! Where completions are asked for. A request that the server refuses for one part of it is sent again without that part, and
//! later requests are sent without it from the beginning.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use http::Method;
use url::Url;

use super::adjust::{Adjustments, RequestPart, SentParts};
use super::endpoint::{ModelEndpoint, address_variable, key_variable};
use super::refusal::ServerRefusal;
use super::{ModelError, ModelRequest, ModelSettings, Provider, listed, loading, next_step};
use crate::wire::{JudgeOpening, Opening, RequestBody, Wire, WireResponse};

/// One protocol's completions of a server. Clones share what is known of the server.
#[derive(Debug, Clone)]
pub(super) struct CompletionEndpoint {
    pub(super) endpoint: Arc<ModelEndpoint>,
    pub(super) adjustments: Adjustments,
    path: &'static str,
    opening: JudgeOpening,
    wire: Wire,
}

/// A request's body, and what of it could be left out.
pub(super) struct CompletionBody {
    pub(super) json: Vec<u8>,
    pub(super) parts: SentParts,
}

impl CompletionEndpoint {
    /// Completions at `path` of an endpoint; `opening` makes what looks at the beginning of a response.
    pub(super) fn new(
        endpoint: ModelEndpoint,
        path: &'static str,
        opening: JudgeOpening,
        wire: Wire,
    ) -> Self {
        Self {
            endpoint: Arc::new(endpoint),
            adjustments: Adjustments::default(),
            path,
            opening,
            wire,
        }
    }

    /// The same with what is known of the server: `left_out` is what a recorded turn left out of its requests; without it
    /// the process's own memory of the server counts.
    pub(super) fn adjusted(mut self, left_out: Option<&[RequestPart]>) -> Self {
        self.adjustments = match left_out {
            Some(recorded) => Adjustments::recorded(recorded),
            None => Adjustments::of_process(&self.endpoint.url(self.path), &self.endpoint.id().name),
        };
        self
    }

    /// What is left out of requests, in order.
    pub(super) fn left_out(&self) -> Vec<RequestPart> {
        self.adjustments.parts().into_iter().collect()
    }

    /// Asks for a completion whose body without some parts is what `body` makes. A refusal that leaving a part out does not
    /// mend is given back; so is one that brings what the model wrote.
    pub(super) async fn ask(
        &self,
        body: impl Fn(&BTreeSet<RequestPart>) -> serde_json::Result<CompletionBody> + Send + Sync + 'static,
    ) -> Result<Result<WireResponse, ServerRefusal>, ModelError> {
        let (body, mut tried) = (Arc::new(body), Vec::new());
        // What an account pays for changes from request to request.
        let mut afforded = None;
        loop {
            let mut left_out = self.adjustments.parts();
            left_out.extend(afforded.map(RequestPart::TokensAbove));
            let made = body(&left_out).map_err(|error| self.endpoint.unreadable(error))?;
            let CompletionBody { json, parts } = made;
            let (again, quoted) = (Arc::clone(&body), Arc::clone(&body));
            let without = left_out.clone();
            // Written once more where it has to be told from a refusal, and not kept until then.
            let quoted = move || quoted(&without).map(|made| made.json).unwrap_or_default();
            // Where it cannot be written again the wire says so.
            let again = move || again(&left_out).map(|made| made.json).unwrap_or_default().into();
            let sent = RequestBody::made(json.into(), again);
            let mut outgoing = self.endpoint.request(Method::POST, self.path, Some(sent));
            outgoing.policy.opening = Some(self.opening);
            outgoing.policy.loading = Some(loading::says_so_in);
            let answer = self.wire.send(outgoing).await;
            let answer = answer.map_err(|error| self.endpoint.wire_error(error))?;
            let answer = match self.endpoint.accepted(answer).await? {
                Ok(response) => self.opened(response, &parts, &quoted).await,
                Err(refusal) => Err(refusal.of_request(&quoted())),
            };
            let mut refusal = match answer {
                Ok(response) => return Ok(Ok(response)),
                Err(refusal) => refusal,
            };
            if let Some(tokens) = refusal.affordable(&parts)
                && afforded.replace(tokens).is_none()
            {
                tracing::warn!(
                    tokens,
                    "asked again with a lower limit of tokens, which is all that the account pays for; max_output_tokens in [model] sets it"
                );
                continue;
            }
            let is_mended = refusal.failed_generation().is_none()
                && self.adjustments.answer(&refusal, &parts, &mut tried);
            if !is_mended {
                if next_step::says_no_model(refusal.status, &refusal.told) {
                    refusal.listed = listed::instead(&self.endpoint, &self.wire).await;
                }
                return Ok(Err(refusal));
            }
        }
    }

    /// The response as it was, or the refusal of a part of the request that its first words are: some servers answer with
    /// status 200 before they look at what was asked.
    async fn opened(
        &self,
        mut response: WireResponse,
        parts: &SentParts,
        sent: &(impl Fn() -> Vec<u8> + Send + Sync),
    ) -> Result<WireResponse, ServerRefusal> {
        let (mut pieces, mut seen) = (Vec::new(), Vec::new());
        let mut judge = (self.opening)();
        let mut opening = Opening::Undecided;
        while opening == Opening::Undecided {
            let next = response.body.next().await;
            let is_end = !matches!(next, Some(Ok(_)));
            let piece = next.as_ref().and_then(|piece| piece.as_ref().ok());
            let piece = piece.map(|piece| &piece[..]).unwrap_or_default();
            seen.extend_from_slice(piece);
            opening = judge(piece, is_end);
            pieces.extend(next);
            if is_end {
                break;
            }
        }
        if matches!(opening, Opening::Failed(_))
            && let Some(refusal) = ServerRefusal::told_in(&seen)
            && refusal.failed_generation().is_none()
        {
            let refusal = refusal.of_request(&sent());
            if refusal.part(parts).is_some() {
                return Err(refusal);
            }
        }
        let rest = std::mem::replace(&mut response.body, stream::empty().boxed());
        response.body = stream::iter(pieces).chain(rest).boxed();
        Ok(response)
    }
}

/// The error of a refusal of a model that can only be asked with tools, where its server takes none.
pub(super) fn takes_no_tools(
    refusal: &ServerRefusal,
    request: &ModelRequest,
    error: ModelError,
) -> ModelError {
    let tools = SentParts {
        parts: vec![RequestPart::Tools],
        ..SentParts::default()
    };
    let is_meant = !request.tools.is_empty() && refusal.part(&tools).is_some();
    match error {
        ModelError::Status {
            model,
            status,
            message,
            ..
        } if is_meant => ModelError::NotUsable {
            reason: format!(
                "its server takes no tools (status {status}: {message}); name it openai:NAME with the server's address for \
                 OpenAI's protocol, where it is driven by one JSON object per step"
            ),
            model,
        },
        error => error,
    }
}

/// Where a provider is asked when no other address is set.
pub(crate) fn usual_address(provider: Provider) -> Option<Url> {
    let base = match provider {
        Provider::Openai | Provider::OpenaiResponses => super::openai::DEFAULT_BASE,
        Provider::Anthropic => super::anthropic::DEFAULT_BASE,
        Provider::Offline => return None,
    };
    Url::parse(base).ok()
}

/// An error unless the settings say whom to ask: a key is needed for the provider's own address only.
pub(super) fn reachable(settings: &ModelSettings) -> Result<(), ModelError> {
    if settings.base_url.is_some() || settings.api_key.is_some() || !settings.headers.is_empty() {
        return Ok(());
    }
    let provider = settings.id.provider;
    let (key, address) = (key_variable(provider), address_variable(provider));
    Err(ModelError::NotUsable {
        model: settings.id.to_string(),
        reason: format!("set {key}, or {address} for a server that needs no key"),
    })
}
