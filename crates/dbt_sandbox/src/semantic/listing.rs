//! Metrics, dimensions and so on as the API lists them.

use serde_json::{Value, json};

use super::element::{ElementName, METRIC_TIME, grains, reachable, resolve};
use super::grain::SqlGrain;
use super::manifest::{
    SemanticSource, ServedDimension, ServedManifest, ServedMetric, ServedQuery, templates,
};
use super::metric::{measures_of, requires_time};
use super::query::group_of_call;

/// Whether a column of a table holds truths, as the catalog knows it.
pub(super) fn is_truth(catalog: &Value, table: &str, column: &str) -> bool {
    let nodes = catalog.get("nodes").and_then(Value::as_object);
    nodes.into_iter().flat_map(serde_json::Map::values).any(|node| {
        let text = |name: &str| {
            node.pointer(&format!("/metadata/{name}"))
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let is_same = format!("\"{}\".\"{}\"", text("schema"), text("name")).eq_ignore_ascii_case(table);
        let of = node
            .pointer(&format!("/columns/{column}/type"))
            .and_then(Value::as_str);
        is_same && of.is_some_and(|of| of.eq_ignore_ascii_case("boolean"))
    })
}

/// The tables that the metrics rest on, with their times.
fn sources<'a>(manifest: &'a ServedManifest, names: &[String]) -> Vec<(&'a SemanticSource, Option<&'a str>)> {
    let mut found: Vec<(&SemanticSource, Option<&str>)> = Vec::new();
    for metric in names.iter().filter_map(|name| manifest.metric(name)) {
        for (source, measure) in measures_of(manifest, metric)
            .into_iter()
            .filter_map(|name| manifest.measure(name))
        {
            let entry = (source, source.time_of(measure));
            if !found
                .iter()
                .any(|(known, time)| known.name == entry.0.name && *time == entry.1)
            {
                found.push(entry);
            }
        }
    }
    found
}

/// What all of the metrics can be grouped by.
pub(super) fn dimensions(manifest: &ServedManifest, metrics: &[String]) -> Vec<Value> {
    let sources = sources(manifest, metrics);
    let Some((first, _)) = sources.first() else {
        return Vec::new();
    };
    let mut list = Vec::new();
    if let Some(grains) = granularities(manifest, metrics) {
        list.push(dimension(METRIC_TIME, "TIME", None, &grains));
    }
    for (name, definition) in reachable(manifest, first).0 {
        let element = ElementName::parse(&name, None);
        let everywhere = sources
            .iter()
            .all(|(source, time)| resolve(manifest, source, *time, &element).is_some());
        if everywhere {
            let of = if definition.is_time() {
                "TIME"
            } else {
                "CATEGORICAL"
            };
            let grains = if definition.is_time() {
                grains(definition)
            } else {
                Vec::new()
            };
            list.push(dimension(&name, of, Some(definition), &grains));
        }
    }
    list
}

fn dimension(name: &str, of: &str, definition: Option<&ServedDimension>, grains: &[SqlGrain]) -> Value {
    let description = match definition {
        Some(definition) => json!(definition.description),
        None => json!("The time that the metrics are counted at."),
    };
    json!({
        "name": name,
        "qualifiedName": name,
        "type": of,
        "label": definition.and_then(|of| of.label.clone()),
        "description": description,
        "isPartition": definition.is_some_and(|of| of.is_partition),
        "expr": definition.and_then(|of| of.expr.clone()),
        "queryableTimeGranularities": lower(grains),
        "queryableGranularities": upper(grains),
        "config": definition.and_then(|of| of.config.clone()),
    })
}

pub(super) fn entities(manifest: &ServedManifest, metrics: &[String]) -> Vec<Value> {
    let sources = sources(manifest, metrics);
    let Some((first, _)) = sources.first() else {
        return Vec::new();
    };
    let mut list: Vec<Value> = Vec::new();
    for (name, definition) in reachable(manifest, first).1 {
        let element = ElementName::parse(&name, None);
        let everywhere = sources
            .iter()
            .all(|(source, time)| resolve(manifest, source, *time, &element).is_some());
        if everywhere {
            list.push(json!({
                "name": name,
                "type": definition.kind.to_uppercase(),
                "role": definition.role,
                "expr": definition.expr,
                "description": definition.description,
                "config": null,
            }));
        }
    }
    list
}

pub(super) fn measures(manifest: &ServedManifest, metrics: &[String]) -> Vec<Value> {
    let mut list: Vec<Value> = Vec::new();
    for metric in metrics.iter().filter_map(|name| manifest.metric(name)) {
        for (source, measure) in measures_of(manifest, metric)
            .into_iter()
            .filter_map(|name| manifest.measure(name))
        {
            let told = json!({
                "name": measure.name,
                "agg": measure.agg.to_uppercase(),
                "aggTimeDimension": source.time_of(measure),
                "expr": measure.expr.as_deref().unwrap_or(&measure.name),
            });
            if !list.contains(&told) {
                list.push(told);
            }
        }
    }
    list
}

/// The grains that the time of all metrics can be asked for in.
pub(super) fn granularities(manifest: &ServedManifest, metrics: &[String]) -> Option<Vec<SqlGrain>> {
    let mut coarsest: Option<Vec<SqlGrain>> = None;
    for (source, time) in sources(manifest, metrics) {
        let of = grains(source.dimension(time?)?);
        coarsest = match coarsest {
            Some(known) if known.len() <= of.len() => Some(known),
            _ => Some(of),
        };
    }
    coarsest
}

pub(super) fn metric(manifest: &ServedManifest, of: &ServedMetric) -> Value {
    let names = [of.name.clone()];
    let grains = granularities(manifest, &names).unwrap_or_default();
    let filter: Vec<&str> = templates(of.filter.as_ref()).collect();
    json!({
        "name": of.name,
        "label": of.label,
        "description": of.description,
        "type": of.kind.to_uppercase(),
        "formula": of.type_params.expr,
        "filter": if filter.is_empty() { Value::Null } else { json!({ "whereSqlTemplate": filter.join(" AND ") }) },
        "requiresMetricTime": requires_time(manifest, of, 0),
        "queryableTimeGranularities": lower(&grains),
        "queryableGranularities": upper(&grains),
        "config": of.config,
    })
}

pub(super) fn saved_query(of: &ServedQuery) -> Value {
    let parameters = &of.query_params;
    let groups: Vec<Value> = parameters
        .group_by
        .iter()
        .map(|text| match group_of_call(text) {
            Some(name) => {
                let (name, grain) = name.parts();
                json!({ "name": name, "timeGranularity": grain.map(SqlGrain::name), "grain": grain.map(|grain| grain.name().to_uppercase()), "datePart": null })
            }
            None => json!({ "name": text }),
        })
        .collect();
    let metrics: Vec<Value> = parameters
        .metrics
        .iter()
        .map(|name| json!({ "name": name }))
        .collect();
    let filter: Vec<&str> = templates(parameters.filter.as_ref()).collect();
    let exports: Vec<Value> = of
        .exports
        .iter()
        .map(|export| {
            let config = &export.config;
            let kind = config.export_as.as_ref().map(|kind| kind.to_uppercase());
            json!({ "name": export.name, "config": { "alias": config.alias, "schema": config.schema_name, "exportAs": kind } })
        })
        .collect();
    json!({
        "name": of.name,
        "label": of.label,
        "description": of.description,
        "queryParams": {
            "metrics": metrics,
            "groupBy": groups,
            "where": if filter.is_empty() { Value::Null } else { json!({ "whereSqlTemplate": filter.join(" AND ") }) },
        },
        "exports": exports,
    })
}

/// The metrics that can be grouped by all of these.
pub(super) fn metrics_for<'a>(manifest: &'a ServedManifest, groups: &[ElementName]) -> Vec<&'a ServedMetric> {
    let fits = |metric: &ServedMetric| {
        let sources = sources(manifest, std::slice::from_ref(&metric.name));
        !sources.is_empty()
            && groups.iter().all(|name| {
                sources
                    .iter()
                    .all(|(source, time)| resolve(manifest, source, *time, name).is_some())
            })
    };
    manifest.metrics.iter().filter(|metric| fits(metric)).collect()
}

pub(super) fn lower(grains: &[SqlGrain]) -> Vec<&'static str> {
    grains.iter().map(|grain| grain.name()).collect()
}

pub(super) fn upper(grains: &[SqlGrain]) -> Vec<String> {
    grains.iter().map(|grain| grain.name().to_uppercase()).collect()
}

/// Whether a text that somebody looks for is in any of a thing's words.
pub(super) fn mentions(thing: &Value, wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    ["name", "label", "description"].iter().any(|field| {
        let text = thing.get(*field).and_then(Value::as_str).unwrap_or_default();
        text.to_lowercase().contains(&wanted)
    })
}
