//! Decides on a call before anything is sent: known tool, readable arguments, closed keys, ids in the catalog, names
//! of that very entry, values that fit. Every no is a [`Refusal`] that says how to do it right.
//!
//! Only the catalog's structure (ids, names, types, declared values) decides. Descriptions and everything else that
//! Metabase says are data and change nothing here.

mod aggregation;
mod card_value;
mod dates;
mod entry;
mod filter;
mod grouping;
mod held;
mod json;
mod names;
mod no;
mod operations;
mod rework;
mod scalar;
mod sql;

pub(super) use aggregation::{FUNCTIONS, MAX_AGGREGATIONS, aggregations};
pub(super) use card_value::{Form, card_value, takes_list};
pub(super) use entry::{card, metric, table};
pub(super) use filter::filters;
pub(super) use grouping::{dimension, group_by, limit};
pub(super) use held::{column as held_column, held};
pub(super) use json::{decode, list, object};
pub(super) use names::{nearest, resolve, unknown};
pub(super) use no::{No, kind_word, listing, quote};
pub(super) use rework::{
    HELD_FUNCTIONS, held_aggregates, held_columns, held_filters, held_groups, held_sort,
};
pub(super) use scalar::{number_value, person_text};

use super::{
    PlannedCall, Refusal, RefusalClass, ask_user, calculate, cannot_answer, describe, example, field_values,
    more_rows, query_metric, query_table, run_card,
};
use crate::catalog::Catalog;
use crate::model::{ToolCall, ToolSpec};
use crate::result::Shelf;

/// Decides on a call. `specs` are the tools the model was told of: no other exists.
pub(super) fn decide(
    catalog: &Catalog,
    specs: &[ToolSpec],
    shelf: &Shelf,
    call: &ToolCall,
) -> Result<PlannedCall, Refusal> {
    let Some(spec) = specs.iter().find(|spec| spec.name == call.name) else {
        let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        let no = No::new(
            RefusalClass::UnknownTool,
            format!("there is no tool {}", quote(&call.name)),
        )
        .hint(format!("the tools are: {}", names.join(", ")));
        return Err(no.refusal(None));
    };
    plan(catalog, shelf, &spec.name, &call.arguments).map_err(|no| {
        let example = example::of_tool(catalog, &spec.name);
        no.refusal(example.as_ref().map(|arguments| (spec.name.as_str(), arguments)))
    })
}

fn plan(catalog: &Catalog, shelf: &Shelf, tool: &str, arguments: &str) -> Result<PlannedCall, No> {
    let arguments = object(arguments)?;
    match tool {
        run_card::NAME => run_card::plan(catalog, arguments),
        query_metric::NAME => query_metric::plan(catalog, arguments),
        query_table::NAME => query_table::plan(catalog, arguments),
        describe::NAME => describe::plan(catalog, arguments),
        field_values::NAME => field_values::plan(catalog, arguments),
        more_rows::NAME => more_rows::plan(shelf, arguments),
        calculate::NAME => calculate::plan(shelf, arguments),
        ask_user::NAME => ask_user::plan(arguments),
        cannot_answer::NAME => cannot_answer::plan(catalog, arguments),
        _ => Err(No::new(RefusalClass::UnknownTool, "there is no such tool")),
    }
}
