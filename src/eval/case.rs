//! A case: what is asked, of what, and what has to come of it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::gold::Gold;
use super::pattern::Pattern;
use crate::agent::Outcome;

/// One question, or a conversation of several, and what its last answer has to be.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    /// Unique in its suite.
    pub id: String,
    /// The questions, in order; never empty.
    pub turns: Vec<String>,
    /// Who asks: the name of one of the sandbox's API keys; the curated reader when `None`.
    pub principal: Option<String>,
    /// The day it is asked on; the suite's or the dataset's when `None`.
    pub today: Option<Date>,
    /// What has to come of it; never empty.
    pub expect: Expect,
    pub tags: Vec<String>,
    /// The family of cases it belongs to: cases of one family are not independent.
    pub cluster: Option<String>,
    /// Where the question comes from, and its licence.
    pub source: Option<String>,
}

impl Case {
    /// A case without expectations: a stand-in where only its name and its questions matter.
    pub(super) fn bare(id: String, turns: Vec<String>) -> Self {
        Self {
            id,
            turns,
            principal: None,
            today: None,
            expect: Expect::default(),
            tags: Vec::new(),
            cluster: None,
            source: None,
        }
    }
}

/// What has to come of a case. At least one thing has to be expected.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// How the last turn may end; any of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub outcome: Vec<Outcome>,
    /// Values, all of which have to be right.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gold: Vec<Gold>,
    /// What the last text has to say, and must not.
    pub text: TextRules,
    /// What the answers have to rest on, and must not.
    pub evidence: EvidenceRules,
    /// The query that has to be asked: one of the results of the last turn has to come from one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<ExpectedQuery>,
    /// The tools that have to be called, and must not, over all turns.
    pub tools: ToolRules,
    /// What the gate and the guard may have had to stop, over all turns.
    pub guards: GuardRules,
    /// What it may cost, over all turns.
    pub budget: Budget,
}

impl Expect {
    /// Whether nothing at all is expected.
    pub fn is_empty(&self) -> bool {
        let Self {
            outcome,
            gold,
            text,
            evidence,
            query,
            tools,
            guards,
            budget,
        } = self;
        outcome.is_empty()
            && gold.is_empty()
            && (text.must.is_empty() && text.must_not.is_empty())
            && (evidence.must_use.is_empty() && evidence.must_not_use.is_empty())
            && query.is_empty()
            && *tools == ToolRules::default()
            && (guards.max_refused.is_none()
                && guards.max_failed.is_none()
                && guards.must_not_show.is_empty())
            && *budget == Budget::default()
    }
}

/// What a text has to say.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TextRules {
    /// Regular expressions that all have to match somewhere in the text.
    pub must: Vec<Pattern>,
    /// Regular expressions none of which may match.
    pub must_not: Vec<Pattern>,
}

/// What answers have to rest on.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvidenceRules {
    /// Entries each of which has to have brought a result.
    pub must_use: Vec<EntryRef>,
    /// Entries none of which may have brought a result.
    pub must_not_use: Vec<EntryRef>,
}

/// An entry of the catalog: by name, by kind and name, or by kind and id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryRef {
    /// `card`, `metric` or `table`; any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub kind: Option<crate::catalog::EntryKind>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its Metabase id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
}

/// A query that answers the question: two that mean the same are the same, however they are written.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedQuery {
    /// What is queried.
    pub entry: EntryRef,
    /// What it is grouped by, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<ExpectedGroup>,
    /// What it is filtered by, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<ExpectedFilter>,
    /// The aggregations of a table's query, as the tool's arguments have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aggregations: Vec<Value>,
    /// The parameters of a card.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// Most rows; a query with another limit is another query, one without is the same unless this is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

/// One thing a query is grouped by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedGroup {
    /// The dimension's name.
    pub dimension: String,
    /// For dates and times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granularity: Option<String>,
}

/// One condition of a query, as the tools take it: a segment alone, or an operation on a dimension.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedFilter {
    /// The dimension's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimension: Option<String>,
    /// The operation: `equals`, `greater-than-or-equal`, `year-equals` and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What it is compared with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
    /// The bucket that dates are compared at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// A segment's name, without any other key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
}

/// The way to an answer.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ToolRules {
    /// Tools each of which has to have brought something.
    pub must: Vec<String>,
    /// Tools none of which may be called, not even in vain.
    pub must_not: Vec<String>,
    /// Tools that have to be called in this order; others may come in between.
    pub order: Vec<String>,
    /// Calls each of which has to have been made, with at least these arguments.
    pub calls: Vec<ToolArguments>,
    /// The most calls of a tool, by name.
    pub max_calls: BTreeMap<String, u32>,
}

/// A call with some of its arguments.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolArguments {
    /// The tool.
    pub tool: String,
    /// Arguments that have to be as here; others are free.
    pub arguments: Map<String, Value>,
}

/// What the gate and the guard may have had to stop.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GuardRules {
    /// The most calls that were refused.
    pub max_refused: Option<u32>,
    /// The most calls that failed.
    pub max_failed: Option<u32>,
    /// Regular expressions that may match neither a text nor a name or cell of a result.
    pub must_not_show: Vec<Pattern>,
}

/// What a case may cost, over all turns.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Tool calls, refused ones too.
    pub tool_calls: Option<u64>,
    /// Completions.
    pub steps: Option<u64>,
    /// Tokens in and out, cached ones too.
    pub tokens: Option<u64>,
    /// US dollars. An answer whose price is unknown is over it.
    pub cost_usd: Option<f64>,
}
