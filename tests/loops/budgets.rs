//! Budgets end a turn gracefully: the model gets one last word, and the reason is in the answer.

use std::time::Duration;

use cardinal::agent::{Answer, Outcome, StopReason};
use cardinal::agent::{BudgetSettings, GuardSettings};
use cardinal::model::Prices;
use rust_decimal::Decimal;
use serde_json::json;

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, a_metric};

/// A model that makes a new, sensible call in every step until it may not.
async fn curious(budget: BudgetSettings, prices: Option<Prices>, delay: Duration) -> Stack {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        if request["tool_choice"] == "none" {
            return Reply::text("What I know.");
        }
        let day = format!("2025-{:02}-{:02}", 1 + step % 12, 1 + step % 28);
        let mut reply = Reply::tool_calls([(
            "query_metric",
            json!({ "metric_id": a_metric(request), "filters": [
                { "dimension": "created_at", "operation": "less-than", "values": [day] }] }),
        )]);
        reply.delay = delay;
        reply
    });
    Stack::new(
        model.await,
        Knobs {
            budget,
            prices,
            guard: GuardSettings::default(),
            ..Knobs::default()
        },
    )
    .await
}

fn ended(answer: &Answer, reason: StopReason) {
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::BudgetExhausted, reason),
        "{answer:#?}"
    );
}

#[tokio::test]
async fn steps() {
    let mut stack = curious(
        BudgetSettings {
            max_steps: 5,
            ..BudgetSettings::default()
        },
        None,
        Duration::ZERO,
    )
    .await;
    let answer = stack.ask("revenue?").await;
    ended(&answer, StopReason::MaxSteps);
    assert_eq!(answer.text, "What I know.");
    let requests = stack.model.requests();
    assert_eq!(requests.len(), 5, "the last step is the one without tools");
    assert_eq!(requests[4]["tool_choice"], "none");
    assert_eq!(answer.tool_calls.len(), 4);
}

#[tokio::test]
async fn tool_calls() {
    let budget = BudgetSettings {
        max_tool_calls: 3,
        ..BudgetSettings::default()
    };
    let mut stack = curious(budget, None, Duration::ZERO).await;
    let answer = stack.ask("revenue?").await;
    ended(&answer, StopReason::MaxToolCalls);
    assert_eq!(answer.tool_calls.len(), 3);
}

#[tokio::test]
async fn tokens_leave_room_for_the_last_word() {
    let budget = BudgetSettings {
        max_tokens: 60_000,
        ..BudgetSettings::default()
    };
    let mut stack = curious(budget, None, Duration::ZERO).await;
    let answer = stack.ask("revenue?").await;
    assert!(answer.usage.input_tokens + answer.usage.output_tokens <= 60_000);
    assert!(
        matches!(answer.stop_reason, StopReason::MaxTokens | StopReason::MaxSteps),
        "{:?}",
        answer.stop_reason
    );
    assert_eq!(answer.text, "What I know.");
}

#[tokio::test]
async fn a_token_budget_too_small_for_one_completion_asks_for_none() {
    let budget = BudgetSettings {
        max_tokens: 500,
        ..BudgetSettings::default()
    };
    let mut stack = curious(budget, None, Duration::ZERO).await;
    let answer = stack.ask("revenue?").await;
    ended(&answer, StopReason::MaxTokens);
    assert_eq!(stack.model.requests().len(), 0);
}

#[tokio::test]
async fn money_is_reserved_before_it_is_spent() {
    let dear = Decimal::from(1_000);
    let prices = Prices {
        input: dear,
        output: dear,
        cache_read: dear,
        cache_write: dear,
    };
    let limit = Decimal::from(30);
    let budget = BudgetSettings {
        max_cost_usd: Some(limit),
        ..BudgetSettings::default()
    };
    let mut stack = curious(budget, Some(prices), Duration::ZERO).await;
    let answer = stack.ask("revenue?").await;
    ended(&answer, StopReason::MaxCost);
    assert!(answer.usage.cost_usd.unwrap() <= 30.0, "{:?}", answer.usage);
}

#[tokio::test]
async fn an_unknown_price_under_a_money_budget_is_not_spent_unless_allowed() {
    let budget = BudgetSettings {
        max_cost_usd: Some(Decimal::ONE),
        max_steps: 3,
        ..BudgetSettings::default()
    };
    let mut stack = curious(budget.clone(), None, Duration::ZERO).await;
    ended(&stack.ask("revenue?").await, StopReason::MaxCost);
    assert_eq!(stack.model.requests().len(), 0);

    let mut stack = curious(
        BudgetSettings {
            allow_unpriced: true,
            ..budget
        },
        None,
        Duration::ZERO,
    )
    .await;
    let answer = stack.ask("revenue?").await;
    ended(&answer, StopReason::MaxSteps);
    assert_eq!(
        answer.usage.cost_usd, None,
        "an unknown price is null, never zero"
    );
}

#[tokio::test]
async fn time() {
    let budget = BudgetSettings {
        max_time: Duration::from_secs(2),
        max_steps: 100,
        ..BudgetSettings::default()
    };
    let mut stack = curious(budget, None, Duration::from_millis(400)).await;
    let answer = stack.ask("revenue?").await;
    ended(&answer, StopReason::MaxTime);
    assert_eq!(answer.text, "What I know.");
    assert!(answer.timings.total_ms < 3_000, "{:?}", answer.timings);
}

#[tokio::test]
async fn time_that_runs_out_while_the_model_is_silent() {
    let budget = BudgetSettings {
        max_time: Duration::from_millis(800),
        ..BudgetSettings::default()
    };
    let mut stack = curious(budget, None, Duration::from_secs(30)).await;
    let answer = stack.ask("revenue?").await;
    ended(&answer, StopReason::MaxTime);
    assert!(answer.timings.total_ms < 3_000, "{:?}", answer.timings);
}
