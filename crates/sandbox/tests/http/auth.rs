use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::client::{As, HttpAnswer, Sandbox, json as with_json, send};
use cardinal_sandbox::ServedGeneration;

const PING: &str = "/api/agent/v1/ping";

fn mint(sandbox: &Sandbox, claims: &Value) -> String {
    let secret = sandbox.running.jwt_secret.as_ref().unwrap().expose_secret();
    encode(
        &Header::default(),
        claims,
        &EncodingKey::from_secret(secret.as_bytes()),
    )
    .unwrap()
}

fn now() -> i64 {
    Timestamp::now().as_second()
}

async fn ping(sandbox: &Sandbox, authorization: &str) -> HttpAnswer {
    let request = sandbox.request(Method::GET, PING);
    send(request.header("Authorization", authorization)).await
}

fn is_unauthorized(answer: &HttpAnswer, error: &str, message: &str) {
    assert_eq!(answer.status, 401);
    assert!(answer.header("content-type").starts_with("application/json"));
    assert_eq!(answer.json(), json!({ "error": error, "message": message }));
}

#[tokio::test]
async fn a_key_a_session_and_a_cookie_are_all_good() {
    let sandbox = Sandbox::start().await;
    let pong = json!({ "message": "pong" });
    assert_eq!(sandbox.fetch(PING).await, pong);
    assert_eq!(sandbox.get_as(As::Admin, PING).await.json(), pong);
    let session = sandbox.session("analyst@example.com", "sandbox-analyst").await;
    let request = sandbox.request(Method::GET, PING);
    let answer = send(request.header("Cookie", format!("a=b; metabase.SESSION={session}"))).await;
    assert_eq!(answer.json(), pong);
}

#[tokio::test]
async fn the_agent_api_names_each_failure_in_json() {
    let sandbox = Sandbox::start().await;
    let missing = "Authentication required. Use X-Metabase-Session header or Authorization: Bearer <jwt>.";
    is_unauthorized(
        &sandbox.get_as(As::Nobody, PING).await,
        "missing_authorization",
        missing,
    );
    let request = sandbox
        .request(Method::GET, PING)
        .header("X-API-Key", "mb_no-such-key-at-all");
    is_unauthorized(&send(request).await, "missing_authorization", missing);
    is_unauthorized(
        &ping(&sandbox, "Basic YTpi").await,
        "invalid_authorization_format",
        "Authorization header must use Bearer scheme: Authorization: Bearer <jwt>",
    );
    is_unauthorized(
        &ping(&sandbox, "Bearer not.a.jwt").await,
        "invalid_jwt",
        "Invalid or expired JWT token.",
    );
    let without = Sandbox::with(|options| options.jwt = false).await;
    is_unauthorized(
        &ping(&without, "Bearer not.a.jwt").await,
        "jwt_not_configured",
        "JWT authentication is not configured. Set the JWT shared secret in admin settings.",
    );
}

#[tokio::test]
async fn other_routes_say_so_in_plain_text() {
    let sandbox = Sandbox::start().await;
    let answer = sandbox.get_as(As::Nobody, "/api/card/1").await;
    answer.is_text(401, "Unauthenticated");
    let token = mint(&sandbox, &json!({ "email": "analyst@example.com", "iat": now() }));
    let request = sandbox.request(Method::GET, "/api/card/1");
    let answer = send(request.header("Authorization", format!("Bearer {token}"))).await;
    answer.is_text(401, "Unauthenticated");
}

#[tokio::test]
async fn a_token_is_good_for_180_seconds() {
    let sandbox = Sandbox::start().await;
    let good = mint(
        &sandbox,
        &json!({ "email": "Analyst@Example.com", "iat": now() - 170 }),
    );
    assert_eq!(ping(&sandbox, &format!("Bearer {good}")).await.status, 200);
    assert_eq!(ping(&sandbox, &format!("bearer {good}")).await.status, 200);
    let bad = [
        json!({ "email": "analyst@example.com", "iat": now() - 190 }),
        json!({ "email": "analyst@example.com", "iat": now(), "exp": now() - 5 }),
        json!({ "email": "nobody@example.com", "iat": now() }),
        json!({ "email": "former@example.com", "iat": now() }),
        json!({ "iat": now() }),
    ];
    for claims in bad {
        let answer = ping(&sandbox, &format!("Bearer {}", mint(&sandbox, &claims))).await;
        is_unauthorized(&answer, "invalid_jwt", "Invalid or expired JWT token.");
    }
    let claims = json!({ "email": "analyst@example.com", "iat": now() });
    let forged = encode(&Header::default(), &claims, &EncodingKey::from_secret(b"guess")).unwrap();
    assert_eq!(ping(&sandbox, &format!("Bearer {forged}")).await.status, 401);
}

#[tokio::test]
async fn scopes_narrow_a_token() {
    let sandbox = Sandbox::start().await;
    let get = async |scope: &str, path: &str| {
        let claims = json!({ "email": "analyst@example.com", "iat": now(), "scope": scope });
        let request = sandbox.request(Method::GET, path);
        send(request.header("Authorization", format!("Bearer {}", mint(&sandbox, &claims)))).await
    };
    let table = format!("/api/agent/v1/table/{}", sandbox.table("orders").await);
    assert_eq!(get("", PING).await.status, 200);
    for scope in [
        "agent:table:read",
        "agent:*",
        "agent:table:*",
        "*",
        "other agent:table:read",
    ] {
        assert_eq!(get(scope, &table).await.status, 200, "{scope}");
    }
    for scope in ["", "agent:metric:read", "agent:tab*"] {
        let answer = get(scope, &table).await;
        assert_eq!(answer.status, 403, "{scope}");
        let message = "Token does not have required scope: agent:table:read";
        assert_eq!(
            answer.json(),
            json!({ "error": "unsupported_scope", "message": message })
        );
    }
    let answer = get("*", "/api/agent/v1/database").await;
    assert_eq!(answer.status, 403);
    let message = "Scoped tokens cannot access this endpoint.";
    assert_eq!(
        answer.json(),
        json!({ "error": "scope_not_permitted", "message": message })
    );
}

#[tokio::test]
async fn the_first_generation_knows_no_scopes() {
    let sandbox = Sandbox::with(|options| options.generation = ServedGeneration::V59).await;
    let claims = json!({ "email": "analyst@example.com", "iat": now(), "scope": "" });
    let token = mint(&sandbox, &claims);
    let request = sandbox.request(Method::POST, "/api/agent/v1/search");
    let request = request.header("Authorization", format!("Bearer {token}"));
    assert_eq!(send(with_json(request, &json!({}))).await.status, 200);
}

#[tokio::test]
async fn switched_off_features_are_403_before_anything_else() {
    let sandbox = Sandbox::with(|options| options.agent_api = false).await;
    sandbox
        .get_as(As::Nobody, PING)
        .await
        .is_text(403, "Agent API is not enabled.");
    let sandbox = Sandbox::with(|options| options.ai_features = false).await;
    sandbox
        .get(PING)
        .await
        .is_text(403, "AI features are not enabled.");
}

#[tokio::test]
async fn signing_in_gives_a_session_and_cookies() {
    let sandbox = Sandbox::start().await;
    let body =
        json!({ "username": sandbox.running.user, "password": sandbox.running.password.expose_secret() });
    let answer = sandbox.post_as(As::Nobody, "/api/session", &body).await;
    assert_eq!(answer.status, 200);
    let session = answer.json()["id"].as_str().unwrap().to_owned();
    let cookies: Vec<&str> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|c| c.to_str().unwrap())
        .collect();
    for name in ["metabase.SESSION", "metabase.TIMEOUT", "metabase.DEVICE"] {
        assert!(cookies.iter().any(|cookie| cookie.starts_with(name)), "{name}");
    }
    let me = sandbox
        .request(Method::GET, "/api/user/current")
        .header("X-Metabase-Session", &session);
    let me = send(me).await.json();
    assert_eq!(
        (me["email"].as_str(), me["is_superuser"].as_bool()),
        (Some("analyst@example.com"), Some(false))
    );

    let leave = sandbox
        .request(Method::DELETE, "/api/session")
        .header("X-Metabase-Session", &session);
    let left = send(leave).await;
    assert_eq!((left.status.as_u16(), left.body.as_str()), (204, ""));
    let me = sandbox
        .request(Method::GET, "/api/user/current")
        .header("X-Metabase-Session", &session);
    send(me).await.is_text(401, "Unauthenticated");
}

#[tokio::test]
async fn wrong_credentials_are_401_and_then_throttled() {
    let sandbox = Sandbox::start().await;
    let wrong = json!({ "username": "analyst@example.com", "password": "wrong" });
    for _ in 0..10 {
        let answer = sandbox.post_as(As::Nobody, "/api/session", &wrong).await;
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.json(),
            json!({ "errors": { "password": "did not match stored password" } })
        );
    }
    let answer = sandbox.post_as(As::Nobody, "/api/session", &wrong).await;
    assert_eq!(answer.status, 401);
    let message = answer.json()["errors"]["username"].as_str().unwrap().to_owned();
    assert!(
        message.starts_with("Too many attempts! You must wait "),
        "{message}"
    );
    // Someone else may still sign in.
    sandbox.session("admin@example.com", "sandbox-admin").await;
}

#[tokio::test]
async fn a_deactivated_account_and_a_missing_password_are_told_apart() {
    let sandbox = Sandbox::start().await;
    let former = json!({ "username": "former@example.com", "password": "sandbox-former" });
    let answer = sandbox.post_as(As::Nobody, "/api/session", &former).await;
    assert_eq!(answer.status, 401);
    assert!(answer.json()["errors"]["_error"].is_string());
    let answer = sandbox
        .post_as(As::Nobody, "/api/session", &json!({ "username": "x" }))
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["specific-errors"]["password"],
        json!(["missing required key, received: nil"])
    );
}

#[tokio::test]
async fn a_token_can_be_exchanged_for_a_session() {
    let sandbox = Sandbox::start().await;
    let jwt = mint(&sandbox, &json!({ "email": "analyst@example.com", "iat": now() }));
    let answer = sandbox
        .post_as(As::Nobody, "/auth/sso/to_session", &json!({ "jwt": jwt }))
        .await;
    assert_eq!(answer.status, 200);
    let session = answer.json()["session_token"].as_str().unwrap().to_owned();
    let request = sandbox.request(Method::GET, "/api/user/current");
    assert_eq!(
        send(request.header("X-Metabase-Session", session)).await.status,
        200
    );

    let old = mint(
        &sandbox,
        &json!({ "email": "analyst@example.com", "iat": now() - 200 }),
    );
    let answer = sandbox
        .post_as(As::Nobody, "/auth/sso/to_session", &json!({ "jwt": old }))
        .await;
    assert_eq!(answer.status, 401);
    let without = Sandbox::with(|options| options.jwt = false).await;
    let answer = without
        .post_as(As::Nobody, "/auth/sso/to_session", &json!({ "jwt": old }))
        .await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn ended_sessions_are_not_good_any_more() {
    let sandbox = Sandbox::start().await;
    let session = sandbox.session("analyst@example.com", "sandbox-analyst").await;
    sandbox.running.end_sessions();
    let request = sandbox
        .request(Method::GET, "/api/card/1")
        .header("X-Metabase-Session", session);
    send(request).await.is_text(401, "Unauthenticated");
}
