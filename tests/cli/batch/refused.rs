//! What is refused loses nothing: old answers go only once the run that takes their place can begin.

use std::time::Duration;

use super::kit::{CountingModel, answers, batch, demo, ids, questions, write};
use crate::cli::kit::{Program, Sandbox};

/// A run of three questions, all answered.
fn answered() -> Program {
    let program = demo();
    write(&program, "q.jsonl", questions(3));
    batch(&program, &["q.jsonl", "-o", "out.jsonl"], 0);
    program
}

/// Every file that the run keeps, with its content.
fn kept(program: &Program) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![program.folder().join("out.jsonl.run")];
    found.push((
        "out.jsonl".into(),
        std::fs::read(program.folder().join("out.jsonl")).unwrap(),
    ));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("lock") {
                found.push((path.clone(), std::fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn changed_settings_are_refused_before_an_old_answer_goes() {
    let program = answered();
    // The last one to be answered need not be the last question.
    let answers = answers(&program.folder().join("out.jsonl"));
    let moment = answers
        .iter()
        .map(|answer| {
            answer["answered_at"]
                .as_str()
                .unwrap()
                .parse::<jiff::Timestamp>()
                .unwrap()
        })
        .max()
        .unwrap()
        .to_string();
    let before = kept(&program);
    write(&program, "other.toml", "version = 1\n[budget]\nmax_steps = 5\n");
    let run = batch(
        &program,
        &[
            "q.jsonl",
            "-o",
            "out.jsonl",
            "--config",
            "other.toml",
            "--since",
            &moment,
        ],
        1,
    );
    assert!(run.stderr.contains("changed since this run began"), "{run:#?}");
    assert!(kept(&program) == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_without_a_price_is_refused_before_anything_fresh_begins() {
    let model = CountingModel::start(Duration::ZERO).await;
    let sandbox = Sandbox::serve(&[]);
    let program = model.client(&sandbox);
    write(&program, "q.jsonl", questions(3));
    tokio::task::block_in_place(|| {
        batch(&program, &["q.jsonl", "-o", "out.jsonl"], 0);
        let before = kept(&program);
        let run = batch(
            &program,
            &["q.jsonl", "-o", "out.jsonl", "--fresh", "--budget", "5"],
            1,
        );
        assert!(run.stderr.contains("price"), "{run:#?}");
        assert!(kept(&program) == before);

        batch(&program, &["q.jsonl", "-o", "out.jsonl", "--fresh"], 0);
    });
    assert_eq!(
        ids(&answers(&program.folder().join("out.jsonl"))),
        ["q0", "q1", "q2"]
    );
    assert!(model.counts().values().all(|count| *count == 2));
}

#[cfg(unix)]
#[test]
fn a_link_to_the_answers_is_the_same_run() {
    let program = answered();
    let link = program.folder().join("link.jsonl");
    std::os::unix::fs::symlink("out.jsonl", &link).unwrap();
    let run = batch(&program, &["q.jsonl", "-o", "link.jsonl", "--json"], 0);
    assert_eq!(run.json()["this_start"]["asked"], 0);
    assert!(link.is_symlink());
    assert!(!program.folder().join("link.jsonl.run").exists());
}
