//! The arguments as a model writes them.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::spec::{MAX_CALCULATIONS, MAX_CONDITIONS, MAX_INPUTS};
use crate::result::{FigureOperation, TotalKind};
use crate::tools::check::{Rejection, decode, list, listing, nearest, quote, short_forms};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalculateArguments {
    calculations: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCalculation {
    pub(super) name: String,
    operation: String,
    pub(super) of: Vec<Value>,
}

/// A cell or a total.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCell {
    pub(super) result: String,
    pub(super) column: String,
    #[serde(default)]
    pub(super) row: Option<Value>,
    #[serde(default)]
    total: Option<String>,
    #[serde(default, rename = "where")]
    conditions: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCondition {
    pub(super) column: String,
    pub(super) equals: Value,
}

pub(super) fn calculations(arguments: Map<String, Value>) -> Result<Vec<RawCalculation>, Rejection> {
    let arguments: CalculateArguments =
        decode(arguments).map_err(|rejection| rejection.hint("the only key is calculations, a list"))?;
    if arguments.calculations.is_empty() {
        return Err(Rejection::schema("calculations is empty"));
    }
    let read: Vec<RawCalculation> = list(Some(arguments.calculations), "calculations", MAX_CALCULATIONS)
        .map_err(|rejection| rejection.hint("keys of a calculation: name, operation, of"))?;
    for (at, calculation) in read.iter().enumerate() {
        let given = calculation.of.len();
        if given > MAX_INPUTS {
            return Err(Rejection::bad_value(format!(
                "calculations[{at}].of has {given} items; at most {MAX_INPUTS} are allowed"
            ))
            .hint("a total of a column is one item: {\"result\", \"column\", \"total\": \"sum\"}"));
        }
    }
    Ok(read)
}

impl RawCalculation {
    pub(super) fn operation(&self) -> Result<FigureOperation, Rejection> {
        let found = FigureOperation::ALL
            .into_iter()
            .find(|operation| operation.word() == self.operation);
        found.ok_or_else(|| {
            let words = FigureOperation::ALL.map(FigureOperation::word);
            Rejection::schema(format!("there is no operation {}", quote(&self.operation)))
                .hint(format!("operation is one of: {}", words.join(", ")))
        })
    }
}

impl RawCell {
    /// Reads an object among the inputs.
    pub(super) fn read(map: Map<String, Value>) -> Result<Self, Rejection> {
        decode(map).map_err(|rejection| {
            rejection
                .hint("keys of a cell: result, column, and row, where or total")
                .hint("where is a list: [\"month = 2026-05\"]")
        })
    }

    pub(super) fn total(&self) -> Result<Option<TotalKind>, Rejection> {
        let Some(wanted) = &self.total else {
            return Ok(None);
        };
        let found = TotalKind::CALCULABLE
            .into_iter()
            .find(|kind| kind.word() == wanted);
        found.map(Some).ok_or_else(|| {
            let words = TotalKind::CALCULABLE.map(TotalKind::word);
            Rejection::schema(format!("there is no total {}", quote(wanted)))
                .hint(format!("total is one of: {}", listing(nearest(wanted, words, 5))))
        })
    }

    pub(super) fn take_conditions(&mut self) -> Result<Vec<RawCondition>, Rejection> {
        list(
            short_forms::conditions(self.conditions.take()),
            "where",
            MAX_CONDITIONS,
        )
        .map_err(|rejection| rejection.hint("each item of where: \"COLUMN = VALUE\""))
    }
}
