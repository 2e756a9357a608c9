//! A plain HTTP/1.1 client that sees how a body ends, and can hang up anywhere.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request to be sent.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// A response, as far as it came.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
    /// Whether the body came to its proper end.
    pub(super) whole: bool,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:#?}"))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Its events: number, name, data.
    pub(super) fn events(&self) -> Vec<(u64, String, Value)> {
        let blocks = self.body.split("\n\n").filter(|block| block.contains("data: "));
        blocks
            .map(|block| {
                let field = |name: &str| {
                    let line = block
                        .lines()
                        .find_map(|line| line.strip_prefix(&format!("{name}: ")));
                    line.unwrap_or_default().to_owned()
                };
                let data = serde_json::from_str(&field("data")).unwrap_or_default();
                (field("id").parse().unwrap_or_default(), field("event"), data)
            })
            .collect()
    }

    /// Data of the events of that name.
    pub(super) fn named(&self, name: &str) -> Vec<Value> {
        let events = self.events().into_iter();
        events
            .filter(|event| event.1 == name)
            .map(|event| event.2)
            .collect()
    }
}

impl Ask {
    pub(super) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub(super) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(super) fn post(path: &str, body: &Value) -> Self {
        Self::new("POST", path).json(body)
    }

    pub(super) fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string());
        self.with("content-type", "application/json")
    }

    /// A question, with its answer as events.
    pub(super) fn events(body: &Value) -> Self {
        Self::post("/v1/answers", body).with("accept", "text/event-stream")
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn bytes(&self, host: &str) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", self.method, self.path);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            text += &format!("host: {host}\r\n");
        }
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        let body = self.body.clone().unwrap_or_default();
        text += &format!("content-length: {}\r\n\r\n{body}", body.len());
        text.into_bytes()
    }

    /// Sends it and reads the whole response.
    pub(super) async fn send(&self, url: &str) -> Reply {
        let mut connection = self.open(url).await;
        let mut received = Vec::new();
        // A reset is one of the ways in which a body ends.
        let _ = connection.read_to_end(&mut received).await;
        read(&received)
    }

    /// Sends it and reads until the response holds `text`, then hangs up.
    pub(super) async fn until(&self, url: &str, text: &str) -> Reply {
        let mut connection = self.open(url).await;
        let mut received = Vec::new();
        while !String::from_utf8_lossy(&received).contains(text) {
            let mut piece = [0; 4096];
            let length = connection.read(&mut piece).await.unwrap_or_default();
            if length == 0 {
                break;
            }
            received.extend_from_slice(&piece[..length]);
        }
        read(&received)
    }

    /// Sends it to a server that may end at any moment, and reads what comes back within so long; `None` when nothing did.
    pub(super) async fn attempt(&self, url: &str, at_most: Duration) -> Option<Reply> {
        let host = url.strip_prefix("http://").unwrap();
        let mut received = Vec::new();
        let exchange = async {
            let mut connection = TcpStream::connect(host).await.ok()?;
            connection.write_all(&self.bytes(host)).await.ok()?;
            // A reset is one of the ways in which a body ends.
            let _ = connection.read_to_end(&mut received).await;
            Some(())
        };
        // What came before the time was over counts.
        let _ = tokio::time::timeout(at_most, exchange).await;
        (!received.is_empty()).then(|| read(&received))
    }

    /// Sends the first bytes of the request, reads the first bytes of the response, and hangs up.
    pub(super) async fn hang_up(&self, url: &str, sent: usize, received: usize) -> Reply {
        let host = url.strip_prefix("http://").unwrap();
        let bytes = self.bytes(host);
        let mut connection = TcpStream::connect(host).await.unwrap();
        connection
            .write_all(&bytes[..sent.min(bytes.len())])
            .await
            .unwrap();
        let mut came = vec![0; received];
        let mut length = 0;
        while length < received {
            let more = connection.read(&mut came[length..]).await.unwrap_or_default();
            if more == 0 {
                break;
            }
            length += more;
        }
        read(&came[..length])
    }

    /// How many bytes the request has.
    pub(super) fn length(&self, url: &str) -> usize {
        self.bytes(url.strip_prefix("http://").unwrap()).len()
    }

    /// Sends it; what comes back is not read yet.
    pub(super) async fn open(&self, url: &str) -> TcpStream {
        let host = url.strip_prefix("http://").unwrap();
        let mut connection = TcpStream::connect(host).await.unwrap();
        connection.write_all(&self.bytes(host)).await.unwrap();
        connection
    }
}

fn read(received: &[u8]) -> Reply {
    let text = String::from_utf8_lossy(received).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default().split(' ').nth(1);
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let (body, whole) = if headers
        .get("transfer-encoding")
        .is_some_and(|coding| coding == "chunked")
    {
        unchunked(received.get(head.len() + 4..).unwrap_or_default())
    } else {
        let length = headers
            .get("content-length")
            .and_then(|length| length.parse().ok());
        (
            body.to_owned(),
            length.is_none_or(|length: usize| body.len() == length),
        )
    };
    Reply {
        status: status.and_then(|status| status.parse().ok()).unwrap_or_default(),
        headers,
        body,
        whole,
    }
}

fn unchunked(mut rest: &[u8]) -> (String, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") else {
            return (String::from_utf8_lossy(&body).into_owned(), false);
        };
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return (String::from_utf8_lossy(&body).into_owned(), true);
        }
        let start = end + 2;
        let available = rest.len().min(start + length);
        body.extend_from_slice(&rest[start..available]);
        if rest.len() < start + length + 2 {
            return (String::from_utf8_lossy(&body).into_owned(), false);
        }
        rest = &rest[start + length + 2..];
    }
}
