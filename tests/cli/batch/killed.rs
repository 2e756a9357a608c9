//! Runs that are killed in the middle, again and again: nothing that came is paid for twice, nothing is lost, and the
//! answers are those of a run that nobody disturbed.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cardinal::wire::{ExchangeEnd, TapeFile};

use super::kit::{CountingModel, answers, batch, ids, lasting, name, questions, write};
use crate::cli::kit::{Program, Sandbox};
use crate::support::reply::Reply;

const QUESTIONS: usize = 240;
const JOBS: usize = 6;
/// Questions whose answers are longer than the file may get.
const LONG: usize = 120;

/// What is on the tapes of a run, looked at again and again: finished ones are read once.
#[derive(Default)]
pub(super) struct TapesSeen {
    finished: BTreeSet<PathBuf>,
}

impl TapesSeen {
    /// The completions that are whole on tapes which were not finished before: of which question, and their step.
    fn look(&mut self, program: &Program) -> BTreeSet<(String, usize)> {
        let mut found = BTreeSet::new();
        let mut folders = vec![program.folder().join("out.jsonl.run/tapes")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let is_shared = path.ends_with("prompts") || path.ends_with("catalogs");
                if path.is_dir() && !is_shared {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "jsonl")
                    && !self.finished.contains(&path)
                {
                    // One that was killed before its header was whole has nothing on it.
                    let Ok(tape) = TapeFile::read_unfinished(&path) else {
                        continue;
                    };
                    if tape.end.is_some() {
                        self.finished.insert(path);
                    }
                    let name = tape.header.question.split("about ").nth(1).unwrap_or_default();
                    let name = name.trim_end_matches('?').to_owned();
                    let completions = tape.exchanges.iter().filter(|exchange| {
                        exchange.request["purpose"] == "completion" && exchange.end == ExchangeEnd::Complete
                    });
                    found.extend((0..completions.count()).map(|step| (name.clone(), step)));
                }
            }
        }
        found
    }
}

/// Runs it and kills it at random moments, after `most` more completions at the latest, until it comes to its end. Gives how
/// often. What is on a tape when it is killed is never asked again.
pub(super) async fn killed_until_done(
    program: &Program,
    arguments: &[&str],
    model: &CountingModel,
    most: usize,
) -> usize {
    let mut kills = 0;
    let (mut recorded, mut tapes) = (BTreeMap::new(), TapesSeen::default());
    loop {
        assert!(kills < 400, "it never comes to its end");
        let asked = model.asked().len();
        let mut child = program.command(arguments).stderr(Stdio::null()).spawn().unwrap();
        // It gets somewhere first: a little further, or far.
        let goal = asked + fastrand::usize(1..=most);
        let done = loop {
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                break true;
            }
            if model.asked().len() >= goal {
                break false;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        };
        if done {
            assert!(!recorded.is_empty(), "no tape was ever looked at");
            let counts = model.counts();
            for (completion, before) in &recorded {
                assert_eq!(counts[completion], *before, "{completion:?} was on a tape");
            }
            return kills;
        }
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..40))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let counts = model.counts();
        for completion in tapes.look(program) {
            let before = counts[&completion];
            recorded.entry(completion).or_insert(before);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_again_and_again_pays_nothing_twice_and_loses_nothing() {
    let kills = killed_and_calm(QUESTIONS, 60).await;
    assert!(kills >= 5, "only {kills} kills");
}

/// Asks so many questions in a run that is killed again and again, after `most` more completions at the latest, and in one
/// that nobody disturbs. Gives how often it was killed.
pub(super) async fn killed_and_calm(count: usize, most: usize) -> usize {
    let model = CountingModel::start(Duration::from_millis(15)).await;
    let sandbox = Sandbox::serve(&[]);
    let program = model.client(&sandbox);
    write(&program, "q.jsonl", questions(count));
    let jobs = JOBS.to_string();
    let arguments = ["batch", "q.jsonl", "-o", "out.jsonl", "--jobs", &jobs];
    let kills = killed_until_done(&program, &arguments, &model, most).await;

    let asked = model.asked();
    let completions: BTreeSet<_> = asked.iter().map(|asked| asked.key.clone()).collect();
    assert_eq!(completions.len(), count * 2, "none is lost");
    let again = asked.len() - completions.len();
    assert!(
        again <= kills * JOBS,
        "{again} asked again after {kills} kills, more than can have been on their way"
    );
    let found = answers(&program.folder().join("out.jsonl"));
    let expected: Vec<String> = (0..count).map(|number| format!("q{number}")).collect();
    assert_eq!(ids(&found), expected);

    let before = model.asked().len();
    let calm = ["q.jsonl", "-o", "calm.jsonl", "--jobs", &jobs, "--json"];
    let calm = tokio::task::block_in_place(|| batch(&program, &calm, 0));
    assert_eq!(calm.json()["this_start"]["asked"], count);
    assert_eq!(model.asked().len(), before + count * 2);
    let calm = answers(&program.folder().join("calm.jsonl"));
    assert_eq!(calm.len(), count);
    for (found, calm) in found.iter().zip(&calm) {
        assert_eq!(lasting(found), lasting(calm));
    }
    kills
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_a_run_and_room_lets_it_go_on() {
    let model = CountingModel::start(Duration::from_millis(5)).await;
    let sandbox = Sandbox::serve(&[]);
    let program = model.client(&sandbox);
    write(&program, "q.jsonl", questions(LONG));
    // No file may grow beyond some blocks: the answers do, in the middle of a line.
    let limited = "trap '' XFSZ; ulimit -f 96; exec \"$0\" \"$@\"";
    let cardinal = env!("CARGO_BIN_EXE_cardinal");
    let arguments = ["-c", limited, cardinal, "batch", "q.jsonl", "-o", "out.jsonl"];
    let full = tokio::task::block_in_place(|| program.command_of("/bin/bash", &arguments).output().unwrap());
    let told = String::from_utf8(full.stderr).unwrap();
    assert_eq!(full.status.code(), Some(1), "{told}");
    assert!(told.contains("failed to write out.jsonl"), "{told}");
    assert!(told.contains("goes on where the run stands"), "{told}");
    let path = program.folder().join("out.jsonl");
    let some = answers(&path).len();
    assert!(some > 0 && some < LONG, "{some} answers");

    tokio::task::block_in_place(|| batch(&program, &["q.jsonl", "-o", "out.jsonl"], 0));
    assert_eq!(answers(&path).len(), LONG);
    let again: usize = model.counts().values().map(|count| count - 1).sum();
    assert_eq!(
        again, 0,
        "what was received before the disk was full was paid for twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_goes_on_as_its_model_was_driven_when_it_began() {
    // The server refuses a part of the first request, and keeps the last one waiting.
    let held = Arc::new(AtomicBool::new(true));
    let holds = Arc::clone(&held);
    let model = CountingModel::with(
        move |request, about, step| {
            if request.get("stream_options").is_some() {
                let message = "unsupported parameter: stream_options";
                return Some(Reply::status(
                    400,
                    serde_json::json!({"error": {"message": message}}),
                ));
            }
            let waits = about == name(1) && step == 1 && holds.load(Ordering::SeqCst);
            waits.then(|| Reply::text("never heard").after(Duration::from_secs(3600)))
        },
        Duration::ZERO,
    )
    .await;
    let sandbox = Sandbox::serve(&[]);
    let program = model.client(&sandbox);
    write(&program, "q.jsonl", questions(2));
    let arguments = ["batch", "q.jsonl", "-o", "out.jsonl", "--jobs", "1", "--json"];
    let mut child = program
        .command(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let last = (name(1), 1);
    while !model.counts().contains_key(&last) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    held.store(false, Ordering::SeqCst);
    let run = tokio::task::block_in_place(|| batch(&program, &arguments[1..], 0)).json();
    assert_eq!(
        run["this_start"],
        serde_json::json!({"asked": 0, "resumed": 1, "recovered": 0})
    );
    assert_eq!(model.counts()[&(name(1), 0)], 1);
    let found = answers(&program.folder().join("out.jsonl"));
    assert!(
        found.iter().all(|answer| answer["outcome"] == "answered"),
        "{found:#?}"
    );
}
