use super::kit::{Program, Sandbox};

const REVENUE: &str = "How did revenue develop by month in 2025?";

#[test]
fn with_nothing_set_up_it_answers_on_the_sandbox_without_a_model_and_says_so() {
    let run = Program::new().run(&["ask", REVENUE]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.contains("2025"), "{run:#?}");
    assert!(run.stderr.contains("offline"), "{run:#?}");
    assert!(run.stderr.contains("no language model"), "{run:#?}");
    assert!(run.stderr.contains("demo sandbox"), "{run:#?}");
    assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'));
}

#[test]
fn the_demo_says_how_healthy_its_data_is() {
    let program = Program::new();
    let run = program.run(&["ask", "Average rating in 2025?"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    let said = run.stdout.replace("\n  ", " ");
    assert!(
        said.contains(
            "data health Average rating: the model fct_reviews behind this failed at 2026-07-01 02:01 UTC; figures are of the \
             last run before that which succeeded"
        ),
        "{run:#?}"
    );
    let health =
        program.run(&["ask", "Average rating in 2025?", "--json"]).json()["evidence"][0]["health"].clone();
    assert_eq!(
        (&health["status"], &health["from"]),
        (&"unhealthy".into(), &"discovery".into()),
        "{health}"
    );
    // A script that only wants the answer gets no more than that.
    assert!(
        !program
            .run(&["ask", "Average rating in 2025?", "--quiet"])
            .stdout
            .contains("data health")
    );
    let off = program.folder().join("cardinal.toml");
    std::fs::write(
        off,
        "version = 1\n[[grants.rules]]\nareas = [\"dbt.discovery\"]\nlevel = \"off\"\n",
    )
    .unwrap();
    let silent = program.run(&["ask", "Average rating in 2025?", "--json"]).json();
    assert!(silent["evidence"][0].get("health").is_none(), "{silent}");
    assert!(
        !program.folder().join(".local").exists(),
        "nothing is written down for it"
    );
}

#[test]
fn json_is_one_versioned_object_and_nothing_else() {
    let run = Program::new().run(&["ask", REVENUE, "--json"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    let answer = run.json();
    assert_eq!(answer["version"], 4);
    assert_eq!(answer["outcome"], "answered");
    assert_eq!(answer["stop_reason"], "final_answer");
    assert_eq!(answer["model"], "offline");
    assert!(!answer["text"].as_str().unwrap().is_empty());
    let call = &answer["tool_calls"][0];
    assert_eq!(call["status"], "ok");
    assert_eq!(call["rows"], 12);
    for key in ["name", "arguments", "bytes", "truncated"] {
        assert!(!call[key].is_null(), "{key} in {call}");
    }
    assert_eq!(answer["evidence"][0]["rows"].as_array().unwrap().len(), 12);
    for key in ["input_tokens", "cached_tokens", "output_tokens", "cost_usd"] {
        assert!(answer["usage"].get(key).is_some(), "{key}");
    }
    assert!(answer["timings"]["total_ms"].is_u64());
    assert!(answer["catalog"]["entries"].as_u64().unwrap() > 10);
    assert!(!answer["catalog"]["fingerprint"].as_str().unwrap().is_empty());
    assert!(!answer["prompt"]["hash"].as_str().unwrap().is_empty());
}

#[test]
fn json_says_a_thing_once() {
    let run = Program::new().run(&["ask", REVENUE, "--json"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.len() < 18_000, "{} bytes", run.stdout.len());
    assert_eq!(
        run.stdout.matches("\"arguments\"").count(),
        2,
        "in the result and in the call"
    );
}

#[test]
fn sources_are_one_line_each_with_their_number_in_the_text() {
    let run = Program::new().run(&["ask", "How much revenue did we make in 2025?"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.contains("446,213.55 [1]"), "{run:#?}");
    let note = run.stdout.lines().find(|line| line.starts_with("[1] "));
    let note = note.unwrap_or_else(|| panic!("no source: {run:#?}"));
    assert_eq!(
        note,
        "[1] metric \"Revenue\", created at from 2025-01-01, before 2026-01-01"
    );
    assert!(!run.stdout.contains('\u{1b}'));

    let full = Program::new().run(&["ask", "How much revenue did we make in 2025?", "-v"]);
    assert!(full.stdout.contains("446213.55: revenue in row 1"), "{full:#?}");

    let run = Program::new().run(&["ask", "How much revenue did we make in 2025?", "--quiet"]);
    assert!(!run.stdout.contains("[1]"), "{run:#?}");
}

#[test]
fn a_series_is_a_table_of_figures_written_alike() {
    let run = Program::new().run(&["ask", REVENUE, "--quiet"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    let rows: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("  2025-"))
        .collect();
    assert_eq!(rows.len(), 12, "{run:#?}");
    assert!(rows.contains(&"  2025-05   38,850.70"), "{rows:#?}");
    assert!(run.stdout.contains("  Total    446,213.55"), "{run:#?}");
}

#[test]
fn every_figure_of_an_answer_carries_its_source() {
    let run = Program::new().run(&["ask", REVENUE, "--json"]);
    let answer = run.json();
    let figures = answer["figures"].as_array().unwrap();
    assert!(figures.len() > 12, "{figures:#?}");
    let text = answer["text"].as_str().unwrap();
    for figure in figures {
        let (start, end) = (figure["start"].as_u64().unwrap(), figure["end"].as_u64().unwrap());
        let span = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
        assert_eq!(&text[span], figure["text"].as_str().unwrap());
        assert_ne!(figure["status"], "unmatched", "{figure:#}");
    }
}

#[test]
fn a_table_is_tab_separated_for_programs() {
    let run = Program::new().run(&["ask", REVENUE, "--table"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 13, "{run:#?}");
    assert!(lines.iter().all(|line| line.matches('\t').count() == 1));
    assert!(lines[1].contains("2025-01"), "{run:#?}");
}

#[test]
fn the_question_may_come_from_stdin() {
    let run = Program::new().run_with(&["ask", "-", "--quiet"], format!("{REVENUE}\n"));
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.contains("2025"));
    assert_eq!(run.stderr, "");
}

#[test]
fn what_the_catalog_does_not_hold_has_its_own_exit_code() {
    let run = Program::new().run(&["ask", "What is the weather on Mars tomorrow?", "--json"]);
    assert_eq!(run.code, Some(12), "{run:#?}");
    assert_eq!(run.json()["outcome"], "not_in_catalog");
}

#[test]
fn a_key_in_the_environment_chooses_the_model_and_a_dead_model_is_an_outcome() {
    let run = Program::new()
        .with("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
        .with("OPENAI_API_KEY", "sk-secret")
        .run(&["ask", REVENUE, "--json"]);
    assert_eq!(run.code, Some(16), "{run:#?}");
    let answer = run.json();
    assert_eq!(answer["outcome"], "upstream_failed");
    assert!(answer["model"].as_str().unwrap().starts_with("openai:"));
    assert!(!run.stdout.contains("sk-secret") && !run.stderr.contains("sk-secret"));
}

#[test]
fn today_can_be_chosen() {
    let run = Program::new().with("CARDINAL_TODAY", "2025-07-15").run(&[
        "ask",
        "Revenue by month last quarter",
        "--json",
    ]);
    let call = &run.json()["tool_calls"][0];
    assert!(call["arguments"].to_string().contains("2025-0"), "{call}");
}

#[test]
fn a_card_whose_query_fails_is_no_answer() {
    let hostile = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("evals/hostile");
    let path = |name: &str| hostile.join(name).to_str().unwrap().to_owned();
    let sandbox = Sandbox::serve(&["--csv", &path("data"), "--model", &path("model.yaml")]);
    let run = sandbox.client().run(&["ask", "--json", "Churn"]);
    let answer = run.json();
    assert_eq!(answer["tool_calls"][0]["status"], "failed", "{run:#?}");
    assert_eq!(answer["outcome"], "upstream_failed", "{run:#?}");
    assert_ne!(run.code, Some(0), "{run:#?}");
}
