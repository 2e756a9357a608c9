//! Suites as files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::ImportError;
use super::references::{ImportedReference, ReferenceEvidence};

/// A suite to be written.
#[derive(Debug)]
pub(super) struct SuiteDraft<'a> {
    pub(super) name: String,
    pub(super) description: String,
    /// The folder of CSV files.
    pub(super) data: &'a Path,
    pub(super) database: &'a str,
    /// What its columns mean beyond their descriptions.
    pub(super) glossary: Option<String>,
    pub(super) today: Date,
    pub(super) references: Vec<ImportedReference>,
    /// Cases by the file they go into, as JSON.
    pub(super) cases: BTreeMap<String, Vec<Value>>,
}

/// Writes a suite's files into a folder of its own: `suite.yaml`, `model.yaml` and `cases/*.yaml`. YAML reads JSON, so
/// only the outline is written in its own way.
pub(super) fn write(draft: &SuiteDraft, folder: &Path) -> Result<(), ImportError> {
    let suite = json!({
        "name": draft.name,
        "description": draft.description,
        "today": draft.today,
        "dataset": {"kind": "csv", "path": draft.data, "model": "model.yaml", "curated": {"tables": "all"}},
    });
    // The sandbox reads declared references itself.
    let found = draft
        .references
        .iter()
        .filter(|reference| reference.evidence != ReferenceEvidence::Declared);
    let mut tables: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
    for reference in found {
        if let Some((table, column)) = reference.from.split_once('.') {
            let fields = tables.entry(table).or_default();
            fields.insert(column, json!({"references": reference.to}));
        }
    }
    let tables: BTreeMap<&str, Value> = tables
        .into_iter()
        .map(|(table, fields)| (table, json!({"fields": fields})))
        .collect();
    let model = json!({
        "today": draft.today,
        "database": {"name": draft.database, "description": draft.glossary},
        "tables": tables,
    });
    put(&folder.join("suite.yaml"), &outline(&suite))?;
    let mut text =
        "# How the tables hang together, as the import found it. Look at what was found by name.\n"
            .to_owned();
    for reference in &draft.references {
        // Writing to a string does not fail.
        let _ = writeln!(text, "#   {reference}");
    }
    text.push_str(&outline(&model));
    put(&folder.join("model.yaml"), &text)?;
    for (file, cases) in &draft.cases {
        let mut text = "version: 1\ncases:\n".to_owned();
        for case in cases {
            let mut lead = "- ";
            for (key, value) in case.as_object().into_iter().flatten() {
                // Writing to a string does not fail.
                let _ = writeln!(text, "  {lead}{key}: {value}");
                lead = "  ";
            }
        }
        put(&folder.join("cases").join(format!("{file}.yaml")), &text)?;
    }
    Ok(())
}

/// A file of the keys of an object, one a line, after its version.
fn outline(object: &Value) -> String {
    let mut text = "version: 1\n".to_owned();
    for (key, value) in object.as_object().into_iter().flatten() {
        let _ = writeln!(text, "{key}: {value}");
    }
    text
}

fn put(path: &Path, text: &str) -> Result<(), ImportError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|source| ImportError::Write {
            path: path.to_owned(),
            source,
        })
}
