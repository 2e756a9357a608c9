//! The model file as people write it: YAML, queries by names. `resolve` turns it into a `SemanticModel`.
//!
//! The documentation of every key is the description in the JSON schema, which is made of these types.

mod cards;
mod people;

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

pub(super) use cards::{
    CardColumnSpec, CardKindSpec, CardQuerySpec, CardSpec, DimensionSpec, ParameterSpec, TagKind,
};
pub(super) use people::{AllowListSpec, ApiKeySpec, PeopleSpec, PermissionGroupSpec, UserSpec};

/// The semantic model of a database that the Cardinal sandbox serves.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelFile {
    /// Version of this format: 1.
    pub(super) version: u32,
    /// The day that relative dates such as "last month" count from; the real day when absent.
    #[schemars(with = "Option<String>")]
    pub(super) today: Option<Date>,
    /// What the database is called.
    #[serde(default)]
    pub(super) database: DatabaseSpec,
    /// Descriptions of tables, by physical name. Tables that are not here are served as they are.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, TableSpec>")]
    pub(super) tables: BTreeMap<String, Spanned<TableSpec>>,
    /// Folders of cards. A collection comes after the one it lies in.
    #[serde(default)]
    #[schemars(with = "Vec<CollectionSpec>")]
    pub(super) collections: Vec<Spanned<CollectionSpec>>,
    /// Named filters of one table.
    #[serde(default)]
    #[schemars(with = "Vec<SegmentSpec>")]
    pub(super) segments: Vec<Spanned<SegmentSpec>>,
    /// Named aggregations of one table.
    #[serde(default)]
    #[schemars(with = "Vec<MeasureSpec>")]
    pub(super) measures: Vec<Spanned<MeasureSpec>>,
    /// Questions, models and metrics. They are numbered in this order.
    #[serde(default)]
    #[schemars(with = "Vec<CardSpec>")]
    pub(super) cards: Vec<Spanned<CardSpec>>,
    /// Cards on one page.
    #[serde(default)]
    #[schemars(with = "Vec<DashboardSpec>")]
    pub(super) dashboards: Vec<Spanned<DashboardSpec>>,
    /// Who may sign in and what they may read. Absent: an administrator, an analyst, a viewer and their keys.
    #[schemars(with = "Option<PeopleSpec>")]
    pub(super) people: Option<Spanned<PeopleSpec>>,
}

/// What the database is called.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabaseSpec {
    /// Its name; that of the file or folder when absent.
    pub(super) name: Option<String>,
    /// What it holds.
    pub(super) description: Option<String>,
    /// Whether it is marked as a sample database.
    #[serde(default)]
    pub(super) sample: bool,
}

/// What a table means.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TableSpec {
    /// The name that people see; made of the physical name when absent.
    pub(super) display_name: Option<String>,
    /// What one row is.
    pub(super) description: Option<String>,
    /// Descriptions of columns, by physical name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, FieldSpec>")]
    pub(super) fields: BTreeMap<String, Spanned<FieldSpec>>,
}

/// What a column means.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldSpec {
    /// The name that people see; made of the physical name when absent.
    pub(super) display_name: Option<String>,
    /// What it holds: units, and what an empty cell means.
    pub(super) description: Option<String>,
    /// The meaning as Metabase names it, such as `type/Category`.
    pub(super) semantic_type: Option<String>,
    /// The type as Metabase names it, such as `type/DateTime`, where the database says less.
    pub(super) base_type: Option<String>,
    /// Who sees the column: `sensitive` and `retired` columns are in no query and no list.
    pub(super) visibility: Option<Visibility>,
    /// The `table.column` that this column points at, for foreign keys that the database does not declare.
    pub(super) references: Option<String>,
}

/// Where a column is shown.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
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

/// A folder of cards.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CollectionSpec {
    /// Names from the root down, such as `Curated/Sales`.
    pub(super) path: String,
    /// What is in it.
    pub(super) description: Option<String>,
    /// Whether it is in the trash.
    #[serde(default)]
    pub(super) archived: bool,
    /// Whether it is marked as official.
    #[serde(default)]
    pub(super) official: bool,
    /// Whether this is the collection that a catalog should be made of.
    #[serde(default)]
    pub(super) curated: bool,
}

/// A named filter of one table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SegmentSpec {
    /// Its name.
    pub(super) name: String,
    /// Physical name of the table.
    pub(super) table: String,
    /// Which rows it keeps.
    pub(super) description: Option<String>,
    /// All of which must hold, each `[operator, field, values...]`.
    pub(super) filters: Vec<Value>,
}

/// A named aggregation of one table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MeasureSpec {
    /// Its name.
    pub(super) name: String,
    /// Physical name of the table.
    pub(super) table: String,
    /// What it says: units and caveats.
    pub(super) description: Option<String>,
    /// Such as `[sum, total]`.
    pub(super) aggregation: Value,
}

/// Cards on one page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DashboardSpec {
    /// Its name.
    pub(super) name: String,
    /// What it is for.
    pub(super) description: Option<String>,
    /// Path of the collection it lies in; the root when absent.
    pub(super) collection: Option<String>,
    /// Names of the cards on it, in order.
    #[serde(default)]
    pub(super) cards: Vec<String>,
}
