use serde_json::Value;

use super::kit::{Program, Run, Sandbox};

fn status(report: &Value, name: &str) -> Vec<String> {
    report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["name"] == name)
        .map(|check| check["status"].as_str().unwrap().to_owned())
        .collect()
}

fn doctor(program: &Program) -> (Run, Value) {
    let run = program.run(&["doctor", "--json"]);
    let report = run.json();
    (run, report)
}

#[test]
fn the_sandbox_is_in_good_health() {
    let (run, report) = doctor(&Program::new());
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert_eq!(report["ok"], true);
    for name in ["settings", "metabase", "served", "catalog", "credential", "model"] {
        assert_eq!(status(&report, name), ["ok"], "{name} in {report:#}");
    }
}

#[test]
fn it_reads_well_for_people() {
    let run = Program::new().run(&["doctor"]);
    assert!(run.stdout.starts_with("ok      settings"), "{run:#?}");
    assert!(run.stdout.contains("Agent API of v0.60"), "{run:#?}");
}

#[test]
fn generations_are_named() {
    let sandbox = Sandbox::serve(&["--generation", "v59"]);
    let run = sandbox.client().run(&["doctor"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.contains("Agent API of v0.59"), "{run:#?}");
}

#[test]
fn what_is_allowed_already_is_not_recommended() {
    let sandbox = Sandbox::serve(&["--generation", "v57"]);
    let without = sandbox.client().run(&["doctor"]);
    assert!(
        without.stdout.contains("dataset_route = \"fallback\""),
        "{without:#?}"
    );
    let with = sandbox
        .client()
        .with("CARDINAL_METABASE_DATASET_ROUTE", "fallback");
    let run = with.run(&["doctor"]);
    assert!(run.stdout.contains("over the classic route"), "{run:#?}");
    assert!(!run.stdout.contains("dataset_route"), "{run:#?}");
}

#[test]
fn a_missing_grant_is_not_blamed_on_the_credential() {
    let sandbox = Sandbox::serve(&[]);
    let program = sandbox.client();
    let rules = "version = 1\n[[grants.rules]]\nareas = [\"metabase.collections\"]\nlevel = \"off\"\n";
    std::fs::write(program.folder().join("cardinal.toml"), rules).unwrap();
    let (run, report) = doctor(&program);
    assert_eq!(run.code, Some(1), "{run:#?}");
    let checks = report["checks"].as_array().unwrap();
    let catalog = checks.iter().find(|check| check["name"] == "catalog").unwrap();
    assert!(
        catalog["message"].as_str().unwrap().contains("grants.rules 1"),
        "{catalog}"
    );
    let fix = catalog["fix"].as_str().unwrap();
    assert!(
        fix.contains("[[grants.rules]]") && !fix.contains("credential"),
        "{catalog}"
    );
}

#[test]
fn every_finding_has_a_fix_and_the_exit_code_tells() {
    let wrong_settings = Program::new().with("CARDINAL_BUDGET_MAX_STEPS", "0");
    let no_metabase = Program::new()
        .with("METABASE_URL", "http://127.0.0.1:1")
        .with("METABASE_API_KEY", "mb_secret")
        .with("CARDINAL_CATALOG_COLLECTIONS", "7");
    let no_model = Program::new()
        .with("OPENAI_API_KEY", "sk-secret")
        .with("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
    for (program, name) in [
        (wrong_settings, "settings"),
        (no_metabase, "metabase"),
        (no_model, "model"),
    ] {
        let (run, report) = doctor(&program);
        assert_eq!(run.code, Some(1), "{run:#?}");
        assert_eq!(status(&report, name), ["error"], "{report:#}");
        for check in report["checks"].as_array().unwrap() {
            assert_eq!(check["status"] == "ok", check["fix"].is_null(), "{check}");
        }
        assert!(!run.stdout.contains("secret"));
    }
}

#[test]
fn a_wrong_key_is_found() {
    let sandbox = Sandbox::serve(&[]);
    let (run, report) = doctor(&sandbox.client().with("METABASE_API_KEY", "mb_wrong_key_0000"));
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert_eq!(status(&report, "metabase"), ["error"]);
}
