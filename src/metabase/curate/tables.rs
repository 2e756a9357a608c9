use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::cards::described;
use super::dimensions;
use super::field_values::FieldSource;
use super::load::EntryRead;
use super::loading::CatalogLoad;
use super::select::{SelectedBy, SelectedContent};
use crate::catalog::TableRule;
use crate::catalog::{Entry, TableEntry, TableId};
use crate::metabase::call::{ApiCall, Caller};
use crate::metabase::classic::ClassicNamed;
use crate::metabase::fields::{self, FieldValuesOf, WireNamed};
use crate::metabase::lenient::{ReadableItems, lenient, name_of};
use crate::metabase::values::FieldOwner;
use crate::metabase::{Generation, MetabaseError, endpoints, failure};

/// The databases the credential may see, with their tables if those were asked for.
#[derive(Debug)]
pub(super) struct Databases {
    list: Vec<ListedDatabase>,
    /// What is said of those that cannot be read.
    warnings: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct ListedDatabase {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    description: Option<String>,
    /// Whether it came with Metabase.
    #[serde(default, deserialize_with = "lenient")]
    is_sample: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    tables: Option<Vec<Value>>,
}

/// A table as its database lists it.
#[derive(Debug, Deserialize)]
struct ListedTable {
    id: u32,
    name: String,
    #[serde(default, deserialize_with = "lenient")]
    active: Option<bool>,
    visibility_type: Option<Value>,
}

/// `{"data": […]}`; a bare array from very old servers.
#[derive(Deserialize)]
#[serde(untagged)]
enum DatabaseListing {
    Enveloped {
        #[serde(default)]
        data: ReadableItems<ListedDatabase>,
    },
    Bare(ReadableItems<ListedDatabase>),
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
        Ok(Self {
            warnings: list.warnings("list of databases", "database").collect(),
            list: list.items,
        })
    }

    /// What the databases hold, where somebody described them. What Metabase says of its own sample counts only where there is
    /// nothing else.
    pub(super) fn descriptions(&self) -> BTreeMap<String, String> {
        let is_sample = |database: &ListedDatabase| database.is_sample == Some(true);
        let only_samples = self.list.iter().all(is_sample);
        let told = self.list.iter().filter(|one| only_samples || !is_sample(one));
        let described = told.filter_map(|one| Some((one.name.clone()?, described(one.description.clone())?)));
        described.collect()
    }

    /// The tables that the rule selects; hidden ones only when it names them.
    pub(super) fn select(&self, rule: &TableRule) -> SelectedContent {
        let mut selected = SelectedContent {
            warnings: self.warnings.clone(),
            ..SelectedContent::default()
        };
        if let Some(prefix) = &rule.name_prefix {
            let listed = self
                .list
                .iter()
                .flat_map(|database| database.tables.iter().flatten());
            for listed in listed {
                let table = match ListedTable::deserialize(listed) {
                    Ok(table) => table,
                    Err(error) => {
                        let (name, why) = (name_of(listed), failure::clean(&error.to_string()));
                        let warning =
                            format!("list of tables: the table {name} cannot be read: {why}; left out");
                        selected.warnings.push(warning);
                        continue;
                    }
                };
                let shown = table.name.starts_with(prefix.as_str())
                    && table.active != Some(false)
                    && table.visibility_type.as_ref().is_none_or(Value::is_null);
                if shown {
                    selected.ids.insert(table.id, SelectedBy::Collection);
                }
            }
        }
        selected
            .ids
            .extend(rule.ids.iter().map(|id| (id.0, SelectedBy::Id)));
        selected
    }

    /// Names of the database and schema.
    fn place(&self, id: Option<u32>, schema: Option<String>) -> Vec<String> {
        let database = id.and_then(|id| {
            self.list
                .iter()
                .find(|database| database.id == Some(i64::from(id)))
        });
        let name = database.and_then(|database| database.name.clone());
        name.into_iter()
            .chain(schema)
            .filter(|name| !name.is_empty())
            .collect()
    }
}

/// Reads one table, over the Agent API where that describes tables, else over the classic API.
pub(super) async fn read(
    loading: &CatalogLoad<'_>,
    databases: &Databases,
    id: u32,
) -> Result<EntryRead, MetabaseError> {
    let mut warnings = Vec::new();
    let by_moment = loading
        .detected
        .info
        .generation
        .is_some_and(Generation::has_field_ids);
    let entry = if by_moment {
        let (table, fields) = fields::table(loading.caller, TableId(id), FieldValuesOf::Categories).await?;
        let fields_of = (FieldOwner::Table(id), FieldSource::Table(id));
        warnings.extend(table.warnings(id));
        TableEntry {
            id: TableId(id),
            dimensions: dimensions::of(loading, fields_of, &fields, &mut warnings).await?,
            label: table.display_name.unwrap_or_else(|| table.name.clone()),
            name: table.name,
            description: described(table.description),
            collection: databases.place(table.database_id, table.database_schema),
            measures: dimensions::measures(table.measures.items),
            segments: dimensions::segments(table.segments.items),
        }
    } else {
        let (table, source) = loading.source_of_table(format!("table {id}"), id).await?;
        let fields_of = (FieldOwner::Classic, FieldSource::Table(id));
        warnings.extend(table.warnings(id));
        TableEntry {
            id: TableId(id),
            dimensions: dimensions::of(loading, fields_of, &source.fields, &mut warnings).await?,
            label: table.display_name.clone().unwrap_or_else(|| table.name.clone()),
            name: table.name.clone(),
            description: described(table.description.clone()),
            collection: databases.place(table.db_id, table.schema.clone()),
            measures: dimensions::measures(named(&source.measures)),
            segments: dimensions::segments(named(&source.segments)),
        }
    };
    if entry.name.trim().is_empty() {
        return Ok(EntryRead::left_out(format!("table {id} has no name; left out")));
    }
    Ok(EntryRead {
        entry: Some(Entry::Table(Arc::new(entry))),
        warnings,
        outage: false,
    })
}

/// Segments or measures of the classic API, as the Agent API has them.
pub(super) fn named(classic: &[ClassicNamed]) -> Vec<WireNamed> {
    let named = classic.iter().filter_map(|one| {
        Some(WireNamed {
            id: u32::try_from(one.id.as_u64()?).ok()?,
            name: one.name.clone(),
            display_name: None,
            description: one.description.clone(),
        })
    });
    named.collect()
}
