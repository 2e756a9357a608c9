//! Where the rows of a query come from, for the dialects whose queries name tables and fields as the classic API does.
//!
//! Dimensions have the same names as in the generations that describe them themselves: a field's own name, or
//! `Reference.name` where a foreign key leads to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::call::Caller;
use super::classic::{ClassicField, ClassicNamed, ClassicTable};
use super::fields::{FieldAddress, Fields, ReachedThrough, WireField};
use super::wire_card::WireCard;
use super::{FailureClass, MetabaseError};

/// Tables that foreign keys lead to, by id; one that cannot be read is not among them.
pub(super) type ForeignTables = BTreeMap<u32, Arc<ClassicTable>>;

/// What a query reads, with everything it may name.
#[derive(Debug)]
pub(super) struct QueriedRows {
    pub(super) database: Option<u32>,
    pub(super) from: SourceRows,
    pub(super) fields: Fields,
    pub(super) segments: Vec<ClassicNamed>,
    pub(super) measures: Vec<ClassicNamed>,
}

/// Whose rows a query reads.
#[derive(Debug)]
pub(super) enum SourceRows {
    Table {
        id: u32,
        /// Database, schema or null, table.
        path: Vec<Value>,
    },
    Card {
        id: u32,
        entity_id: Option<String>,
    },
}

impl QueriedRows {
    /// A table, with the fields of those of its foreign tables that are given.
    pub(super) fn of_table(owner: String, id: u32, table: &ClassicTable, foreign: &ForeignTables) -> Self {
        let path = path(table);
        let own = table.shown().map(|field| {
            let address = FieldAddress {
                id: field.id.as_u64(),
                path: field_path(&path, table, field),
                via: None,
            };
            (wire(field, None), Some(address))
        });
        let mut fields: Vec<_> = own.collect();
        for key in table.shown() {
            let Some(target) = key.points_at().and_then(|id| foreign.get(&id)) else {
                continue;
            };
            let via = ReachedThrough {
                id: key.id.as_u64().unwrap_or_default(),
                path: field_path(&path, table, key),
            };
            let target_path = self::path(target);
            fields.extend(target.shown().map(|field| {
                let address = FieldAddress {
                    id: field.id.as_u64(),
                    path: field_path(&target_path, target, field),
                    via: Some(via.clone()),
                };
                (wire(field, Some(key.reference_name())), Some(address))
            }));
        }
        let kept = |named: &[ClassicNamed]| -> Vec<ClassicNamed> {
            let kept = named.iter().filter(|one| one.archived != Some(true));
            kept.cloned().collect()
        };
        Self {
            database: table.db_id,
            from: SourceRows::Table { id, path },
            fields: Fields::addressed(owner, fields),
            segments: kept(&table.segments.items),
            measures: kept(&table.measures.items),
        }
    }

    /// A saved question or model, whose columns go by their names.
    pub(super) fn of_card(owner: String, id: u32, card: &WireCard) -> Self {
        let fields = card.result_metadata.iter().map(|column| {
            let wire = WireField {
                // Of a column that is a field the values are known; queries name it as the card does.
                field_id: column.field_id().map_or_else(|| json!(column.name), Value::from),
                name: column.name.clone(),
                display_name: column.display_name.clone(),
                base_type: column.base_type.clone(),
                effective_type: column.effective_type.clone(),
                semantic_type: column.semantic_type.clone(),
                description: column.description.clone(),
                ..WireField::default()
            };
            (wire, Some(FieldAddress::default()))
        });
        Self {
            database: card.database_id,
            from: SourceRows::Card {
                id,
                entity_id: card.entity_id.clone(),
            },
            fields: Fields::addressed(owner, fields),
            segments: Vec::new(),
            measures: Vec::new(),
        }
    }

    /// How many of the fields have this real id: more than one where two foreign keys lead to one table.
    pub(super) fn count_of(&self, id: u64) -> usize {
        let addresses = self
            .fields
            .named
            .iter()
            .filter_map(|field| field.address.as_ref());
        addresses.filter(|address| address.id == Some(id)).count()
    }
}

/// Reads the table of a query, and the tables its keys lead to only if the query names a field of theirs.
pub(super) async fn of_table(
    caller: &Caller,
    owner: &str,
    id: u32,
    wanted: &[&str],
) -> Result<QueriedRows, MetabaseError> {
    let table = ClassicTable::read(caller, id, true).await?;
    let own = QueriedRows::of_table(owner.to_owned(), id, &table, &ForeignTables::new());
    if wanted.iter().all(|name| own.fields.has(name)) {
        return Ok(own);
    }
    let reads = table.foreign_tables().into_iter().map(|id| async move {
        let read = ClassicTable::read(caller, id, true).await;
        Ok(readable(read)?.map(|table| (id, Arc::new(table))))
    });
    let foreign: ForeignTables = try_join_all(reads).await?.into_iter().flatten().collect();
    Ok(QueriedRows::of_table(owner.to_owned(), id, &table, &foreign))
}

/// What was read, or nothing where the credential may not read it, or nobody can.
pub(super) fn readable<T>(read: Result<T, MetabaseError>) -> Result<Option<T>, MetabaseError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.is_denied_by_grants() => Err(error),
        Err(error)
            if matches!(
                error.class,
                FailureClass::Forbidden | FailureClass::NotFound | FailureClass::Unreadable
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn path(table: &ClassicTable) -> Vec<Value> {
    let database = table.db.as_ref().and_then(|database| database.name.as_deref());
    let schema = table.schema.as_deref().filter(|schema| !schema.is_empty());
    vec![json!(database), json!(schema), json!(table.name)]
}

/// The names from the database to the field, through the fields it lies in.
fn field_path(table_path: &[Value], table: &ClassicTable, field: &ClassicField) -> Vec<Value> {
    /// Deepest nesting followed.
    const MAX_DEPTH: usize = 16;
    let mut names = vec![json!(field.name)];
    let mut inner = field;
    while names.len() < MAX_DEPTH {
        let parent = inner.parent_id.as_ref().filter(|id| !id.is_null());
        let Some(parent) = parent.and_then(|id| table.fields.items.iter().find(|one| one.id == *id)) else {
            break;
        };
        names.push(json!(parent.name));
        inner = parent;
    }
    names.reverse();
    table_path.iter().cloned().chain(names).collect()
}

fn wire(field: &ClassicField, reference: Option<&str>) -> WireField {
    WireField {
        field_id: field.id.clone(),
        name: field.name.clone(),
        display_name: field.display_name.clone(),
        base_type: field.base_type.clone(),
        effective_type: field.effective_type.clone(),
        semantic_type: field.semantic_type.clone(),
        description: field.description.clone(),
        table_reference: reference.map(str::to_owned),
        ..WireField::default()
    }
}
