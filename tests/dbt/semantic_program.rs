//! Metrics of dbt through the program: beside Metabase's, without any Metabase, and on tapes.

use std::fs;

use serde_json::{Value, json};

use crate::cli::kit::{Program, Run, Sandbox};
use crate::support::scripted_model::{Reply, ScriptedModel};

const GRANTS: &str =
    "version = 1\n[[grants.rules]]\nareas = [\"dbt.semantic_layer\", \"dbt.runs\"]\nlevel = \"read\"\n";

/// A program that asks the dbt of a sandbox.
fn asking(sandbox: &Sandbox, program: Program, config: &str) -> Program {
    fs::write(
        program.folder().join("cardinal.toml"),
        format!("{GRANTS}{config}"),
    )
    .unwrap();
    program
        .with("DBT_HOST", &sandbox.text("dbt_url"))
        .with("DBT_TOKEN", &sandbox.text("dbt_token"))
        .with("DBT_ACCOUNT_ID", &sandbox.line["dbt_account_id"].to_string())
        .with("DBT_PROD_ENV_ID", &sandbox.line["dbt_environment_id"].to_string())
}

fn dbt_only(sandbox: &Sandbox, config: &str) -> Program {
    asking(sandbox, Program::new(), config)
}

const SOME: &str = "[catalog.dbt_metrics]\nnames = [\"revenue\", \"revenue_trailing_30_days\"]\n";

fn id_of(list: &Value, name: &str) -> u64 {
    let entries = list["entries"].as_array().unwrap();
    let found = entries.iter().find(|entry| entry["dbt_metric"] == name);
    found.unwrap_or_else(|| panic!("{name} in {list}"))["id"]
        .as_u64()
        .unwrap()
}

#[test]
fn without_a_metabase_everything_works_over_dbt_alone() {
    let sandbox = Sandbox::serve(&["--dbt"]);
    let program = dbt_only(&sandbox, SOME);
    let list = program.run(&["catalog", "list", "--json"]).json();
    assert_eq!(list["entries"].as_array().unwrap().len(), 2);
    assert!(id_of(&list, "revenue") >= 10_000_000);
    let shown = program.run(&["catalog", "show", "revenue"]);
    assert!(
        shown.stdout.contains("customer__region") && shown.stdout.contains("Europe"),
        "{shown:#?}"
    );
    let checked = program.run(&["catalog", "check"]);
    assert_eq!(checked.code, Some(0), "{checked:#?}");
    let doctor = program.run(&["doctor"]);
    assert_eq!(doctor.code, Some(0), "{doctor:#?}");
    assert!(doctor.stdout.contains("dbt alone"), "{doctor:#?}");

    let asked = program.run(&["ask", "What was revenue by month in 2025?", "--json"]);
    assert_eq!(asked.code, Some(0), "{asked:#?}");
    let answer = asked.json();
    let evidence = &answer["evidence"][0];
    assert_eq!(evidence["dbt_metric"], "revenue");
    assert_eq!(evidence["rows"].as_array().unwrap().len(), 12, "{evidence}");
    assert_eq!(evidence["link"], Value::Null);
    let shown = program.run(&["ask", "What was revenue by month in 2025?", "-v"]);
    assert!(shown.stdout.contains("dbt metric"), "{shown:#?}");
}

#[test]
fn what_is_not_there_or_not_granted_is_said() {
    let sandbox = Sandbox::serve(&["--dbt"]);
    let wrong = dbt_only(
        &sandbox,
        "[catalog.dbt_metrics]\nnames = [\"revenu\", \"revenue\"]\n",
    );
    let checked = wrong.run(&["catalog", "check"]);
    assert_eq!(checked.code, Some(1), "{checked:#?}");
    assert!(checked.stdout.contains("near it: revenue"), "{checked:#?}");

    let denied = dbt_only(&sandbox, SOME);
    fs::write(
        denied.folder().join("cardinal.toml"),
        format!("version = 1\n{SOME}"),
    )
    .unwrap();
    let asked = denied.run(&["ask", "What was revenue?"]);
    assert_ne!(asked.code, Some(0), "{asked:#?}");
    assert!(asked.stderr.contains("dbt.semantic_layer"), "{asked:#?}");

    let nothing = Program::new().with("CARDINAL_CATALOG_DBT_METRICS_ALL", "true");
    let asked = nothing.run(&["ask", "What was revenue?"]);
    assert!(asked.stderr.contains("DBT_PROD_ENV_ID"), "{asked:#?}");
}

/// Asks with a model that calls `query_metric` with these arguments once and then points at the first result.
async fn asked(
    program: &'static Program,
    arguments: Value,
    text: &'static str,
    flags: &'static [&'static str],
) -> Run {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |_| {
        step += 1;
        match step {
            1 => Reply::tool_calls([("query_metric", arguments.clone())]),
            _ => Reply::text(text),
        }
    });
    let url = model.await.base_url().to_string();
    let run = tokio::task::spawn_blocking(move || {
        let mut command = program.command(&["ask", "What was revenue in Europe in 2025?"]);
        command
            .args(flags)
            .env("CARDINAL_MODEL", "openai:scripted")
            .env("OPENAI_BASE_URL", url)
            .env("OPENAI_API_KEY", "sk-test");
        let output = command.output().unwrap();
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    });
    run.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_systems_are_asked_by_one_tool_and_a_tape_replays_it() {
    let sandbox = Sandbox::serve(&["--dbt"]);
    let listing = asking(&sandbox, sandbox.client(), SOME);
    let program: &'static Program = Box::leak(Box::new(listing));
    let list = tokio::task::spawn_blocking(|| program.run(&["catalog", "list", "--json"]).json());
    let list = list.await.unwrap();
    let entries = list["entries"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["kind"] == "card"));
    assert!(
        entries
            .iter()
            .any(|entry| entry["kind"] == "metric" && entry.get("dbt_metric").is_none())
    );
    let id = id_of(&list, "revenue");
    let call = json!({
        "metric_id": id,
        "group_by": [{ "dimension": "metric_time", "granularity": "year" }],
        "filters": [
            { "dimension": "customer__region", "operation": "equals", "values": ["europe"] },
            { "dimension": "metric_time", "operation": "year-equals", "values": [2025] },
        ],
    });
    let text = "Revenue in Europe in 2025 was {{r1 revenue @ 2025}}.";
    let run = asked(program, call, text, &["--json", "--tape", "answer.jsonl"]).await;
    assert_eq!(run.code, Some(0), "{run:#?}");
    let answer = run.json();
    let evidence = &answer["evidence"][0];
    assert_eq!(evidence["dbt_metric"], "revenue");
    assert_eq!(
        evidence["arguments"]["filters"][0]["values"],
        json!(["Europe"]),
        "as the catalog writes it"
    );
    let value = evidence["rows"][0].as_array().unwrap().last().unwrap();
    let text = answer["text"].as_str().unwrap().replace(',', "");
    assert!(text.contains(&value.to_string()), "{answer}");

    let replayed = tokio::task::spawn_blocking(|| {
        let started = std::time::Instant::now();
        let run = program.run(&["tape", "replay", "answer.jsonl", "--json"]);
        (run, started.elapsed())
    });
    let (replayed, _) = replayed.await.unwrap();
    assert_eq!(replayed.code, Some(0), "{replayed:#?}");
    assert_eq!(replayed.json()["text"], answer["text"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_dbt_cannot_be_asked_is_refused_before_anything_is_sent() {
    let sandbox = Sandbox::serve(&["--dbt"]);
    let program: &'static Program = Box::leak(Box::new(dbt_only(&sandbox, SOME)));
    let list = tokio::task::spawn_blocking(|| program.run(&["catalog", "list", "--json"]).json());
    let list = list.await.unwrap();
    for (name, call, wanted) in [
        ("revenue_trailing_30_days", json!({}), "only defined over time"),
        (
            "revenue",
            json!({ "group_by": [{ "dimension": "metric_time", "granularity": "day-of-week" }] }),
            "day of the week",
        ),
        (
            "revenue",
            json!({ "filters": [{ "dimension": "customer", "operation": "equals", "values": ["{{ x }}"] }] }),
            "template",
        ),
        (
            "revenue",
            json!({ "filters": [{ "dimension": "nowhere", "operation": "is-null" }] }),
            "nowhere",
        ),
    ] {
        let mut call = call;
        call["metric_id"] = json!(id_of(&list, name));
        let run = asked(program, call, "I do not know.", &["--json"]).await;
        let answer: Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error} {run:#?}"));
        assert_eq!(answer["tool_calls"][0]["status"], "refused", "{answer}");
        let text = answer["tool_calls"][0].to_string();
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
}

#[test]
fn two_definitions_of_one_thing_are_found_and_shown() {
    let sandbox = Sandbox::serve(&["--dbt"]);
    let program = asking(&sandbox, sandbox.client(), "[catalog.dbt_metrics]\nall = true\n");
    let checked = program.run(&["catalog", "check", "--json"]);
    assert_eq!(checked.code, Some(1), "{checked:#?}");
    let report = checked.json();
    let found = report["conflicts"].as_array().unwrap();
    let of = |name: &str| found.iter().find(|one| one["dbt"]["dbt_metric"] == name);
    let active = of("active_subscriptions").unwrap_or_else(|| panic!("{report}"));
    assert_eq!(active["differs"], json!(["filters"]));
    assert!(
        of("revenue").is_none(),
        "its authors say that it is the same: {report}"
    );
    let doctor = program.run(&["doctor"]);
    // Metabase is asked for its own entries alone.
    assert!(!doctor.stdout.contains("cannot be found out"), "{doctor:#?}");
    let shown = program.run(&["catalog", "check"]);
    assert!(
        shown
            .stdout
            .contains("dbt: sum of 1; only where account__is_open = true"),
        "{shown:#?}"
    );
}
