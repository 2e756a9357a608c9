//! Cancelling runs and running jobs again: the client and the commands, over the sandbox.

use std::time::Duration;

use cardinal::call_log::verify;
use cardinal::dbt::{DbtFailure, DbtRunStatus, RunFilter};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::cli::kit::{Program, Run};
use crate::support::dbt_stand::DbtStand;

/// Jobs of the sandbox: one whose runs fail, and one whose runs never end by themselves.
const FAILS: u64 = 8003;
const HANGS: u64 = 8004;

const PATIENCE: Duration = Duration::from_secs(60);

fn program(stand: &DbtStand, grants: &str) -> Program {
    let running = &stand.running;
    let program = Program::new()
        .with("DBT_HOST", &running.url)
        .with("DBT_ACCOUNT_ID", &running.account_id.to_string())
        .with("DBT_TOKEN", running.token.expose_secret());
    std::fs::write(
        program.folder().join("cardinal.toml"),
        format!("version = 1\n{grants}"),
    )
    .unwrap();
    program
}

fn grant(level: &str, more: &str) -> String {
    format!("[[grants.rules]]\nareas = [\"dbt.runs\"]\nlevel = \"{level}\"\n{more}\n")
}

/// Runs the program beside the sandbox.
fn run(program: &Program, arguments: &[&str]) -> Run {
    tokio::task::block_in_place(|| program.run(arguments))
}

/// How many writes the sandbox was asked for.
fn writes(stand: &DbtStand) -> usize {
    let requests = stand.running.requests();
    requests.iter().filter(|request| request.method == "POST").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_cancelled_and_then_over() {
    let stand = DbtStand::start().await;
    let client = stand.account.administrative();
    let run = client.trigger(HANGS, "a test").await.unwrap();
    let cancelled = client.cancel(run.id).await.unwrap();
    assert_eq!(cancelled.id, run.id);
    let over = client.follow(run.id, PATIENCE, &mut |_| ()).await.unwrap();
    assert_eq!(over.status, DbtRunStatus::Cancelled);
    let error = client.cancel(99_999_999).await.unwrap_err();
    assert_eq!(error.class, DbtFailure::NotFound, "{error}");
    assert!(
        error.to_string().starts_with("failed to cancel run 99999999: "),
        "{error}"
    );
}

/// Whenever it comes: also in the moment in which the run takes its next step.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cancelled_stays_so() {
    let stand = DbtStand::with(|options| options.pace = Duration::from_millis(1)).await;
    let client = stand.account.administrative();
    let mut cancelled = Vec::new();
    for _ in 0..100 {
        let run = client.trigger(HANGS, "a test").await.unwrap();
        tokio::time::sleep(Duration::from_micros(fastrand::u64(0..3000))).await;
        client.cancel(run.id).await.unwrap();
        cancelled.push(run.id);
    }
    for id in cancelled {
        assert_eq!(client.run(id).await.unwrap().status, DbtRunStatus::Cancelled);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_run_again_from_where_it_failed() {
    let stand = DbtStand::start().await;
    let client = stand.account.administrative();
    let failed = client.trigger(FAILS, "a test").await.unwrap();
    let failed = client.follow(failed.id, PATIENCE, &mut |_| ()).await.unwrap();
    assert_eq!(failed.status, DbtRunStatus::Error);
    let again = client.rerun(FAILS).await.unwrap();
    assert!(again.id > failed.id);
    let again = client.follow(again.id, PATIENCE, &mut |_| ()).await.unwrap();
    assert_eq!(again.status, DbtRunStatus::Success);
    let error = client.rerun(1).await.unwrap_err();
    assert_eq!(error.class, DbtFailure::NotFound, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_cancels_and_reruns() {
    let stand = DbtStand::start().await;
    let client = stand.account.administrative();
    let program = program(&stand, &grant("full", ""));
    let hanging = client.trigger(HANGS, "a test").await.unwrap().id.to_string();
    let cancelled = run(&program, &["dbt", "cancel", &hanging, "--json"]);
    assert_eq!(cancelled.code, Some(0), "{cancelled:#?}");
    let told = cancelled.json();
    assert_eq!(
        (&told["version"], told["run"]["id"].to_string()),
        (&json!(1), hanging.clone())
    );
    let id = hanging.parse().unwrap();
    let over = client.follow(id, PATIENCE, &mut |_| ()).await.unwrap();
    assert_eq!(over.status, DbtRunStatus::Cancelled);

    let again = run(&program, &["dbt", "rerun", &HANGS.to_string()]);
    assert_eq!(again.code, Some(0), "{again:#?}");
    let filter = RunFilter {
        job: Some(HANGS),
        ..RunFilter::default()
    };
    let newest = client
        .runs(filter, 1)
        .await
        .unwrap()
        .items
        .remove(0)
        .id
        .to_string();
    assert_ne!(newest, hanging);
    assert!(again.stdout.contains(&format!("{newest}\t{HANGS}")), "{again:#?}");

    let log = run(&program, &["log", "show"]);
    for line in [
        format!("cardinal asked to cancel run {hanging} on dbt account"),
        format!("cardinal asked to rerun job {HANGS} from where it failed on dbt account"),
    ] {
        assert!(log.stdout.contains(&line), "{log:#?}");
    }
    assert!(
        verify(&program.folder().join(".local/state/cardinal/log"), &[])
            .unwrap()
            .ok
    );
    for wrong in [
        &["dbt", "cancel"][..],
        &["dbt", "cancel", "last"],
        &["dbt", "rerun", "-1"],
    ] {
        assert_eq!(run(&program, wrong).code, Some(2), "{wrong:?}");
    }
    let unknown = run(&program, &["dbt", "cancel", "99999999"]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.stderr.contains("failed to cancel run 99999999"),
        "{unknown:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_granted_is_not_sent() {
    let stand = DbtStand::start().await;
    let ids = |job: u64| grant("full", &format!("ids = {{ job_id = [{job}] }}"));
    let over = grant("full", "expires = \"2020-01-01T00:00:00Z\"");
    for (grants, why) in [
        (
            String::new(),
            "dbt.runs is off for \"cardinal\": no rule grants it",
        ),
        (
            grant("off", ""),
            "dbt.runs is off for \"cardinal\" (grants.rules 1)",
        ),
        (
            grant("read", ""),
            "dbt.runs may only be read by \"cardinal\" (grants.rules 1)",
        ),
        (over, "every rule that granted it is over"),
        (ids(1), "does not cover"),
    ] {
        let program = program(&stand, &grants);
        for arguments in [["dbt", "cancel", "60001"], ["dbt", "rerun", "8001"]] {
            let denied = run(&program, &arguments);
            assert_eq!(denied.code, Some(1), "{denied:#?}");
            let said = denied.stderr.replace("\n  ", " ");
            assert!(
                said.contains("was not sent") && said.contains(why),
                "{why}: {said}"
            );
        }
        let log = run(&program, &["log", "show", "--refused"]);
        assert_eq!(log.stdout.matches("DENIED").count(), 2, "{log:#?}");
    }
    assert_eq!(writes(&stand), 0);
    // A rule for the job lets it be run again, and says nothing of runs by their ids.
    let program = program(&stand, &ids(8002));
    assert_eq!(run(&program, &["dbt", "rerun", "8002"]).code, Some(0));
    assert_eq!(run(&program, &["dbt", "cancel", "60001"]).code, Some(1));
    assert_eq!(writes(&stand), 1);
}
