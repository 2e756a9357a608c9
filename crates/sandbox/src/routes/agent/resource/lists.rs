use axum::http::StatusCode;
use serde_json::{Value, json};

use super::address::ResourceAddress;
use super::{ResourceRead, numeric};
use crate::error::ApiError;
use crate::routes::lookup;
use crate::semantic::{Access, Card, CardKind, Collection, Dashboard, TableMetadata};
use crate::state::AppState;

pub(super) fn databases(app: &AppState, access: &Access, address: &ResourceAddress) -> ResourceRead {
    let readable = lookup::readable_tables(app, access).next().is_some();
    let all = readable.then(|| database_item(app)).into_iter().collect();
    list("databases", all, address)
}

pub(super) fn database(app: &AppState, access: &Access, id: &str) -> ResourceRead {
    lookup::database(app, access, numeric("database", id)?)?;
    Ok(entity(database_item(app)))
}

pub(super) fn tables(app: &AppState, access: &Access, id: &str, address: &ResourceAddress) -> ResourceRead {
    lookup::database(app, access, numeric("database", id)?)?;
    let mut all: Vec<&TableMetadata> = lookup::readable_tables(app, access).collect();
    all.sort_by_key(|table| table.name.to_lowercase());
    let items = all.into_iter().map(table_item).collect();
    list("database-tables", items, address)
}

pub(super) fn models(app: &AppState, access: &Access, id: &str, address: &ResourceAddress) -> ResourceRead {
    lookup::database(app, access, numeric("database", id)?)?;
    let items = cards(app, access, |card| card.kind == CardKind::Model);
    list("database-models", items, address)
}

/// The database has no schemas.
pub(super) fn schemas(app: &AppState, access: &Access, id: &str) -> ResourceRead {
    lookup::database(app, access, numeric("database", id)?)?;
    Ok(whole("database-schemas", &[]))
}

pub(super) fn tables_of_schema(app: &AppState, access: &Access, id: &str) -> ResourceRead {
    lookup::database(app, access, numeric("database", id)?)?;
    Ok(whole("database-schema-tables", &[]))
}

pub(super) fn collections(app: &AppState, access: &Access, address: &ResourceAddress) -> ResourceRead {
    let tree = address.flag("tree");
    let model = app.model();
    let mut found: Vec<(String, &Collection)> = model
        .collections
        .iter()
        .filter(|collection| !collection.archived && access.collections.contains(&Some(collection.id)))
        .filter(|collection| tree || collection.location == "/")
        .map(|collection| {
            (
                if tree {
                    path_of(app, collection)
                } else {
                    collection.name.clone()
                },
                collection,
            )
        })
        .collect();
    found.sort_by_key(|(path, _)| path.to_lowercase());
    let items = found
        .into_iter()
        .map(|(path, collection)| collection_item(collection, &path))
        .collect();
    list(
        if tree {
            "collections-tree"
        } else {
            "collections-root"
        },
        items,
        address,
    )
}

pub(super) fn collection(app: &AppState, access: &Access, id: &str) -> ResourceRead {
    let collection = readable_collection(app, access, id)?;
    Ok(entity(collection_item(collection, &collection.name)))
}

pub(super) fn collection_items(
    app: &AppState,
    access: &Access,
    id: &str,
    address: &ResourceAddress,
) -> ResourceRead {
    let parent = readable_collection(app, access, id)?;
    let mut items = below(app, access, parent);
    items.extend(cards(app, access, |card| card.collection_id == Some(parent.id)));
    let dashboards = app.model().dashboards.iter();
    let dashboards = dashboards.filter(|dashboard| dashboard.collection_id == Some(parent.id));
    items.extend(dashboards.map(dashboard_item));
    list("collection-items", items, address)
}

pub(super) fn subcollections(
    app: &AppState,
    access: &Access,
    id: &str,
    address: &ResourceAddress,
) -> ResourceRead {
    let parent = readable_collection(app, access, id)?;
    list("collection-subcollections", below(app, access, parent), address)
}

pub(super) fn dashboard(app: &AppState, access: &Access, id: &str) -> ResourceRead {
    let dashboard = readable_dashboard(app, access, id)?;
    Ok(json!({
        "id": dashboard.id,
        "type": "dashboard",
        "name": dashboard.name,
        "description": dashboard.description,
        "verified": false,
        "result-type": "entity",
    }))
}

pub(super) fn dashboard_items(
    app: &AppState,
    access: &Access,
    id: &str,
    address: &ResourceAddress,
) -> ResourceRead {
    let dashboard = readable_dashboard(app, access, id)?;
    let items = cards(app, access, |card| {
        dashboard.cards.iter().any(|placed| placed.card_id == card.id)
    });
    list("dashboard-items", items, address)
}

/// What nobody looked at is not there.
pub(super) fn recent_items() -> Value {
    whole("recent-items", &[])
}

pub(super) fn derived(app: &AppState, access: &Access, id: &str, address: &ResourceAddress) -> ResourceRead {
    let table = lookup::table(app, access, numeric("table", id)?)?;
    let items = cards(app, access, |card| card.table_id == Some(table.id));
    list("table-derived", items, address)
}

pub(super) fn sources(app: &AppState, access: &Access, id: &str) -> ResourceRead {
    let card = readable_card(app, access, "card", id)?;
    let database = app.model().database.id;
    let mut items =
        vec![json!({ "type": "database", "id": database, "uri": format!("metabase://database/{database}") })];
    if let Some(table) = card.table_id {
        items.push(json!({ "type": "table", "id": table, "uri": format!("metabase://table/{table}") }));
    }
    if let Some(source) = card.source_card_id.and_then(|id| app.model().card(id)) {
        let kind = source.kind.as_str();
        items.push(
            json!({ "type": kind, "id": source.id, "uri": format!("metabase://{kind}/{}", source.id) }),
        );
    }
    Ok(whole("card-sources", &items))
}

/// A card that the caller may read, by its numeric id.
pub(super) fn readable_card<'a>(
    app: &'a AppState,
    access: &Access,
    kind: &str,
    id: &str,
) -> Result<&'a Card, ApiError> {
    lookup::card(app, access, &numeric(kind, id)?.to_string())
}

fn readable_collection<'a>(app: &'a AppState, access: &Access, id: &str) -> Result<&'a Collection, ApiError> {
    let id = numeric("collection", id)?.to_string();
    lookup::collection(app, access, &id)?.ok_or_else(ApiError::not_found)
}

fn readable_dashboard<'a>(app: &'a AppState, access: &Access, id: &str) -> Result<&'a Dashboard, ApiError> {
    lookup::dashboard(app, access, &numeric("dashboard", id)?.to_string())
}

fn cards(app: &AppState, access: &Access, wanted: impl Fn(&Card) -> bool) -> Vec<Value> {
    let mut found: Vec<&Card> = app
        .model()
        .cards
        .iter()
        .filter(|card| !card.archived && access.collections.contains(&card.collection_id) && wanted(card))
        .collect();
    found.sort_by_key(|card| card.name.to_lowercase());
    found.into_iter().map(card_item).collect()
}

fn below(app: &AppState, access: &Access, parent: &Collection) -> Vec<Value> {
    let location = format!("{}{}/", parent.location, parent.id);
    let mut found: Vec<&Collection> = app
        .model()
        .collections
        .iter()
        .filter(|collection| collection.location == location && !collection.archived)
        .filter(|collection| access.collections.contains(&Some(collection.id)))
        .collect();
    found.sort_by_key(|collection| collection.name.to_lowercase());
    found
        .into_iter()
        .map(|collection| collection_item(collection, &collection.name))
        .collect()
}

fn database_item(app: &AppState) -> Value {
    let database = &app.model().database;
    json!({
        "type": "database",
        "id": database.id,
        "name": database.name,
        "engine": database.engine,
        "description": database.description,
        "uri": format!("metabase://database/{}", database.id),
    })
}

fn collection_item(collection: &Collection, path: &str) -> Value {
    json!({
        "type": "collection",
        "id": collection.id,
        "name": collection.name,
        "path": path,
        "location": collection.location,
        "authority_level": collection.authority_level,
        "is_personal": false,
        "description": collection.description,
        "uri": format!("metabase://collection/{}", collection.id),
    })
}

fn table_item(table: &TableMetadata) -> Value {
    json!({
        "type": "table",
        "id": table.id,
        "name": table.name,
        "display_name": table.display_name,
        "schema": null,
        "database_id": table.database_id,
        "description": table.description,
        "uri": format!("metabase://table/{}", table.id),
    })
}

fn card_item(card: &Card) -> Value {
    let kind = card.kind.as_str();
    json!({
        "type": kind,
        "id": card.id,
        "name": card.name,
        "collection_id": card.collection_id,
        "database_id": 1,
        "table_id": card.table_id,
        "description": card.description,
        "uri": format!("metabase://{kind}/{}", card.id),
    })
}

fn dashboard_item(dashboard: &Dashboard) -> Value {
    json!({
        "type": "dashboard",
        "id": dashboard.id,
        "name": dashboard.name,
        "collection_id": dashboard.collection_id,
        "description": dashboard.description,
        "uri": format!("metabase://dashboard/{}", dashboard.id),
    })
}

/// The names of the collections above, and its own.
fn path_of(app: &AppState, collection: &Collection) -> String {
    let above = collection
        .location
        .split('/')
        .filter_map(|id| id.parse::<i64>().ok());
    let names = above.filter_map(|id| app.model().collection(id));
    let mut names: Vec<&str> = names.map(|above| above.name.as_str()).collect();
    names.push(&collection.name);
    names.join("/")
}

fn entity(mut item: Value) -> Value {
    if let Some(members) = item.as_object_mut() {
        members.insert("result-type".to_owned(), json!("metabot-entity"));
    }
    item
}

fn list(kind: &str, items: Vec<Value>, address: &ResourceAddress) -> ResourceRead {
    let page = address
        .page(items)
        .map_err(|problem| ApiError::text(StatusCode::BAD_REQUEST, problem))?;
    Ok(json!({
        "result-type": "metabot-list",
        "list-type": kind,
        "items": page.items,
        "total": page.total,
        "page": page.page,
        "pages": page.pages,
    }))
}

/// A list that is never long enough for a second page.
fn whole(kind: &str, items: &[Value]) -> Value {
    json!({
        "result-type": "metabot-list",
        "list-type": kind,
        "items": items,
        "total": items.len(),
        "page": 1,
        "pages": 1,
    })
}
