//! An entry of any kind that a call names: `{"kind": "card", "id": 7}`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::entry::{card, entry_kind, metric, table};
use super::{Rejection, decode, entry_title, kind_word};
use crate::catalog::{Catalog, Entry, EntryKind};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedEntryArguments {
    kind: String,
    id: Value,
}

/// An entry of the catalog, by kind and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedEntry {
    /// Card, metric or table.
    pub kind: EntryKind,
    /// Its id, which is in the catalog.
    pub id: u32,
}

impl NamedEntry {
    /// The entry that arguments name, if it is curated.
    pub(in crate::tools) fn check(
        arguments: Map<String, Value>,
        catalog: &Catalog,
    ) -> Result<Self, Rejection> {
        let arguments: NamedEntryArguments =
            decode(arguments).map_err(|rejection| rejection.hint("keys: kind, id"))?;
        let kind = entry_kind(&arguments.kind)?;
        let id = match kind {
            EntryKind::Card => card(catalog, "id", &arguments.id)?.id().0,
            EntryKind::Metric => metric(catalog, "id", &arguments.id)?.entry().id.0,
            EntryKind::Table => table(catalog, "id", &arguments.id)?.id().0,
        };
        Ok(Self { kind, id })
    }

    /// The arguments of a call that names an entry.
    pub(in crate::tools) fn example(entry: &Entry) -> Value {
        let (kind, id) = (entry.kind(), entry.id());
        Self { kind, id }.arguments()
    }

    pub(in crate::tools) fn arguments(self) -> Value {
        json!({"id": self.id, "kind": kind_word(self.kind)})
    }

    pub(in crate::tools) fn in_catalog(self, catalog: &Catalog) -> Option<&Entry> {
        catalog.entry(self.kind, self.id)
    }

    /// `card 7 "Revenue by month"`.
    pub(in crate::tools) fn title(self, catalog: &Catalog) -> String {
        let name = self.in_catalog(catalog).map_or("", Entry::name);
        entry_title(self.kind, self.id, name)
    }
}
