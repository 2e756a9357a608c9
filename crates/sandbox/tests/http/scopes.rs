//! What a credential with fewer scopes may do, in each generation that has scopes.

use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::client::{HttpAnswer, Sandbox, json as with_json, send};
use super::generations::of;
use cardinal_sandbox::ServedGeneration;

/// Routes with the scopes that they need, and the generations that have them.
const ROUTES: [(&str, &str, &str, u32, u32); 21] = [
    ("post", "/v1/search", "agent:search", 60, 65),
    ("get", "/v1/table/1", "agent:table:read", 60, 61),
    ("get", "/v1/metric/1", "agent:metric:read", 60, 61),
    ("post", "/v1/construct-query", "agent:query:construct", 60, 60),
    ("post", "/v1/query", "agent:query", 60, 60),
    ("post", "/v1/execute", "agent:query:execute", 60, 65),
    ("post", "/v2/construct-query", "agent:query:construct", 61, 65),
    ("post", "/v2/query", "agent:query", 61, 65),
    ("post", "/v1/question", "agent:question:create", 61, 65),
    ("post", "/v1/dashboard", "agent:dashboard:create", 61, 65),
    ("post", "/v1/read-resource", "agent:resource:read", 62, 65),
    ("post", "/v1/execute-sql", "agent:sql:execute", 62, 65),
    ("put", "/v1/question/1", "agent:question:update", 62, 65),
    ("put", "/v1/dashboard/1", "agent:dashboard:update", 62, 65),
    ("post", "/v1/collection", "agent:collection:create", 62, 65),
    (
        "post",
        "/v1/construct-native-query",
        "agent:sql:construct",
        63,
        65,
    ),
    ("post", "/v1/metric", "agent:metric:create", 63, 65),
    ("put", "/v1/metric/1", "agent:metric:update", 63, 65),
    ("post", "/v1/question/1/query", "agent:question:execute", 63, 65),
    ("get", "/v1/table/1/field/1/values", "agent:table:read", 60, 61),
    ("get", "/v1/metric/1/field/1/values", "agent:metric:read", 60, 61),
];

async fn ask(sandbox: &Sandbox, scope: &str, method: &str, path: &str) -> HttpAnswer {
    let secret = sandbox.running.jwt_secret.as_ref().unwrap().expose_secret();
    let now = Timestamp::now().as_second();
    let claims = json!({ "email": "analyst@example.com", "iat": now, "scope": scope });
    let key = EncodingKey::from_secret(secret.as_bytes());
    let token = encode(&Header::default(), &claims, &key).unwrap();
    let method = match method {
        "get" => Method::GET,
        "put" => Method::PUT,
        _ => Method::POST,
    };
    let request = sandbox.request(method, &format!("/api/agent{path}"));
    let request = request.header("Authorization", format!("Bearer {token}"));
    send(with_json(request, &json!({}))).await
}

fn routes_of(
    number: u32,
) -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str, u32, u32)> {
    ROUTES
        .iter()
        .filter(move |(.., since, until)| (*since..=*until).contains(&number))
}

#[tokio::test]
async fn each_scope_opens_its_routes_and_no_other() {
    for number in 60..=65 {
        let sandbox = of(&format!("v{number}")).await;
        assert_eq!(ask(&sandbox, "", "get", "/v1/ping").await.status, 200);
        let all: Vec<&str> = routes_of(number).map(|(_, _, scope, ..)| *scope).collect();
        for (method, path, needed, ..) in routes_of(number) {
            let others: Vec<&str> = all.iter().copied().filter(|scope| scope != needed).collect();
            let refused = ask(&sandbox, &others.join(" "), method, path).await;
            assert_eq!(refused.status, 403, "v{number} {path}: {}", refused.body);
            let told = if number == 60 {
                format!("Token does not have required scope: {needed}")
            } else {
                "Insufficient scope for this operation.".to_owned()
            };
            assert_eq!(
                refused.json(),
                json!({ "error": "unsupported_scope", "message": told }),
                "v{number} {path}"
            );
            let challenge = refused.header("www-authenticate");
            assert_eq!(
                challenge.contains(&format!("scope=\"{needed}\"")),
                number >= 65,
                "{challenge}"
            );
            let allowed = ask(&sandbox, needed, method, path).await;
            assert_ne!(
                allowed.json_or_null()["error"],
                "unsupported_scope",
                "v{number} {path}"
            );
        }
    }
}

#[tokio::test]
async fn the_most_that_any_credential_may_do_can_be_limited() {
    let limited = |name: &'static str| {
        Sandbox::with(move |options| {
            options.generation = name.parse::<ServedGeneration>().unwrap();
            options.scopes = Some(vec!["agent:search".to_owned(), "agent:query".to_owned()]);
        })
    };
    let sandbox = limited("v61").await;
    let body = json!({});
    assert_eq!(sandbox.post("/api/agent/v1/search", &body).await.status, 200);
    assert_eq!(sandbox.get("/api/agent/v1/ping").await.status, 200);
    let refused = sandbox.get("/api/agent/v1/table/1").await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["error"], "unsupported_scope");
    let undeclared = sandbox.get("/api/agent/v1/database").await;
    assert_eq!(undeclared.json()["error"], "scope_not_permitted");
    // A token that claims more does not get it, one that claims less keeps its own.
    assert_eq!(ask(&sandbox, "agent:*", "post", "/v1/search").await.status, 200);
    assert_eq!(ask(&sandbox, "agent:*", "get", "/v1/table/1").await.status, 403);
    assert_eq!(
        ask(&sandbox, "agent:query", "post", "/v1/search").await.status,
        403
    );
    // Other routes know no scopes, and neither do older generations.
    assert_eq!(sandbox.get("/api/card").await.status, 200);
    let old = limited("v59").await;
    assert_eq!(old.get("/api/agent/v1/table/1").await.status, 200);
}

trait OrNull {
    fn json_or_null(&self) -> Value;
}

impl OrNull for HttpAnswer {
    fn json_or_null(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}
