//! A catalog that is too large for the prompt, on a map: its collections with how many entries each has, and the entries
//! that are most worth knowing.
//!
//! ```text
//! collections:
//!   Finance / Sales: 3 metrics, 12 cards
//! metric 3 "Revenue" verified in Finance / Sales
//! ```

use std::collections::BTreeMap;

use super::PromptError;
use super::entry::{Detail, EntryView, path};
use super::templates::{self, Templates};
use crate::catalog::{Catalog, Entry, EntryKind};

/// Bytes of the whole map.
const MAP_BYTES: usize = 30_000;
/// Bytes of the collections among them.
const COLLECTION_BYTES: usize = 10_000;
/// Kinds in the order in which they are counted, with the word for one and for many.
const KINDS: [(EntryKind, &str, &str); 3] = [
    (EntryKind::Metric, "metric", "metrics"),
    (EntryKind::Card, "card", "cards"),
    (EntryKind::Table, "table", "tables"),
];

/// The lines of the map, each with its line end.
pub(super) fn map_lines(templates: &Templates, catalog: &Catalog) -> Result<Vec<String>, PromptError> {
    let mut lines = vec!["collections:\n".to_owned()];
    lines.extend(collections(catalog));
    let mut bytes: usize = lines.iter().map(String::len).sum();
    for entry in catalog.by_standing() {
        let notes = catalog.notes().of(entry.kind(), entry.id());
        let mut view = EntryView::new(entry, notes, Detail::Names);
        view.place(entry);
        let line = templates.render(templates::ENTRY, &view)?;
        bytes += line.len();
        if bytes > MAP_BYTES {
            break;
        }
        lines.push(line);
    }
    Ok(lines)
}

/// A line for each collection, as deep as they fit; what is deeper counts to the collection above it.
fn collections(catalog: &Catalog) -> Vec<String> {
    let entries = catalog.entries();
    let deepest = entries.iter().map(|entry| entry.collection().len()).max();
    let mut depth = deepest.unwrap_or(0).max(1);
    loop {
        let lines = at_depth(entries, depth);
        let bytes: usize = lines.iter().map(String::len).sum();
        if bytes <= COLLECTION_BYTES {
            return lines;
        }
        if depth == 1 {
            return first_that_fit(lines);
        }
        depth -= 1;
    }
}

fn at_depth(entries: &[Entry], depth: usize) -> Vec<String> {
    let mut counts: BTreeMap<&[String], [usize; 3]> = BTreeMap::new();
    for entry in entries {
        let collection = entry.collection();
        let place = collection.get(..depth).unwrap_or(collection);
        let of_kinds = counts.entry(place).or_default();
        for (count, (kind, ..)) in of_kinds.iter_mut().zip(KINDS) {
            *count += usize::from(entry.kind() == kind);
        }
    }
    let line = |(place, counts): (&[String], [usize; 3])| {
        let name = if place.is_empty() {
            "(no collection)".to_owned()
        } else {
            path(place)
        };
        let counted = counts.into_iter().zip(KINDS).filter(|(count, _)| *count > 0);
        let counted = counted.map(|(count, (_, one, many))| {
            let word = if count == 1 { one } else { many };
            format!("{count} {word}")
        });
        format!("  {name}: {}\n", counted.collect::<Vec<_>>().join(", "))
    };
    counts.into_iter().map(line).collect()
}

/// As many lines as fit, and how many do not.
fn first_that_fit(lines: Vec<String>) -> Vec<String> {
    let all = lines.len();
    let mut bytes = 0usize;
    let mut shown: Vec<String> = lines
        .into_iter()
        .take_while(|line| {
            bytes += line.len();
            bytes <= COLLECTION_BYTES
        })
        .collect();
    shown.push(format!("  (and {} more collections)\n", all - shown.len()));
    shown
}
