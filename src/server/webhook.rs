//! A receiver of dbt's webhooks that stands by itself, for `cardinal dbt webhook`.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::http_error::HttpError;
use super::listen::accept;
use super::routes::whole;
use super::start::StartError;
use crate::dbt::{DbtEvent, EventMemory, WebhookError};

/// Longest delivery that is read, in bytes.
const LONGEST_DELIVERY: usize = 1024 * 1024;
/// Events that wait to be taken.
const MOST_WAITING: usize = 1_000;

/// A receiver that runs until it is dropped.
#[derive(Debug)]
pub struct WebhookReceiver {
    /// Where dbt sends to, without a path.
    pub url: String,
    pub events: mpsc::Receiver<DbtEvent>,
    stop: CancellationToken,
}

impl Drop for WebhookReceiver {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[derive(Clone)]
struct ReceiverState {
    secret: SecretString,
    memory: EventMemory,
    events: mpsc::Sender<DbtEvent>,
}

/// Takes deliveries at any path of this address.
pub async fn receive_webhooks(
    address: SocketAddr,
    secret: SecretString,
) -> Result<WebhookReceiver, StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let (sender, events) = mpsc::channel(MOST_WAITING);
    let state = ReceiverState {
        secret,
        memory: EventMemory::default(),
        events: sender,
    };
    let router = Router::new()
        .route("/", post(deliver))
        .route("/{*path}", post(deliver))
        .with_state(state);
    let stop = CancellationToken::new();
    let (_, router) = watch::channel(router);
    tokio::spawn(accept(listener, router, stop.clone(), stop.clone()));
    Ok(WebhookReceiver {
        url: format!("http://{bound}"),
        events,
        stop,
    })
}

/// Answers at once: whoever takes the events works in their own time. An event that finds no room is asked for again by dbt.
async fn deliver(State(state): State<ReceiverState>, headers: HeaderMap, body: Body) -> StatusCode {
    let body = match delivered(body).await {
        Ok(body) => body,
        Err(error) => return error.status,
    };
    let signature = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let event = match DbtEvent::read(&state.secret, signature, &body) {
        Ok(event) => event,
        Err(error) => return status_of(&error),
    };
    let Ok(place) = state.events.try_reserve() else {
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    if state.memory.is_new(&event.event_id) {
        place.send(event);
    }
    StatusCode::NO_CONTENT
}

/// The body of a delivery. Whoever reaches the address may send one, so it is bounded in length and time before anything else.
pub(super) async fn delivered(body: Body) -> Result<Bytes, HttpError> {
    whole(body, LONGEST_DELIVERY, || {
        format!("a delivery is at most {LONGEST_DELIVERY} bytes")
    })
    .await
}

pub(super) fn status_of(error: &WebhookError) -> StatusCode {
    match error {
        WebhookError::Unsigned => StatusCode::UNAUTHORIZED,
        WebhookError::Unreadable(_) => StatusCode::BAD_REQUEST,
    }
}
