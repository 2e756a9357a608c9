//! The table of operations against what is publicly known of dbt's API, and what a request is read as.

mod docs;
mod requests;
mod table;

/// The 32 operations as the API's description has them: group, name, method, path, access, permission.
pub const ADMINISTRATIVE: &str = include_str!("administrative.tsv");

/// The lines of the list, without its heading.
pub fn listed() -> impl Iterator<Item = Vec<&'static str>> {
    ADMINISTRATIVE
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect())
}
