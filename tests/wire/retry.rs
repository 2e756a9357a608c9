use std::time::{Duration, Instant};

use cardinal::wire::{GrantedEndpoint, Grants, Purpose, Wire, WireError, WireSettings};

use super::server::{Server, answer};

const ENDPOINTS: &[GrantedEndpoint] = &[
    GrantedEndpoint::get("/"),
    GrantedEndpoint::get("/api/card/{id}"),
    GrantedEndpoint::post("/api/query"),
];

/// Settings for this server, with waits of milliseconds.
pub(super) fn quick(server: &Server) -> WireSettings {
    let mut settings = WireSettings::new(Grants::none().and(&server.url, ENDPOINTS));
    settings.retry.base = Duration::from_millis(2);
    settings
}

/// Sends one request for this purpose to a server that always answers so. Gives the status and how often it was sent.
async fn sent(purpose: Purpose, status: &str, headers: &str, body: &str) -> (u16, usize) {
    let server = Server::scripted(vec![answer(status, headers, body.as_bytes())]).await;
    let mut request = server.query("{}");
    request.policy.purpose = purpose;
    request.policy.buffered = purpose != Purpose::Completion;
    let response = Wire::new(quick(&server)).unwrap().send(request).await.unwrap();
    assert_eq!(usize::try_from(response.attempts).unwrap(), server.requests());
    (response.status.as_u16(), server.requests())
}

#[tokio::test]
async fn passing_troubles_are_tried_three_times_and_the_last_answer_is_given() {
    for (status, code) in [
        ("429 Too Many Requests", 429),
        ("502 Bad Gateway", 502),
        ("503 Busy", 503),
    ] {
        assert_eq!(sent(Purpose::DataQuery, status, "", "").await, (code, 3));
        assert_eq!(sent(Purpose::Completion, status, "", "").await, (code, 3));
    }
}

#[tokio::test]
async fn a_500_is_definite_for_metabase_and_passing_for_a_model() {
    for (status, code) in [
        ("500 Internal Server Error", 500),
        ("529 Overloaded", 529),
        ("409 Conflict", 409),
    ] {
        assert_eq!(sent(Purpose::DataQuery, status, "", "{}").await, (code, 1));
        assert_eq!(sent(Purpose::Metadata, status, "", "{}").await, (code, 1));
        assert_eq!(sent(Purpose::Completion, status, "", "{}").await, (code, 3));
    }
}

#[tokio::test]
async fn definite_answers_are_given_at_once() {
    for (status, code) in [
        ("200 OK", 200),
        ("400 Bad Request", 400),
        ("401 No", 401),
        ("404 Not Found", 404),
    ] {
        assert_eq!(sent(Purpose::Completion, status, "", "{}").await, (code, 1));
    }
    let empty = r#"{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}"#;
    assert_eq!(
        sent(Purpose::Completion, "429 Too Many Requests", "", empty).await,
        (429, 1)
    );
}

#[tokio::test]
async fn the_provider_decides_when_it_says_so() {
    let (no, yes) = ("x-should-retry: false\r\n", "x-should-retry: true\r\n");
    assert_eq!(sent(Purpose::Completion, "503 Busy", no, "").await, (503, 1));
    assert_eq!(
        sent(Purpose::Completion, "400 Bad Request", yes, "").await,
        (400, 3)
    );
}

#[tokio::test]
async fn only_idempotent_requests_are_sent_again() {
    let server = Server::scripted(vec![answer("503 Busy", "", b"")]).await;
    let mut request = server.get("/");
    request.policy.idempotent = false;
    let response = Wire::new(quick(&server)).unwrap().send(request).await.unwrap();
    assert_eq!((response.status.as_u16(), server.requests()), (503, 1));
}

#[tokio::test]
async fn success_after_trouble_is_success() {
    let server = Server::scripted(vec![
        answer("503 Busy", "", b"no"),
        answer("429 Too Many Requests", "Retry-After: 0\r\n", b"no"),
        answer("200 OK", "", b"yes"),
    ])
    .await;
    let response = Wire::new(quick(&server))
        .unwrap()
        .send(server.get("/"))
        .await
        .unwrap();
    assert_eq!(response.attempts, 3);
    assert_eq!(response.bytes().await.unwrap(), "yes");
}

#[tokio::test]
async fn waits_as_long_as_the_server_asks() {
    let server = Server::scripted(vec![
        answer("429 Too Many Requests", "Retry-After: 1\r\n", b""),
        answer("200 OK", "", b"yes"),
    ])
    .await;
    let began = Instant::now();
    let response = Wire::new(quick(&server))
        .unwrap()
        .send(server.get("/"))
        .await
        .unwrap();
    assert_eq!(response.status.as_u16(), 200);
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_wait_longer_than_allowed_or_than_the_deadline_gives_the_answer_back() {
    let asks = "Retry-After: 3600\r\n";
    assert_eq!(
        sent(Purpose::DataQuery, "429 Too Many Requests", asks, "").await,
        (429, 1)
    );

    let server = Server::scripted(vec![answer("503 Busy", "Retry-After: 60\r\n", b"")]).await;
    let mut request = server.get("/");
    request.policy.timeout = Duration::from_secs(50);
    let began = Instant::now();
    let response = Wire::new(quick(&server)).unwrap().send(request).await.unwrap();
    assert_eq!((response.status.as_u16(), server.requests()), (503, 1));
    // Far from the deadline, also on a machine that is busy.
    assert!(began.elapsed() < Duration::from_secs(25));
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_and_then_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut server = Server::scripted(vec![answer("200 OK", "", b"")]).await;
    server.url = url::Url::parse(&format!("http://{address}")).unwrap();
    let error = Wire::new(quick(&server))
        .unwrap()
        .send(server.get("/"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, WireError::Connect { ref host, .. } if *host == address.to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_hangs_up_before_it_answers_is_asked_again() {
    let server = Server::scripted(vec![Vec::new(), Vec::new(), answer("200 OK", "", b"yes")]).await;
    let mut request = server.get("/");
    request.policy.buffered = false;
    let response = Wire::new(quick(&server)).unwrap().send(request).await.unwrap();
    assert_eq!(response.attempts, 3);
}

/// Never answers.
async fn silent() -> Server {
    Server::start(|_, _, socket| async move {
        std::future::pending::<()>().await;
        drop(socket);
    })
    .await
}

#[tokio::test]
async fn a_silent_server_is_asked_again_for_metadata_but_not_for_a_query() {
    let mut settings = quick(&silent().await);
    settings.retry.first_byte = Duration::from_millis(100);
    for (purpose, times) in [(Purpose::Metadata, 3), (Purpose::DataQuery, 1)] {
        let server = silent().await;
        settings.grants = Grants::none().and(&server.url, ENDPOINTS);
        let mut request = server.get("/");
        request.policy.purpose = purpose;
        request.policy.timeout = Duration::from_millis(800);
        let error = Wire::new(settings.clone())
            .unwrap()
            .send(request)
            .await
            .unwrap_err();
        assert!(matches!(error, WireError::Timeout { .. }), "{error}");
        assert_eq!(server.requests(), times, "{purpose:?}");
    }
}

#[tokio::test]
async fn all_attempts_together_stay_within_the_timeout() {
    let server = silent().await;
    let mut request = server.get("/");
    request.policy.timeout = Duration::from_millis(300);
    let error = Wire::new(quick(&server))
        .unwrap()
        .send(request)
        .await
        .unwrap_err();
    let WireError::Timeout { after, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(after, Duration::from_millis(300));
}
