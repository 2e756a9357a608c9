//! `semantic_manifest.json`, as far as queries need it. Fields that a newer dbt adds are ignored.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// dbt writes null for lists without items.
fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(from)?.unwrap_or_default())
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ServedManifest {
    #[serde(default, deserialize_with = "list")]
    pub(crate) semantic_models: Vec<SemanticSource>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) metrics: Vec<ServedMetric>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) saved_queries: Vec<ServedQuery>,
    #[serde(default)]
    pub(crate) project_configuration: ProjectConfiguration,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ProjectConfiguration {
    #[serde(default, deserialize_with = "list")]
    pub(crate) time_spines: Vec<TimeSpineDefinition>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TimeSpineDefinition {
    pub(crate) node_relation: NodeRelation,
    pub(crate) primary_column: PrimaryColumn,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PrimaryColumn {
    pub(crate) name: String,
    pub(crate) time_granularity: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct NodeRelation {
    pub(crate) relation_name: String,
}

/// A table with the meaning of its columns ("semantic model").
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SemanticSource {
    pub(crate) name: String,
    pub(crate) node_relation: NodeRelation,
    #[serde(default)]
    pub(crate) primary_entity: Option<String>,
    #[serde(default)]
    pub(crate) defaults: Option<SemanticDefaults>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) entities: Vec<ServedEntity>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) dimensions: Vec<ServedDimension>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) measures: Vec<ServedMeasure>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SemanticDefaults {
    #[serde(default)]
    pub(crate) agg_time_dimension: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ServedEntity {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) expr: Option<String>,
    #[serde(default)]
    pub(crate) role: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ServedDimension {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) expr: Option<String>,
    #[serde(default)]
    pub(crate) label: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) is_partition: bool,
    #[serde(default)]
    pub(crate) type_params: Option<DimensionTime>,
    #[serde(default)]
    pub(crate) config: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct DimensionTime {
    #[serde(default)]
    pub(crate) time_granularity: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ServedMeasure {
    pub(crate) name: String,
    pub(crate) agg: String,
    #[serde(default)]
    pub(crate) expr: Option<String>,
    #[serde(default)]
    pub(crate) agg_time_dimension: Option<String>,
    #[serde(default)]
    pub(crate) non_additive_dimension: Option<NonAdditiveDimension>,
    #[serde(default)]
    pub(crate) agg_params: Option<AggregationParameters>,
}

/// A time over which the values of a measure are not added up: those of its first or last moment count.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct NonAdditiveDimension {
    pub(crate) name: String,
    /// `min` or `max`.
    #[serde(default)]
    pub(crate) window_choice: String,
    /// Entities that each have a moment of their own.
    #[serde(default, deserialize_with = "list")]
    pub(crate) window_groupings: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AggregationParameters {
    #[serde(default)]
    pub(crate) percentile: Option<f64>,
    #[serde(default)]
    pub(crate) use_discrete_percentile: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ServedMetric {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) label: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) filter: Option<FilterDefinition>,
    #[serde(default)]
    pub(crate) type_params: MetricParameters,
    #[serde(default)]
    pub(crate) config: Option<Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct MetricParameters {
    #[serde(default)]
    pub(crate) measure: Option<MeasureInput>,
    #[serde(default)]
    pub(crate) numerator: Option<InputMetric>,
    #[serde(default)]
    pub(crate) denominator: Option<InputMetric>,
    #[serde(default)]
    pub(crate) expr: Option<String>,
    #[serde(default)]
    pub(crate) window: Option<WindowDefinition>,
    #[serde(default)]
    pub(crate) grain_to_date: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) metrics: Vec<InputMetric>,
    #[serde(default)]
    pub(crate) cumulative_type_params: Option<CumulativeParameters>,
    #[serde(default)]
    pub(crate) conversion_type_params: Option<ConversionParameters>,
}

/// How many events of one kind follow those of another.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ConversionParameters {
    pub(crate) base_measure: MeasureInput,
    pub(crate) conversion_measure: MeasureInput,
    /// Whose events they are.
    pub(crate) entity: String,
    /// `conversions`, or `conversion_rate` where nothing is said.
    #[serde(default)]
    pub(crate) calculation: Option<String>,
    /// How long after its base event a conversion counts; without one, for ever.
    #[serde(default)]
    pub(crate) window: Option<WindowDefinition>,
    /// What has to be the same of both events.
    #[serde(default, deserialize_with = "list")]
    pub(crate) constant_properties: Vec<ConstantProperty>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ConstantProperty {
    pub(crate) base_property: String,
    pub(crate) conversion_property: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct CumulativeParameters {
    #[serde(default)]
    pub(crate) window: Option<WindowDefinition>,
    #[serde(default)]
    pub(crate) grain_to_date: Option<String>,
    #[serde(default)]
    pub(crate) period_agg: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct MeasureInput {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) filter: Option<FilterDefinition>,
    #[serde(default)]
    pub(crate) join_to_timespine: bool,
    #[serde(default)]
    pub(crate) fill_nulls_with: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct InputMetric {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) alias: Option<String>,
    #[serde(default)]
    pub(crate) filter: Option<FilterDefinition>,
    #[serde(default)]
    pub(crate) offset_window: Option<WindowDefinition>,
    #[serde(default)]
    pub(crate) offset_to_grain: Option<String>,
}

impl InputMetric {
    /// The name that expressions know it by.
    pub(crate) fn alias(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct WindowDefinition {
    pub(crate) count: u32,
    pub(crate) granularity: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct FilterDefinition {
    #[serde(default, deserialize_with = "list")]
    pub(crate) where_filters: Vec<WhereTemplate>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct WhereTemplate {
    pub(crate) where_sql_template: String,
}

/// The templates of a filter that may not be there.
pub(crate) fn templates(of: Option<&FilterDefinition>) -> impl Iterator<Item = &str> {
    of.into_iter()
        .flat_map(|of| &of.where_filters)
        .map(|one| one.where_sql_template.as_str())
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ServedQuery {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) label: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    pub(crate) query_params: SavedQueryParameters,
    #[serde(default, deserialize_with = "list")]
    pub(crate) exports: Vec<ExportDefinition>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SavedQueryParameters {
    #[serde(default, deserialize_with = "list")]
    pub(crate) metrics: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) group_by: Vec<String>,
    #[serde(default, rename = "where")]
    pub(crate) filter: Option<FilterDefinition>,
    #[serde(default)]
    pub(crate) limit: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ExportDefinition {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) config: ExportSettings,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ExportSettings {
    #[serde(default)]
    pub(crate) export_as: Option<String>,
    #[serde(default)]
    pub(crate) alias: Option<String>,
    #[serde(default)]
    pub(crate) schema_name: Option<String>,
}

impl ServedManifest {
    pub(crate) fn metric(&self, name: &str) -> Option<&ServedMetric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// A measure with the table that it is of.
    pub(crate) fn measure(&self, name: &str) -> Option<(&SemanticSource, &ServedMeasure)> {
        self.semantic_models.iter().find_map(|source| {
            Some((
                source,
                source.measures.iter().find(|measure| measure.name == name)?,
            ))
        })
    }

    pub(crate) fn source(&self, name: &str) -> Option<&SemanticSource> {
        self.semantic_models.iter().find(|source| source.name == name)
    }
}

impl SemanticSource {
    /// The entity that a row is of.
    pub(crate) fn primary(&self) -> Option<&str> {
        let entity = self
            .entities
            .iter()
            .find(|entity| entity.kind == "primary")
            .map(|entity| entity.name.as_str());
        entity.or(self.primary_entity.as_deref())
    }

    /// The entities whose values name one row, so that another table can be joined to it.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &ServedEntity> {
        self.entities
            .iter()
            .filter(|entity| matches!(entity.kind.as_str(), "primary" | "unique" | "natural"))
    }

    /// The time that a measure is counted at.
    pub(crate) fn time_of<'a>(&'a self, measure: &'a ServedMeasure) -> Option<&'a str> {
        let own = measure.agg_time_dimension.as_deref();
        own.or_else(|| self.defaults.as_ref()?.agg_time_dimension.as_deref())
    }

    /// The SQL of a value of its own, by the name of a dimension or an entity.
    pub(crate) fn value_of(&self, name: &str) -> Option<&str> {
        let dimension = self.dimension(name).map(ServedDimension::sql);
        dimension.or_else(|| Some(self.entity(name)?.sql()))
    }

    pub(crate) fn dimension(&self, name: &str) -> Option<&ServedDimension> {
        self.dimensions.iter().find(|dimension| dimension.name == name)
    }

    pub(crate) fn entity(&self, name: &str) -> Option<&ServedEntity> {
        self.entities.iter().find(|entity| entity.name == name)
    }
}

impl ServedDimension {
    pub(crate) fn is_time(&self) -> bool {
        self.kind == "time"
    }

    /// The SQL of its value.
    pub(crate) fn sql(&self) -> &str {
        self.expr.as_deref().unwrap_or(&self.name)
    }
}

impl ServedEntity {
    /// The SQL of its value.
    pub(crate) fn sql(&self) -> &str {
        self.expr.as_deref().unwrap_or(&self.name)
    }
}
