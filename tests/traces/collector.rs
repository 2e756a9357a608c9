//! A collector that keeps what it gets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::protobuf::{Field, all, fields, number, text};

/// One span.
#[derive(Debug, Clone)]
pub(super) struct CollectedSpan {
    pub(super) trace: String,
    pub(super) id: String,
    /// Empty for the root of a trace.
    pub(super) parent: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) failed: bool,
    pub(super) attributes: BTreeMap<String, Value>,
    /// Of the process that made it.
    pub(super) resource: BTreeMap<String, Value>,
}

impl CollectedSpan {
    /// An attribute; null where there is none.
    pub(super) fn at(&self, key: &str) -> Value {
        self.attributes.get(key).cloned().unwrap_or_default()
    }
}

type Kept = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A collector; it listens as long as the test's runtime lives.
pub(super) struct Collector {
    pub(super) url: String,
    kept: Kept,
}

impl Collector {
    pub(super) async fn start() -> Self {
        async fn keep(State(kept): State<Kept>, headers: HeaderMap, body: Bytes) -> StatusCode {
            kept.lock().unwrap().push((headers, body));
            StatusCode::OK
        }
        let kept = Kept::default();
        let router = Router::new()
            .route("/v1/traces", post(keep))
            .with_state(Arc::clone(&kept));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, kept }
    }

    /// Headers of the exports.
    pub(super) fn headers(&self) -> Vec<HeaderMap> {
        let kept = self.kept.lock().unwrap();
        kept.iter().map(|(headers, _)| headers.clone()).collect()
    }

    /// Every byte that came.
    pub(super) fn raw(&self) -> Vec<u8> {
        let kept = self.kept.lock().unwrap();
        kept.iter().flat_map(|(_, body)| body.to_vec()).collect()
    }

    /// The spans that came so far, by when they ended.
    pub(super) fn spans(&self) -> Vec<CollectedSpan> {
        let kept = self.kept.lock().unwrap();
        kept.iter().flat_map(|(_, body)| decoded(body)).collect()
    }
}

fn decoded(export: &[u8]) -> Vec<CollectedSpan> {
    let mut found = Vec::new();
    for of_resource in all(export, 1) {
        let resource = all(&of_resource, 1).concat();
        for of_scope in all(&of_resource, 2) {
            found.extend(all(&of_scope, 2).iter().map(|span| one(span, &resource)));
        }
    }
    found
}

fn one(span: &[u8], resource: &[u8]) -> CollectedSpan {
    let id = |field| {
        let bytes = all(span, field).concat();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let status = all(span, 15).concat();
    CollectedSpan {
        trace: id(1),
        id: id(2),
        parent: id(4),
        name: text(span, 5),
        kind: match number(span, 6) {
            1 => "internal",
            3 => "client",
            other => panic!("kind {other}"),
        },
        failed: number(&status, 3) == 2,
        attributes: attributes(&all(span, 9)),
        resource: attributes(&all(resource, 1)),
    }
}

fn attributes(pairs: &[Vec<u8>]) -> BTreeMap<String, Value> {
    let pairs = pairs.iter();
    pairs
        .map(|pair| (text(pair, 1), value(&all(pair, 2).concat())))
        .collect()
}

fn value(any: &[u8]) -> Value {
    let Some((kind, field)) = fields(any).into_iter().next() else {
        return Value::Null;
    };
    match (kind, field) {
        (1, Field::Bytes(bytes)) => json!(String::from_utf8(bytes).unwrap()),
        (2, Field::Number(number)) => json!(number == 1),
        (3, Field::Number(number)) => json!(number.cast_signed()),
        (4, Field::Number(bits)) => json!(f64::from_bits(bits)),
        (5, Field::Bytes(bytes)) => all(&bytes, 1).iter().map(|one| value(one)).collect(),
        other => panic!("{other:?}"),
    }
}
