//! Names of dimensions and the positional ids behind them. Ids shift, so they are looked up when a query is made
//! and never kept.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::call::{ApiCall, Caller};
use super::lenient::{ReadableItems, lenient};
use super::{FailureClass, MetabaseError, columns, endpoints, failure};
use crate::catalog::{Dimension, MetricId, TableId};
use crate::result::ColumnKind;

/// A field as the Agent API describes it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct WireField {
    pub(super) field_id: Value,
    pub(super) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) display_name: Option<String>,
    #[serde(rename = "type", default, deserialize_with = "lenient")]
    pub(super) short_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) base_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) effective_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) semantic_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) table_reference: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) field_values: Option<Vec<Value>>,
}

impl WireField {
    /// Its kind: by the effective type, else the base type, else the short one; `type/*` says nothing.
    pub(super) fn kind(&self) -> ColumnKind {
        [&self.effective_type, &self.base_type, &self.short_type]
            .into_iter()
            .flatten()
            .map(|name| columns::kind_of_type(name))
            .find(|kind| *kind != ColumnKind::Other)
            .unwrap_or(ColumnKind::Other)
    }

    /// The semantic type without its `type/`.
    pub(super) fn semantic(&self) -> Option<&str> {
        self.semantic_type
            .as_deref()
            .map(|name| name.strip_prefix("type/").unwrap_or(name))
    }

    fn id(&self) -> String {
        match &self.field_id {
            Value::String(id) => id.clone(),
            other => other.to_string(),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct WireNamed {
    pub(super) id: u32,
    pub(super) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) description: Option<String>,
}

/// `GET /v1/metric/:id`.
#[derive(Debug, Deserialize)]
pub(super) struct WireMetric {
    pub(super) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) description: Option<String>,
    pub(super) default_time_dimension_field_id: Option<Value>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) verified: Option<bool>,
    #[serde(default)]
    queryable_dimensions: ReadableItems<WireField>,
    #[serde(default)]
    pub(super) segments: ReadableItems<WireNamed>,
}

/// `GET /v1/table/:id`.
#[derive(Debug, Deserialize)]
pub(super) struct WireTable {
    pub(super) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) database_id: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) database_schema: Option<String>,
    #[serde(default)]
    fields: ReadableItems<WireField>,
    #[serde(default)]
    related_tables: ReadableItems<RelatedTable>,
    #[serde(default)]
    pub(super) measures: ReadableItems<WireNamed>,
    #[serde(default)]
    pub(super) segments: ReadableItems<WireNamed>,
}

#[derive(Debug, Deserialize)]
struct RelatedTable {
    name: String,
    #[serde(default, deserialize_with = "lenient")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    related_by: Option<String>,
    #[serde(default)]
    fields: ReadableItems<WireField>,
}

impl WireMetric {
    /// What is said of the parts of the metric that cannot be read.
    pub(super) fn warnings(&self, id: u32) -> Vec<String> {
        let owner = format!("metric {id}");
        let dimensions = self.queryable_dimensions.warnings(&owner, "dimension");
        dimensions
            .chain(self.segments.warnings(&owner, "segment"))
            .collect()
    }
}

impl WireTable {
    /// What is said of the parts of the table that cannot be read.
    pub(super) fn warnings(&self, id: u32) -> Vec<String> {
        let owner = format!("table {id}");
        let fields = self.fields.warnings(&owner, "field");
        let related = self.related_tables.warnings(&owner, "related table");
        let measures = self.measures.warnings(&owner, "measure");
        let segments = self.segments.warnings(&owner, "segment");
        fields.chain(related).chain(measures).chain(segments).collect()
    }
}

/// A field under the name the model uses.
#[derive(Debug, Clone)]
pub(super) struct NamedField {
    /// Unique within its metric or table: the field's own name, or `Reference.name` through a foreign key.
    pub(super) name: String,
    /// Its id in the shape the server has now.
    pub(super) id: String,
    pub(super) wire: WireField,
    /// How queries name it that are not made of ids of the moment.
    pub(super) address: Option<FieldAddress>,
}

/// How a query names a field that the classic API described.
#[derive(Debug, Clone, Default)]
pub(super) struct FieldAddress {
    /// Its real id; `None` for a column of a card, which goes by its name.
    pub(super) id: Option<u64>,
    /// Names from the database to the field; empty for a column of a card.
    pub(super) path: Vec<Value>,
    /// The foreign key that it is reached through.
    pub(super) via: Option<ReachedThrough>,
}

/// A foreign key of the table that is queried.
#[derive(Debug, Clone)]
pub(super) struct ReachedThrough {
    pub(super) id: u64,
    pub(super) path: Vec<Value>,
}

/// The fields of one metric or table.
#[derive(Debug)]
pub(super) struct Fields {
    owner: String,
    pub(super) named: Vec<NamedField>,
}

impl Fields {
    fn new(owner: String, fields: Vec<WireField>) -> Self {
        Self::addressed(owner, fields.into_iter().map(|field| (field, None)))
    }

    /// Fields with the ways to name them.
    pub(super) fn addressed(
        owner: String,
        fields: impl IntoIterator<Item = (WireField, Option<FieldAddress>)>,
    ) -> Self {
        let mut taken = BTreeSet::new();
        let named = fields
            .into_iter()
            .map(|(wire, address)| {
                let name = match wire.table_reference.as_deref().filter(|name| !name.is_empty()) {
                    Some(reference) => format!("{reference}.{}", wire.name),
                    None => wire.name.clone(),
                };
                NamedField {
                    name: columns::unique(&name, &mut taken),
                    id: wire.id(),
                    wire,
                    address,
                }
            })
            .collect();
        Self { owner, named }
    }

    /// The current id of a dimension of the catalog.
    pub(super) fn id(&self, dimension: &Dimension) -> Result<&str, MetabaseError> {
        self.find(dimension).map(|field| field.id.as_str())
    }

    /// Whether there is a field of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.named.iter().any(|field| field.name == name)
    }

    /// The field that a dimension of the catalog is now.
    pub(super) fn find(&self, dimension: &Dimension) -> Result<&NamedField, MetabaseError> {
        self.named
            .iter()
            .find(|field| field.name == dimension.name)
            .ok_or_else(|| {
                let message = format!(
                    "dimension {} is no longer there; refresh the catalog, or use another dimension",
                    failure::clean(&dimension.name)
                );
                failure::local(
                    &format!("find a dimension of {}", self.owner),
                    FailureClass::CatalogDrift,
                    &message,
                )
            })
    }

    /// The name of the field with this id.
    pub(super) fn name_of(&self, id: &Value) -> Option<&str> {
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        self.named
            .iter()
            .find(|field| field.id == id)
            .map(|field| field.name.as_str())
    }
}

/// Whether values of fields are wanted with the description of a metric or table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldValuesOf {
    /// Of none. A description of the last minute will do: this is what a query asks.
    None,
    /// Of fields with few values. The description is read now: this is what a load asks.
    Categories,
}

impl FieldValuesOf {
    fn wanted(self) -> bool {
        self == Self::Categories
    }
}

/// Reads a metric and names its dimensions.
pub(super) async fn metric(
    caller: &Caller,
    id: MetricId,
    values: FieldValuesOf,
) -> Result<(WireMetric, Fields), MetabaseError> {
    let call = ApiCall {
        action: format!("read metric {id}"),
        ids: vec![id.to_string()],
        query: flags(&[
            ("with-default-temporal-breakout", true),
            ("with-field-values", values.wanted()),
            ("with-queryable-dimensions", true),
            ("with-segments", true),
        ]),
        cached: !values.wanted(),
        ..ApiCall::default()
    };
    let mut metric: WireMetric = caller.fetch(endpoints::METRIC, call).await?;
    let fields = std::mem::take(&mut metric.queryable_dimensions.items);
    Ok((metric, Fields::new(format!("metric {id}"), fields)))
}

/// Reads a table and names its fields and those of related tables.
pub(super) async fn table(
    caller: &Caller,
    id: TableId,
    values: FieldValuesOf,
) -> Result<(WireTable, Fields), MetabaseError> {
    let call = ApiCall {
        action: format!("read table {id}"),
        ids: vec![id.to_string()],
        query: flags(&[
            ("with-fields", true),
            ("with-field-values", values.wanted()),
            ("with-related-tables", true),
            ("with-metrics", false),
            ("with-measures", true),
            ("with-segments", true),
        ]),
        cached: !values.wanted(),
        ..ApiCall::default()
    };
    let mut table: WireTable = caller.fetch(endpoints::TABLE, call).await?;
    let mut fields = std::mem::take(&mut table.fields.items);
    for related in std::mem::take(&mut table.related_tables.items) {
        let reference = related
            .related_by
            .or(related.display_name)
            .unwrap_or(related.name);
        fields.extend(related.fields.items.into_iter().map(|mut field| {
            field.table_reference.get_or_insert_with(|| reference.clone());
            field
        }));
    }
    Ok((table, Fields::new(format!("table {id}"), fields)))
}

fn flags(flags: &[(&'static str, bool)]) -> Vec<(&'static str, String)> {
    flags
        .iter()
        .map(|(name, value)| (*name, value.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{ColumnKind, WireField};

    /// A type that says nothing leaves the word to the next one.
    #[test]
    fn a_field_is_of_the_first_type_that_says_something() {
        let kind = |effective: Option<&str>, base: Option<&str>, short: Option<&str>| {
            let owned = |name: Option<&str>| name.map(str::to_owned);
            WireField {
                effective_type: owned(effective),
                base_type: owned(base),
                short_type: owned(short),
                ..WireField::default()
            }
            .kind()
        };
        assert_eq!(
            kind(Some("type/*"), Some("type/Decimal"), None),
            ColumnKind::Number
        );
        assert_eq!(kind(None, Some("type/*"), Some("string")), ColumnKind::Text);
        assert_eq!(
            kind(Some("type/Integer"), Some("type/Text"), Some("string")),
            ColumnKind::Integer
        );
        assert_eq!(kind(Some("type/*"), None, None), ColumnKind::Other);
    }
}
