//! Suites: a folder with `suite.yaml` and `cases/*.yaml`, or one file with everything.

mod error;
mod file;
mod load;

use std::path::PathBuf;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::Case;

pub use error::SuiteError;
pub(super) use file::{CasesFile, SuiteFile};
pub(super) use load::well_named;

#[derive(Debug, Clone, Serialize)]
pub struct Suite {
    /// Its name, for reports and baselines.
    pub name: String,
    pub description: Option<String>,
    pub dataset: Dataset,
    /// A hash of the data. `None` for a configured Metabase, and where its files cannot be read, so that stored answers can
    /// be graded where the data is not.
    pub data: Option<String>,
    /// The day its cases are asked on; the dataset's when `None`.
    pub today: Option<Date>,
    /// What holds for cases that say nothing else; applied to [`cases`](Self::cases) already.
    pub defaults: Defaults,
    /// The cases, in the order of the files' names and of their places in them.
    pub cases: Vec<Case>,
    /// The file it was loaded from.
    #[serde(skip)]
    pub path: PathBuf,
}

/// What holds for cases that say nothing else.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// Who asks: the name of one of the sandbox's API keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// What each case may cost, as far as it says nothing about it.
    pub budget: super::case::Budget,
    /// Tags that every case has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// Data for the sandbox, and what of it is curated; or the Metabase of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// What sort of data it is.
    pub kind: DatasetKind,
    /// The folder or file, relative to the suite's file until it is loaded; for CSV files and SQLite only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub path: Option<PathBuf>,
    /// The semantic model's file, relative to the suite's file until it is loaded; for CSV files and SQLite only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub model: Option<PathBuf>,
    /// Whether the dbt sandbox stands beside the demo, of which jobs, runs and models may be read: then the tools that ask dbt
    /// are offered. Otherwise none is, whatever the settings say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dbt: bool,
    /// What the catalog is made of; a configured Metabase has its own settings for that.
    #[serde(default)]
    pub curated: CuratedContent,
}

impl Dataset {
    /// The demo, with nothing curated beside its collection.
    pub(super) fn demo() -> Self {
        Self {
            kind: DatasetKind::Demo,
            path: None,
            model: None,
            dbt: false,
            curated: CuratedContent::default(),
        }
    }
}

/// A sort of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatasetKind {
    /// The sandbox's own business.
    Demo,
    /// A folder of CSV files.
    Csv,
    /// A SQLite file.
    Sqlite,
    /// The Metabase of the settings, with what is curated there: `METABASE_URL` and its kin matter only here.
    Configured,
}

/// What the catalog is made of, beside the cards and metrics of the sandbox's curated collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CuratedContent {
    /// Which tables may be queried.
    pub tables: TableSelection,
}

/// Which tables may be queried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableSelection {
    /// None.
    #[default]
    None,
    /// All of them.
    All,
    /// Those whose name begins so.
    Prefix(String),
}
