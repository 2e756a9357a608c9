use serde_json::{Value, json};

use crate::model::ToolSpec;
use crate::result::{Operation, TotalKind};
use crate::tools::spec;

/// The tool's name.
pub(in crate::tools) const NAME: &str = "calculate";

/// Calculations of one call.
pub(super) const MAX_CALCULATIONS: usize = 20;
/// Inputs of one calculation.
pub(super) const MAX_INPUTS: usize = 40;
/// Conditions of one cell.
pub(super) const MAX_CONDITIONS: usize = 5;

/// What the model is told.
pub(in crate::tools) fn spec() -> ToolSpec {
    spec::tool(
        NAME,
        include_str!("../../../prompts/tools/calculate.md"),
        json!({
            "calculations": spec::list(spec::object(
                json!({
                    "name": {"description": "short, says what the figure is", "type": "string"},
                    "of": spec::list(json!({"anyOf": [cell(), {"type": "string"}, {"type": "number"}]})),
                    "operation": {"enum": Operation::ALL, "type": "string"},
                }),
                &["name", "of", "operation"],
            )),
        }),
        &["calculations"],
    )
}

fn cell() -> Value {
    spec::object(
        json!({
            "column": spec::text(),
            "result": spec::text(),
            "row": {"type": "integer"},
            "total": {"enum": TotalKind::ALL, "type": "string"},
            "where": spec::list(spec::object(
                json!({
                    "column": spec::text(),
                    "equals": {"type": ["boolean", "null", "number", "string"]},
                }),
                &["column", "equals"],
            )),
        }),
        &["column", "result"],
    )
}

/// A right call.
pub(in crate::tools) fn example() -> Value {
    json!({"calculations": [{
        "name": "growth",
        "of": [
            {"column": "revenue", "result": "r1", "row": 1},
            {"column": "revenue", "result": "r1", "where": [{"column": "month", "equals": "2026-05"}]},
        ],
        "operation": "percent_change",
    }]})
}
