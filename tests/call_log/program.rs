//! `cardinal log` and `cardinal grants`, as a person uses them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use cardinal::call_log::verify;
use serde_json::Value;

use super::{of_kind, records, segments};
use crate::cli::kit::Program;

const QUESTION: [&str; 4] = [
    "ask",
    "How many orders were placed in 2025?",
    "--model",
    "offline",
];

/// A program that writes its calls down beside itself.
fn program() -> Program {
    Program::new().with("CARDINAL_CALL_LOG_DIR", "calls")
}

#[test]
fn without_a_setting_nothing_is_written_down() {
    let program = Program::new();
    assert_eq!(program.run(&QUESTION).code, Some(0));
    let run = program.run(&["log", "show"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("CARDINAL_CALL_LOG_DIR"), "{run:#?}");
    assert!(!program.folder().join(".local").exists());
}

/// Whoever wants to read a request whole finds it there. What was asked before the turn began is of none.
#[test]
fn a_call_is_shown_with_its_turn_and_its_place_on_the_tape() {
    let program = program();
    let taped = [&QUESTION[..], &["--tape", "orders.tape"]].concat();
    assert_eq!(program.run(&taped).code, Some(0));
    let json = program.run(&["log", "show", "--json"]).json();
    let calls = json["calls"].as_array().unwrap();
    let on_tape =
        |call: &&Value| call["tape"].is_string() && call["exchange"].is_u64() && call["turn"].is_string();
    assert!(calls.iter().filter(on_tape).count() > 0, "{json:#}");
    assert!(calls.iter().any(|call| call["turn"].is_null()), "{json:#}");
    let table = program.run(&["log", "export", "--csv"]).stdout;
    assert!(
        table.lines().next().unwrap().ends_with(",turn,tape,exchange"),
        "{table}"
    );
}

#[test]
fn calls_are_shown_checked_and_exported() {
    let program = program();
    let before = program.run(&["log", "show"]);
    assert_eq!(before.code, Some(0));
    assert!(before.stderr.contains("nothing was asked yet"), "{before:#?}");
    assert_eq!(program.run(&QUESTION).code, Some(0));
    let dir = program.folder().join("calls");
    let all = records(&dir);
    assert!(of_kind(&all, "intent").len() > 3);
    assert_eq!(of_kind(&all, "intent").len(), of_kind(&all, "outcome").len());

    // The health of the answer's data was looked up meanwhile.
    let shown = program.run(&["log", "show", "--last", "5"]);
    assert_eq!(shown.stdout.lines().count(), 5, "{shown:#?}");
    assert!(
        shown
            .stdout
            .contains("cardinal asked to run a page of a query: 202"),
        "{shown:#?}"
    );
    let json = program.run(&["log", "show", "--json"]).json();
    assert_eq!(json["version"], 1);
    assert!(
        json["calls"]
            .as_array()
            .unwrap()
            .iter()
            .all(|call| call["outcome"]["end"] == "complete")
    );

    let checked = program.run(&["log", "verify"]);
    assert_eq!(checked.code, Some(0), "{checked:#?}");
    assert!(
        checked.stdout.contains("cannot show that its end was cut off"),
        "{checked:#?}"
    );
    let head = checked
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("head: "))
        .unwrap()
        .to_owned();
    assert_eq!(program.run(&["log", "verify", "--anchor", &head]).code, Some(0));
    assert_eq!(program.run(&["log", "verify", "--anchor", "12"]).code, Some(2));

    let exported = program.run(&["log", "export"]);
    let on_disk: String = segments(&dir)
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(exported.stdout, on_disk);
    let table = program.run(&["log", "export", "--csv"]).stdout;
    assert_eq!(table.lines().count(), all.len() + 1);

    let path = segments(&dir).pop().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"status\":200", "\"status\":204", 1)).unwrap();
    let checked = program.run(&["log", "verify", "--json"]);
    assert_eq!(checked.code, Some(1));
    let bad = &checked.json()["first_bad"];
    assert!(
        bad["problem"].as_str().unwrap().contains("it was changed"),
        "{bad}"
    );
    assert_eq!(program.run(&["log", "show"]).code, Some(1));
}

/// Runs the program under a limit of its files' size, as a disk that is full does: a write ends in its middle.
fn with_room_for(kilobytes: u32, program: &Program) -> std::process::Output {
    let mut command = Command::new("bash");
    let script = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" \"$@\"");
    command
        .arg("-c")
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_cardinal"))
        .args(QUESTION);
    let like = program.command(&[]);
    command
        .env_clear()
        .envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
        .current_dir(program.folder())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn on_a_full_disk_nothing_is_asked_and_nothing_is_torn() {
    let program = program();
    let output = with_room_for(2, &program);
    let said = String::from_utf8_lossy(&output.stdout).replace('\n', " ");
    assert_ne!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("could not be written down first"), "{said}");
    let dir = program.folder().join("calls");
    let report = verify(&dir, &[]).unwrap();
    assert!(report.ok && report.torn_bytes == 0, "{report:?}");
    // With room again it goes on.
    assert_eq!(program.run(&QUESTION).code, Some(0));
    assert!(verify(&dir, &[]).unwrap().ok);
}

#[cfg(unix)]
#[test]
fn a_process_that_is_killed_leaves_a_log_that_goes_on() {
    let program = program();
    let dir = program.folder().join("calls");
    for _ in 0..3 {
        let mut child = program.command(&QUESTION).spawn().unwrap();
        wait_for_records(&dir);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(program.run(&QUESTION).code, Some(0));
    let report = verify(&dir, &[]).unwrap();
    assert!(report.ok && report.torn_bytes == 0, "{report:?}");
}

/// Until there is anything to be torn.
fn wait_for_records(dir: &Path) {
    for _ in 0..2_000 {
        if dir.is_dir()
            && segments(dir)
                .iter()
                .any(|path| fs::metadata(path).unwrap().len() > 0)
        {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("nothing was written down");
}

#[test]
fn processes_at_once_write_one_chain() {
    let program = program();
    let children: Vec<_> = (0..4)
        .map(|_| program.command(&QUESTION).spawn().unwrap())
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let dir = program.folder().join("calls");
    let report = verify(&dir, &[]).unwrap();
    assert!(report.ok && report.without_outcome == 0, "{report:?}");
}

#[test]
fn grants_are_shown_as_they_hold() {
    let program = Program::new();
    let all = program.run(&["grants", "--json"]).json();
    assert_eq!((&all["version"], &all["agent"]), (&1.into(), &"cardinal".into()));
    let operations = all["operations"].as_array().unwrap();
    let denied = operations
        .iter()
        .filter(|one| one["decision"] == "denied")
        .count();
    let dbt = operations
        .iter()
        .filter(|one| one["area"].as_str().unwrap().starts_with("dbt."))
        .count();
    assert_eq!(denied, dbt);
    fs::write(
        program.folder().join("cardinal.toml"),
        r#"
version = 1
[grants]
agent = "analyst"
[[grants.rules]]
areas = ["dbt.runs"]
level = "full"
ids = { job_id = [5, 7] }
max_calls_per_minute = 2
reason = "may start the nightly build"
[[grants.rules]]
agent = "another"
areas = ["dbt.access"]
level = "full"
"#,
    )
    .unwrap();
    let table = program.run(&["grants"]);
    let runs = table
        .stdout
        .lines()
        .find(|line| line.starts_with("dbt.runs"))
        .unwrap();
    assert!(
        runs.contains(
            "grants.rules 1: full, only job_id 5, 7, at most 2 a minute; may start the nightly build"
        ),
        "{runs}"
    );
    assert!(table.stderr.contains("no dbt account"), "{table:#?}");
    let all = program.run(&["grants", "--json"]).json();
    let decision = |name: &str| {
        let operations = all["operations"].as_array().unwrap();
        operations.iter().find(|one| one["operation"] == name).unwrap()["decision"].clone()
    };
    assert_eq!(decision("trigger_job_run"), "allowed");
    assert_eq!(decision("cancel_run"), "denied");
    assert_eq!(decision("create_service_token"), "denied");
    assert_eq!(
        program.run(&["grants", "--operations"]).stdout.lines().count(),
        operations.len() + 1
    );
}

#[test]
fn rules_that_cannot_mean_what_they_say_are_errors() {
    for (rule, said) in [
        ("areas = []\nlevel = \"read\"", "names no area"),
        (
            "areas = [\"dbt.everything\"]\nlevel = \"read\"",
            "unknown variant",
        ),
        ("areas = [\"dbt.runs\"]\nlevel = \"some\"", "unknown variant"),
        (
            "areas = [\"dbt.jobs\"]\nlevel = \"read\"\nids = { run_id = [1] }",
            "no path of its areas has a run_id",
        ),
        (
            "areas = [\"dbt.jobs\"]\nlevel = \"read\"\nids = { job_id = [] }",
            "lists no job_id",
        ),
        (
            "areas = [\"dbt.jobs\"]\nlevel = \"read\"\nexpires = \"tomorrow\"",
            "write a time with its zone",
        ),
        (
            "areas = [\"dbt.jobs\"]\nlevel = \"read\"\nmax_calls_per_minute = 0",
            "allows no call at all",
        ),
        (
            "areas = [\"dbt.jobs\"]\nlevel = \"read\"\nlevels = 1",
            "unknown field",
        ),
    ] {
        let program = Program::new();
        let text = format!("version = 1\n[[grants.rules]]\n{rule}\n");
        fs::write(program.folder().join("cardinal.toml"), text).unwrap();
        let run = program.run(&["grants"]);
        assert_eq!(run.code, Some(1), "{rule}: {run:#?}");
        assert!(run.stderr.replace("\n  ", " ").contains(said), "{rule}: {run:#?}");
    }
}

/// A program whose log has some calls.
fn with_calls() -> Program {
    let program = program();
    assert_eq!(program.run(&QUESTION).code, Some(0));
    program
}

#[test]
fn whoever_reads_a_changed_log_is_told_so() {
    let program = with_calls();
    let path = segments(&program.folder().join("calls"))[0].clone();
    let whole = fs::read_to_string(&path).unwrap();
    // A record is taken out: every line that is left is a right record.
    let mut lines: Vec<&str> = whole.lines().collect();
    lines.remove(2);
    fs::write(&path, format!("{}\n", lines.join("\n"))).unwrap();
    for command in [
        &["log", "show"][..],
        &["log", "export"],
        &["log", "export", "--csv"],
    ] {
        let run = program.run(command);
        assert_eq!(run.code, Some(1), "{run:#?}");
        let said = run.stderr.replace("\n  ", " ");
        assert!(
            said.contains("cannot be relied on: log-000001.jsonl line 3"),
            "{said}"
        );
        assert!(!run.stdout.is_empty());
    }
}

#[test]
fn a_log_that_was_emptied_or_cut_does_not_look_right() {
    let program = with_calls();
    let dir = program.folder().join("calls");
    let path = segments(&dir)[0].clone();
    let whole = fs::read_to_string(&path).unwrap();
    let cut: String = whole.lines().take(3).map(|line| format!("{line}\n")).collect();
    for (what, left) in [("cut", cut.as_str()), ("emptied", "")] {
        fs::write(&path, left).unwrap();
        let run = program.run(&["log", "verify"]);
        assert_eq!(run.code, Some(1), "{what}: {run:#?}");
        assert!(
            run.stdout.contains("the end of the log is missing"),
            "{what}: {run:#?}"
        );
    }
    // Whoever takes the head away too leaves nothing to see, which is said.
    fs::remove_file(dir.join("head")).unwrap();
    let run = program.run(&["log", "verify"]);
    assert!(
        run.stdout.contains("a log that was emptied looks the same"),
        "{run:#?}"
    );
    assert!(run.stdout.contains("Keep the head somewhere else"), "{run:#?}");
    // An anchor file of the settings is compared without being named.
    fs::write(&path, &whole).unwrap();
    let anchor = program.folder().join("anchors");
    let head = program.run(&["log", "verify"]).stdout;
    let head = head
        .lines()
        .find_map(|line| line.strip_prefix("head: "))
        .unwrap()
        .to_owned();
    fs::write(&anchor, format!("{head}\n")).unwrap();
    let anchored = program.with("CARDINAL_CALL_LOG_ANCHOR_FILE", anchor.to_str().unwrap());
    assert!(
        anchored
            .run(&["log", "verify"])
            .stdout
            .contains("1 record as anchored")
    );
    fs::write(&path, "").unwrap();
    assert_eq!(anchored.run(&["log", "verify"]).code, Some(1));
}

#[test]
fn no_exported_cell_is_a_formula() {
    let program = program();
    fs::write(
        program.folder().join("cardinal.toml"),
        "version = 1\n[grants]\nagent = \"=HYPERLINK(1)\"\n",
    )
    .unwrap();
    assert_eq!(program.run(&QUESTION).code, Some(0));
    let run = program.run(&["log", "export", "--csv"]);
    assert!(run.stdout.contains("'=HYPERLINK(1)"), "{run:#?}");
    assert!(!run.stdout.contains(",=HYPERLINK"), "{run:#?}");
}

#[test]
fn rules_that_cannot_mean_what_they_say_are_explained() {
    let program = Program::new();
    let told = |rule: &str| {
        let text =
            format!("version = 1\n[[grants.rules]]\nareas = [\"dbt.runs\"]\nlevel = \"read\"\n{rule}\n");
        fs::write(program.folder().join("cardinal.toml"), text).unwrap();
        let run = program.run(&["grants"]);
        (
            run.code,
            format!("{}{}", run.stdout, run.stderr).replace("\n  ", " "),
        )
    };
    let (code, said) = told("agent = \" \"");
    assert!(
        code == Some(1) && said.contains("names an agent without a name"),
        "{said}"
    );
    for wrong in [
        "ids = { job_id = 5.5 }",
        "ids = { job_id = [true] }",
        "ids = { job_id = [{}] }",
    ] {
        let (code, said) = told(wrong);
        assert!(
            code == Some(1) && said.contains("{ job_id = [5, 7] }"),
            "{wrong}: {said}"
        );
        assert!(
            !said.contains("untagged") && !said.contains("variant"),
            "{wrong}: {said}"
        );
    }
    let (code, said) = told("expires = 5");
    assert!(code == Some(1) && said.contains("a time with its zone"), "{said}");
    let (code, said) = told("expires = \"soon\"");
    assert!(code == Some(1) && said.contains("a time with its zone"), "{said}");
    assert_eq!(told("ids = { job_id = 5 }").0, Some(0));
    assert_eq!(told("expires = 2099-12-31T18:00:00Z").0, Some(0));
    let (code, said) = told("expires = \"2020-01-01T00:00:00Z\"");
    assert_eq!(code, Some(0));
    assert!(
        said.contains("grants.rules 1: over, grants nothing any more: read"),
        "{said}"
    );
}
