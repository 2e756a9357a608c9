//! Runs of many questions that are killed at least twenty times, live and in rounds. They take a minute, so that a plain
//! `cargo test` leaves them out. `CARDINAL_TEST_QUESTIONS=2000` asks more.
#![cfg(unix)]

use std::process::Stdio;
use std::time::Duration;

use cardinal::model::Provider;

use super::killed::killed_and_calm;
use super::kit::{answers, batch, ids, lasting, questions, write};
use super::provider::{client, nothing_is_lost_or_paid_twice, usual};
use crate::cli::kit::Sandbox;
use crate::support::batching_model::{BatchFaults, BatchingModel};

/// Least kills of a run.
const KILLS: usize = 20;

/// How many questions are asked live; in rounds it is a third.
fn count() -> usize {
    let wished = std::env::var("CARDINAL_TEST_QUESTIONS");
    wished.map_or(400, |count| count.parse().unwrap())
}

#[ignore = "slow: run with --include-ignored"]
#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_questions_survive_twenty_kills() {
    // Each kill comes after half as many completions on average.
    let kills = killed_and_calm(count(), count() * 2 / KILLS).await;
    assert!(kills >= KILLS, "only {kills} kills");
}

#[ignore = "slow: run with --include-ignored"]
#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_questions_in_rounds_survive_twenty_kills() {
    for (provider, count) in [
        (Provider::Openai, count() / 3),
        (Provider::Anthropic, count() / 6),
    ] {
        let faults = BatchFaults {
            fail_a_third: true,
            expire: 2,
            lost: 1,
            turned_away: 1,
            takes: Duration::from_millis(50),
            ..BatchFaults::default()
        };
        let model = BatchingModel::start(provider, faults, usual).await;
        let sandbox = Sandbox::serve(&[]);
        let program = client(&model, &sandbox, provider);
        write(&program, "q.jsonl", questions(count));
        // Few at once, so that there are many rounds.
        let jobs = (count / 8).to_string();
        let rounds = ["q.jsonl", "--provider-batch", "--jobs", &jobs, "-o"];
        let arguments = [&["batch"], &rounds[..], &["out.jsonl"]].concat();
        let mut kills = 0_usize;
        loop {
            assert!(kills < 400, "it never comes to its end");
            let mut child = program.command(&arguments).stderr(Stdio::null()).spawn().unwrap();
            // At once after something came to the provider, or a little later. Longer from time to time: a batch that may be
            // lost is looked for before anything is submitted again.
            let far = 1 + kills % 4 * 2 + kills.saturating_sub(KILLS);
            let goal = model.heard() + fastrand::usize(1..=far);
            let status = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break Some(status);
                }
                if model.heard() >= goal {
                    break None;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            };
            if let Some(status) = status {
                assert!(status.success(), "{status}");
                break;
            }
            tokio::time::sleep(Duration::from_millis(fastrand::u64(0..60))).await;
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        assert!(kills >= KILLS, "only {kills} kills");
        nothing_is_lost_or_paid_twice(&model, count);
        let found = answers(&program.folder().join("out.jsonl"));
        let expected: Vec<String> = (0..count).map(|number| format!("q{number}")).collect();
        assert_eq!(ids(&found), expected);

        let calm = [&rounds[..], &["calm.jsonl"]].concat();
        tokio::task::block_in_place(|| batch(&program, &calm, 0));
        let calm = answers(&program.folder().join("calm.jsonl"));
        assert_eq!(calm.len(), count);
        for (found, calm) in found.iter().zip(&calm) {
            assert_eq!(lasting(found), lasting(calm));
        }
    }
}
