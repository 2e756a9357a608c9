use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;
use tower::ServiceExt;

use super::exchange::{Exchange, ExchangeEnd};
use super::kept::kept;
use super::play::Player;
use super::recording::ExchangeRecording;
use super::request::canonical;
use super::slot::{TapeMode, TapeSlot};
use super::stall::Stalls;
use super::write::Tape;
use crate::wire::service::{LayerResult, LayerService};
use crate::wire::watch::{BodyEnd, BodyWatcher, watched};
use crate::wire::{BodyStream, Purpose, ServedBy, WireError, WireRequest, WireResponse, log};

/// How long a replayed turn may take to end an exchange by itself.
const GRACE: Duration = Duration::from_millis(500);

/// Logs every exchange, and records it or serves it from a tape: as the agent sees it, above every other layer.
pub(in crate::wire) async fn taped(below: LayerService, slot: TapeSlot, request: WireRequest) -> LayerResult {
    // Nothing of signing in is ever on a tape, and a replay signs in nowhere.
    let signs_in = request.policy.purpose == Purpose::Auth;
    let completes = request.policy.purpose == Purpose::Completion;
    match slot.mode() {
        TapeMode::Model(player) if completes => replay(&player, &request).await,
        TapeMode::Results(results) if !completes && !signs_in => match results.take(&canonical(&request)) {
            Some(exchange) => serve(exchange, &request, &Stalls::new()).await,
            None => live(below, request, None).await,
        },
        TapeMode::Live | TapeMode::Model(_) | TapeMode::Results(_) => live(below, request, None).await,
        TapeMode::Record(_) | TapeMode::Resume(..) if signs_in => live(below, request, None).await,
        TapeMode::Replay(_) if signs_in => Ok(signed_in()),
        TapeMode::Record(tape) => live(below, request, Some(tape)).await,
        TapeMode::Resume(player, tape) if player.is_over() => live(below, request, Some(tape)).await,
        TapeMode::Replay(player) | TapeMode::Resume(player, _) => replay(&player, &request).await,
    }
}

async fn live(below: LayerService, request: WireRequest, tape: Option<Tape>) -> LayerResult {
    let recording = match &tape {
        Some(tape) => Some(ExchangeRecording::begin(tape, &request).await?),
        None => None,
    };
    let completion = request.policy.purpose == Purpose::Completion;
    let mut watch = Observer::new(&request, recording);
    match below.oneshot(request).await {
        Ok(mut response) => {
            watch.head(&response);
            response.held = None;
            response.body = watched(response.body, watch);
            if let Some(tape) = tape.filter(|_| completion) {
                response.body = kept(response.body, tape);
            }
            Ok(response)
        }
        Err(error) => {
            watch.end(BodyEnd::Failed(error.clone()));
            Err(error)
        }
    }
}

/// What who signs in gets in a replay: a session that is good for nothing, in the words of either way to sign in.
fn signed_in() -> WireResponse {
    const SESSION: &[u8] = br#"{"id":"replay","session_token":"replay"}"#;
    let body = futures_util::stream::once(async { Ok(Bytes::from_static(SESSION)) });
    let mut response = WireResponse::streaming(StatusCode::OK, HeaderMap::new(), body.boxed());
    response.served_by = ServedBy::Tape;
    response.attempts = 0;
    response
}

async fn replay(player: &Player, request: &WireRequest) -> LayerResult {
    let exchange = player
        .take(&canonical(request))
        .map_err(|miss| WireError::OffTape(Box::new(miss)))?;
    serve(exchange, request, player.stalls()).await
}

/// Answers a request with what is on a tape.
async fn serve(exchange: Exchange, request: &WireRequest, stalls: &Stalls) -> LayerResult {
    let mut watch = Observer::new(request, None);
    let Some(head) = exchange.response else {
        return match exchange.end {
            ExchangeEnd::Failed(failure) => Err(failure.into()),
            ExchangeEnd::Complete | ExchangeEnd::Dropped => Err(stall(stalls).await),
        };
    };
    let status = StatusCode::from_u16(head.status).map_err(|error| WireError::Invalid {
        reason: format!("the tape has a response with status {}: {error}", head.status),
    })?;
    let headers: HeaderMap = head
        .headers
        .iter()
        .filter_map(|(name, value)| {
            Some((
                HeaderName::try_from(name.as_str()).ok()?,
                HeaderValue::try_from(value.as_str()).ok()?,
            ))
        })
        .collect();
    let body = body(exchange.chunks, exchange.end, stalls.clone());
    let mut response = WireResponse::streaming(status, headers, body);
    response.served_by = ServedBy::Tape;
    response.attempts = 0;
    watch.head(&response);
    response.body = watched(response.body, watch);
    Ok(response)
}

fn body(chunks: Vec<Bytes>, end: ExchangeEnd, stalls: Stalls) -> BodyStream {
    async_stream::stream! {
        for chunk in chunks {
            yield Ok(chunk);
        }
        match end {
            ExchangeEnd::Complete => {}
            ExchangeEnd::Failed(failure) => yield Err(failure.into()),
            ExchangeEnd::Dropped => yield Err(stall(&stalls).await),
        }
    }
    .boxed()
}

/// The reader waits longer than it did when the turn was recorded: says so, and lets it wait. A client library may read
/// ahead of the agent, so the agent gets a moment to end the exchange as it did then.
async fn stall(stalls: &Stalls) -> WireError {
    tokio::time::sleep(GRACE).await;
    stalls.add();
    std::future::pending().await
}

struct Observer {
    exchange: log::ExchangeLog,
    began: Instant,
    recording: Option<ExchangeRecording>,
    ended: bool,
}

impl Observer {
    fn new(request: &WireRequest, recording: Option<ExchangeRecording>) -> Self {
        Self {
            exchange: log::ExchangeLog::new(request),
            began: Instant::now(),
            recording,
            ended: false,
        }
    }

    fn head(&mut self, response: &WireResponse) {
        self.exchange.head(response);
        if let Some(recording) = &self.recording {
            recording.head(response);
        }
    }
}

impl BodyWatcher for Observer {
    fn chunk(&mut self, chunk: &Bytes) {
        self.exchange.bytes = self.exchange.bytes.saturating_add(chunk.len());
        if let Some(recording) = &self.recording {
            recording.chunk(chunk);
        }
    }

    fn end(&mut self, end: BodyEnd) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.exchange.end(
            match &end {
                BodyEnd::Complete => "complete",
                BodyEnd::Failed(_) => "failed",
                BodyEnd::Dropped => "dropped",
            },
            self.began.elapsed(),
        );
        if let Some(recording) = self.recording.take() {
            recording.end((&end).into());
        }
    }
}

impl Drop for Observer {
    /// A request that is dropped before its response came is an exchange too.
    fn drop(&mut self) {
        self.end(BodyEnd::Dropped);
    }
}
