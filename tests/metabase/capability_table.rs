//! The table in the book is the one in the code.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cardinal::metabase::{Capability, CapabilityProof, Generation, served};

/// Set it to write the table anew.
const UPDATE: &str = "CARDINAL_WRITE_DOCS";
const BEGIN: &str = "<!-- table: written by the tests with CARDINAL_WRITE_DOCS=1 -->\n";
const END: &str = "<!-- end of table -->";

fn generations() -> Vec<Option<Generation>> {
    std::iter::once(None).chain(Generation::ALL.map(Some)).collect()
}

fn table() -> String {
    let mut table = String::new();
    for capability in Capability::ALL {
        let _ = writeln!(table, "\n### {}\n", capability.words());
        table.push_str("| Metabase | how | known from |\n|---|---|---|\n");
        for generation in generations() {
            let name = generation.map_or("no Agent API", Generation::versions);
            let how = served(capability, generation);
            let (way, known) = match how.proof {
                CapabilityProof::Source(file) => (how.way, file.to_owned()),
                CapabilityProof::Assumed => (how.way, "assumed".to_owned()),
                CapabilityProof::Absent => ("–", "–".to_owned()),
            };
            let _ = writeln!(table, "| {name} | {way} | {known} |");
        }
    }
    table.push('\n');
    table
}

#[test]
fn the_page_has_the_table_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metabase-generations.md");
    let page = fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once(BEGIN).unwrap();
    let (stands, tail) = rest.split_once(END).unwrap();
    let table = table();
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, format!("{head}{BEGIN}{table}{END}{tail}")).unwrap();
        return;
    }
    assert!(
        stands == table,
        "docs/metabase-generations.md is not the table: run the tests with {UPDATE}=1"
    );
}

#[test]
fn nothing_is_served_without_a_way() {
    for capability in Capability::ALL {
        for generation in generations() {
            let how = served(capability, generation);
            let absent = how.proof == CapabilityProof::Absent;
            assert_eq!(how.way.is_empty(), absent, "{capability:?} {generation:?}");
        }
    }
}
