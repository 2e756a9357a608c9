//! Tables as the classic API describes them: real ids, keys between tables, definitions of segments and measures.

use serde::Deserialize;
use serde_json::Value;

use super::call::{ApiCall, Caller};
use super::lenient::{ReadableItems, lenient};
use super::{MetabaseError, endpoints};

/// `GET /api/table/:id/query_metadata`, as far as it is used.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ClassicTable {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) schema: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) db_id: Option<u32>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) db: Option<ClassicDatabase>,
    #[serde(default)]
    pub(super) fields: ReadableItems<ClassicField>,
    #[serde(default)]
    pub(super) segments: ReadableItems<ClassicNamed>,
    #[serde(default)]
    pub(super) measures: ReadableItems<ClassicNamed>,
}

/// The database a table lies in.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ClassicDatabase {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
}

/// A field, by its real id.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct ClassicField {
    pub(super) id: Value,
    pub(super) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) base_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) effective_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) semantic_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) visibility_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) active: Option<bool>,
    pub(super) parent_id: Option<Value>,
    pub(super) fk_target_field_id: Option<Value>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) target: Option<ForeignKeyTarget>,
}

/// The field a foreign key points at.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ForeignKeyTarget {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) table_id: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct ClassicNamed {
    pub(super) id: Value,
    pub(super) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) entity_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) archived: Option<bool>,
    /// A query of one stage that holds nothing but the filters or the aggregation.
    #[serde(default)]
    pub(super) definition: Value,
}

impl ClassicTable {
    /// Reads a table. `cached`: whether a description of the last minute will do.
    pub(super) async fn read(caller: &Caller, id: u32, cached: bool) -> Result<Self, MetabaseError> {
        let call = ApiCall {
            action: format!("read the fields of table {id}"),
            ids: vec![id.to_string()],
            cached,
            ..ApiCall::default()
        };
        caller.fetch(endpoints::TABLE_METADATA, call).await
    }

    /// Fields that a query may name, in the table's order.
    pub(super) fn shown(&self) -> impl Iterator<Item = &ClassicField> {
        self.fields.items.iter().filter(|field| field.is_shown())
    }

    /// What is said of the parts of the table that cannot be read.
    pub(super) fn warnings(&self, id: u32) -> Vec<String> {
        let owner = format!("table {id}");
        let fields = self.fields.warnings(&owner, "field");
        let segments = self.segments.warnings(&owner, "segment");
        let measures = self.measures.warnings(&owner, "measure");
        fields.chain(segments).chain(measures).collect()
    }

    /// Tables that its foreign keys point at, in the order of the keys, each once.
    pub(super) fn foreign_tables(&self) -> Vec<u32> {
        let mut tables = Vec::new();
        for table in self.shown().filter_map(ClassicField::points_at) {
            if !tables.contains(&table) {
                tables.push(table);
            }
        }
        tables
    }
}

impl ClassicField {
    fn is_shown(&self) -> bool {
        let hidden = matches!(
            self.visibility_type.as_deref(),
            Some("sensitive" | "retired" | "hidden")
        );
        self.active != Some(false) && !hidden && self.id.is_u64() && !self.name.is_empty()
    }

    /// The table that it points at, where it is a foreign key.
    pub(super) fn points_at(&self) -> Option<u32> {
        self.fk_target_field_id.as_ref().filter(|id| !id.is_null())?;
        self.target.as_ref()?.table_id
    }

    /// What people call the thing that a foreign key points at: its label without `ID` at the end.
    pub(super) fn reference_name(&self) -> &str {
        let label = self.display_name.as_deref().unwrap_or(&self.name).trim();
        let cut = label.len().saturating_sub(3);
        match (label.get(..cut), label.get(cut..)) {
            (Some(name), Some(end)) if !name.is_empty() && end.eq_ignore_ascii_case(" id") => name.trim_end(),
            _ => label,
        }
    }
}
