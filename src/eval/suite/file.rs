//! The files as people write them.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{Dataset, Defaults};
use crate::eval::case::Expect;

/// The version of both formats.
pub(super) const FILE_VERSION: u32 = 1;

/// A suite: what is asked about, and cases.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::eval) struct SuiteFile {
    /// Version of the format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub(super) version: u32,
    /// The suite's name.
    pub(super) name: String,
    /// What it is for.
    pub(super) description: Option<String>,
    /// What is asked about.
    pub(super) dataset: Dataset,
    /// The day its cases are asked on, YYYY-MM-DD; the dataset's when left out.
    #[schemars(with = "Option<String>")]
    pub(super) today: Option<Date>,
    /// What holds for cases that say nothing else.
    #[serde(default)]
    pub(super) defaults: Defaults,
    /// Cases, before those in cases/*.yaml beside the file.
    #[serde(default)]
    pub(super) cases: Vec<CaseSpec>,
}

/// Cases of a suite, beside its file in cases/*.yaml.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::eval) struct CasesFile {
    /// Version of the format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub(super) version: u32,
    /// The cases.
    pub(super) cases: Vec<CaseSpec>,
}

/// A case: `question` or `turns`, and what has to come of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseSpec {
    /// Unique in the suite: letters, digits, `-`, `_`, `.` and `/`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._/-]*$"))]
    pub(super) id: String,
    /// The question; either this or `turns`.
    pub(super) question: Option<String>,
    /// The questions of a conversation, in order.
    #[serde(default)]
    pub(super) turns: Vec<String>,
    /// Who asks: the name of one of the sandbox's API keys.
    pub(super) principal: Option<String>,
    /// The day it is asked on, YYYY-MM-DD.
    #[schemars(with = "Option<String>")]
    pub(super) today: Option<Date>,
    /// What has to come of it.
    pub(super) expect: Expect,
    /// What it is about.
    #[serde(default)]
    pub(super) tags: Vec<String>,
    /// The family of cases it belongs to: cases of one family are not independent.
    pub(super) cluster: Option<String>,
    /// Where the question comes from, and its licence.
    pub(super) source: Option<String>,
}

/// Where the cases of a file begin.
#[derive(Debug, Deserialize)]
pub(super) struct CasePlaces {
    #[serde(default)]
    pub(super) cases: Vec<CasePlace>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CasePlace {
    pub(super) id: Spanned<String>,
}
