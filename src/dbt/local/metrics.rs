//! Metrics that a local project defines: `semantic_manifest.json`, with the columns of their tables from `catalog.json`.
//!
//! They can be read and looked up without any account. Asking for their values needs the Semantic Layer, which computes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::project::LocalProject;
use crate::catalog::METRIC_TIME;
use crate::dbt::error::DbtError;
use crate::operations::local as table;

/// A metric as the project defines it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LocalMetric {
    pub name: String,
    pub label: Option<String>,
    pub description: Option<String>,
    /// `simple`, `ratio`, `derived`, `cumulative`, `conversion`, or what else dbt calls it.
    pub metric_type: String,
    /// What it computes: `sum of revenue`, `ratio of revenue and number_of_orders`.
    pub computes: String,
    /// The filters inside its definition, as they are written there.
    pub filters: Vec<String>,
    /// The table it reads, for one over a single measure.
    pub table: Option<String>,
    /// What that table's model can group it by, with the type of the column where `catalog.json` knows it.
    pub dimensions: Vec<LocalDimension>,
}

/// What a metric of a local project can be grouped by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LocalDimension {
    /// The name by which dbt is asked: `order__status`.
    pub name: String,
    /// The type of its column in the warehouse.
    pub column_type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SemanticManifest {
    semantic_models: Vec<LocalSemanticModel>,
    metrics: Vec<LocalMetricItem>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LocalSemanticModel {
    node_relation: LocalRelation,
    primary_entity: Option<String>,
    entities: Vec<LocalElement>,
    measures: Vec<LocalMeasure>,
    dimensions: Vec<LocalElement>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LocalRelation {
    alias: Option<String>,
    schema_name: Option<String>,
    relation_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LocalElement {
    name: String,
    #[serde(rename = "type")]
    element_type: Option<String>,
    expr: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LocalMeasure {
    name: String,
    agg: Option<String>,
    expr: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LocalMetricItem {
    name: String,
    label: Option<String>,
    description: Option<String>,
    #[serde(rename = "type")]
    metric_type: Option<String>,
    filter: Option<LocalFilter>,
    type_params: LocalMetricInputs,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LocalFilter {
    where_filters: Vec<LocalWhere>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LocalWhere {
    where_sql_template: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LocalMetricInputs {
    measure: Option<NamedInput>,
    numerator: Option<NamedInput>,
    denominator: Option<NamedInput>,
    expr: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NamedInput {
    name: String,
}

/// What `catalog.json` says of the tables.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WarehouseCatalog {
    nodes: BTreeMap<String, CatalogTable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CatalogTable {
    metadata: CatalogTableName,
    columns: BTreeMap<String, CatalogColumn>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CatalogTableName {
    schema: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CatalogColumn {
    #[serde(rename = "type")]
    column_type: Option<String>,
}

impl LocalProject {
    /// The metrics that the project defines, by name; none where dbt wrote no semantic manifest.
    pub async fn metrics(&self) -> Result<Vec<LocalMetric>, DbtError> {
        let Some(manifest) = self
            .optional::<SemanticManifest>(&table::SEMANTIC_MANIFEST)
            .await?
        else {
            return Ok(Vec::new());
        };
        let catalog = self.optional::<WarehouseCatalog>(&table::CATALOG).await?;
        let catalog = catalog.unwrap_or_default();
        let mut metrics: Vec<LocalMetric> = manifest
            .metrics
            .iter()
            .map(|metric| of(metric, &manifest, &catalog))
            .collect();
        metrics.sort_by(|one, two| one.name.cmp(&two.name));
        Ok(metrics)
    }
}

fn of(metric: &LocalMetricItem, manifest: &SemanticManifest, catalog: &WarehouseCatalog) -> LocalMetric {
    let parameters = &metric.type_params;
    let measured = parameters.measure.as_ref().and_then(|measure| {
        manifest.semantic_models.iter().find_map(|model| {
            let found = model.measures.iter().find(|known| known.name == measure.name)?;
            Some((model, found))
        })
    });
    let kind = metric.metric_type.clone().unwrap_or_default();
    let computes = match (
        measured,
        &parameters.numerator,
        &parameters.denominator,
        &parameters.expr,
    ) {
        (Some((_, measure)), ..) => {
            let over = measure.expr.as_deref().unwrap_or(&measure.name);
            let agg = measure.agg.as_deref().unwrap_or("value").replace('_', " ");
            format!("{agg} of {over}")
        }
        (None, Some(top), Some(bottom), _) => format!("ratio of {} and {}", top.name, bottom.name),
        (None, _, _, Some(expression)) => expression.clone(),
        _ => kind.clone(),
    };
    let filters = metric.filter.iter().flat_map(|filter| &filter.where_filters);
    LocalMetric {
        name: metric.name.clone(),
        label: metric.label.clone(),
        description: metric.description.clone().filter(|text| !text.trim().is_empty()),
        metric_type: kind,
        computes,
        filters: filters.map(|filter| filter.where_sql_template.clone()).collect(),
        table: measured.and_then(|(model, _)| model.node_relation.relation_name.clone()),
        dimensions: measured
            .map(|(model, _)| dimensions(model, catalog))
            .unwrap_or_default(),
    }
}

fn dimensions(model: &LocalSemanticModel, catalog: &WarehouseCatalog) -> Vec<LocalDimension> {
    let primary = model
        .entities
        .iter()
        .find(|entity| entity.element_type.as_deref() == Some("primary"));
    let prefix = primary
        .map(|entity| entity.name.as_str())
        .or(model.primary_entity.as_deref());
    let relation = &model.node_relation;
    let same = |one: &Option<String>, two: &Option<String>| match (one, two) {
        (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
        _ => false,
    };
    let table = catalog.nodes.values().find(|table| {
        same(&table.metadata.name, &relation.alias) && same(&table.metadata.schema, &relation.schema_name)
    });
    let typed = |column: &str| {
        let columns = table.map(|table| table.columns.iter()).into_iter().flatten();
        let mut found = columns.filter(|(name, _)| name.eq_ignore_ascii_case(column));
        found.next().and_then(|(_, column)| column.column_type.clone())
    };
    let time = LocalDimension {
        name: METRIC_TIME.to_owned(),
        column_type: None,
    };
    let own = model.dimensions.iter().map(|dimension| LocalDimension {
        name: match prefix {
            Some(prefix) => format!("{prefix}__{}", dimension.name),
            None => dimension.name.clone(),
        },
        column_type: typed(dimension.expr.as_deref().unwrap_or(&dimension.name)),
    });
    std::iter::once(time).chain(own).collect()
}
