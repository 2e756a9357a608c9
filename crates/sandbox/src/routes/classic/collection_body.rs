use serde_json::{Value, json};

use crate::semantic::{Access, Collection, SemanticModel};

/// A collection as every route writes it.
pub(super) fn collection_body(access: &Access, collection: &Collection) -> Value {
    json!({
        "id": collection.id,
        "entity_id": collection.entity_id,
        "name": collection.name,
        "slug": collection.slug,
        "description": collection.description,
        "location": collection.location,
        "effective_location": collection.location,
        "parent_id": collection.parent,
        "archived": collection.archived,
        "archived_directly": collection.archived,
        "authority_level": collection.authority_level,
        "type": null,
        "namespace": null,
        "personal_owner_id": null,
        "is_personal": false,
        "is_sample": false,
        "is_remote_synced": false,
        "can_write": access.superuser,
        "can_restore": false,
        "can_delete": false,
    })
}

pub(super) fn root_body(access: &Access) -> Value {
    json!({
        "id": "root",
        "name": "Our analytics",
        "metabase.collections.models.collection.root/is-root?": true,
        "authority_level": null,
        "is_personal": false,
        "can_write": access.superuser,
        "parent_id": null,
        "effective_location": null,
        "effective_ancestors": [],
    })
}

/// The collections above one, from the root down, as far as the caller may read them.
pub(super) fn ancestors(model: &SemanticModel, access: &Access, collection: &Collection) -> Vec<Value> {
    let mut chain = Vec::new();
    let mut parent = collection.parent;
    while let Some(above) = parent.and_then(|id| model.collection(id)) {
        if access.collections.contains(&Some(above.id)) {
            chain.push(collection_body(access, above));
        }
        parent = above.parent;
    }
    if access.collections.contains(&None) {
        chain.push(root_body(access));
    }
    chain.reverse();
    chain
}

/// The nearest collection above that the caller may read; `None` is the root.
pub(super) fn effective_parent(
    model: &SemanticModel,
    access: &Access,
    collection: &Collection,
) -> Option<i64> {
    let mut parent = collection.parent;
    while let Some(id) = parent {
        if access.collections.contains(&Some(id)) {
            return Some(id);
        }
        parent = model.collection(id).and_then(|above| above.parent);
    }
    None
}
