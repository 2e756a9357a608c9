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

/// A text in the place of a query, which only servers with handles take.
pub(super) const HANDLE: &str = r#"{"query":"-"}"#;

/// What a route says to a body that lacks a member (reference, 1.4, second shape).
pub(super) fn missing(member: &str) -> Reply {
    let body = json!({
        "errors": { member: "missing required key" },
        "specific-errors": { member: ["missing required key, received: nil"] },
    });
    json_reply(400, &body)
}

/// What `/v2/query` with handles says to a text that is none (reference, 2.4).
pub(super) fn not_base64() -> Reply {
    text(400, "Invalid request: expected a base64-encoded JSON object.")
}

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
    /// What routes of the Agent API say to a request with nothing in it, with which a client finds out what is there.
    probes: Mutex<BTreeMap<(String, String), Reply>>,
    asked: Mutex<Vec<Asked>>,
}

/// The server. The last reply of a route is given again and again.
#[derive(Clone, Default)]
pub(super) struct Scripted {
    shared: Arc<Shared>,
    url: String,
}

impl Scripted {
    /// A server of this version that takes any credential, with the routes that tell its generation.
    pub(super) async fn version(tag: &str) -> Self {
        let server = Self::claiming(tag).await;
        let major = tag.split('.').nth(1).and_then(|number| number.parse().ok());
        match major {
            Some(59) => server.probe("v1/construct-query", "{}", missing("table_id")),
            Some(60) => server
                .probe("v1/construct-query", "{}", missing("table_id"))
                .probe("v1/query", "{}", missing("table_id")),
            Some(61) => server.probe("v2/construct-query", "{}", missing("source")).probe(
                "v2/query",
                "{}",
                missing("source"),
            ),
            Some(62) => server
                .probe("v2/construct-query", "{}", missing("query"))
                .probe("v2/query", "{}", missing("query"))
                .probe("v2/query", HANDLE, missing("query")),
            Some(63..) => server
                .probe("v2/construct-query", "{}", missing("query"))
                .probe("v2/query", "{}", missing("query"))
                .probe("v2/query", HANDLE, not_base64()),
            _ => &server,
        };
        server
    }

    /// A server that calls itself this, and takes any credential. It has no route that tells its generation.
    pub(super) async fn claiming(tag: &str) -> Self {
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

    /// Replaces every reply of a route.
    pub(super) fn instead(&self, route: &str, reply: Reply) -> &Self {
        self.shared.replies.lock().unwrap().remove(route);
        self.on(route, reply)
    }

    /// What a route of the Agent API says to this body while a client finds out what is there.
    pub(super) fn probe(&self, route: &str, body: &str, reply: Reply) -> &Self {
        let key = (format!("/api/agent/{route}"), body.to_owned());
        self.shared.probes.lock().unwrap().insert(key, reply);
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
            timeout: Duration::from_secs(10),
            max_response_bytes: 1024 * 1024,
            max_concurrency: 4,
            max_rows: 2_000,
            ..MetabaseSettings::new(self.url.parse().unwrap(), auth)
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
    let probed = (uri.path().to_owned(), String::from_utf8_lossy(&body).into_owned());
    let is_probe = uri.path().starts_with("/api/agent/") && (probed.1 == "{}" || probed.1 == HANDLE);
    if is_probe {
        let reply = server.shared.probes.lock().unwrap().get(&probed).cloned();
        let reply = reply.unwrap_or_else(|| text(404, "API endpoint does not exist."));
        return response_of(reply);
    }
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
    response_of(reply)
}

fn response_of(reply: Reply) -> Response {
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
