use serde_json::{Value, json};

use super::clause::{MbqlClause, list};
use super::column::QueryColumn;
use super::compiler::MbqlCompiler;
use super::expression::path_name;
use super::outcome::{QueryFailure, WideField};
use crate::semantic::{Card, CardKind, FieldMetadata, MetricDimension, SemanticModel};

/// A table's own columns, then those that its foreign keys lead to.
pub(crate) fn wide_of_table(model: &SemanticModel, table_id: i64) -> Vec<WideField> {
    let Some(table) = model.table(table_id) else {
        return Vec::new();
    };
    let own = table
        .visible_fields()
        .map(|field| from_field(field, json!(["field", {}, field.id])));
    let joinable = table.visible_fields().flat_map(|key| joinable(model, key, None));
    own.chain(joinable).collect()
}

/// What a card returns, then what the foreign keys among it lead to; for a metric, what its source has.
pub(crate) fn wide_of_card(compiler: MbqlCompiler<'_>, card: &Card) -> Result<Vec<WideField>, QueryFailure> {
    let model = compiler.model;
    if card.kind == CardKind::Metric {
        let wide = wide_of_metric(compiler, card)?;
        return match &card.dimensions {
            Some(dimensions) => dimensions.iter().map(|one| named_dimension(&wide, one)).collect(),
            None => Ok(wide),
        };
    }
    Ok(wide_of_columns(model, &compiler.card(card)?.columns))
}

/// What a query returns, then what the foreign keys among it lead to.
pub(crate) fn wide_of_result(
    compiler: MbqlCompiler<'_>,
    query: &Value,
) -> Result<Vec<WideField>, QueryFailure> {
    let columns = compiler.compile(query, None)?.columns;
    Ok(wide_of_columns(compiler.model, &columns))
}

fn wide_of_columns(model: &SemanticModel, columns: &[QueryColumn]) -> Vec<WideField> {
    let mut wide = Vec::with_capacity(columns.len());
    for column in columns {
        let options = json!({"base-type": column.base_type});
        wide.push(WideField {
            reference: json!(["field", options, column.name]),
            field_id: column.field.as_ref().map(|field| field.id),
            name: column.name.clone(),
            display_name: column.display_name.clone(),
            base_type: column.base_type.clone(),
            database_type: column.field.as_ref().map(|field| field.database_type.clone()),
            semantic_type: column.semantic_type.clone(),
            description: column.description.clone(),
            fk_target_field_id: column.field.as_ref().and_then(|field| field.fk_target_field_id),
            source_field_id: None,
            table_reference: None,
            table_id: column.field.as_ref().map(|field| field.table_id),
        });
    }
    let keys = columns
        .iter()
        .filter(|column| column.unit.is_none() && column.source_field_id.is_none());
    for (key, column) in keys.filter_map(|column| column.field.as_ref().map(|field| (field, column))) {
        wide.extend(joinable(model, key, Some(&column.name)));
    }
    wide
}

/// Everything that a metric's source leads to.
fn wide_of_metric(compiler: MbqlCompiler<'_>, card: &Card) -> Result<Vec<WideField>, QueryFailure> {
    if let Some(table_id) = card.table_id {
        return Ok(wide_of_table(compiler.model, table_id));
    }
    let source = card.source_card_id.and_then(|id| compiler.model.card(id));
    let missing = || {
        QueryFailure::invalid(format!(
            "Metric {} has neither a table nor a card to read",
            card.id
        ))
    };
    wide_of_card(compiler.deeper()?, source.ok_or_else(missing)?)
}

/// A dimension that a metric names, among everything that its source leads to.
fn named_dimension(wide: &[WideField], dimension: &MetricDimension) -> Result<WideField, QueryFailure> {
    let clause = MbqlClause::parse(&dimension.reference);
    let source = clause.and_then(|clause| clause.int_option("source-field"));
    let target = clause.and_then(|clause| clause.args.first());
    let found = wide.iter().find(|field| {
        let same = match target {
            Some(Value::String(name)) => field.name == *name,
            Some(id) => field.field_id.is_some() && field.field_id == id.as_i64(),
            None => false,
        };
        same && field.source_field_id == source
    });
    let mut field = found.cloned().ok_or_else(|| {
        QueryFailure::invalid(format!(
            "the metric's source has no column {}",
            dimension.reference
        ))
    })?;
    if let Some(name) = &dimension.name {
        field.display_name.clone_from(name);
    }
    if dimension.description.is_some() {
        field.description.clone_from(&dimension.description);
    }
    Ok(field)
}

/// The place, among a metric's columns, of the time column in its own breakout.
pub(crate) fn default_time_dimension(card: &Card, wide: &[WideField]) -> Option<usize> {
    let stage = list(&card.dataset_query, "stages").first()?;
    let breakout = MbqlClause::parse(list(stage, "breakout").first()?)?;
    breakout.text_option("temporal-unit")?;
    let target = breakout.args.first()?;
    let source = breakout.int_option("source-field");
    wide.iter().position(|field| {
        let same = match target {
            Value::String(name) => field.name == *name,
            id => field.field_id.is_some() && field.field_id == id.as_i64(),
        };
        same && field.source_field_id == source
    })
}

fn joinable<'m>(
    model: &'m SemanticModel,
    key: &'m FieldMetadata,
    column: Option<&'m str>,
) -> impl Iterator<Item = WideField> + use<'m> {
    let target = key.fk_target_field_id.and_then(|id| model.field(id));
    let fields = target.into_iter().flat_map(|(table, _)| table.visible_fields());
    fields.map(move |field| {
        let options = match column {
            Some(name) => json!({"source-field": key.id, "source-field-name": name}),
            None => json!({"source-field": key.id}),
        };
        WideField {
            source_field_id: Some(key.id),
            table_reference: Some(path_name(&key.display_name).to_owned()),
            ..from_field(field, json!(["field", options, field.id]))
        }
    })
}

fn from_field(field: &FieldMetadata, reference: Value) -> WideField {
    WideField {
        reference,
        field_id: Some(field.id),
        name: field.name.clone(),
        display_name: field.display_name.clone(),
        base_type: field.base_type.clone(),
        database_type: Some(field.database_type.clone()),
        semantic_type: field.semantic_type.clone(),
        description: field.description.clone(),
        fk_target_field_id: field.fk_target_field_id,
        source_field_id: None,
        table_reference: None,
        table_id: Some(field.table_id),
    }
}
