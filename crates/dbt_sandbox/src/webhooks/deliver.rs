use std::fmt::Write as _;
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{Request, Uri};
use hmac::{Hmac, Mac};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use sha2::Sha256;
use tokio::net::TcpStream;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The signature of a body: HMAC-SHA256 in lower-case hexadecimal digits.
pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    // A key of any length is fine for HMAC; there is no error to come.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    let digest = mac.finalize().into_bytes();
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Posts a body once. The status, or why there is none. Plain HTTP only: the sandbox sends to programs beside it.
pub(super) async fn post(address: &str, secret: &str, body: Bytes) -> Result<u16, String> {
    match tokio::time::timeout(PATIENCE, send(address, secret, body)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("no answer within {} seconds", PATIENCE.as_secs())),
    }
}

async fn send(address: &str, secret: &str, body: Bytes) -> Result<u16, String> {
    let uri: Uri = address
        .parse()
        .map_err(|error| format!("not an address: {error}"))?;
    if uri.scheme_str() != Some("http") {
        return Err("the sandbox sends webhooks over http:// only".to_owned());
    }
    let host = uri.host().ok_or("the address has no host")?;
    let port = uri.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await;
    let stream = stream.map_err(|error| format!("cannot connect: {error}"))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let driving = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::post(path)
        .header(HOST, format!("{host}:{port}"))
        .header(CONTENT_TYPE, "application/json")
        .header(AUTHORIZATION, signature(secret, &body))
        .body(Full::new(body))
        .map_err(|error| error.to_string())?;
    let status = sender
        .send_request(request)
        .await
        .map(|response| response.status().as_u16());
    driving.abort();
    status.map_err(|error| error.to_string())
}
