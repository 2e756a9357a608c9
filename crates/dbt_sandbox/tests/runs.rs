use std::time::Duration;

use cardinal_dbt_sandbox::RunEnding;
use serde_json::json;

use crate::client::Dbt;

#[tokio::test]
async fn a_run_goes_from_queued_to_success() {
    let dbt = Dbt::with(|options| options.pace = Duration::from_millis(150)).await;
    let run = dbt
        .post(
            2,
            "/jobs/8001/run/",
            json!({ "cause": "agent-7: figures look old", "git_branch": "fix" }),
        )
        .await
        .data();
    assert_eq!(
        (run["status"].clone(), run["in_progress"].clone()),
        (json!(1), json!(true))
    );
    assert_eq!(run["git_branch"], "fix");
    let id = run["id"].as_i64().unwrap();
    let mut seen = vec![1];
    let done = loop {
        let run = dbt.get(2, &format!("/runs/{id}/")).await.data();
        let status = run["status"].as_i64().unwrap();
        if seen.last() != Some(&status) {
            seen.push(status);
        }
        if run["is_complete"] == true {
            break run;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(seen, [1, 2, 3, 10]);
    for (flag, wanted) in [
        ("is_success", true),
        ("is_error", false),
        ("is_cancelled", false),
        ("is_running", false),
        ("can_retry", false),
    ] {
        assert_eq!(done[flag], wanted, "{flag}");
    }
    assert_eq!(done["retry_not_supported_reason"], "RETRY_NOT_FAILED_RUN");
    let whole = dbt.finished(id).await;
    assert_eq!(whole["trigger"]["cause"], "agent-7: figures look old");
    assert_eq!(whole["trigger"]["git_branch"], "fix");
    assert_eq!(whole["trigger"]["cause_category"], "api");
    assert_eq!(whole["run_steps"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn runs_of_one_job_wait_for_each_other() {
    let dbt = Dbt::with(|options| options.pace = Duration::from_millis(100)).await;
    let first = dbt
        .post(2, "/jobs/8002/run/", json!({ "cause": "first" }))
        .await
        .data()["id"]
        .as_i64()
        .unwrap();
    let second = dbt
        .post(2, "/jobs/8002/run/", json!({ "cause": "second" }))
        .await
        .data()["id"]
        .as_i64()
        .unwrap();
    let other = dbt
        .post(2, "/jobs/8001/run/", json!({ "cause": "other job" }))
        .await
        .data()["id"]
        .as_i64()
        .unwrap();
    dbt.finished(first).await;
    let waiting = dbt.get(2, &format!("/runs/{second}/")).await.data();
    assert_eq!(
        waiting["is_complete"], false,
        "the second began when the first was over"
    );
    let (first, second, other) = (
        dbt.finished(first).await,
        dbt.finished(second).await,
        dbt.finished(other).await,
    );
    assert!(second["dequeued_at"].as_str() >= first["finished_at"].as_str());
    assert!(
        other["dequeued_at"].as_str() < first["finished_at"].as_str(),
        "another job does not wait"
    );
}

#[tokio::test]
async fn a_run_that_hangs_can_be_cancelled() {
    let dbt = Dbt::start().await;
    let id = dbt
        .post(2, "/jobs/8004/run/", json!({ "cause": "x" }))
        .await
        .data()["id"]
        .as_i64()
        .unwrap();
    let cancelled = dbt
        .post(2, &format!("/runs/{id}/cancel/"), json!({}))
        .await
        .data();
    assert_eq!(
        (cancelled["status"].clone(), cancelled["is_cancelled"].clone()),
        (json!(30), json!(true))
    );
    let run = dbt.finished(id).await;
    assert_eq!(run["audit"]["cancellation"]["actor"]["name"], "Everything");
    let again = dbt
        .post(2, &format!("/runs/{id}/cancel/"), json!({}))
        .await
        .data();
    assert_eq!(
        again["finished_at"], run["finished_at"],
        "what is over stays as it is"
    );
    // The job is free again.
    let next = dbt
        .post(2, "/jobs/8004/run/", json!({ "cause": "y" }))
        .await
        .data()["id"]
        .as_i64()
        .unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(dbt.get(2, &format!("/runs/{next}/")).await.data()["status"], 3);
}

#[tokio::test]
async fn a_failed_run_is_repeated_from_where_it_failed() {
    let dbt = Dbt::start().await;
    let id = dbt
        .post(2, "/jobs/8003/run/", json!({ "cause": "x" }))
        .await
        .data()["id"]
        .as_i64()
        .unwrap();
    let failed = dbt.finished(id).await;
    assert_eq!(
        (failed["status"].clone(), failed["can_retry"].clone()),
        (json!(20), json!(true))
    );
    assert!(failed["status_message"].as_str().unwrap().contains("fct_reviews"));
    let step = dbt.get(2, &format!("/runs/{id}/retry/")).await.data()["failed_step"].clone();
    assert_eq!(step["name"], "Invoke dbt with `dbt build --select stg_reviews+`");
    let rerun = dbt.post(2, "/jobs/8003/rerun/", json!({})).await.data();
    assert_eq!(rerun["trigger"]["cause_category"], "rerun");
    let done = dbt.finished(rerun["id"].as_i64().unwrap()).await;
    assert_eq!(done["status"], 10);
    // Nothing failed now: a rerun is a run from the beginning, and such a job fails again.
    let fresh = dbt.post(2, "/jobs/8003/rerun/", json!({})).await.data()["id"]
        .as_i64()
        .unwrap();
    assert_eq!(dbt.finished(fresh).await["status"], 20);
    let old = dbt.post(2, &format!("/runs/{id}/retry/"), json!({})).await;
    assert_eq!(old.status, 400, "only the last run is repeated");
    let retried = dbt
        .post(2, &format!("/runs/{fresh}/retry/"), json!({}))
        .await
        .data()["id"]
        .as_i64()
        .unwrap();
    assert_eq!(dbt.finished(retried).await["status"], 10);
}

#[tokio::test]
async fn how_runs_end_can_be_chosen() {
    let dbt = Dbt::start().await;
    dbt.running.set_ending(8001, RunEnding::Fails);
    let id = dbt
        .post(2, "/jobs/8001/run/", json!({ "cause": "x" }))
        .await
        .data()["id"]
        .as_i64()
        .unwrap();
    let run = dbt.finished(id).await;
    assert_eq!(run["status"], 20);
    let names: Vec<_> = run["run_steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["status"].as_i64().unwrap())
        .collect();
    assert_eq!(
        names,
        [10, 10, 10, 10, 20],
        "after the build that failed nothing was done"
    );
}
