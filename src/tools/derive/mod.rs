//! The tool `derive`: works out columns and rows of held results, step by step, without another request.
//!
//! What a question needs beyond filters and totals of one result: arithmetic row by row, the time between two dates,
//! rows that another result has or has not, ranks, running totals, the first row of each group. The model writes a list of
//! steps; each is checked against the columns that the steps before it leave, so that a wrong name is refused before
//! anything is computed. The work itself is [`crate::result::derive`]'s. "Margin by month, best first" is
//!
//! ```json
//! {"result": "r1", "steps": [
//!     {"do": "compute", "name": "margin", "formula": "revenue - cost"},
//!     {"do": "sort", "order": ["margin desc"]}]}
//! ```
//!
//! Start at `steps`; `formula` reads the formulas.

mod formula;
mod spec;
mod steps;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::steps::StepReader;
use super::check::{Rejection, decode, entry_title, held, list};
use super::held_work::{failed, kept_lineage, work};
use super::output::{of_derived, tie_note};
use super::tool::{CheckContext, CheckedCall, OfferContext, RunContext, Tool, ToolRole};
use super::{ToolError, ToolOutput};
use crate::model::ToolSpec;
use crate::result::derive::DerivationStep;
use crate::result::{Handle, ResultOrigin, RowCoverage};

/// Most steps of one call.
const MAX_STEPS: usize = 12;

/// Works out columns and rows of held results.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeriveTool;

/// A validated `derive` call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DeriveCall {
    /// The result it begins with, then those it looks rows up in.
    results: Vec<Handle>,
    steps: Vec<DerivationStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeriveArguments {
    result: String,
    steps: Vec<Value>,
}

impl Tool for DeriveTool {
    type Plan = DeriveCall;
    const NAME: &'static str = "derive";
    const ROLE: ToolRole = ToolRole::HeldResults;

    fn spec(&self, _offer: OfferContext<'_>) -> Option<ToolSpec> {
        Some(spec::spec(Self::NAME))
    }

    fn example(&self, _offer: OfferContext<'_>) -> Option<Value> {
        Some(spec::example())
    }

    fn check(
        &self,
        arguments: Map<String, Value>,
        context: CheckContext<'_>,
    ) -> Result<CheckedCall<DeriveCall>, Rejection> {
        let arguments: DeriveArguments =
            decode(arguments).map_err(|rejection| rejection.hint("keys: result, steps"))?;
        let base = held(context.held, &arguments.result)?;
        if arguments.steps.is_empty() {
            return Err(Rejection::schema("steps is empty: say what to work out"));
        }
        let mut reader = StepReader::new(base, context.held);
        for (at, step) in list(Some(arguments.steps), "steps", MAX_STEPS)?
            .into_iter()
            .enumerate()
        {
            reader
                .read(step)
                .map_err(|rejection| rejection.at(&format!("steps[{at}]")))?;
        }
        Ok(CheckedCall {
            arguments: json!({"result": base.handle, "steps": reader.canonical}),
            plan: DeriveCall {
                results: reader.results,
                steps: reader.steps,
            },
        })
    }

    fn summary(&self, plan: &DeriveCall) -> String {
        let results: Vec<String> = plan.results.iter().map(ToString::to_string).collect();
        format!("works out rows of {}", results.join(" and "))
    }

    /// Works over the rows that are held, on a thread of its own.
    async fn run(&self, plan: &DeriveCall, context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        let base = plan.results.first().and_then(|handle| context.held.get(*handle));
        let base = base.ok_or_else(|| failed(Self::NAME, "the result is held no longer"))?;
        let derived = work(Self::NAME, &plan.results, plan.steps.clone(), &context).await?;
        let mut operations = context.arguments.clone();
        if let Some(map) = operations.as_object_mut() {
            map.remove("result");
        }
        let source = base.origin.source();
        let what = source.map_or_else(
            || base.title.clone(),
            |source| entry_title(source.kind, source.id, &source.name),
        );
        let names: Vec<String> = plan.results.iter().map(ToString::to_string).collect();
        let title = format!("{} over {}: {what}", Self::NAME, names.join(" and "));
        // With rows of another result in it, no single query stands behind it.
        let source = source.filter(|_| plan.results.len() == 1).cloned();
        let origin = ResultOrigin::Derived {
            from: plan.results.clone(),
            operations,
            source,
            cover: RowCoverage::Asked,
            lineage: kept_lineage(derived.lineage, &derived.table),
        };
        let known = derived.table.rows.len() as u64;
        let window = (known < derived.of).then_some((0, derived.of));
        let note = tie_note(derived.tied);
        Ok(of_derived(&derived.table, title, origin, window, note, &context))
    }
}
