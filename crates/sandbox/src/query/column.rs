use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::unit::TemporalUnit;
use crate::semantic::{CardColumn, FieldMetadata, is_temporal};

/// Where a result column comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnOrigin {
    Fields,
    Breakout,
    Aggregation,
    Native,
}

impl ColumnOrigin {
    fn as_str(self) -> &'static str {
        match self {
            Self::Fields => "fields",
            Self::Breakout => "breakout",
            Self::Aggregation => "aggregation",
            Self::Native => "native",
        }
    }
}

/// A column of a stage's result.
#[derive(Debug, Clone)]
pub(crate) struct QueryColumn {
    /// Unique in its result.
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) base_type: String,
    pub(crate) semantic_type: Option<String>,
    pub(crate) origin: ColumnOrigin,
    /// The table column behind it.
    pub(crate) field: Option<FieldMetadata>,
    /// The foreign key it was reached through.
    pub(crate) source_field_id: Option<i64>,
    pub(crate) unit: Option<TemporalUnit>,
    /// The unit as the query wrote it.
    pub(crate) unit_name: Option<String>,
    pub(crate) description: Option<String>,
    /// Legacy reference, e.g. `["field",14,{"temporal-unit":"month"}]`.
    pub(crate) field_ref: Value,
}

impl QueryColumn {
    /// Whether its values are dates or times.
    pub(crate) fn is_temporal(&self) -> bool {
        is_temporal(&self.base_type)
    }

    /// The column as the wire's `cols` carries it.
    pub(crate) fn wire(&self) -> Value {
        let mut wire = Map::new();
        let mut put = |key: &str, value: Value| {
            wire.insert(key.to_owned(), value);
        };
        put("name", json!(self.name));
        put("display_name", json!(self.display_name));
        put("base_type", json!(self.base_type));
        put("effective_type", json!(self.base_type));
        put("semantic_type", json!(self.semantic_type));
        put("source", json!(self.origin.as_str()));
        put("field_ref", self.field_ref.clone());
        if self.origin == ColumnOrigin::Native {
            if let Some(description) = &self.description {
                put("description", json!(description));
            }
            return Value::Object(wire);
        }
        put("lib/desired-column-alias", json!(self.name));
        put("description", json!(self.description));
        put(
            "database_type",
            json!(self.field.as_ref().map(|field| field.database_type.clone())),
        );
        if let Some(unit) = &self.unit_name {
            put("unit", json!(unit));
        }
        if let Some(source) = self.source_field_id {
            put("fk_field_id", json!(source));
        }
        if let Some(field) = &self.field {
            put("id", json!(field.id));
            put("table_id", json!(field.table_id));
            put("fk_target_field_id", json!(field.fk_target_field_id));
            put("visibility_type", json!(field.visibility_type));
            put("position", json!(field.position));
            put("active", json!(true));
            for absent in [
                "coercion_strategy",
                "fingerprint",
                "settings",
                "nfc_path",
                "parent_id",
            ] {
                put(absent, Value::Null);
            }
        }
        Value::Object(wire)
    }
}

/// Gives columns the names, types and meanings that their card's model file says they have.
pub(crate) fn describe(columns: &mut [QueryColumn], described: &BTreeMap<String, CardColumn>) {
    for column in columns {
        let Some(said) = described.get(&column.name) else {
            continue;
        };
        if let Some(display_name) = &said.display_name {
            column.display_name.clone_from(display_name);
        }
        if let Some(base_type) = &said.base_type {
            column.base_type.clone_from(base_type);
        }
        if said.semantic_type.is_some() {
            column.semantic_type.clone_from(&said.semantic_type);
        }
        if said.description.is_some() {
            column.description.clone_from(&said.description);
        }
    }
}

/// Makes names unique as the server does: the second `id` becomes `id_2`.
pub(crate) fn unique_name(name: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_owned();
    }
    let mut at = 2_u32;
    loop {
        let candidate = format!("{name}_{at}");
        if !taken(&candidate) {
            return candidate;
        }
        at = at.saturating_add(1);
    }
}
