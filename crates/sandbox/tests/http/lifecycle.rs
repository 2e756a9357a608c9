use std::sync::Arc;

use cardinal_sandbox::{ServeError, ServeOptions, ServedGeneration, World, serve};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::client::{As, Sandbox, json as with_json, send};

#[tokio::test]
async fn the_announcement_has_everything_a_caller_needs() {
    let sandbox = Sandbox::start().await;
    let line = sandbox.running.announcement();
    let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "api_key",
        "curated_collection_id",
        "jwt_secret",
        "password",
        "url",
        "user",
    ];
    assert_eq!(keys, expected);
    assert_eq!(line["url"], sandbox.running.url);
    assert_eq!(line["curated_collection_id"], sandbox.collection("Curated").await);
    assert!(line["api_key"].as_str().unwrap().starts_with("mb_"));
    sandbox
        .session(line["user"].as_str().unwrap(), line["password"].as_str().unwrap())
        .await;
}

#[tokio::test]
async fn a_key_of_ones_own_replaces_the_first() {
    let key = SecretString::from("mb_my-own-key-0001");
    let sandbox = Sandbox::with(|options| options.api_key = Some(key.clone())).await;
    assert_eq!(sandbox.running.api_key.expose_secret(), key.expose_secret());
    assert_eq!(sandbox.get("/api/agent/v1/ping").await.status, 200);
    let world = Arc::new(World::demo().unwrap());
    for bad in ["", "short", "mb_short", "xx_long-enough-but-wrong"] {
        let mut options = ServeOptions::new(Arc::clone(&world));
        options.api_key = Some(SecretString::from(bad));
        assert!(matches!(serve(options).await.unwrap_err(), ServeError::ApiKey));
    }
}

#[tokio::test]
async fn nothing_secret_is_in_the_debug_text() {
    let sandbox = Sandbox::start().await;
    let text = format!("{:?}", sandbox.running);
    assert!(!text.contains(sandbox.running.api_key.expose_secret()));
    assert!(!text.contains(sandbox.running.password.expose_secret()));
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_that_says_what_to_do() {
    let sandbox = Sandbox::start().await;
    let port = sandbox.running.url.rsplit(':').next().unwrap().parse().unwrap();
    let mut options = ServeOptions::new(Arc::new(World::demo().unwrap()));
    options.port = port;
    let error = serve(options).await.unwrap_err();
    assert!(error.to_string().contains("0 for a free one"), "{error}");
}

#[tokio::test]
async fn stopping_frees_the_port() {
    let sandbox = Sandbox::start().await;
    let url = sandbox.running.url.clone();
    sandbox.get("/api/health").await;
    sandbox.running.shutdown().await;
    let address = url.strip_prefix("http://").unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn requests_are_remembered_without_credentials() {
    let sandbox = Sandbox::start().await;
    sandbox.session("analyst@example.com", "sandbox-analyst").await;
    sandbox.running.forget_requests();
    sandbox.session("analyst@example.com", "sandbox-analyst").await;
    sandbox
        .post("/api/agent/v1/search?limit=3", &json!({ "term_queries": ["x"] }))
        .await;
    let requests = sandbox.running.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(
        (requests[0].path.as_str(), requests[0].body.len()),
        ("/api/session", 0)
    );
    let search = &requests[1];
    assert_eq!(
        (search.method.as_str(), search.query.as_str()),
        ("POST", "limit=3")
    );
    assert_eq!(&search.body[..], br#"{"term_queries":["x"]}"#);
}

#[tokio::test]
async fn settings_and_health_need_nobody() {
    let sandbox = Sandbox::start().await;
    assert_eq!(
        sandbox.get_as(As::Nobody, "/api/health").await.json(),
        json!({ "status": "ok" })
    );
    let properties = sandbox.get_as(As::Nobody, "/api/session/properties").await.json();
    assert!(
        properties["version"]["tag"]
            .as_str()
            .unwrap()
            .starts_with("v1.60.")
    );
    assert_eq!(properties["agent-api-enabled?"], true);
    assert_eq!(properties["report-timezone-long"], "UTC");
    let sandbox = Sandbox::with(|options| options.generation = ServedGeneration::V59).await;
    let properties = sandbox.get_as(As::Nobody, "/api/session/properties").await.json();
    assert!(
        properties["version"]["tag"]
            .as_str()
            .unwrap()
            .starts_with("v1.59.")
    );
}

#[tokio::test]
async fn unknown_routes_and_methods_do_not_exist() {
    let sandbox = Sandbox::start().await;
    let missing = "API endpoint does not exist.";
    sandbox.get("/api/nothing").await.is_text(404, missing);
    sandbox
        .post("/api/agent/v2/construct-query", &json!({}))
        .await
        .is_text(404, missing);
    sandbox
        .post("/api/health", &json!({}))
        .await
        .is_text(404, missing);
    let v59 = Sandbox::with(|options| options.generation = ServedGeneration::V59).await;
    v59.post("/api/agent/v1/query", &json!({}))
        .await
        .is_text(404, missing);
    v59.get("/api/agent/v1/database").await.is_text(404, missing);
    v59.get("/api/agent/v1/database/1").await.is_text(404, missing);
}

#[tokio::test]
async fn a_body_that_is_no_json_is_a_400() {
    let sandbox = Sandbox::start().await;
    let key = sandbox.running.api_key.expose_secret();
    let request = sandbox
        .request(Method::POST, "/api/agent/v1/search")
        .header("X-API-Key", key);
    let request = request
        .header("Content-Type", "application/json")
        .body("{not json");
    send(request)
        .await
        .is_text(400, "Malformed JSON in request body.");
    let request = sandbox
        .request(Method::POST, "/api/agent/v1/search")
        .header("X-API-Key", key);
    let answer = send(with_json(request, &json!(["a list"]))).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()["errors"].is_string());
}

#[tokio::test]
async fn exceptions_say_nothing_where_traces_are_hidden() {
    let bad = json!({ "query": "!not base64!" });
    let open = Sandbox::start().await.post("/api/agent/v1/execute", &bad).await;
    assert_eq!(open.status, 500);
    let body = open.json();
    for key in ["message", "via", "trace", "cause", "data"] {
        assert!(!body[key].is_null(), "{key}");
    }
    let hidden = Sandbox::with(|options| options.hide_stacktraces = true).await;
    let answer = hidden.post("/api/agent/v1/execute", &bad).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.json(), json!({ "message": "Something went wrong" }));
}

#[tokio::test]
async fn the_list_of_routes_tells_the_generations_apart() {
    let sandbox = Sandbox::start().await;
    let document = sandbox.get_as(As::Nobody, "/api/docs/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/api/agent/v1/query"]["post"].is_object());
    let v59 = Sandbox::with(|options| options.generation = ServedGeneration::V59).await;
    let document = v59.get_as(As::Nobody, "/api/docs/openapi.json").await.json();
    assert!(document["paths"]["/api/agent/v1/query"].is_null());
    assert!(document["paths"]["/api/agent/v1/construct-query"]["post"].is_object());
}

#[tokio::test]
async fn a_world_without_keys_gets_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("things.csv"), "id,name\n1,one\n2,two\n").unwrap();
    let model = folder.path().join("model.yaml");
    let people = "version: 1\npeople:\n  groups:\n    - { name: Staff, collections: all, tables: all }\n  \
                  users:\n    - { email: a@example.com, password: secret, name: A B, groups: [Staff] }\n";
    std::fs::write(&model, people).unwrap();
    let world = World::from_csv(folder.path(), Some(&model)).unwrap();
    let running = serve(ServeOptions::new(Arc::new(world))).await.unwrap();
    assert!(
        running.api_key.expose_secret().starts_with("mb_") && running.api_key.expose_secret().len() == 47
    );
    assert_eq!(running.user, "a@example.com");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let request = reqwest::Client::new().get(format!("{}/api/user/current", running.url));
    let me = send(request.header("X-API-Key", running.api_key.expose_secret()))
        .await
        .json();
    assert_eq!(me["is_superuser"], false);
    assert_eq!(me["group_ids"], json!([1]));
}
