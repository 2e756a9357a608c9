use axum::Json;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::collection_body::{ancestors, collection_body, effective_parent, root_body};
use crate::error::ApiError;
use crate::routes::decode::QueryParams;
use crate::routes::extract::{Readable, SignedInCaller};
use crate::semantic::{Access, CardKind, Collection, SemanticModel};

/// `GET /api/collection`: an array, the root first.
pub(super) async fn list(
    SignedInCaller { app, access, .. }: SignedInCaller,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let archived = params.flag("archived", false)?;
    let access = &access;
    let mut all = Vec::new();
    if !archived && access.collections.contains(&None) {
        all.push(root_body(access));
    }
    all.extend(
        visible(app.model(), access)
            .filter(|collection| collection.archived == archived)
            .map(|collection| collection_body(access, collection)),
    );
    Ok(Json(Value::Array(all)))
}

/// `GET /api/collection/:id`, also `root`.
pub(super) async fn get(
    Readable {
        app,
        access,
        item: collection,
    }: Readable<Option<Collection>>,
) -> Json<Value> {
    let Some(collection) = collection else {
        return Json(root_body(&access));
    };
    let mut body = collection_body(&access, &collection);
    if let Some(members) = body.as_object_mut() {
        members.insert(
            "effective_ancestors".to_owned(),
            json!(ancestors(app.model(), &access, &collection)),
        );
    }
    Json(body)
}

/// `GET /api/collection/tree`: nested, with the kinds of content `here` and `below`.
pub(super) async fn tree(
    SignedInCaller { app, access, .. }: SignedInCaller,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let exclude_archived = params.flag("exclude-archived", false)?;
    let shallow = params.flag("shallow", false)?;
    let from = params
        .number("collection-id", 1)?
        .and_then(|id| i64::try_from(id).ok());
    let forest = CollectionTree {
        model: app.model(),
        access: &access,
        exclude_archived,
        depth: if shallow { 1 } else { usize::MAX },
    };
    Ok(Json(Value::Array(forest.below(from, 0))))
}

struct CollectionTree<'a> {
    model: &'a SemanticModel,
    access: &'a Access,
    exclude_archived: bool,
    depth: usize,
}

impl CollectionTree<'_> {
    fn children(&self, parent: Option<i64>) -> Vec<&Collection> {
        let mut children: Vec<_> = visible(self.model, self.access)
            .filter(|collection| !(self.exclude_archived && collection.archived))
            .filter(|collection| effective_parent(self.model, self.access, collection) == parent)
            .collect();
        children.sort_by_key(|collection| (collection.name.to_lowercase(), collection.id));
        children
    }

    fn below(&self, parent: Option<i64>, depth: usize) -> Vec<Value> {
        if depth >= self.depth {
            return Vec::new();
        }
        self.children(parent)
            .into_iter()
            .map(|collection| {
                let mut body = collection_body(self.access, collection);
                let here = self.kinds(collection.id);
                let below = self.kinds_below(collection.id);
                if let Some(members) = body.as_object_mut() {
                    members.insert(
                        "children".to_owned(),
                        Value::Array(self.below(Some(collection.id), depth + 1)),
                    );
                    for (key, kinds) in [("here", here), ("below", below)] {
                        if !kinds.is_empty() {
                            members.insert(key.to_owned(), json!(kinds));
                        }
                    }
                }
                body
            })
            .collect()
    }

    fn kinds(&self, collection: i64) -> BTreeSet<&'static str> {
        self.model
            .cards
            .iter()
            .filter(|card| card.collection_id == Some(collection) && !card.archived)
            .map(|card| model_name(card.kind))
            .collect()
    }

    fn kinds_below(&self, collection: i64) -> BTreeSet<&'static str> {
        self.children(Some(collection))
            .into_iter()
            .flat_map(|child| {
                let mut kinds = self.kinds(child.id);
                kinds.extend(self.kinds_below(child.id));
                kinds
            })
            .collect()
    }
}

/// The name that lists of content have for a kind of card.
pub(super) fn model_name(kind: CardKind) -> &'static str {
    match kind {
        CardKind::Question => "card",
        CardKind::Model => "dataset",
        CardKind::Metric => "metric",
    }
}

fn visible<'a>(model: &'a SemanticModel, access: &'a Access) -> impl Iterator<Item = &'a Collection> {
    model
        .collections
        .iter()
        .filter(|collection| access.collections.contains(&Some(collection.id)))
}
