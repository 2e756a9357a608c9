//! A run that a turn follows: the end that dbt tells by a webhook ends the wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cardinal::grants::{GrantLevel, GrantRule};
use cardinal::operations::Area;
use http::Method;
use secrecy::SecretString;
use serde_json::json;

use super::kit::TestServer;
use super::webhooks::{SECRET, deliver, signed};
use crate::support::reply::Reply as ModelReply;
use crate::support::scripted_dbt::{DbtReply, ScriptedDbt};
use crate::support::scripted_model::ScriptedModel;

const LOOK: &str = "/api/v2/accounts/1/runs/11/";
/// Far more looks than polling comes to in the 45 seconds that a turn follows a run.
const TOLD: usize = 40;

fn looks(dbt: &ScriptedDbt) -> usize {
    let asked = dbt.asked();
    asked
        .iter()
        .filter(|one| one.method == Method::GET && one.path == LOOK)
        .count()
}

/// Waits for so many looks at the run.
async fn looked(dbt: &ScriptedDbt, wanted: usize) {
    for _ in 0..1_500 {
        if looks(dbt) >= wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} looks and not {wanted}", looks(dbt));
}

/// A delivery that says so of a run, of an environment that the settings do not name.
async fn tell(server: &TestServer, event: usize, kind: &str, run: &str) {
    let body = json!({
        "accountId": "1", "data": {"environmentId": "77", "runId": run}, "eventId": format!("wev_{event}"), "eventType": kind,
    });
    let body = body.to_string();
    assert_eq!(deliver(server, &body, &signed(&body)).await, 204);
}

/// A dbt whose run 11 is as far as the number says, and a server whose model starts job 5.
async fn stand() -> (Arc<AtomicI64>, ScriptedDbt, TestServer) {
    let status = Arc::new(AtomicI64::new(3));
    let shown = Arc::clone(&status);
    let dbt = ScriptedDbt::serve(move |asked| {
        let run = match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/api/v2/accounts/1/jobs/5/run/") => json!({"id": 11, "status": 1}),
            ("GET", LOOK) => json!({"id": 11, "status": shown.load(Ordering::SeqCst)}),
            _ => return DbtReply::json(404, &json!({})),
        };
        DbtReply::json(
            200,
            &json!({"data": run, "status": {"code": 200, "is_success": true}}),
        )
    })
    .await;
    let model = ScriptedModel::openai_with(|request| {
        let messages = request["messages"].as_array().unwrap();
        if messages.last().unwrap()["role"] == "tool" {
            return ModelReply::text("The job was run.");
        }
        ModelReply::tool_calls([("dbt_run_job", json!({ "job": "5" }))])
    })
    .await;
    let account = crate::dbt::settings(&dbt);
    let server = TestServer::before(model, |settings| {
        settings.dbt.cloud = Some(account);
        settings.dbt.webhook_secret = Some(SecretString::from(SECRET));
        settings.grants.rules = vec![GrantRule::new([Area::DbtRuns], GrantLevel::Full)];
    })
    .await;
    (status, dbt, server)
}

/// What the model was shown of the run.
fn shown(server: &TestServer) -> String {
    let requests = server.model.as_ref().unwrap().requests();
    let messages = requests.last().unwrap()["messages"].clone();
    messages.as_array().unwrap().last().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_dbt_tells_is_looked_at_at_once() {
    let (status, dbt, server) = stand().await;
    let told = async {
        looked(&dbt, 1).await;
        for event in 0..TOLD {
            // It is not believed before dbt shows it.
            let kind = if event % 2 == 0 {
                "job.run.errored"
            } else {
                "job.run.completed"
            };
            tell(&server, event, kind, "11").await;
            looked(&dbt, event + 2).await;
        }
        status.store(10, Ordering::SeqCst);
        tell(&server, TOLD, "job.run.completed", "11").await;
    };
    let (record, ()) = tokio::join!(server.ask("Please run job 5."), told);
    assert_eq!(record["status"], "finished", "{record:#}");
    let shown = shown(&server);
    assert!(shown.contains("success"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_event_ends_the_wait() {
    let (status, dbt, server) = stand().await;
    let told = async {
        looked(&dbt, 1).await;
        for event in 0..TOLD {
            match event % 3 {
                0 => tell(&server, event, "job.run.started", "11").await,
                1 => tell(&server, event, "job.run.completed", "12").await,
                _ => tell(&server, event, "job.run.completed", "none").await,
            }
        }
        // Polling may have come to a few.
        assert!(looks(&dbt) < TOLD / 3, "{} looks", looks(&dbt));
        status.store(20, Ordering::SeqCst);
        tell(&server, TOLD, "job.run.errored", "11").await;
    };
    let (record, ()) = tokio::join!(server.ask("Please run job 5."), told);
    assert_eq!(record["status"], "finished", "{record:#}");
    let shown = shown(&server);
    assert!(shown.contains("error"), "{shown}");
}
