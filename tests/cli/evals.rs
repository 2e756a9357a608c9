//! Suites over the Metabase of the settings, and runs that are interrupted.

#[cfg(unix)]
use std::io::{BufRead as _, BufReader};

use serde_json::Value;

use super::kit::{Program, Run, Sandbox};
use crate::support::scripted_model::{Reply, ScriptedModel};

const SUITE: &str = "version: 1\nname: own\ndataset: { kind: configured }\ntoday: 2025-06-30\ncases:\n  - id: revenue\n    \
    question: How did revenue develop by month in 2025?\n    expect: { tools: { must: [query_metric] } }\n  - id: \
    weather\n    question: What is the weather on Mars tomorrow?\n    expect: { outcome: [not_in_catalog] }\n";

fn written(program: Program) -> Program {
    std::fs::write(program.folder().join("own.yaml"), SUITE).unwrap();
    program
}

const RUN: [&str; 7] = ["eval", "run", "own.yaml", "--model", "offline", "--out", "out"];

fn summary(program: &Program) -> Value {
    let text = std::fs::read_to_string(program.folder().join("out/summary.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_configured_dataset_is_the_metabase_of_the_settings() {
    let sandbox = Sandbox::serve(&[]);
    let run = written(sandbox.client()).run(&RUN);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.ends_with("2 passed, 0 failed\n"), "{run:?}");

    let nothing = written(Program::new()).run(&RUN);
    assert_eq!(nothing.code, Some(2), "{nothing:?}");
    assert!(nothing.stderr.contains("METABASE_URL"), "{nothing:?}");
}

#[test]
fn what_cannot_be_run_is_never_said_to_have_passed() {
    let program = written(Program::new());
    let files = [
        ("empty.yaml", ""),
        (
            "none.yaml",
            "version: 1\nname: none\ndataset: { kind: demo }\ncases: []\n",
        ),
    ];
    for (file, text) in files {
        std::fs::write(program.folder().join(file), text).unwrap();
    }
    std::fs::create_dir(program.folder().join("folder")).unwrap();
    let runs: [&[&str]; 7] = [
        &["eval", "run"],
        &["eval", "run", "missing"],
        &["eval", "run", "folder"],
        &["eval", "run", "empty.yaml"],
        &["eval", "run", "none.yaml"],
        &["eval", "run", "own.yaml", "--filter", "nothing*"],
        &[
            "eval", "run", "own.yaml", "--filter", "revenue", "--filter", "tag:typo",
        ],
    ];
    for arguments in runs {
        let run = program.run(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?} {run:?}");
        assert!(!run.stdout.contains("passed"), "{run:?}");
        assert!(!program.folder().join(".cardinal").exists(), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_what_ended_and_counts_what_did_not() {
    // The weather needs no query; revenue waits for one. The first one asks whether the route is there.
    let sandbox = Sandbox::serve(&["--faults", "POST /api/agent/v1/query=latency:60s,skip=1"]);
    let program = written(sandbox.client());
    std::fs::write(
        program.folder().join("base.json"),
        r#"{"version": 1, "cases": []}"#,
    )
    .unwrap();
    let arguments = ["--trials", "3", "--jobs", "2", "--baseline", "base.json"];
    let mut child = program
        .command(&[&RUN[..], &arguments[..]].concat())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("own/weather trial 1") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended too soon");
    }
    super::interrupt::interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));

    let summary = summary(&program);
    assert_eq!(summary["exit"]["code"], 130);
    assert_eq!(summary["interrupted"], true);
    let said = summary["exit"]["reason"].as_str().unwrap();
    assert!(
        said.starts_with("interrupted: ") && said.ends_with(" of 6 trials were begun"),
        "{said}"
    );
    assert_eq!(summary["counts"]["trials"], 6, "what never began is counted");
    assert_eq!(summary["counts"]["cases"], 2);
    assert!(summary["counts"]["passed"].as_u64().unwrap() >= 1);
    assert!(summary["counts"]["not_run"].as_u64().unwrap() >= 1);
    assert_eq!(summary["comparison"]["lost"], serde_json::json!([]));
    let records = std::fs::read_to_string(program.folder().join("out/results.jsonl")).unwrap();
    assert_eq!(records.lines().count(), 6);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("interrupted: "), "{stdout}");
    assert!(
        stdout.ends_with(" failed\n") && !stdout.contains("every case passed"),
        "{stdout}"
    );
}

/// One case, asked twice a run; the model says these texts in turn.
async fn answered(folder: &std::path::Path, out: &str, says: &[&str], more: &[&str]) -> Run {
    let replies = says.iter().map(|text| Reply::text(*text)).collect();
    let model = ScriptedModel::openai(replies).await;
    let program = Program::new().with("OPENAI_BASE_URL", model.base_url().as_str());
    let suite = folder.join("suite.yaml").display().to_string();
    let out = folder.join(out).display().to_string();
    let mut arguments = vec![
        "eval",
        "run",
        &suite,
        "--model",
        "openai:scripted",
        "--trials",
        "2",
        "--jobs",
        "1",
    ];
    arguments.extend(["--out", &out]);
    arguments.extend(more);
    let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
    tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        program.run(&arguments)
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_flip_gates_only_when_it_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(
        at.join("suite.yaml"),
        "version: 1\nname: s\ndataset: { kind: demo }\ncases:\n  - id: a\n    question: Is it right?\n    \
         expect: { text: { must: [right] } }\n",
    )
    .unwrap();
    let base = at.join("base.json").display().to_string();
    let (right, wrong) = ("It is right.", "It is not.");
    let first = answered(at, "first", &[right, right], &["--write-baseline", &base]).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(!at.join("first/confirmation.jsonl").exists());

    let against = ["--baseline", base.as_str()];
    let flaky = answered(at, "flaky", &[right, wrong, right, right], &against).await;
    assert_eq!(flaky.code, Some(0), "{flaky:?}");
    assert!(flaky.stdout.contains("flaky (unconfirmed): s/a"), "{flaky:?}");
    assert!(flaky.stdout.ends_with("0 passed, 1 failed\n"), "{flaky:?}");
    let confirmation = std::fs::read_to_string(at.join("flaky/confirmation.jsonl")).unwrap();
    assert_eq!(confirmation.lines().count(), 2, "asked as often as before");

    let lost = answered(at, "lost", &[right, wrong, wrong, right], &against).await;
    assert_eq!(lost.code, Some(1), "{lost:?}");
    assert!(lost.stdout.contains("regression: s/a"), "{lost:?}");

    // Grading again comes to the same, without a model.
    let program = Program::new();
    let suite = at.join("suite.yaml").display().to_string();
    for (out, code) in [("flaky", 0), ("lost", 1)] {
        let out = at.join(out).display().to_string();
        let run = program.run(&["eval", "grade", &out, "--suite", &suite, "--baseline", &base]);
        assert_eq!(run.code, Some(code), "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_reach_over_suites() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    // Each suite has one case: only together do they keep two jobs busy.
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let peak = Arc::clone(&most);
    let model = ScriptedModel::openai_with(move |_| {
        peak.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let inside = Arc::clone(&inside);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(600)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
        });
        Reply::text("right").after(Duration::from_millis(700))
    })
    .await;
    let program = Program::new().with("OPENAI_BASE_URL", model.base_url().as_str());
    let names = ["a", "b", "c", "d"];
    for name in names {
        let suite = format!(
            "version: 1\nname: {name}\ndataset: {{ kind: demo }}\ncases:\n  - id: one\n    question: Is it right?\n    \
             expect: {{ text: {{ must: [right] }} }}\n"
        );
        std::fs::write(program.folder().join(format!("{name}.yaml")), suite).unwrap();
    }
    let mut arguments = vec!["eval", "run"];
    let files = names.map(|name| format!("{name}.yaml"));
    arguments.extend(files.iter().map(String::as_str));
    arguments.extend(["--model", "openai:scripted", "--jobs", "2"]);
    let run = tokio::task::block_in_place(|| program.run(&arguments));
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert_eq!(most.load(Ordering::SeqCst), 2);
}
