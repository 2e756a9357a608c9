//! The book's table of operations is the one in the code.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cardinal::operations::{Api, Operation};
use serde_json::Value;

/// Set it to write the table anew.
const UPDATE: &str = "CARDINAL_WRITE_DOCS";
const BEGIN: &str = "<!-- operations: written by `CARDINAL_WRITE_DOCS=1 cargo test operations::docs` -->\n";
const END: &str = "<!-- end of operations -->";

fn heading(api: Api) -> &'static str {
    match api {
        Api::Metabase => "Metabase",
        Api::DbtAdministrative => "dbt's Administrative API",
        Api::DbtDiscovery => "dbt's Discovery API",
        Api::DbtSemanticLayer => "dbt's Semantic Layer",
        Api::DbtLocal => "a local dbt project",
    }
}

fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value).unwrap() {
        Value::String(word) => word,
        other => other.to_string(),
    }
}

fn row(operation: &Operation) -> String {
    let approval = if operation.needs_approval() {
        ", with an approval"
    } else {
        ""
    };
    format!(
        "| `{}` | `{} {}` | `{}` | {}{approval} | {} | {} |",
        operation.name,
        operation.verb.method(),
        operation.path,
        word(operation.area),
        word(operation.access),
        word(operation.risk),
        operation.permission.map_or("–", |permission| permission.title()),
    )
}

fn table() -> String {
    let mut table = String::new();
    for api in Api::ALL {
        let _ = writeln!(table, "\n### Operations of {}\n", heading(api));
        table.push_str("| operation | request | area | access | risk | permission of the dbt token |\n");
        table.push_str("|---|---|---|---|---|---|\n");
        for operation in api.operations() {
            let _ = writeln!(table, "{}", row(operation));
        }
    }
    table.push('\n');
    table
}

#[test]
fn the_page_lists_every_operation() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/grants.md");
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
        "docs/grants.md does not list the operations of the code: run the tests with {UPDATE}=1"
    );
}
