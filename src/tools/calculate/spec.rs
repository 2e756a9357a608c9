use serde_json::{Value, json};

use crate::model::ToolSpec;
use crate::result::{FigureOperation, TotalKind};
use crate::tools::schema;

pub(super) const MAX_CALCULATIONS: usize = 20;
pub(super) const MAX_INPUTS: usize = 40;
pub(super) const MAX_CONDITIONS: usize = 5;

/// What the model is told.
pub(super) fn spec(name: &str) -> ToolSpec {
    schema::tool(
        name,
        include_str!("../../../prompts/tools/calculate.md"),
        json!({
            "calculations": schema::list(schema::object(
                json!({
                    "name": schema::text(),
                    "of": schema::list(json!({"anyOf": [cell(), {"type": "string"}, {"type": "number"}]})),
                    "operation": {"enum": FigureOperation::ALL, "type": "string"},
                }),
                &["name", "of", "operation"],
            )),
        }),
        &["calculations"],
    )
}

fn cell() -> Value {
    schema::object(
        json!({
            "column": schema::text(),
            "result": schema::text(),
            "row": {"type": "integer"},
            "total": {"enum": TotalKind::CALCULABLE, "type": "string"},
            "where": schema::list(schema::text()),
        }),
        &["column", "result"],
    )
}

pub(super) fn example() -> Value {
    json!({"calculations": [{
        "name": "growth",
        "of": [
            {"column": "revenue", "result": "r1", "row": 1},
            {"column": "revenue", "result": "r1", "where": ["month = 2026-05"]},
        ],
        "operation": "percent_change",
    }]})
}
