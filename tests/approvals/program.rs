//! `cardinal approvals`, as a person uses it.

use std::fs;

use serde_json::json;

use super::{KEY, half_an_hour, hash};
use crate::cli::kit::Program;

fn program() -> Program {
    let program = Program::new();
    let text = format!(
        "version = 1\n[approvals]\ndir = \"approvals\"\n[[approvals.approvers]]\nname = \"ana\"\nkey_sha256 = \"{}\"\n",
        hash(KEY)
    );
    fs::write(program.folder().join("cardinal.toml"), text).unwrap();
    program
}

fn asked(program: &Program) -> String {
    let store = half_an_hour(&program.folder().join("approvals"));
    let request = cardinal::approvals::ApprovalRequest {
        request_sha256: "ab".repeat(32),
        agent: "analyst".to_owned(),
        principal: "somebody".to_owned(),
        asked_by: None,
        account: Some("1".to_owned()),
        operation: "trigger_job_run".to_owned(),
        does: "trigger job 5 (Daily build)".to_owned(),
        reason: "it changes what the job runs".to_owned(),
        body: Some(json!({"steps_override": ["dbt build"]})),
        credential: "none".to_owned(),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match runtime.block_on(store.ask(request)).unwrap() {
        cardinal::approvals::ApprovalAnswer::Waiting { id } => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_person_lists_reads_and_decides() {
    let program = program();
    let nothing = program.run(&["approvals", "list"]);
    assert_eq!(nothing.code, Some(0), "{nothing:#?}");
    assert!(nothing.stderr.contains("nothing waits"), "{nothing:#?}");
    let id = asked(&program);
    let list = program.run(&["approvals", "list"]);
    assert!(
        list.stdout
            .contains(&format!("{id}\twaiting\tanalyst\ttrigger job 5 (Daily build)")),
        "{list:#?}"
    );
    let shown = program.run(&["approvals", "show", &id]);
    assert!(
        shown.stdout.contains("\"dbt build\"") && shown.stdout.contains("sent would be"),
        "{shown:#?}"
    );
    let nobody = program.run(&["approvals", "grant", &id]);
    assert_eq!(nobody.code, Some(1), "{nobody:#?}");
    assert!(
        nobody
            .stderr
            .replace("\n  ", " ")
            .contains("CARDINAL_APPROVER_KEY"),
        "{nobody:#?}"
    );
    let stranger = program.with("CARDINAL_APPROVER_KEY", "wrong");
    let refused = stranger.run(&["approvals", "grant", &id]);
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(
        refused.stderr.contains("may not approve") && !refused.stderr.contains("wrong"),
        "{refused:#?}"
    );
    let ana = stranger.with("CARDINAL_APPROVER_KEY", KEY);
    let granted = ana.run(&["approvals", "grant", &id, "--json"]);
    assert_eq!(granted.json()["state"], "granted", "{granted:#?}");
    assert_eq!(
        ana.run(&["approvals", "deny", &id]).code,
        Some(1),
        "nobody decides twice"
    );
    let all = ana.run(&["approvals", "list", "--json"]).json();
    assert_eq!(
        (&all["version"], &all["approvals"][0]["decided_by"]),
        (&1.into(), &"ana".into())
    );
}

#[test]
fn without_a_place_for_them_a_person_is_told_what_to_set() {
    let program = Program::new();
    let run = program.run(&["approvals", "list"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("CARDINAL_APPROVALS_DIR"), "{run:#?}");
    for (text, said) in [
        (
            "[[approvals.approvers]]\nname = \"ana\"\nprincipal = \"a\"",
            "approvals.dir",
        ),
        (
            "[approvals]\ndir = \"a\"\n[[approvals.approvers]]\nname = \"ana\"",
            "neither a key_sha256 nor a principal",
        ),
        (
            "[approvals]\ndir = \"a\"\n[[approvals.approvers]]\nname = \"ana\"\nkey_sha256 = \"abc\"",
            "is no SHA-256",
        ),
    ] {
        fs::write(
            program.folder().join("cardinal.toml"),
            format!("version = 1\n{text}\n"),
        )
        .unwrap();
        let run = program.run(&["approvals", "list"]);
        assert!(
            run.code == Some(1) && run.stderr.replace("\n  ", " ").contains(said),
            "{said}: {run:#?}"
        );
    }
}
