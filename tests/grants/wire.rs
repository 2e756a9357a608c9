//! The wire as a whole: what reaches a server at each level.

use cardinal::dbt::{DbtAddresses, DbtCloudSettings, grants};
use cardinal::grants::{GrantLevel, GrantPolicy};
use cardinal::operations::{
    ADMINISTRATIVE, BodyForm, DISCOVERY, Operation, SEMANTIC_LAYER, build_path, parameter_names,
};
use cardinal::principal::Principal;
use cardinal::wire::{CacheRule, Policy, Purpose, Wire, WireError, WireRequest, WireSettings};
use http::{HeaderMap, Method};
use secrecy::SecretString;
use serde_json::json;
use std::time::Duration;
use url::Url;

use super::{everywhere, policy};
use crate::support::scripted_dbt::{DbtReply, ScriptedDbt};

pub const ACCOUNT: u64 = 1;

/// A server that takes everything.
pub async fn willing() -> ScriptedDbt {
    ScriptedDbt::serve(|_| {
        DbtReply::json(
            200,
            &json!({"data": [], "status": {"code": 200, "is_success": true}}),
        )
    })
    .await
}

pub fn wire(server: &Url, policy: &GrantPolicy) -> Wire {
    let addresses = DbtAddresses::of_host(server.as_str(), None).unwrap();
    let settings = DbtCloudSettings::new(addresses, SecretString::from("token"), ACCOUNT);
    Wire::new(WireSettings::new(grants(&settings, policy))).unwrap()
}

pub fn request(method: Method, url: Url, body: Option<String>) -> WireRequest {
    WireRequest {
        method,
        url,
        headers: HeaderMap::new(),
        body: body.map(Into::into),
        policy: Policy {
            purpose: Purpose::Dbt,
            principal: Principal::default(),
            idempotent: false,
            buffered: true,
            cap: 1 << 20,
            timeout: Duration::from_secs(20),
            opening: None,
            loading: None,
            cache: CacheRule::Never,
        },
    }
}

/// A right request of an operation.
pub fn right(operation: &Operation, server: &Url) -> WireRequest {
    let values: Vec<(&str, &str)> = parameter_names(operation.path)
        .into_iter()
        .map(|name| match name {
            "account_id" => (name, "1"),
            "path" => (name, "run_results.json"),
            _ => (name, "7"),
        })
        .collect();
    let path = build_path(operation.path, &values).unwrap();
    let body = match operation.body {
        BodyForm::Any | BodyForm::None => None,
        BodyForm::Object => Some(json!({"name": "x"}).to_string()),
        BodyForm::Cause => Some(json!({"cause": "a test"}).to_string()),
        BodyForm::Document(document) => Some(json!({"query": document, "variables": {}}).to_string()),
    };
    let mut url = server.clone();
    url.set_path(&path);
    request(operation.verb.method(), url, body)
}

#[tokio::test]
async fn every_operation_is_sent_or_not_as_its_level_says() {
    let server = willing().await;
    let levels = [
        ("none", Vec::new()),
        ("off", vec![everywhere(GrantLevel::Off)]),
        ("read", vec![everywhere(GrantLevel::Read)]),
        ("full", vec![everywhere(GrantLevel::Full)]),
    ];
    let operations = ADMINISTRATIVE.iter().chain(&DISCOVERY).chain(&SEMANTIC_LAYER);
    let operations: Vec<&Operation> = operations.collect();
    for (level, rules) in levels {
        let wire = wire(&server.url, &policy(rules));
        for operation in &operations {
            let before = server.asked().len();
            let sent = wire.send(right(operation, &server.url)).await;
            let reads =
                !crate::operations::listed().any(|line| line[1] == operation.name && line[4] == "write");
            let wanted = match level {
                "read" => reads,
                "full" => reads || !operation.needs_approval(),
                _ => false,
            };
            assert_eq!(sent.is_ok(), wanted, "{} at {level}: {sent:?}", operation.name);
            assert_eq!(
                server.asked().len() - before,
                usize::from(wanted),
                "{}",
                operation.name
            );
            if wanted {
                let asked = server.asked().pop().unwrap();
                let right = right(operation, &server.url);
                assert_eq!(
                    (&asked.method, asked.path.as_str()),
                    (&right.method, right.url.path())
                );
                assert!(asked.query.is_empty() && asked.headers.contains_key("host"));
                let body = right.body.as_ref().map_or(serde_json::Value::Null, |body| {
                    serde_json::from_slice(&body.bytes()).unwrap()
                });
                assert_eq!(asked.json(), body);
            }
            if let Err(error) = sent {
                assert!(matches!(error, WireError::Denied { .. }), "{error}");
                let text = error.to_string();
                assert!(text.contains("was not sent"), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn what_needs_an_approval_is_denied_as_long_as_there_is_none() {
    let server = willing().await;
    let wire = wire(&server.url, &policy(vec![everywhere(GrantLevel::Full)]));
    let token = ADMINISTRATIVE
        .iter()
        .find(|one| one.name == "create_service_token")
        .unwrap();
    let error = wire
        .send(right(token, &server.url))
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "the request to create a service token was not sent: it changes code, money or access, so a person has to \
         approve it; there is no approval of it, and no place to ask for one: set `dir` under [approvals]"
    );
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn sessions_have_their_own_counts_on_one_wire() {
    let server = willing().await;
    let mut rule = everywhere(GrantLevel::Read);
    rule.max_calls_per_session = Some(2);
    let wire = wire(&server.url, &policy(vec![rule]));
    let list = ADMINISTRATIVE.iter().find(|one| one.name == "list_jobs").unwrap();
    for session in [wire.for_session(), wire.for_session()] {
        for _ in 0..2 {
            session.send(right(list, &server.url)).await.unwrap();
        }
        let error = session.send(right(list, &server.url)).await.unwrap_err();
        assert!(
            error.to_string().contains("2 calls a session are used up"),
            "{error}"
        );
    }
    assert_eq!(server.asked().len(), 4);
}
