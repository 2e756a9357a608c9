//! Finding things the caller may see: 404 when there is none, 403 when it is not for them.

use crate::app::App;
use crate::error::ApiError;
use crate::semantic::{Access, Card, Collection, Field, Table};

use super::decode::path_id;

/// A card by id or 21-character entity id.
pub(super) fn card<'a>(app: &'a App, access: &Access, id: &str) -> Result<&'a Card, ApiError> {
    let model = app.model();
    let card = match model.card_by_entity_id(id) {
        Some(card) => Some(card),
        None if is_entity_id(id) => None,
        None => model.card(path_id("id", id)?),
    };
    let card = card.ok_or_else(ApiError::not_found)?;
    if access.collections.contains(&card.collection_id) {
        Ok(card)
    } else {
        Err(ApiError::forbidden())
    }
}

/// A collection by id or entity id; `root` is `None`.
pub(super) fn collection<'a>(
    app: &'a App,
    access: &Access,
    id: &str,
) -> Result<Option<&'a Collection>, ApiError> {
    let found = if id == "root" {
        None
    } else {
        let model = app.model();
        let by_entity = model
            .collections
            .iter()
            .find(|collection| collection.entity_id == id);
        let collection = match by_entity {
            Some(collection) => Some(collection),
            None if is_entity_id(id) => None,
            None => model.collection(path_id("id", id)?),
        };
        Some(collection.ok_or_else(ApiError::not_found)?)
    };
    if access
        .collections
        .contains(&found.map(|collection| collection.id))
    {
        Ok(found)
    } else {
        Err(ApiError::forbidden())
    }
}

/// Whether a path names a thing by what stays the same between instances: 21 characters of the URL-safe alphabet.
fn is_entity_id(id: &str) -> bool {
    id.len() == 21
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && id.parse::<i128>().is_err()
}

/// A table by id.
pub(super) fn table<'a>(app: &'a App, access: &Access, id: i64) -> Result<&'a Table, ApiError> {
    let table = app.model().table(id).ok_or_else(ApiError::not_found)?;
    if access.tables.contains(&table.id) {
        Ok(table)
    } else {
        Err(ApiError::forbidden())
    }
}

/// A column by id, with its table.
pub(super) fn field<'a>(app: &'a App, access: &Access, id: i64) -> Result<(&'a Table, &'a Field), ApiError> {
    let (table, field) = app.model().field(id).ok_or_else(ApiError::not_found)?;
    if access.tables.contains(&table.id) {
        Ok((table, field))
    } else {
        Err(ApiError::forbidden())
    }
}
