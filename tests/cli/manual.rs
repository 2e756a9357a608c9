use super::kit::Program;

#[test]
fn every_shell_gets_completions_of_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = Program::new().run(&["completions", shell]);
        assert_eq!(run.code, Some(0), "{shell}: {run:?}");
        for word in ["ask", "chat", "doctor", "model", "table"] {
            assert!(
                run.stdout.contains(word),
                "{word} is not in the completions of {shell}"
            );
        }
    }
    assert_eq!(Program::new().run(&["completions", "cmd"]).code, Some(2));
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let program = Program::new();
    let page = program.run(&["man"]);
    assert_eq!(page.code, Some(0), "{page:?}");
    assert!(page.stdout.contains(".TH cardinal 1"), "{}", page.stdout);
    assert!(page.stdout.contains("METABASE_URL"), "{}", page.stdout);

    assert_eq!(program.run(&["man", "--out", "pages"]).code, Some(0));
    for page in ["cardinal.1", "cardinal-ask.1", "cardinal-eval-run.1"] {
        assert!(program.folder().join("pages").join(page).exists(), "{page}");
    }
}
