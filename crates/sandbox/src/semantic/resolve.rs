use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_saphyr::Spanned;

use super::card::{Collection, SavedMeasure, SavedSegment};
use super::cards::cards;
use super::dashboard::dashboards;
use super::database::{DatabaseMetadata, TableMetadata};
use super::fault::{ModelFault, good_ones};
use super::file::{CollectionSpec, FieldSpec, MeasureSpec, ModelFile, PeopleSpec, SegmentSpec, TableSpec};
use super::ids::{entity_id, slug};
use super::model::SemanticModel;
use super::names::{NameResolver, own, table, table_column};
use super::people::{People, people};

/// What a database without a model file is served with.
const BARE: &str = "version: 1\ncollections:\n  - {path: Curated, curated: true, official: true}\n";
const PEOPLE: &str = include_str!("people.yaml");

/// A model file read over a database.
pub(crate) struct ResolvedModel {
    pub(crate) model: SemanticModel,
    /// The day that relative dates count from.
    pub(crate) today: Date,
    /// Where the entry of each card begins, by the card's id.
    pub(crate) card_lines: BTreeMap<i64, u64>,
    /// The cards that are meant to fail.
    pub(crate) broken_cards: BTreeSet<i64>,
}

/// Reads a model file (or the bare model) over introspected tables. `name` is the database's when the file gives none.
/// The faults say which entry is wrong and what would be right; what is right is read all the same, so that it can be tried.
/// `Err` where the file as a whole cannot be read.
pub(crate) fn load(
    text: Option<&str>,
    name: &str,
    mut tables: Vec<TableMetadata>,
    today: Date,
) -> Result<(ResolvedModel, Vec<ModelFault>), ModelFault> {
    let file: ModelFile = serde_saphyr::from_str(text.unwrap_or(BARE)).map_err(|error| {
        let line = error.location().map(|location| location.line());
        let message = error.without_snippet().to_string();
        ModelFault { line, message }
    })?;
    if file.version != 1 {
        let message = format!(
            "version {} is not known: this program reads version 1",
            file.version
        );
        return Err(ModelFault::of_file(message));
    }
    let mut faults = Vec::new();
    let today = file.today.unwrap_or(today);
    describe(&mut tables, file.tables, &mut faults);
    let (collections, curated_collection_id) = collections(&file.collections, &mut faults);
    let segments = good_ones(segments(file.segments, &tables), &mut faults);
    let measures = good_ones(measures(file.measures, &tables), &mut faults);
    let card_lines = file.cards.iter().map(|spec| spec.referenced.line());
    let card_lines = (1..).zip(card_lines).collect();
    let broken = (1..).zip(&file.cards).filter(|(_, spec)| spec.value.broken);
    let broken_cards = broken.map(|(id, _)| id).collect();
    let names: Vec<(String, i64)> = file
        .cards
        .iter()
        .map(|spec| spec.value.name.clone())
        .zip(1..)
        .collect();
    let known = NameResolver {
        tables: &tables,
        segments: &segments,
        measures: &measures,
        cards: &names,
        table: None,
    };
    let cards = good_ones(cards(file.cards, known, &collections, today), &mut faults);
    let dashboards = good_ones(dashboards(file.dashboards, &names, &collections), &mut faults);
    let (groups, users, api_keys) = resolved_people(file.people, &collections, &tables, &mut faults);
    let database = DatabaseMetadata {
        id: 1,
        name: file.database.name.unwrap_or_else(|| name.to_owned()),
        engine: "sqlite",
        description: file.database.description,
        is_sample: file.database.sample,
    };
    let model = SemanticModel {
        database,
        tables,
        collections,
        cards,
        dashboards,
        segments,
        measures,
        groups,
        users,
        api_keys,
        curated_collection_id,
    };
    let resolved = ResolvedModel {
        model,
        today,
        card_lines,
        broken_cards,
    };
    Ok((resolved, faults))
}

/// The people of the file, or the built-in ones where it has none.
fn resolved_people(
    own: Option<Spanned<PeopleSpec>>,
    collections: &[Collection],
    tables: &[TableMetadata],
    faults: &mut Vec<ModelFault>,
) -> People {
    let (line, resolved) = match own {
        Some(own) => (
            Some(own.referenced.line()).filter(|line| *line > 0),
            people(own.value, collections, tables, true),
        ),
        None => (
            None,
            default_people().and_then(|built_in| people(built_in, collections, tables, false)),
        ),
    };
    resolved.unwrap_or_else(|message| {
        faults.push(ModelFault { line, message });
        People::default()
    })
}

fn default_people() -> Result<PeopleSpec, String> {
    serde_saphyr::from_str(PEOPLE).map_err(|error| format!("the built-in people: {error}"))
}

fn describe(
    tables: &mut [TableMetadata],
    specs: BTreeMap<String, Spanned<TableSpec>>,
    faults: &mut Vec<ModelFault>,
) {
    let mut references = Vec::new();
    for (name, spec) in specs {
        let id = match table(tables, &name) {
            Ok(table) => table.id,
            Err(message) => {
                faults.push(ModelFault::at(&spec, message));
                continue;
            }
        };
        for (column, field) in &spec.value.fields {
            match reference(tables, id, column, &field.value) {
                Ok(found) => references.extend(found),
                Err(error) => {
                    let message = format!("tables.{name}.fields.{column}: {error}");
                    faults.push(ModelFault::at(field, message));
                }
            }
        }
        if let Some(table) = tables.iter_mut().find(|table| table.id == id) {
            describe_table(table, spec.value);
        }
    }
    for (from, target) in references {
        let fields = tables.iter_mut().flat_map(|table| &mut table.fields);
        for field in fields.filter(|field| field.id == from) {
            field.fk_target_field_id = Some(target);
            field.semantic_type = Some("type/FK".to_owned());
        }
    }
}

/// The column that a described one points at, as (from, to), when it points at one. The described one has to exist.
fn reference(
    tables: &[TableMetadata],
    table_id: i64,
    column: &str,
    spec: &FieldSpec,
) -> Result<Option<(i64, i64)>, String> {
    let Some(table) = tables.iter().find(|table| table.id == table_id) else {
        return Ok(None);
    };
    let from = own(table, column)?.id;
    let Some(path) = &spec.references else {
        return Ok(None);
    };
    let (_, target) = table_column(tables, path)?;
    Ok(Some((from, target.id)))
}

fn describe_table(table: &mut TableMetadata, spec: TableSpec) {
    table.description = spec.description.or(table.description.take());
    if let Some(display_name) = spec.display_name {
        table.display_name = display_name;
    }
    for (column, spec) in spec.fields {
        let spec = spec.value;
        let mut fields = table.fields.iter_mut();
        let Some(field) = fields.find(|field| field.name.eq_ignore_ascii_case(&column)) else {
            continue;
        };
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

/// Numbers collections from 1 in the order of the file, and tells which one is curated.
fn collections(
    specs: &[Spanned<CollectionSpec>],
    faults: &mut Vec<ModelFault>,
) -> (Vec<Collection>, Option<i64>) {
    let mut made: Vec<(String, Collection)> = Vec::with_capacity(specs.len());
    let mut curated = None;
    for (spec, id) in specs.iter().zip(1..) {
        match collection(&spec.value, id, &made) {
            Ok(collection) => {
                curated = curated.or(spec.value.curated.then_some(id));
                made.push((spec.value.path.clone(), collection));
            }
            Err(message) => faults.push(ModelFault::at(spec, message)),
        }
    }
    (
        made.into_iter().map(|(_, collection)| collection).collect(),
        curated,
    )
}

fn collection(spec: &CollectionSpec, id: i64, made: &[(String, Collection)]) -> Result<Collection, String> {
    let (above, name) = match spec.path.rsplit_once('/') {
        Some((above, name)) => (Some(above), name),
        None => (None, spec.path.as_str()),
    };
    let at_path = |path: &str| made.iter().find(|(known, _)| known == path);
    if at_path(&spec.path).is_some() {
        return Err(format!("collection \"{}\" is there twice", spec.path));
    }
    let parent = match above {
        Some(above) => {
            let missing = || format!("collection \"{}\": put \"{above}\" before it", spec.path);
            Some(
                at_path(above)
                    .map(|(_, collection)| collection)
                    .ok_or_else(missing)?,
            )
        }
        None => None,
    };
    Ok(Collection {
        id,
        entity_id: entity_id("collection", &spec.path),
        slug: slug(name),
        parent: parent.map(|parent| parent.id),
        location: parent.map_or_else(
            || "/".to_owned(),
            |parent| format!("{}{}/", parent.location, parent.id),
        ),
        name: name.to_owned(),
        description: spec.description.clone(),
        archived: spec.archived,
        authority_level: spec.official.then(|| "official".to_owned()),
    })
}

fn on_table<'a>(
    tables: &'a [TableMetadata],
    name: &str,
) -> Result<(&'a TableMetadata, NameResolver<'a>), String> {
    let table = table(tables, name)?;
    Ok((
        table,
        NameResolver {
            tables,
            segments: &[],
            measures: &[],
            cards: &[],
            table: Some(table),
        },
    ))
}

fn segments(
    specs: Vec<Spanned<SegmentSpec>>,
    tables: &[TableMetadata],
) -> Vec<Result<SavedSegment, ModelFault>> {
    let resolved = specs.into_iter().zip(1..).map(|(spec, id)| {
        let parts = on_table(tables, &spec.value.table).and_then(|(table, names)| {
            let filters = spec.value.filters.iter().map(|filter| names.filter(filter));
            Ok((table.id, filters.collect::<Result<Vec<_>, _>>()?))
        });
        let (table_id, filters) = parts.map_err(|error| {
            let message = format!("segment \"{}\": {error}", spec.value.name);
            ModelFault::at(&spec, message)
        })?;
        Ok(SavedSegment {
            id,
            entity_id: entity_id("segment", &spec.value.name),
            table_id,
            name: spec.value.name,
            description: spec.value.description,
            filters,
        })
    });
    resolved.collect()
}

fn measures(
    specs: Vec<Spanned<MeasureSpec>>,
    tables: &[TableMetadata],
) -> Vec<Result<SavedMeasure, ModelFault>> {
    let resolved = specs.into_iter().zip(1..).map(|(spec, id)| {
        let parts = on_table(tables, &spec.value.table)
            .and_then(|(table, names)| Ok((table.id, names.aggregation(&spec.value.aggregation)?)));
        let (table_id, aggregation) = parts.map_err(|error| {
            let message = format!("measure \"{}\": {error}", spec.value.name);
            ModelFault::at(&spec, message)
        })?;
        Ok(SavedMeasure {
            id,
            entity_id: entity_id("measure", &spec.value.name),
            table_id,
            name: spec.value.name,
            description: spec.value.description,
            aggregation,
        })
    });
    resolved.collect()
}
