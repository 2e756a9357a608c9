//! A server that writes exactly the bytes a test wants on the wire, and counts what came in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cardinal::principal::Principal;
use cardinal::wire::{CacheRule, Policy, Purpose, WireRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// A running server; ends with the test's runtime.
pub(super) struct Server {
    pub(super) url: Url,
    requests: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
}

impl Server {
    /// Answers request number n (from 0) on a connection of its own with what `answer` writes.
    pub(super) async fn start<F, A>(answer: F) -> Self
    where
        F: Fn(usize, String, TcpStream) -> A + Send + Sync + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let most_at_once = Arc::new(AtomicUsize::new(0));
        let (counted, most) = (requests.clone(), most_at_once.clone());
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            let running = Arc::new(AtomicUsize::new(0));
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let (answer, running) = (answer.clone(), running.clone());
                let (counted, most) = (counted.clone(), most.clone());
                tokio::spawn(async move {
                    let Some(request) = read_request(&mut socket).await else {
                        return;
                    };
                    let number = counted.fetch_add(1, Ordering::SeqCst);
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    answer(number, request, socket).await;
                    running.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self {
            url,
            requests,
            most_at_once,
        }
    }

    /// Answers request n with the n-th of these bytes, the last one from then on.
    pub(super) async fn scripted(answers: Vec<Vec<u8>>) -> Self {
        let answers = Arc::new(answers);
        Self::start(move |number, _, mut socket| {
            let answers = answers.clone();
            async move {
                let bytes = answers.get(number).or(answers.last()).unwrap();
                let _ = socket.write_all(bytes).await;
                let _ = socket.shutdown().await;
            }
        })
        .await
    }

    /// How many requests came.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// How many of them were being answered at the same time, at most.
    pub(super) fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }

    /// A request for `path`: buffered, idempotent metadata with room for a megabyte.
    pub(super) fn get(&self, path: &str) -> WireRequest {
        WireRequest {
            method: http::Method::GET,
            url: self.url.join(path).unwrap(),
            headers: http::HeaderMap::new(),
            body: None,
            policy: Policy {
                purpose: Purpose::Metadata,
                principal: Principal::default(),
                idempotent: true,
                buffered: true,
                cap: 1 << 20,
                timeout: Duration::from_secs(20),
                opening: None,
                loading: None,
                cache: CacheRule::Never,
            },
        }
    }

    /// A data query with this body.
    pub(super) fn query(&self, body: &str) -> WireRequest {
        let mut request = self.get("/api/query");
        request.method = http::Method::POST;
        request.body = Some(body.to_owned().into());
        request.policy.purpose = Purpose::DataQuery;
        request
    }
}

async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let mut seen = Vec::new();
    loop {
        let mut block = [0; 4096];
        let read = socket.read(&mut block).await.ok()?;
        if read == 0 {
            return None;
        }
        seen.extend_from_slice(&block[..read]);
        let text = String::from_utf8_lossy(&seen).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse::<usize>().unwrap());
        if body.len() >= length {
            return Some(text);
        }
    }
}

/// A whole response with a length.
pub(super) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n")
            .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A whole response in chunks of `size` bytes.
pub(super) fn chunked(status: &str, headers: &str, body: &[u8], size: usize) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Transfer-Encoding: chunked\r\n\r\n")
            .into_bytes();
    for chunk in body.chunks(size) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}
