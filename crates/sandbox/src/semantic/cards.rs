use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use serde_saphyr::Spanned;

use super::card::{Card, CardColumn, CardKind, Collection, MetricDimension};
use super::fault::ModelFault;
use super::file::{
    CardColumnSpec, CardKindSpec, CardQuerySpec, CardSpec, DimensionSpec, ParameterSpec, TagKind,
};
use super::ids::{entity_id, uuid};
use super::names::{NameResolver, table, table_column};
use super::people::at_path;
use crate::db::humanize;
use crate::native::{derived_type, tag_names};

/// Cards with ids, their queries resolved; numbered from 1 in the order of the file.
pub(super) fn cards(
    specs: Vec<Spanned<CardSpec>>,
    names: NameResolver<'_>,
    collections: &[Collection],
    today: Date,
) -> Vec<Result<Card, ModelFault>> {
    let made = specs.into_iter().zip(1..).map(|(spec, id)| {
        let at = |error: String| ModelFault {
            line: Some(spec.referenced.line()).filter(|line| *line > 0),
            message: format!("card \"{}\": {error}", spec.value.name),
        };
        card(spec.value.clone(), id, names, collections, today).map_err(at)
    });
    made.collect()
}

fn card(
    spec: CardSpec,
    id: i64,
    names: NameResolver<'_>,
    collections: &[Collection],
    today: Date,
) -> Result<Card, String> {
    let collection = spec.collection.as_deref().map(|path| {
        at_path(path, collections).ok_or_else(|| format!("no collection \"{path}\" in collections"))
    });
    let collection_id = collection.transpose()?.map(|collection| collection.id);
    let created_at = timestamp(spec.created.unwrap_or(today));
    let key = format!("{}/{}", spec.collection.as_deref().unwrap_or("root"), spec.name);
    let mut card = Card {
        id,
        entity_id: entity_id("card", &key),
        name: spec.name,
        description: spec.description,
        kind: match spec.kind {
            CardKindSpec::Question => CardKind::Question,
            CardKindSpec::Model => CardKind::Model,
            CardKindSpec::Metric => CardKind::Metric,
        },
        display: spec.display.unwrap_or_else(|| "table".to_owned()),
        collection_id,
        archived: spec.archived,
        verified: spec.verified,
        dataset_query: Value::Null,
        parameters: Vec::new(),
        table_id: None,
        source_card_id: None,
        created_at,
        updated_at: spec.updated.map_or(created_at, timestamp),
        columns: spec
            .columns
            .into_iter()
            .map(|(name, column)| (name, described(column)))
            .collect(),
        dimensions: None,
    };
    let stage = match (spec.sql, spec.query) {
        (Some(sql), None) if spec.kind == CardKindSpec::Metric => {
            return Err(format!("a metric is a query, not SQL: {sql:.40}"));
        }
        (Some(sql), None) => native_stage(&mut card, &sql, spec.parameters, names, &key)?,
        (None, Some(_)) if !spec.parameters.is_empty() => {
            return Err("parameters belong to SQL cards; a query takes none".to_owned());
        }
        (None, Some(query)) => query_stage(&mut card, &query, names)?,
        _ => return Err("it needs either sql or query".to_owned()),
    };
    card.dataset_query = json!({"lib/type": "mbql/query", "database": 1, "stages": [stage]});
    if let Some(specs) = spec.dimensions {
        if card.kind != CardKind::Metric {
            return Err("only a metric has dimensions".to_owned());
        }
        let table = card
            .table_id
            .and_then(|id| names.tables.iter().find(|table| table.id == id));
        let names = NameResolver { table, ..names };
        let dimensions = specs.into_iter().map(|spec| dimension(spec, names));
        card.dimensions = Some(dimensions.collect::<Result<_, String>>()?);
    }
    Ok(card)
}

fn described(spec: CardColumnSpec) -> CardColumn {
    CardColumn {
        display_name: spec.display_name,
        description: spec.description,
        semantic_type: spec.semantic_type,
        base_type: spec.base_type,
    }
}

fn dimension(spec: DimensionSpec, names: NameResolver<'_>) -> Result<MetricDimension, String> {
    let (field, name, description) = match spec {
        DimensionSpec::Field(field) => (field, None, None),
        DimensionSpec::Named(spec) => (spec.field, spec.name, spec.description),
    };
    let reference = names
        .field(&json!(field))
        .map_err(|error| format!("dimension \"{field}\": {error}"))?;
    Ok(MetricDimension {
        reference,
        name,
        description,
    })
}

fn timestamp(day: Date) -> Timestamp {
    day.at(9, 0, 0, 0)
        .to_zoned(TimeZone::UTC)
        .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

fn query_stage(card: &mut Card, query: &CardQuerySpec, names: NameResolver<'_>) -> Result<Value, String> {
    let mut stage = Map::new();
    stage.insert("lib/type".to_owned(), json!("mbql.stage/mbql"));
    let source = match (&query.table, &query.card) {
        (Some(name), None) => {
            let table = table(names.tables, name)?;
            card.table_id = Some(table.id);
            stage.insert("source-table".to_owned(), json!(table.id));
            Some(table)
        }
        (None, Some(name)) => {
            let id = names.card(name)?;
            card.source_card_id = Some(id);
            stage.insert("source-card".to_owned(), json!(id));
            None
        }
        _ => return Err("its query reads either a table or a card".to_owned()),
    };
    let names = NameResolver {
        table: source,
        ..names
    };
    let all = |specs: &[Value], resolve: &dyn Fn(&Value) -> Result<Value, String>| {
        specs.iter().map(resolve).collect::<Result<Vec<Value>, String>>()
    };
    let mut aggregations = all(&query.aggregations, &|spec| names.aggregation(spec))?;
    for (at, clause) in aggregations.iter_mut().enumerate() {
        // Order-by clauses refer to an aggregation by this.
        if let Some(Value::Object(options)) = clause.get_mut(1) {
            options.insert(
                "lib/uuid".to_owned(),
                json!(uuid("aggregation", &format!("{}/{at}", card.entity_id))),
            );
        }
    }
    let mut order = Vec::with_capacity(query.order_by.len());
    for spec in &query.order_by {
        let target = match (&spec.by, spec.aggregation) {
            (Some(field), None) => names.field(field)?,
            (None, Some(at)) => {
                let uuid = aggregations
                    .get(at)
                    .and_then(|clause| clause.get(1)?.get("lib/uuid"))
                    .cloned();
                json!([
                    "aggregation",
                    {},
                    uuid.ok_or_else(|| format!("order_by: there is no aggregation {at}"))?
                ])
            }
            _ => return Err("order_by needs either by or aggregation".to_owned()),
        };
        order.push(json!([if spec.descending { "desc" } else { "asc" }, {}, target]));
    }
    if card.kind == CardKind::Metric && aggregations.len() != 1 {
        return Err(format!(
            "a metric has exactly one aggregation, this one has {}",
            aggregations.len()
        ));
    }
    for (key, clauses) in [
        ("filters", all(&query.filters, &|spec| names.filter(spec))?),
        ("aggregation", aggregations),
        ("breakout", all(&query.breakouts, &|spec| names.field(spec))?),
        ("fields", all(&query.fields, &|spec| names.field(spec))?),
        ("order-by", order),
    ] {
        if !clauses.is_empty() {
            stage.insert(key.to_owned(), Value::Array(clauses));
        }
    }
    if let Some(limit) = query.limit {
        stage.insert("limit".to_owned(), json!(limit));
    }
    Ok(Value::Object(stage))
}

fn native_stage(
    card: &mut Card,
    sql: &str,
    parameters: Vec<ParameterSpec>,
    names: NameResolver<'_>,
    key: &str,
) -> Result<Value, String> {
    let mut sql = sql.trim().to_owned();
    let mut tags = Map::new();
    for parameter in parameters {
        let id = uuid("parameter", &format!("{key}/{}", parameter.name));
        card.parameters.push(wire_parameter(&parameter, &id));
        let name = parameter.name.clone();
        let tag =
            template_tag(parameter, &id, names).map_err(|error| format!("parameter \"{name}\": {error}"))?;
        tags.insert(name, tag);
    }
    for name in tag_names(&sql) {
        // `{{#Card name}}` reads another card; the wire names it by id.
        if let Some(other) = name.strip_prefix('#') {
            let id = names.card(other)?;
            let by_id = format!("#{id}");
            sql = sql.replace(&format!("{{{{{name}}}}}"), &format!("{{{{{by_id}}}}}"));
            let tag = json!({"id": uuid("parameter", &format!("{key}/{by_id}")), "name": by_id,
                             "display-name": by_id, "type": "card", "card-id": id});
            tags.insert(by_id, tag);
        } else if !tags.contains_key(&name) {
            return Err(format!(
                "the SQL uses {{{{{name}}}}}, which is not in its parameters"
            ));
        }
    }
    Ok(json!({"lib/type": "mbql.stage/native", "native": sql, "template-tags": tags}))
}

fn template_tag(parameter: ParameterSpec, id: &str, names: NameResolver<'_>) -> Result<Value, String> {
    let mut tag = Map::new();
    let display_name = parameter
        .display_name
        .unwrap_or_else(|| humanize(&parameter.name));
    tag.insert("id".to_owned(), json!(id));
    tag.insert("name".to_owned(), json!(parameter.name));
    tag.insert("display-name".to_owned(), json!(display_name));
    tag.insert("type".to_owned(), json!(parameter.kind.as_str()));
    let of_field = matches!(parameter.kind, TagKind::Dimension | TagKind::TemporalUnit);
    match (&parameter.field, of_field) {
        (Some(path), true) => {
            let (_, field) = table_column(names.tables, path)?;
            tag.insert("dimension".to_owned(), json!(["field", {}, field.id]));
        }
        (None, false) => {}
        (None, true) => return Err("it needs the field it is about".to_owned()),
        (Some(_), false) => return Err("only dimension and temporal-unit take a field".to_owned()),
    }
    if parameter.kind == TagKind::Dimension {
        tag.insert(
            "widget-type".to_owned(),
            json!(parameter.widget.as_deref().unwrap_or("category")),
        );
    } else if parameter.widget.is_some() {
        return Err("only a dimension takes a widget".to_owned());
    }
    if let Some(alias) = parameter.alias {
        tag.insert("alias".to_owned(), json!(alias));
    }
    if let Some(default) = parameter.default {
        tag.insert("default".to_owned(), default);
    }
    if parameter.required {
        tag.insert("required".to_owned(), json!(true));
    }
    Ok(Value::Object(tag))
}

fn wire_parameter(parameter: &ParameterSpec, id: &str) -> Value {
    let kind = derived_type(parameter.kind.as_str(), parameter.widget.as_deref());
    let of_field = matches!(parameter.kind, TagKind::Dimension | TagKind::TemporalUnit);
    let target_kind = if of_field { "dimension" } else { "variable" };
    let display_name = parameter
        .display_name
        .clone()
        .unwrap_or_else(|| humanize(&parameter.name));
    let mut wire = json!({
        "id": id,
        "name": display_name,
        "slug": parameter.name,
        "type": kind,
        "target": [target_kind, ["template-tag", parameter.name]],
        "values_query_type": if parameter.values.is_some() || parameter.field.is_some() { "list" } else { "none" },
        "values_source_type": Value::Null,
        "values_source_config": {},
    });
    if let Some(wire) = wire.as_object_mut() {
        if let Some(default) = &parameter.default {
            wire.insert("default".to_owned(), default.clone());
        }
        if parameter.required {
            wire.insert("required".to_owned(), json!(true));
        }
        if let Some(values) = &parameter.values {
            wire.insert("values_source_type".to_owned(), json!("static-list"));
            wire.insert("values_source_config".to_owned(), json!({"values": values}));
        }
    }
    wire
}
