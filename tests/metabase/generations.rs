use cardinal::metabase::{FailureClass, Generation};
use serde_json::json;

use super::queries::metric_query;
use super::scripted::{Scripted, json_reply, text};

async fn generation(server: &Scripted) -> Option<Generation> {
    server.client().server().await.unwrap().generation
}

#[tokio::test]
async fn the_version_decides_where_it_is_known() {
    for (tag, expected) in [
        ("v0.59.6", Some(Generation::V59)),
        ("v1.60.2", Some(Generation::V60)),
        ("v0.60.0-beta", Some(Generation::V60)),
        ("v0.58.1", None),
        ("v0.61.0", None),
        ("v1.64.3", None),
    ] {
        let server = Scripted::version(tag).await;
        assert_eq!(generation(&server).await, expected, "{tag}");
        assert!(server.asked("construct-query").is_empty(), "{tag}");
        assert_eq!(server.client().server().await.unwrap().version, tag);
    }
}

#[tokio::test]
async fn routes_decide_where_the_version_says_nothing() {
    let empty = json!({ "errors": { "query": "missing" } });
    let server = Scripted::version("vLOCAL_DEV").await;
    assert_eq!(generation(&server).await, None);
    server.on("POST /api/agent/v1/construct-query", json_reply(400, &empty));
    assert_eq!(generation(&server).await, Some(Generation::V59));
    server.on("POST /api/agent/v1/query", json_reply(400, &empty));
    assert_eq!(generation(&server).await, Some(Generation::V60));
    server.on("POST /api/agent/v2/construct-query", json_reply(400, &empty));
    assert_eq!(generation(&server).await, None);
}

#[tokio::test]
async fn it_is_asked_once() {
    let server = Scripted::version("v0.60.1").await;
    let client = server.client();
    client.server().await.unwrap();
    client.clone().server().await.unwrap();
    assert_eq!(server.asked("/ping").len(), 1);
}

#[tokio::test]
async fn without_an_agent_api_metrics_say_so_and_cards_are_named_as_the_way_out() {
    for reply in [
        text(404, "API endpoint does not exist."),
        text(403, "Agent API is not enabled."),
        json_reply(402, &json!({ "message": "Agent API is a paid feature" })),
    ] {
        let server = Scripted::start().await;
        server.on(
            "GET /api/session/properties",
            json_reply(200, &json!({ "version": { "tag": "v0.60.1" } })),
        );
        server.on("GET /api/agent/v1/ping", reply);
        let client = server.client();
        assert_eq!(client.server().await.unwrap().generation, None);
        let error = client.query_metric(&metric_query()).await.unwrap_err();
        assert_eq!(error.class, FailureClass::Unavailable);
        assert!(
            error.message.contains("v0.59 or v0.60") && error.message.contains("cards work"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_wrong_key_is_no_missing_agent_api() {
    let server = Scripted::start().await;
    server.on(
        "GET /api/session/properties",
        json_reply(200, &json!({ "version": { "tag": "v0.60.1" } })),
    );
    let body = json!({ "error": "missing_authorization", "message": "Authentication required." });
    server.on("GET /api/agent/v1/ping", json_reply(401, &body));
    let error = server.client().server().await.unwrap_err();
    assert_eq!(error.class, FailureClass::Unauthorized);
}

#[tokio::test]
async fn something_else_at_the_address_is_told() {
    let server = Scripted::start().await;
    let error = server.client().server().await.unwrap_err();
    assert_eq!(error.class, FailureClass::NotFound);
}
