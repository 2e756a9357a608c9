use std::fs;

use super::kit::Program;

#[test]
fn writes_the_commented_file_once() {
    let program = Program::new();
    let run = program.run(&["init"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.stdout, "");
    let path = program.folder().join("cardinal.toml");
    assert_eq!(fs::read_to_string(&path).unwrap(), cardinal::config::TEMPLATE);

    fs::write(&path, "version = 1\n").unwrap();
    let again = program.run(&["init"]);
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("--force"), "{again:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "version = 1\n");

    assert_eq!(program.run(&["init", "--force"]).code, Some(0));
    assert_eq!(fs::read_to_string(&path).unwrap(), cardinal::config::TEMPLATE);
}

#[test]
fn writes_where_config_says() {
    let program = Program::new();
    assert_eq!(program.run(&["init", "--config", "other.toml"]).code, Some(0));
    assert!(program.folder().join("other.toml").exists());
    let run = program.run(&["init", "--config", "no/such/folder.toml"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("no/such/folder.toml"), "{run:?}");
}

#[test]
fn prints_the_schema() {
    let program = Program::new();
    let run = program.run(&["init", "--schema"]);
    assert_eq!(run.stdout, cardinal::config::schema());
    assert!(!program.folder().join("cardinal.toml").exists());
}
