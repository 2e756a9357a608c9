use serde_json::{Value, json};

use super::steps::StepKind;
use crate::model::ToolSpec;
use crate::result::derive::RowFunction;
use crate::tools::check::HELD_FUNCTIONS;
use crate::tools::schema;

/// What the model is told.
pub(super) fn spec(name: &str) -> ToolSpec {
    let column = schema::text();
    let conditions = schema::list(schema::object(
        json!({"column": column, "operation": column, "values": schema::list(column.clone())}),
        &["column", "operation"],
    ));
    let mut functions: Vec<&str> = HELD_FUNCTIONS.map(RowFunction::word).to_vec();
    functions.push("percentile");
    let figure = schema::object(
        json!({
            "column": column,
            "filters": conditions,
            "function": {"enum": functions, "type": "string"},
            "name": column,
            "percent": schema::rows(),
        }),
        &["function"],
    );
    let step = json!({
        "by": schema::list(column.clone()),
        "column": column,
        "columns": schema::list(column.clone()),
        "count": schema::rows(),
        "do": {"enum": StepKind::ALL.map(StepKind::word), "type": "string"},
        "figures": schema::list(figure),
        "filters": conditions,
        "formula": column,
        "group_by": schema::list(schema::object(
            json!({
                "column": column,
                "granularity": column,
            }),
            &["column"],
        )),
        "keys": schema::list(column.clone()),
        "match": {"enum": ["all", "any"], "type": "string"},
        "name": column,
        "order": schema::list(column.clone()),
        "with": column,
    });
    schema::tool(
        name,
        include_str!("../../../prompts/tools/derive.md"),
        json!({"result": column, "steps": schema::list(schema::object(step, &["do"]))}),
        &["result", "steps"],
    )
}

pub(super) fn example() -> Value {
    json!({"result": "r1", "steps": [
        {"do": "compute", "formula": "revenue / orders", "name": "average order"},
        {"do": "sort", "order": ["average order desc"]},
    ]})
}
