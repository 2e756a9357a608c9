//! Takes connections.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, X_CONTENT_TYPE_OPTIONS};
use http::uri::Authority;
use http::{HeaderValue, StatusCode, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::client_stream::ClientStream;
use super::http_error::{no_host, unread_request};

/// How long the header of a request may take.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// The longest header that is read, in bytes.
const HEADER_BYTES: usize = 64 * 1024;
/// How long a client may take nothing of what it is sent.
const TAKES: Duration = Duration::from_secs(60);
/// How long to wait when no connection can be taken, as when there are too many.
const PAUSE: Duration = Duration::from_millis(50);
/// How long connections may take to end after their turns have.
const GRACE: Duration = Duration::from_secs(2);

/// Takes connections until `stop`. Each request is answered by the router of that moment. Connections that are busy at `stop` end
/// their request first; when `leave` comes, they are reset after a moment.
pub(super) async fn accept(
    listener: TcpListener,
    router: watch::Receiver<Router>,
    stop: CancellationToken,
    leave: CancellationToken,
) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                connections.spawn(connection(stream, peer, router.clone(), stop.clone()));
            }
            Err(error) => {
                tracing::debug!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    tokio::select! {
        () = connections.wait() => {}
        () = async {
            leave.cancelled().await;
            tokio::time::sleep(GRACE).await;
        } => {}
    }
}

/// About how long the header of a request was.
fn header_bytes(request: &Request) -> usize {
    let lines = request.headers().iter();
    lines
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum()
}

/// The response to one that was read whole and is nothing for any route.
fn refused(request: &Request) -> Option<Response> {
    let (status, body) = if header_bytes(request) > HEADER_BYTES {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        (status, unread_request(status.as_u16()))
    } else if !names_a_host(request) {
        (StatusCode::BAD_REQUEST, no_host())
    } else {
        return None;
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/problem+json")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Some((status, headers, body.unwrap_or_default()).into_response())
}

/// Whether a request has one header `Host` that can be one, as HTTP/1.1 wants it. Whoever has two of them is read in two ways.
fn names_a_host(request: &Request) -> bool {
    let mut named = request.headers().get_all(HOST).iter();
    match (named.next(), named.next()) {
        (None, None) => request.version() < Version::HTTP_11,
        // An address without an authority has an empty one.
        (Some(host), None) => host.is_empty() || is_host(host.as_bytes()),
        (None | Some(_), Some(_)) => false,
    }
}

/// Whether a text is a host, with or without a port.
fn is_host(text: &[u8]) -> bool {
    let Ok(authority) = Authority::try_from(text) else {
        return false;
    };
    let port = authority.as_str().strip_prefix(authority.host());
    // With a user before it, it does not begin with the host.
    port.is_some_and(|port| {
        port.strip_prefix(':')
            .unwrap_or(port)
            .bytes()
            .all(|digit| digit.is_ascii_digit())
    })
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: watch::Receiver<Router>,
    stop: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "delayed sending could not be switched off");
    }
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.borrow().clone();
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let refused = refused(&request);
        async move {
            if let Some(refused) = refused {
                return Ok::<_, Infallible>(refused);
            }
            let response = router.oneshot(request).await;
            Ok(response.unwrap_or_else(|never| match never {}))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(ClientStream::new(stream, TAKES)), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
