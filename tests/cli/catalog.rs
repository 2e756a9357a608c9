use super::kit::{Program, Sandbox};

#[test]
fn lists_entries_for_programs_and_people() {
    let program = Program::new();
    let run = program.run(&["catalog", "list", "--json"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    let list = run.json();
    let entries = list["entries"].as_array().unwrap();
    assert_eq!(list["version"], 1);
    assert!(entries.iter().any(|entry| entry["kind"] == "metric"));
    assert!(entries.iter().any(|entry| entry["kind"] == "card"));

    let table = program.run(&["catalog", "list"]).stdout;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "kind\tid\tname\tcollection\ttakes");
    assert_eq!(lines.len(), entries.len() + 1);
}

#[test]
fn shows_one_entry_or_the_nearest_names() {
    let program = Program::new();
    let list = program.run(&["catalog", "list", "--json"]).json();
    let name = list["entries"][0]["name"].as_str().unwrap();
    let run = program.run(&["catalog", "show", name]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.contains(name), "{run:#?}");
    let shown = program.run(&["catalog", "show", name, "--json"]).json();
    assert_eq!(shown[0]["name"], name);

    let judged = program.run(&["catalog", "show", "Average rating"]).stdout;
    assert!(
        judged.contains("data health: unhealthy; the model fct_reviews"),
        "{judged}"
    );

    let typo = program.run(&["catalog", "show", &format!("{name}x")]);
    assert_eq!(typo.code, Some(1));
    assert_eq!(typo.stdout, "");
    assert!(typo.stderr.contains(name), "{typo:#?}");
}

#[test]
fn check_keeps_a_first_catalog_and_reports_what_changed_since() {
    let sandbox = Sandbox::serve(&[]);
    let program = sandbox.client();
    let first = program.run(&["catalog", "check", "--json"]);
    assert_eq!(first.code, Some(0), "{first:#?}");
    assert!(first.json()["drift"].is_null());
    let second = program.run(&["catalog", "check", "--json"]).json();
    assert_eq!(second["drift"]["changes"], serde_json::json!([]));

    rename_kept_entry(&program);
    let third = program.run(&["catalog", "check"]);
    assert_eq!(third.code, Some(1), "{third:#?}");
    assert!(
        third.stdout.contains("renamed from \"Something older\""),
        "{third:#?}"
    );

    assert_eq!(program.run(&["catalog", "check", "--refresh"]).code, Some(1));
    assert_eq!(program.run(&["catalog", "check"]).code, Some(0));
}

#[test]
fn refresh_reads_what_was_edited_and_says_how_many_that_were() {
    let sandbox = Sandbox::serve(&[]);
    let program = sandbox.client();
    let count = |run: &serde_json::Value, name: &str| run[name].as_u64().unwrap();
    let first = program.run(&["catalog", "refresh", "--json"]);
    assert_eq!(first.code, Some(0), "{first:#?}");
    let first = first.json();
    assert_eq!((count(&first, "unedited"), first["drift"].is_null()), (0, true));
    assert_eq!(count(&first, "read"), count(&first, "entries"));

    let second = program.run(&["catalog", "refresh", "--json"]).json();
    assert_eq!(second["fingerprint"], first["fingerprint"]);
    assert!(count(&second, "unedited") > 30, "{second:#}");
    assert_eq!(second["drift"]["changes"], serde_json::json!([]));

    let told = program.run(&["catalog", "refresh"]).stdout;
    assert!(told.contains("unedited since they were read"), "{told}");
    let all = program.run(&["catalog", "refresh", "--all"]).stdout;
    assert!(all.contains(" read\n") && !all.contains("unedited"), "{all}");
}

/// Makes the kept catalog say that an entry was called something else.
fn rename_kept_entry(program: &Program) {
    let folder = program.folder().join(".cache/cardinal");
    let path = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let mut kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let entry = kept.pointer_mut("/catalog/entries/0").unwrap();
    entry["name"] = "Something older".into();
    let entries = serde_json::from_value(kept["catalog"]["entries"].clone()).unwrap();
    let notes = serde_json::from_value(kept["catalog"]["notes"].clone()).unwrap_or_default();
    let catalog = cardinal::catalog::Catalog::for_tests(entries).noted_for_tests(notes);
    kept["fingerprint"] = catalog.fingerprint().into();
    std::fs::write(&path, kept.to_string()).unwrap();
}
