//! What people try who may not: spoofed headers, tricks in paths, bodies and headers that are too long or too slow, and texts that
//! would be HTML if anybody let them.

use std::sync::Arc;
use std::time::Duration;

use cardinal::catalog::TableRule;
use cardinal::config::AuthPolicy;
use cardinal::sandbox::{ServeOptions, World, serve as serve_sandbox};
use regex::Regex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::Ask;
use super::kit::{QUESTION, TestServer};
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;
use crate::support::stack::{curated, metabase_settings};

async fn closed() -> TestServer {
    TestServer::with(|settings| settings.server.auth = AuthPolicy::Required).await
}

/// Sends bytes as they are, and reads until the server closes the connection.
async fn raw(server: &TestServer, request: &[u8]) -> String {
    let host = server.url().strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).await.unwrap();
    // A server that has refused may close before it has read everything.
    let _ = connection.write_all(request).await;
    let mut received = Vec::new();
    let reading = connection.read_to_end(&mut received);
    let _ = tokio::time::timeout(Duration::from_secs(20), reading)
        .await
        .expect("the server neither answers nor closes");
    String::from_utf8_lossy(&received).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_header_but_the_credential_says_who_asks() {
    let server = closed().await;
    let names = [
        "x-forwarded-user",
        "x-forwarded-email",
        "x-forwarded-for",
        "x-remote-user",
        "remote-user",
        "x-real-ip",
        "x-user-id",
        "x-openwebui-user-email",
        "x-original-url",
        "x-rewrite-url",
        "x-http-method-override",
        "cookie",
        "proxy-authorization",
    ];
    for name in names {
        for value in [
            "ana@example.com",
            "127.0.0.1",
            "/healthz",
            "token=cdl_x",
            "Bearer cdl_x",
        ] {
            let reply = server.send(Ask::get("/v1/me").with(name, value)).await;
            assert_eq!(reply.status, 401, "{name}: {value}");
        }
    }
    // A token in the address would be in every log on the way.
    let token = server.token("ana", &["ask"]).await;
    for query in ["access_token", "token", "api_key", "authorization"] {
        let reply = server.get(&format!("/v1/me?{query}={token}")).await;
        assert_eq!(reply.status, 401, "{query}");
    }
    // Other schemes, and two credentials in one request.
    for value in [
        format!("Basic {token}"),
        format!("Token {token}"),
        token.clone(),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer {token}\u{0}"),
    ] {
        let head =
            format!("GET /v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {value}\r\n\r\n");
        let reply = raw(&server, head.as_bytes()).await;
        assert!(
            reply.starts_with("HTTP/1.1 401") || reply.starts_with("HTTP/1.1 400"),
            "{value:?}: {reply}"
        );
    }
    // Two headers, of which one is good.
    for pair in [["cdl_x", &token], [&token, "cdl_x"], [&token, &token]] {
        let mut ask = Ask::get("/v1/me");
        for token in pair {
            ask = ask.with("authorization", &format!("Bearer {token}"));
        }
        assert_eq!(server.send(ask).await.status, 401, "{pair:?}");
    }
    // What says that the page is not there yet is the same for a method that is tunnelled.
    let tunnelled = Ask::get("/v1/sessions/ses_1")
        .with("authorization", &format!("Bearer {token}"))
        .with("x-http-method-override", "DELETE");
    assert_eq!(server.send(tunnelled).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_way_of_writing_a_path_leads_past_the_guard_or_out_of_the_page() {
    let server = closed().await;
    let closed_routes = [
        "/v1/me",
        "//v1/me",
        "/v1//me",
        "/v1/me/",
        "/./v1/me",
        "/v1/x/../me",
        "/healthz/../v1/me",
        "/assets/../v1/me",
        "/%76%31/me",
        "/v1%2fme",
        "/V1/ME",
        "/v1/me;x",
        "/v1/me%00",
        "/v1/me%0d%0aX-A:%20b",
        "/v1/admin/answers",
        "/healthz/..%2fmetrics",
    ];
    for path in closed_routes {
        let reply = server.get(path).await;
        assert!(matches!(reply.status, 401 | 404), "{path}: {reply:#?}");
        assert_eq!(reply.header("x-a"), "", "{path}");
    }
    let index = server.get("/").await.body;
    let (_, rest) = index.split_once("/assets/").unwrap();
    let (hash, _) = rest.split_once('/').unwrap();
    for name in [
        "../../Cargo.toml",
        "..%2f..%2fCargo.toml",
        "%2e%2e/%2e%2e/etc/passwd",
        "..%5c..%5cCargo.toml",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "app.js%00.css",
        "vendor/../../mod.rs",
        "",
        ".",
    ] {
        let reply = server.get(&format!("/assets/{hash}/{name}")).await;
        assert!(matches!(reply.status, 400 | 404), "{name}: {}", reply.status);
        assert!(
            !reply.body.contains("root:") && !reply.body.contains("[package]"),
            "{name}"
        );
    }
    let token = server.token("ana", &["ask"]).await;
    let bearer = format!("Bearer {token}");
    for id in [
        "..",
        "..%2f..%2fstore",
        "ans_1%2f..%2f..",
        "%00",
        "ans_%0d%0aX-A:%20b",
        "*",
        "%25",
        "'%20or%20'1'='1",
    ] {
        for path in [
            format!("/v1/answers/{id}/tape"),
            format!("/v1/answers/{id}"),
            format!("/v1/sessions/{id}/export"),
            format!("/api/chat/{id}/stream"),
        ] {
            let reply = server.send(Ask::get(&path).with("authorization", &bearer)).await;
            assert!(
                matches!(reply.status, 204 | 400 | 404),
                "{path}: {}",
                reply.status
            );
            assert_eq!(reply.header("x-a"), "", "{path}");
        }
    }
    // A session that a client names is a name, and nothing else.
    for session in ["../x", "a/b", "a b", "a\u{7f}", "ä", "\"", &"x".repeat(1000)] {
        let body = json!({"question": QUESTION, "session": session});
        let reply = server
            .send(Ask::post("/v1/answers", &body).with("authorization", &bearer))
            .await;
        assert!(matches!(reply.status, 400 | 404), "{session:?}: {}", reply.status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_a_foreign_page_is_no_question() {
    let server = TestServer::new().await;
    let question = format!("{{\"question\": \"{QUESTION}\"}}");
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "application/jsonp",
        "",
    ] {
        for path in [
            "/v1/answers",
            "/v1/chat/completions",
            "/v1/responses",
            "/api/chat",
        ] {
            let request = format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{question}",
                question.len()
            );
            let reply = raw(&server, request.as_bytes()).await;
            assert!(reply.starts_with("HTTP/1.1 415"), "{path} {kind:?}: {reply}");
        }
    }
    // Requests without a body change something too.
    let record = server.ask(QUESTION).await;
    let (id, session) = (
        record["id"].as_str().unwrap(),
        record["session"].as_str().unwrap(),
    );
    let from_a_page = [
        Ask::new("POST", &format!("/v1/answers/{id}/stop")),
        Ask::new("POST", &format!("/v1/sessions/{session}/stop")),
        Ask::new("DELETE", &format!("/v1/sessions/{session}")),
        Ask::get(&format!("/v1/sessions/{session}")),
    ];
    for ask in from_a_page {
        for (name, value) in [
            ("origin", "https://evil.example.com"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let reply = server.send(ask.clone().with(name, value)).await;
            assert_eq!(reply.status, 403, "{ask:?} {name}: {value}");
            assert_eq!(reply.header("access-control-allow-origin"), "");
        }
    }
    // Two origins are none that may ask, whichever is looked at first.
    for pair in [
        ["http://localhost", "https://evil.example.com"],
        ["https://evil.example.com", "http://localhost"],
    ] {
        let ask = Ask::get("/v1/me").with("host", "localhost");
        let reply = server
            .send(ask.with("origin", pair[0]).with("origin", pair[1]))
            .await;
        assert_eq!(reply.status, 403, "{pair:?}");
    }
    let preflight = Ask::new("OPTIONS", "/v1/answers")
        .with("origin", "https://evil.example.com")
        .with("access-control-request-method", "POST");
    assert_eq!(server.send(preflight).await.status, 403);
    assert_eq!(
        server.get(&format!("/v1/sessions/{session}")).await.json()["turns"],
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_is_cut_off_before_it_is_kept() {
    let server = TestServer::with(|settings| settings.server.max_body_bytes = 10_000).await;
    let head = "POST /v1/answers HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n";
    // Without a length, in pieces.
    let piece = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    let chunked = format!(
        "{head}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        piece.repeat(4)
    );
    assert!(raw(&server, chunked.as_bytes()).await.starts_with("HTTP/1.1 413"));
    // A length that is a lie, and two that disagree.
    let endless = format!("{head}Content-Length: 99999999999\r\n\r\n{{");
    assert!(
        !raw_until_answer(&server, endless.as_bytes())
            .await
            .starts_with("HTTP/1.1 200")
    );
    for smuggled in [
        format!("{head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}x"),
        format!("{head}Content-Length: -1\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        format!("{head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    ] {
        let reply = raw(&server, smuggled.as_bytes()).await;
        assert!(
            reply.is_empty() || reply.starts_with("HTTP/1.1 400"),
            "{smuggled:?}: {reply}"
        );
    }
    let long = format!(
        "GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n",
        "x".repeat(400_000)
    );
    let reply = raw(&server, long.as_bytes()).await;
    assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 431"), "{reply}");
    let many: String = (0..500).map(|number| format!("X-{number}: y\r\n")).collect();
    let many = format!("GET /v1/me HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
    let reply = raw(&server, many.as_bytes()).await;
    assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 431"), "{reply}");
    // JSON that nests without an end, and a question of more than 32 KB in a body that may be longer.
    let deep = format!("{{\"question\": {}", "[".repeat(9_000));
    let deep = format!("{head}Content-Length: {}\r\n\r\n{deep}", deep.len());
    assert!(raw(&server, deep.as_bytes()).await.starts_with("HTTP/1.1 400"));
    let roomy = TestServer::new().await;
    let reply = roomy
        .post("/v1/answers", json!({"question": "x".repeat(40_000)}))
        .await;
    assert!(matches!(reply.status, 400 | 413), "{}", reply.status);
    for path in ["/v1/sessions", "/v1/admin/answers"] {
        let reply = roomy.get(&format!("{path}?search={}", "a".repeat(15_000))).await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (400, &json!("bad_request")),
            "{path}"
        );
    }
    // The server is as it was.
    assert_eq!(server.get("/v1/me").await.status, 200);
    assert_eq!(server.get("/v1/sessions").await.json()["sessions"], json!([]));
}

/// Sends bytes and reads what comes first; a server that waits for the rest of a body says nothing, and is left.
async fn raw_until_answer(server: &TestServer, request: &[u8]) -> String {
    let host = server.url().strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).await.unwrap();
    connection.write_all(request).await.unwrap();
    let mut piece = [0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(1), connection.read(&mut piece)).await;
    let length = read.map_or(0, Result::unwrap_or_default);
    String::from_utf8_lossy(&piece[..length]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_never_ends_is_given_up() {
    let server = TestServer::new().await;
    let host = server.url().strip_prefix("http://").unwrap().to_owned();
    let mut connection = TcpStream::connect(&host).await.unwrap();
    connection.write_all(b"GET /v1/me HTTP/1.1\r\n").await.unwrap();
    let begun = std::time::Instant::now();
    let mut received = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(30), async {
        // A byte now and then keeps no connection open.
        loop {
            tokio::select! {
                read = connection.read_to_end(&mut received) => break read.unwrap_or_default(),
                () = tokio::time::sleep(Duration::from_secs(60)) => {}
            }
        }
    });
    ended.await.expect("the connection is kept open");
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert!(!String::from_utf8_lossy(&received).contains(" 200 "));
}

#[ignore = "slow: run with --include-ignored"]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_ends_is_given_up() {
    let server = TestServer::with(|settings| {
        settings.dbt.webhook_secret = Some(secrecy::SecretString::from("a secret of a subscription"));
    })
    .await;
    let slow = async |path: &str| {
        let host = server.url().strip_prefix("http://").unwrap();
        let mut connection = TcpStream::connect(host).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: 1000\r\n\r\n{{"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        let reading = async {
            // A byte now and then keeps no body alive.
            loop {
                let mut piece = [0; 4096];
                tokio::select! {
                    read = connection.read(&mut piece) => match read {
                        Ok(0) | Err(_) => break,
                        Ok(length) => received.extend_from_slice(&piece[..length]),
                    },
                    () = tokio::time::sleep(Duration::from_secs(1)) => {
                        let _ = connection.write_all(b" ").await;
                    }
                }
            }
        };
        let ended = tokio::time::timeout(Duration::from_secs(90), reading).await;
        ended.expect("the connection is kept open");
        String::from_utf8_lossy(&received).into_owned()
    };
    let (native, chat, webhook) = tokio::join!(
        slow("/v1/answers"),
        slow("/v1/chat/completions"),
        slow("/v1/dbt/webhook")
    );
    for reply in [native, chat, webhook] {
        assert!(reply.starts_with("HTTP/1.1 408"), "{reply}");
    }
}

const EVIL: &str = "<img src=x onerror=alert(1)><script>alert(1)</script>\"'><svg/onload=alert(1)>";

/// A Metabase whose every text is hostile.
const WORLD: &str = r#"
version: 1
today: 2026-06-30
database: { name: Bench }
tables:
  lines: { description: Lines. }
collections:
  - { path: Curated, curated: true }
cards:
  - name: "<img src=x onerror=alert(1)><script>alert(1)</script> [x](javascript:alert(1))"
    collection: Curated
    created: 2025-01-01
    description: "<svg/onload=alert(1)>"
    sql: SELECT id, name AS "<b onmouseover=alert(1)>col</b>" FROM lines ORDER BY id
"#;

/// The tags of a page, with what stands in them.
fn tags(html: &str) -> Vec<(String, String)> {
    let tag = Regex::new(r"<\s*/?\s*([!a-zA-Z][^\s>/]*)([^>]*)>").unwrap();
    tag.captures_iter(html)
        .map(|found| (found[1].to_ascii_lowercase(), found[2].to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_a_model_or_a_metabase_is_ever_html() {
    let data = tempfile::tempdir().unwrap();
    let rows = format!(
        "id,name\n1,\"{}\"\n2,[x](javascript:alert(1))\n",
        EVIL.replace('"', "\"\"")
    );
    std::fs::write(data.path().join("lines.csv"), rows).unwrap();
    let file = data.path().join("world.yaml");
    std::fs::write(&file, WORLD).unwrap();
    let world = World::from_csv(data.path(), Some(&file)).unwrap();
    let sandbox = serve_sandbox(ServeOptions::new(Arc::new(world))).await.unwrap();
    let text = format!(
        "{EVIL}\n\n<a href=\"javascript:alert(1)\">x</a> [link](javascript:alert(1)) [data](data:text/html,<script>alert(1)</script>) \
         ![image](https://evil.example.com/x.png) <javascript:alert(1)> <https://evil.example.com/>\n\n\
         <style>body{{display:none}}</style>\n\n| a |\n|---|\n| {EVIL} |\n\n```html\n{EVIL}\n```\n"
    );
    let mut asked = 0;
    let model = ScriptedModel::openai_with(move |request| {
        asked += 1;
        // Whatever the first id is called, it stands in what the model reads.
        let shown = request["messages"].to_string();
        let id = Regex::new(r"card (\d+)")
            .unwrap()
            .captures(&shown)
            .map(|found| found[1].to_owned());
        if asked == 1 {
            let id: u32 = id.and_then(|id| id.parse().ok()).unwrap_or(1);
            Reply::tool_calls([("run_card", json!({"card_id": id}))])
        } else {
            Reply::text(text.clone())
        }
    })
    .await;
    let metabase = metabase_settings(&sandbox, Duration::from_secs(10));
    let rules = curated(&sandbox, TableRule::default());
    let server = TestServer::before(model, |settings| {
        settings.metabase = Some(metabase);
        settings.catalog = rules;
        settings.grounding.on_unmatched = cardinal::OnUnmatched::Mark;
    })
    .await;
    let reply = server.post("/v1/answers", json!({"question": EVIL})).await;
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("content-type"), "application/json");
    let record = reply.json();
    assert!(!record["tables"].as_array().unwrap().is_empty(), "{record:#}");
    let answered = record["answer"]["text"].as_str().unwrap();
    assert!(
        !answered.contains("](javascript:") && !answered.contains("evil.example.com"),
        "{answered}"
    );

    let session = format!("/v1/sessions/{}", record["session"].as_str().unwrap());
    let renamed = server
        .send(Ask::new("PATCH", &session).json(&json!({"title": EVIL})))
        .await;
    assert_eq!(renamed.status, 200);
    let page = server.get(&format!("{session}/export?format=html")).await;
    assert!(page.header("content-disposition").starts_with("attachment"));
    assert!(
        page.body.contains("&lt;script&gt;"),
        "the text is gone: {}",
        page.body
    );
    let known = [
        "!doctype",
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "a",
        "em",
        "strong",
        "code",
        "pre",
        "ul",
        "ol",
        "li",
        "hr",
        "br",
        "blockquote",
    ];
    let handler = Regex::new(r"(?i)[\s/]on\w+\s*=").unwrap();
    for (name, inside) in tags(&page.body) {
        assert!(known.contains(&name.as_str()), "<{name}{inside}> is in the page");
        assert!(!handler.is_match(&inside), "<{name}{inside}>");
        assert!(
            name != "a" || inside.is_empty() || inside.starts_with(" href=\"http"),
            "<{name}{inside}>"
        );
    }
    assert_eq!(page.body.matches("<style>").count(), 1, "{}", page.body);
    // What reflects an address reflects it as data.
    for path in [
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/v1/answers/%3Cimg%20src=x%3E",
        "/v1/models/%3Csvg%3E",
    ] {
        let reply = server.get(path).await;
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.header("content-type").contains("json"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
    }
    let told: Value = server.get("/v1/catalog").await.json();
    assert!(
        told["entries"][0]["name"].as_str().unwrap().contains("<script>"),
        "{told:#}"
    );
}
