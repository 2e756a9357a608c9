//! What the engine's tests share: one demo for the process, and short ways to ask it.

use std::sync::LazyLock;

use cardinal_sandbox::World;
use cardinal_sandbox::query::RowLimits;
use serde_json::{Value, json};

static DEMO: LazyLock<World> = LazyLock::new(|| World::demo().unwrap());

pub(super) fn demo() -> &'static World {
    &DEMO
}

/// The rows of SQL as it stands.
pub(super) fn native(world: &World, sql: &str) -> Vec<Vec<Value>> {
    rows(
        world,
        &json!({"stages": [{"lib/type": "mbql.stage/native", "native": sql}]}),
    )
}

/// The rows of a query with room for them all.
pub(super) fn rows(world: &World, query: &Value) -> Vec<Vec<Value>> {
    world
        .run(query, RowLimits::EXPORT)
        .unwrap_or_else(|error| panic!("{query}: {error}"))
        .rows
}

pub(super) fn table(world: &World, name: &str) -> i64 {
    world
        .model()
        .table_named(name)
        .unwrap_or_else(|| panic!("no table {name}"))
        .id
}

/// A column's id by `table.column`.
pub(super) fn field(world: &World, path: &str) -> i64 {
    let (table, column) = path.split_once('.').unwrap();
    let table = world.model().table_named(table).unwrap();
    table
        .field_named(column)
        .unwrap_or_else(|| panic!("no column {path}"))
        .id
}
