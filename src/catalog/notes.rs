//! What curators say beside the entries: words of the business, other names of entries, and what to ask before an entry is
//! used.
//!
//! They come from the settings (`[catalog.glossary]`, `[[catalog.notes]]`) and from the descriptions of databases and collections. They
//! are data like everything else in a catalog: they explain, and permit nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::EntryKind;

/// Notes on a whole catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogNotes {
    /// Words of the business, each with what it means.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub glossary: BTreeMap<String, String>,
    /// What databases hold, by their name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub databases: BTreeMap<String, String>,
    /// What collections hold, by their path: `Finance / Monthly`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub collections: BTreeMap<String, String>,
    /// Notes on single entries, by kind and id: `metric 12`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub entries: BTreeMap<String, EntryNotes>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryNotes {
    /// Other words for it that people use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    /// Whether it says little without a period, so that one is asked for when a question has none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_period: bool,
    /// What to ask a person first, because the entry can be meant in more than one way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
}

impl CatalogNotes {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is said of the collections that a place lies in, and of the database that it is, innermost last. A place is
    /// the path of a collection, or a database with its schema.
    pub(super) fn of_place(&self, place: &[String]) -> impl Iterator<Item = &str> {
        let paths = (1..=place.len()).filter_map(|depth| Some(place.get(..depth)?.join(" / ")));
        let said = paths.flat_map(|path| [self.databases.get(&path), self.collections.get(&path)]);
        said.flatten().map(String::as_str)
    }

    pub fn of(&self, kind: EntryKind, id: u32) -> Option<&EntryNotes> {
        self.entries.get(&Self::key(kind, id))
    }

    /// The key of an entry: `metric 12`.
    pub fn key(kind: EntryKind, id: u32) -> String {
        format!("{kind} {id}")
    }
}
