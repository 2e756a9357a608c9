//! `cardinal serve` and `cardinal token` as people run them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

struct Program {
    folder: tempfile::TempDir,
}

impl Program {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cardinal"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn serve(&self, arguments: &[&str]) -> (Child, Value) {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(arguments);
        let mut child = self.command(&all).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let line = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        (child, line)
    }
}

fn get(url: &str, path: &str, more: &str) -> String {
    let host = url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).unwrap();
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[cfg(unix)]
#[test]
fn it_says_where_it_listens_and_ends_when_told_to() {
    let program = Program::new();
    let (mut child, line) = program.serve(&[]);
    let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["auth", "store", "url", "version"]);
    assert_eq!(line["auth"], "open");
    assert!(line["store"].as_str().unwrap().ends_with("/cardinal/demo.sqlite"));
    let url = line["url"].as_str().unwrap();
    assert!(get(url, "/healthz", "").starts_with("HTTP/1.1 200"));
    assert!(
        Command::new("kill")
            .arg(child.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_token_is_made_used_listed_and_revoked() {
    let program = Program::new();
    let run = |arguments: &[&str]| {
        let output = program.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?} {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let made = run(&[
        "token",
        "create",
        "--name",
        "ana",
        "--principal",
        "ana@example.com",
        "--expires",
        "30d",
        "--json",
    ]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let (token, id) = (made["token"].as_str().unwrap(), made["id"].as_str().unwrap());
    let (mut child, line) = program.serve(&[]);
    let url = line["url"].as_str().unwrap();
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert!(get(url, "/v1/me", &bearer).contains("\"principal\":\"ana@example.com\""));
    let listed: Value = serde_json::from_str(&run(&["token", "list", "--json"])).unwrap();
    assert_eq!(listed["tokens"][0]["id"], id);
    assert!(!listed.to_string().contains(token));
    run(&["token", "revoke", id]);
    assert!(get(url, "/v1/me", &bearer).starts_with("HTTP/1.1 401"));
    child.kill().unwrap();
    child.wait().unwrap();
    let output = program.command(&["token", "revoke", "tok_no"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

/// Whoever gives out tokens need not be the one who knows Metabase's credential, or the model's.
#[test]
fn a_token_is_made_where_nothing_but_the_store_is_known() {
    let program = Program::new();
    let settings = "version = 1\n[metabase]\nurl = \"https://metabase.example.com\"\n[model]\nid = \"openai:gpt\"\n\
                    [server]\ncredential = \"person\"\n";
    std::fs::write(program.folder.path().join("cardinal.toml"), settings).unwrap();
    let run = |arguments: &[&str]| {
        let output = program.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?} {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let made: Value = serde_json::from_str(&run(&["token", "create", "--name", "ana", "--json"])).unwrap();
    let id = made["id"].as_str().unwrap();
    assert!(run(&["token", "list"]).contains(id));
    run(&["token", "revoke", id]);
    // It is in the store of that Metabase, and not in the demo's.
    let stores = program.folder.path().join(".local/state/cardinal");
    assert!(stores.join("cardinal.sqlite").is_file() && !stores.join("demo.sqlite").exists());
    // What is said of the store is checked all the same.
    let output = program
        .command(&["token", "list"])
        .env("CARDINAL_DATABASE_URL", "mysql://db")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("CARDINAL_DATABASE_URL"));
}

#[test]
fn a_token_lives_as_long_as_can_be_written() {
    let program = Program::new();
    let create = |expires: &str| {
        let arguments = ["token", "create", "--name", "ana", "--expires", expires, "--json"];
        program.command(&arguments).output().unwrap()
    };
    for expires in [
        "999999999999d",
        "18446744073709551615s",
        "99999999999999999999w",
        "0d",
        "5200w1",
        "-1d",
    ] {
        let output = create(expires);
        assert_eq!(output.status.code(), Some(2), "{expires}: {output:?}");
    }
    assert!(create("36500d").status.success());
    let listed = program.command(&["token", "list", "--json"]).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let ends = listed["tokens"][0]["expires_at"].as_str().unwrap();
    assert!(ends.starts_with("21"), "{ends}");
}

/// Asks the offline planner, and gives what the server logged.
fn logged(set: &[(&str, &str)], questions: &[&str]) -> (String, Vec<String>) {
    let program = Program::new();
    let log = std::fs::File::create(program.folder.path().join("log")).unwrap();
    let mut command = program.command(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--model",
        "offline",
        "-vvv",
        "--log-json",
    ]);
    let mut child = command.envs(set.iter().copied()).stderr(log).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    let host = line["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let answers = questions.iter().map(|question| {
        let body = format!("{{\"question\": \"{question}\"}}");
        let mut connection = TcpStream::connect(host).unwrap();
        write!(
            connection,
            "POST /v1/answers HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    });
    let answers = answers.collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let log = std::fs::read_to_string(program.folder.path().join("log")).unwrap();
    (log, answers)
}

#[test]
fn the_log_holds_no_question_and_no_row_unless_that_is_wished() {
    let questions = ["What about the quokka?", "Refund rate by category in 2025?"];
    let (log, answers) = logged(&[], &questions);
    assert!(answers[0].contains("quokka"), "{answers:?}");
    assert!(answers[1].contains("Outdoor"), "{answers:?}");
    assert!(
        log.contains("cardinal::tool_call") && log.contains("\"route\":\"/v1/answers\""),
        "{log}"
    );
    for text in ["quokka", "Outdoor"] {
        assert_eq!(log.lines().find(|line| line.contains(text)), None);
    }
    let (log, _) = logged(&[("CARDINAL_LOG_CONTENT", "true")], &questions);
    assert!(log.contains("quokka"), "{log}");
}

/// Kilobytes of memory that a process has now.
#[cfg(target_os = "linux")]
fn kilobytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn sessions_share_what_they_know_of_the_catalog() {
    let program = Program::new();
    let (mut child, line) = program.serve(&["--model", "offline"]);
    let host = line["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let ask = || {
        let body = r#"{"question": "What is the weather in Paris?"}"#;
        let mut connection = TcpStream::connect(host).unwrap();
        write!(
            connection,
            "POST /v1/answers HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("not_in_catalog"), "{answer}");
    };
    (0..20).for_each(|_| ask());
    let before = kilobytes(child.id());
    (0..100).for_each(|_| ask());
    let each = kilobytes(child.id()).saturating_sub(before) / 100;
    child.kill().unwrap();
    child.wait().unwrap();
    // With an index of the catalog in each of them it was more than 300.
    assert!(each < 120, "a session takes {each} KB");
}

#[test]
fn a_token_is_for_somebody_who_can_be_named() {
    let program = Program::new();
    for wrong in ["", "  ", " ana", "ana\n", "a\u{7}na", "a\u{200b}na", "local"] {
        for arguments in [
            vec!["token", "create", "--name", wrong],
            vec!["token", "create", "--name", "ana", "--principal", wrong],
        ] {
            let output = program.command(&arguments).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{arguments:?} {output:?}");
            assert!(output.stdout.is_empty(), "{arguments:?} {output:?}");
        }
    }
}

/// A store is made private: nothing but a store may be taken for one.
#[cfg(unix)]
#[test]
fn what_is_no_store_is_refused_and_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let program = Program::new();
    let (folder, other) = (
        program.folder.path().join("folder"),
        program.folder.path().join("notes.txt"),
    );
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(&other, "not a database at all").unwrap();
    let readable = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&other, readable).unwrap();
    for (path, reason) in [
        (folder.as_path(), "it is a folder, not a file"),
        (other.as_path(), "it is a file of something else, not a store"),
        (
            std::path::Path::new("/dev/null"),
            "it is a device or the like, not a file",
        ),
    ] {
        let before = std::fs::metadata(path).unwrap().permissions().mode();
        let mut command = program.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("CARDINAL_DATABASE_URL", format!("sqlite:{}", path.display()));
        let out = command.output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(
            !out.status.success() && said.contains(reason),
            "{}: {said}",
            path.display()
        );
        assert!(said.contains("CARDINAL_DATABASE_URL"), "{said}");
        assert_eq!(
            std::fs::metadata(path).unwrap().permissions().mode(),
            before,
            "{}",
            path.display()
        );
    }
}

/// A database of another program stays as it is, also where it has a table of a name that a store has.
#[test]
fn a_file_of_another_program_is_no_store() {
    let program = Program::new();
    for tables in ["invoices", "sessions", "sessions, answers"] {
        let path = program.folder.path().join("other.db");
        let other = rusqlite::Connection::open(&path).unwrap();
        for table in tables.split(", ") {
            other
                .execute_batch(&format!(
                    "CREATE TABLE {table} (id INTEGER); INSERT INTO {table} VALUES (1)"
                ))
                .unwrap();
        }
        drop(other);
        let before = (
            std::fs::read(&path).unwrap(),
            std::fs::metadata(&path).unwrap().permissions(),
        );
        for arguments in [
            ["token", "list"].as_slice(),
            &["serve", "--listen", "127.0.0.1:0"],
        ] {
            let mut command = program.command(arguments);
            command.env("CARDINAL_DATABASE_URL", format!("sqlite:{}", path.display()));
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{tables}: {output:?}");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                said.contains("a file of something else") && !said.contains("CREATE"),
                "{said}"
            );
        }
        let after = (
            std::fs::read(&path).unwrap(),
            std::fs::metadata(&path).unwrap().permissions(),
        );
        assert!(before == after, "{tables}");
        std::fs::remove_file(&path).unwrap();
    }
}
