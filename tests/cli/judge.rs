//! A language model asked for its opinion of answers: a diagnostic that decides nothing.

use std::path::Path;

use serde_json::{Value, json};

use super::kit::{Program, Run};
use crate::support::scripted_model::{Reply, ScriptedModel};

const SUITE: &str = "version: 1
name: judged
dataset: { kind: demo }
cases:
  - id: passes
    question: What is the weather on Mars tomorrow?
    expect: { outcome: [not_in_catalog] }
  - id: fails
    question: What is the weather on Venus tomorrow?
    expect: { outcome: [answered] }
  - id: mute
    question: What is the weather on Pluto tomorrow?
    expect: { outcome: [not_in_catalog] }
";

/// Right about Mars, of two minds about Venus, and no word of sense about Pluto.
async fn judge() -> ScriptedModel {
    let mut venus = 0;
    ScriptedModel::openai_with(move |request| {
        let asked = request.to_string();
        let reply = if asked.contains("Mars") {
            r#"Here: {"verdict": "right", "reason": "SECRET it says so"}"#
        } else if asked.contains("Venus") {
            venus += 1;
            if venus % 2 == 1 {
                r#"{"verdict": "right", "reason": "it is"}"#
            } else {
                r#"{"verdict": "wrong", "reason": "it is not"}"#
            }
        } else {
            "I would rather not."
        };
        Reply::text(reply).with_usage(100, 0, 10)
    })
    .await
}

async fn run(model: &ScriptedModel, at: &Path, arguments: &[&str]) -> Run {
    let program = Program::new().with("OPENAI_BASE_URL", model.base_url().as_str());
    let place = |argument: &&str| argument.replace("AT", at.to_str().unwrap());
    let arguments: Vec<String> = arguments.iter().map(place).collect();
    let ran = tokio::task::spawn_blocking(move || {
        program.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    });
    ran.await.unwrap()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_is_asked_twice_and_changes_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("suite.yaml"), SUITE).unwrap();
    let model = judge().await;
    let plain = run(
        &model,
        at,
        &[
            "eval",
            "run",
            "AT/suite.yaml",
            "--model",
            "offline",
            "--out",
            "AT/plain",
        ],
    )
    .await;
    assert_eq!(plain.code, Some(1), "{plain:?}");
    assert!(model.requests().is_empty(), "it is off unless it is named");
    assert_eq!(read(&at.join("plain/summary.json"))["judge"], Value::Null);

    let judged = run(
        &model,
        at,
        &[
            "eval",
            "run",
            "AT/suite.yaml",
            "--model",
            "offline",
            "--judge",
            "openai:scripted",
            "--out",
            "AT/judged",
            "--html",
            "AT/r.html",
            "--markdown",
            "AT/r.md",
            "--junit",
            "AT/r.xml",
        ],
    )
    .await;
    assert_eq!(judged.code, Some(1), "{judged:?}");
    assert!(judged.stdout.ends_with("2 passed, 1 failed\n"), "{judged:?}");
    assert!(
        judged
            .stdout
            .contains("judge (diagnostic): openai:scripted: as the graders in 1 of 2 trials"),
        "{judged:?}"
    );
    assert!(
        judged.stderr.contains("2 replies of the judge are not verdicts"),
        "{judged:?}"
    );

    let requests = model.requests();
    assert_eq!(requests.len(), 6, "each answer twice");
    for request in &requests {
        assert_eq!(request["temperature"], json!(0.0));
        assert!(
            request.get("tools").is_none_or(|tools| tools == &json!([])),
            "{request}"
        );
        assert_eq!(
            requests.iter().filter(|other| other == &request).count(),
            2,
            "the same both times"
        );
    }

    let records = std::fs::read_to_string(at.join("judged/results.jsonl")).unwrap();
    let records: Vec<Value> = records
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(records.len(), 3);
    for record in &records {
        let opinions = &record["judge"];
        assert_eq!(opinions["model"], "openai:scripted");
        assert_eq!(opinions["prompt"].as_str().unwrap().len(), 64);
        assert_eq!(opinions["temperature"], json!(0.0));
        assert_eq!(opinions["said"].as_array().unwrap().len(), 2);
        assert_eq!(opinions["usage"]["input_tokens"], 200);
    }
    let judge = &read(&at.join("judged/summary.json"))["judge"];
    let wanted = json!({
        "models": ["openai:scripted"], "trials": 2, "unreadable": 1, "both_right": 1, "both_wrong": 0,
        "only_graders": 0, "only_judge": 1, "kappa": 0.0, "repeated": 2, "flips": 1, "flip_rate": 0.5,
        "tokens": 660, "temperature": 0.0,
    });
    for (key, value) in wanted.as_object().unwrap() {
        assert_eq!(&judge[key], value, "{key} in {judge}");
    }

    let page = std::fs::read_to_string(at.join("r.html")).unwrap();
    assert!(
        page.contains("diagnostic") && page.contains("no part of the verdict") && page.contains("SECRET")
    );
    let markdown = std::fs::read_to_string(at.join("r.md")).unwrap();
    assert!(
        markdown.contains("## Judge (diagnostic)") && markdown.contains("judged/fails trial 1"),
        "{markdown}"
    );
    let junit = std::fs::read_to_string(at.join("r.xml")).unwrap();
    assert!(
        !markdown.contains("SECRET") && !junit.contains("diagnostic"),
        "its words quote answers"
    );

    let shown = run(&model, at, &["eval", "show", "AT/judged", "fails"]).await;
    assert!(
        shown.stdout.contains("judge (diagnostic): right: it is\n"),
        "{shown:?}"
    );

    let again = run(
        &model,
        at,
        &[
            "eval",
            "grade",
            "AT/plain",
            "--suite",
            "AT/suite.yaml",
            "--judge",
            "openai:scripted",
            "--out",
            "AT/again",
        ],
    )
    .await;
    assert_eq!(again.code, Some(1), "{again:?}");
    assert_eq!(model.requests().len(), 12);
    assert_eq!(read(&at.join("again/summary.json"))["judge"]["trials"], 2);
    let kept = run(
        &model,
        at,
        &["eval", "grade", "AT/again", "--suite", "AT/suite.yaml"],
    )
    .await;
    assert!(
        kept.stdout.contains("judge (diagnostic)"),
        "what it said is kept: {kept:?}"
    );
    assert_eq!(model.requests().len(), 12, "and not asked for again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_that_cannot_be_asked_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("suite.yaml"), SUITE).unwrap();
    let model = judge().await;
    for (name, said) in [
        ("offline", "cannot judge answers"),
        ("gpt", "invalid value for --judge"),
    ] {
        let arguments = [
            "eval",
            "run",
            "AT/suite.yaml",
            "--model",
            "offline",
            "--judge",
            name,
            "--out",
            "AT/none",
        ];
        let refused = run(&model, at, &arguments).await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(said), "{refused:?}");
        assert!(!at.join("none").exists());
    }
    let broken = ScriptedModel::openai(Vec::new()).await;
    let arguments = [
        "eval",
        "run",
        "AT/suite.yaml",
        "--model",
        "offline",
        "--filter",
        "passes",
        "--judge",
        "openai:scripted",
        "--out",
        "AT/broken",
    ];
    let run = run(&broken, at, &arguments).await;
    assert_eq!(run.code, Some(0), "a judge that fails fails nothing: {run:?}");
    assert_eq!(read(&at.join("broken/summary.json"))["judge"]["unreadable"], 1);
}
