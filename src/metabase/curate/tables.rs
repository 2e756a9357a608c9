use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::cards::described;
use super::dimensions;
use super::field_values::FieldSource;
use super::load::EntryRead;
use super::loading::Loading;
use super::select::SelectedBy;
use crate::catalog::TableRule;
use crate::catalog::{Entry, TableEntry, TableId};
use crate::metabase::call::{ApiCall, Caller};
use crate::metabase::fields::{self, FieldValuesOf};
use crate::metabase::values::FieldOwner;
use crate::metabase::{FailureClass, MetabaseError, endpoints};

/// The databases the credential may see, with their tables if those were asked for.
#[derive(Debug)]
pub(super) struct Databases {
    list: Vec<ListedDatabase>,
}

#[derive(Debug, Deserialize)]
struct ListedDatabase {
    id: i64,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    tables: Option<Vec<Value>>,
}

/// A table as its database lists it.
#[derive(Debug, Deserialize)]
struct ListedTable {
    id: u32,
    name: String,
    active: Option<bool>,
    visibility_type: Option<Value>,
}

/// `{"data": […]}`; a bare array from very old servers.
#[derive(Deserialize)]
#[serde(untagged)]
enum DatabaseListing {
    Enveloped { data: Vec<ListedDatabase> },
    Bare(Vec<ListedDatabase>),
}

impl Databases {
    pub(super) async fn read(caller: &Caller, with_tables: bool) -> Result<Self, MetabaseError> {
        let call = ApiCall {
            action: "list databases".into(),
            query: if with_tables {
                vec![("include", "tables".into())]
            } else {
                Vec::new()
            },
            ..ApiCall::default()
        };
        let (DatabaseListing::Enveloped { data: list } | DatabaseListing::Bare(list)) =
            caller.fetch(endpoints::DATABASES, call).await?;
        Ok(Self { list })
    }

    /// The tables that the rule selects; hidden ones only when it names them.
    pub(super) fn select(&self, rule: &TableRule) -> BTreeMap<u32, SelectedBy> {
        let mut selected = BTreeMap::new();
        if let Some(prefix) = &rule.name_prefix {
            // A table that cannot be read has no name to be selected by.
            let tables = self
                .list
                .iter()
                .flat_map(|database| database.tables.iter().flatten())
                .filter_map(|table| ListedTable::deserialize(table).ok());
            let shown = tables.filter(|table| {
                table.name.starts_with(prefix.as_str())
                    && table.active != Some(false)
                    && table.visibility_type.as_ref().is_none_or(Value::is_null)
            });
            selected.extend(shown.map(|table| (table.id, SelectedBy::Collection)));
        }
        selected.extend(rule.ids.iter().map(|id| (id.0, SelectedBy::Id)));
        selected
    }

    fn place(&self, id: Option<u32>, schema: Option<String>) -> Vec<String> {
        let database = id.and_then(|id| self.list.iter().find(|database| database.id == i64::from(id)));
        let name = database.and_then(|database| database.name.clone());
        name.into_iter()
            .chain(schema)
            .filter(|name| !name.is_empty())
            .collect()
    }
}

/// Reads one table.
pub(super) async fn read(
    loading: &Loading<'_>,
    databases: &Databases,
    id: u32,
) -> Result<EntryRead, MetabaseError> {
    let mut warnings = Vec::new();
    let (table, fields) = fields::table(loading.caller, TableId(id), FieldValuesOf::Categories).await?;
    let fields_of = (FieldOwner::Table(id), FieldSource::Table(id));
    let dimensions = dimensions::of(loading, fields_of, &fields, &mut warnings).await?;
    let entry = TableEntry {
        id: TableId(id),
        label: table.display_name.unwrap_or_else(|| table.name.clone()),
        name: table.name,
        description: described(table.description),
        collection: databases.place(table.database_id, table.database_schema),
        dimensions,
        measures: dimensions::measures(table.measures),
        segments: dimensions::segments(table.segments),
    };
    Ok(EntryRead {
        entry: Some(Entry::Table(Arc::new(entry))),
        warnings,
        outage: false,
    })
}

/// What words need of a table: labels of its fields and names of its segments and measures, by real id.
#[derive(Debug, Default, Deserialize)]
pub(super) struct TableNames {
    #[serde(default)]
    pub(super) fields: Vec<TableField>,
    #[serde(default)]
    pub(super) segments: Vec<NamedThing>,
    #[serde(default)]
    pub(super) measures: Vec<NamedThing>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TableField {
    pub(super) id: Value,
    #[serde(default)]
    pub(super) name: String,
    pub(super) display_name: Option<String>,
    pub(super) target: Option<ForeignKeyTarget>,
}

/// The field a foreign key points at.
#[derive(Debug, Deserialize)]
pub(super) struct ForeignKeyTarget {
    pub(super) table_id: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(super) struct NamedThing {
    pub(super) id: Value,
    #[serde(default)]
    pub(super) name: String,
}

impl TableNames {
    /// The names of a table, read once a load; none with a warning when the credential may not read them.
    pub(super) async fn once(
        loading: &Loading<'_>,
        id: u32,
        warnings: &mut Vec<String>,
    ) -> Result<Arc<Result<Self, String>>, MetabaseError> {
        let read = || async {
            let call = ApiCall {
                action: format!("read the fields of table {id}"),
                ids: vec![id.to_string()],
                ..ApiCall::default()
            };
            match loading.caller.fetch(endpoints::TABLE_METADATA, call).await {
                Ok(names) => Ok(Ok(names)),
                Err(error) if error.class == FailureClass::Unauthorized => Err(error),
                Err(error) => Ok(Err(format!(
                    "{error}; definitions that use it are not known in words"
                ))),
            }
        };
        let names = loading.tables.get(id, read).await?;
        if let Err(warning) = names.as_ref() {
            warnings.push(warning.clone());
        }
        Ok(names)
    }
}
