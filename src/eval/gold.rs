//! What is right: the values an answer has to have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One thing an answer has to have right.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gold {
    /// One figure.
    Scalar(GoldScalar),
    /// A table that the text shows.
    Table(GoldTable),
    /// Names or values without order.
    Set(GoldSet),
    /// Names in their order, best first.
    Top(GoldTop),
    /// Any one of these is right.
    AnyOf(Vec<Gold>),
}

/// A figure and how near is near enough. Without `absolute` and `relative` a figure is right when it is the gold
/// rounded as the answer wrote it, to at least `min_digits` significant digits; a count is never rounded.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoldScalar {
    /// The right value. A fraction is between 0 and 1, a percentage between 0 and 100.
    pub value: f64,
    /// What it counts or measures; decides which ways of writing are the same value.
    #[serde(default)]
    pub unit: FigureUnit,
    /// The currency's sign or code; a figure written with another one is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Greatest difference that is still right, in the value's own unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute: Option<f64>,
    /// Greatest difference that is still right, as a share of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative: Option<f64>,
    /// Fewest significant digits of a rounded figure; when left out 3, of a percentage or fraction 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_digits: Option<u32>,
    /// Whether it is a change, so that "fell by 5 %" is -5.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub change: bool,
    /// How the answer writes its numbers.
    #[serde(default)]
    pub locale: Locale,
    /// Where it has to stand.
    #[serde(default, rename = "in")]
    pub place: GoldPlace,
    /// The turn it is about, counted from 1; the last one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u32>,
}

/// What a figure counts or measures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureUnit {
    /// A plain number. A figure with a percent sign is another one.
    #[default]
    Number,
    /// A count: whole and exact, never rounded, never with a percent or currency sign.
    Count,
    /// Money, with or without a currency sign.
    Money,
    /// A percentage: 5.2 may be written 5.2 %, 5.2 or 0.052.
    Percent,
    /// A fraction: 0.052 may be written 0.052 or 5.2 %.
    Fraction,
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    /// 1,234.5
    #[default]
    En,
    /// 1.234,5
    De,
    /// 1 234,5
    Fr,
    /// 1'234.5
    Ch,
}

impl Locale {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_english(&self) -> bool {
        *self == Self::En
    }
}

/// Where a value has to stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GoldPlace {
    /// In the text, as its answer: a result that the text does not show counts for nothing.
    #[default]
    Text,
    /// In one of the results, whatever the text says.
    #[serde(alias = "evidence")]
    Result,
}

/// A table. Columns are matched by value, whatever their names and order; rows are a multiset unless `ordered`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoldTable {
    /// Names of the columns, for messages and for `required`.
    pub columns: Vec<String>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
    /// Columns that have to be there; all of them when left out. The others are for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<Vec<String>>,
    /// Whether the order of the rows matters. Rows that tie in every column the gold is sorted by may stand in any order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ordered: bool,
    /// Whether the answer's table may have further columns.
    #[serde(default)]
    pub extra_columns: ExtraColumns,
    /// Greatest difference of two numbers that are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute: Option<f64>,
    /// Greatest difference of two numbers that are the same, as a share of the gold one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative: Option<f64>,
    /// How the answer writes its numbers.
    #[serde(default, skip_serializing_if = "Locale::is_english")]
    pub locale: Locale,
    /// Where it has to stand; in the text that is a Markdown table, or a few rows in prose.
    #[serde(default, rename = "in")]
    pub place: GoldPlace,
    /// The turn it is about, counted from 1; the last one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u32>,
}

/// What is thought of columns that nobody asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExtraColumns {
    /// They do no harm.
    #[default]
    Allowed,
    /// They make the table wrong.
    Refused,
}

/// Names or values without order.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoldSet {
    /// All that belong to it.
    pub values: Vec<Value>,
    /// Such as do not: the text must not name one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Value>,
    /// Where they have to stand.
    #[serde(default, rename = "in")]
    pub place: GoldPlace,
    /// The turn it is about, counted from 1; the last one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u32>,
}

/// Names in their order, best first. Items of the same value may stand in any order.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoldTop {
    /// The items, best first. More than `n` where further ones tie with the last place, or to notice them when named.
    pub items: Vec<TopItem>,
    /// How many were asked for; all items when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u32>,
    /// How the answer writes its numbers.
    #[serde(default, skip_serializing_if = "Locale::is_english")]
    pub locale: Locale,
    /// Where they have to stand.
    #[serde(default, rename = "in")]
    pub place: GoldPlace,
    /// The turn it is about, counted from 1; the last one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u32>,
}

/// One item of a ranking.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TopItem {
    /// Its name.
    pub name: String,
    /// What it is ranked by; a figure beside the name has to be this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}
