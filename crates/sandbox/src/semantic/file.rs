//! The model file as people write it: YAML, queries by names. `resolve` turns it into a `SemanticModel`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelFile {
    /// Always 1.
    pub(super) version: u32,
    /// The day that relative dates count from; the real day when absent.
    pub(super) today: Option<Date>,
    #[serde(default)]
    pub(super) database: DatabaseSpec,
    /// By physical name; tables that are not here are served as they are.
    #[serde(default)]
    pub(super) tables: BTreeMap<String, TableSpec>,
    #[serde(default)]
    pub(super) collections: Vec<CollectionSpec>,
    #[serde(default)]
    pub(super) segments: Vec<SegmentSpec>,
    #[serde(default)]
    pub(super) measures: Vec<MeasureSpec>,
    /// Questions, models and metrics; they are numbered in this order.
    #[serde(default)]
    pub(super) cards: Vec<CardSpec>,
    /// Absent: the default groups, users and keys.
    pub(super) people: Option<PeopleSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabaseSpec {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) sample: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableSpec {
    pub(super) display_name: Option<String>,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) fields: BTreeMap<String, FieldSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldSpec {
    pub(super) display_name: Option<String>,
    pub(super) description: Option<String>,
    /// E.g. `type/Category`.
    pub(super) semantic_type: Option<String>,
    /// E.g. `type/DateTime`, where the declaration says less.
    pub(super) base_type: Option<String>,
    pub(super) visibility: Option<Visibility>,
    /// `table.column` that this column points at, for keys that the database does not declare.
    pub(super) references: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Visibility {
    Normal,
    DetailsOnly,
    Sensitive,
    Retired,
}

impl Visibility {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::DetailsOnly => "details-only",
            Self::Sensitive => "sensitive",
            Self::Retired => "retired",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CollectionSpec {
    /// Names from the root down: `Curated/Sales`. The collections above come first in the file.
    pub(super) path: String,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) archived: bool,
    #[serde(default)]
    pub(super) official: bool,
    /// Whether this is the collection that a catalog should be made of.
    #[serde(default)]
    pub(super) curated: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SegmentSpec {
    pub(super) name: String,
    pub(super) table: String,
    pub(super) description: Option<String>,
    pub(super) filters: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MeasureSpec {
    pub(super) name: String,
    pub(super) table: String,
    pub(super) description: Option<String>,
    pub(super) aggregation: Value,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum KindSpec {
    #[default]
    Question,
    Model,
    Metric,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardSpec {
    pub(super) name: String,
    #[serde(default, rename = "type")]
    pub(super) kind: KindSpec,
    pub(super) description: Option<String>,
    /// A collection's path; absent is the root.
    pub(super) collection: Option<String>,
    pub(super) display: Option<String>,
    #[serde(default)]
    pub(super) verified: bool,
    #[serde(default)]
    pub(super) archived: bool,
    /// The day it was made; the model's day when absent.
    pub(super) created: Option<Date>,
    /// The day it was changed last.
    pub(super) updated: Option<Date>,
    /// SQL with template tags; either this or `query`.
    pub(super) sql: Option<String>,
    pub(super) query: Option<QuerySpec>,
    /// The template tags in `sql`, in the order people see them.
    #[serde(default)]
    pub(super) parameters: Vec<ParameterSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuerySpec {
    /// Physical name of the table to read; either this or `card`.
    pub(super) table: Option<String>,
    /// Name of the card to read.
    pub(super) card: Option<String>,
    #[serde(default)]
    pub(super) filters: Vec<Value>,
    #[serde(default)]
    pub(super) aggregations: Vec<Value>,
    #[serde(default)]
    pub(super) breakouts: Vec<Value>,
    #[serde(default)]
    pub(super) fields: Vec<Value>,
    #[serde(default)]
    pub(super) order_by: Vec<OrderSpec>,
    pub(super) limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderSpec {
    /// A field as in `breakouts`; either this or `aggregation`.
    pub(super) by: Option<Value>,
    /// The place of an aggregation, from 0.
    pub(super) aggregation: Option<usize>,
    #[serde(default)]
    pub(super) descending: bool,
}

#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TagKind {
    Text,
    Number,
    Date,
    Boolean,
    Dimension,
    TemporalUnit,
}

impl TagKind {
    pub(super) fn as_str(self) -> &'static str {
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParameterSpec {
    /// The tag's name in the SQL.
    pub(super) name: String,
    pub(super) display_name: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: TagKind,
    /// `table.column` that a `dimension` or `temporal-unit` tag is about.
    pub(super) field: Option<String>,
    /// What a `dimension` tag accepts, e.g. `string/=`, `category`, `date/all-options`, `number/between`.
    pub(super) widget: Option<String>,
    /// The table's alias in the SQL, when it has one.
    pub(super) alias: Option<String>,
    pub(super) default: Option<Value>,
    #[serde(default)]
    pub(super) required: bool,
    /// Allowed values, each a value or `[value, label]`.
    pub(super) values: Option<Vec<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeopleSpec {
    pub(super) groups: Vec<GroupSpec>,
    #[serde(default)]
    pub(super) users: Vec<UserSpec>,
    #[serde(default)]
    pub(super) api_keys: Vec<ApiKeySpec>,
}

/// `all`, or a list of names.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum ScopeSpec {
    Word(String),
    Names(Vec<String>),
}

impl Default for ScopeSpec {
    fn default() -> Self {
        Self::Names(Vec::new())
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupSpec {
    pub(super) name: String,
    /// Collection paths, everything below them included; `root` is the root collection itself.
    #[serde(default)]
    pub(super) collections: ScopeSpec,
    /// Paths that are left out although `collections` covers them.
    #[serde(default)]
    pub(super) except_collections: Vec<String>,
    /// Table names.
    #[serde(default)]
    pub(super) tables: ScopeSpec,
    /// Whether members may run SQL of their own.
    #[serde(default)]
    pub(super) native: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserSpec {
    pub(super) email: String,
    pub(super) password: String,
    /// First and last name.
    pub(super) name: String,
    #[serde(default)]
    pub(super) groups: Vec<String>,
    #[serde(default)]
    pub(super) superuser: bool,
    #[serde(default)]
    pub(super) inactive: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeySpec {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) group: String,
}
