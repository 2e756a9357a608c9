//! Held results and their columns, by the names the model wrote.

use super::{Rejection, listing, names, query_tool, quote, resolve};
use crate::result::{Column, Handle, HeldResult, HeldResults};

/// Results listed when one is not found.
const SHOWN: usize = 6;
/// Columns listed when one is not found.
const SHOWN_COLUMNS: usize = 12;

/// The held result of that name, whose rows can still be had.
pub(in crate::tools) fn held<'a>(shelf: &'a HeldResults, written: &str) -> Result<&'a HeldResult, Rejection> {
    let handle = written.trim().parse::<Handle>().ok();
    let Some(found) = handle.and_then(|handle| shelf.get(handle)) else {
        return Err(
            Rejection::unknown_name(format!("no result {} is held", quote(written)))
                .hint(those_there_are(shelf)),
        );
    };
    if shelf.is_gone(found.handle) {
        let again = found.origin.source().map_or_else(
            || match found.origin.lookup() {
                Some(lookup) => format!("look it up again: {} {}", lookup.tool, lookup.arguments),
                None => "make it again from results that are held".to_owned(),
            },
            |source| format!("query it again: {} {}", query_tool(source.kind), source.arguments),
        );
        return Err(Rejection::unknown_name(format!(
            "the rows of {}, {}, are held no longer",
            found.handle,
            quote(&found.title)
        ))
        .hint(again)
        .hint(those_there_are(shelf)));
    }
    Ok(found)
}

fn those_there_are(shelf: &HeldResults) -> String {
    let all: Vec<&HeldResult> = shelf.iter().filter(|held| !shelf.is_gone(held.handle)).collect();
    if all.is_empty() {
        return "no result is held yet: run a query first; its result then begins with its name".to_owned();
    }
    let skipped = all.len().saturating_sub(SHOWN);
    let named: Vec<String> = all
        .iter()
        .skip(skipped)
        .map(|held| format!("{} ({}, {} rows)", held.handle, held.title, held.shown.rows_known))
        .collect();
    let more = if skipped > 0 {
        format!(" and {skipped} earlier ones")
    } else {
        String::new()
    };
    format!("held are: {}{more}", named.join("; "))
}

/// The place of the column of that name among `columns`.
pub(in crate::tools) fn column(columns: &[Column], wanted: &str, place: &str) -> Result<usize, Rejection> {
    let found = resolve(wanted, columns, |column| &column.name, |column| &column.label)
        .and_then(|found| columns.iter().position(|column| column.name == found.name));
    found.ok_or_else(|| {
        let near = names::nearest(
            wanted,
            columns.iter().map(|column| column.name.as_str()),
            SHOWN_COLUMNS,
        );
        Rejection::unknown_name(format!("{place} has no column {}", quote(wanted)))
            .hint(format!("its columns, nearest first: {}", listing(near)))
    })
}
