//! A question about March 2025, for answers whose figures are looked at.

use cardinal::agent::Answer;
use serde_json::json;

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack};

/// Revenue by month of 2025.
pub(super) fn by_month() -> Reply {
    Reply::tool_calls([(
        "query_metric",
        json!({ "metric_id": 1, "group_by": [{ "dimension": "created_at", "granularity": "month" }],
                "filters": [{ "dimension": "created_at", "operation": "year-equals", "values": [2025] }] }),
    )])
}

/// A model that queries first and then says one thing after the other, the last again and again.
pub(super) async fn saying(texts: &'static [&'static str], knobs: Knobs) -> Stack {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |_| {
        step += 1;
        match step {
            1 => by_month(),
            _ => Reply::text(*texts.get(step - 2).or(texts.last()).unwrap()),
        }
    });
    Stack::new(model.await, knobs).await
}

pub(super) async fn ask(stack: &mut Stack) -> Answer {
    stack.ask("What was revenue in March 2025?").await
}
