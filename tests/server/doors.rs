//! Who is let in by which door: what came through a proxy, pages of other origins, and requests that are refused before they are read.

use std::time::{Duration, Instant};

use cardinal::config::{AuthPolicy, ProxySettings};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::Ask;
use super::kit::{QUESTION, TestServer};

/// Sends bytes as they are, and reads what comes first.
async fn first_answer(server: &TestServer, request: &[u8]) -> String {
    let host = server.url().strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).await.unwrap();
    connection.write_all(request).await.unwrap();
    let mut piece = vec![0; 16 * 1024];
    let read = tokio::time::timeout(Duration::from_secs(5), connection.read(&mut piece)).await;
    let length = read.expect("the server says nothing").unwrap();
    String::from_utf8_lossy(&piece[..length]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_proxy_adds_means_that_nobody_is_local() {
    let server = TestServer::new().await;
    let names = [
        "X-Real-IP",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Port",
        "X-Forwarded-User",
        "X-Forwarded",
        "CF-Connecting-IP",
        "True-Client-IP",
        "Via",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "Fly-Client-IP",
        "Fastly-Client-IP",
        "X-Envoy-External-Address",
        "Tailscale-User-Login",
        "X-Original-URL",
        "X-Original-Forwarded-For",
        "X-Auth-Request-Email",
        "Cf-Access-Authenticated-User-Email",
    ];
    for name in names {
        for value in ["127.0.0.1", "", " ", "\u{e4}"] {
            let head = format!(
                "GET /v1/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{name}: {value}\r\n\r\n"
            );
            let reply = first_answer(&server, head.as_bytes()).await;
            assert!(reply.starts_with("HTTP/1.1 403"), "{name}: {value:?}: {reply}");
        }
    }
    assert_eq!(server.get("/v1/me").await.json()["principal"], "local");
}

/// The server of somebody who left `auth` as it was, and has a proxy on this machine.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_names_nobody_lets_nobody_in() {
    let server = TestServer::with(|settings| {
        settings.server.auth = AuthPolicy::Loopback;
        settings.server.proxy = Some(ProxySettings {
            header: http::HeaderName::from_static("x-person"),
            from: vec!["127.0.0.1/32".parse().unwrap()],
        });
    })
    .await;
    let get = async |line: &[u8]| {
        let mut head = b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".to_vec();
        head.extend_from_slice(line);
        head.extend_from_slice(b"\r\n\r\n");
        first_answer(&server, &head).await
    };
    for line in [
        &b"X-Person:"[..],
        b"X-Person:   ",
        b"X-Person: \xff\xfe",
        b"X-Person: \xe4na",
    ] {
        let reply = get(line).await;
        assert!(reply.starts_with("HTTP/1.1 401"), "{line:?}: {reply}");
    }
    assert!(get(b"X-Person: local").await.starts_with("HTTP/1.1 403"));
    assert!(
        get(b"X-Person: ana\r\nX-Person: bo")
            .await
            .starts_with("HTTP/1.1 400")
    );
    assert!(get(b"X-Person: ana").await.contains("\"principal\":\"ana\""));
    assert!(
        get("X-Person: änä".as_bytes())
            .await
            .contains("\"principal\":\"änä\"")
    );
    // From somewhere else the header says nothing, and means that it came through a proxy all the same.
    let stranger = TestServer::with(|settings| {
        settings.server.auth = AuthPolicy::Loopback;
        settings.server.proxy = Some(ProxySettings {
            header: http::HeaderName::from_static("x-person"),
            from: vec!["192.0.2.1/32".parse().unwrap()],
        });
    })
    .await;
    let ask = Ask::get("/v1/me").with("x-person", "ana");
    assert_eq!(stranger.send(ask.clone()).await.status, 403);
    let with_key = ask.with("authorization", "Bearer sk-anything");
    assert_eq!(stranger.send(with_key).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_allowed_origin_is_told_what_it_may_send_and_read() {
    const ORIGIN: &str = "https://chat.example.com";
    let server = TestServer::with(|settings| settings.server.origins = vec![ORIGIN.to_owned()]).await;
    // What the OpenAI client for JavaScript asks for in a browser.
    let wanted = "authorization,content-type,x-stainless-arch,x-stainless-helper-method,x-stainless-lang,x-stainless-os,\
                  x-stainless-package-version,x-stainless-retry-count,x-stainless-runtime,x-stainless-runtime-version,\
                  x-stainless-timeout,openai-organization,openai-project,x-cardinal-session,x-cardinal-later";
    let preflight = Ask::new("OPTIONS", "/v1/chat/completions")
        .with("origin", ORIGIN)
        .with("access-control-request-method", "POST")
        .with("access-control-request-headers", wanted);
    let told = server.send(preflight).await;
    assert_eq!(told.status, 204);
    let taken: Vec<&str> = told.header("access-control-allow-headers").split(", ").collect();
    for name in wanted.split(',') {
        assert!(taken.contains(&name), "{name} is not among {taken:?}");
    }
    assert!(
        !taken.contains(&"x-forwarded-user") && !taken.contains(&"*"),
        "{taken:?}"
    );
    assert!(told.header("access-control-allow-methods").contains("PATCH"));
    let asked = Ask::post("/v1/answers", &json!({"question": QUESTION})).with("origin", ORIGIN);
    let told = server.send(asked).await;
    let shown: Vec<&str> = told.header("access-control-expose-headers").split(", ").collect();
    for name in [
        "x-cardinal-answer",
        "x-cardinal-session",
        "retry-after",
        "content-disposition",
        "www-authenticate",
    ] {
        assert!(shown.contains(&name), "{name} is not among {shown:?}");
    }
    // What is refused can be read too.
    let refused = Ask::post("/v1/answers", &json!({})).with("origin", ORIGIN);
    let refused = server.send(refused).await;
    assert_eq!(
        (refused.status, refused.header("access-control-allow-origin")),
        (400, ORIGIN)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_long_is_refused_before_it_is_sent() {
    let server = TestServer::with(|settings| settings.server.max_body_bytes = 10_000).await;
    for path in [
        "/v1/answers",
        "/v1/chat/completions",
        "/v1/responses",
        "/api/chat",
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n\
             Content-Length: 20000\r\n\r\n"
        );
        let begun = Instant::now();
        let reply = first_answer(&server, head.as_bytes()).await;
        assert!(reply.starts_with("HTTP/1.1 413"), "{path}: {reply}");
        assert!(begun.elapsed() < Duration::from_secs(3));
    }
    // One that is not too long is asked for.
    let head = "POST /v1/answers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n\
                Content-Length: 20\r\n\r\n";
    assert!(
        first_answer(&server, head.as_bytes())
            .await
            .starts_with("HTTP/1.1 100")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_too_long_is_told_so() {
    let server = TestServer::new().await;
    for path in [
        format!("/v1/sessions?search={}", "a".repeat(20_000)),
        format!("/v1/answers/{}", "a".repeat(20_000)),
    ] {
        let reply = server.get(&path).await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (414, &json!("too_large")),
            "{reply:#?}"
        );
    }
}

/// Who says twice, or not at all, which host is meant is read in two ways by those on the way.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_names_its_host_once_on_every_path() {
    for server in [
        TestServer::new().await,
        TestServer::with(|settings| settings.server.auth = AuthPolicy::Required).await,
    ] {
        for path in [
            "/healthz",
            "/v1/me",
            "/v1/chat/completions",
            "/",
            "http://localhost/healthz",
        ] {
            for host in [
                "",
                "Host: localhost\r\nHost: localhost\r\n",
                "Host: localhost\r\nHost: evil.example.com\r\n",
                "Host: a b\r\n",
                "Host: localhost/x\r\n",
                "Host: ana@localhost\r\n",
                "Host: localhost:x\r\n",
                "Host: localhost, evil.example.com\r\n",
            ] {
                let request = format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
                let reply = first_answer(&server, request.as_bytes()).await;
                assert!(reply.starts_with("HTTP/1.1 400 "), "{path} {host:?}: {reply}");
                assert!(reply.contains("bad_request") && reply.contains("Host"), "{reply}");
            }
        }
        // Before HTTP/1.1 none is needed, and one may be empty.
        for request in [
            "GET /healthz HTTP/1.0\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
        ] {
            let reply = first_answer(&server, request.as_bytes()).await;
            assert!(reply.contains(" 200 "), "{request:?}: {reply}");
        }
    }
}

/// The documented limit is the one that holds.
#[tokio::test(flavor = "multi_thread")]
async fn a_header_has_64_kb_and_no_more() {
    let server = TestServer::new().await;
    for (length, is_read) in [(60_000, true), (65_000, true), (66_000, false), (100_000, false)] {
        let value = "x".repeat(length);
        let request = format!(
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Long: {value}\r\n\r\n"
        );
        let reply = first_answer(&server, request.as_bytes()).await;
        let status = if is_read { "HTTP/1.1 200 " } else { "HTTP/1.1 431 " };
        assert!(reply.starts_with(status), "{length}: {reply}");
    }
}
