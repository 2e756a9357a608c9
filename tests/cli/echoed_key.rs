//! A key that a model's server writes into its answer is on no stream of the program and on no tape.

use serde_json::json;

use super::kit::Program;
use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::spellings::{leaks, spellings};

const KEY: &str = "sk-test-Qz7vXk29LmPw4RtYb8Nc";

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_comes_in_single_characters_is_shown_nowhere() {
    let wanted = ["html", "base64", "upper", "json"];
    let table = spellings(KEY).into_iter();
    for (name, written) in table.filter(|(name, _)| wanted.contains(name)) {
        let said = format!("The key is {written} so.");
        let model = ScriptedModel::openai_with(move |_| {
            let pieces = said.chars().map(|c| {
                let piece = json!({"choices": [{"index": 0, "delta": {"content": c.to_string()}, "finish_reason": null}]});
                format!("data: {piece}\n\n")
            });
            let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
            let body: String = pieces.collect();
            Reply::sse(format!("{body}data: {end}\n\ndata: [DONE]\n\n"))
        })
        .await;
        let program = Program::new()
            .with("CARDINAL_MODEL", "openai:scripted")
            .with("OPENAI_BASE_URL", model.base_url().as_str())
            .with("OPENAI_API_KEY", KEY);
        let ran = tokio::task::spawn_blocking(move || {
            let told = program.run(&["ask", "What?", "-v", "--tape", "t.jsonl"]);
            let json = program.run(&["ask", "What?", "--json"]);
            let tape = program.run(&["tape", "show", "t.jsonl", "--json"]);
            let file = std::fs::read_to_string(program.folder().join("t.jsonl")).unwrap();
            [told.stdout, told.stderr, json.stdout, tape.stdout, file]
        });
        let seen = ran.await.unwrap();
        assert!(seen[0].contains("[redacted]"), "{name}: {seen:#?}");
        for seen in seen {
            assert!(!leaks(&seen, KEY, &written), "{name}: {seen}");
        }
    }
}
