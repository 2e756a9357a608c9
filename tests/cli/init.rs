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

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_nothing_behind() {
    let program = Program::new();
    let cardinal = env!("CARGO_BIN_EXE_cardinal");
    // No file may grow beyond a block or two, and the program is told so instead of being ended.
    let script = format!("trap '' XFSZ; ulimit -f 2; exec {cardinal} init");
    let full = program.command_of("sh", &["-c", &script]).output().unwrap();
    let told = String::from_utf8(full.stderr).unwrap();
    assert_eq!(full.status.code(), Some(1), "{told}");
    assert!(
        told.contains("failed to write cardinal.toml") && told.contains("hint: "),
        "{told}"
    );
    assert_eq!(fs::read_dir(program.folder()).unwrap().count(), 0);
    let after = program.run(&["ask", "How many orders were there in 2025?", "--model", "offline"]);
    assert_eq!(after.code, Some(0), "{after:?}");
}
