//! Keys of CSV files that come without a schema: told from how their columns are called, and checked against the cells.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a primary key is called.
const KEY: &str = "id";
/// What the ids of people are called by, whatever it is that they do there.
const PEOPLE: [&str; 3] = ["user", "customer", "person"];

/// The place of a file's key: a column called `id`, else one that bears the table's name (`product_id` of `products`), if
/// every line has a value of its own there.
pub(super) fn key_place(path: &Path, table: &str) -> Result<Option<usize>, String> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| error.to_string())?;
    let headers = reader.headers().map_err(|error| error.to_string())?;
    let place = |is_key: &dyn Fn(&str) -> bool| {
        headers
            .iter()
            .position(|name| is_key(name.trim_start_matches('\u{feff}').trim()))
    };
    let named = |column: &str| {
        tables_of(column)
            .iter()
            .any(|name| name.eq_ignore_ascii_case(table))
    };
    let Some(at) = place(&|column| column.eq_ignore_ascii_case(KEY)).or_else(|| place(&named)) else {
        return Ok(None);
    };
    let mut seen = BTreeSet::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        match record.get(at) {
            Some(cell) if !cell.is_empty() && seen.insert(cell.to_owned()) => {}
            _ => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// The table that a column such as `product_id` points at, with its key, among those with one.
pub(super) fn pointed_at<'t>(column: &str, keys: &'t BTreeMap<String, String>) -> Option<(&'t str, &'t str)> {
    tables_of(column).iter().find_map(|name| {
        let found = keys.iter().find(|(table, _)| table.eq_ignore_ascii_case(name));
        found.map(|(table, key)| (table.as_str(), key.as_str()))
    })
}

/// What the table may be called that a column such as `product_id` is about: `product`, `products`, `boxes`, `categories`,
/// and `people` for those who use, buy or are.
fn tables_of(column: &str) -> Vec<String> {
    let column = column.to_ascii_lowercase();
    let Some(thing) = column.strip_suffix("_id").filter(|thing| !thing.is_empty()) else {
        return Vec::new();
    };
    let mut names = vec![thing.to_owned(), format!("{thing}s"), format!("{thing}es")];
    names.extend(thing.strip_suffix('y').map(|stem| format!("{stem}ies")));
    if PEOPLE.contains(&thing) {
        names.push("people".to_owned());
    }
    names
}
