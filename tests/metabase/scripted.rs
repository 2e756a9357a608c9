//! A server that says what a test tells it to, over a real socket, and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use cardinal::catalog::{Catalog, Entry};
use cardinal::metabase::MetabaseClient;
use cardinal::metabase::{AuthSettings, MetabaseSettings};
use cardinal::principal::Principal;
use cardinal::wire::Wire;
use futures_util::stream;
use secrecy::SecretString;
use serde_json::{Value, json};

/// One response.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    cut: bool,
}

/// JSON with a status.
pub(super) fn json_reply(status: u16, body: &Value) -> Reply {
    raw(status, "application/json;charset=utf-8", body.to_string())
}

/// Plain text with a status.
pub(super) fn text(status: u16, body: &str) -> Reply {
    raw(status, "text/plain;charset=utf-8", body)
}

/// Anything.
pub(super) fn raw(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Reply {
    Reply {
        status,
        headers: vec![("content-type", kind.to_owned())],
        body: body.into(),
        cut: false,
    }
}

impl Reply {
    /// The connection breaks after the body instead of ending it.
    pub(super) fn then_cut(mut self) -> Self {
        self.cut = true;
        self
    }

    pub(super) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// What the server was asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

#[derive(Default)]
struct Shared {
    replies: Mutex<BTreeMap<String, VecDeque<Reply>>>,
    asked: Mutex<Vec<Asked>>,
}

/// The server. The last reply of a route is given again and again.
#[derive(Clone, Default)]
pub(super) struct Scripted {
    shared: Arc<Shared>,
    url: String,
}

impl Scripted {
    /// A server of this version that takes any credential.
    pub(super) async fn version(tag: &str) -> Self {
        let server = Self::start().await;
        server.on(
            "GET /api/session/properties",
            json_reply(200, &json!({ "version": { "tag": tag } })),
        );
        server.on(
            "GET /api/agent/v1/ping",
            json_reply(200, &json!({ "message": "pong" })),
        );
        server
    }

    /// A server that knows no route.
    pub(super) async fn start() -> Self {
        let mut server = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        server.url = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    /// Adds a reply to a route such as `GET /api/card/1`.
    pub(super) fn on(&self, route: &str, reply: Reply) -> &Self {
        self.shared
            .replies
            .lock()
            .unwrap()
            .entry(route.to_owned())
            .or_default()
            .push_back(reply);
        self
    }

    /// Requests so far whose path contains `part`.
    pub(super) fn asked(&self, part: &str) -> Vec<Asked> {
        let asked = self.shared.asked.lock().unwrap();
        asked
            .iter()
            .filter(|asked| asked.path.contains(part))
            .cloned()
            .collect()
    }

    pub(super) fn settings(&self, auth: AuthSettings) -> MetabaseSettings {
        MetabaseSettings {
            url: self.url.parse().unwrap(),
            auth,
            timeout: Duration::from_secs(10),
            max_response_bytes: 1024 * 1024,
            max_concurrency: 4,
            max_rows: 2_000,
        }
    }

    pub(super) fn client(&self) -> MetabaseClient {
        client(self.settings(api_key()))
    }
}

pub(super) fn api_key() -> AuthSettings {
    AuthSettings::ApiKey(SecretString::from("mb_SECRET-KEY".to_owned()))
}

pub(super) fn client(settings: MetabaseSettings) -> MetabaseClient {
    MetabaseClient::new(settings, Wire::live().unwrap(), Principal::default())
}

async fn answer(
    State(server): State<Scripted>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    server.shared.asked.lock().unwrap().push(Asked {
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    });
    let mut replies = server.shared.replies.lock().unwrap();
    let reply = match replies.get_mut(&format!("{method} {}", uri.path())) {
        Some(queue) if queue.len() > 1 => queue.pop_front().unwrap(),
        Some(queue) => queue[0].clone(),
        None => text(404, "API endpoint does not exist."),
    };
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    let mut chunks: Vec<Result<Bytes, std::io::Error>> = vec![Ok(Bytes::from(reply.body))];
    if reply.cut {
        chunks.push(Err(std::io::Error::other("cut")));
    }
    response.body(Body::from_stream(stream::iter(chunks))).unwrap()
}

/// A completed query.
pub(super) fn completed(columns: &Value, rows: &Value) -> Value {
    json!({
        "data": { "rows": rows, "cols": columns, "results_timezone": "UTC" },
        "row_count": rows.as_array().map_or(0, Vec::len),
        "status": "completed",
    })
}

/// A failed query, as it looks inside a response of any status.
pub(super) fn failed(error: &str, error_type: &str) -> Value {
    json!({
        "data": { "rows": [], "cols": [] }, "row_count": 0, "status": "failed",
        "error": error, "error_type": error_type, "stacktrace": ["at secret.code"], "via": [],
    })
}

/// A catalog with one card, 7, without parameters.
pub(super) fn one_card(parameters: &Value) -> Catalog {
    let card = json!({
        "kind": "card", "id": 7, "name": "Orders", "description": null, "collection": [], "verified": true,
        "parameters": parameters, "columns": [],
    });
    Catalog::for_tests(vec![serde_json::from_value::<Entry>(card).unwrap()])
}
