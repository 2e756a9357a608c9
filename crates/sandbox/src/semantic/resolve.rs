use std::collections::BTreeMap;

use jiff::civil::Date;

use super::card::{Collection, Measure, Segment};
use super::cards::cards;
use super::database::{Database, Table};
use super::file::{CollectionSpec, MeasureSpec, ModelFile, PeopleSpec, SegmentSpec, TableSpec};
use super::ids::{entity_id, slug};
use super::model::SemanticModel;
use super::names::{Names, own, table, table_column};
use super::people::people;

/// What a database without a model file is served with.
const BARE: &str = "version: 1\ncollections:\n  - {path: Curated, curated: true, official: true}\n";
const PEOPLE: &str = include_str!("people.yaml");

/// Reads a model file (or the bare model) over introspected tables. `name` is the database's when the file gives none.
/// Errors say which entry is wrong and what would be right.
pub(crate) fn load(
    text: Option<&str>,
    name: &str,
    mut tables: Vec<Table>,
    today: Date,
) -> Result<(SemanticModel, Date), String> {
    let file: ModelFile = serde_saphyr::from_str(text.unwrap_or(BARE)).map_err(|error| error.to_string())?;
    if file.version != 1 {
        return Err(format!(
            "version {} is not known: this program reads version 1",
            file.version
        ));
    }
    let today = file.today.unwrap_or(today);
    describe(&mut tables, file.tables)?;
    let collections = collections(file.collections)?;
    let curated = collections
        .iter()
        .find(|(_, spec)| spec.curated)
        .map(|(collection, _)| collection.id);
    let collections: Vec<Collection> = collections
        .into_iter()
        .map(|(collection, _)| collection)
        .collect();
    let segments = segments(file.segments, &tables)?;
    let measures = measures(file.measures, &tables)?;
    let cards = cards(file.cards, &tables, &segments, &measures, &collections, today)?;
    let (people, own_people) = match file.people {
        Some(people) => (people, true),
        None => (default_people()?, false),
    };
    let (groups, users, api_keys) = self::people(people, &collections, &tables, own_people)?;
    let database = Database {
        id: 1,
        name: file.database.name.unwrap_or_else(|| name.to_owned()),
        engine: "sqlite",
        description: file.database.description,
        is_sample: file.database.sample,
    };
    let curated_collection_id = curated;
    let model = SemanticModel {
        database,
        tables,
        collections,
        cards,
        segments,
        measures,
        groups,
        users,
        api_keys,
        curated_collection_id,
    };
    Ok((model, today))
}

fn default_people() -> Result<PeopleSpec, String> {
    serde_saphyr::from_str(PEOPLE).map_err(|error| format!("the built-in people: {error}"))
}

fn describe(tables: &mut [Table], specs: BTreeMap<String, TableSpec>) -> Result<(), String> {
    let mut references = Vec::new();
    for (name, spec) in specs {
        let id = table(tables, &name)?.id;
        for (column, field) in &spec.fields {
            let at = format!("tables.{name}.fields.{column}");
            let from = own(table(tables, &name)?, column)?.id;
            if let Some(path) = &field.references {
                let (_, target) = table_column(tables, path).map_err(|error| format!("{at}: {error}"))?;
                references.push((from, target.id));
            }
        }
        let Some(table) = tables.iter_mut().find(|table| table.id == id) else {
            continue;
        };
        table.description = spec.description.or(table.description.take());
        if let Some(display_name) = spec.display_name {
            table.display_name = display_name;
        }
        for (column, spec) in spec.fields {
            let named = table
                .fields
                .iter_mut()
                .find(|field| field.name.eq_ignore_ascii_case(&column));
            let Some(field) = named else { continue };
            field.description = spec.description.or(field.description.take());
            field.semantic_type = spec.semantic_type.or(field.semantic_type.take());
            if let Some(display_name) = spec.display_name {
                field.display_name = display_name;
            }
            if let Some(base_type) = spec.base_type {
                field.base_type = base_type;
            }
            if let Some(visibility) = spec.visibility {
                visibility.as_str().clone_into(&mut field.visibility_type);
            }
        }
    }
    for (from, target) in references {
        let field = tables
            .iter_mut()
            .flat_map(|table| &mut table.fields)
            .find(|field| field.id == from);
        if let Some(field) = field {
            field.fk_target_field_id = Some(target);
            field.semantic_type = Some("type/FK".to_owned());
        }
    }
    Ok(())
}

/// Numbers collections from 1 in the order of the file.
fn collections(specs: Vec<CollectionSpec>) -> Result<Vec<(Collection, CollectionSpec)>, String> {
    let mut made: Vec<(Collection, CollectionSpec)> = Vec::with_capacity(specs.len());
    for (at, spec) in specs.into_iter().enumerate() {
        let id = i64::try_from(at).unwrap_or(i64::MAX).saturating_add(1);
        let (above, name) = match spec.path.rsplit_once('/') {
            Some((above, name)) => (Some(above), name.to_owned()),
            None => (None, spec.path.clone()),
        };
        if made.iter().any(|(_, other)| other.path == spec.path) {
            return Err(format!("collection \"{}\" is there twice", spec.path));
        }
        let parent = above.map(|above| {
            let found = made
                .iter()
                .find(|(_, other)| other.path == above)
                .map(|(collection, _)| collection);
            found.ok_or_else(|| format!("collection \"{}\": put \"{above}\" before it", spec.path))
        });
        let parent = parent.transpose()?;
        let collection = Collection {
            id,
            entity_id: entity_id("collection", &spec.path),
            slug: slug(&name),
            parent: parent.map(|parent| parent.id),
            location: parent.map_or_else(
                || "/".to_owned(),
                |parent| format!("{}{}/", parent.location, parent.id),
            ),
            name,
            description: spec.description.clone(),
            archived: spec.archived,
            authority_level: spec.official.then(|| "official".to_owned()),
        };
        made.push((collection, spec));
    }
    Ok(made)
}

fn on_table<'a>(tables: &'a [Table], name: &str) -> Result<(&'a Table, Names<'a>), String> {
    let table = table(tables, name)?;
    Ok((
        table,
        Names {
            tables,
            segments: &[],
            measures: &[],
            cards: &[],
            table: Some(table),
        },
    ))
}

fn segments(specs: Vec<SegmentSpec>, tables: &[Table]) -> Result<Vec<Segment>, String> {
    let made = specs.into_iter().zip(1..).map(|(spec, id)| {
        let at = |error: String| format!("segment \"{}\": {error}", spec.name);
        let (table, names) = on_table(tables, &spec.table).map_err(at)?;
        let filters = spec
            .filters
            .iter()
            .map(|filter| names.filter(filter))
            .collect::<Result<_, _>>()
            .map_err(at)?;
        let entity_id = entity_id("segment", &spec.name);
        Ok(Segment {
            id,
            entity_id,
            table_id: table.id,
            name: spec.name,
            description: spec.description,
            filters,
        })
    });
    made.collect()
}

fn measures(specs: Vec<MeasureSpec>, tables: &[Table]) -> Result<Vec<Measure>, String> {
    let made = specs.into_iter().zip(1..).map(|(spec, id)| {
        let at = |error: String| format!("measure \"{}\": {error}", spec.name);
        let (table, names) = on_table(tables, &spec.table).map_err(at)?;
        let aggregation = names.aggregation(&spec.aggregation).map_err(at)?;
        let entity_id = entity_id("measure", &spec.name);
        let (table_id, description) = (table.id, spec.description);
        Ok(Measure {
            id,
            entity_id,
            table_id,
            name: spec.name,
            description,
            aggregation,
        })
    });
    made.collect()
}
