use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::catalog::{EntryKind, WarehouseTable, nearest};

/// Kinds that a person means by a name, the likeliest first. A test or a macro is only meant by its whole id.
const NAMED: [&str; 8] = [
    "model",
    "source",
    "seed",
    "snapshot",
    "metric",
    "exposure",
    "saved_query",
    "semantic_model",
];

/// One node of a dbt project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DbtNode {
    /// `model.shop.orders`.
    pub unique_id: String,
    /// `orders`; of a source the table's name.
    pub name: String,
    /// `model`, `source`, `seed`, `snapshot`, `exposure`, `metric`, …
    pub kind: String,
    /// Of a source the name of the group that its table is in.
    pub source_name: Option<String>,
    /// The table or view in the warehouse, as SQL writes it.
    pub relation: Option<String>,
    /// How a model is made; an `ephemeral` one is never run by itself.
    pub materialized: Option<String>,
    /// What it is made from.
    pub parents: Vec<String>,
    /// The page that an exposure stands for.
    pub url: Option<String>,
}

/// What is made from what in a dbt project.
#[derive(Debug, Clone, Default)]
pub struct DbtGraph {
    nodes: BTreeMap<String, DbtNode>,
}

/// Nothing, or more than one thing, has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbtNameError {
    #[error("found nothing called \"{wanted}\" in dbt{}", near(nearest))]
    Unknown {
        wanted: String,
        /// Names like it, best first.
        nearest: Vec<String>,
    },
    #[error("\"{wanted}\" can be {}: say which", ids.join(" or "))]
    Ambiguous {
        wanted: String,
        /// Ids of all that it can be.
        ids: Vec<String>,
    },
    /// An entry of Metabase that no exposure names.
    #[error(
        "no exposure of the dbt project names {wanted}: give it one whose `url` is the page in Metabase, or name a model, \
         source or metric of dbt"
    )]
    NoExposure { wanted: String },
}

fn near(names: &[String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!("; near it: {}", names.join(", "))
    }
}

impl FromIterator<DbtNode> for DbtGraph {
    fn from_iter<I: IntoIterator<Item = DbtNode>>(nodes: I) -> Self {
        Self {
            nodes: nodes
                .into_iter()
                .map(|node| (node.unique_id.clone(), node))
                .collect(),
        }
    }
}

impl DbtGraph {
    pub fn node(&self, unique_id: &str) -> Option<&DbtNode> {
        self.nodes.get(unique_id)
    }

    pub fn nodes(&self) -> impl Iterator<Item = &DbtNode> {
        self.nodes.values()
    }

    /// What a person means: an id, a name, `source.table`, a table in the warehouse, or an entry of Metabase (`card 7`,
    /// `dashboard 3`) that an exposure names by its address.
    pub fn find(&self, wanted: &str) -> Result<&DbtNode, DbtNameError> {
        let wanted = wanted.trim();
        if let Some(node) = self.nodes.get(wanted) {
            return Ok(node);
        }
        if let Some((kind, id)) = metabase_entry(wanted) {
            let found: Vec<&DbtNode> = self.nodes().filter(|node| shows(node, kind, id)).collect();
            return match found.as_slice() {
                [] => Err(DbtNameError::NoExposure {
                    wanted: wanted.to_owned(),
                }),
                found => one_of(wanted, found),
            };
        }
        let lower = wanted.to_lowercase();
        let named: Vec<&DbtNode> = self.nodes().filter(|node| is_called(node, &lower)).collect();
        // A semantic model or a saved query often has the name of what it is over, which is meant then.
        let plain: Vec<&DbtNode> = named
            .iter()
            .copied()
            .filter(|node| !matches!(node.kind.as_str(), "semantic_model" | "saved_query"))
            .collect();
        one_of(wanted, if plain.is_empty() { &named } else { &plain }).map_err(|error| match error {
            DbtNameError::Unknown { wanted, .. } => DbtNameError::Unknown {
                nearest: self.nearest(&wanted),
                wanted,
            },
            other => other,
        })
    }

    /// The exposures that show the page of a card, metric or model of Metabase. All three share one row of ids and lead to each
    /// other's pages, so any of these pages will do.
    pub(crate) fn exposures_of(&self, id: u32) -> Vec<&DbtNode> {
        self.nodes()
            .filter(|node| shows(node, &SAVED_PAGES, id))
            .collect()
    }

    /// What an entry of Metabase is made from: what its exposures say; where there is none, the nodes that are the tables which
    /// it reads. Nothing where neither is known.
    pub fn made_from(&self, kind: EntryKind, id: u32, tables: &[WarehouseTable]) -> Vec<&DbtNode> {
        let exposures = match kind {
            EntryKind::Card | EntryKind::Metric => self.exposures_of(id),
            EntryKind::Table => Vec::new(),
        };
        if !exposures.is_empty() {
            return exposures;
        }
        let mut found: Vec<&DbtNode> = tables.iter().filter_map(|table| self.of_table(table)).collect();
        found.sort_by_key(|node| &node.unique_id);
        found.dedup_by_key(|node| &node.unique_id);
        found
    }

    /// The node that is a table of the warehouse. What dbt builds goes before a source of the same name; of several of one kind
    /// none is taken, for a wrong one would be worse than none.
    pub fn of_table(&self, table: &WarehouseTable) -> Option<&DbtNode> {
        let fitting: Vec<(TableFit, &DbtNode)> = self.fitting(table).collect();
        let best = fitting.iter().map(|(fit, _)| *fit).max()?;
        let mut best_ones = fitting.iter().filter(|(fit, _)| *fit == best);
        match (best_ones.next(), best_ones.next()) {
            (Some((_, node)), None) => Some(*node),
            _ => None,
        }
    }

    /// Every node that may be a table of the warehouse.
    pub(super) fn all_of_table(&self, table: &WarehouseTable) -> impl Iterator<Item = &DbtNode> {
        self.fitting(table).map(|(_, node)| node)
    }

    fn fitting(&self, table: &WarehouseTable) -> impl Iterator<Item = (TableFit, &DbtNode)> {
        self.nodes()
            .filter_map(move |node| Some((fit(node, table)?, node)))
    }

    fn nearest(&self, wanted: &str) -> Vec<String> {
        let names = self.nodes().filter(|node| NAMED.contains(&node.kind.as_str()));
        let names: BTreeSet<&str> = names.map(|node| node.name.as_str()).collect();
        nearest(wanted, names, 3).into_iter().map(str::to_owned).collect()
    }

    /// Everything a node is made from, near ones first, each with how many steps it is away. The node itself is the first.
    pub fn upstream(&self, unique_id: &str) -> Vec<(u32, &DbtNode)> {
        self.walk(unique_id, |node| {
            node.parents.iter().map(String::as_str).collect()
        })
    }

    /// Everything that is made from a node, in the same way.
    pub fn downstream(&self, unique_id: &str) -> Vec<(u32, &DbtNode)> {
        let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for node in self.nodes.values() {
            for parent in &node.parents {
                children.entry(parent).or_default().push(&node.unique_id);
            }
        }
        self.walk(unique_id, |node| {
            children.get(node.unique_id.as_str()).cloned().unwrap_or_default()
        })
    }

    fn walk<'a>(&'a self, from: &str, next: impl Fn(&'a DbtNode) -> Vec<&'a str>) -> Vec<(u32, &'a DbtNode)> {
        let mut found: Vec<(u32, &DbtNode)> =
            self.nodes.get(from).map(|node| (0, node)).into_iter().collect();
        let mut seen: BTreeSet<&str> = found.iter().map(|(_, node)| node.unique_id.as_str()).collect();
        let mut at = 0;
        while let Some((depth, node)) = found.get(at).copied() {
            let near = next(node).into_iter().filter_map(|id| self.nodes.get(id));
            let near: BTreeMap<&str, &DbtNode> = near.map(|node| (node.unique_id.as_str(), node)).collect();
            for (id, node) in near {
                if seen.insert(id) {
                    found.push((depth.saturating_add(1), node));
                }
            }
            at += 1;
        }
        found
    }
}

/// Pages that one entry of Metabase can be opened at.
const SAVED_PAGES: [&str; 4] = ["question", "card", "model", "metric"];

/// How well a node is a table: by its schema too, or by its name alone; built by dbt, or only read by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct TableFit {
    same_schema: bool,
    built: bool,
}

fn fit(node: &DbtNode, table: &WarehouseTable) -> Option<TableFit> {
    let built = matches!(node.kind.as_str(), "model" | "seed" | "snapshot");
    if !built && node.kind != "source" {
        return None;
    }
    let relation = node.relation.as_deref().map(plain_relation).unwrap_or_default();
    let mut parts = relation.rsplit('.').filter(|part| !part.is_empty());
    let (name, schema) = (parts.next(), parts.next());
    let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
    let named = match name {
        Some(name) => same(name, &table.name),
        None => same(&node.name, &table.name),
    };
    let same_schema = match (schema, &table.schema) {
        (Some(own), Some(wanted)) if !same(own, wanted) => return None,
        (own, wanted) => own.is_some() && wanted.is_some(),
    };
    named.then_some(TableFit { same_schema, built })
}

fn one_of<'a>(wanted: &str, found: &[&'a DbtNode]) -> Result<&'a DbtNode, DbtNameError> {
    match found {
        [] => Err(DbtNameError::Unknown {
            wanted: wanted.to_owned(),
            nearest: Vec::new(),
        }),
        [one] => Ok(one),
        several => Err(DbtNameError::Ambiguous {
            wanted: wanted.to_owned(),
            ids: several.iter().map(|node| node.unique_id.clone()).collect(),
        }),
    }
}

fn is_called(node: &DbtNode, lower: &str) -> bool {
    if !NAMED.contains(&node.kind.as_str()) {
        return false;
    }
    let name = node.name.to_lowercase();
    let of_source = node
        .source_name
        .as_ref()
        .map(|source| format!("{}.{name}", source.to_lowercase()));
    let relation = node.relation.as_ref().map(|relation| plain_relation(relation));
    let is_relation = relation.is_some_and(|relation| {
        relation == *lower || lower.contains('.') && relation.ends_with(&format!(".{lower}"))
    });
    name == lower || of_source.as_deref() == Some(lower) || is_relation
}

/// A relation without its quotes, in lower case.
fn plain_relation(relation: &str) -> String {
    relation.replace(['"', '`', '[', ']'], "").to_lowercase()
}

/// A kind of page in Metabase and an id, of what reads like one.
fn metabase_entry(wanted: &str) -> Option<(&'static [&'static str], u32)> {
    let (kind, id) = wanted.split_once([' ', ':'])?;
    let id = id.trim().trim_start_matches('#').parse().ok()?;
    let kind: &'static [&'static str] = match kind.to_lowercase().as_str() {
        "card" | "question" | "metric" => &SAVED_PAGES,
        "dashboard" => &["dashboard"],
        _ => return None,
    };
    Some((kind, id))
}

/// Whether an exposure's address is the page of that kind and id: `…/question/7-revenue-by-month`.
fn shows(node: &DbtNode, kinds: &[&str], id: u32) -> bool {
    let url = node.url.as_ref().and_then(|url| Url::parse(url).ok());
    let segments: Vec<String> = url
        .as_ref()
        .and_then(Url::path_segments)
        .map(|segments| segments.map(str::to_owned).collect())
        .unwrap_or_default();
    segments.windows(2).any(|pair| match pair {
        [kind, page] => {
            let number = page.split('-').next().unwrap_or_default();
            kinds.contains(&kind.as_str()) && number.parse() == Ok(id)
        }
        _ => false,
    })
}
