//! JWTs, against an issuer that publishes its keys over a real socket.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use cardinal::config::{AuthPolicy, JwtSettings};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::client::Ask;
use super::kit::TestServer;

/// Keys made for these tests; they sign nothing else.
const FIRST: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjQsXnd13zNCSnz+a
Mk6oLvEq/GKoEcYcuFooYqbdCrGhRANCAAS39WFrK/IbVDegmdStjR+zOSHRxtDN
JmPnpVX7QaWCSUoZRHKhtIzCgaw2q5O8LP3k602+XD/mY6qC5JwRAUeW
-----END PRIVATE KEY-----
";
const SECOND: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjRCkekcHgGW9EU7T
TrJ2W1dsb4HYS0+tXy6F8R/ccBqhRANCAARk6KgK8vSxJ0LA3Ed9GPizdtt76hfg
wzNC1vaz15yD5Gn91Loa5BcNshGZkK3BcilmeZsPGyoF/AhUzkKOSd5F
-----END PRIVATE KEY-----
";

fn key(pem: &str) -> EncodingKey {
    use base64::Engine as _;
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(base64).unwrap();
    EncodingKey::from_ec_der(&der)
}

/// The public half, as an issuer publishes it.
fn published(pem: &str, name: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(&key(pem), Algorithm::ES256).unwrap();
    jwk.common.key_id = Some(name.to_owned());
    json!(jwk)
}

struct Issuer {
    url: String,
    keys: Arc<Mutex<Vec<Value>>>,
    asked: Arc<AtomicUsize>,
    /// Whether it says nothing any more.
    hangs: Arc<AtomicBool>,
}

impl Issuer {
    async fn new() -> Self {
        let keys = Arc::new(Mutex::new(vec![published(FIRST, "one")]));
        let asked = Arc::new(AtomicUsize::new(0));
        let (served, counted) = (Arc::clone(&keys), Arc::clone(&asked));
        let hangs = Arc::new(AtomicBool::new(false));
        let silent = Arc::clone(&hangs);
        let router = Router::new().route(
            "/keys",
            get(move || {
                counted.fetch_add(1, Ordering::SeqCst);
                let body = json!({"keys": *served.lock().unwrap()}).to_string();
                let silent = silent.load(Ordering::SeqCst);
                async move {
                    if silent {
                        tokio::time::sleep(Duration::from_secs(600)).await;
                    }
                    body
                }
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            keys,
            asked,
            hangs,
        }
    }

    async fn server(&self) -> TestServer {
        let jwt = JwtSettings {
            issuer: "https://id.example.com".to_owned(),
            audience: "cardinal".to_owned(),
            jwks_url: self.url.parse().unwrap(),
            algorithms: vec![Algorithm::ES256, Algorithm::RS256],
            claim: "sub".to_owned(),
        };
        TestServer::with(|settings| {
            settings.server.auth = AuthPolicy::Required;
            settings.server.jwt = Some(jwt);
        })
        .await
    }
}

fn claims() -> Value {
    let now = jiff::Timestamp::now().as_second();
    json!({"iss": "https://id.example.com", "aud": "cardinal", "sub": "ana", "email": "ana@example.com", "exp": now + 600})
}

fn with(claim: &str, value: Value) -> Value {
    let mut all = claims();
    all[claim] = value;
    all
}

fn without(claim: &str) -> Value {
    let mut all = claims();
    all.as_object_mut().unwrap().remove(claim);
    all
}

fn signed(pem: &str, name: &str, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(name.to_owned());
    encode(&header, claims, &key(pem)).unwrap()
}

async fn status(server: &TestServer, token: &str) -> u16 {
    let ask = Ask::get("/v1/me").with("authorization", &format!("Bearer {token}"));
    server.send(ask).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_token_names_its_principal() {
    let issuer = Issuer::new().await;
    let server = issuer.server().await;
    let token = signed(FIRST, "one", &claims());
    let ask = Ask::get("/v1/me").with("authorization", &format!("Bearer {token}"));
    let me = server.send(ask).await.json();
    assert_eq!(
        (&me["principal"], &me["name"], &me["auth"]),
        (&json!("ana"), &json!("ana@example.com"), &json!("jwt"))
    );
    assert_eq!(me["scopes"], json!(["ask"]));
    // What a token says of its scopes makes nobody an administrator.
    let mut claims = with("scope", json!("ask admin"));
    claims["scopes"] = json!(["admin"]);
    claims["roles"] = json!(["admin"]);
    let bold = format!("Bearer {}", signed(FIRST, "one", &claims));
    let admin = Ask::get("/v1/admin/answers").with("authorization", &bold);
    assert_eq!(server.send(admin).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_good_names_nobody() {
    use base64::Engine as _;
    let issuer = Issuer::new().await;
    let server = issuer.server().await;
    let past = jiff::Timestamp::now().as_second() - 600;
    let future = jiff::Timestamp::now().as_second() + 600;
    let bad = [
        with("exp", json!(past)),
        with("exp", json!(past.to_string())),
        with("exp", json!("never")),
        // An end is an end, to the second.
        with("exp", json!(past + 599)),
        with("exp", json!(-1)),
        with("sub", json!("local")),
        with("nbf", json!(future)),
        with("iss", json!("https://other.example.com")),
        with("aud", json!("another")),
        with("sub", json!("")),
        with("sub", json!(["ana"])),
        // Two subjects are never one.
        with("sub", json!(" ana")),
        with("sub", json!("ana\n")),
        with("sub", json!("ana\u{a0}")),
        with("sub", json!("an\u{200b}a")),
        with("sub", json!("   ")),
        with("iss", json!(["https://id.example.com"])),
        without("exp"),
        without("iss"),
        without("aud"),
        without("sub"),
    ];
    for claims in bad {
        assert_eq!(
            status(&server, &signed(FIRST, "one", &claims)).await,
            401,
            "{claims}"
        );
    }
    // Signed by somebody else, under the name of a good key.
    assert_eq!(status(&server, &signed(SECOND, "one", &claims())).await, 401);
    let plain = |value: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    for algorithm in ["none", "None", "HS256"] {
        let header = json!({"alg": algorithm, "typ": "JWT", "kid": "one"});
        let unsigned = format!("{}.{}.", plain(&header), plain(&claims()));
        assert_eq!(status(&server, &unsigned).await, 401, "{algorithm}");
    }
    // The public key taken for a shared secret.
    let secret = EncodingKey::from_secret(published(FIRST, "one").to_string().as_bytes());
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("one".to_owned());
    let confused = encode(&header, &claims(), &secret).unwrap();
    assert_eq!(status(&server, &confused).await, 401);
    // A key of its own that a token brings along, or an address to fetch it from.
    let mut own = Header::new(Algorithm::ES256);
    own.jwk = Some(serde_json::from_value(published(SECOND, "one")).unwrap());
    own.jku = Some(format!("{}?mine", issuer.url));
    own.x5u = own.jku.clone();
    for name in [None, Some("one"), Some("../../keys"), Some("' or 1=1")] {
        own.kid = name.map(str::to_owned);
        let brought = encode(&own, &claims(), &key(SECOND)).unwrap();
        assert_eq!(status(&server, &brought).await, 401, "{name:?}");
    }
    // One that demands what is not understood here.
    let critical = json!({"alg": "ES256", "typ": "JWT", "kid": "one", "crit": ["b64"], "b64": false});
    let body = format!("{}.{}", plain(&critical), plain(&claims()));
    let signature = jsonwebtoken::crypto::sign(body.as_bytes(), &key(FIRST), Algorithm::ES256).unwrap();
    assert_eq!(status(&server, &format!("{body}.{signature}")).await, 401);
    let simple = json!({"alg": "ES256", "typ": "JWT", "kid": "one"});
    let body = format!("{}.{}", plain(&simple), plain(&claims()));
    let signature = jsonwebtoken::crypto::sign(body.as_bytes(), &key(FIRST), Algorithm::ES256).unwrap();
    assert_eq!(status(&server, &format!("{body}.{signature}")).await, 200);
    // One that was changed after it was signed.
    let good = signed(FIRST, "one", &claims());
    let parts: Vec<&str> = good.split('.').collect();
    let changed = format!("{}.{}.{}", parts[0], plain(&with("sub", json!("root"))), parts[2]);
    assert_eq!(status(&server, &changed).await, 401);
    let (body, _) = good.rsplit_once('.').unwrap();
    assert_eq!(status(&server, &format!("{body}.")).await, 401);
    assert_eq!(status(&server, &good).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_secret_among_the_keys_checks_nothing() {
    let issuer = Issuer::new().await;
    issuer
        .keys
        .lock()
        .unwrap()
        .push(json!({"kty": "oct", "kid": "shared", "k": "c2VjcmV0"}));
    let server = issuer.server().await;
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("shared".to_owned());
    let token = encode(&header, &claims(), &EncodingKey::from_secret(b"secret")).unwrap();
    assert_eq!(status(&server, &token).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_name_the_only_key_of_the_algorithm_checks_a_token() {
    let issuer = Issuer::new().await;
    let rsa = json!({"kty": "RSA", "kid": "rsa", "use": "sig", "n": "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri", "e": "AQAB"});
    issuer.keys.lock().unwrap().push(rsa);
    let server = issuer.server().await;
    let nameless = |pem: &str| encode(&Header::new(Algorithm::ES256), &claims(), &key(pem)).unwrap();
    assert_eq!(status(&server, &nameless(FIRST)).await, 200);
    assert_eq!(status(&server, &nameless(SECOND)).await, 401);
    // With two of them nobody knows which.
    let two = Issuer::new().await;
    two.keys.lock().unwrap().push(published(SECOND, "two"));
    let server = two.server().await;
    assert_eq!(status(&server, &nameless(FIRST)).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_not_known_are_looked_for_once_in_a_while() {
    let issuer = Issuer::new().await;
    let server = issuer.server().await;
    assert_eq!(status(&server, &signed(FIRST, "one", &claims())).await, 200);
    for number in 0..20 {
        assert_eq!(
            status(&server, &signed(SECOND, &format!("forged-{number}"), &claims())).await,
            401
        );
    }
    let asked = issuer.asked.load(Ordering::SeqCst);
    assert!((2..=7).contains(&asked), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_good_from_the_first_token_that_it_signs() {
    let issuer = Issuer::new().await;
    let server = issuer.server().await;
    assert_eq!(status(&server, &signed(FIRST, "one", &claims())).await, 200);
    issuer.keys.lock().unwrap().push(published(SECOND, "two"));
    assert_eq!(status(&server, &signed(SECOND, "two", &claims())).await, 200);
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 2);
    // One that is taken back is not looked for again by tokens of keys that are known.
    assert_eq!(status(&server, &signed(FIRST, "one", &claims())).await, 200);
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_issuer_nobody_gets_in_and_it_is_told_why() {
    let issuer = Issuer::new().await;
    issuer.keys.lock().unwrap().clear();
    let server = issuer.server().await;
    assert_eq!(status(&server, &signed(FIRST, "one", &claims())).await, 401);
    let gone = Issuer {
        url: "http://127.0.0.1:1/keys".to_owned(),
        keys: Arc::default(),
        asked: Arc::default(),
        hangs: Arc::default(),
    };
    let server = gone.server().await;
    assert_eq!(status(&server, &signed(FIRST, "one", &claims())).await, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_says_nothing_keeps_nobody_waiting_whose_key_is_known() {
    let issuer = Issuer::new().await;
    issuer.hangs.store(true, Ordering::SeqCst);
    let server = issuer.server().await;
    let good = signed(FIRST, "one", &claims());
    // Until there are keys all wait for the one fetch, and are told why in the end.
    let begun = Instant::now();
    let (a, b, c) = tokio::join!(
        status(&server, &good),
        status(&server, &good),
        status(&server, &good)
    );
    assert_eq!([a, b, c], [503, 503, 503]);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1);
    issuer.hangs.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(status(&server, &good).await, 200);
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 2);
}

#[ignore = "slow: run with --include-ignored"]
#[tokio::test(flavor = "multi_thread")]
async fn a_known_key_does_not_wait_for_a_fetch_that_hangs() {
    let issuer = Issuer::new().await;
    let server = issuer.server().await;
    let good = signed(FIRST, "one", &claims());
    assert_eq!(status(&server, &good).await, 200);
    // Only then is it looked again for keys that are not known.
    tokio::time::sleep(Duration::from_secs(61)).await;
    issuer.hangs.store(true, Ordering::SeqCst);
    let unknown = signed(SECOND, "two", &claims());
    let begun = Instant::now();
    let known = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(status(&server, &good).await, 200);
        begun.elapsed()
    };
    let (unknown, known) = tokio::join!(status(&server, &unknown), known);
    assert_eq!((unknown, issuer.asked.load(Ordering::SeqCst)), (401, 2));
    assert!(known < Duration::from_secs(2), "{known:?}");
    assert!(begun.elapsed() > Duration::from_secs(3), "nothing hung");
}
