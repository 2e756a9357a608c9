use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::metabase::MetabaseError;
use crate::metabase::call::{Call, Caller};
use crate::metabase::endpoints;

/// Deepest nesting followed.
const MAX_DEPTH: usize = 64;

/// A place that content lies in: a numbered collection, or the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Root,
    Numbered(u32),
}

impl Place {
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
    by_id: BTreeMap<u32, Known>,
}

#[derive(Debug)]
struct Known {
    path: Vec<String>,
    ancestors: Vec<u32>,
    shared: bool,
}

#[derive(Deserialize)]
struct Node {
    id: Value,
    #[serde(default)]
    name: String,
    #[serde(default)]
    archived: Option<bool>,
    #[serde(rename = "type")]
    kind: Option<String>,
    personal_owner_id: Option<Value>,
    is_personal: Option<bool>,
    #[serde(default)]
    children: Option<Vec<Node>>,
}

impl Collections {
    pub(super) async fn read(caller: &Caller) -> Result<Self, MetabaseError> {
        let call = Call {
            action: "list collections".into(),
            query: vec![
                ("exclude-archived", "true".into()),
                ("exclude-other-user-collections", "true".into()),
            ],
            ..Call::default()
        };
        let tree: Vec<Node> = caller.fetch(endpoints::COLLECTION_TREE, call).await?;
        let mut collections = Self::default();
        for node in tree {
            collections.add(node, &[], &[], true);
        }
        Ok(collections)
    }

    fn add(&mut self, node: Node, path: &[String], ancestors: &[u32], shared: bool) {
        if node.archived == Some(true) || node.kind.as_deref() == Some("trash") || path.len() > MAX_DEPTH {
            return;
        }
        let personal =
            node.is_personal == Some(true) || node.personal_owner_id.is_some_and(|owner| !owner.is_null());
        let shared = shared && !personal;
        let (mut path, mut ancestors) = (path.to_vec(), ancestors.to_vec());
        // Some versions put the root itself into the tree; it has no number and its name leads no path.
        if let Some(id) = node.id.as_u64().and_then(|id| u32::try_from(id).ok()) {
            path.push(node.name);
            let known = Known {
                path: path.clone(),
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

    /// Whether there is such a collection.
    pub(super) fn contains(&self, id: u32) -> bool {
        self.by_id.contains_key(&id)
    }

    /// Collections anywhere inside this place, by number. Inside the root: all but personal ones.
    pub(super) fn inside(&self, place: Place) -> Vec<Place> {
        self.by_id
            .iter()
            .filter(|(_, known)| match place {
                Place::Root => known.shared,
                Place::Numbered(id) => known.ancestors.contains(&id),
            })
            .map(|(id, _)| Place::Numbered(*id))
            .collect()
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
