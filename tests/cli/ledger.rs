//! A day's budget over processes: each `ask` is one.

use serde_json::Value;

use super::kit::Program;
use crate::support::scripted_model::{Reply, ScriptedModel};

/// The program with a model that answers everything with one sentence, as one of many processes of the same person.
fn program(model: &ScriptedModel, ledger: &std::path::Path) -> Program {
    Program::new()
        .with("CARDINAL_MODEL", "openai:scripted")
        .with("OPENAI_BASE_URL", model.base_url().as_str())
        .with("OPENAI_API_KEY", "sk-test-secret")
        .with("CARDINAL_BUDGET_LEDGER_DIR", ledger.to_str().unwrap())
}

async fn asked(program: Program) -> (Option<i32>, Value) {
    let ran = tokio::task::spawn_blocking(move || program.run(&["ask", "revenue?", "--json"]));
    let run = ran.await.unwrap();
    (run.code, run.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_at_once_do_not_overspend_together() {
    let model = ScriptedModel::openai_with(|_| {
        let mut reply = Reply::text("So much.").with_usage(8_000, 0, 100);
        reply.delay = std::time::Duration::from_millis(300);
        reply
    });
    let model = model.await;
    let folder = tempfile::tempdir().unwrap();
    let mut runs = Vec::new();
    for _ in 0..6 {
        let program = program(&model, folder.path()).with("CARDINAL_BUDGET_DAY_MAX_TOKENS", "45000");
        runs.push(tokio::spawn(asked(program)));
    }
    let mut used = 0;
    let mut short = 0;
    for run in runs {
        let (code, answer) = run.await.unwrap();
        used += answer["usage"]["input_tokens"].as_u64().unwrap();
        used += answer["usage"]["output_tokens"].as_u64().unwrap();
        match answer["stop_reason"].as_str().unwrap() {
            "final_answer" => assert_eq!(code, Some(0), "{answer:#}"),
            "day_tokens" => {
                short += 1;
                assert_eq!(code, Some(14), "{answer:#}");
                let detail = answer["stop_detail"].as_str().unwrap();
                assert!(
                    detail.contains("of 45000 tokens are used or reserved"),
                    "{detail}"
                );
            }
            other => panic!("{other}: {answer:#}"),
        }
    }
    assert!(used <= 45_000, "{used}");
    assert!(short >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_ledger_ends_the_program_before_anything_is_asked() {
    let model = ScriptedModel::openai_with(|_| Reply::text("So much.")).await;
    let folder = tempfile::tempdir().unwrap();
    let limited = || program(&model, folder.path()).with("CARDINAL_BUDGET_DAY_MAX_COST_USD", "5");
    let (code, answer) = asked(limited().with("CARDINAL_BUDGET_ALLOW_UNPRICED", "true")).await;
    assert_eq!(code, Some(0), "{answer:#}");
    let person = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut pages = std::fs::read_dir(person)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let page = pages.find(|path| path.extension().is_some_and(|extension| extension == "json"));
    std::fs::write(page.unwrap(), "[").unwrap();
    let before = model.requests().len();
    let program = limited();
    let run = tokio::task::spawn_blocking(move || program.run(&["ask", "revenue?"]));
    let run = run.await.unwrap();
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(
        run.stderr.contains("nothing is spent until it is put right"),
        "{run:#?}"
    );
    assert_eq!(model.requests().len(), before);
}

#[test]
fn without_a_limit_no_file_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let program = Program::new().with("CARDINAL_BUDGET_LEDGER_DIR", ledger.to_str().unwrap());
    assert_eq!(program.run(&["ask", "revenue by month in 2025?"]).code, Some(0));
    assert!(!ledger.exists());
}

#[test]
fn a_limit_or_zone_that_cannot_be_is_an_error() {
    for (name, value, said) in [
        ("CARDINAL_BUDGET_DAY_MAX_COST_USD", "-1", "may not be negative"),
        ("CARDINAL_BUDGET_SESSION_MAX_TOKENS", "0", "out of range"),
        (
            "CARDINAL_BUDGET_DAY_TIME_ZONE",
            "Mars/Olympus",
            "is not a time zone",
        ),
    ] {
        let run = Program::new().with(name, value).run(&["ask", "revenue?"]);
        assert_eq!(run.code, Some(1), "{run:#?}");
        assert!(run.stderr.contains(said), "{run:#?}");
    }
}

#[test]
fn an_answer_says_that_the_day_is_used_up_and_until_when() {
    let ledger = tempfile::tempdir().unwrap();
    let program = Program::new()
        .with("CARDINAL_BUDGET_LEDGER_DIR", ledger.path().to_str().unwrap())
        .with("CARDINAL_BUDGET_DAY_MAX_QUERIES", "1");
    let ask = [
        "ask",
        "How much revenue did we make in 2025?",
        "--model",
        "offline",
    ];
    assert_eq!(program.run(&ask).code, Some(0));
    let run = program.run(&ask);
    assert_eq!(run.code, Some(14), "{run:#?}");
    let text = run.stdout.replace('\n', " ");
    assert!(text.contains("The day's queries are used up."), "{run:#?}");
    assert!(text.contains("the next day begins at"), "{run:#?}");
}
