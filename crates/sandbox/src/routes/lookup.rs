//! Finding things the caller may see: 404 when there is none, 403 when it is not for them.

use crate::error::ApiError;
use crate::semantic::{Access, Card, Collection, Dashboard, DatabaseMetadata, FieldMetadata, TableMetadata};
use crate::state::AppState;

use super::decode::path_id;

/// A card by id or 21-character entity id.
pub(super) fn card<'a>(app: &'a AppState, access: &Access, id: &str) -> Result<&'a Card, ApiError> {
    let model = app.model();
    let card = match model.card_by_entity_id(id) {
        Some(card) => Some(card),
        None if is_entity_id(id) => None,
        None => model.card(path_id("id", id)?),
    };
    let card = card
        .filter(|card| app.knows(card))
        .ok_or_else(ApiError::not_found)?;
    if access.collections.contains(&card.collection_id) {
        Ok(card)
    } else {
        Err(ApiError::forbidden())
    }
}

/// A collection by id or entity id; `root` is `None`.
pub(super) fn collection<'a>(
    app: &'a AppState,
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

/// A dashboard by id or entity id.
pub(super) fn dashboard<'a>(app: &'a AppState, access: &Access, id: &str) -> Result<&'a Dashboard, ApiError> {
    let dashboards = &app.model().dashboards;
    let by_entity = dashboards.iter().find(|dashboard| dashboard.entity_id == id);
    let found = match by_entity {
        Some(found) => Some(found),
        None if is_entity_id(id) => None,
        None => {
            let id = path_id("id", id)?;
            dashboards.iter().find(|dashboard| dashboard.id == id)
        }
    };
    let dashboard = found.ok_or_else(ApiError::not_found)?;
    if access.collections.contains(&dashboard.collection_id) {
        Ok(dashboard)
    } else {
        Err(ApiError::forbidden())
    }
}

/// The database, for those who may query a table of it.
pub(super) fn database<'a>(
    app: &'a AppState,
    access: &Access,
    id: i64,
) -> Result<&'a DatabaseMetadata, ApiError> {
    let model = app.model();
    if id != model.database.id {
        return Err(ApiError::not_found());
    }
    if readable_tables(app, access).next().is_none() {
        return Err(ApiError::forbidden());
    }
    Ok(&model.database)
}

/// The tables that someone may query.
pub(super) fn readable_tables<'a>(
    app: &'a AppState,
    access: &'a Access,
) -> impl Iterator<Item = &'a TableMetadata> {
    let tables = app.model().tables.iter();
    tables.filter(|table| access.tables.contains(&table.id))
}

pub(super) fn table<'a>(app: &'a AppState, access: &Access, id: i64) -> Result<&'a TableMetadata, ApiError> {
    let table = app.model().table(id).ok_or_else(ApiError::not_found)?;
    if access.tables.contains(&table.id) {
        Ok(table)
    } else {
        Err(ApiError::forbidden())
    }
}

/// A column by id, with its table.
pub(super) fn field<'a>(
    app: &'a AppState,
    access: &Access,
    id: i64,
) -> Result<(&'a TableMetadata, &'a FieldMetadata), ApiError> {
    let (table, field) = app.model().field(id).ok_or_else(ApiError::not_found)?;
    if access.tables.contains(&table.id) {
        Ok((table, field))
    } else {
        Err(ApiError::forbidden())
    }
}
