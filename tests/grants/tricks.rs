//! Requests that look like a granted one and are not.

use cardinal::grants::GrantLevel;
use cardinal::operations::{ADMINISTRATIVE, DISCOVERY, Operation};
use http::{HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use serde_json::json;
use url::Url;

use super::wire::{request, right, willing, wire};
use super::{everywhere, policy};
use crate::support::scripted_dbt::{DbtReply, ScriptedDbt};

/// Other ways to write a path, none of which is that path.
fn variants(path: &str) -> Vec<String> {
    let toggled = path
        .strip_suffix('/')
        .map_or_else(|| format!("{path}/"), str::to_owned);
    vec![
        toggled,
        format!("/{path}"),
        path.replacen("/api/", "/api//", 1),
        path.replacen("/api/", "/API/", 1),
        path.replacen("/api/", "/%61pi/", 1),
        path.replacen("/accounts/1/", "/accounts/2/", 1),
        path.replacen("/accounts/1/", "/accounts/01/", 1),
        path.replacen("/accounts/1/", "/accounts/1;x=/", 1),
        path.replacen("/accounts/1/", "/accounts/1%2F/", 1),
        path.replacen("/accounts/1/", "/accounts/1/..%2f/", 1),
        path.replacen("/accounts/1/", "/accounts/1/%2e%2e%2f2/", 1),
        path.replacen("/api/v", "/api/private/v", 1),
        format!("{path}x"),
        format!("{path}%00"),
        format!("{path}."),
        format!("/elsewhere{path}"),
    ]
}

#[tokio::test]
async fn no_other_way_to_write_a_path_is_that_path() {
    let server = willing().await;
    let wire = wire(&server.url, &policy(vec![everywhere(GrantLevel::Full)]));
    let granted: Vec<&Operation> = ADMINISTRATIVE
        .iter()
        .filter(|one| !one.needs_approval())
        .collect();
    for operation in granted {
        let whole = right(operation, &server.url);
        let path = whole.url.path().to_owned();
        for variant in variants(&path) {
            if variant == path {
                continue;
            }
            let mut tricky = whole.clone();
            tricky.url.set_path(&variant);
            // Where a path ends in an id or a file, another one is the path of another thing.
            let is_file = path.contains("/artifacts/") && variant == format!("{path}.");
            let may_go_on = operation.path.ends_with('}') || path.contains("/artifacts/");
            if is_file || may_go_on && variant == format!("{path}x") {
                continue;
            }
            // What the address resolves to is what counts, and it may be granted for itself.
            if ADMINISTRATIVE.iter().any(|other| {
                other.verb == operation.verb && right(other, &server.url).url.path() == tricky.url.path()
            }) {
                continue;
            }
            let before = server.asked().len();
            let sent = wire.send(tricky.clone()).await;
            assert!(sent.is_err(), "{} {}", operation.name, tricky.url);
            assert_eq!(server.asked().len(), before, "{} {}", operation.name, tricky.url);
        }
    }
}

#[tokio::test]
async fn no_other_method_is_that_method() {
    let server = willing().await;
    let wire = wire(&server.url, &policy(vec![everywhere(GrantLevel::Read)]));
    let read = ADMINISTRATIVE.iter().find(|one| one.name == "get_run").unwrap();
    for method in [
        "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get", "TRACE",
    ] {
        let mut tricky = right(read, &server.url);
        tricky.method = Method::from_bytes(method.as_bytes()).unwrap();
        assert!(wire.send(tricky).await.is_err(), "{method}");
    }
    for header in [
        "x-http-method-override",
        "x-http-method",
        "X-Method-Override",
        "X-Original-Method",
    ] {
        let mut tricky = right(read, &server.url);
        let name = HeaderName::from_bytes(header.as_bytes()).unwrap();
        tricky.headers.insert(name, HeaderValue::from_static("DELETE"));
        assert!(wire.send(tricky).await.is_err(), "{header}");
    }
    for query in [
        "_method=DELETE",
        "limit=1&_METHOD=post",
        "x-http-method-override=PUT",
        "%5Fmethod=DELETE",
    ] {
        let mut tricky = right(read, &server.url);
        tricky.url.set_query(Some(query));
        assert!(wire.send(tricky).await.is_err(), "{query}");
    }
    assert!(server.asked().is_empty());
    wire.send(right(read, &server.url)).await.unwrap();
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn no_header_makes_it_another_path_or_host() {
    let server = willing().await;
    let wire = wire(&server.url, &policy(vec![everywhere(GrantLevel::Read)]));
    let read = ADMINISTRATIVE.iter().find(|one| one.name == "get_run").unwrap();
    for (header, value) in [
        ("X-Original-URL", "/api/v3/accounts/1/groups/"),
        ("X-Rewrite-URL", "/api/v3/accounts/1/groups/"),
        ("X-Original-URI", "/api/v3/accounts/1/groups/"),
        ("Host", "elsewhere.example.com"),
        ("X-Forwarded-Host", "elsewhere.example.com"),
    ] {
        let mut tricky = right(read, &server.url);
        let name = HeaderName::from_bytes(header.as_bytes()).unwrap();
        tricky.headers.insert(name, HeaderValue::from_static(value));
        assert!(wire.send(tricky).await.is_err(), "{header}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn no_other_host_is_that_host() {
    let server = willing().await;
    let wire = wire(&server.url, &policy(vec![everywhere(GrantLevel::Full)]));
    let read = ADMINISTRATIVE.iter().find(|one| one.name == "list_jobs").unwrap();
    let port = server.url.port().unwrap();
    for host in [
        format!("http://localhost:{port}"),
        format!("http://127.0.0.2:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("http://who:pw@127.0.0.1:{port}"),
        "http://127.0.0.1:1".to_owned(),
        format!("http://127.0.0.1.example.com:{port}"),
    ] {
        let mut tricky = right(read, &server.url);
        let path = tricky.url.path().to_owned();
        tricky.url = Url::parse(&format!("{host}{path}")).unwrap();
        assert!(wire.send(tricky).await.is_err(), "{host}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let server = ScriptedDbt::serve(|asked| {
        let to = format!("{}elsewhere/", asked.path);
        DbtReply::json(307, &json!({})).with("location", &to)
    })
    .await;
    let wire = wire(&server.url, &policy(vec![everywhere(GrantLevel::Full)]));
    let trigger = ADMINISTRATIVE
        .iter()
        .find(|one| one.name == "trigger_job_run")
        .unwrap();
    let answer = wire.send(right(trigger, &server.url)).await.unwrap();
    assert_eq!(answer.status, 307);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_document_of_ones_own_is_not_sent() {
    let server = willing().await;
    let wire = wire(&server.url, &policy(vec![everywhere(GrantLevel::Full)]));
    let mut url = server.url.clone();
    url.set_path("/graphql");
    for query in [
        "{ __schema { types { name } } }",
        "mutation { deleteEverything }",
        "",
    ] {
        let body = json!({ "query": query }).to_string();
        assert!(
            wire.send(request(Method::POST, url.clone(), Some(body)))
                .await
                .is_err()
        );
    }
    assert!(server.asked().is_empty());
    wire.send(right(&DISCOVERY[0], &server.url)).await.unwrap();
}

proptest! {
    /// Whatever stands for the path: what is let through is a path of the table as the server will read it.
    #[test]
    fn what_is_let_through_is_in_the_table(tail in "[ -~]{0,60}") {
        let server = Url::parse("https://dbt.example.com").unwrap();
        let addresses = cardinal::dbt::DbtAddresses::of_host("dbt.example.com", None).unwrap();
        let settings = cardinal::dbt::DbtCloudSettings::new(addresses, "t".to_owned().into(), 1);
        let grants = cardinal::dbt::grants(&settings, &policy(vec![everywhere(GrantLevel::Full)]));
        let address = format!("{server}api/v2/accounts/1/{tail}");
        let Ok(url) = Url::parse(&address) else { return Ok(()) };
        if grants.allow(&Method::GET, &url) {
            let path = url.path();
            prop_assert!(path.starts_with("/api/v2/accounts/1/jobs/") || path.starts_with("/api/v2/accounts/1/runs/"), "{path}");
            prop_assert!(!path.contains("//") && !path.contains('%') && !path.contains("/."), "{path}");
        }
    }
}
