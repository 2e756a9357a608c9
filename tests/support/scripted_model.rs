//! Model servers that say what a test wrote down, over real sockets, and remember what they were asked.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::serve::ListenerExt;
use cardinal::model::{CacheHints, ModelDrive, ModelPlaces, ModelSettings};
use cardinal::model::{ModelId, Provider};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::{Value, json};
use url::Url;

pub use super::reply::{Reply, Say};
use super::{scripted_anthropic, scripted_openai, scripted_responses};

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Captured {
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Captured {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

type Script = Box<dyn FnMut(&Value) -> Reply + Send>;

#[derive(Clone)]
struct Shared {
    provider: Provider,
    script: Arc<Mutex<Script>>,
    unlisted: Arc<AtomicBool>,
    captured: Arc<Mutex<Vec<Captured>>>,
}

/// A running scripted model. The server lives as long as the test's runtime.
pub struct ScriptedModel {
    provider: Provider,
    address: SocketAddr,
    unlisted: Arc<AtomicBool>,
    captured: Arc<Mutex<Vec<Captured>>>,
}

impl ScriptedModel {
    /// An OpenAI-compatible server that gives these replies in order, then errors (400).
    pub async fn openai(replies: Vec<Reply>) -> Self {
        Self::start(Provider::Openai, in_order(replies)).await
    }

    /// An OpenAI-compatible server that decides from the request's body.
    pub async fn openai_with(script: impl FnMut(&Value) -> Reply + Send + 'static) -> Self {
        Self::start(Provider::Openai, Box::new(script)).await
    }

    /// The same at an address that no other server of this process gets. What a server was found to refuse is remembered by its
    /// address for as long as the process lives, and a port is given out again.
    pub async fn openai_apart(script: impl FnMut(&Value) -> Reply + Send + 'static) -> Self {
        static APART: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(2);
        let host = Ipv4Addr::new(127, 0, 0, APART.fetch_add(1, Ordering::Relaxed));
        Self::start_at(host, Provider::Openai, Box::new(script)).await
    }

    /// A server of OpenAI's Responses API that decides from the request's body.
    pub async fn responses_with(script: impl FnMut(&Value) -> Reply + Send + 'static) -> Self {
        Self::start(Provider::OpenaiResponses, Box::new(script)).await
    }

    /// An Anthropic-compatible server that gives these replies in order, then errors (400).
    pub async fn anthropic(replies: Vec<Reply>) -> Self {
        Self::start(Provider::Anthropic, in_order(replies)).await
    }

    /// An Anthropic-compatible server that decides from the request's body.
    pub async fn anthropic_with(script: impl FnMut(&Value) -> Reply + Send + 'static) -> Self {
        Self::start(Provider::Anthropic, Box::new(script)).await
    }

    async fn start(provider: Provider, script: Script) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST, provider, script).await
    }

    async fn start_at(host: Ipv4Addr, provider: Provider, script: Script) -> Self {
        let captured = Arc::default();
        let unlisted = Arc::default();
        let shared = Shared {
            provider,
            script: Arc::new(Mutex::new(script)),
            unlisted: Arc::clone(&unlisted),
            captured: Arc::clone(&captured),
        };
        let listener = listener_on_a_new_port(host).await;
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(answer).with_state(shared);
        // Without it every small piece would wait for the acknowledgement of the one before.
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            provider,
            address,
            unlisted,
            captured,
        }
    }

    /// The base URL as the provider's clients take it: with `/v1` for OpenAI, without for Anthropic.
    pub fn base_url(&self) -> Url {
        let path = match self.provider {
            Provider::Openai | Provider::OpenaiResponses => "/v1",
            Provider::Anthropic | Provider::Offline => "",
        };
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// Settings that reach it.
    pub fn settings(&self) -> ModelSettings {
        ModelSettings {
            id: ModelId {
                provider: self.provider,
                name: "scripted".to_owned(),
            },
            base_url: Some(self.base_url()),
            api_key: Some("sk-test-secret".to_owned().into()),
            headers: Vec::new(),
            query: Vec::new(),
            drive: ModelDrive::Native,
            cache_hints: CacheHints::Auto,
            max_output_tokens: 1024,
            temperature: None,
            timeout: Duration::from_secs(10),
            max_concurrency: 256,
            prices: None,
            places: ModelPlaces::default(),
        }
    }

    /// From now on it has no list of models (404), as some servers do.
    pub fn list_nothing(&self) {
        self.unlisted.store(true, Ordering::Relaxed);
    }

    /// Everything it was asked, in order.
    pub fn captured(&self) -> Vec<Captured> {
        self.captured.lock().unwrap().clone()
    }

    /// The bodies of the completions it was asked for, in order.
    pub fn requests(&self) -> Vec<Value> {
        let captured = self.captured();
        captured
            .iter()
            .filter(|request| request.method == "POST")
            .map(Captured::json)
            .collect()
    }
}

fn in_order(replies: Vec<Reply>) -> Script {
    let mut replies = replies.into_iter();
    Box::new(move |_| {
        replies.next().unwrap_or_else(|| {
            Reply::status(400, json!({"error": {"message": "the script has no reply left"}}))
        })
    })
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap();
    let headers = parts.headers.iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()));
    let captured = Captured {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: headers.collect(),
        body,
    };
    let json = captured.json();
    let provider = if parts.uri.path().ends_with("/responses") {
        Provider::OpenaiResponses
    } else {
        shared.provider
    };
    shared.captured.lock().unwrap().push(captured);
    if parts.method == http::Method::GET && shared.unlisted.load(Ordering::Relaxed) {
        return respond(404, "text/plain", Body::from("not found"), &[]);
    }
    if parts.method == http::Method::GET {
        let models =
            json!({"object": "list", "data": [{"id": "scripted", "object": "model", "type": "model"}]});
        return respond(200, "application/json", Body::from(models.to_string()), &[]);
    }
    let reply = (shared.script.lock().unwrap())(&json);
    tokio::time::sleep(reply.delay).await;
    if let Some(open) = &reply.open {
        open.fetch_sub(1, Ordering::SeqCst);
    }
    serve(provider, &reply)
}

/// On a port that no other scripted model of this process had: what a server refuses is remembered by its address.
async fn listener_on_a_new_port(host: Ipv4Addr) -> tokio::net::TcpListener {
    static HAD: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = tokio::net::TcpListener::bind((host, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        if HAD.lock().unwrap().insert(port) {
            return listener;
        }
    }
}

/// A reply as a server streams it that speaks this provider's protocol.
fn serve(provider: Provider, reply: &Reply) -> Response {
    let anthropic = provider == Provider::Anthropic;
    let (status, kind, text) = match &reply.say {
        Say::Status { status, body } => (*status, "application/json", body.to_string()),
        Say::Failed { status, body } => (*status, "text/plain", body.clone()),
        Say::Json(body) => (200, "application/json", body.to_string()),
        Say::Sse(body) => (200, "text/event-stream", body.clone()),
        Say::Turn { .. } => (
            200,
            "text/event-stream",
            match provider {
                Provider::Anthropic => scripted_anthropic::turn(reply),
                Provider::OpenaiResponses => scripted_responses::turn(reply),
                Provider::Openai | Provider::Offline => scripted_openai::turn(reply),
            },
        ),
        Say::Endless(piece) | Say::Pondering(piece) => {
            let thinks = matches!(reply.say, Say::Pondering(_));
            let (opening, piece) = match (anthropic, thinks) {
                (true, false) => (scripted_anthropic::opening(), scripted_anthropic::delta(piece)),
                (true, true) => (
                    scripted_anthropic::pondering(),
                    scripted_anthropic::thought(piece),
                ),
                (false, false) => (String::new(), scripted_openai::delta(piece)),
                (false, true) => (String::new(), scripted_openai::thought(piece)),
            };
            let endless =
                stream::once(async { Bytes::from(opening) }).chain(stream::repeat(Bytes::from(piece)));
            let body = endless.then(|bytes| async {
                tokio::task::yield_now().await;
                Ok::<_, Infallible>(bytes)
            });
            return respond(200, "text/event-stream", Body::from_stream(body), &reply.headers);
        }
    };
    respond(
        status,
        kind,
        Body::from_stream(pieces(reply, text.into_bytes())),
        &reply.headers,
    )
}

fn pieces(reply: &Reply, mut bytes: Vec<u8>) -> BoxStream<'static, Result<Bytes, std::io::Error>> {
    let cut = reply.cut_after.filter(|at| *at <= bytes.len());
    if let Some(at) = cut {
        bytes.truncate(at);
    }
    let mut parts: Vec<Result<Bytes, std::io::Error>> = match (reply.fragment, reply.split_at) {
        (Some(size), _) => bytes
            .chunks(size)
            .map(|part| Ok(Bytes::copy_from_slice(part)))
            .collect(),
        (None, Some(at)) => {
            let (head, tail) = bytes.split_at(at.min(bytes.len()));
            vec![Ok(Bytes::copy_from_slice(head)), Ok(Bytes::copy_from_slice(tail))]
        }
        (None, None) => vec![Ok(Bytes::from(bytes))],
    };
    parts.retain(|part| part.as_ref().is_ok_and(|bytes| !bytes.is_empty()));
    if cut.is_some() {
        parts.push(Err(std::io::Error::other("cut by the script")));
    }
    // The pause lets what was sent reach the client before the connection is cut.
    let pause = reply.pause;
    let paced = stream::iter(parts.into_iter().enumerate()).then(move |(at, part)| async move {
        match &part {
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            Ok(_) if at > 0 && !pause.is_zero() => tokio::time::sleep(pause).await,
            Ok(_) => tokio::task::yield_now().await,
        }
        part
    });
    if reply.stays_open {
        paced.chain(stream::pending()).boxed()
    } else {
        paced.boxed()
    }
}

fn respond(status: u16, kind: &str, body: Body, headers: &[(String, String)]) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().unwrap();
    response
        .headers_mut()
        .insert("content-type", kind.parse().unwrap());
    for (name, value) in headers {
        let name = http::HeaderName::try_from(name).unwrap();
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
