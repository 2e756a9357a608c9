//! What commands say of dbt when they start: a token that may do too much, and a demo that answers beside it.

use std::fs;

use secrecy::ExposeSecret as _;

use super::project::{but, manifest, run_results, sources, write};
use crate::cli::kit::{Program, Run};
use crate::support::dbt_stand::DbtStand;

const QUESTION: &str = "How many orders were placed in 2025?";
const WIDER: &str = "the dbt token may do more than the grants need";
const DEMO: &str = "the demo answers, and not your own data";

fn with_grants(program: Program, areas: &str) -> Program {
    let text = format!("version = 1\n[[grants.rules]]\nareas = [{areas}]\nlevel = \"read\"\n");
    fs::write(program.folder().join("cardinal.toml"), text).unwrap();
    program
}

fn of_account(stand: &DbtStand) -> Program {
    Program::new()
        .with("DBT_HOST", &stand.running.url)
        .with("DBT_ACCOUNT_ID", &stand.running.account_id.to_string())
        .with("DBT_TOKEN", stand.running.token.expose_secret())
}

/// What was said, without the breaks of lines.
fn said(run: &Run) -> String {
    assert_eq!(run.code, Some(0), "{run:#?}");
    run.stderr.replace("\n  ", " ")
}

fn looks_at_tokens(stand: &DbtStand) -> usize {
    let requests = stand.running.requests();
    let looks = requests
        .iter()
        .filter(|one| one.path.ends_with("/service-tokens/"));
    looks.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_on_for_a_while_warns_of_a_token_that_may_do_too_much() {
    let stand = DbtStand::start().await;
    let program = with_grants(of_account(&stand), "\"dbt.runs\", \"dbt.access\"");
    fs::write(
        program.folder().join("questions.jsonl"),
        format!("{{\"id\": \"a\", \"question\": \"{QUESTION}\"}}\n"),
    )
    .unwrap();
    tokio::task::block_in_place(|| {
        let chat = said(&program.run_with(&["chat"], QUESTION));
        assert_eq!(chat.matches(WIDER).count(), 1, "{chat}");
        assert_eq!(looks_at_tokens(&stand), 1);
        let batch = program.run(&["batch", "questions.jsonl", "--out", "answers.jsonl"]);
        assert_eq!(said(&batch).matches(WIDER).count(), 1, "{batch:#?}");
        assert_eq!(looks_at_tokens(&stand), 2);
        // One question is not worth a request more, and who wants no talk gets none.
        assert!(!said(&program.run(&["ask", QUESTION])).contains(WIDER));
        assert_eq!(program.run_with(&["chat", "--quiet"], QUESTION).stderr, "");
        assert_eq!(looks_at_tokens(&stand), 2);
        // Without the grant for it nobody looks, and a token that has what is needed is not spoken of.
        let unknown = with_grants(of_account(&stand), "\"dbt.runs\"");
        assert!(!said(&unknown.run_with(&["chat"], QUESTION)).contains(WIDER));
        assert_eq!(looks_at_tokens(&stand), 2);
    });
}

#[test]
fn the_demo_says_that_it_answers_and_is_judged_by_its_own_dbt() {
    let program = with_grants(
        Program::new().with("DBT_PROJECT_DIR", "analytics"),
        "\"dbt.local_artifacts\"",
    );
    // Everything failed there, which says nothing of the demo.
    write(
        &program.folder().join("analytics"),
        &[
            ("manifest.json", manifest()),
            (
                "run_results.json",
                run_results("build", &but("model.shop.stg_orders", "error")),
            ),
            ("sources.json", sources("error")),
        ],
    );
    let asked = program.run(&["ask", QUESTION]);
    assert!(said(&asked).contains(DEMO), "{asked:#?}");
    let answer = program.run(&["ask", QUESTION, "--json"]).json();
    let health = &answer["evidence"][0]["health"];
    assert_eq!(
        (&health["status"], &health["from"]),
        (&"healthy".into(), &"discovery".into()),
        "{answer:#}"
    );
    let chat = program.run_with(&["chat"], QUESTION);
    assert!(said(&chat).contains(DEMO), "{chat:#?}");
    let judged = program.run(&["dbt", "health", "stg_orders"]);
    assert_eq!(judged.code, Some(1), "{judged:#?}");
    // Nothing is said where nobody expects anything else than the demo.
    assert!(!said(&Program::new().run(&["ask", QUESTION])).contains(DEMO));
}
