use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine;
use cardinal::catalog::CardId;
use cardinal::metabase::AuthSettings;
use cardinal::metabase::{CardRun, FailureClass, MetabaseClient, MetabaseError, SigningClock};
use cardinal::principal::Principal;
use cardinal::wire::Wire;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::scripted::{Asked, Scripted, api_key, client, completed, json_reply, one_card, text};

const CARD: &str = "POST /api/card/7/query";

fn password() -> AuthSettings {
    AuthSettings::Password {
        username: "ann@example.com".into(),
        password: SecretString::from("hunter2-PASSWORD"),
    }
}

fn jwt(exchange: bool) -> AuthSettings {
    AuthSettings::Jwt {
        secret: SecretString::from("shared-SECRET-of-enough-length-00"),
        email: "ann@example.com".into(),
        exchange,
    }
}

async fn run(client: &MetabaseClient) -> Result<(), MetabaseError> {
    let card = one_card(&json!([])).allow_card(CardId(7)).unwrap();
    client
        .run_card(&CardRun {
            card,
            arguments: vec![],
        })
        .await
        .map(|_| ())
}

fn header<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    asked.headers.get(name).map(|value| value.to_str().unwrap())
}

async fn with_card() -> Scripted {
    let server = Scripted::version("v0.60.1").await;
    server.on(CARD, json_reply(202, &completed(&json!([]), &json!([]))));
    server
}

#[tokio::test]
async fn keys_and_sessions_go_into_their_headers() {
    let server = with_card().await;
    run(&server.client()).await.unwrap();
    let session = AuthSettings::Session(SecretString::from("session-1"));
    run(&client(server.settings(session))).await.unwrap();
    let asked = server.asked("/api/card/7/query");
    assert_eq!(header(&asked[0], "x-api-key"), Some("mb_SECRET-KEY"));
    assert_eq!(header(&asked[1], "x-metabase-session"), Some("session-1"));
}

#[tokio::test]
async fn a_password_is_exchanged_once_for_all_and_again_when_the_session_ended() {
    let server = Scripted::start().await;
    server.on("POST /api/session", json_reply(200, &json!({ "id": "first" })));
    server.on("POST /api/session", json_reply(200, &json!({ "id": "second" })));
    server.on(CARD, json_reply(202, &completed(&json!([]), &json!([[]]))));
    server.on("GET /api/card/7/params/p/values", text(401, "Unauthenticated"));
    server.on(
        "GET /api/card/7/params/p/values",
        json_reply(200, &json!({ "values": [] })),
    );
    let client = client(server.settings(password()));
    let (one, two) = tokio::join!(run(&client), run(&client));
    one.unwrap();
    two.unwrap();
    assert_eq!(server.asked("/api/session").len(), 1);

    let parameter = json!({
        "id": "p", "slug": "p", "name": "p", "kind": "category", "target": "dimension", "required": false,
        "default": null, "allowed": null, "multiple": true,
    });
    let card = one_card(&json!([parameter])).allow_card(CardId(7)).unwrap();
    let parameter = card.entry().parameters[0].clone();
    client.parameter_values(&card, &parameter).await.unwrap();
    assert_eq!(server.asked("/api/session").len(), 2);
    let sent: Vec<_> = server.asked("/params/p/values");
    assert_eq!(header(&sent[0], "x-metabase-session"), Some("first"));
    assert_eq!(header(&sent[1], "x-metabase-session"), Some("second"));
}

#[tokio::test]
async fn a_refused_password_is_tried_once_and_never_repeated_in_words() {
    let server = Scripted::start().await;
    let body = json!({ "errors": { "password": "did not match stored password" } });
    server.on("POST /api/session", json_reply(401, &body));
    let error = run(&client(server.settings(password()))).await.unwrap_err();
    assert_eq!(error.class, FailureClass::Unauthorized);
    assert!(error.message.contains("user name and password"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert_eq!(server.asked("/api/session").len(), 1);
}

#[tokio::test]
async fn a_second_factor_cannot_be_given() {
    let server = Scripted::start().await;
    server.on(
        "POST /api/session",
        json_reply(200, &json!({ "mfa_required": true, "methods": ["totp"] })),
    );
    let error = run(&client(server.settings(password()))).await.unwrap_err();
    assert!(error.message.contains("second factor"), "{error}");
}

fn claims(asked: &Asked) -> Value {
    let token = header(asked, "authorization")
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap()
        .to_owned();
    let payload = token.split('.').nth(1).unwrap().to_owned();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn tokens_are_minted_again_long_before_they_are_too_old() {
    let server = Scripted::version("v0.60.1").await;
    let now = Arc::new(AtomicI64::new(1_700_000_000));
    let clock = {
        let now = now.clone();
        SigningClock::new(move || jiff::Timestamp::from_second(now.load(Ordering::SeqCst)).unwrap())
    };
    let settings = server.settings(jwt(false));
    let wire = Wire::live().unwrap();
    let client = MetabaseClient::with_clock(settings, wire, Principal::default(), clock);
    for (age, expected) in [(0, 0), (60, 0), (89, 0), (90, 90), (170, 90), (260, 260)] {
        now.store(1_700_000_000 + age, Ordering::SeqCst);
        let metric = super::queries::metric_query();
        let _ = client.query_metric(&metric).await;
        let asked = server.asked("/api/agent/v1/");
        let claims = claims(asked.last().unwrap());
        assert_eq!(claims["iat"], 1_700_000_000 + expected, "at {age} s");
        assert_eq!(claims["email"], "ann@example.com");
    }
}

#[tokio::test]
async fn a_refused_token_is_minted_again_once() {
    let server = Scripted::start().await;
    server.on(
        "GET /api/session/properties",
        json_reply(200, &json!({ "version": { "tag": "v0.60.1" } })),
    );
    let refused = json!({ "error": "invalid_jwt", "message": "Invalid or expired JWT token." });
    server.on("GET /api/agent/v1/ping", json_reply(401, &refused));
    let error = client(server.settings(jwt(false))).server().await.unwrap_err();
    assert_eq!(server.asked("/ping").len(), 2);
    assert!(error.message.contains("shared secret"), "{error}");
    let shown = format!("{error} {error:?}");
    assert!(
        !shown.contains("shared-SECRET") && !shown.contains("eyJ"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_token_is_exchanged_for_cards_where_that_is_wanted() {
    let server = with_card().await;
    server.on(
        "POST /auth/sso/to_session",
        json_reply(200, &json!({ "session_token": "exchanged" })),
    );
    run(&client(server.settings(jwt(true)))).await.unwrap();
    assert!(server.asked("/auth/sso/to_session")[0].body["jwt"].is_string());
    assert_eq!(
        header(&server.asked("/api/card/7/query")[0], "x-metabase-session"),
        Some("exchanged")
    );

    let error = run(&client(server.settings(jwt(false)))).await.unwrap_err();
    assert_eq!(error.class, FailureClass::Unauthorized);
    assert!(error.message.contains("exchanged"), "{error}");
}

#[tokio::test]
async fn a_token_that_was_refused_is_not_offered_for_a_session_again() {
    let server = with_card().await;
    let refused = json!({ "error": "invalid_jwt", "message": "Invalid or expired JWT token." });
    let exchange = "POST /auth/sso/to_session";
    server.on(exchange, json_reply(401, &refused));
    server.on(
        exchange,
        json_reply(200, &json!({ "session_token": "exchanged" })),
    );
    let now = Arc::new(AtomicI64::new(1_700_000_000));
    let clock = {
        let now = now.clone();
        SigningClock::new(move || jiff::Timestamp::from_second(now.load(Ordering::SeqCst)).unwrap())
    };
    let wire = Wire::live().unwrap();
    let client = MetabaseClient::with_clock(server.settings(jwt(true)), wire, Principal::default(), clock);
    assert_eq!(run(&client).await.unwrap_err().class, FailureClass::Unauthorized);
    now.fetch_add(5, Ordering::SeqCst);
    run(&client).await.unwrap();
    let asked = server.asked("/auth/sso/to_session");
    assert_ne!(asked[0].body["jwt"], asked[1].body["jwt"]);
}

#[tokio::test]
async fn no_secret_is_in_what_is_shown_of_a_client() {
    let server = with_card().await;
    server.on(
        "POST /api/session",
        json_reply(200, &json!({ "id": "session-ID" })),
    );
    for auth in [api_key(), password(), jwt(true)] {
        let client = client(server.settings(auth));
        let _ = run(&client).await;
        let shown = format!("{client:?}");
        for secret in ["SECRET", "PASSWORD", "session-ID", "eyJ"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_is_told_without_showing_it() {
    let server = with_card().await;
    let auth = AuthSettings::ApiKey(SecretString::from("mb_bad\nkey"));
    let error = run(&client(server.settings(auth))).await.unwrap_err();
    assert_eq!(error.class, FailureClass::Unauthorized);
    assert!(!error.to_string().contains("bad\nkey") && server.asked("/api/card").is_empty());
}
