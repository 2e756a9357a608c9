use super::kit::{answers, batch, demo, write};

/// What a file of questions is refused for; nothing is made and nothing is asked.
#[track_caller]
fn refused(name: &str, text: impl AsRef<[u8]>, said: &[&str]) {
    let program = demo();
    write(&program, name, text);
    let run = batch(&program, &[name, "-o", "out.jsonl"], 1);
    for words in said {
        assert!(run.stderr.contains(words), "{words:?} is not in {}", run.stderr);
    }
    assert!(run.stdout.is_empty());
    let made = std::fs::read_dir(program.folder()).unwrap().flatten();
    let made: Vec<_> = made.map(|entry| entry.file_name()).collect();
    assert_eq!(made, [name]);
}

#[test]
fn bad_rows_are_named_by_their_line_before_anything_is_asked() {
    refused(
        "q.jsonl",
        "{\"id\":\"a\",\"question\":\"How many orders?\"}\n\n[1]\n{\"id\":\"b\"}\n{\"question\":\"x\",\"today\":\"soon\"}\n{\"question\":",
        &[
            "q.jsonl cannot be asked",
            "line 3: it is not a JSON object",
            "line 4: it has no `question`",
            "line 5: `today` is not a date",
            "line 6: it is not whole JSON",
        ],
    );
    refused(
        "q.csv",
        "id,question\na,How many orders?\nb\nc,,\nd,\n",
        &[
            "line 3: it has 1 fields, and the first line 2",
            "line 4: it has 3 fields",
            "line 5: it has no `question`",
        ],
    );
    refused(
        "q.csv",
        "id,frage\na,b\n",
        &["line 1", "none of them is `question`"],
    );
    refused("q.csv", b"question\n\xff\xfe\n", &["line 2: it is not UTF-8"]);
    // Lines as an editor counts them: rows over several lines, empty lines, line ends of any system.
    refused(
        "q.csv",
        "id,question\r\na,\"How many\r\norders?\"\r\n\r\n\r\nb\r\nc,\"d\n\n\ne\"\nf,\n",
        &["line 6: it has 1 fields", "line 11: it has no `question`"],
    );
    refused(
        "q.csv",
        "id,question,id\na,How many orders?,b\n",
        &["line 1: two columns are called `id`"],
    );
    refused(
        "q.csv",
        "id,question\na,How many orders?\nb,\"How many\norders?\nc,x\n",
        &["line 3: a quote is opened in this row and never closed"],
    );
    let endless = format!("question\n\"{}", "x".repeat(2 << 20));
    refused("q.csv", endless, &["is a quote open?"]);
}

#[test]
fn ids_are_there_once_and_there_is_at_least_one_question() {
    refused(
        "q.jsonl",
        "{\"id\":\"a\",\"question\":\"x\"}\n{\"id\":\"b\",\"question\":\"x\"}\n{\"id\":\"a\",\"question\":\"y\"}\n",
        &["line 3: its id is also that of line 1"],
    );
    refused("q.jsonl", "", &["q.jsonl has no question"]);
    refused("q.jsonl", "\n \n", &["q.jsonl has no question"]);
    refused("q.csv", "id,question\n", &["q.csv has no question"]);
    refused(
        "q.jsonl",
        "{\"question\":\"x\",\"session\":\"s\",\"principal\":\"ana\"}\n{\"question\":\"y\",\"session\":\"s\",\"principal\":\"bo\"}\n",
        &["line 2", "session \"s\", which another principal began in line 1"],
    );
}

#[test]
fn a_table_is_read_with_line_ends_in_its_cells_and_brings_its_columns_along() {
    let program = demo();
    let table = "\u{feff}region,question,id,today\r\nnorth,\"How many orders\nwere placed in 2025?\",a,2026-01-31\r\n\r\n\
                 \"=south\",\"How many \"\"orders\"\" were placed in 2025?\",b,\r\n";
    write(&program, "q.csv", table);
    batch(&program, &["q.csv", "-o", "out.jsonl", "--table", "t.csv"], 0);
    let found = answers(&program.folder().join("out.jsonl"));
    assert_eq!(found[0]["question"], "How many orders\nwere placed in 2025?");
    assert_eq!(found[0]["metadata"]["region"], "north");
    assert_eq!(found[1]["question"], "How many \"orders\" were placed in 2025?");
    assert_eq!(found[1]["outcome"], "answered", "{:#}", found[1]);
    let table = std::fs::read_to_string(program.folder().join("t.csv")).unwrap();
    assert!(
        table.starts_with("id,session,principal,question,outcome"),
        "{table}"
    );
    assert!(
        table.contains(",region\n") && table.contains(",'=south\n"),
        "{table}"
    );
}

#[test]
fn no_two_columns_of_a_table_have_one_name() {
    let program = demo();
    write(
        &program,
        "q.jsonl",
        "{\"question\": \"How many orders were placed in 2025?\", \"text\": \"mine\", \"metadata.text\": \"too\"}\n",
    );
    batch(&program, &["q.jsonl", "-o", "out.jsonl", "--table", "t.csv"], 0);
    let table = std::fs::read_to_string(program.folder().join("t.csv")).unwrap();
    let names: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let apart: std::collections::BTreeSet<&&str> = names.iter().collect();
    assert_eq!(apart.len(), names.len(), "{names:?}");
    assert!(
        names.contains(&"metadata.text") && names.contains(&"metadata.metadata.text"),
        "{names:?}"
    );
    assert!(table.contains("mine") && table.contains("too"), "{table}");
}

#[test]
fn questions_come_in_from_stdin_too() {
    let program = demo();
    let input = "{\"question\":\"How many orders were placed in 2025?\"}\n";
    let run = program.run_with(&["batch", "-", "-o", "out.jsonl", "--json"], input);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert_eq!(run.json()["answered"], 1);
    let found = answers(&program.folder().join("out.jsonl"));
    assert_eq!(found[0]["id"], "1", "a row without an id has its number");
    let run = program.run_with(&["batch", "-", "-o", "other.jsonl"], "");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("standard input has no question"), "{run:#?}");
}

#[test]
fn the_questions_are_never_written_over() {
    let program = demo();
    write(&program, "q.jsonl", "{\"question\":\"How many orders?\"}\n");
    let run = batch(&program, &["q.jsonl", "-o", "./q.jsonl", "--fresh"], 1);
    assert!(run.stderr.contains("holds the questions"), "{run:#?}");
    write(&program, "precious.jsonl", "mine\n");
    let run = batch(&program, &["q.jsonl", "-o", "precious.jsonl"], 1);
    assert!(run.stderr.contains("--fresh"), "{run:#?}");
    std::fs::create_dir(program.folder().join("folder")).unwrap();
    let run = batch(&program, &["q.jsonl", "-o", "folder", "--fresh"], 1);
    assert!(run.stderr.contains("folder is a folder"), "{run:#?}");
    assert!(!program.folder().join("folder.run").exists());
    let precious = std::fs::read_to_string(program.folder().join("precious.jsonl")).unwrap();
    assert_eq!(precious, "mine\n");
}

#[test]
fn reports_replace_nothing_that_the_run_needs() {
    let program = demo();
    write(
        &program,
        "q.jsonl",
        "{\"id\": \"a\", \"question\": \"How many orders?\"}\n",
    );
    for (reports, what) in [
        (&["--table", "q.jsonl"][..], "the file of the questions"),
        (&["--report", "./out.jsonl"], "the file of the answers"),
        (&["--table", "out.jsonl.run/manifest.json"], "keeps its state"),
        (&["--report", "x", "--table", "x"], "the file of the report"),
    ] {
        let mut arguments = vec!["batch", "q.jsonl", "-o", "out.jsonl", "--model", "offline"];
        arguments.extend(reports);
        let run = program.run(&arguments);
        assert_eq!(run.code, Some(1), "{run:#?}");
        assert!(run.stderr.contains(what), "{run:#?}");
        assert!(!program.folder().join("out.jsonl").exists());
    }
}
