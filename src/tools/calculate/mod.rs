//! The tool `calculate`: works out figures from cells of held results, in decimal.
//!
//! The model names cells and an operation. Values are looked up and worked out here, so that a figure in an answer was
//! never typed off or worked out in the model's head. `arguments` reads what the model wrote, `plan` checks it against
//! what is known of the results, `lookup` finds the cells, and `run` works the figures out.

mod arguments;
mod lookup;
mod plan;
mod run;
mod spec;

use serde_json::{Map, Value};

use self::plan::CalculateCall;
use super::check::Rejection;
use super::output::for_person;
use super::tool::{CheckContext, CheckedCall, OfferContext, RunContext, Tool, ToolRole};
use super::{ToolError, ToolOutput};
use crate::model::ToolSpec;

/// Works out figures from cells and totals of held results.
#[derive(Debug, Clone, Copy)]
pub(super) struct CalculateTool;

impl Tool for CalculateTool {
    type Plan = CalculateCall;
    const NAME: &'static str = "calculate";
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
    ) -> Result<CheckedCall<CalculateCall>, Rejection> {
        plan::check(context.held, arguments)
    }

    fn summary(&self, plan: &CalculateCall) -> String {
        let names: Vec<&str> = plan
            .calculations
            .iter()
            .map(|calculation| calculation.name.as_str())
            .collect();
        format!("calculates {}", for_person(&names.join(", ")))
    }

    async fn run(&self, plan: &CalculateCall, context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        run::run(plan, &context).await
    }
}
