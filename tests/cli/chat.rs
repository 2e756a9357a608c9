use super::kit::Program;

#[test]
fn piped_lines_are_answered_one_after_the_other() {
    let input = "/help\nHow many orders were there in 2025?\n/sources\n/new\n/what\n\nRevenue by month in 2025\n/quit\nnot asked\n";
    let run = Program::new().run_with(&["chat"], input);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.contains("2025"), "{run:#?}");
    assert!(run.stderr.contains("/sources"), "{run:#?}");
    assert!(run.stderr.contains("a new conversation"), "{run:#?}");
    assert!(run.stderr.contains("/what is not a command"), "{run:#?}");
}

#[test]
fn json_is_one_object_a_line() {
    let run = Program::new().run_with(
        &["chat", "--json", "--quiet"],
        "Revenue by month in 2025\nHow many orders were there in 2025?",
    );
    assert_eq!(run.code, Some(0), "{run:#?}");
    let answers: Vec<serde_json::Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 2, "{run:#?}");
    assert_eq!(answers[0]["question"], "Revenue by month in 2025");
    assert_eq!(run.stderr, "");
}

#[test]
fn a_line_that_is_no_text_does_not_end_the_rest() {
    let run = Program::new().run_with(
        &["chat", "--quiet"],
        b"\xff\xfe\nHow many orders were there in 2025?\n",
    );
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stderr.contains("not UTF-8"), "{run:#?}");
    assert!(run.stdout.contains("Number of orders"), "{run:#?}");
}
