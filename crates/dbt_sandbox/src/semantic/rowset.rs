use std::fmt::Write as _;

use super::element::Element;
use super::fault::SemanticFault;
use super::manifest::{SemanticSource, ServedManifest};
use super::warehouse::relation;

/// The rows of a table with what is joined to it. Each table is a subselect of just the values that are needed, so that no
/// two columns get in each other's way.
#[derive(Debug)]
pub(super) struct Rowset<'a> {
    manifest: &'a ServedManifest,
    tables: Vec<JoinedTable<'a>>,
}

#[derive(Debug)]
struct JoinedTable<'a> {
    source: &'a SemanticSource,
    /// SQL of the values, in the order of their columns `c0`, `c1`, …
    values: Vec<String>,
    /// The table before it, the column there, and its own column.
    join: Option<(usize, String, String)>,
}

impl<'a> Rowset<'a> {
    pub(super) fn new(manifest: &'a ServedManifest, source: &'a SemanticSource) -> Self {
        let first = JoinedTable {
            source,
            values: Vec::new(),
            join: None,
        };
        Self {
            manifest,
            tables: vec![first],
        }
    }

    /// A value of the first table.
    pub(super) fn own(&mut self, sql: &str) -> String {
        self.column(0, sql)
    }

    /// The value of an element, before times are made coarser.
    pub(super) fn value(&mut self, element: &Element) -> Result<String, SemanticFault> {
        let mut table = 0;
        for hop in &element.steps {
            let from = self.column(table, &hop.from);
            let same = |joined: &JoinedTable<'_>| {
                joined.source.name == hop.to && joined.join.as_ref().is_some_and(|(_, left, _)| *left == from)
            };
            table = if let Some(known) = self.tables.iter().position(same) {
                known
            } else {
                let source = self.manifest.source(&hop.to);
                let source = source
                    .ok_or_else(|| SemanticFault::new(format!("There is no semantic model {}.", hop.to)))?;
                let position = self.tables.len();
                self.tables.push(JoinedTable {
                    source,
                    values: vec![hop.key.clone()],
                    join: Some((table, from, format!("t{position}.c0"))),
                });
                position
            };
        }
        Ok(self.column(table, &element.sql))
    }

    /// `FROM` with everything that was asked for so far.
    pub(super) fn table_clause(&self) -> String {
        let mut sql = String::from("FROM ");
        for (position, table) in self.tables.iter().enumerate() {
            let values: Vec<String> = table
                .values
                .iter()
                .enumerate()
                .map(|(at, value)| format!("{value} AS c{at}"))
                .collect();
            let values = if values.is_empty() {
                "1".to_owned()
            } else {
                values.join(", ")
            };
            let select = format!(
                "(SELECT {values} FROM {}) AS t{position}",
                relation(&table.source.node_relation.relation_name)
            );
            let _ = match &table.join {
                None => write!(sql, "{select}"),
                Some((_, left, right)) => write!(sql, " LEFT JOIN {select} ON {left} = {right}"),
            };
        }
        sql
    }

    fn column(&mut self, table: usize, sql: &str) -> String {
        let Some(of) = self.tables.get_mut(table) else {
            return "NULL".to_owned();
        };
        let at = of
            .values
            .iter()
            .position(|value| value == sql)
            .unwrap_or_else(|| {
                of.values.push(sql.to_owned());
                of.values.len() - 1
            });
        format!("t{table}.c{at}")
    }
}
