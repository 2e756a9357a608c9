//! Holds the structure of the source: arrows between folders point downwards only, one name means one type, and the
//! table of folders in ARCHITECTURE.md is the one that is checked here.

mod imports;
mod types;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use self::imports::{Imports, imports, parts};

/// The folders of `src`, top first, each with what it is for. A folder may name only folders below it.
const LAYERS: [(&str, &str); 32] = [
    ("cli", "the commands, one file each; owns stdout and stderr"),
    (
        "server",
        "questions over HTTP: who may ask, the routes of each protocol, turns that outlive their connections, the store",
    ),
    (
        "eval",
        "cases, suites, graders (pure functions over stored answers), the runner, recordings, statistics, reports",
    ),
    (
        "batch",
        "many questions in one run: the scheduler, the file of answers, what makes a killed run go on",
    ),
    (
        "app",
        "what an embedder starts with: `App` assembles everything from the settings once, `Session` asks",
    ),
    (
        "config",
        "file, environment and flags, checked once and turned into the settings of each part",
    ),
    ("tapes", "whole turns recorded, resumed and replayed"),
    (
        "agent",
        "the loop: `step` (pure), the driver, guard, budgets, outcomes, answers, events",
    ),
    ("conversation", "what was said so far, kept within its bounds"),
    (
        "planner",
        "the keyword planner: a `Model` that needs no language model",
    ),
    (
        "tools",
        "one file for each tool, the table of tools, and the gate before them",
    ),
    (
        "references",
        "figures that a text points at: found, computed, and written in place",
    ),
    (
        "grounding",
        "figures in prose, and the cells, totals and derivations they come from",
    ),
    (
        "prompt",
        "what the model reads first: rendering, segments, hashes",
    ),
    ("model", "the `Model` trait, model servers, usage and prices"),
    (
        "ledger",
        "what a principal used today, on disk, shared by all processes; what a run may spend",
    ),
    (
        "dbt",
        "dbt: the APIs of an account, the artifacts of a local project, and how healthy the data is",
    ),
    (
        "metabase",
        "signing in, the Agent API and cards: a server becomes catalog entries, its answers become tables",
    ),
    (
        "catalog",
        "entries, ids, the store on disk, drift, nearest names; knows nothing of HTTP",
    ),
    ("result", "tables, shaping, totals, held results, arithmetic"),
    (
        "traces",
        "sends the spans of turns to a collector of OpenTelemetry (feature `otel`)",
    ),
    ("wire", "the layers that every HTTP request passes, one file each"),
    (
        "approvals",
        "a person's word for one request that changes code, money or access",
    ),
    (
        "call_log",
        "what was asked of which system, chained by hashes, on disk before it is sent",
    ),
    (
        "grants",
        "what an agent may do in which area, decided without I/O",
    ),
    (
        "operations",
        "the one table of what may be asked of Metabase and dbt",
    ),
    (
        "text",
        "what is safe to show and to send: escaping, hidden characters, marks, links",
    ),
    (
        "telemetry",
        "where log lines go, and what all share who make spans of traces",
    ),
    ("principal", "who asks: part of every cache key and every count"),
    (
        "atomic_file",
        "files that are replaced in one step and never seen half written",
    ),
    ("file_lock", "files that one process at a time works on"),
    ("file_stamp", "what tells a file from the one that it was"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn level(part: &str) -> usize {
    LAYERS
        .iter()
        .position(|(name, _)| *name == part)
        .unwrap_or_else(|| {
            panic!("src/{part} is not in the table of layers in tests/house/mod.rs: give it a place")
        })
}

#[test]
fn arrows_between_folders_point_downwards_only() {
    let src = root().join("src");
    let here = parts(&src);
    for (name, _) in LAYERS {
        assert!(
            here.contains(name),
            "the table of layers names src/{name}, which does not exist"
        );
    }
    for part in &here {
        level(part);
    }
    let mut upward = String::new();
    for (part, others) in imports(&src) {
        for (other, file) in others {
            if level(&other) <= level(&part) {
                let _ = writeln!(upward, "  {part} names {other} (src/{})", file.display());
            }
        }
    }
    assert!(upward.is_empty(), "these arrows point upwards:\n{upward}");
}

/// The table as ARCHITECTURE.md shows it.
fn picture(imports: &Imports) -> String {
    let mut table = String::from("| folder | what it is for | rests on |\n|---|---|---|\n");
    for (part, purpose) in LAYERS {
        let mut rests: Vec<&str> = imports
            .get(part)
            .map(|others| others.keys().map(String::as_str).collect())
            .unwrap_or_default();
        rests.sort_by_key(|other| level(other));
        let rests = if rests.is_empty() {
            "–".to_owned()
        } else {
            rests.join(", ")
        };
        let _ = writeln!(table, "| `{part}/` | {purpose} | {rests} |");
    }
    table
}

const BEGIN: &str = "<!-- layers: written by `UPDATE_ARCHITECTURE=1 cargo test house` -->\n";
const END: &str = "<!-- end of layers -->";

#[test]
fn the_table_of_folders_in_architecture_md_is_true() {
    let path = root().join("ARCHITECTURE.md");
    let page = fs::read_to_string(&path).expect("ARCHITECTURE.md can be read");
    let (before, rest) = page
        .split_once(BEGIN)
        .expect("it has the line that begins the table");
    let (shown, after) = rest.split_once(END).expect("it has the line that ends the table");
    let table = picture(&imports(&root().join("src")));
    if std::env::var_os("UPDATE_ARCHITECTURE").is_some() {
        write(&path, &format!("{before}{BEGIN}{table}{END}{after}"));
        return;
    }
    assert_eq!(
        shown, table,
        "run `UPDATE_ARCHITECTURE=1 cargo test house` to write the table anew"
    );
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("ARCHITECTURE.md can be written");
}

/// A library of the tests switches on tables of `regex` that the program is built without. A class such as the one for
/// letters would be fine in every test, and end the program at its first use.
#[test]
fn no_pattern_needs_a_table_that_only_tests_have() {
    let class = concat!("\\", "p{");
    let mut folders = vec![root().join("src"), root().join("crates")];
    let mut with_class = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the source can be read") {
            let path = entry.expect("its entries can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs")
                && fs::read_to_string(&path).is_ok_and(|text| text.contains(class))
            {
                with_class.push(path);
            }
        }
    }
    assert!(
        with_class.is_empty(),
        "write `\\w`, `\\d` or the letters instead: {with_class:?}"
    );
}
