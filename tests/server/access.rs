use std::time::Duration;

use cardinal::config::AuthPolicy;
use serde_json::json;

use super::client::Ask;
use super::database::kept_of_tokens;
use super::kit::{QUESTION, TestServer};

async fn closed() -> TestServer {
    TestServer::with(|settings| settings.server.auth = AuthPolicy::Required).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_credential_nobody_gets_in() {
    let server = closed().await;
    for path in ["/v1/me", "/v1/sessions", "/v1/catalog", "/v1/admin/answers"] {
        let reply = server.get(path).await;
        assert_eq!(reply.status, 401, "{path}");
        assert!(reply.header("www-authenticate").starts_with("Bearer"));
        assert_eq!(reply.json()["code"], "unauthenticated");
    }
    let forged = ["cdl_00", "Bearer", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", ""];
    for token in forged {
        let ask = Ask::get("/v1/me").with("authorization", &format!("Bearer {token}"));
        assert_eq!(server.send(ask).await.status, 401, "{token}");
    }
    // What needs no credential: health, and the page that asks for one.
    for path in ["/healthz", "/readyz", "/"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_what_is_its_principals_and_nothing_else() {
    let server = closed().await;
    let (ana, ben) = (
        server.token("ana", &["ask"]).await,
        server.token("ben", &["ask", "admin"]).await,
    );
    let bearer = |token: &str| format!("Bearer {token}");
    let as_ana = |ask: Ask| ask.with("authorization", &bearer(&ana));
    let as_ben = |ask: Ask| ask.with("authorization", &bearer(&ben));
    let record = server
        .send(as_ana(Ask::post("/v1/answers", &json!({"question": QUESTION}))))
        .await
        .json();
    assert_eq!(record["asked_by"], "ana");
    let (id, session) = (
        record["id"].as_str().unwrap(),
        record["session"].as_str().unwrap(),
    );
    let foreign = [
        Ask::get(&format!("/v1/answers/{id}")),
        Ask::get(&format!("/v1/answers/{id}/events")),
        Ask::get(&format!("/v1/answers/{id}/tape")),
        Ask::post(&format!("/v1/answers/{id}/stop"), &json!({})),
        Ask::post(&format!("/v1/answers/{id}/feedback"), &json!({"rating": "up"})),
        Ask::get(&format!("/v1/sessions/{session}")),
        Ask::new("DELETE", &format!("/v1/sessions/{session}")),
        Ask::post("/v1/answers", &json!({"question": "x", "session": session})),
        Ask::post("/v1/answers", &json!({"question": "x", "after": id})),
    ];
    for ask in foreign {
        assert_eq!(server.send(as_ben(ask.clone())).await.status, 404, "{ask:?}");
    }
    assert_eq!(
        server.send(as_ben(Ask::get("/v1/sessions"))).await.json()["sessions"],
        json!([])
    );
    assert_eq!(
        server.send(as_ana(Ask::get("/v1/admin/answers"))).await.status,
        403
    );
    let seen = server.send(as_ben(Ask::get("/v1/admin/answers"))).await.json();
    assert_eq!(seen["answers"][0]["id"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_revoked_or_has_ended_is_worth_nothing() {
    let server = closed().await;
    let token = server.token("ana", &["ask"]).await;
    let ask = Ask::get("/v1/me").with("authorization", &format!("bearer {token}"));
    assert_eq!(server.send(ask.clone()).await.status, 200);
    let store = server.store().await;
    let listed = store.tokens().await.unwrap();
    assert!(store.revoke_token(&listed[0].id).await.unwrap());
    assert_eq!(server.send(ask).await.status, 401);
    // Its time is over, however good it was.
    let ended = store
        .create_token("ana", "ana", &["ask".to_owned()], Some(Duration::ZERO))
        .await
        .unwrap();
    let ended = format!("Bearer {}", secrecy::ExposeSecret::expose_secret(&ended.token));
    let ask = Ask::get("/v1/me").with("authorization", &ended);
    assert_eq!(server.send(ask).await.status, 401);
    // The store holds no token that could be used.
    let bytes = kept_of_tokens(&server.store_url);
    assert!(
        !bytes
            .windows(token.len())
            .any(|window| window == token.as_bytes())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_server_goes_by_the_names_of_this_machine_only() {
    let server = TestServer::new().await;
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            let reply = server.send(Ask::get("/v1/me").with("host", &host)).await;
            assert_eq!(reply.status, 200, "{host}");
        }
    }
    for (host, status) in [
        ("rebound.example.com", 421),
        ("127.0.0.1.example.com", 421),
        ("localhost.example.com:80", 421),
        ("", 421),
        // It is no host.
        ("127.0.0.1:x", 400),
    ] {
        for path in ["/v1/me", "/"] {
            let reply = server.send(Ask::get(path).with("host", host)).await;
            assert_eq!(reply.status, status, "{host} {path}");
        }
    }
    let absolute = Ask::get("http://rebound.example.com/v1/me").with("host", "localhost");
    assert_eq!(server.send(absolute).await.status, 421);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_may_not_ask() {
    let server =
        TestServer::with(|settings| settings.server.origins = vec!["https://chat.example.com".to_owned()])
            .await;
    let own = format!("http://{}", server.url().strip_prefix("http://").unwrap());
    let ask = Ask::post("/v1/answers", &json!({"question": QUESTION}));
    assert_eq!(server.send(ask.clone().with("origin", &own)).await.status, 200);
    for origin in [
        "https://evil.example.com",
        "null",
        "http://localhost:1",
        "https://chat.example.com.evil.com",
    ] {
        let reply = server.send(ask.clone().with("origin", origin)).await;
        assert_eq!(reply.status, 403, "{origin}");
        assert_eq!(reply.header("access-control-allow-origin"), "");
    }
    let allowed = server.send(ask.with("origin", "https://chat.example.com")).await;
    assert_eq!(allowed.status, 200);
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        "https://chat.example.com"
    );
    let preflight = Ask::new("OPTIONS", "/v1/answers").with("origin", "https://chat.example.com");
    assert_eq!(server.send(preflight).await.status, 204);
    let silent = Ask::get("/v1/sessions")
        .with("sec-fetch-site", "cross-site")
        .with("sec-fetch-mode", "no-cors");
    assert_eq!(server.send(silent).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_server_takes_nothing_that_came_through_a_proxy() {
    let server = TestServer::new().await;
    let proxied = Ask::get("/v1/me").with("x-forwarded-for", "203.0.113.9");
    assert_eq!(server.send(proxied.clone()).await.status, 403);
    assert_eq!(
        server
            .send(proxied.with("authorization", "Bearer x"))
            .await
            .status,
        403
    );
    // Clients that have to send a key may send any.
    let keyed = Ask::get("/v1/me").with("authorization", "Bearer sk-anything");
    assert_eq!(server.send(keyed).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_believed_from_its_address_only() {
    let proxy = |from: &str| cardinal::config::ProxySettings {
        header: "x-forwarded-email".parse().unwrap(),
        from: vec![from.parse().unwrap()],
    };
    let ask = Ask::get("/v1/me").with("x-forwarded-email", "ana@example.com");
    let near = TestServer::with(|settings| {
        settings.server.auth = AuthPolicy::Required;
        settings.server.proxy = Some(proxy("127.0.0.0/8"));
        settings.server.admins = vec!["ana@example.com".to_owned()];
    })
    .await;
    let me = near.send(ask.clone()).await.json();
    assert_eq!(
        (&me["principal"], &me["auth"]),
        (&json!("ana@example.com"), &json!("proxy"))
    );
    assert_eq!(me["scopes"], json!(["ask", "admin"]));
    let twice = ask.clone().with("x-forwarded-email", "root@example.com");
    assert_eq!(near.send(twice).await.status, 400);
    // Nobody is named like everybody on this machine.
    let local = Ask::get("/v1/me").with("x-forwarded-email", "local");
    assert_eq!(near.send(local).await.status, 403);
    assert_eq!(near.get("/v1/me").await.status, 401);
    // A page of somebody else whose name leads to this machine comes from the same address as the proxy.
    let rebound = ask.clone().with("host", "evil.example:8600");
    assert_eq!(near.send(rebound).await.status, 421);
    let far = TestServer::with(|settings| {
        settings.server.auth = AuthPolicy::Required;
        settings.server.proxy = Some(proxy("10.0.0.0/8"));
    })
    .await;
    assert_eq!(far.send(ask).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_refused_with_a_time_to_wait() {
    let server = TestServer::with(|settings| {
        settings.server.max_body_bytes = 1000;
        settings.server.max_requests_per_minute = Some(3);
    })
    .await;
    let long = Ask::post("/v1/answers", &json!({"question": "x".repeat(2000)}));
    let reply = server.send(long).await;
    assert_eq!(
        (reply.status, reply.json()["code"].clone()),
        (413, json!("too_large"))
    );
    server.get("/v1/me").await;
    server.get("/v1/me").await;
    let refused = server.get("/v1/me").await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() <= 61);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_allows_nothing_inline_and_nothing_from_elsewhere() {
    let server = TestServer::new().await;
    for path in ["/", "/s/ses_1", "/catalog", "/admin"] {
        let page = server.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("require-trusted-types-for 'script'")
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(
            !page.body.contains("<script>") && !page.body.contains("style="),
            "{}",
            page.body
        );
    }
    for path in [
        "/assets/x/index.html",
        "/assets/../Cargo.toml",
        "/assets/x/../../etc/passwd",
        "//etc/passwd",
    ] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
}
