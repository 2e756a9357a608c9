//! `--provider-batch` over a stub of both providers' batch APIs.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use cardinal::model::Provider;
use serde_json::{Value, json};

use super::kit::{answers, batch, ids, lasting, questions, write};
use crate::cli::kit::{Program, Sandbox};
use crate::support::batching_model::{BatchFaults, BatchingModel, Said};

const QUESTIONS: usize = 30;

/// One query for each question, then an answer with its name.
pub(super) fn usual(request: &Value) -> Said {
    let (name, step) = place(request);
    if step == 0 {
        Said::Call("query_metric", json!({ "metric_id": a_metric(request) }))
    } else {
        Said::Text(format!("All that is known of {name} was said."))
    }
}

/// The name of the last question of a request over any API, and how many results follow it.
fn place(request: &Value) -> (String, usize) {
    let messages = request.get("messages").or(request.get("input")).unwrap();
    let messages = messages.as_array().unwrap();
    let asks = |message: &Value| message.to_string().contains("What is known about ");
    let at = messages.iter().rposition(asks).unwrap();
    let text = messages[at].to_string();
    let name = text.split("What is known about ").nth(1).unwrap();
    let name = name.chars().take_while(char::is_ascii_lowercase).collect();
    let is_result = |message: &&Value| {
        message["role"] == "tool"
            || message["type"] == "function_call_output"
            || message["content"][0]["type"] == "tool_result"
    };
    (name, messages[at + 1..].iter().filter(is_result).count())
}

fn a_metric(request: &Value) -> u64 {
    let text = request.to_string();
    let number = text.split("\\nmetric ").nth(1).unwrap();
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

pub(super) fn client(model: &BatchingModel, sandbox: &Sandbox, provider: Provider) -> Program {
    let client = sandbox.client();
    let client = match provider {
        Provider::Anthropic => client
            .with("ANTHROPIC_API_KEY", "sk-test")
            .with("ANTHROPIC_BASE_URL", &model.base_url())
            .with("CARDINAL_MODEL", "anthropic:scripted"),
        Provider::OpenaiResponses => client
            .with("OPENAI_API_KEY", "sk-test")
            .with("OPENAI_BASE_URL", &model.base_url())
            .with("CARDINAL_MODEL", "openai-responses:scripted"),
        _ => client
            .with("OPENAI_API_KEY", "sk-test")
            .with("OPENAI_BASE_URL", &model.base_url())
            .with("CARDINAL_MODEL", "openai:scripted"),
    };
    write(
        &client,
        "cardinal.toml",
        "version = 1\n[model.prices]\ninput = 1.0\noutput = 10.0\n",
    );
    client
}

/// How often each completion was paid for.
fn paid(model: &BatchingModel) -> BTreeMap<(String, usize), usize> {
    let mut counts = BTreeMap::new();
    for (body, _) in model.paid() {
        *counts.entry(place(&body)).or_insert(0) += 1;
    }
    counts
}

/// Every completion of so many questions was paid for once.
pub(super) fn nothing_is_lost_or_paid_twice(model: &BatchingModel, count: usize) {
    let paid = paid(model);
    let twice: Vec<_> = paid.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "paid twice: {twice:?}");
    assert_eq!(paid.len(), count * 2);
    assert_eq!(model.complaints(), Vec::<String>::new());
}

fn run(program: &Program, more: &[&str], code: i32) -> Value {
    let arguments = ["q.jsonl", "-o", "out.jsonl", "--provider-batch", "--json"];
    tokio::task::block_in_place(|| batch(program, &[&arguments, more].concat(), code)).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_wait_go_up_as_one_batch_at_half_the_price_and_tapes_replay() {
    for provider in [Provider::Openai, Provider::OpenaiResponses, Provider::Anthropic] {
        let model = BatchingModel::start(provider, BatchFaults::default(), usual).await;
        let sandbox = Sandbox::serve(&[]);
        let program = client(&model, &sandbox, provider);
        write(&program, "q.jsonl", questions(QUESTIONS));
        let arguments = ["q.jsonl", "-o", "out.jsonl", "--provider-batch"];
        let told = tokio::task::block_in_place(|| batch(&program, &arguments, 0)).stderr;
        for words in [
            "2 to 4 rounds are usual",
            "24 at most",
            "expected cost",
            "at half the price",
            "round 2:",
        ] {
            assert!(told.contains(words), "{words} is not in {told}");
        }
        assert_eq!(model.batches(), [QUESTIONS, QUESTIONS], "two rounds");
        nothing_is_lost_or_paid_twice(&model, QUESTIONS);
        let found = answers(&program.folder().join("out.jsonl"));
        assert_eq!(found.len(), QUESTIONS);
        let cost = 0.0101;
        for answer in &found {
            assert_eq!(answer["outcome"], "answered", "{answer:#}");
            let found = answer["usage"]["cost_usd"].as_f64().unwrap();
            assert!(
                (found - cost).abs() < 1e-9,
                "{found} is not half of the price of two completions"
            );
        }
        let tape = found[3]["tape"].as_str().unwrap();
        let replayed = program.run(&["tape", "replay", tape]);
        assert_eq!(replayed.code, Some(0), "{replayed:#?}");
        // What went up and came back is on tapes, and nowhere else.
        assert!(!program.folder().join("out.jsonl.run/provider").exists());

        // The same questions live give the same answers, at twice the price.
        let live = ["q.jsonl", "-o", "live.jsonl"];
        tokio::task::block_in_place(|| batch(&program, &live, 0));
        let live = answers(&program.folder().join("live.jsonl"));
        for (batched, live) in found.iter().zip(&live) {
            let (mut batched, mut live) = (lasting(batched), lasting(live));
            let live_cost = live["usage"]["cost_usd"].take().as_f64().unwrap();
            let half = batched["usage"]["cost_usd"].take().as_f64().unwrap();
            assert!((live_cost - half * 2.0).abs() < 1e-9);
            assert_eq!(batched, live);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_expires_and_comes_in_any_order_goes_up_again() {
    for provider in [Provider::Openai, Provider::Anthropic] {
        let faults = BatchFaults {
            fail_a_third: true,
            expire: 1,
            turned_away: 1,
            ..BatchFaults::default()
        };
        let model = BatchingModel::start(provider, faults, usual).await;
        let sandbox = Sandbox::serve(&[]);
        let program = client(&model, &sandbox, provider);
        write(&program, "q.jsonl", questions(QUESTIONS));
        let summary = run(&program, &[], 0);
        assert_eq!(summary["outcomes"], json!({"answered": QUESTIONS}));
        assert!(summary["this_start"]["provider_batches"].as_u64().unwrap() > 2);
        nothing_is_lost_or_paid_twice(&model, QUESTIONS);
        let expected: Vec<String> = (0..QUESTIONS).map(|number| format!("q{number}")).collect();
        assert_eq!(ids(&answers(&program.folder().join("out.jsonl"))), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_whose_answer_is_lost_is_found_and_not_made_again() {
    for provider in [Provider::Openai, Provider::Anthropic] {
        let faults = BatchFaults {
            lost: 2,
            ..BatchFaults::default()
        };
        let model = BatchingModel::start(provider, faults, usual).await;
        let sandbox = Sandbox::serve(&[]);
        let program = client(&model, &sandbox, provider);
        write(&program, "q.jsonl", questions(QUESTIONS));
        run(&program, &[], 0);
        assert_eq!(model.batches(), [QUESTIONS, QUESTIONS]);
        nothing_is_lost_or_paid_twice(&model, QUESTIONS);
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_rounds_that_is_killed_again_and_again_pays_nothing_twice() {
    for provider in [Provider::Openai, Provider::Anthropic] {
        let faults = BatchFaults {
            fail_a_third: true,
            expire: 1,
            lost: 1,
            takes: Duration::from_millis(100),
            ..BatchFaults::default()
        };
        let model = BatchingModel::start(provider, faults, usual).await;
        let sandbox = Sandbox::serve(&[]);
        let program = client(&model, &sandbox, provider);
        write(&program, "q.jsonl", questions(QUESTIONS));
        let arguments = [
            "batch",
            "q.jsonl",
            "-o",
            "out.jsonl",
            "--provider-batch",
            "--jobs",
            "20",
        ];
        let mut kills = 0_u64;
        loop {
            assert!(kills < 100, "it never comes to its end");
            let mut child = program.command(&arguments).stderr(Stdio::null()).spawn().unwrap();
            // Longer from time to time: a batch that may be lost is looked for before anything is submitted again.
            let until =
                tokio::time::Instant::now() + Duration::from_millis(fastrand::u64(150..2500 + kills * 500));
            let status = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break Some(status);
                }
                if tokio::time::Instant::now() >= until {
                    break None;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            };
            if let Some(status) = status {
                assert!(status.success(), "{status}");
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        assert!(kills > 0);
        nothing_is_lost_or_paid_twice(&model, QUESTIONS);
        let expected: Vec<String> = (0..QUESTIONS).map(|number| format!("q{number}")).collect();
        let found = answers(&program.folder().join("out.jsonl"));
        assert_eq!(ids(&found), expected);
        assert!(found.iter().all(|answer| answer["outcome"] == "answered"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rounds_are_capped_and_stragglers_are_asked_live_on_wish() {
    let provider = Provider::Openai;
    let model = BatchingModel::start(provider, BatchFaults::default(), usual).await;
    let sandbox = Sandbox::serve(&[]);
    let program = client(&model, &sandbox, provider);
    write(&program, "q.jsonl", questions(6));
    let summary = run(&program, &["--max-rounds", "1"], 1);
    assert_eq!(summary["ended"], "rounds");
    assert_eq!(model.batches(), [6]);
    // What came is on the tapes, and is not asked again.
    let summary = run(&program, &["--max-rounds", "1", "--live-stragglers", "0"], 0);
    assert_eq!(summary["answered"], 6);
    assert_eq!(model.batches(), [6]);
    nothing_is_lost_or_paid_twice(&model, 6);
    let live = model.paid().iter().filter(|(_, live)| *live).count();
    assert_eq!(live, 6);
    for answer in answers(&program.folder().join("out.jsonl")) {
        // One at half the price, one in full.
        let cost = answer["usage"]["cost_usd"].as_f64().unwrap();
        assert!((cost - 0.0101 * 1.5).abs() < 1e-9, "{cost}");
    }
    let few = [
        "few.jsonl",
        "-o",
        "few.out.jsonl",
        "--provider-batch",
        "--live-stragglers",
        "2",
    ];
    write(&program, "few.jsonl", questions(2));
    tokio::task::block_in_place(|| batch(&program, &few, 0));
    assert_eq!(model.batches(), [6], "two are few enough to be asked at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_at_the_provider_is_not_paid_for_again_by_a_live_run_and_stays_when_it_is_stopped() {
    let provider = Provider::Anthropic;
    let faults = BatchFaults {
        takes: Duration::from_secs(3),
        ..BatchFaults::default()
    };
    let model = BatchingModel::start(provider, faults, usual).await;
    let sandbox = Sandbox::serve(&[]);
    let program = client(&model, &sandbox, provider);
    write(&program, "q.jsonl", questions(5));
    let arguments = ["batch", "q.jsonl", "-o", "out.jsonl", "--provider-batch"];
    let child = program.command(&arguments).spawn().unwrap();
    while model.batches().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Its answer has to be noted, too.
    tokio::time::sleep(Duration::from_millis(500)).await;
    crate::cli::interrupt::interrupt(&child);
    let ended = tokio::task::block_in_place(|| child.wait_with_output().unwrap());
    let told = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{told}");
    assert!(told.contains("what the provider has goes on there"), "{told}");
    let live = ["q.jsonl", "-o", "out.jsonl"];
    let refused = tokio::task::block_in_place(|| batch(&program, &live, 1)).stderr;
    assert!(
        refused.contains("go on with --provider-batch") && refused.contains("msgbatch_0"),
        "{refused}"
    );
    run(&program, &[], 0);
    nothing_is_lost_or_paid_twice(&model, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_for_good_fails_its_question_and_can_be_asked_anew() {
    let provider = Provider::Openai;
    let mut refuse = true;
    let script = move |request: &Value| {
        let (name, step) = place(request);
        if name == super::kit::name(2) && step == 1 && refuse {
            refuse = false;
            return Said::Refused(
                403,
                json!({"error": {"type": "permission_error", "message": "not for you"}}),
            );
        }
        usual(request)
    };
    let model = BatchingModel::start(provider, BatchFaults::default(), script).await;
    let sandbox = Sandbox::serve(&[]);
    let program = client(&model, &sandbox, provider);
    write(&program, "q.jsonl", questions(4));
    let summary = run(&program, &[], 0);
    assert_eq!(summary["outcomes"], json!({"answered": 3, "upstream_failed": 1}));
    let summary = run(&program, &["--retry-failed"], 0);
    assert_eq!(summary["outcomes"], json!({"answered": 4}));
    // It was asked from its beginning.
    assert_eq!(model.batches(), [4, 4, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_refused_as_a_whole_ends_the_run_and_is_tried_again_by_the_next() {
    let provider = Provider::Openai;
    let faults = BatchFaults {
        refuse: 1,
        ..BatchFaults::default()
    };
    let model = BatchingModel::start(provider, faults, usual).await;
    let sandbox = Sandbox::serve(&[]);
    let program = client(&model, &sandbox, provider);
    write(&program, "q.jsonl", questions(3));
    let arguments = ["q.jsonl", "-o", "out.jsonl", "--provider-batch"];
    let told = tokio::task::block_in_place(|| batch(&program, &arguments, 1)).stderr;
    assert!(
        told.contains("too many enqueued tokens") && told.contains("the same command goes on"),
        "{told}"
    );
    run(&program, &[], 0);
    nothing_is_lost_or_paid_twice(&model, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_holds_for_rounds_and_holds_up_nobody() {
    let provider = Provider::Openai;
    let model = BatchingModel::start(provider, BatchFaults::default(), usual).await;
    let sandbox = Sandbox::serve(&[]);
    let program = client(&model, &sandbox, provider);
    let prices =
        "version = 1\n[model]\nmax_output_tokens = 10000\n[model.prices]\ninput = 1.0\noutput = 10.0\n";
    write(&program, "cardinal.toml", prices);
    write(&program, "q.jsonl", questions(12));
    // Room for the worst case of a few completions at a time; the others wait for their money.
    let summary = run(&program, &["--budget", "0.2"], 0);
    assert_eq!(summary["outcomes"], json!({"answered": 12}));
    assert!(model.batches().len() > 2, "{:?}", model.batches());
    nothing_is_lost_or_paid_twice(&model, 12);
    let summary = {
        write(&program, "q.jsonl", questions(13));
        run(&program, &["--budget", "0.06", "--fresh"], 14)
    };
    assert_eq!(summary["ended"], "budget");
}

#[test]
fn models_without_a_batch_api_are_refused_clearly() {
    let program = super::kit::demo();
    write(&program, "q.jsonl", questions(1));
    let arguments = ["q.jsonl", "-o", "out.jsonl", "--provider-batch"];
    let run = batch(&program, &arguments, 1);
    assert!(
        run.stderr.contains("no provider batch takes its completions"),
        "{run:#?}"
    );
    let alone = program.run(&["batch", "q.jsonl", "-o", "out.jsonl", "--max-rounds", "3"]);
    assert_eq!(alone.code, Some(2), "{alone:#?}");
}
