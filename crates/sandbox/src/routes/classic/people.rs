//! Who made and last changed things: the sandbox has one author for all of them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::semantic::{SemanticModel, User};

/// The wire's `creator`.
pub(super) fn creator(model: &SemanticModel) -> Value {
    author(model).map_or(Value::Null, |user| {
        json!({
            "id": user.id,
            "email": user.email,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "common_name": format!("{} {}", user.first_name, user.last_name),
            "is_superuser": user.superuser,
            "is_qbnewb": false,
        })
    })
}

/// The wire's `creator_id`.
pub(super) fn creator_id(model: &SemanticModel) -> Option<i64> {
    author(model).map(|user| user.id)
}

/// The wire's `last-edit-info`.
pub(super) fn last_edit(model: &SemanticModel, at: Timestamp) -> Value {
    author(model).map_or(Value::Null, |user| {
        json!({
            "id": user.id,
            "email": user.email,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "timestamp": at.to_string(),
        })
    })
}

fn author(model: &SemanticModel) -> Option<&User> {
    model
        .users
        .iter()
        .find(|user| user.superuser)
        .or_else(|| model.users.first())
}
