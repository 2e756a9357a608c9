use super::kit::Program;

fn help(arguments: &[&str]) -> String {
    let run = Program::new().run(arguments);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.stderr, "");
    run.stdout
}

#[test]
fn of_the_program() {
    insta::assert_snapshot!(help(&["--help"]));
}

#[test]
fn of_ask() {
    insta::assert_snapshot!(help(&["ask", "--help"]));
}

#[test]
fn of_catalog() {
    insta::assert_snapshot!(help(&["catalog", "--help"]));
}

#[test]
fn of_sandbox_serve() {
    insta::assert_snapshot!(help(&["sandbox", "serve", "--help"]));
}

#[test]
fn every_exit_code_is_listed() {
    let text = help(&["--help"]);
    for code in ["0", "1", "2", "10", "11", "12", "13", "14", "15", "16", "130"] {
        assert!(text.contains(&format!("\n  {code:>3}  ")), "{code} is not listed");
    }
}
