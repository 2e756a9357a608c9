use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::cards::described;
use super::dimensions;
use super::load::Read;
use super::select::Named;
use crate::catalog::TableRule;
use crate::catalog::{Entry, TableEntry, TableId};
use crate::metabase::call::{Call, Caller};
use crate::metabase::values::Place;
use crate::metabase::{FailureClass, MetabaseError, endpoints, fields};

/// The databases the credential may see, with their tables if those were asked for.
#[derive(Debug)]
pub(super) struct Databases {
    list: Vec<Database>,
}

#[derive(Debug, Deserialize)]
struct Database {
    id: i64,
    #[serde(default)]
    name: String,
    #[serde(default)]
    tables: Option<Vec<Listed>>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    id: u32,
    #[serde(default)]
    name: String,
    active: Option<bool>,
    visibility_type: Option<Value>,
}

/// `{"data": […]}`; a bare array from very old servers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listing {
    Enveloped { data: Vec<Database> },
    Bare(Vec<Database>),
}

impl Databases {
    pub(super) async fn read(caller: &Caller, with_tables: bool) -> Result<Self, MetabaseError> {
        let call = Call {
            action: "list databases".into(),
            query: if with_tables {
                vec![("include", "tables".into())]
            } else {
                Vec::new()
            },
            ..Call::default()
        };
        let (Listing::Enveloped { data: list } | Listing::Bare(list)) =
            caller.fetch(endpoints::DATABASES, call).await?;
        Ok(Self { list })
    }

    /// The tables that the rule selects; hidden ones only when it names them.
    pub(super) fn select(&self, rule: &TableRule) -> BTreeMap<u32, Named> {
        let mut selected = BTreeMap::new();
        if let Some(prefix) = &rule.name_prefix {
            let tables = self
                .list
                .iter()
                .flat_map(|database| database.tables.iter().flatten());
            let shown = tables.filter(|table| {
                table.name.starts_with(prefix.as_str())
                    && table.active != Some(false)
                    && table.visibility_type.as_ref().is_none_or(Value::is_null)
            });
            selected.extend(shown.map(|table| (table.id, Named::ByCollection)));
        }
        selected.extend(rule.ids.iter().map(|id| (id.0, Named::ById)));
        selected
    }

    fn place(&self, id: Option<u32>, schema: Option<String>) -> Vec<String> {
        let database = id.and_then(|id| self.list.iter().find(|database| database.id == i64::from(id)));
        let name = database.map(|database| database.name.clone());
        name.into_iter()
            .chain(schema)
            .filter(|name| !name.is_empty())
            .collect()
    }
}

/// Reads one table.
pub(super) async fn read(
    caller: &Caller,
    databases: &Databases,
    id: u32,
    _named: Named,
) -> Result<Read, MetabaseError> {
    let mut warnings = Vec::new();
    let (table, fields) = fields::table(caller, TableId(id), false).await?;
    let dimensions = dimensions::of(caller, Place::Table(id), &fields, &mut warnings).await?;
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
    Ok(Read {
        entry: Some(Entry::Table(Arc::new(entry))),
        warnings,
        outage: false,
    })
}

/// What words need of a table: labels of its fields and names of its segments and measures, by real id.
#[derive(Debug, Default, Deserialize)]
pub(super) struct TableNames {
    #[serde(default)]
    pub(super) fields: Vec<NamedField>,
    #[serde(default)]
    pub(super) segments: Vec<NamedThing>,
    #[serde(default)]
    pub(super) measures: Vec<NamedThing>,
}

#[derive(Debug, Deserialize)]
pub(super) struct NamedField {
    pub(super) id: Value,
    #[serde(default)]
    pub(super) name: String,
    pub(super) display_name: Option<String>,
    pub(super) target: Option<Target>,
}

/// The field a foreign key points at.
#[derive(Debug, Deserialize)]
pub(super) struct Target {
    pub(super) table_id: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(super) struct NamedThing {
    pub(super) id: Value,
    #[serde(default)]
    pub(super) name: String,
}

impl TableNames {
    /// Reads them; `None` with a warning when the credential may not.
    pub(super) async fn read(
        caller: &Caller,
        id: u32,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Self>, MetabaseError> {
        let call = Call {
            action: format!("read the fields of table {id}"),
            ids: vec![id.to_string()],
            ..Call::default()
        };
        match caller.fetch(endpoints::TABLE_METADATA, call).await {
            Ok(names) => Ok(Some(names)),
            Err(error) if error.class == FailureClass::Unauthorized => Err(error),
            Err(error) => {
                warnings.push(format!("{error}; definitions that use it are not known in words"));
                Ok(None)
            }
        }
    }
}
