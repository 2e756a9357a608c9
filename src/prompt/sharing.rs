//! What entries have in common is said once: metrics over one table share its dimensions, and tables that are joined
//! bring the same ones to several. Dimensions are most of what an entry takes.

use std::collections::BTreeMap;

/// Fewest items of a line, and fewest dimensions of a table, that are worth pointing at elsewhere.
const WORTH_SHARING: usize = 4;
/// Fewest bytes of a line that are, however few its items.
const WORTH_BYTES: usize = 80;

/// A dimension as it is shown, in parts.
#[derive(Debug, Clone)]
pub(super) struct DimensionText {
    /// The joined table, with its dot: `User.`; empty for the entry's own.
    table: String,
    name: String,
    rest: String,
}

impl DimensionText {
    pub(super) fn of(name: &str, rest: String) -> Self {
        let own = name.rfind('.').map_or(0, |dot| dot + 1);
        let (table, name) = name.split_at_checked(own).unwrap_or(("", name));
        Self {
            table: table.to_owned(),
            name: name.to_owned(),
            rest,
        }
    }

    pub(super) fn whole(&self) -> String {
        format!("{}{}{}", self.table, self.name, self.rest)
    }

    fn full_name(&self) -> String {
        format!("{}{}", self.table, self.name)
    }
}

#[derive(Debug, Default)]
pub(super) struct SharedLines {
    /// Whole lines, with the entry that has each.
    lines: BTreeMap<Vec<String>, String>,
    /// The dimensions of a table without its name, with where they stand: the first one's name and the entry.
    tables: BTreeMap<Vec<String>, String>,
}

impl SharedLines {
    /// Shortens the items of a line of the entry `here`.
    pub(super) fn line(&mut self, here: &str, items: &mut Vec<String>, parts: &[DimensionText]) {
        let bytes: usize = items.iter().map(String::len).sum();
        if bytes < WORTH_BYTES && items.len() < WORTH_SHARING {
            return;
        }
        if let Some(first) = self.lines.get(items) {
            *items = vec![format!("the same as of {first}")];
            return;
        }
        self.lines.insert(items.clone(), here.to_owned());
        if parts.is_empty() {
            return;
        }
        *items = parts
            .chunk_by(|one, other| one.table == other.table)
            .flat_map(|of_table| self.table(here, of_table))
            .collect();
    }

    /// The dimensions of one table: their names alone, if an earlier entry has the same.
    fn table(&mut self, here: &str, parts: &[DimensionText]) -> Vec<String> {
        let all = || parts.iter().map(DimensionText::whole).collect();
        let key: Vec<String> = parts
            .iter()
            .map(|part| format!("{}{}", part.name, part.rest))
            .collect();
        let Some(first) = parts.first().filter(|_| parts.len() >= WORTH_SHARING) else {
            return all();
        };
        if let Some(there) = self.tables.get(&key) {
            let names: Vec<String> = parts.iter().map(DimensionText::full_name).collect();
            return vec![format!("{}: types and values as of {there}", names.join(", "))];
        }
        self.tables
            .insert(key, format!("{} and so on of {here}", first.full_name()));
        all()
    }
}
