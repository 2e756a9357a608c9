//! Entries of a catalog from the metrics of dbt that the rules select.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::client::SemanticLayerClient;
use super::forms::{SemanticDimension, SemanticMetric};
use super::rows;
use crate::catalog::{
    AllowedValues, Catalog, DbtMetricDefinition, DbtMetricRule, Dimension, Entry, METRIC_TIME, MetricEntry,
    SqlDialect, dbt_metric_ids, nearest,
};
use crate::dbt::error::DbtError;
use crate::result::{Cell, ColumnKind};

/// The collection that metrics of dbt are shown in.
const COLLECTION: &str = "dbt";
/// The key of a metric's `meta` that names the metric of Metabase which is the same.
const SAME_IN_METABASE: &str = "metabase_metric";
/// Values that are kept of a dimension; more are a sample.
const KEPT_VALUES: u32 = 100;
/// Dimensions whose values are looked up for one catalog.
const MOST_LOOKUPS: usize = 60;
/// Queries of values at once.
const AT_ONCE: usize = 4;
/// Grains within a day.
const FINE: [&str; 6] = [
    "nanosecond",
    "microsecond",
    "millisecond",
    "second",
    "minute",
    "hour",
];

#[derive(Debug, Clone, Default)]
pub struct DbtMetrics {
    pub entries: Vec<Entry>,
    /// What was named and is not there, or could not be read, in words.
    pub warnings: Vec<String>,
}

impl SemanticLayerClient {
    /// The metrics that the rules select, as entries. What values occur is taken from `before` where that knows it, and looked up
    /// otherwise where the rules say so.
    pub async fn curated(
        &self,
        rule: &DbtMetricRule,
        before: Option<&Catalog>,
    ) -> Result<DbtMetrics, DbtError> {
        let metrics = self.metrics().await?;
        let ids = dbt_metric_ids(metrics.iter().map(|metric| metric.name.as_str()));
        let mut found = DbtMetrics::default();
        let known: BTreeSet<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        for name in rule.names.iter().filter(|name| !known.contains(name.as_str())) {
            let near = nearest(name, known.iter().copied(), 3);
            let near = if near.is_empty() {
                String::new()
            } else {
                format!("; near it: {}", near.join(", "))
            };
            found.warnings.push(format!(
                "the dbt metric {name} is selected and is not in the Semantic Layer{near}"
            ));
        }
        let selected: Vec<&SemanticMetric> = metrics.iter().filter(|metric| selects(rule, metric)).collect();
        if selected.is_empty() {
            return Ok(found);
        }
        let dialect = match self.dialect().await {
            Ok(dialect) => dialect,
            Err(error) => {
                found.warnings.push(format!(
                    "{error}; filters of dbt metrics by texts with quotes are refused"
                ));
                SqlDialect::Unknown
            }
        };
        let values = self
            .values_known(rule, &selected, before, &mut found.warnings)
            .await;
        for metric in selected {
            let Some(id) = ids.get(metric.name.as_str()) else {
                continue;
            };
            let (dimensions, definition) = parts(metric, dialect, &values);
            let has_time = definition.grains.contains_key(METRIC_TIME);
            found.entries.push(Entry::Metric(Arc::new(MetricEntry {
                only_as_saved: None,
                id: *id,
                name: written(metric.label.as_deref()).unwrap_or_else(|| metric.name.clone()),
                description: written(metric.description.as_deref()),
                collection: vec![COLLECTION.to_owned()],
                verified: false,
                dimensions,
                default_time_dimension: has_time.then(|| METRIC_TIME.to_owned()),
                definition: Some(computes(metric)),
                built_in_filters: metric.filter().map(readable).into_iter().collect(),
                segments: Vec::new(),
                dbt: Some(Arc::new(definition)),
            })));
        }
        Ok(found)
    }

    /// The values of the dimensions of these metrics that are no times.
    async fn values_known(
        &self,
        rule: &DbtMetricRule,
        metrics: &[&SemanticMetric],
        before: Option<&Catalog>,
        warnings: &mut Vec<String>,
    ) -> BTreeMap<String, AllowedValues> {
        let mut known: BTreeMap<String, AllowedValues> = BTreeMap::new();
        let mut open: BTreeMap<&str, &str> = BTreeMap::new();
        for metric in metrics {
            for dimension in metric.dimensions.iter().filter(|dimension| !dimension.is_time()) {
                open.entry(dimension.asked_as()).or_insert(&metric.name);
            }
        }
        let kept = before.map(Catalog::entries).unwrap_or_default();
        for entry in kept {
            let Entry::Metric(metric) = entry else { continue };
            for dimension in metric.dimensions.iter().filter(|_| metric.dbt.is_some()) {
                if let Some(values) = &dimension.values
                    && open.remove(dimension.name.as_str()).is_some()
                {
                    known.insert(dimension.name.clone(), values.clone());
                }
            }
        }
        if !rule.values {
            return known;
        }
        let left_out = open.len().saturating_sub(MOST_LOOKUPS);
        // Owned, so that the futures borrow nothing of this one.
        let asked: Vec<(String, String)> = open
            .into_iter()
            .take(MOST_LOOKUPS)
            .map(|(dimension, metric)| (dimension.to_owned(), metric.to_owned()))
            .collect();
        let looked_up = stream::iter(asked).map(|(dimension, metric)| {
            let client = self.beside();
            async move {
                let values = client.values_of(&metric, &dimension, false, KEPT_VALUES).await;
                (dimension, values)
            }
        });
        let mut looked_up = looked_up.buffered(AT_ONCE);
        while let Some((dimension, values)) = looked_up.next().await {
            match values {
                Ok(found) => {
                    known.insert(dimension, found.values);
                }
                Err(error) => warnings.push(format!("the values of {dimension} are not known: {error}")),
            }
        }
        if left_out > 0 {
            warnings.push(format!(
                "the values of {left_out} dimensions of dbt were not looked up: at most {MOST_LOOKUPS} are"
            ));
        }
        known
    }
}

fn selects(rule: &DbtMetricRule, metric: &SemanticMetric) -> bool {
    if rule.names.contains(&metric.name) {
        return true;
    }
    let prefix = rule.name_prefix.as_deref();
    let by_rule = rule.all || prefix.is_some() || !rule.meta.is_empty();
    let has = |(key, wanted): (&String, &String)| match metric.meta().get(key) {
        Some(Value::String(text)) => text == wanted,
        Some(other) => serde_json::from_str::<Value>(wanted).is_ok_and(|wanted| wanted == *other),
        None => false,
    };
    by_rule && prefix.is_none_or(|prefix| metric.name.starts_with(prefix)) && rule.meta.iter().all(has)
}

/// Dimensions of an entry, and what dbt has to know to be asked.
fn parts(
    metric: &SemanticMetric,
    dialect: SqlDialect,
    values: &BTreeMap<String, AllowedValues>,
) -> (Vec<Dimension>, DbtMetricDefinition) {
    let mut definition = DbtMetricDefinition {
        name: metric.name.clone(),
        metric_type: metric.metric_type.to_lowercase(),
        requires_metric_time: metric.requires_metric_time,
        agrees_with: metric.meta().get(SAME_IN_METABASE).map(|same| match same {
            Value::String(name) => name.clone(),
            other => other.to_string(),
        }),
        dialect,
        ..DbtMetricDefinition::default()
    };
    let mut dimensions: Vec<Dimension> = Vec::new();
    let mut add = |dimension: Dimension| {
        if !dimensions.iter().any(|known| known.name == dimension.name) {
            dimensions.push(dimension);
        }
    };
    for dimension in &metric.dimensions {
        let name = dimension.asked_as().to_owned();
        if dimension.is_time() {
            let mut grains = lower(&dimension.queryable_time_granularities);
            if grains.is_empty() && name == METRIC_TIME {
                grains = lower(&metric.queryable_time_granularities);
            }
            if grains.is_empty() {
                grains = ["day", "week", "month", "quarter", "year"]
                    .map(str::to_owned)
                    .to_vec();
            }
            add(time(&name, dimension, &grains));
            definition.grains.insert(name, grains);
        } else {
            let values = values.get(&name).cloned();
            add(Dimension {
                label: label(&name, dimension.label.as_deref()),
                kind: kind_of(values.as_ref()),
                description: written(dimension.description.as_deref()),
                values,
                name,
            });
        }
    }
    for entity in &metric.entities {
        definition.entities.insert(entity.name.clone());
        add(Dimension {
            label: entity.name.clone(),
            name: entity.name.clone(),
            kind: ColumnKind::Text,
            description: written(entity.description.as_deref()),
            values: None,
        });
    }
    (dimensions, definition)
}

fn time(name: &str, dimension: &SemanticDimension, grains: &[String]) -> Dimension {
    let fine = grains.iter().any(|grain| FINE.contains(&grain.as_str()));
    Dimension {
        name: name.to_owned(),
        label: label(name, dimension.label.as_deref()),
        kind: if fine {
            ColumnKind::Datetime
        } else {
            ColumnKind::Date
        },
        description: written(dimension.description.as_deref()),
        values: None,
    }
}

fn lower(grains: &[String]) -> Vec<String> {
    grains.iter().map(|grain| grain.to_lowercase()).collect()
}

fn label(name: &str, label: Option<&str>) -> String {
    written(label).unwrap_or_else(|| name.to_owned())
}

/// A text that says something.
fn written(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The type that all known values have. dbt does not say the types of dimensions.
fn kind_of(values: Option<&AllowedValues>) -> ColumnKind {
    let cells: Vec<Cell> = values
        .iter()
        .flat_map(|values| &values.values)
        .map(|value| match value {
            Value::Bool(truth) => Cell::Bool(*truth),
            Value::Number(number) => Cell::Number(number.clone()),
            other => Cell::text(other.to_string()),
        })
        .collect();
    rows::kind_of(cells.iter()).unwrap_or(ColumnKind::Text)
}

/// What it computes, in words: `sum of revenue`, `ratio`.
fn computes(metric: &SemanticMetric) -> String {
    let kind = metric.metric_type.to_lowercase();
    let measures: Vec<String> = metric
        .measures
        .iter()
        .map(|measure| {
            let over = written(measure.expr.as_deref()).unwrap_or_else(|| measure.name.clone());
            format!("{} of {over}", measure.agg.to_lowercase().replace('_', " "))
        })
        .collect();
    match (kind.as_str(), measures.as_slice()) {
        (_, []) => kind,
        ("simple", measures) => measures.join(", "),
        (kind, measures) => format!("{kind} over {}", measures.join(", ")),
    }
}

/// A filter without its templates: `customer__region = 'Europe'`.
fn readable(template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let (call, after) = after.split_once("}}").unwrap_or((after, ""));
        let name = call.split(['\'', '"']).nth(1).unwrap_or(call);
        out.push_str(name.trim());
        rest = after;
    }
    out.push_str(rest);
    out.trim().to_owned()
}
