//! The OpenAPI document, and what the server counts.

use std::path::Path;

use serde_json::Value;

use super::client::Ask;
use super::kit::{QUESTION, TestServer};

/// Set it to write the document anew.
const UPDATE: &str = "CARDINAL_WRITE_DOCS";

#[test]
fn the_committed_document_is_the_programs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/openapi.json");
    let document = cardinal::server::openapi();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let committed = std::fs::read_to_string(path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    assert!(
        committed == document,
        "schemas/openapi.json is another one: run the tests with {UPDATE}=1"
    );
}

/// Where the book's table of routes begins and ends.
const TABLE: [&str; 2] = [
    "<!-- routes: written by `CARDINAL_WRITE_DOCS=1 cargo test server::openapi` -->\n",
    "<!-- end of routes -->\n",
];

#[test]
fn the_books_table_of_routes_is_the_programs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/server.md");
    let book = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let (before, rest) = book.split_once(TABLE[0]).unwrap();
    let (table, after) = rest.split_once(TABLE[1]).unwrap();
    let written = cardinal::server::route_table();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, [before, TABLE[0], &written, TABLE[1], after].concat()).unwrap();
        return;
    }
    assert!(
        table == written,
        "the table of routes in docs/server.md is another one: run the tests with {UPDATE}=1"
    );
}

/// Every place in the document that refers to another.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if key == "$ref" => found.push(text),
                    other => references(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_names_every_route_and_is_whole_in_itself() {
    let server = TestServer::new().await;
    let document = server.get("/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 20);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let mut ids = std::collections::BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{method} {path}"
            );
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let in_path = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path")
                .count();
            assert_eq!(in_path, path.matches('{').count(), "{path}");
            // It is a route: whatever it answers, it is neither missing nor of another method.
            let real = path.replace("{kind}", "card").replace(['{', '}'], "");
            let reply = server.send(Ask::new(&method.to_ascii_uppercase(), &real)).await;
            assert_ne!(reply.status, 405, "{method} {path}");
            assert!(!reply.body.contains("there is no route"), "{method} {path}");
        }
    }
}

/// Names of headers that stand anywhere in a document.
fn headers(value: &Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if map.get("in").is_some_and(|place| place == "header") {
                found.extend(map["name"].as_str().map(str::to_owned));
            }
            if let Some(told) = map.get("headers").and_then(Value::as_object) {
                found.extend(told.keys().cloned());
            }
            map.values().for_each(|value| headers(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| headers(item, found)),
        _ => {}
    }
}

/// A program that is made from the document can retry safely, read on and name its session.
#[test]
fn the_document_names_the_headers_that_the_book_names() {
    let book = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/server.md")).unwrap();
    let (_, rest) = book.split_once("\n## Headers\n").unwrap();
    let (table, _) = rest.split_once("\n## ").unwrap();
    let mut found = std::collections::BTreeSet::new();
    let document: Value = serde_json::from_str(&cardinal::server::openapi()).unwrap();
    headers(&document, &mut found);
    let named = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let named: Vec<&str> = named
        .filter_map(|line| line.split(['`', ':']).next())
        .filter(|name| *name != "Authorization")
        .collect();
    assert!(named.len() > 4, "{named:?}");
    for name in named {
        assert!(found.contains(name), "{name} is not among {found:?}");
    }
    assert!(found.contains("Retry-After"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_name_routes_and_outcomes_and_nothing_that_was_asked() {
    let server = TestServer::new().await;
    let record = server.ask(QUESTION).await;
    server
        .get(&format!("/v1/answers/{}", record["id"].as_str().unwrap()))
        .await;
    // Anybody can make methods up.
    for number in 0..3 {
        let made_up = Ask::new(&format!("FROB{number}"), "/v1/me");
        assert_eq!(server.send(made_up).await.status, 405);
    }
    let counts = server.get("/metrics").await.body;
    for line in [
        "cardinal_turns_total{outcome=\"answered\"} 1",
        "cardinal_requests_total{route=\"/v1/answers/{id}\",method=\"GET\",status=\"200\"} 1",
        "cardinal_requests_total{route=\"/v1/me\",method=\"other\",status=\"405\"} 3",
        "cardinal_turn_duration_seconds_count 1",
        "cardinal_turns_running 0",
    ] {
        assert!(counts.contains(line), "{line} is not in\n{counts}");
    }
    assert!(
        !counts.contains("orders") && !counts.contains("local") && !counts.contains("ans_"),
        "{counts}"
    );
}
