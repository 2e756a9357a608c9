use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use super::kit::{CountingModel, answers, batch, questions, write};
use crate::cli::kit::Sandbox;
use crate::support::reply::Reply;

/// A completion of 10 000 tokens in and 10 out costs 0.0101 dollars.
const PRICES: &str =
    "version = 1\n[model]\nmax_output_tokens = 100\n[model.prices]\ninput = 1.0\noutput = 10.0\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_ends_a_run_before_it_is_overdrawn_and_more_money_goes_on() {
    let model = CountingModel::start(Duration::from_millis(5)).await;
    let sandbox = Sandbox::serve(&[]);
    let program = model.client(&sandbox);
    write(&program, "q.jsonl", questions(12));
    // Nothing is known of the price yet.
    let run =
        tokio::task::block_in_place(|| batch(&program, &["q.jsonl", "-o", "out.jsonl", "--budget", "1"], 1));
    assert!(run.stderr.contains("[model.prices]"), "{run:#?}");
    assert!(model.asked().is_empty());

    write(&program, "cardinal.toml", PRICES);
    let path = program.folder().join("out.jsonl");
    let cost = |budget: &str, code: i32| {
        let arguments = [
            "q.jsonl",
            "-o",
            "out.jsonl",
            "--fresh",
            "--budget",
            budget,
            "--json",
        ];
        let run = tokio::task::block_in_place(|| batch(&program, &arguments, code)).json();
        let asked = model.asked().len();
        (run, asked)
    };
    // Room for the worst case of a completion, and for some of what they really cost.
    let (summary, asked) = cost("0.1", 14);
    assert_eq!(summary["ended"], "budget");
    let answered = answers(&path).len();
    assert!(answered > 0 && answered < 12, "{summary:#}");
    let spent = f64::from(u32::try_from(asked).unwrap()) * 0.0101;
    assert!(spent <= 0.1 && spent > 0.05, "{asked} completions");

    let more = ["q.jsonl", "-o", "out.jsonl", "--budget", "1", "--json"];
    let run = tokio::task::block_in_place(|| batch(&program, &more, 0)).json();
    assert_eq!(run["answered"], 12);
    assert!(
        model.counts().values().all(|count| *count == 1),
        "a completion was paid for twice: {:?}",
        model.counts()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_refusals_is_waited_out_together() {
    // Two are served at once; whoever comes then is turned away.
    let (inside, storms) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (gate, told) = (Arc::clone(&inside), Arc::clone(&storms));
    let model = CountingModel::with(
        move |_, _, _| {
            let now = gate.fetch_add(1, Ordering::SeqCst);
            let gate = Arc::clone(&gate);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(30)).await;
                gate.fetch_sub(1, Ordering::SeqCst);
            });
            (now >= 2).then(|| {
                told.fetch_add(1, Ordering::SeqCst);
                Reply::status(429, json!({"error": {"message": "slow down"}}))
                    .with_header("retry-after", "0.2")
            })
        },
        Duration::from_millis(10),
    )
    .await;
    let sandbox = Sandbox::serve(&[]);
    let program = model.client(&sandbox);
    write(&program, "q.jsonl", questions(24));
    tokio::task::block_in_place(|| batch(&program, &["q.jsonl", "-o", "out.jsonl", "--jobs", "16"], 0));
    let found = answers(&program.folder().join("out.jsonl"));
    assert!(
        found.iter().all(|answer| answer["outcome"] != "upstream_failed"),
        "{found:#?}"
    );
    let turned_away = storms.load(Ordering::SeqCst);
    assert!(turned_away > 0, "there was no storm");
    // A herd of sixteen that comes back every time would be turned away hundreds of times.
    assert!(turned_away < 24 * 4, "turned away {turned_away} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_completions_at_once_than_are_allowed() {
    let model = CountingModel::start(Duration::from_millis(30)).await;
    let sandbox = Sandbox::serve(&[]);
    let program = model.client(&sandbox);
    write(&program, "q.jsonl", questions(16));
    let arguments = [
        "q.jsonl",
        "-o",
        "out.jsonl",
        "--jobs",
        "8",
        "--model-limit",
        "3",
        "--data-limit",
        "2",
    ];
    tokio::task::block_in_place(|| batch(&program, &arguments, 0));
    let most = model.most_open();
    assert!(most > 1 && most <= 3, "{most} at once");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_what_was_begun_and_a_second_one_ends_at_once() {
    let model = CountingModel::start(Duration::from_millis(300)).await;
    let sandbox = Sandbox::serve(&[]);
    let program = model.client(&sandbox);
    write(&program, "q.jsonl", questions(12));
    let arguments = ["batch", "q.jsonl", "-o", "out.jsonl", "--jobs", "3"];
    let path = program.folder().join("out.jsonl");
    let begun = || async {
        let asked = model.asked().len();
        let child = program
            .command(&arguments)
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while model.asked().len() < asked + 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        child
    };
    let mut child = begun().await;
    crate::cli::interrupt::interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let drained = answers(&path).len();
    assert_eq!(drained, 3, "what was begun is answered, and nothing else");
    assert!(model.counts().values().all(|count| *count == 1));

    let mut child = begun().await;
    crate::cli::interrupt::interrupt(&child);
    tokio::time::sleep(Duration::from_millis(50)).await;
    crate::cli::interrupt::interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(answers(&path).len(), drained);
    tokio::task::block_in_place(|| batch(&program, &arguments[1..], 0));
    assert_eq!(answers(&path).len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_refused_for_all_ends_the_run_early_and_loudly() {
    let open = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let door = Arc::clone(&open);
    let model = CountingModel::with(
        move |_, _, _| {
            let message = json!({"error": {"message": "Incorrect API key provided"}});
            (!door.load(Ordering::SeqCst)).then(|| Reply::status(401, message))
        },
        Duration::ZERO,
    )
    .await;
    let sandbox = Sandbox::serve(&[]);
    let program = model.client(&sandbox);
    write(&program, "q.jsonl", questions(40));
    let arguments = ["q.jsonl", "-o", "out.jsonl", "--jobs", "2"];
    let run = tokio::task::block_in_place(|| batch(&program, &arguments, 1));
    assert!(run.stderr.contains("no question was let in"), "{run:#?}");
    assert!(run.stderr.contains("Incorrect API key provided"), "{run:#?}");
    assert!(run.stderr.contains("--retry-failed"), "{run:#?}");
    let asked = model.asked().len();
    assert!(asked < 10, "{asked} were asked in vain");
    // One question alone is told, too.
    write(&program, "one.jsonl", questions(1));
    let one = ["one.jsonl", "-o", "one.out.jsonl"];
    let run = tokio::task::block_in_place(|| batch(&program, &one, 1));
    assert!(run.stderr.contains("no question was let in"), "{run:#?}");

    open.store(true, Ordering::SeqCst);
    let again = [&arguments[..], &["--retry-failed", "--json"]].concat();
    let summary = tokio::task::block_in_place(|| batch(&program, &again, 0)).json();
    assert_eq!(summary["outcomes"], json!({"answered": 40}));
}
