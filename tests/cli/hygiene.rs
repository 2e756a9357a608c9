//! What names, cells, questions and answers hold never reaches a terminal, a log or a page as anything but text.

use std::fmt::Write as _;

use cardinal::text::is_hidden;
use serde_json::{Value, json};

use super::kit::{Program, Sandbox};
use crate::support::scripted_model::{Reply, ScriptedModel};

/// Escape sequences, marks that turn text around, characters that nobody sees, line ends, markup.
const EVIL: &str = "\u{1b}[31m\u{1b}]8;;https://evil.test\u{7}x\u{9b}2J\u{202e}\u{200b}\u{e0041}\u{2066}\u{feff}\u{2028}\r\n\
     INFO forged: <script>alert(1)</script> ![x](https://evil.test/p.png) www.evil.test";

fn yaml(text: &str) -> String {
    text.chars().fold("\"".to_owned(), |mut out, c| {
        match c {
            ' '..='~' if !matches!(c, '"' | '\\') => out.push(c),
            c => write!(out, "\\U{:08X}", u32::from(c)).unwrap(),
        }
        out
    }) + "\""
}

fn world(folder: &std::path::Path) -> Sandbox {
    let data = folder.join("data");
    std::fs::create_dir(&data).unwrap();
    let mut sales = csv::Writer::from_path(data.join("sales.csv")).unwrap();
    sales.write_record(["id", "note"]).unwrap();
    sales.write_record(["1", EVIL]).unwrap();
    sales.flush().unwrap();
    let evil = yaml(EVIL);
    let model = format!(
        "version: 1\ntoday: 2025-06-30\ndatabase: {{ name: {evil} }}\ntables: {{ sales: {{ description: {evil} }} }}\n\
         collections: [{{ path: Curated, curated: true }}]\n\
         cards:\n  - name: {evil}\n    collection: Curated\n    created: 2025-01-01\n    description: {evil}\n    \
         query: {{ table: sales, fields: [id, note] }}\n"
    );
    let path = folder.join("model.yaml");
    std::fs::write(&path, model).unwrap();
    Sandbox::serve(&["--csv", data.to_str().unwrap(), "--model", path.to_str().unwrap()])
}

fn is_clean(what: &str, text: &str) {
    let bad = text.chars().find(|c| is_hidden(*c) && !matches!(c, '\n' | '\t'));
    assert_eq!(bad, None, "{what}: {text:?}");
}

async fn asked(program: Program, arguments: Vec<String>) -> (Program, super::kit::Run) {
    let ran = tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let run = program.run(&arguments);
        (program, run)
    });
    ran.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_drives_a_terminal_or_forges_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = world(folder.path());
    let model = ScriptedModel::openai_with(|request| {
        let cards = crate::support::stack::ids(request, "run_card", "card_id");
        let answered = request["messages"]
            .as_array()
            .unwrap()
            .iter()
            .any(|message| message["role"] == "tool");
        if answered {
            return Reply::text(format!("Fine. {EVIL}"));
        }
        let right = json!({ "card_id": cards[0] });
        Reply::tool_calls([("run_card", right), (EVIL, json!({ EVIL: EVIL }))])
    })
    .await;
    let mut program = sandbox
        .client()
        .with("CARDINAL_MODEL", "openai:scripted")
        .with("OPENAI_BASE_URL", model.base_url().as_str())
        .with("OPENAI_API_KEY", "sk-test-secret");
    let question = format!("What? {EVIL}");
    for form in [
        &["-v"][..],
        &["--log-json", "-v"],
        &["--table"],
        &["--json"],
        &["--tape", "t.jsonl"],
    ] {
        let mut arguments = vec!["ask".to_owned(), question.clone()];
        arguments.extend(form.iter().map(|&argument| argument.to_owned()));
        let (back, run) = asked(program, arguments).await;
        program = back;
        let what = format!("{form:?}");
        is_clean(&what, &run.stderr);
        if form.contains(&"-v") {
            let forged = run
                .stderr
                .lines()
                .any(|line| line.trim_start().starts_with("INFO forged"));
            assert!(!forged, "{}", run.stderr);
        }
        if form == ["--table"] {
            // A cell keeps its line ends, in quotes.
            assert!(
                !run.stdout.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{e0041}']),
                "{run:#?}"
            );
        } else {
            is_clean(&what, &run.stdout);
        }
        if form == ["--json"] {
            assert_eq!(
                run.json()["question"],
                Value::from(question.clone()),
                "JSON means what it meant"
            );
            assert_eq!(run.json()["tool_calls"][1]["name"], EVIL);
        }
    }
    for arguments in [
        &["tape", "show", "t.jsonl"][..],
        &["tape", "show", "t.jsonl", "--json"],
        &["doctor"],
    ] {
        let run = program.run(arguments);
        is_clean(&format!("{arguments:?}"), &run.stdout);
    }
    let page = program.run(&["tape", "show", "t.jsonl", "--markdown"]).stdout;
    is_clean("Markdown", &page);
    let heading = page.lines().next().unwrap();
    for markup in ["x](", "<script>", " https://", " www.", "![x]"] {
        assert!(!heading.contains(markup), "{markup} in {heading}");
    }
}
