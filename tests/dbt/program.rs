//! `cardinal dbt` as a person uses it.

use std::fs;

use cardinal::call_log::verify;
use serde_json::{Value, json};

use super::TOKEN;
use super::project::{GOOD, but, manifest, run_results, sources, write};
use crate::cli::kit::{Program, Run};
use crate::support::scripted_dbt::{DbtReply, ScriptedDbt};

const GRANT: &str = "version = 1\n[[grants.rules]]\nareas = [\"dbt.jobs\", \"dbt.runs\", \"dbt.discovery\", \"dbt.local_artifacts\"]\nlevel = \"read\"\n";

fn with_grants(program: Program, text: &str) -> Program {
    fs::write(program.folder().join("cardinal.toml"), text).unwrap();
    program
}

fn of_account(server: &ScriptedDbt) -> Program {
    Program::new()
        .with("DBT_HOST", server.url.as_str())
        .with("DBT_ACCOUNT_ID", "1")
        .with("DBT_TOKEN", TOKEN)
}

/// Runs the program beside the server.
async fn run(program: &'static Program, arguments: &'static [&'static str]) -> Run {
    tokio::task::spawn_blocking(move || program.run(arguments))
        .await
        .unwrap()
}

fn kept(program: Program) -> &'static Program {
    Box::leak(Box::new(program))
}

async fn server() -> ScriptedDbt {
    ScriptedDbt::serve(|asked| {
        let data: Value = if asked.path.ends_with("/jobs/") {
            json!([{"id": 5, "name": "Daily build", "most_recent_run": {"id": 90, "status": 20, "finished_at": "2026-03-01 02:10:00+00:00"}}])
        } else {
            json!([
                {"id": 91, "status": 3, "job_definition_id": 5, "job_id": 5, "job": {"id": 5, "name": "Daily build"}, "created_at": "2026-03-01 03:00:00+00:00"},
                {"id": 90, "status": 20, "job_definition_id": 5, "job_id": 5, "job": {"id": 5, "name": "Daily build"}, "status_message": "1 model failed"},
            ])
        };
        let mut items = data.as_array().unwrap().clone();
        let count = items.len();
        if asked.query.contains("limit=1&") {
            items.truncate(1);
        }
        DbtReply::json(200, &json!({"data": items, "status": {"code": 200, "is_success": true}, "extra": {"pagination": {"count": items.len(), "total_count": count}}}))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_and_jobs_are_listed_and_written_down() {
    let server = server().await;
    let program = kept(with_grants(of_account(&server), GRANT));
    let runs = run(program, &["dbt", "runs", "--job", "5", "--status", "error"]).await;
    assert_eq!(runs.code, Some(0), "{runs:#?}");
    assert!(
        runs.stdout
            .contains("91\t5 (Daily build)\trunning\t2026-03-01 03:00:00+00:00"),
        "{runs:#?}"
    );
    assert!(runs.stdout.contains("1 model failed"), "{runs:#?}");
    assert!(server.asked()[0].query.contains("status=20"));
    let json = run(program, &["dbt", "runs", "--json"]).await.json();
    assert_eq!(
        (&json["version"], &json["complete"], &json["runs"][1]["status"]),
        (&1.into(), &true.into(), &"error".into())
    );
    let jobs = run(program, &["dbt", "jobs"]).await;
    assert!(jobs.stdout.contains("5\tDaily build\terror (90)"), "{jobs:#?}");
    let log = run(program, &["log", "show"]).await;
    assert_eq!(log.stdout.lines().count(), 3, "{log:#?}");
    assert!(
        log.stdout
            .contains("cardinal asked to list runs on dbt account 1: 200, 2 rows"),
        "{log:#?}"
    );
    let dir = program.folder().join(".local/state/cardinal/log");
    assert!(verify(&dir, &[]).unwrap().ok);
    for run in [runs, jobs, log] {
        assert!(!run.stdout.contains(TOKEN) && !run.stderr.contains(TOKEN));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grant_nothing_is_asked() {
    let server = server().await;
    let program = kept(of_account(&server));
    let runs = run(program, &["dbt", "runs"]).await;
    assert_eq!(runs.code, Some(1), "{runs:#?}");
    let said = runs.stderr.replace("\n  ", " ");
    assert!(
        said.contains("dbt.runs is off for \"cardinal\": no rule grants it"),
        "{said}"
    );
    assert!(server.asked().is_empty());
    let log = run(program, &["log", "show", "--refused"]).await;
    assert!(
        log.stdout
            .contains("cardinal asked to list runs on dbt account 1: DENIED, dbt.runs is off"),
        "{log:#?}"
    );
}

#[test]
fn half_an_account_is_told() {
    let program = Program::new()
        .with("DBT_HOST", "cloud.getdbt.com")
        .with("DBT_TOKEN", TOKEN);
    let run = program.run(&["dbt", "jobs"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr
            .contains("DBT_ACCOUNT_ID is not set, so the dbt account is not asked"),
        "{run:#?}"
    );
    assert!(
        run.stderr.contains("set DBT_HOST, DBT_ACCOUNT_ID and DBT_TOKEN"),
        "{run:#?}"
    );
    // Other programs' variables do not stop a question.
    assert_eq!(
        program
            .run(&[
                "ask",
                "How many orders were placed in 2025?",
                "--model",
                "offline"
            ])
            .code,
        Some(0)
    );
    let in_file = with_grants(
        Program::new(),
        "version = 1\n[dbt]\nhost = \"cloud.getdbt.com\"\n",
    );
    let run = in_file.run(&["dbt", "jobs"]);
    assert!(
        run.stderr
            .replace("\n  ", " ")
            .contains("an account needs a host, a number and a token"),
        "{run:#?}"
    );
    let literal = with_grants(Program::new(), "version = 1\n[dbt]\ntoken = \"dbtc_secret\"\n");
    let run = literal.run(&["dbt", "jobs"]);
    assert!(
        run.stderr.contains("token_env") && !run.stderr.contains("dbtc_secret"),
        "{run:#?}"
    );
}

#[test]
fn health_of_a_local_project_needs_no_account() {
    let program = with_grants(Program::new().with("DBT_PROJECT_DIR", "analytics"), GRANT);
    let dir = program.folder().join("analytics");
    let good = [
        ("manifest.json", manifest()),
        ("run_results.json", run_results("build", &GOOD)),
        ("sources.json", sources("pass")),
    ];
    write(&dir, &good);
    let run = program.run(&["dbt", "health", "revenue"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.starts_with("metric revenue: healthy\n"), "{run:#?}");
    assert!(
        run.stdout
            .contains("from the artifacts of the local project, as of 2026-03-01T02:12:00"),
        "{run:#?}"
    );
    // Nothing is written down for it unless a folder is named.
    assert!(!program.folder().join(".local").exists());
    write(
        &dir,
        &[(
            "run_results.json",
            run_results("build", &but("model.shop.stg_orders", "error")),
        )],
    );
    let run = program.run(&["dbt", "health", "dashboard 3"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(
        run.stdout
            .starts_with("exposure revenue_board: unhealthy\n  model stg_orders ended with \"error\""),
        "{run:#?}"
    );
    let json = program.run(&["dbt", "health", "revenue", "--json"]).json();
    assert_eq!(
        (&json["version"], &json["health"]),
        (&1.into(), &"unhealthy".into())
    );
    let unknown = program.run(&["dbt", "health", "revenu"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("near it: revenue"), "{unknown:#?}");
    let account = program.run(&["dbt", "health", "revenue", "--from", "discovery"]);
    assert!(
        account.stderr.contains("no dbt account is configured"),
        "{account:#?}"
    );
}

#[test]
fn without_dbt_the_commands_say_what_to_set() {
    let program = Program::new();
    for arguments in [
        &["dbt", "runs"][..],
        &["dbt", "jobs"],
        &["dbt", "health", "orders"],
    ] {
        let run = program.run(arguments);
        assert_eq!(run.code, Some(1));
        assert!(run.stderr.contains("DBT_HOST"), "{run:#?}");
    }
    let run = program.run(&["dbt", "health", "orders", "--from", "local"]);
    assert!(run.stderr.contains("DBT_PROJECT_DIR"), "{run:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_looks_at_dbt_where_there_is_any() {
    let server = server().await;
    let granted = kept(with_grants(of_account(&server), GRANT));
    let checked = run(granted, &["doctor", "--json"]).await;
    let dbt = |run: &Run| {
        let report = run.json();
        let checks = report["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["name"] == "dbt")
    };
    let check = dbt(&checked).unwrap();
    assert_eq!(
        (checked.code, &check["status"]),
        (Some(0), &"ok".into()),
        "{check}"
    );
    let ungranted = kept(of_account(&server));
    let checked = run(ungranted, &["doctor", "--json"]).await;
    let check = dbt(&checked).unwrap();
    // Questions are answered without dbt.
    assert_eq!(
        (checked.code, &check["status"]),
        (Some(0), &"warning".into()),
        "{check}"
    );
    assert!(
        check["fix"].as_str().unwrap().contains("[[grants.rules]]"),
        "{check}"
    );
    assert_eq!(dbt(&run(kept(Program::new()), &["doctor", "--json"]).await), None);
    let local = with_grants(Program::new().with("DBT_PROJECT_DIR", "analytics"), GRANT);
    write(
        &local.folder().join("analytics"),
        &[("manifest.json", manifest())],
    );
    let check = dbt(&local.run(&["doctor", "--json"])).unwrap();
    assert_eq!(check["message"], "9 nodes in the artifacts of analytics");
}
