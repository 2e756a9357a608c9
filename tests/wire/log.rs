use std::io::Write;
use std::sync::{Arc, Mutex};

use cardinal::wire::Wire;
use http::HeaderValue;
use serde_json::Value;

use super::retry::quick;
use super::server::{Server, answer};

/// Collects what is logged on this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn named(&self, message: &str) -> Vec<Value> {
        String::from_utf8(self.0.lock().unwrap().clone())
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|line| line["message"] == message)
            .collect()
    }
}

/// One exchange that is tried twice, with a secret wherever one could stand.
async fn exchange() {
    let server = Server::scripted(vec![
        answer("503 Busy", "", b"secret-reply"),
        answer("200 OK", "X-Note: secret-note\r\n", b"secret-reply"),
    ])
    .await;
    let mut request = server.query(r#"{"q":"secret-question"}"#);
    request.url.set_query(Some("key=secret-parameter"));
    let mut key = HeaderValue::from_static("secret-key");
    key.set_sensitive(true);
    request.headers.insert("x-api-key", key);
    let response = Wire::new(quick(&server)).unwrap().send(request).await.unwrap();
    response.bytes().await.unwrap();
}

#[tokio::test]
async fn each_exchange_is_one_line_without_headers_query_or_body() {
    // While there is only one subscriber, a place in the code that logs for the first time asks the subscriber of its
    // own thread whether anybody listens, and other tests' threads have none. With two it asks both.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    exchange().await;

    let retries = lines.named("will try again");
    assert_eq!(retries.len(), 1);
    assert_eq!(
        (&retries[0]["status"], &retries[0]["attempt"]),
        (&503.into(), &1.into())
    );
    let exchanges = lines.named("exchange");
    assert_eq!(exchanges.len(), 1);
    let line = &exchanges[0];
    for (field, value) in [
        ("method", Value::from("POST")),
        ("path", "/api/query".into()),
        ("status", 200.into()),
        ("bytes", 12.into()),
        ("attempts", 2.into()),
        ("served_by", "Live".into()),
        ("end", "complete".into()),
    ] {
        assert_eq!(line[field], value, "{field}");
    }
    assert!(line["ms"].is_u64());
    let ours: Vec<Value> = [retries, exchanges].concat();
    assert!(!serde_json::to_string(&ours).unwrap().contains("secret"));
}
