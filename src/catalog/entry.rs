use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AllowedValues, CardId, DbtMetricDefinition, MeasureId, MetricId, SegmentId, TableId};
use crate::result::{Column, ColumnKind, EntryKind};

/// One thing the model may use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// See [`CardEntry`].
    Card(std::sync::Arc<CardEntry>),
    /// See [`MetricEntry`].
    Metric(std::sync::Arc<MetricEntry>),
    /// See [`TableEntry`].
    Table(std::sync::Arc<TableEntry>),
}

/// A curated saved question or model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardEntry {
    pub id: CardId,
    /// Its name as Metabase has it, unescaped.
    pub name: String,
    /// Its description, if the curator wrote one.
    pub description: Option<String>,
    /// Names of the collections it lies in, outermost first; empty for the root.
    pub collection: Vec<String>,
    /// Whether Metabase marks it verified.
    pub verified: bool,
    /// What it can be run with, in the card's own order.
    pub parameters: Vec<Parameter>,
    /// What it returns, in order; empty when Metabase has no result metadata for it.
    pub columns: Vec<Column>,
}

/// A parameter of a card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Metabase's id of the parameter, needed for its values and for matching.
    pub id: String,
    /// The name the model uses: the slug (for SQL cards, the template tag's name).
    pub slug: String,
    /// The label people see.
    pub name: String,
    /// Metabase's parameter type on the wire, such as `string/=`, `number/between`, `date/all-options`.
    pub kind: String,
    pub target: ParameterTarget,
    /// Whether the card refuses to run without a value or a default.
    pub required: bool,
    /// The value used when none is sent.
    pub default: Option<Value>,
    /// The values that may be sent, when the card declares or the server lists them.
    pub allowed: Option<AllowedValues>,
    /// Whether several values may be sent.
    pub multiple: bool,
}

/// Where a parameter's value goes in the card's query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterTarget {
    /// A raw template tag: `["variable", ["template-tag", slug]]`.
    Variable,
    /// A field filter or temporal unit: `["dimension", ["template-tag", slug]]`.
    Dimension,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricEntry {
    pub id: MetricId,
    pub name: String,
    pub description: Option<String>,
    /// Names of the collections it lies in, outermost first.
    pub collection: Vec<String>,
    /// Whether Metabase marks it verified.
    pub verified: bool,
    /// What it can be filtered and grouped by. Names are unique within the entry.
    pub dimensions: Vec<Dimension>,
    /// Name of the dimension that time questions use by default.
    pub default_time_dimension: Option<String>,
    /// What the metric's own definition computes and filters, in words (`sum of Total`, `Status is not refunded`).
    pub definition: Option<String>,
    /// The filters inside the metric's own definition, in words; empty when it has none or they could not be read.
    pub built_in_filters: Vec<String>,
    /// Named filters that may be applied to it.
    pub segments: Vec<Segment>,
    /// What dbt's Semantic Layer knows it by, when it is asked there and not in Metabase. Its id is a number of ours then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dbt: Option<std::sync::Arc<DbtMetricDefinition>>,
    /// How it is grouped as it is saved, where the server gives it in no other way; `None` where it can be asked by its
    /// dimensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_as_saved: Option<Vec<SavedGroup>>,
}

/// A group that a metric has as it is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedGroup {
    pub dimension: String,
    /// The unit of time that it is cut down to, such as `month`.
    pub granularity: Option<String>,
}

impl MetricEntry {
    /// In words, what is all that can be had of it; `None` where it can be asked by its dimensions.
    pub(crate) fn as_saved_in_words(&self) -> Option<String> {
        let groups = self.only_as_saved.as_ref()?;
        let named = groups.iter().map(|group| match &group.granularity {
            Some(unit) => format!("{} ({unit})", group.dimension),
            None => group.dimension.clone(),
        });
        let named: Vec<String> = named.collect();
        Some(if named.is_empty() {
            "one figure, without filters and groups".to_owned()
        } else {
            format!("grouped by {}, without filters", named.join(", "))
        })
    }
}

/// What a metric or table can be filtered or grouped by.
///
/// Metabase's positional field ids shift, so none is stored here: the name is resolved at call time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dimension {
    /// The name the model uses, unique within the entry: the field's own name, or `Reference.field` for a field
    /// reached through a foreign key.
    pub name: String,
    /// The label people see.
    pub label: String,
    pub kind: ColumnKind,
    pub description: Option<String>,
    /// Values that occur in it, when the field is categorical and the loader sampled it.
    pub values: Option<AllowedValues>,
}

/// A named filter on a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    pub id: SegmentId,
    /// Its name, which the model uses.
    pub name: String,
    pub description: Option<String>,
}

/// A named aggregation on a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    pub id: MeasureId,
    /// Its name, which the model uses.
    pub name: String,
    pub description: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableEntry {
    pub id: TableId,
    /// Its physical name.
    pub name: String,
    /// The label people see.
    pub label: String,
    pub description: Option<String>,
    /// Database and schema it lies in, outermost first.
    pub collection: Vec<String>,
    /// Its own fields and those of related tables. Names are unique within the entry.
    pub dimensions: Vec<Dimension>,
    pub measures: Vec<Measure>,
    pub segments: Vec<Segment>,
}

impl Entry {
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::Card(_) => EntryKind::Card,
            Self::Metric(_) => EntryKind::Metric,
            Self::Table(_) => EntryKind::Table,
        }
    }

    /// Its id as a bare number; unique together with [`Entry::kind`].
    pub fn id(&self) -> u32 {
        match self {
            Self::Card(card) => card.id.0,
            Self::Metric(metric) => metric.id.0,
            Self::Table(table) => table.id.0,
        }
    }

    /// The name people know it by.
    pub fn name(&self) -> &str {
        match self {
            Self::Card(card) => &card.name,
            Self::Metric(metric) => &metric.name,
            Self::Table(table) => &table.label,
        }
    }

    /// Its description, if there is one.
    pub fn description(&self) -> Option<&str> {
        match self {
            Self::Card(card) => card.description.as_deref(),
            Self::Metric(metric) => metric.description.as_deref(),
            Self::Table(table) => table.description.as_deref(),
        }
    }

    /// What dbt knows it by, if it is a metric of dbt's.
    pub fn dbt(&self) -> Option<&DbtMetricDefinition> {
        match self {
            Self::Metric(metric) => metric.dbt.as_deref(),
            Self::Card(_) | Self::Table(_) => None,
        }
    }

    /// Names of the collections it lies in, outermost first.
    pub fn collection(&self) -> &[String] {
        match self {
            Self::Card(card) => &card.collection,
            Self::Metric(metric) => &metric.collection,
            Self::Table(table) => &table.collection,
        }
    }
}
