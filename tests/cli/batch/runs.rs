use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::kit::{CountingModel, answers, batch, demo, ids, lasting, questions, write};
use crate::cli::kit::Sandbox;
use crate::support::reply::Reply;

const ORDERS: &str = "How many orders were placed in 2025?";

fn rows(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

#[test]
fn every_question_has_one_answer_in_the_order_of_the_questions() {
    let program = demo();
    let input = rows(&[
        json!({"id": "revenue", "question": "What was the revenue in 2025?", "metadata": {"team": "sales"}, "nr": 7}),
        json!({"id": "orders", "question": ORDERS, "principal": "ana"}),
        json!({"id": "mars", "question": "What is the weather on Mars tomorrow?"}),
    ]);
    write(&program, "q.jsonl", input);
    let run = batch(
        &program,
        &["q.jsonl", "-o", "out.jsonl", "--json", "--report", "r.html"],
        0,
    );
    let path = program.folder().join("out.jsonl");
    let found = answers(&path);
    assert_eq!(ids(&found), ["revenue", "orders", "mars"]);
    assert_eq!(found[0]["metadata"], json!({"team": "sales", "nr": 7}));
    assert_eq!(found[1]["principal"], "ana");
    assert_eq!(found[2]["outcome"], "not_in_catalog");
    // The same object as `ask --json`.
    let asked = program
        .run(&["ask", "What was the revenue in 2025?", "--json"])
        .json();
    for (field, value) in asked.as_object().unwrap() {
        if !["timings", "tool_calls", "evidence"].contains(&field.as_str()) {
            assert_eq!(&found[0][field], value, "{field}");
        }
    }
    let summary = run.json();
    assert_eq!(summary["version"], 1);
    assert_eq!(summary["questions"], 3);
    assert_eq!(summary["ended"], "done");
    assert_eq!(summary["outcomes"], json!({"answered": 2, "not_in_catalog": 1}));
    assert!(summary["queries"]["sent"].as_u64().unwrap() >= 1);
    let referenced = &summary["figures"];
    assert!(
        referenced["referenced"].as_u64().unwrap() + referenced["matched"].as_u64().unwrap() > 0,
        "{summary:#}"
    );
    let report = std::fs::read_to_string(program.folder().join("r.html")).unwrap();
    assert!(
        report.contains("weather on Mars") && !report.contains("<script"),
        "{report}"
    );
    // Each tape is a tape like any other.
    let tape = found[1]["tape"].as_str().unwrap();
    assert_eq!(program.run(&["tape", "replay", tape]).code, Some(0));

    // The same command has nothing left to do.
    let before = std::fs::read(&path).unwrap();
    let again = batch(&program, &["q.jsonl", "-o", "out.jsonl", "--json"], 0);
    assert_eq!(
        again.json()["this_start"],
        json!({"asked": 0, "resumed": 0, "recovered": 0})
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_run_goes_on_only_as_it_began_and_says_how_to_begin_again() {
    let program = demo();
    write(
        &program,
        "q.jsonl",
        rows(&[json!({"id": "a", "question": ORDERS})]),
    );
    batch(&program, &["q.jsonl", "-o", "out.jsonl"], 0);
    let refused = |arguments: &[&str], what: &str| {
        let run = batch(&program, arguments, 1);
        assert!(run.stderr.contains(what), "{what} is not in {}", run.stderr);
        assert!(
            run.stderr.contains("--fresh") && run.stderr.contains("--out"),
            "{run:#?}"
        );
    };
    let more = rows(&[
        json!({"id": "a", "question": ORDERS}),
        json!({"id": "b", "question": "What was the revenue in 2025?"}),
    ]);
    write(&program, "q.jsonl", &more);
    refused(&["q.jsonl", "-o", "out.jsonl"], "the file of questions changed");
    batch(&program, &["q.jsonl", "-o", "out.jsonl", "--fresh"], 0);
    let path = program.folder().join("out.jsonl");
    assert_eq!(ids(&answers(&path)), ["a", "b"]);
    // Something is left to do, under another setting, model, or day.
    let first: String = std::fs::read_to_string(&path).unwrap().lines().take(1).collect();
    std::fs::write(&path, format!("{first}\n")).unwrap();
    let tapes = program.folder().join("out.jsonl.run/tapes");
    std::fs::rename(&tapes, program.folder().join("away")).unwrap();
    refused(
        &["q.jsonl", "-o", "out.jsonl", "--today", "2020-01-01"],
        "the day changed",
    );
    write(
        &program,
        "cardinal.toml",
        "version = 1\n[budget]\nmax_steps = 3\n",
    );
    refused(
        &["q.jsonl", "-o", "out.jsonl"],
        "the setting /budget/max_steps changed",
    );
    std::fs::remove_file(program.folder().join("cardinal.toml")).unwrap();
    let elsewhere = ["batch", "q.jsonl", "-o", "out.jsonl", "--model", "openai:other"];
    let other = program
        .command(&elsewhere)
        .env("OPENAI_API_KEY", "sk-test")
        .output()
        .unwrap();
    let told = String::from_utf8(other.stderr).unwrap();
    assert!(told.contains("the model changed"), "{told}");
    batch(&program, &["q.jsonl", "-o", "out.jsonl"], 0);
    assert_eq!(ids(&answers(&path)), ["a", "b"]);
}

#[test]
fn a_torn_last_line_is_mended_from_its_tape() {
    let program = demo();
    let input = rows(&[
        json!({"id": "a", "question": ORDERS}),
        json!({"id": "b", "question": "What was the revenue in 2025?"}),
    ]);
    write(&program, "q.jsonl", input);
    batch(&program, &["q.jsonl", "-o", "out.jsonl"], 0);
    let path = program.folder().join("out.jsonl");
    let whole = answers(&path);
    for answer in &whole {
        assert!(answer["evidence"][0]["health"].is_object(), "{answer:#}");
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let first = text.find('\n').unwrap();
    for torn in [
        &text[..text.len() - 1],
        &text[..first + 40],
        &text[..first + 1],
        "",
    ] {
        std::fs::write(&path, torn).unwrap();
        let run = batch(&program, &["q.jsonl", "-o", "out.jsonl", "--json"], 0);
        assert_eq!(run.json()["this_start"]["asked"], 0, "{torn:?}");
        let mended = answers(&path);
        assert_eq!(ids(&mended), ["a", "b"]);
        for (mended, whole) in mended.iter().zip(&whole) {
            assert_eq!(lasting(mended), lasting(whole));
        }
    }
    // A line in the middle that is none is nobody's to repair.
    std::fs::write(&path, format!("nonsense\n{text}")).unwrap();
    let run = batch(&program, &["q.jsonl", "-o", "out.jsonl"], 1);
    assert!(
        run.stderr.contains("line 1") && run.stderr.contains("no answer"),
        "{run:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_two_runs_is_told_who_is_at_it() {
    let model = CountingModel::start(Duration::from_millis(700)).await;
    let sandbox = Sandbox::serve(&[]);
    let program = model.client(&sandbox);
    write(&program, "q.jsonl", questions(4));
    let mut first = program
        .command(&["batch", "q.jsonl", "-o", "out.jsonl"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while model.asked().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let second = tokio::task::block_in_place(|| batch(&program, &["q.jsonl", "-o", "out.jsonl"], 1));
    assert!(
        second.stderr.contains(&format!("process {}", first.id())),
        "{second:#?}"
    );
    assert!(first.wait().unwrap().success());
    assert_eq!(answers(&program.folder().join("out.jsonl")).len(), 4);
    assert!(model.counts().values().all(|count| *count == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_asked_again_on_wish_with_what_followed_it() {
    let mut broken = 1;
    let model = CountingModel::with(
        move |_, name, step| {
            let fails = name == "k" && step == 0 && broken > 0;
            broken -= usize::from(fails);
            fails.then(|| Reply::status(400, json!({"error": {"message": "no"}})))
        },
        Duration::ZERO,
    )
    .await;
    let sandbox = Sandbox::serve(&[]);
    let program = model.client(&sandbox);
    let input = rows(&[
        json!({"id": "a", "question": "What is known about k?", "session": "s"}),
        json!({"id": "b", "question": "What is known about l?", "session": "s"}),
        json!({"id": "c", "question": "What is known about m?"}),
    ]);
    write(&program, "q.jsonl", input);
    let path = program.folder().join("out.jsonl");
    tokio::task::block_in_place(|| {
        batch(&program, &["q.jsonl", "-o", "out.jsonl"], 0);
        assert_eq!(answers(&path)[0]["outcome"], "upstream_failed");
        batch(&program, &["q.jsonl", "-o", "out.jsonl"], 0);
        assert_eq!(
            answers(&path)[0]["outcome"],
            "upstream_failed",
            "nobody wished it"
        );
        let run = batch(
            &program,
            &["q.jsonl", "-o", "out.jsonl", "--retry-failed", "--json"],
            0,
        );
        assert_eq!(run.json()["this_start"]["asked"], 2);
    });
    let found = answers(&path);
    assert_eq!(ids(&found), ["a", "b", "c"]);
    assert!(
        found
            .iter()
            .all(|answer| answer["text"].to_string().contains("was said"))
    );
    assert_eq!(model.counts()[&("m".to_owned(), 0)], 1);
}

#[test]
fn answers_since_a_moment_stay_and_older_ones_are_asked_again() {
    let program = demo();
    write(
        &program,
        "q.jsonl",
        rows(&[json!({"id": "a", "question": ORDERS})]),
    );
    let path = program.folder().join("out.jsonl");
    batch(&program, &["q.jsonl", "-o", "out.jsonl"], 0);
    let first = std::fs::read_to_string(&path).unwrap();
    let run = batch(
        &program,
        &["q.jsonl", "-o", "out.jsonl", "--since", "1h", "--json"],
        0,
    );
    assert_eq!(run.json()["this_start"]["asked"], 0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
    // Nothing of before stays, so that other questions may take its place.
    write(
        &program,
        "q.jsonl",
        rows(&[json!({"id": "z", "question": ORDERS})]),
    );
    let run = batch(
        &program,
        &["q.jsonl", "-o", "out.jsonl", "--since", "2100-01-01", "--json"],
        0,
    );
    assert_eq!(run.json()["this_start"]["asked"], 1);
    assert_eq!(ids(&answers(&path)), ["z"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_of_a_session_are_one_conversation_in_order() {
    let model = CountingModel::start(Duration::from_millis(20)).await;
    let sandbox = Sandbox::serve(&[]);
    let program = model.client(&sandbox);
    let rows_of = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|number| {
                let session = if number % 3 == 2 { Value::Null } else { json!(format!("s{}", number % 3)) };
                let about = super::kit::name(number);
                json!({"id": format!("q{number}"), "question": format!("What is known about {about}?"), "session": session})
            })
            .collect()
    };
    write(&program, "q.jsonl", rows(&rows_of(12)));
    tokio::task::block_in_place(|| {
        batch(
            &program,
            &[
                "q.jsonl",
                "-o",
                "out.jsonl",
                "--jobs",
                "8",
                "--order",
                "completion",
            ],
            0,
        )
    });
    let found = answers(&program.folder().join("out.jsonl"));
    assert_eq!(found.len(), 12);
    let mut of_sessions: std::collections::BTreeMap<String, Vec<usize>> = std::collections::BTreeMap::new();
    for answer in &found {
        if let Some(session) = answer["session"].as_str() {
            let number = answer["id"].as_str().unwrap()[1..].parse().unwrap();
            of_sessions.entry(session.to_owned()).or_default().push(number);
        }
    }
    assert_eq!(of_sessions["s0"], [0, 3, 6, 9]);
    assert_eq!(of_sessions["s1"], [1, 4, 7, 10]);
    // The last question of a session is asked with everything before it.
    let requests = model.model.requests();
    let last = requests
        .iter()
        .rfind(|request| request.to_string().contains("about t?"))
        .unwrap();
    let users = last["messages"].as_array().unwrap().iter();
    assert_eq!(users.filter(|message| message["role"] == "user").count(), 4);

    // A session goes on in the middle, with what was said before from its tapes.
    let path = program.folder().join("out.jsonl");
    let kept: Vec<String> = std::fs::read_to_string(&path)
        .unwrap()
        .lines()
        .filter(|line| !line.contains("\"id\":\"q9\""))
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(&path, kept.concat()).unwrap();
    let tape = found.iter().find(|answer| answer["id"] == "q9").unwrap()["tape"].clone();
    std::fs::remove_file(program.folder().join(tape.as_str().unwrap())).unwrap();
    tokio::task::block_in_place(|| batch(&program, &["q.jsonl", "-o", "out.jsonl"], 0));
    let requests = model.model.requests();
    let users = requests.last().unwrap()["messages"].as_array().unwrap().iter();
    assert_eq!(users.filter(|message| message["role"] == "user").count(), 4);
    assert_eq!(answers(&path).len(), 12);
}

#[test]
fn a_question_that_cannot_be_asked_is_told_and_the_others_are_answered() {
    let program = demo();
    let input = rows(&[
        json!({"id": "a", "question": ORDERS}),
        json!({"id": "b", "question": "What was the revenue in 2025?"}),
    ]);
    write(&program, "q.jsonl", input);
    batch(&program, &["q.jsonl", "-o", "out.jsonl"], 0);
    // A tape that cannot be read any more, and an answer that is missing.
    let path = program.folder().join("out.jsonl");
    let found = answers(&path);
    let tape = program.folder().join(found[0]["tape"].as_str().unwrap());
    let mut file = OpenOptions::new().append(true).open(&tape).unwrap();
    file.write_all(b"{}\n").unwrap();
    std::fs::write(&path, "").unwrap();
    let run = batch(&program, &["q.jsonl", "-o", "out.jsonl", "--json"], 0);
    assert_eq!(
        run.json()["this_start"],
        json!({"asked": 1, "resumed": 0, "recovered": 1})
    );
    assert!(
        run.stderr.contains("a: its recording cannot be gone on with"),
        "{run:#?}"
    );
    assert!(tape.with_extension("jsonl.unusable").exists());
    assert_eq!(ids(&answers(&path)), ["a", "b"]);
}

#[test]
fn a_new_morning_means_its_own_today_also_when_a_recent_answer_is_kept() {
    let program = demo();
    let input = rows(&[
        json!({"id": "old", "question": ORDERS}),
        json!({"id": "recent", "question": "What was the revenue in 2025?"}),
    ]);
    write(&program, "q.jsonl", input);
    let arguments = ["q.jsonl", "-o", "out.jsonl", "--json"];
    batch(
        &program,
        &[&arguments[..], &["--today", "2025-02-03"]].concat(),
        0,
    );
    // As if the run had begun long ago, and one answer had come since.
    let path = program.folder().join("out.jsonl");
    let mut found = answers(&path);
    found[0]["answered_at"] = json!("2025-02-03T06:00:00Z");
    std::fs::write(&path, rows(&found)).unwrap();
    let manifest = program.folder().join("out.jsonl.run/manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let mut begun: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(begun["today"], "2025-02-03");
    begun["begun"] = json!("2025-02-03T05:59:00Z");
    std::fs::write(&manifest, begun.to_string()).unwrap();

    let run = batch(
        &program,
        &[&arguments[..], &["--since", "20h", "--today", "2025-02-04"]].concat(),
        0,
    );
    assert_eq!(run.json()["this_start"]["asked"], 1);
    let begun: Value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    assert_eq!(begun["today"], "2025-02-04");
    let found = answers(&path);
    assert_eq!(ids(&found), ["old", "recent"]);
    let day = |answer: &Value| {
        let tape = program.folder().join(answer["tape"].as_str().unwrap());
        let tape = cardinal::wire::TapeFile::read_unfinished(&tape);
        tape.unwrap().header.today.to_string()
    };
    assert_eq!(day(&found[0]), "2025-02-04");
    assert_eq!(day(&found[1]), "2025-02-03");
}

#[test]
fn numbers_of_any_length_and_empty_lines_pass_through() {
    let program = demo();
    let input = format!(
        "{{\"id\": 123456789012345678901234567890, \"question\": \"{ORDERS}\", \"n\": 98765432109876543210987.50, \
         \"deep\": {{\"n\": 11111111111111111111}}}}\n"
    );
    write(&program, "q.jsonl", input);
    let arguments = [
        "q.jsonl",
        "-o",
        "out.jsonl",
        "--table",
        "t.csv",
        "--report",
        "r.html",
    ];
    batch(&program, &arguments, 0);
    let path = program.folder().join("out.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    for words in [
        "\"id\":\"123456789012345678901234567890\"",
        "\"n\":98765432109876543210987.50",
        "11111111111111111111",
    ] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    for file in ["t.csv", "r.html"] {
        let text = std::fs::read_to_string(program.folder().join(file)).unwrap();
        assert!(text.contains("98765432109876543210987.50"), "{text}");
    }
    // An editor left empty lines behind.
    std::fs::write(&path, format!("\n{text}\n  \n")).unwrap();
    batch(&program, &arguments, 0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_with_the_same_model_at_another_address() {
    let failing = CountingModel::with(
        |_, about, step| {
            (about == super::kit::name(1) && step == 1)
                .then(|| Reply::status(400, json!({"error": {"message": "not today"}})))
        },
        Duration::ZERO,
    )
    .await;
    let whole = CountingModel::start(Duration::ZERO).await;
    let sandbox = Sandbox::serve(&[]);
    let program = failing.client(&sandbox);
    write(&program, "q.jsonl", questions(3));
    let arguments = ["batch", "q.jsonl", "-o", "out.jsonl", "--retry-failed", "--json"];
    let path = program.folder().join("out.jsonl");
    let elsewhere = || {
        let output = program
            .command(&arguments)
            .env("OPENAI_BASE_URL", whole.model.base_url().as_str())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    tokio::task::block_in_place(|| {
        batch(&program, &arguments[1..], 0);
        let summary = elsewhere();
        assert_eq!(summary["outcomes"], json!({"answered": 3}));
        assert_eq!(summary["this_start"]["asked"], 1);
        // A question that is half done goes on there, too.
        let found = answers(&path);
        let tape = program.folder().join(found[0]["tape"].as_str().unwrap());
        std::fs::write(&path, rows(&found[1..])).unwrap();
        let text = std::fs::read_to_string(&tape).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        std::fs::write(&tape, format!("{}\n", lines[..lines.len() - 2].join("\n"))).unwrap();
        let summary = elsewhere();
        assert_eq!(summary["this_start"]["resumed"], 1, "{summary:#}");
    });
    assert_eq!(
        whole.counts().get(&(super::kit::name(0), 0)),
        None,
        "it was on the tape"
    );
}

#[test]
fn reports_are_tried_before_anything_is_asked_and_never_swallow_the_summary() {
    let program = demo();
    write(&program, "q.jsonl", questions(1));
    for (option, path) in [("--table", "missing/t.csv"), ("--report", ".")] {
        let run = batch(&program, &["q.jsonl", "-o", "out.jsonl", option, path], 1);
        assert!(run.stderr.contains("failed to write"), "{run:#?}");
        assert!(!program.folder().join("out.jsonl").exists(), "{run:#?}");
    }
    let run = batch(
        &program,
        &["q.jsonl", "-o", "out.jsonl", "--report", "new.html"],
        0,
    );
    assert!(program.folder().join("new.html").exists(), "{run:#?}");
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let full = [
        "q.jsonl",
        "-o",
        "out.jsonl",
        "--report",
        "/dev/full",
        "--table",
        "t.csv",
        "--json",
    ];
    let run = batch(&program, &full, 1);
    assert_eq!(run.json()["answered"], 1);
    assert!(run.stderr.contains("failed to write /dev/full"), "{run:#?}");
    assert!(program.folder().join("t.csv").exists());
}
