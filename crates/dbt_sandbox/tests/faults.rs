use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::client::Dbt;

#[tokio::test]
async fn a_status_comes_as_often_as_the_rule_says() {
    let dbt = Dbt::with(|options| {
        options.faults = "GET /api/v2/accounts/*/jobs/=429:2,retry-after=7,skip=1".to_owned()
    })
    .await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let answer = dbt.get(2, "/jobs/").await;
        if answer.status == 429 {
            assert_eq!(answer.header("retry-after"), Some("7"));
            assert_eq!(answer.header("x-rate-limit-retry-after-seconds"), Some("7"));
            assert_eq!(answer.json()["status"]["code"], 429);
        }
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses, [200, 429, 429, 200]);
    dbt.running.faults().set("* /**=503").unwrap();
    assert_eq!(dbt.get(3, "/users/").await.status, 503);
    dbt.running.faults().set("").unwrap();
    assert_eq!(dbt.get(3, "/users/").await.status, 200);
}

#[tokio::test]
async fn rules_that_cannot_be_read_are_refused() {
    let dbt = Dbt::start().await;
    for rule in [
        "GET /x",
        "/x=429",
        "GET x=429",
        "GET /x=200",
        "GET /x=boom",
        "GET /x=429,colour=red",
        "GET /x=latency:2h",
        "GET /x=cut:5,retry-after=1",
    ] {
        let error = dbt.running.faults().set(rule).unwrap_err().to_string();
        assert!(
            error.contains(rule) && error.contains("METHOD PATH=KIND"),
            "{error}"
        );
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "this test is the sandbox's own client")]
async fn a_body_can_be_cut() {
    let dbt = Dbt::with(|options| options.faults = "GET /api/v2/accounts/*/runs/=cut:500".to_owned()).await;
    let address = format!("{}{}", dbt.running.url, dbt.path(2, "/runs/"));
    let response = reqwest::Client::new()
        .get(address)
        .header("Authorization", dbt.token())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err(), "it does not look complete");
}

#[tokio::test]
async fn the_discovery_api_takes_so_many_requests_a_minute() {
    let dbt = Dbt::with(|options| options.discovery_per_minute = Some(3)).await;
    let body = json!({ "query": "{ environment(id: 7001) { id } }" });
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let answer = dbt
            .send(Method::POST, "/graphql", Some(&dbt.token()), Some(&body))
            .await;
        statuses.push(answer.status.as_u16());
        if answer.status == 429 {
            let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&seconds));
        }
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    assert_eq!(dbt.get(2, "/jobs/").await.status, 200, "the other APIs go on");
}

#[tokio::test]
async fn what_was_asked_is_remembered_without_tokens() {
    let dbt = Dbt::with(|options| options.pace = Duration::from_secs(60)).await;
    dbt.post(2, "/jobs/8001/run/", json!({ "cause": "test" })).await;
    let requests = dbt.running.requests();
    let last = requests.last().unwrap();
    assert_eq!(
        (last.method.as_str(), last.path.as_str()),
        ("POST", dbt.path(2, "/jobs/8001/run/").as_str())
    );
    assert_eq!(last.body, json!({ "cause": "test" }).to_string());
}
