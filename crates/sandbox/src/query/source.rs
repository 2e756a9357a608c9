use super::column::{ColumnOrigin, QueryColumn};
use super::fragment::SqlFragment;
use crate::db::quote;
use crate::semantic::{FieldMetadata, TableMetadata};

/// What a stage reads from.
#[derive(Debug)]
pub(crate) struct StageSource<'a> {
    /// What stands after `FROM`.
    pub(crate) from: SqlFragment,
    /// The name that its columns are qualified with.
    pub(crate) alias: String,
    pub(crate) columns: Vec<QueryColumn>,
    pub(crate) table: Option<&'a TableMetadata>,
    pub(crate) card_id: Option<i64>,
}

impl<'a> StageSource<'a> {
    pub(crate) fn table(table: &'a TableMetadata) -> Self {
        Self {
            from: SqlFragment::text(quote(&table.name)),
            alias: table.name.clone(),
            columns: table.visible_fields().map(own_column).collect(),
            table: Some(table),
            card_id: None,
        }
    }

    /// The result of another query.
    pub(crate) fn subquery(inner: SqlFragment, columns: Vec<QueryColumn>, card_id: Option<i64>) -> Self {
        Self {
            from: inner.wrap("(", ") AS \"source\""),
            alias: "source".to_owned(),
            columns: columns.into_iter().map(as_plain).collect(),
            table: None,
            card_id,
        }
    }

    /// A column that this source has itself, by the id of the table column behind it.
    pub(crate) fn by_field(&self, field_id: i64) -> Option<&QueryColumn> {
        let behind = |column: &&QueryColumn| column.field.as_ref().is_some_and(|field| field.id == field_id);
        let mut matching = self.columns.iter().filter(behind);
        let first = matching.next()?;
        // A joined column of the same table comes second to the source's own.
        if first.source_field_id.is_none() {
            return Some(first);
        }
        matching
            .find(|column| column.source_field_id.is_none())
            .or(Some(first))
    }

    /// A column that this source has itself, by name.
    pub(crate) fn by_name(&self, name: &str) -> Option<&QueryColumn> {
        let exact = self.columns.iter().find(|column| column.name == name);
        exact.or_else(|| {
            self.columns
                .iter()
                .find(|column| column.name.eq_ignore_ascii_case(name))
        })
    }

    /// A column as SQL names it.
    pub(crate) fn qualified(&self, column: &QueryColumn) -> String {
        format!("{}.{}", quote(&self.alias), quote(&column.name))
    }
}

pub(crate) fn own_column(field: &FieldMetadata) -> QueryColumn {
    QueryColumn {
        name: field.name.clone(),
        display_name: field.display_name.clone(),
        base_type: field.base_type.clone(),
        semantic_type: field.semantic_type.clone(),
        origin: ColumnOrigin::Fields,
        source_field_id: None,
        unit: None,
        unit_name: None,
        description: field.description.clone(),
        field_ref: serde_json::json!(["field", field.id, null]),
        field: Some(field.clone()),
    }
}

/// To the stage above, an aggregate or a bucket is a column like any other, referred to by name unless it is a table's
/// own column.
fn as_plain(mut column: QueryColumn) -> QueryColumn {
    let plain_field = column
        .field
        .as_ref()
        .filter(|_| column.unit.is_none() && column.source_field_id.is_none());
    column.field_ref = match plain_field {
        Some(field) => serde_json::json!(["field", field.id, null]),
        None => serde_json::json!(["field", column.name, {"base-type": column.base_type}]),
    };
    column.origin = ColumnOrigin::Fields;
    column
}
