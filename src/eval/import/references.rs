//! Which columns of a database point at which: without that, no table can be asked together with another.
//!
//! A schema that declares foreign keys is believed. Where it does not, a column points at the key of another table when its
//! name says so (`customer_id` and `customers.id`, `pid` and `publication.pid`) and its values are found there. How each
//! was found is part of the import's report, so that a person can look at what was guessed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::ImportError;

/// The file beside CSV files that describes their tables.
const SCHEMA_FILE: &str = "schema.sqlite.sql";
/// Names of keys that say nothing of their table.
const GENERIC: [&str; 6] = ["id", "key", "code", "no", "nr", "number"];
/// Fewest letters that two names have to end in alike, for names that carry the table's short name in front.
const LETTERS: usize = 5;
/// The share of values that have to be found where a column bears the name of the table it points at; of any other column
/// all have to be.
const ENOUGH: f64 = 0.5;

/// A column that points at a key of another table, both as `table.column`.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedReference {
    pub from: String,
    pub to: String,
    pub evidence: ReferenceEvidence,
}

/// How a reference was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ReferenceEvidence {
    /// The schema declares it.
    Declared,
    /// By the column's name, and by its values.
    Named {
        /// The share of the column's values that are found, from 0 to 1.
        share: f64,
    },
}

impl fmt::Display for ImportedReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {} ", self.from, self.to)?;
        match self.evidence {
            ReferenceEvidence::Declared => f.write_str("(declared)"),
            ReferenceEvidence::Named { share } => {
                write!(
                    f,
                    "(by name; {:.0} % of its values are there)",
                    (share * 100.0).floor()
                )
            }
        }
    }
}

/// A table's columns, each with its values in order and without empty ones.
type CsvColumns = Vec<(String, Vec<String>)>;

#[derive(Debug, Default)]
struct DeclaredKeys {
    /// Single columns that are their table's key, by table.
    keys: BTreeMap<String, String>,
    references: Vec<ImportedReference>,
}

/// A key that a column may point at: how well the names agree, whether the key bears its table's name, whether it is
/// declared, how many values it has, and its place.
type KeyCandidate<'a> = (u8, bool, bool, usize, &'a str, &'a str, f64);

/// The references of the database whose CSV files lie in `folder`, declared ones first.
pub(super) fn find(folder: &Path) -> Result<Vec<ImportedReference>, ImportError> {
    let tables = tables(folder)?;
    let declared = declared(folder, &tables)?;
    let mut found = declared.references.clone();
    for (name, table) in &tables {
        for (column, values) in table {
            let from = format!("{name}.{column}");
            let known = declared.references.iter().any(|reference| reference.from == from);
            if known || values.is_empty() {
                continue;
            }
            if let Some((.., other, key, share)) = best(&tables, &declared, name, column, values) {
                found.push(ImportedReference {
                    from,
                    to: format!("{other}.{key}"),
                    evidence: ReferenceEvidence::Named { share },
                });
            }
        }
    }
    Ok(found)
}

/// The key of another table that a column most likely points at.
fn best<'a>(
    tables: &'a BTreeMap<String, CsvColumns>,
    declared: &DeclaredKeys,
    own: &str,
    column: &str,
    values: &[String],
) -> Option<KeyCandidate<'a>> {
    let values: BTreeSet<&String> = values.iter().collect();
    let is_key = declared.keys.get(own).is_some_and(|key| key == column);
    let at_home = is_key && tables.get(own).is_some_and(describes);
    let others = tables
        .iter()
        .filter(|(name, table)| *name != own && describes(table));
    let candidates = others.flat_map(|(name, table)| table.iter().map(move |(key, keys)| (name, key, keys)));
    let fits = |(name, key, keys): (&'a String, &'a String, &'a Vec<String>)| {
        let declared_key = declared.keys.get(name);
        if declared_key.is_some_and(|declared| declared != key) {
            return None;
        }
        let agreement = agreement(column, name, key)?;
        let distinct: BTreeSet<&String> = keys.iter().collect();
        if distinct.is_empty() || distinct.len() < keys.len() || (at_home && agreement < 3) {
            return None;
        }
        let share = share(values.intersection(&distinct).count(), values.len());
        let enough = share >= 1.0 || (agreement == 3 && share >= ENOUGH);
        let of_table = key.starts_with(&singular(name));
        enough.then_some((
            agreement,
            of_table,
            declared_key.is_some(),
            keys.len(),
            name.as_str(),
            key.as_str(),
            share,
        ))
    };
    candidates
        .filter_map(fits)
        .max_by(|one, other| (one.0, one.1, one.2, one.3).cmp(&(other.0, other.1, other.2, other.3)))
}

/// How well the name of a column says that it points at a table's key, from 1 to 3; `None` where it does not.
fn agreement(column: &str, table: &str, key: &str) -> Option<u8> {
    let (column, table, key) = (column.to_lowercase(), table.to_lowercase(), key.to_lowercase());
    let one = singular(&table);
    let one = one.as_str();
    let generic = GENERIC.contains(&key.as_str());
    if column == key {
        return (!generic).then_some(if column.starts_with(one) { 3 } else { 2 });
    }
    let named = [one, table.as_str()].contains(&column.as_str());
    if named && (generic || key.starts_with(one)) {
        return Some(3);
    }
    if generic {
        let stem = column.strip_suffix(&key)?;
        let stem = stem.strip_suffix('_').unwrap_or(stem);
        let says = |name: &str| stem == name || stem.ends_with(&format!("_{name}"));
        return (says(one) || says(&table)).then_some(3);
    }
    if column.ends_with(&format!("_{key}")) {
        return Some(2);
    }
    let alike = column
        .chars()
        .rev()
        .zip(key.chars().rev())
        .take_while(|(one, other)| one == other)
        .count();
    (key.ends_with("id") && !key.contains('_') && alike >= LETTERS).then_some(1)
}

/// Whether a table says something of its own, and does not only connect others.
fn describes(table: &CsvColumns) -> bool {
    table
        .iter()
        .any(|(column, _)| !column.to_lowercase().ends_with("id"))
}

fn singular(name: &str) -> String {
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    if name.ends_with("ss") {
        return name.to_owned();
    }
    name.strip_suffix('s').unwrap_or(name).to_owned()
}

fn share(part: usize, whole: usize) -> f64 {
    let number = |count: usize| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
    number(part) / number(whole)
}

/// What the schema beside the files declares; nothing where there is none, or none that can be read.
fn declared(folder: &Path, tables: &BTreeMap<String, CsvColumns>) -> Result<DeclaredKeys, ImportError> {
    let path = folder.join(SCHEMA_FILE);
    if !path.is_file() {
        return Ok(DeclaredKeys::default());
    }
    let text = fs::read_to_string(&path).map_err(|source| ImportError::Read {
        path: path.clone(),
        source,
    })?;
    let wrong = |error: rusqlite::Error| ImportError::Line {
        path: path.clone(),
        line: 1,
        reason: error.to_string(),
    };
    let schema = Connection::open_in_memory().map_err(wrong)?;
    schema.execute_batch(&text).map_err(wrong)?;
    let mut declared = DeclaredKeys::default();
    for table in tables.keys() {
        let keys = pragma(&schema, "table_info", table, |row| {
            Ok((row.get::<_, String>(1)?, row.get::<_, u32>(5)?))
        });
        let keys: Vec<String> = keys
            .map_err(wrong)?
            .into_iter()
            .filter_map(|(column, place)| (place > 0).then_some(column))
            .collect();
        if let [key] = keys.as_slice() {
            declared.keys.insert(table.clone(), key.clone());
        }
    }
    for table in tables.keys() {
        let references = pragma(&schema, "foreign_key_list", table, |row| {
            Ok((
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
                row.get::<_, Option<String>>(4)?,
            ))
        });
        for (other, column, key) in references.map_err(wrong)? {
            let key = key.or_else(|| declared.keys.get(&other).cloned());
            declared.references.extend(key.map(|key| ImportedReference {
                from: format!("{table}.{column}"),
                to: format!("{other}.{key}"),
                evidence: ReferenceEvidence::Declared,
            }));
        }
    }
    Ok(declared)
}

fn pragma<T>(
    schema: &Connection,
    name: &str,
    table: &str,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let table = table.replace('"', "\"\"");
    let mut statement = schema.prepare(&format!("PRAGMA {name}(\"{table}\")"))?;
    statement.query_map([], read)?.collect()
}

/// The tables of a folder's CSV files.
fn tables(folder: &Path) -> Result<BTreeMap<String, CsvColumns>, ImportError> {
    let failed = |source| ImportError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut tables = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_none_or(|end| end != "csv") {
            continue;
        }
        let wrong = |error: csv::Error| ImportError::Line {
            path: path.clone(),
            line: error
                .position()
                .map_or(1, |place| usize::try_from(place.line()).unwrap_or(1)),
            reason: error.to_string(),
        };
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_path(&path)
            .map_err(wrong)?;
        let headers = reader.headers().map_err(wrong)?.clone();
        let mut table: CsvColumns = headers.iter().map(|name| (name.to_owned(), Vec::new())).collect();
        for row in reader.records() {
            for (cell, (_, values)) in row.map_err(wrong)?.iter().zip(&mut table) {
                if !cell.is_empty() {
                    values.push(cell.to_owned());
                }
            }
        }
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        tables.insert(name, table);
    }
    Ok(tables)
}
