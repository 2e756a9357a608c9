use super::kit::Program;

#[test]
fn a_wrong_command_line_ends_with_2_and_says_why_on_stderr() {
    for arguments in [
        &["ask"][..],
        &["ask", "q", "--nope"],
        &["ask", "q", "--table", "--json"],
        &["ask", "q", "--today", "tomorrow"],
        &["ask", "q", "--model", "gpt"],
        &["ask", ""],
        &["nope"],
        &["sandbox", "serve", "--db", "a", "--csv", "b"],
        &["sandbox", "serve", "--model", "a.yaml"],
        &["sandbox", "serve", "--generation", "v99"],
        &["doctor", "--model", "gpt"],
    ] {
        let run = Program::new().run(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:?}");
        assert_eq!(run.stdout, "", "{arguments:?}");
        assert!(run.stderr.starts_with("error: "), "{arguments:?}: {run:?}");
    }
}

#[test]
fn nothing_at_all_shows_the_help() {
    let run = Program::new().run(&[]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("Usage: cardinal"));
}

#[test]
fn the_version_is_data() {
    let run = Program::new().run(&["--version"]);
    assert_eq!(run.code, Some(0));
    assert_eq!(run.stdout, format!("cardinal {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_settings_end_with_1_even_with_json() {
    let program = Program::new().with("CARDINAL_BUDGET_MAX_STEPS", "many");
    for arguments in [
        &["ask", "q"][..],
        &["ask", "q", "--json"],
        &["catalog", "list"],
        &["chat"],
    ] {
        let run = program.run(arguments);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert_eq!(run.stdout, "");
        assert!(
            run.stderr.starts_with("error: CARDINAL_BUDGET_MAX_STEPS: "),
            "{run:?}"
        );
    }
}

#[test]
fn a_settings_file_that_is_not_there_is_named() {
    let run = Program::new().run(&["ask", "q", "--config", "gone.toml"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr
            .contains("gone.toml does not exist, but --config names it"),
        "{run:?}"
    );
}

#[test]
fn a_metabase_without_rules_teaches_how_to_curate() {
    let run = Program::new()
        .with("METABASE_URL", "http://127.0.0.1:1")
        .with("METABASE_API_KEY", "mb_secret")
        .run(&["ask", "q"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("CARDINAL_CATALOG_COLLECTIONS=7"), "{run:?}");
    assert!(!run.stderr.contains("mb_secret"));
}

#[test]
fn a_metabase_that_is_not_there_is_an_outcome() {
    let program = Program::new()
        .with("METABASE_URL", "http://127.0.0.1:1")
        .with("METABASE_API_KEY", "mb_secret")
        .with("CARDINAL_CATALOG_COLLECTIONS", "7");
    let run = program.run(&["ask", "q", "--json"]);
    assert_eq!(run.code, Some(16), "{run:?}");
    let answer = run.json();
    assert_eq!(
        (&answer["outcome"], &answer["stop_reason"]),
        (&"upstream_failed".into(), &"data_failed".into())
    );
    assert!(
        answer["text"].as_str().unwrap().contains("127.0.0.1:1"),
        "{answer}"
    );
    let plain = program.run(&["ask", "q"]);
    assert_eq!(plain.code, Some(16), "{plain:?}");
    assert!(plain.stdout.contains("127.0.0.1:1"), "{plain:?}");
    for text in [&run.stdout, &run.stderr, &plain.stdout, &plain.stderr] {
        assert!(!text.contains("mb_secret"), "{text}");
    }
}

#[test]
fn a_question_on_stdin_is_taken_whole_or_not_at_all() {
    let run = Program::new().run_with(&["ask", "-"], "é".repeat(40_000));
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("longer than 65536 bytes"), "{run:?}");
}
