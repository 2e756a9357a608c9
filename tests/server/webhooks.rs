//! A completed run of dbt makes the server read data again.

use std::sync::Arc;
use std::time::Duration;

use cardinal::catalog::TableRule;
use cardinal::dbt::{DbtAccount, DbtCloudSettings, grants};
use cardinal::grants::{GrantLevel, GrantRule};
use cardinal::operations::Area;
use cardinal::principal::Principal;
use cardinal::sandbox::ServeOptions;
use cardinal::wire::{Wire, WireSettings};
use hmac::{Hmac, Mac as _};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::Sha256;

use super::client::Ask;
use super::kit::{QUESTION, TestServer};
use crate::support::demo_world::WORLD;
use crate::support::reply::Reply as ModelReply;
use crate::support::scripted_model::ScriptedModel;
use crate::support::stack::{curated, dbt_beside, dbt_settings, metabase_settings};

pub(super) const SECRET: &str = "a secret of a subscription";

fn delivery(event: &str, kind: &str) -> String {
    json!({
        "accountId": 1, "eventId": event, "eventType": kind,
        "data": {"jobId": "5", "runId": "9", "environmentId": "3", "runStatus": "Success", "runStatusCode": 10},
    })
    .to_string()
}

/// What dbt tells of a run that is over.
fn completed(run: u64, account: &DbtCloudSettings) -> String {
    let environment = account.environment_id.unwrap().to_string();
    json!({
        "accountId": account.account_id, "eventId": format!("wev_{run}"), "eventType": "job.run.completed",
        "data": {"runId": run.to_string(), "environmentId": environment, "runStatusCode": 10},
    })
    .to_string()
}

pub(super) fn signed(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(super) async fn deliver(server: &TestServer, body: &str, signature: &str) -> u16 {
    let value: Value = serde_json::from_str(body).unwrap();
    assert_eq!(value.to_string(), body, "the client sends what was signed");
    let ask = Ask::post("/v1/dbt/webhook", &value).with("authorization", signature);
    server.send(ask).await.status
}

async fn served_by(server: &TestServer) -> String {
    asked(server, QUESTION).await
}

/// What served the rows of the answer.
async fn asked(server: &TestServer, question: &str) -> String {
    let record = server.ask(question).await;
    record["answer"]["tool_calls"][0]["served_by"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_run_makes_cached_rows_old() {
    let server = TestServer::with(|settings| {
        settings.dbt.webhook_secret = Some(SecretString::from(SECRET));
    })
    .await;
    assert_eq!(served_by(&server).await, "live");
    assert_eq!(served_by(&server).await, "cache");
    let started = delivery("wev_0", "job.run.started");
    assert_eq!(deliver(&server, &started, &signed(&started)).await, 204);
    assert_eq!(
        served_by(&server).await,
        "cache",
        "nothing is new when a run begins"
    );
    let completed = delivery("wev_1", "job.run.completed");
    for wrong in ["", "00", "Bearer x"] {
        assert_eq!(deliver(&server, &completed, wrong).await, 401);
    }
    assert_eq!(
        served_by(&server).await,
        "cache",
        "a forged delivery does nothing"
    );
    assert_eq!(deliver(&server, &completed, &signed(&completed)).await, 204);
    // The answer came before the work.
    let mut by = String::new();
    for _ in 0..50 {
        by = served_by(&server).await;
        if by == "live" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(by, "live");
    assert_eq!(served_by(&server).await, "cache");
    // The same delivery again changes nothing.
    assert_eq!(deliver(&server, &completed, &signed(&completed)).await, 204);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(served_by(&server).await, "cache");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_there_is_no_receiver() {
    let server = TestServer::new().await;
    let body = delivery("wev_1", "job.run.completed");
    assert_eq!(deliver(&server, &body, &signed(&body)).await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_is_refused_whoever_signed_it() {
    let server = TestServer::with(|settings| {
        settings.dbt.webhook_secret = Some(SecretString::from(SECRET));
    })
    .await;
    assert_eq!(served_by(&server).await, "live");
    let long = |bytes: usize| json!({ "eventId": "wev_1", "eventType": "job.run.completed", "more": "x".repeat(bytes) });
    for bytes in [(1 << 20) + 1, 3 << 19, 3 << 20] {
        let body = long(bytes);
        let ask = Ask::post("/v1/dbt/webhook", &body).with("authorization", &signed(&body.to_string()));
        let reply = server.send(ask).await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (413, &json!("too_large")),
            "{bytes}"
        );
    }
    let huge = long(3 << 19);
    let long_id = json!({ "eventId": "w".repeat(500), "eventType": "job.run.completed" });
    for (body, status) in [
        (huge.to_string(), 413),
        (long_id.to_string(), 400),
        (json!([]).to_string(), 400),
        (
            json!({ "eventId": 5, "eventType": "job.run.completed" }).to_string(),
            400,
        ),
    ] {
        assert_eq!(
            deliver(&server, &body, &signed(&body)).await,
            status,
            "{}",
            &body[..40.min(body.len())]
        );
    }
    assert_eq!(served_by(&server).await, "cache", "none of these did anything");
}

const REVENUE: &str = "What was revenue in each month?";
const RATING: &str = "What is the average rating?";

/// Asks the card over the orders' model, and the metric over the reviews'.
async fn asker() -> ScriptedModel {
    ScriptedModel::openai_with(|request| {
        let messages = request["messages"].as_array().unwrap();
        let asked = messages.iter().rfind(|one| one["role"] == "user").unwrap();
        if messages.last().unwrap()["role"] == "tool" {
            return ModelReply::text("Here it is.");
        }
        let call = if asked["content"].to_string().contains("rating") {
            ("query_metric", json!({ "metric_id": 6 }))
        } else {
            ("run_card", json!({ "card_id": 9 }))
        };
        ModelReply::tool_calls([call])
    })
    .await
}

/// Runs a job to its end.
async fn ran(account: &DbtCloudSettings, job: u64) -> u64 {
    let rule = GrantRule::new([Area::DbtRuns], GrantLevel::Full);
    let policy = crate::grants::policy(vec![rule]);
    let wire = Wire::new(WireSettings::new(grants(account, &policy))).unwrap();
    let client = DbtAccount::new(account.clone(), wire, Principal::default()).administrative();
    let run = client.trigger(job, "a test").await.unwrap();
    let patience = Duration::from_secs(60);
    client.follow(run.id, patience, &mut |_| {}).await.unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_makes_old_only_what_rests_on_its_models() {
    Box::pin(makes_old_what_rests_on_it(&[Area::DbtDiscovery, Area::DbtRuns])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_of_a_run_says_what_rests_on_its_models_too() {
    Box::pin(makes_old_what_rests_on_it(&[Area::DbtRuns])).await;
}

async fn makes_old_what_rests_on_it(areas: &'static [Area]) {
    let world = Arc::clone(&WORLD);
    let metabase = cardinal::sandbox::serve(ServeOptions::new(world)).await.unwrap();
    let dbt = dbt_beside(&metabase).await;
    let account = dbt_settings(&dbt);
    let with = account.clone();
    let server = TestServer::before(asker().await, |settings| {
        settings.metabase = Some(metabase_settings(&metabase, Duration::from_secs(10)));
        settings.catalog = curated(&metabase, TableRule::default());
        settings.dbt.cloud = Some(with);
        settings.dbt.webhook_secret = Some(SecretString::from(SECRET));
        settings.grants.rules = vec![GrantRule::new(areas.iter().copied(), GrantLevel::Read)];
    })
    .await;
    for question in [REVENUE, RATING] {
        assert_eq!(asked(&server, question).await, "live");
        assert_eq!(asked(&server, question).await, "cache");
    }
    let hourly_orders = 8002;
    let reviews_repair = 8003;
    for (job, touched, untouched) in [
        (hourly_orders, REVENUE, RATING),
        (reviews_repair, RATING, REVENUE),
    ] {
        let run = ran(&account, job).await;
        let body = completed(run, &account);
        assert_eq!(deliver(&server, &body, &signed(&body)).await, 204);
        let mut by = String::new();
        for _ in 0..250 {
            by = asked(&server, touched).await;
            if by == "live" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(by, "live", "job {job} made what {touched:?} rests on");
        assert_eq!(
            asked(&server, untouched).await,
            "cache",
            "job {job}: {untouched:?}"
        );
    }
    // Of a run that is not there nobody knows what it made.
    let body = completed(99_999_999, &account);
    assert_eq!(deliver(&server, &body, &signed(&body)).await, 204);
    for question in [REVENUE, RATING] {
        let mut by = String::new();
        for _ in 0..250 {
            by = asked(&server, question).await;
            if by == "live" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(by, "live", "{question}");
    }
}
