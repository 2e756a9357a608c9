//! Loading suites: what is taken, what is refused, and where it says so.

use std::fs;
use std::path::Path;

use cardinal::eval::{DatasetKind, Suite, case_schema, keys, suite_schema};

const HEAD: &str = "version: 1\nname: t\ndataset: { kind: demo }\ncases:\n";
const GOOD: &str = "  - id: a\n    question: How many?\n    expect: { outcome: [answered] }\n";

fn load(text: &str) -> Result<Suite, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("suite.yaml");
    fs::write(&file, text).unwrap();
    Suite::load(&file).map_err(|error| error.to_string())
}

fn refused(text: &str, line: u32, part: &str) {
    let error = load(text).unwrap_err();
    assert!(error.contains(&format!("suite.yaml:{line}: ")), "{error}");
    assert!(error.contains(part), "{error}");
}

#[test]
fn what_could_never_fail_or_never_pass_is_refused_with_its_line() {
    let head = |case: &str| format!("{HEAD}{GOOD}{case}");
    refused(
        &head("  - id: b\n    question: x\n    expect: {}\n"),
        8,
        "expects nothing",
    );
    refused(
        &head("  - id: a\n    question: x\n    expect: { outcome: [answered] }\n"),
        8,
        "taken already",
    );
    refused(
        &head("  - id: b\n    expect: { outcome: [answered] }\n"),
        8,
        "`question` or `turns`",
    );
    refused(&head("  - id: b\n    question: x\n    expct: {}\n"), 10, "expct");
    refused(
        &head("  - id: b\n    question: x\n    expect: { outcome: [happy] }\n"),
        10,
        "happy",
    );
    refused(
        &head("  - id: b c\n    question: x\n    expect: { outcome: [answered] }\n"),
        8,
        "an id has letters",
    );
    refused(
        &head("  - id: b\n    question: x\n    expect: { text: { must: ['('] } }\n"),
        10,
        "regex",
    );
    refused(
        &head("  - id: b\n    question: x\n    expect: { gold: [{ set: { values: [] } }] }\n"),
        8,
        "needs `values`",
    );
    refused(
        &head(
            "  - id: b\n    question: x\n    expect: { gold: [{ table: { columns: [a], rows: [[1, 2]] } }] }\n",
        ),
        8,
        "row 1",
    );
    refused(
        &head("  - id: b\n    question: x\n    expect: { gold: [{ scalar: { value: 1, turn: 2 } }] }\n"),
        8,
        "turn 2 of 1",
    );
    refused(
        &HEAD
            .replace("version: 1", "version: 2")
            .replace("cases:", "cases: []"),
        1,
        "version 2",
    );
}

#[test]
fn a_folder_has_its_cases_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("cases")).unwrap();
    let suite = "version: 1\nname: t\ndataset: { kind: csv, path: data, curated: { tables: { prefix: or } } }\n\
        defaults: { budget: { steps: 4 }, tags: [all] }\n";
    fs::write(path("suite.yaml"), suite).unwrap();
    fs::write(
        path("cases/b.yaml"),
        format!("version: 1\ncases:\n{}", GOOD.replace("id: a", "id: b")),
    )
    .unwrap();
    fs::write(path("cases/a.yaml"), format!("version: 1\ncases:\n{GOOD}")).unwrap();
    let suite = Suite::load(folder.path()).unwrap();
    let ids: Vec<&str> = suite.cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(suite.dataset.kind, DatasetKind::Csv);
    assert_eq!(suite.dataset.path, Some(path("data")));
    assert_eq!(suite.cases[0].expect.budget.steps, Some(4));
    assert_eq!(suite.cases[0].tags, ["all"]);
    fs::write(path("cases/c.yaml"), format!("version: 1\ncases:\n{GOOD}")).unwrap();
    let error = Suite::load(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("c.yaml:3: ") && error.contains("a.yaml:3"),
        "{error}"
    );
}

#[test]
fn a_suite_without_cases_is_no_suite() {
    let error = load("version: 1\nname: t\ndataset: { kind: demo }\n").unwrap_err();
    assert!(error.contains("no cases"), "{error}");
}

#[test]
fn the_committed_schemas_are_the_programs() {
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let stale = [("case", case_schema()), ("suite", suite_schema())]
        .into_iter()
        .map(|(name, schema)| (format!("{name}.schema.json"), schema))
        .filter(|(file, schema)| {
            fs::write(fresh.join(file), schema).unwrap();
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(file);
            fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n") != *schema
        });
    let stale: Vec<String> = stale.map(|(file, _)| file).collect();
    assert!(
        stale.is_empty(),
        "{stale:?}: copy from {} into schemas/",
        fresh.display()
    );
}

#[test]
fn the_bytes_of_a_dataset_are_part_of_what_is_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("data")).unwrap();
    let suite = |kind: &str, at: &str| {
        let text = HEAD.replace("kind: demo", &format!("kind: {kind}, path: {at}"));
        fs::write(path("suite.yaml"), text + GOOD).unwrap();
        Suite::load(&path("suite.yaml")).unwrap()
    };
    let hashes = |kind: &str, at: &str| {
        let suite = suite(kind, at);
        let keys = keys(&suite, &suite.cases[0], &[]);
        assert_eq!(keys.data, suite.data);
        (keys.suite, keys.asked)
    };
    let mut seen = Vec::new();
    let mut changed = |kind: &str, at: &str, file: &str, text: &str| {
        fs::write(path(file), text).unwrap();
        let (suite, asked) = hashes(kind, at);
        assert_eq!((suite.clone(), asked.clone()), hashes(kind, at));
        assert!(!seen.contains(&suite), "{file}");
        seen.push(suite);
        asked
    };
    let first = changed("csv", "data", "data/a.csv", "id\n1\n");
    let second = changed("csv", "data", "data/a.csv", "id\n2\n");
    assert_eq!(first, second, "the question is the same");
    changed("csv", "data", "data/b.csv", "id\n1\n");
    changed("csv", "data", "data/metadata.json", "{}");
    changed("sqlite", "data.db", "data.db", "one");
    changed("sqlite", "data.db", "data.db", "two");
    assert_eq!(suite("csv", "nowhere").data, None);
}

#[test]
fn a_configured_dataset_has_its_settings_elsewhere() {
    let head = |dataset: &str| HEAD.replace("{ kind: demo }", dataset);
    let suite = load(&(head("{ kind: configured }") + GOOD)).unwrap();
    assert_eq!((suite.dataset.kind, suite.data), (DatasetKind::Configured, None));
    refused(&(head("{ kind: configured, path: x }") + GOOD), 1, "neither");
    refused(
        &(head("{ kind: configured, curated: { tables: all } }") + GOOD),
        1,
        "[catalog]",
    );
    let named = GOOD.replace("    expect", "    principal: analyst\n    expect");
    refused(&(head("{ kind: configured }") + &named), 1, "principal");
}
