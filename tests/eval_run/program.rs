use std::path::Path;
use std::process::{Command, Output};

const WRONG: &str = "version: 1\nname: wrong\ndataset: {kind: demo}\ncases:\n  - id: weather\n    question: What is the weather on Mars tomorrow?\n    expect: {outcome: [answered]}\n";

fn cardinal(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cardinal"))
        .args(arguments)
        .env_clear()
        .env("HOME", folder)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn ended(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = cardinal(folder, arguments);
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    (out, err)
}

#[test]
fn the_starter_suite_passes_and_everything_can_be_made_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    ended(at, &["eval", "init", "suite"], 0);
    ended(at, &["eval", "init", "suite"], 2);
    let (out, err) = ended(
        at,
        &[
            "eval",
            "run",
            "suite",
            "--model",
            "offline",
            "--out",
            "one",
            "--trials",
            "2",
            "--write-baseline",
            "base.json",
            "--junit",
            "j.xml",
            "--html",
            "r.html",
            "--markdown",
            "s.md",
            "--json",
            "s.json",
        ],
        0,
    );
    assert!(out.ends_with("2 passed, 0 failed\n"), "{out}");
    assert!(err.contains("[4/4]"), "{err}");
    for file in [
        "one/results.jsonl",
        "one/summary.json",
        "base.json",
        "j.xml",
        "r.html",
        "s.md",
        "s.json",
    ] {
        assert!(at.join(file).metadata().unwrap().len() > 0, "{file}");
    }
    ended(
        at,
        &["eval", "run", "suite", "--model", "offline", "--out", "one"],
        2,
    );
    let (out, _) = ended(at, &["eval", "show", "one", "not-in-the-data"], 0);
    assert!(out.contains("Mars"), "{out}");
    ended(at, &["eval", "show", "one", "nothing"], 2);
    ended(
        at,
        &[
            "eval",
            "grade",
            "one",
            "--suite",
            "suite",
            "--baseline",
            "base.json",
        ],
        0,
    );
    ended(at, &["eval", "compare", "one", "one"], 0);
}

#[test]
fn exit_codes_tell_regressions_from_what_cannot_be_compared() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("wrong.yaml"), WRONG).unwrap();
    let run = ["eval", "run", "wrong.yaml", "--model", "offline"];
    let (out, _) = ended(
        at,
        &[&run[..], &["--out", "a", "--write-baseline", "b.json"]].concat(),
        1,
    );
    assert!(out.ends_with("0 passed, 1 failed\n"), "{out}");
    // It failed in the baseline too, so it is no regression.
    ended(
        at,
        &[
            "eval",
            "grade",
            "a",
            "--suite",
            "wrong.yaml",
            "--baseline",
            "b.json",
        ],
        0,
    );

    let baseline = std::fs::read_to_string(at.join("b.json")).unwrap();
    std::fs::write(
        at.join("passed.json"),
        baseline.replace("\"passed\": 0", "\"passed\": 1"),
    )
    .unwrap();
    ended(
        at,
        &[
            "eval",
            "grade",
            "a",
            "--suite",
            "wrong.yaml",
            "--baseline",
            "passed.json",
        ],
        1,
    );
    std::fs::write(
        at.join("other.json"),
        baseline.replace("\"offline\"", "\"openai:x\""),
    )
    .unwrap();
    let (out, _) = ended(
        at,
        &[
            "eval",
            "grade",
            "a",
            "--suite",
            "wrong.yaml",
            "--baseline",
            "other.json",
        ],
        3,
    );
    assert!(out.contains("the model differs"), "{out}");

    std::fs::write(at.join("wrong.yaml"), WRONG.replace("Mars", "Venus")).unwrap();
    let (out, _) = ended(at, &["eval", "grade", "a", "--suite", "wrong.yaml"], 1);
    assert!(out.contains("1 stale"), "{out}");
    std::fs::write(at.join("wrong.yaml"), WRONG.replace("expect", "expects")).unwrap();
    let (_, err) = ended(at, &run, 2);
    assert!(err.contains("wrong.yaml:"), "{err}");
}

#[test]
fn one_report_can_go_to_stdout_and_a_missing_folder_is_known_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("wrong.yaml"), WRONG).unwrap();
    let run = ["eval", "run", "wrong.yaml", "--model", "offline", "--out", "a"];
    let with = |more: &[&str], code| ended(at, &[&run[..], more].concat(), code);
    let (_, err) = with(&["--junit", "nowhere/j.xml"], 2);
    assert!(err.contains("there is no folder nowhere"), "{err}");
    let (_, err) = with(&["--junit", "-", "--json"], 2);
    assert!(err.contains("only one report"), "{err}");
    assert!(!at.join("a").exists(), "nothing ran");
    let (out, err) = with(&["--junit", "-", "--markdown", "m.md"], 1);
    assert!(
        out.starts_with("<?xml") && out.trim_end().ends_with("</testsuites>"),
        "{out}"
    );
    assert!(err.ends_with("0 passed, 1 failed\n"), "{err}");
    assert!(at.join("m.md").exists() && !at.join("-").exists());
}

#[test]
fn a_model_that_is_not_there_is_a_harness_error_and_makes_no_baseline() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("wrong.yaml"), WRONG).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cardinal"))
        .args([
            "eval",
            "run",
            "wrong.yaml",
            "--model",
            "openai:x",
            "--write-baseline",
            "b.json",
        ])
        .env_clear()
        .env("HOME", at)
        .env("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
        .current_dir(at)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("1 not run to their end")
    );
    assert!(!at.join("b.json").exists());
}
