//! What a run has spent before this start, for its budget.

use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;
use serde::Deserialize;

use super::answers::AnswersFile;
use super::error::BatchError;
use crate::agent::UsageReport;
use crate::app::{App, price};
use crate::ledger::RunBudget;
use crate::model::{Prices, Usage};

/// What an answer says that it cost.
#[derive(Debug, Deserialize)]
struct AnswerCost {
    usage: UsageReport,
}

/// What of a run's money its answers leave.
pub(super) fn budget_left(
    answers: &mut AnswersFile,
    most: Decimal,
    prices: Prices,
) -> Result<Arc<RunBudget>, BatchError> {
    let mut spent = Decimal::ZERO;
    answers.each_line(|line| {
        if let Ok(answer) = serde_json::from_slice::<AnswerCost>(line) {
            spent += cost(&answer.usage, prices);
        }
        Ok(())
    })?;
    Ok(Arc::new(RunBudget::new(most, spent)))
}

/// What an app's model costs.
pub(super) fn prices(app: &App) -> Result<Prices, BatchError> {
    let model = &app.settings().model;
    price(model).ok_or_else(|| {
        let model = model.id.to_string();
        BatchError::App(Box::new(crate::app::Error::Unpriced { model }))
    })
}

/// What an answer cost; of one that does not know it, what its tokens cost without the provider's cache.
fn cost(usage: &UsageReport, prices: Prices) -> Decimal {
    usage.cost_usd.and_then(Decimal::from_f64).unwrap_or_else(|| {
        let tokens = Usage {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            ..Usage::default()
        };
        prices.cost(tokens).0
    })
}
