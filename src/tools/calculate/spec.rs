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
            "calculations": {
                "items": spec::object(
                    json!({
                        "name": {"description": "short, says what the figure is", "type": "string"},
                        "of": {
                            "items": {"anyOf": [cell(), {"type": "string"}, {"type": "number"}]},
                            "maxItems": MAX_INPUTS,
                            "minItems": 1,
                            "type": "array",
                        },
                        "operation": {"enum": Operation::ALL, "type": "string"},
                    }),
                    &["name", "of", "operation"],
                ),
                "maxItems": MAX_CALCULATIONS,
                "minItems": 1,
                "type": "array",
            },
        }),
        &["calculations"],
    )
}

fn cell() -> Value {
    spec::object(
        json!({
            "column": {"description": "its name as in the header, without the type", "type": "string"},
            "result": {"description": "handle of a result, such as r1", "type": "string"},
            "row": {"minimum": 1, "type": "integer"},
            "total": {"enum": TotalKind::ALL, "type": "string"},
            "where": {
                "items": spec::object(
                    json!({
                        "column": {"type": "string"},
                        "equals": {
                            "description": "the cell's value; for dates its beginning is enough: 2026, 2026-05",
                            "type": ["boolean", "null", "number", "string"],
                        },
                    }),
                    &["column", "equals"],
                ),
                "maxItems": MAX_CONDITIONS,
                "type": "array",
            },
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
