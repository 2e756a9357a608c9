use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// What a card is.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(in crate::semantic) enum CardKindSpec {
    #[default]
    Question,
    Model,
    Metric,
}

/// A saved question, a model or a metric: either `sql` or `query`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::semantic) struct CardSpec {
    /// Its name, by which other cards and dashboards refer to it.
    pub(in crate::semantic) name: String,
    /// `question` when absent. A metric is a query with exactly one aggregation.
    #[serde(default, rename = "type")]
    pub(in crate::semantic) kind: CardKindSpec,
    /// What it says: units, what is counted, what is left out. A model reads this.
    pub(in crate::semantic) description: Option<String>,
    /// Path of the collection it lies in; the root when absent.
    pub(in crate::semantic) collection: Option<String>,
    /// How it is drawn: `table` (when absent), `bar`, `line`, `scalar`, ...
    pub(in crate::semantic) display: Option<String>,
    /// Whether a moderator verified it.
    #[serde(default)]
    pub(in crate::semantic) verified: bool,
    /// Whether it is in the trash.
    #[serde(default)]
    pub(in crate::semantic) archived: bool,
    /// The day it was made; `today` when absent.
    #[schemars(with = "Option<String>")]
    pub(in crate::semantic) created: Option<Date>,
    /// The day it was changed last; the day it was made when absent.
    #[schemars(with = "Option<String>")]
    pub(in crate::semantic) updated: Option<Date>,
    /// SQLite's SQL, with template tags such as `{{category}}` and optional parts in `[[...]]`.
    pub(in crate::semantic) sql: Option<String>,
    /// A query over a table or over another card.
    pub(in crate::semantic) query: Option<CardQuerySpec>,
    /// The template tags in `sql`, in the order people see them.
    #[serde(default)]
    pub(in crate::semantic) parameters: Vec<ParameterSpec>,
    /// What the columns that it returns mean, by name. Mostly for SQL, whose columns say nothing by themselves.
    #[serde(default)]
    pub(in crate::semantic) columns: BTreeMap<String, CardColumnSpec>,
    /// What a metric can be filtered and grouped by, in this order. When absent: every column of its table and of those
    /// that foreign keys lead to.
    pub(in crate::semantic) dimensions: Option<Vec<DimensionSpec>>,
    /// Whether it is meant to fail when it runs, to try what a client does then. It is not checked.
    #[serde(default)]
    pub(in crate::semantic) broken: bool,
}

/// What a column that a card returns means.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::semantic) struct CardColumnSpec {
    /// The name that people see.
    pub(in crate::semantic) display_name: Option<String>,
    /// What it holds: units and caveats.
    pub(in crate::semantic) description: Option<String>,
    /// The meaning as Metabase names it, such as `type/Category`.
    pub(in crate::semantic) semantic_type: Option<String>,
    /// The type as Metabase names it, such as `type/Date`. SQL that computes a date returns text unless this says so.
    pub(in crate::semantic) base_type: Option<String>,
}

/// A dimension of a metric: the column, or the column with the name that it has as a dimension.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::semantic) enum DimensionSpec {
    /// A field as in `breakouts`, such as `status` or `product.category`.
    Field(String),
    /// A field with a name of its own.
    Named(NamedDimensionSpec),
}

/// A dimension with a name of its own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::semantic) struct NamedDimensionSpec {
    /// A field as in `breakouts`, such as `status` or `product.category`.
    pub(in crate::semantic) field: String,
    /// The name that people see.
    pub(in crate::semantic) name: Option<String>,
    /// What it holds.
    pub(in crate::semantic) description: Option<String>,
}

/// A query by names. A field is `status`, `product.category` through the foreign key `product_id`, or
/// `{field: created_at, unit: month}`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::semantic) struct CardQuerySpec {
    /// Physical name of the table to read; either this or `card`.
    pub(in crate::semantic) table: Option<String>,
    /// Name of the card to read.
    pub(in crate::semantic) card: Option<String>,
    /// All of which must hold: `[operator, field, values...]`, `[and|or|not, filters...]` or `[segment, name]`.
    #[serde(default)]
    pub(in crate::semantic) filters: Vec<Value>,
    /// Figures: `[count]`, `[sum, total]`, `[count-where, filter]`, `[measure, name]`, `[metric, name]`, or arithmetic
    /// over them.
    #[serde(default)]
    pub(in crate::semantic) aggregations: Vec<Value>,
    /// Fields to group by.
    #[serde(default)]
    pub(in crate::semantic) breakouts: Vec<Value>,
    /// Columns to show, where nothing is aggregated.
    #[serde(default)]
    pub(in crate::semantic) fields: Vec<Value>,
    /// Order of the rows.
    #[serde(default)]
    pub(in crate::semantic) order_by: Vec<OrderSpec>,
    /// Most rows.
    pub(in crate::semantic) limit: Option<u32>,
}

/// What rows are ordered by: either `by` or `aggregation`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::semantic) struct OrderSpec {
    /// A field as in `breakouts`.
    pub(in crate::semantic) by: Option<Value>,
    /// The place of an aggregation, from 0.
    pub(in crate::semantic) aggregation: Option<usize>,
    /// Whether the largest comes first.
    #[serde(default)]
    pub(in crate::semantic) descending: bool,
}

/// What a template tag takes.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::semantic) enum TagKind {
    Text,
    Number,
    Date,
    Boolean,
    Dimension,
    TemporalUnit,
}

impl TagKind {
    pub(in crate::semantic) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::Boolean => "boolean",
            Self::Dimension => "dimension",
            Self::TemporalUnit => "temporal-unit",
        }
    }
}

/// A template tag in the SQL.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::semantic) struct ParameterSpec {
    /// The tag's name in the SQL.
    pub(in crate::semantic) name: String,
    /// The name that people see; made of the tag's name when absent.
    pub(in crate::semantic) display_name: Option<String>,
    /// `text`, `number`, `date` and `boolean` stand for a value. A `dimension` stands for a whole condition on `field`,
    /// a `temporal-unit` for `field` cut down to a unit.
    #[serde(rename = "type")]
    pub(in crate::semantic) kind: TagKind,
    /// `table.column` that a `dimension` or `temporal-unit` is about.
    pub(in crate::semantic) field: Option<String>,
    /// What a `dimension` accepts, such as `string/=`, `category`, `date/all-options` or `number/between`.
    pub(in crate::semantic) widget: Option<String>,
    /// The table's alias in the SQL, when it has one.
    pub(in crate::semantic) alias: Option<String>,
    /// The value when nobody gives one.
    pub(in crate::semantic) default: Option<Value>,
    /// Whether the card cannot run without a value.
    #[serde(default)]
    pub(in crate::semantic) required: bool,
    /// Allowed values, each a value or `[value, label]`.
    pub(in crate::semantic) values: Option<Vec<Value>>,
}
