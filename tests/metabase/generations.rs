//! Which generation answers: found by asking, whatever the server calls itself.

use cardinal::metabase::{FailureClass, FoundBy, Generation, GenerationSetting, MetabaseSettings};
use serde_json::json;

use super::queries::metric_query;
use super::scripted::{HANDLE, Scripted, api_key, client, json_reply, missing, not_base64, raw, text};

async fn generation(server: &Scripted) -> Option<Generation> {
    server.client().server().await.unwrap().generation
}

#[tokio::test]
async fn the_routes_of_each_version_tell_its_generation() {
    for (tag, expected) in [
        ("v0.59.6", Generation::V59),
        ("v1.60.2", Generation::V60),
        ("v0.60.0-beta", Generation::V60),
        ("v0.61.0", Generation::V61),
        ("v0.62.4", Generation::V62),
        ("v0.63.2", Generation::V63),
        ("v1.64.3", Generation::V63),
        ("v0.65.2.6", Generation::V63),
    ] {
        let server = Scripted::version(tag).await;
        let info = server.client().server().await.unwrap();
        assert_eq!(info.generation, Some(expected), "{tag}");
        assert_eq!((info.version.as_str(), info.found_by), (tag, FoundBy::Asked));
        assert!(!info.contradicts_version(), "{tag}");
    }
}

#[tokio::test]
async fn what_is_served_counts_and_not_what_is_claimed() {
    for (claimed, served, expected) in [
        ("v0.60.1", "v0.63.0", Generation::V63),
        ("v0.63.1", "v0.60.0", Generation::V60),
        ("v0.64.0", "v0.61.0", Generation::V61),
        ("v0.58.3", "v0.62.0", Generation::V62),
        ("v0.60.9", "v0.59.0", Generation::V59),
    ] {
        let server = Scripted::version(served).await;
        let claim = json_reply(200, &json!({ "version": { "tag": claimed } }));
        server.instead("GET /api/session/properties", claim);
        let info = server.client().server().await.unwrap();
        assert_eq!(info.generation, Some(expected), "{claimed} over {served}");
        assert!(info.contradicts_version(), "{claimed} over {served}");
    }
}

#[tokio::test]
async fn a_version_that_says_nothing_is_no_matter() {
    let server = Scripted::claiming("vLOCAL_DEV").await;
    assert_eq!(generation(&server).await, None);
    server.probe("v1/construct-query", "{}", missing("table_id"));
    assert_eq!(generation(&server).await, Some(Generation::V59));
    server.probe("v1/query", "{}", missing("table_id"));
    assert_eq!(generation(&server).await, Some(Generation::V60));
    server.probe("v2/construct-query", "{}", missing("operations"));
    assert_eq!(generation(&server).await, Some(Generation::V61));
    server.probe("v2/construct-query", "{}", missing("query"));
    assert_eq!(generation(&server).await, Some(Generation::V62));
    server.probe("v2/query", HANDLE, not_base64());
    assert_eq!(generation(&server).await, Some(Generation::V63));
}

#[tokio::test]
async fn where_the_routes_are_silent_the_version_decides() {
    let page = raw(404, "text/html", "<html>not here</html>");
    for reply in [
        text(500, "boom"),
        json_reply(403, &json!({ "message": "no" })),
        page,
    ] {
        for (tag, expected) in [
            ("v0.59.1", Some(Generation::V59)),
            ("v0.60.1", Some(Generation::V60)),
            ("v0.61.1", Some(Generation::V61)),
            ("v0.65.1", Some(Generation::V63)),
            ("v0.57.1", None),
        ] {
            let server = Scripted::claiming(tag).await;
            server.probe("v2/construct-query", "{}", reply.clone());
            server.probe("v2/query", "{}", reply.clone());
            let info = server.client().server().await.unwrap();
            assert_eq!(info.generation, expected, "{tag}");
            if expected.is_some() {
                assert_eq!(info.found_by, FoundBy::Version, "{tag}");
            }
        }
    }
}

#[tokio::test]
async fn a_version_that_nobody_knows_yet_is_asked_and_not_refused() {
    let served = Scripted::version("v0.66.1").await;
    let info = served.client().server().await.unwrap();
    assert!(info.is_newer_than_known() && !info.contradicts_version());
    assert_eq!(
        (info.generation, info.found_by),
        (Some(Generation::V63), FoundBy::Asked)
    );
    // One that only answers queries, and constructs none.
    let shrunk = Scripted::claiming("v1.71.0").await;
    shrunk
        .probe("v2/query", "{}", missing("query"))
        .probe("v2/query", HANDLE, not_base64());
    let info = shrunk.client().server().await.unwrap();
    assert_eq!(
        (info.generation, info.found_by),
        (Some(Generation::V63), FoundBy::Asked)
    );
    assert!(
        !Scripted::version("v0.65.9")
            .await
            .client()
            .server()
            .await
            .unwrap()
            .is_newer_than_known()
    );
}

#[tokio::test]
async fn what_a_newer_version_does_not_answer_is_told() {
    let silent = Scripted::claiming("v0.71.0").await;
    let moved = Scripted::claiming("v0.71.0").await;
    moved.instead(
        "GET /api/agent/v1/ping",
        text(404, "API endpoint does not exist."),
    );
    for (server, part) in [(silent, "routes for queries"), (moved, "/api/agent/v1/ping")] {
        let client = server.client();
        assert_eq!(client.server().await.unwrap().generation, None);
        let why = client.why_no_agent_api().await.unwrap().unwrap();
        assert!(
            why.contains("newer than v0.65") && why.contains(part) && !why.contains("it came with"),
            "{why}"
        );
    }
}

#[tokio::test]
async fn whoever_may_not_construct_may_still_be_told() {
    let server = Scripted::version("v0.62.0").await;
    let refused =
        json!({ "error": "unsupported_scope", "message": "Insufficient scope for this operation." });
    server.probe("v2/construct-query", "{}", json_reply(403, &refused));
    let info = server.client().server().await.unwrap();
    assert_eq!(
        (info.generation, info.found_by),
        (Some(Generation::V62), FoundBy::Asked)
    );
}

#[tokio::test]
async fn the_settings_may_say_it() {
    let server = Scripted::version("v0.60.2").await;
    for (setting, expected) in [
        (GenerationSetting::V59, Some(Generation::V59)),
        (GenerationSetting::V64, Some(Generation::V63)),
        (GenerationSetting::Classic, None),
    ] {
        let settings = MetabaseSettings {
            generation: setting,
            ..server.settings(api_key())
        };
        let info = client(settings).server().await.unwrap();
        assert_eq!((info.generation, info.found_by), (expected, FoundBy::Settings));
    }
    assert!(server.asked("/ping").is_empty());
}

#[tokio::test]
async fn the_edition_is_told_where_the_server_tells() {
    for (tag, features, expected) in [
        ("v0.60.1", json!(null), "open source"),
        (
            "v1.60.1",
            json!({ "sso_jwt": true }),
            "Enterprise build with a licence",
        ),
        (
            "v1.60.1",
            json!({ "sso_jwt": false }),
            "Enterprise build without a licence",
        ),
    ] {
        let server = Scripted::version(tag).await;
        let body = json!({ "version": { "tag": tag }, "token-features": features });
        server.instead("GET /api/session/properties", json_reply(200, &body));
        let info = server.client().server().await.unwrap();
        assert_eq!(info.edition.as_deref(), Some(expected));
    }
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
async fn without_an_agent_api_what_was_asked_for_is_refused_with_the_way_out() {
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
        let error = client
            .query_table(&super::queries::table_query())
            .await
            .unwrap_err();
        assert_eq!(error.class, FailureClass::InvalidQuery);
        assert!(
            error.message.contains("cannot do that") && error.message.contains("dataset_route"),
            "{error}"
        );
        assert!(server.asked("/api/dataset").is_empty());
    }
}

#[tokio::test]
async fn a_missing_scope_is_named_by_the_first_call_that_needs_it() {
    let refused =
        json!({ "error": "unsupported_scope", "message": "Insufficient scope for this operation." });
    let server = super::queries::server("v0.60.1").await;
    server.on("POST /api/agent/v1/query", json_reply(403, &refused));
    server.probe("v1/query", "{}", json_reply(403, &refused));
    let client = server.client();
    let error = client.query_metric(&metric_query()).await.unwrap_err();
    assert_eq!(error.class, FailureClass::Forbidden);
    assert!(error.message.contains("lacks the scope agent:query;"), "{error}");
    server.on("GET /api/agent/v1/metric/0", json_reply(403, &refused));
    server.on(
        "GET /api/agent/v1/table/0",
        json_reply(400, &json!({ "errors": { "id": "positive" } })),
    );
    assert_eq!(
        client.missing_scopes().await.unwrap(),
        ["agent:metric:read", "agent:query"]
    );
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
