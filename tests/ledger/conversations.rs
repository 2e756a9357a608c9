//! A conversation's budget, over its turns.

use cardinal::agent::BudgetSettings;
use cardinal::agent::{CallStatus, Outcome, StopReason};
use cardinal::ledger::Allowance;
use cardinal::model::Prices;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, a_metric};

/// A model that makes one query for each question, then answers; without a query when it may not.
pub(super) async fn stack(session: Allowance, prices: Option<Prices>) -> Stack {
    let model = ScriptedModel::openai_with(one_query).await;
    let budget = BudgetSettings {
        session,
        ..BudgetSettings::default()
    };
    Stack::new(
        model,
        Knobs {
            budget,
            prices,
            ..Knobs::default()
        },
    )
    .await
}

pub(super) fn one_query(request: &Value) -> Reply {
    let messages = request["messages"].as_array().unwrap();
    let asked = messages
        .iter()
        .filter(|message| message["role"] == "user")
        .count();
    let fresh = messages.last().is_some_and(|message| message["role"] == "user");
    if fresh && request["tool_choice"] != "none" {
        let day = format!("2025-01-{:02}", asked % 28 + 1);
        return Reply::tool_calls([(
            "query_metric",
            json!({ "metric_id": a_metric(request), "filters": [
                { "dimension": "created_at", "operation": "less-than", "values": [day] }] }),
        )])
        .with_usage(10_000, 0, 100);
    }
    Reply::text("What I know.").with_usage(10_000, 0, 100)
}

#[tokio::test]
async fn tokens() {
    let mut stack = stack(
        Allowance {
            max_tokens: Some(90_000),
            ..Allowance::default()
        },
        None,
    )
    .await;
    let mut outcomes = Vec::new();
    for _ in 0..8 {
        let answer = stack.ask("revenue?").await;
        outcomes.push(answer.outcome);
        if answer.outcome != Outcome::Answered {
            assert_eq!(answer.stop_reason, StopReason::SessionTokens);
            let detail = answer.stop_detail.unwrap();
            assert!(
                detail.contains("of 90000 tokens of this conversation"),
                "{detail}"
            );
        }
    }
    assert_eq!(outcomes[0], Outcome::Answered);
    assert_eq!(outcomes[7], Outcome::BudgetExhausted);
    assert!(
        stack.conversation.spent.tokens <= 90_000,
        "{:?}",
        stack.conversation.spent
    );
    let asked = stack.model.requests().len();
    stack.ask("once more?").await;
    assert_eq!(stack.model.requests().len(), asked, "nothing is asked any more");
}

#[tokio::test]
async fn queries() {
    let mut stack = stack(
        Allowance {
            max_queries: Some(2),
            ..Allowance::default()
        },
        None,
    )
    .await;
    for _ in 0..2 {
        assert_eq!(stack.ask("revenue?").await.outcome, Outcome::Answered);
    }
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::BudgetExhausted, StopReason::SessionQueries)
    );
    assert_eq!(answer.text, "What I know.");
    assert_eq!(answer.tool_calls[0].status, CallStatus::Refused);
    let detail = answer.stop_detail.unwrap();
    assert!(detail.contains("2 of 2 queries of this conversation"), "{detail}");
}

#[tokio::test]
async fn money_at_the_dearest_the_call_can_come_to() {
    // 10 000 tokens in and 100 out are 0.0102; written to the cache the input alone could be 0.0125.
    let dollar = |cents: i64| Decimal::new(cents, 2);
    let prices = Prices {
        input: dollar(100),
        output: dollar(200),
        cache_read: dollar(10),
        cache_write: dollar(125),
    };
    let limit = Decimal::new(15, 2);
    let mut stack = stack(
        Allowance {
            max_cost_usd: Some(limit),
            ..Allowance::default()
        },
        Some(prices),
    )
    .await;
    let mut last = None;
    for _ in 0..12 {
        last = Some(stack.ask("revenue?").await);
        assert!(stack.conversation.spent.cost_usd <= limit);
    }
    let last = last.unwrap();
    assert_eq!(last.stop_reason, StopReason::SessionCost);
    assert!(last.stop_detail.unwrap().contains("of 0.15 US dollars"));
}

#[tokio::test]
async fn an_unknown_price_is_refused_before_any_call() {
    let session = Allowance {
        max_cost_usd: Some(Decimal::ONE),
        ..Allowance::default()
    };
    let mut stack = stack(session, None).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::BudgetExhausted, StopReason::SessionCost)
    );
    assert!(answer.text.contains("budget.allow_unpriced"), "{}", answer.text);
    assert_eq!(stack.model.requests().len(), 0);
}
