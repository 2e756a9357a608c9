use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::catalog::nearest;
use crate::metabase::MetabaseError;
use crate::metabase::call::{ApiCall, Caller};
use crate::metabase::endpoints;
use crate::metabase::failure;
use crate::metabase::lenient::lenient;

/// Most collections that are suggested for one that is not there.
const MOST_SUGGESTED: usize = 5;
/// Deepest nesting followed.
const MAX_DEPTH: usize = 64;

/// A place that content lies in: a numbered collection, or the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum CollectionPlace {
    Root,
    Numbered(u32),
}

impl CollectionPlace {
    /// As it stands in a path.
    pub(super) fn segment(self) -> String {
        match self {
            Self::Root => "root".to_owned(),
            Self::Numbered(id) => id.to_string(),
        }
    }
}

/// Every collection the credential may see.
#[derive(Debug, Default)]
pub(super) struct Collections {
    /// Names from the outermost to the collection itself, and whether it is shared (no one's personal one).
    by_id: BTreeMap<u32, CollectionInfo>,
}

#[derive(Debug)]
struct CollectionInfo {
    path: Vec<String>,
    description: Option<String>,
    ancestors: Vec<u32>,
    shared: bool,
}

/// A node of the tree.
#[derive(Deserialize)]
struct CollectionNode {
    #[serde(default)]
    id: Value,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    description: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    archived: Option<bool>,
    #[serde(rename = "type", default, deserialize_with = "lenient")]
    kind: Option<String>,
    personal_owner_id: Option<Value>,
    #[serde(default, deserialize_with = "lenient")]
    is_personal: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    children: Option<Vec<Value>>,
}

impl Collections {
    pub(super) async fn read(caller: &Caller) -> Result<Self, MetabaseError> {
        let call = ApiCall {
            action: "list collections".into(),
            query: vec![
                ("exclude-archived", "true".into()),
                ("exclude-other-user-collections", "true".into()),
            ],
            ..ApiCall::default()
        };
        let reply = caller.send(endpoints::COLLECTION_TREE, call).await?;
        let mut collections = Self::default();
        if reply.is_absent_route() {
            let call = ApiCall {
                action: "list collections".into(),
                ..ApiCall::default()
            };
            collections.add_flat(caller.fetch(endpoints::COLLECTIONS, call).await?);
            return Ok(collections);
        }
        let tree: Vec<Value> = reply.json()?;
        for node in tree {
            collections.add(node, &[], &[], true);
        }
        Ok(collections)
    }

    /// Takes collections of a server that knows no tree: each says in which others it lies, as in `/5/12/`.
    fn add_flat(&mut self, listed: Vec<Value>) {
        let mut nodes: BTreeMap<u64, Value> = listed
            .into_iter()
            .filter_map(|node| Some((node.get("id")?.as_u64()?, node)))
            .collect();
        let parents = |node: &Value| -> Vec<u64> {
            let location = node.get("location").and_then(Value::as_str).unwrap_or("/");
            location.split('/').filter_map(|id| id.parse().ok()).collect()
        };
        // The innermost first, so that each is whole when it is put into the one that it lies in.
        let mut order: Vec<(usize, u64)> = nodes
            .iter()
            .map(|(id, node)| (parents(node).len(), *id))
            .collect();
        order.sort_unstable_by(|a, b| b.cmp(a));
        for (_, id) in order {
            let parent = nodes.get(&id).and_then(|node| parents(node).last().copied());
            let Some(parent) = parent.filter(|parent| *parent != id && nodes.contains_key(parent)) else {
                continue;
            };
            let child = nodes.remove(&id);
            let outer = nodes.get_mut(&parent).and_then(Value::as_object_mut);
            if let (Some(child), Some(outer)) = (child, outer) {
                let children = outer
                    .entry("children")
                    .or_insert_with(|| Value::Array(Vec::new()));
                if let Some(children) = children.as_array_mut() {
                    children.push(child);
                }
            }
        }
        for node in nodes.into_values() {
            self.add(node, &[], &[], true);
        }
    }

    /// Takes a collection and what lies inside it. One that cannot be read is as if it were not there.
    fn add(&mut self, node: Value, path: &[String], ancestors: &[u32], shared: bool) {
        let Ok(node) = serde_json::from_value::<CollectionNode>(node) else {
            return;
        };
        if node.archived == Some(true) || node.kind.as_deref() == Some("trash") || path.len() > MAX_DEPTH {
            return;
        }
        let personal =
            node.is_personal == Some(true) || node.personal_owner_id.is_some_and(|owner| !owner.is_null());
        let shared = shared && !personal;
        let (mut path, mut ancestors) = (path.to_vec(), ancestors.to_vec());
        // Some versions put the root itself into the tree; it has no number and its name leads no path.
        if let Some(id) = node.id.as_u64().and_then(|id| u32::try_from(id).ok()) {
            path.push(node.name.unwrap_or_else(|| format!("collection {id}")));
            let known = CollectionInfo {
                path: path.clone(),
                description: node.description.filter(|text| !text.trim().is_empty()),
                ancestors: ancestors.clone(),
                shared,
            };
            self.by_id.insert(id, known);
            ancestors.push(id);
        }
        for child in node.children.unwrap_or_default() {
            self.add(child, &path, &ancestors, shared);
        }
    }

    /// What the collections at these paths hold, where somebody described them.
    pub(super) fn descriptions(&self, paths: &BTreeSet<String>) -> BTreeMap<String, String> {
        let described = self.by_id.values().filter_map(|info| {
            let path = info.path.join(" / ");
            let above = |inner: &String| *inner == path || inner.starts_with(&format!("{path} / "));
            let text = info.description.clone().filter(|_| paths.iter().any(above))?;
            Some((path, text))
        });
        described.collect()
    }

    /// Whether there is such a collection.
    pub(super) fn contains(&self, id: u32) -> bool {
        self.by_id.contains_key(&id)
    }

    /// The collection that a person means by a name, a path of names or `7-finance`, or what to write instead.
    pub(super) fn named(&self, written: &str) -> Result<CollectionPlace, String> {
        let path = |text: &str| {
            text.split('/')
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" / ")
                .to_lowercase()
        };
        let wanted = path(written);
        let same = |info: &CollectionInfo| {
            let name = info.path.last().map(|name| name.trim().to_lowercase());
            name.is_some_and(|name| name == written.trim().to_lowercase())
                || path(&info.path.join("/")) == wanted
        };
        let found: Vec<u32> = self
            .by_id
            .iter()
            .filter(|(_, info)| same(info))
            .map(|(id, _)| *id)
            .collect();
        // As the address has it; a name like `2026-budget` was looked for first.
        let slug = written
            .split('-')
            .next()
            .and_then(|number| number.trim().parse().ok());
        match (found.as_slice(), slug) {
            ([one], _) => Ok(CollectionPlace::Numbered(*one)),
            ([], Some(id)) if self.by_id.contains_key(&id) => Ok(CollectionPlace::Numbered(id)),
            ([], _) => Err(format!(
                "there is no collection \"{}\", it is archived, or the credential may not see it; {}",
                failure::clean(written),
                self.suggested(written)
            )),
            (several, _) => Err(format!(
                "\"{}\" is the name of {} collections; write the number of the one that is meant: {}",
                failure::clean(written),
                several.len(),
                several
                    .iter()
                    .map(|id| self.shown(*id))
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        }
    }

    /// What may have been meant, with the numbers to write.
    fn suggested(&self, written: &str) -> String {
        let names = self.by_id.values().filter_map(|info| info.path.last());
        let near = nearest(written, names.map(String::as_str), MOST_SUGGESTED);
        let ids = self
            .by_id
            .iter()
            .filter(|(_, info)| info.path.last().is_some_and(|name| near.contains(&name.as_str())));
        let shown: Vec<String> = ids.map(|(id, _)| self.shown(*id)).take(MOST_SUGGESTED).collect();
        if shown.is_empty() {
            return "write its number, which is in its address in Metabase: /collection/7-finance is 7"
                .to_owned();
        }
        format!(
            "did you mean {}? Write the number or the whole name",
            shown.join(", ")
        )
    }

    /// A collection with its number: `7 (Finance / Monthly)`.
    fn shown(&self, id: u32) -> String {
        let path = self.by_id.get(&id).map(|info| info.path.join(" / "));
        format!("{id} ({})", failure::clean(&path.unwrap_or_default()))
    }

    /// Collections anywhere inside this place, by number. Inside the root: all but personal ones.
    pub(super) fn inside(&self, place: CollectionPlace) -> Vec<CollectionPlace> {
        self.by_id
            .iter()
            .filter(|(_, known)| match place {
                CollectionPlace::Root => known.shared,
                CollectionPlace::Numbered(id) => known.ancestors.contains(&id),
            })
            .map(|(id, _)| CollectionPlace::Numbered(*id))
            .collect()
    }

    /// Names from the outermost collection to a place; `None` for one that is not there.
    pub(super) fn path_of(&self, place: CollectionPlace) -> Option<&[String]> {
        match place {
            CollectionPlace::Root => Some(&[]),
            CollectionPlace::Numbered(id) => self.by_id.get(&id).map(|info| info.path.as_slice()),
        }
    }

    /// Names from the outermost collection to this one; empty for the root. `name` stands for a collection that is
    /// not in the tree.
    pub(super) fn path(&self, id: Option<u32>, name: Option<&str>) -> Vec<String> {
        match id {
            None => Vec::new(),
            Some(id) => match self.by_id.get(&id) {
                Some(known) => known.path.clone(),
                None => name.map(str::to_owned).into_iter().collect(),
            },
        }
    }
}
