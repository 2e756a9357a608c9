use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::line::{with_fields, without_stream};
use super::{BatchResult, anthropic, openai};
use crate::model::endpoint::ModelEndpoint;
use crate::model::{ModelDrive, ModelError, ModelSettings, Provider};
use crate::model::{anthropic as messages, openai as chat};
use crate::wire::{GrantedEndpoint, Grants, Wire, WireError, WireRequest};

const OPENAI_ENDPOINTS: &[GrantedEndpoint] = &[
    GrantedEndpoint::post("/files"),
    GrantedEndpoint::get("/files/{id}/content"),
    GrantedEndpoint::post("/batches"),
    GrantedEndpoint::get("/batches"),
    GrantedEndpoint::get("/batches/{id}"),
    GrantedEndpoint::post("/batches/{id}/cancel"),
];
const ANTHROPIC_ENDPOINTS: &[GrantedEndpoint] = &[
    GrantedEndpoint::post("/v1/messages/batches"),
    GrantedEndpoint::get("/v1/messages/batches"),
    GrantedEndpoint::get("/v1/messages/batches/{id}"),
    GrantedEndpoint::get("/v1/messages/batches/{id}/results"),
    GrantedEndpoint::post("/v1/messages/batches/{id}/cancel"),
];
const MESSAGES: &str = "/v1/messages/batches";
/// Longest time in which a batch is taken, or its results are told.
const LONG: Duration = Duration::from_secs(600);
/// Most bytes of what a batch came to.
const RESULTS_CAP: usize = 4 << 30;
/// Batches asked for at once in a list, and pages of a list.
const PAGE: usize = 100;
const MOST_PAGES: usize = 20;
/// How much later than here it may be at the provider.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

#[derive(Debug, Clone)]
pub struct ProviderBatches {
    endpoint: Arc<ModelEndpoint>,
    provider: Provider,
    wire: Wire,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchOutcome {
    Finished,
    /// Time ran out for some.
    Expired,
    Cancelled,
}

/// How far a batch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchProgress {
    Working {
        /// Requests that were answered or failed; 0 where the provider does not say.
        done: u64,
        total: u64,
    },
    /// It ended, and its results are in these files.
    Ended {
        outcome: BatchOutcome,
        files: Vec<String>,
    },
    /// It was refused as a whole, in the provider's words. Nothing of it was run.
    Refused(String),
}

/// A batch of which it is not known whether the provider took it.
#[derive(Debug, Clone)]
pub struct LostBatch {
    /// What it was to be known by.
    pub token: String,
    /// When it was sent at the earliest.
    pub sent: Timestamp,
    /// How many requests it has.
    pub requests: u64,
    /// Batches that are known to be others.
    pub others: Vec<String>,
}

/// Why a batch was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartBatchError {
    /// The provider refused it: there is no batch.
    #[error(transparent)]
    Refused(ModelError),
    /// No answer came that says whether there is one.
    #[error(transparent)]
    Lost(ModelError),
}

impl ProviderBatches {
    /// What the wire has to let through for it.
    pub fn grants(settings: &ModelSettings) -> Result<Grants, ModelError> {
        let (endpoint, list) = match settings.id.provider {
            Provider::Openai | Provider::OpenaiResponses => (chat::endpoint(settings)?, OPENAI_ENDPOINTS),
            Provider::Anthropic => (messages::endpoint(settings)?, ANTHROPIC_ENDPOINTS),
            Provider::Offline => return Err(not_usable(settings, "it answers at once and costs nothing")),
        };
        Ok(Grants::none().and(endpoint.base(), list))
    }

    /// The batch API of the provider of these settings, over a wire with [`ProviderBatches::grants`]. Sends nothing yet.
    pub fn new(settings: &ModelSettings, wire: Wire) -> Result<Self, ModelError> {
        if settings.drive == ModelDrive::Probe {
            let reason = "model.drive is `probe`, and a batch is not a place to find out how it is driven; set it to \
                          `native` or `json_action`";
            return Err(not_usable(settings, reason));
        }
        let endpoint = match settings.id.provider {
            Provider::Openai | Provider::OpenaiResponses => chat::endpoint(settings)?,
            Provider::Anthropic => messages::endpoint(settings)?,
            Provider::Offline => return Err(not_usable(settings, "it answers at once and costs nothing")),
        };
        Ok(Self {
            endpoint: Arc::new(endpoint),
            provider: settings.id.provider,
            wire,
        })
    }

    /// Whose it is, for people.
    pub fn name(&self) -> &'static str {
        if self.is_anthropic() {
            "Anthropic"
        } else {
            "OpenAI"
        }
    }

    /// Most requests and bytes of one batch; well below what the provider takes.
    pub fn limits(&self) -> (usize, usize) {
        (50_000, 180_000_000)
    }

    /// The path of a completion as a batch names it: `/v1/chat/completions`, of a request's path below any base.
    pub fn path(&self, requested: &str) -> String {
        if self.is_anthropic() {
            return "/v1/messages".to_owned();
        }
        let base = self.endpoint.base().path().trim_end_matches('/');
        format!("/v1{}", requested.strip_prefix(base).unwrap_or(requested))
    }

    /// One request as a line of a batch, with its end, and the fields that a batch does not take.
    pub fn line(
        &self,
        id: &str,
        path: &str,
        body: &[u8],
    ) -> serde_json::Result<(String, BTreeMap<String, Box<RawValue>>)> {
        let (body, fields) = without_stream(body)?;
        let line = if self.is_anthropic() {
            format!("{{\"custom_id\":{},\"params\":{body}}}\n", json!(id))
        } else {
            let (id, path) = (json!(id), json!(path));
            format!("{{\"custom_id\":{id},\"method\":\"POST\",\"url\":{path},\"body\":{body}}}\n")
        };
        Ok((line, fields))
    }

    pub fn id_of(line: &[u8]) -> serde_json::Result<String> {
        #[derive(serde::Deserialize)]
        struct IdOfLine {
            custom_id: String,
        }
        serde_json::from_slice::<IdOfLine>(line).map(|line| line.custom_id)
    }

    /// The body of a line, with the fields that the batch did not take.
    pub fn body_of(line: &[u8], fields: &BTreeMap<String, Box<RawValue>>) -> serde_json::Result<Bytes> {
        #[derive(serde::Deserialize)]
        struct BodyOfLine {
            #[serde(alias = "params")]
            body: Box<RawValue>,
        }
        let line: BodyOfLine = serde_json::from_slice(line)?;
        with_fields(line.body.get(), fields).map(Bytes::from)
    }

    /// What a line of the results says.
    pub fn result(&self, line: &[u8]) -> serde_json::Result<(String, BatchResult)> {
        if self.is_anthropic() {
            BatchResult::of_anthropic(line)
        } else {
            BatchResult::of_openai(line)
        }
    }

    /// Hands over the requests of `lines`, all of them completions at `path`, and returns the id of their batch. `token` is
    /// what [`ProviderBatches::find`] knows the batch by.
    pub async fn start(&self, path: &str, lines: Bytes, token: &str) -> Result<String, StartBatchError> {
        let (at, body) = if self.is_anthropic() {
            (MESSAGES, anthropic::body(&lines))
        } else {
            let file = self
                .upload(&lines, token)
                .await
                .map_err(StartBatchError::Refused)?;
            let body = json!({
                "input_file_id": file, "endpoint": path, "completion_window": "24h",
                "metadata": {openai::TOKEN: token},
            });
            ("/batches", Bytes::from(body.to_string()))
        };
        drop(lines);
        let mut request = self.request(Method::POST, at, Some(body));
        request.policy.idempotent = false;
        let sent = self.wire.send(request).await;
        let response = sent.map_err(|error| self.lost(error))?;
        // The provider may have taken it before it failed.
        let is_unclear = response.status.is_server_error() && response.status.as_u16() != 529;
        let body = match self.endpoint.accepted(response).await {
            Ok(Ok(response)) => response.bytes().await.map_err(|error| self.lost(error))?,
            Ok(Err(refusal)) if is_unclear => {
                return Err(StartBatchError::Lost(self.endpoint.refused(&refusal)));
            }
            Ok(Err(refusal)) => return Err(StartBatchError::Refused(self.endpoint.refused(&refusal))),
            Err(error) => return Err(StartBatchError::Lost(error)),
        };
        let batch: Value = serde_json::from_slice(&body).unwrap_or_default();
        let id = batch.get("id").and_then(Value::as_str).map(str::to_owned);
        id.ok_or_else(|| StartBatchError::Lost(self.endpoint.unreadable("it names no batch")))
    }

    /// Uploads a file of requests. Doing so twice leaves a file behind that nobody uses, and costs nothing.
    async fn upload(&self, lines: &Bytes, token: &str) -> Result<String, ModelError> {
        let (form, kind) = openai::form(lines, token);
        let mut request = self.request(Method::POST, "/files", Some(form));
        let kind = HeaderValue::try_from(kind).map_err(|error| self.endpoint.unreadable(error))?;
        request.headers.insert(CONTENT_TYPE, kind);
        let file = self.json(request).await?;
        let id = file.get("id").and_then(Value::as_str).map(str::to_owned);
        id.ok_or_else(|| self.endpoint.unreadable("it names no file"))
    }

    /// How far a batch is.
    pub async fn progress(&self, id: &str) -> Result<BatchProgress, ModelError> {
        let path = if self.is_anthropic() {
            format!("{MESSAGES}/{id}")
        } else {
            format!("/batches/{id}")
        };
        let batch = self.json(self.request(Method::GET, &path, None)).await?;
        Ok(if self.is_anthropic() {
            anthropic::progress(id, &batch)
        } else {
            openai::progress(&batch)
        })
    }

    /// The results of an ended batch as they come, one a line; `file` is one of [`BatchProgress::Ended`].
    pub async fn results(
        &self,
        file: &str,
    ) -> Result<BoxStream<'static, Result<Bytes, ModelError>>, ModelError> {
        let path = if self.is_anthropic() {
            format!("{MESSAGES}/{file}/results")
        } else {
            format!("/files/{file}/content")
        };
        let mut request = self.request(Method::GET, &path, None);
        request.policy.cap = RESULTS_CAP;
        let sent = self.wire.send(request).await;
        let response = sent.map_err(|error| self.endpoint.wire_error(error))?;
        let response = self.endpoint.accepted(response).await?;
        let response = response.map_err(|refusal| self.endpoint.refused(&refusal))?;
        let endpoint = Arc::clone(&self.endpoint);
        let pieces = response
            .body
            .map(move |piece| piece.map_err(|error| endpoint.wire_error(error)));
        Ok(pieces.boxed())
    }

    /// The batch whose answer was lost, if the provider lists it. OpenAI's list holds our token. Anthropic's holds nothing of
    /// ours: there it is a batch of as many requests that was made since then, and only its results say whether it is ours.
    pub async fn find(&self, lost: &LostBatch) -> Result<Option<String>, ModelError> {
        let since = lost.sent.checked_sub(SKEW).unwrap_or(lost.sent);
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let (path, from) = if self.is_anthropic() {
                (MESSAGES, "after_id")
            } else {
                ("/batches", "after")
            };
            let mut request = self.request(Method::GET, path, None);
            {
                let mut query = request.url.query_pairs_mut();
                query.append_pair("limit", &PAGE.to_string());
                if let Some(after) = &after {
                    query.append_pair(from, after);
                }
            }
            let page = self.json(request).await?;
            let batches = page.get("data").and_then(Value::as_array);
            let mut is_old = false;
            for batch in batches.into_iter().flatten() {
                let Some(id) = batch.get("id").and_then(Value::as_str) else {
                    continue;
                };
                let made = if self.is_anthropic() {
                    anthropic::made(batch)
                } else {
                    openai::made(batch)
                };
                is_old |= made.is_some_and(|made| made < since);
                let is_it = if self.is_anthropic() {
                    made.is_some_and(|made| made >= since) && anthropic::requests(batch) == lost.requests
                } else {
                    let token = batch.get("metadata").and_then(|data| data.get(openai::TOKEN));
                    token.and_then(Value::as_str) == Some(&lost.token)
                };
                if is_it && !lost.others.iter().any(|other| other == id) {
                    return Ok(Some(id.to_owned()));
                }
                after = Some(id.to_owned());
            }
            let has_more = page.get("has_more").and_then(Value::as_bool) == Some(true);
            if is_old || !has_more {
                break;
            }
        }
        Ok(None)
    }

    /// Whether [`ProviderBatches::find`] finds our own batch or none; otherwise it may be somebody else's.
    pub(crate) fn knows_its_own(&self) -> bool {
        !self.is_anthropic()
    }

    /// Asks the provider to give up a batch. What it has answered by then is kept and paid for.
    pub async fn cancel(&self, id: &str) -> Result<(), ModelError> {
        let path = if self.is_anthropic() {
            format!("{MESSAGES}/{id}/cancel")
        } else {
            format!("/batches/{id}/cancel")
        };
        self.json(self.request(Method::POST, &path, None)).await.map(drop)
    }

    /// Whether a result with this status may be another one when the request is made again.
    pub(crate) fn is_passing(status: StatusCode) -> bool {
        crate::wire::is_passing_for_models(status)
    }

    fn is_anthropic(&self) -> bool {
        self.provider == Provider::Anthropic
    }

    fn request(&self, method: Method, path: &str, body: Option<Bytes>) -> WireRequest {
        let mut request = self.endpoint.request(method, path, body.map(Into::into));
        request.policy.timeout = LONG;
        request
    }

    async fn json(&self, request: WireRequest) -> Result<Value, ModelError> {
        let sent = self.wire.send(request).await;
        let response = sent.map_err(|error| self.endpoint.wire_error(error))?;
        let response = self.endpoint.accepted(response).await?;
        let response = response.map_err(|refusal| self.endpoint.refused(&refusal))?;
        let body = response.bytes().await;
        let body = body.map_err(|error| self.endpoint.wire_error(error))?;
        serde_json::from_slice(&body).map_err(|error| self.endpoint.unreadable(error))
    }

    /// What was never sent is refused; everything else may have arrived.
    fn lost(&self, error: WireError) -> StartBatchError {
        let never_sent = matches!(
            error,
            WireError::Connect { .. }
                | WireError::NotGranted { .. }
                | WireError::Invalid { .. }
                | WireError::Busy { .. }
        );
        let error = self.endpoint.wire_error(error);
        if never_sent {
            StartBatchError::Refused(error)
        } else {
            StartBatchError::Lost(error)
        }
    }
}

fn not_usable(settings: &ModelSettings, reason: &str) -> ModelError {
    ModelError::NotUsable {
        model: settings.id.to_string(),
        reason: format!("no provider batch takes its completions: {reason}"),
    }
}
