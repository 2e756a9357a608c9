//! Keys of CSV files that come without a schema: told from how their columns are called, and checked against the cells.

use std::collections::BTreeSet;
use std::path::Path;

/// What a primary key is called.
const KEY: &str = "id";
/// What the ids of people are called by, whatever it is that they do there.
const PEOPLE: [&str; 3] = ["user", "customer", "person"];

/// Whether every line of a file has a value of its own in a column called `id`.
pub(super) fn has_key(path: &Path) -> Result<bool, String> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| error.to_string())?;
    let headers = reader.headers().map_err(|error| error.to_string())?;
    let Some(at) = headers
        .iter()
        .position(|name| is_key(name.trim_start_matches('\u{feff}').trim()))
    else {
        return Ok(false);
    };
    let mut seen = BTreeSet::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        match record.get(at) {
            Some(cell) if !cell.is_empty() && seen.insert(cell.to_owned()) => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Whether a column is called as primary keys are.
pub(super) fn is_key(column: &str) -> bool {
    column.eq_ignore_ascii_case(KEY)
}

/// The table that a column such as `product_id` points at, among those with a key: `product`, `products`, `boxes`,
/// `categories`, and `people` for those who use, buy or are.
pub(super) fn pointed_at<'t>(column: &str, keyed: &'t BTreeSet<String>) -> Option<&'t str> {
    let column = column.to_ascii_lowercase();
    let thing = column.strip_suffix("_id").filter(|thing| !thing.is_empty())?;
    let mut names = vec![thing.to_owned(), format!("{thing}s"), format!("{thing}es")];
    names.extend(thing.strip_suffix('y').map(|stem| format!("{stem}ies")));
    if PEOPLE.contains(&thing) {
        names.push("people".to_owned());
    }
    names.iter().find_map(|name| {
        let found = keyed.iter().find(|table| table.eq_ignore_ascii_case(name));
        found.map(String::as_str)
    })
}
