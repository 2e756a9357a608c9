//! `--fresh` while a batch of the run before is still open at the provider.
#![cfg(unix)]

use std::process::Stdio;
use std::time::Duration;

use cardinal::model::Provider;

use super::kit::{answers, batch, questions, write};
use super::provider::{client, nothing_is_lost_or_paid_twice, usual};
use crate::cli::kit::{Program, Sandbox};
use crate::support::batching_model::{BatchFaults, BatchingModel};

/// A run that was killed while its first batch works at the provider.
async fn left_at_the_provider(model: &BatchingModel, program: &Program) {
    let arguments = ["batch", "q.jsonl", "-o", "out.jsonl", "--provider-batch"];
    let mut child = program.command(&arguments).stderr(Stdio::null()).spawn().unwrap();
    let manifest = program.folder().join("out.jsonl.run/manifest.json");
    let is_noted = || std::fs::read_to_string(&manifest).is_ok_and(|text| text.contains("\"submitted\""));
    while model.batches().is_empty() || !is_noted() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What the new run is asked for. It is a live one: the batch is of no use to it.
const FRESH: [&str; 4] = ["q.jsonl", "-o", "out.jsonl", "--fresh"];

/// A provider at which a killed run of four questions left its batch, and whoever begins that run again.
async fn given_up(provider: Provider, keeps_going: bool) -> (BatchingModel, Sandbox, Program) {
    let faults = BatchFaults {
        takes: Duration::from_secs(3600),
        keeps_going,
        ..BatchFaults::default()
    };
    let model = BatchingModel::start(provider, faults, usual).await;
    let sandbox = Sandbox::serve(&[]);
    let program = client(&model, &sandbox, provider);
    write(&program, "q.jsonl", questions(4));
    left_at_the_provider(&model, &program).await;
    (model, sandbox, program)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_begun_again_cancels_what_the_one_before_left_at_the_provider() {
    for provider in [Provider::Openai, Provider::Anthropic] {
        let (model, _sandbox, program) = given_up(provider, false).await;
        let told = tokio::task::block_in_place(|| batch(&program, &FRESH, 0)).stderr;
        let over = if provider == Provider::Anthropic {
            "ended"
        } else {
            "cancelled"
        };
        assert_eq!(model.statuses(), [over]);
        for words in [
            "of the run before is cancelled",
            "4 completions (about $",
            "paid for",
        ] {
            assert!(told.contains(words), "{words} is not in {told}");
        }
        assert_eq!(answers(&program.folder().join("out.jsonl")).len(), 4);
        nothing_is_lost_or_paid_twice(&model, 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_cancelled_at_the_provider_is_told_with_its_price() {
    let (model, _sandbox, program) = given_up(Provider::Openai, true).await;
    let told = tokio::task::block_in_place(|| batch(&program, &FRESH, 0)).stderr;
    for words in [
        "batch_0 of the run before is left running, with 4 completions (about $",
        "may not cancel",
    ] {
        assert!(told.contains(words), "{words} is not in {told}");
    }
    // Another provider cannot be asked with this key.
    left_at_the_provider_then_elsewhere(&model, &program).await;
}

/// The same for a run that goes to another provider.
async fn left_at_the_provider_then_elsewhere(model: &BatchingModel, program: &Program) {
    std::fs::remove_file(program.folder().join("out.jsonl")).unwrap();
    std::fs::remove_dir_all(program.folder().join("out.jsonl.run")).unwrap();
    left_at_the_provider(model, program).await;
    let before = model.statuses();
    let elsewhere = ["q.jsonl", "-o", "out.jsonl", "--fresh", "--model", "offline"];
    let told = tokio::task::block_in_place(|| batch(program, &elsewhere, 0)).stderr;
    assert!(
        told.contains("left running") && told.contains("which is not where"),
        "{told}"
    );
    assert_eq!(model.statuses(), before);
}
