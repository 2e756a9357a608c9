use serde_json::Value;
use tempfile::TempDir;

use super::kit::Program;

const QUESTION: &str = "How did revenue develop by month in 2025?";

#[test]
fn an_answer_is_recorded_shown_and_replayed() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("answer.jsonl");
    let tape = path.to_str().unwrap();
    let asked = Program::new().run(&["ask", QUESTION, "--tape", tape]);
    assert_eq!(asked.code, Some(0), "{asked:#?}");
    assert!(asked.stderr.contains("tape:"), "{asked:#?}");

    let replayed = Program::new().run(&["tape", "replay", tape]);
    // What was known of the data is on the tape, too.
    let (_, health) = asked.stdout.split_once("\n\ndata health").unwrap();
    assert_eq!(health.lines().count(), 1, "{asked:#?}");
    assert_eq!(
        (replayed.code, replayed.stdout.trim_end()),
        (Some(0), asked.stdout.trim_end()),
        "{replayed:#?}"
    );
    let json = Program::new().run(&["tape", "replay", tape, "--json"]).json();
    assert_eq!(json["tool_calls"][0]["served_by"], "tape");

    let shown = Program::new().run(&["tape", "show", tape]);
    assert_eq!(shown.code, Some(0), "{shown:#?}");
    for part in [
        QUESTION,
        "2026-06-30",
        "offline",
        "Answer (answered, final_answer)",
        "62123",
    ] {
        assert!(shown.stdout.contains(part), "{part} in {}", shown.stdout);
    }
    let markdown = Program::new().run(&["tape", "show", tape, "--markdown"]);
    assert!(
        markdown.stdout.starts_with(&format!("# {QUESTION}\n")),
        "{markdown:#?}"
    );

    let again = Program::new().run(&["ask", QUESTION, "--tape", tape]);
    assert_eq!(again.code, Some(1), "a tape is never overwritten: {again:#?}");
}

#[test]
fn two_recordings_of_one_answer_do_not_part() {
    let directory = TempDir::new().unwrap();
    let paths = ["1.jsonl", "2.jsonl"].map(|name| {
        let path = directory.path().join(name);
        let path = path.to_str().unwrap().to_owned();
        assert_eq!(
            Program::new().run(&["ask", QUESTION, "--tape", &path]).code,
            Some(0)
        );
        path
    });
    let diff = Program::new().run(&["tape", "diff", &paths[0], &paths[1]]);
    assert_eq!(diff.code, Some(0), "{diff:#?}");
    assert!(
        diff.stdout.contains("the same requests got the same responses"),
        "{diff:#?}"
    );
}

#[test]
fn two_turns_part_where_they_differ() {
    let directory = TempDir::new().unwrap();
    let record = |name: &str, question: &str| {
        let path = directory.path().join(name);
        let path = path.to_str().unwrap().to_owned();
        assert_eq!(
            Program::new().run(&["ask", question, "--tape", &path]).code,
            Some(0)
        );
        path
    };
    let one = record("1.jsonl", QUESTION);
    let other = record("2.jsonl", "How did revenue develop by quarter in 2025?");
    let same = Program::new().run(&["tape", "diff", &one, &one]);
    assert_eq!(same.code, Some(0), "{same:#?}");
    let apart = Program::new().run(&["tape", "diff", &one, &other]);
    assert_eq!(apart.code, Some(1), "{apart:#?}");
    assert!(apart.stdout.contains("exchange 1 request"), "{apart:#?}");
    assert!(
        apart.stdout.contains("month") && apart.stdout.contains("quarter"),
        "{apart:#?}"
    );
}

#[test]
fn a_tape_that_does_not_hold_is_named_with_its_reason() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("answer.jsonl");
    let tape = path.to_str().unwrap();
    Program::new().run(&["ask", QUESTION, "--tape", tape, "--quiet"]);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("62123", "62124", 1)).unwrap();
    let run = Program::new().run(&["tape", "replay", tape, "--json"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    let told: Value = run.json();
    assert_eq!(
        (&told["replayed"], &told["kind"]),
        (&Value::from(false), &Value::from("tape"))
    );
    assert!(told["reason"].as_str().unwrap().contains("line 3"), "{told}");
    let run = Program::new().run(&["tape", "replay", tape]);
    assert!(
        run.code == Some(1) && run.stdout.is_empty() && run.stderr.contains("changed after"),
        "{run:#?}"
    );
}

#[test]
fn a_folder_in_the_settings_gets_a_tape_for_each_question_and_keeps_so_many() {
    let directory = TempDir::new().unwrap();
    let tapes = directory.path().join("tapes");
    let strange = tapes.join("notes.jsonl");
    std::fs::create_dir(&tapes).unwrap();
    std::fs::write(&strange, "not ours").unwrap();
    let program = Program::new()
        .with("CARDINAL_TAPE_DIR", tapes.to_str().unwrap())
        .with("CARDINAL_TAPE_MAX_FILES", "2");
    let run = program.run_with(
        &["chat", "--quiet"],
        format!("{QUESTION}\nand by quarter?\n{QUESTION}\n"),
    );
    assert_eq!(run.code, Some(0), "{run:#?}");
    let kept = || {
        std::fs::read_dir(&tapes)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "jsonl"))
            .count()
    };
    assert_eq!(kept(), 4, "the last turn needs those before it");
    for _ in 0..2 {
        assert_eq!(program.run(&["ask", QUESTION, "--quiet"]).code, Some(0));
    }
    assert_eq!(kept(), 3, "two tapes and a file that is none of ours");
    assert!(strange.exists());
}

#[test]
fn a_recording_that_was_broken_off_is_resumed() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("answer.jsonl");
    let tape = path.to_str().unwrap();
    let asked = Program::new().run(&["ask", QUESTION, "--tape", tape]);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&path, format!("{}\n{}\n{}", lines[0], lines[1], &lines[2][..30])).unwrap();
    let resumed = Program::new().run(&[
        "ask",
        QUESTION,
        "--tape",
        tape,
        "--resume",
        "--today",
        "2020-01-01",
    ]);
    assert_eq!(
        (resumed.code, &resumed.stdout),
        (Some(0), &asked.stdout),
        "{resumed:#?}"
    );
    let replayed = Program::new().run(&["tape", "replay", tape]);
    assert_eq!(replayed.code, Some(0), "{replayed:#?}");
    let finished = Program::new().run(&["ask", QUESTION, "--tape", tape, "--resume"]);
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("finished"), "{finished:#?}");
}

#[test]
fn a_later_turn_is_resumed_with_the_turns_before_it() {
    let directory = TempDir::new().unwrap();
    let folder = directory.path().join("tapes");
    let chat = &["chat", "--quiet", "--tape", folder.to_str().unwrap()];
    let second = "How did revenue develop by quarter in 2025?";
    let run = Program::new().run_with(chat, format!("{QUESTION}\n{second}\n"));
    assert_eq!(run.code, Some(0), "{run:#?}");
    let tapes = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let second = tapes
        .filter(|path| path.extension().is_some_and(|kind| kind == "jsonl"))
        .max()
        .unwrap();
    let text = std::fs::read_to_string(&second).unwrap();
    let header = text.lines().next().unwrap();
    std::fs::write(&second, format!("{header}\n")).unwrap();
    let tape = second.to_str().unwrap();
    let resumed = Program::new().run(&["ask", "as recorded", "--tape", tape, "--resume", "--quiet"]);
    assert_eq!(resumed.code, Some(0), "{resumed:#?}");
    assert!(
        run.stdout.contains(resumed.stdout.trim()),
        "{run:#?} {resumed:#?}"
    );
    assert_eq!(Program::new().run(&["tape", "replay", tape]).code, Some(0));
}
