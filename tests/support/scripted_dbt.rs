//! A server that answers what a test says, and remembers what it was asked. It knows nothing of dbt.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;
use url::Url;

/// One request, as it came.
#[derive(Debug, Clone)]
pub struct AskedOfDbt {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl AskedOfDbt {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// One response.
#[derive(Debug, Clone)]
pub struct DbtReply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl DbtReply {
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

type Script = dyn Fn(&AskedOfDbt) -> DbtReply + Send + Sync;

#[derive(Clone)]
struct Shared {
    script: Arc<Script>,
    asked: Arc<Mutex<Vec<AskedOfDbt>>>,
}

/// The running server; it ends with the test's runtime.
pub struct ScriptedDbt {
    pub url: Url,
    asked: Arc<Mutex<Vec<AskedOfDbt>>>,
}

impl ScriptedDbt {
    pub async fn serve(script: impl Fn(&AskedOfDbt) -> DbtReply + Send + Sync + 'static) -> Self {
        let asked: Arc<Mutex<Vec<AskedOfDbt>>> = Arc::default();
        let shared = Shared {
            script: Arc::new(script),
            asked: Arc::clone(&asked),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let app = Router::new().fallback(answer).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, asked }
    }

    /// How much was asked.
    pub fn asked_count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// Everything that was asked.
    pub fn asked(&self) -> Vec<AskedOfDbt> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 16 << 20).await.unwrap();
    let asked = AskedOfDbt {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    shared.asked.lock().unwrap().push(asked.clone());
    let reply = (shared.script)(&asked);
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).unwrap()
}
