use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::columns::AgentColumns;
use crate::error::ApiError;
use crate::generation::ServedFacts;
use crate::query::WideField;
use crate::state::AppState;

/// Values that are listed with a column.
const LISTED: u64 = 30;

/// Listed values by the id of the table column that has them.
pub(super) type ListedValues = BTreeMap<i64, Value>;

/// The values of those columns that list them.
pub(super) async fn listed_values(app: &AppState, columns: &AgentColumns) -> Result<ListedValues, ApiError> {
    let listing: Vec<i64> = columns
        .iter()
        .filter_map(|(_, field)| app.model().field(field.field_id?))
        .filter(|(_, field)| field.has_field_values == "list")
        .map(|(_, field)| field.id)
        .collect();
    app.blocking(move |world| {
        listing
            .into_iter()
            .filter_map(|id| Some((id, world.distinct_values(id, LISTED).ok()?)))
            .map(|(id, (values, _))| (id, values.into_iter().flatten().collect()))
            .collect()
    })
    .await
}

/// A column as tables and metrics list it.
pub(super) fn field_body(facts: &ServedFacts, id: &Value, field: &WideField, listed: &ListedValues) -> Value {
    let mut body = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    put("field_id", Some(id.clone()));
    put("name", Some(json!(field.name)));
    put("type", field.simple_type().map(Value::from));
    put("description", field.description.as_deref().map(Value::from));
    put("database_type", field.database_type.as_deref().map(Value::from));
    put("semantic_type", field.semantic_type.as_deref().map(Value::from));
    put(
        "table_reference",
        field.table_reference.as_deref().map(Value::from),
    );
    put(
        "field_values",
        field.field_id.and_then(|id| listed.get(&id)).cloned(),
    );
    if facts.described_columns {
        put("display_name", Some(json!(field.display_name)));
        put("base_type", Some(json!(field.base_type)));
        put("effective_type", Some(json!(field.base_type)));
    }
    Value::Object(body)
}
