//! A principal's day, through the driver: reserved before each call, settled after the turn, denied with a reason, and
//! replayed without the ledger.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cardinal::agent::{Agent, Outcome, StopReason};
use cardinal::ledger::{Allowance, DayLedger, Spend};
use cardinal::model::Prices;
use cardinal::principal::Principal;
use cardinal::tapes::replay;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::conversations::one_query;
use crate::support::scripted_model::ScriptedModel;
use crate::support::stack::{Knobs, Stack};

fn today(dir: &Path, allowance: Allowance) -> Arc<DayLedger> {
    let who = Principal("ana".to_owned());
    Arc::new(DayLedger::new(
        dir,
        &who,
        allowance,
        TimeZone::UTC,
        Duration::from_secs(240),
    ))
}

async fn stack(book: &Arc<DayLedger>, prices: Option<Prices>) -> Stack {
    let knobs = Knobs {
        prices,
        ..Knobs::default()
    };
    let stack = Stack::new(ScriptedModel::openai_with(one_query).await, knobs).await;
    on(stack, book)
}

fn on(stack: Stack, book: &Arc<DayLedger>) -> Stack {
    let agent: Agent = stack.agent.on_day(Some(Arc::clone(book)));
    Stack { agent, ..stack }
}

fn taken(book: &DayLedger) -> Spend {
    book.standing(Timestamp::now()).unwrap().taken
}

#[tokio::test]
async fn it_holds_over_conversations() {
    let dir = tempfile::tempdir().unwrap();
    let allowance = Allowance {
        max_tokens: Some(90_000),
        ..Allowance::default()
    };
    let book = today(dir.path(), allowance);
    let mut answers = Vec::new();
    for _ in 0..6 {
        let mut stack = stack(&book, None).await;
        answers.push(stack.ask("revenue?").await);
        let spent = taken(&book);
        assert!(spent.tokens <= 90_000, "{spent:?}");
    }
    assert_eq!(answers[0].outcome, Outcome::Answered);
    assert!(answers[0].denials.is_empty());
    let last = &answers[5];
    assert_eq!(
        (last.outcome, last.stop_reason),
        (Outcome::BudgetExhausted, StopReason::DayTokens)
    );
    let detail = last.stop_detail.as_deref().unwrap();
    assert!(
        detail.contains("of 90000 tokens are used or reserved on"),
        "{detail}"
    );
    assert!(detail.contains("the next day begins at"), "{detail}");
    let used: u64 = answers
        .iter()
        .map(|answer| answer.usage.input_tokens + answer.usage.output_tokens)
        .sum();
    assert_eq!(taken(&book).tokens, used, "everything is settled by what it used");
}

#[tokio::test]
async fn it_holds_for_turns_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let allowance = Allowance {
        max_tokens: Some(200_000),
        ..Allowance::default()
    };
    let mut turns = Vec::new();
    for _ in 0..6 {
        let mut stack = stack(&today(dir.path(), allowance), None).await;
        turns.push(tokio::spawn(async move {
            for _ in 0..4 {
                stack.ask("revenue?").await;
            }
            stack.conversation.spent.tokens
        }));
    }
    let mut used = 0;
    for turn in turns {
        used += turn.await.unwrap();
    }
    assert!(used <= 200_000, "{used}");
    assert_eq!(taken(&today(dir.path(), allowance)).tokens, used);
}

#[tokio::test]
async fn queries_and_money() {
    let dir = tempfile::tempdir().unwrap();
    let allowance = Allowance {
        max_queries: Some(1),
        ..Allowance::default()
    };
    let book = today(dir.path(), allowance);
    assert_eq!(
        stack(&book, None).await.ask("revenue?").await.outcome,
        Outcome::Answered
    );
    let mut second = stack(&book, None).await;
    let answer = second.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::BudgetExhausted, StopReason::DayQueries)
    );
    let (said, reason) = answer.text.split_once("\n\n").unwrap();
    assert_eq!(said, "What I know.");
    assert!(reason.starts_with("The day's queries are used up."), "{reason}");
    assert_eq!(second.queries(), Vec::<String>::new());

    let dir = tempfile::tempdir().unwrap();
    let allowance = Allowance {
        max_cost_usd: Some(Decimal::ONE),
        ..Allowance::default()
    };
    let book = today(dir.path(), allowance);
    let mut unpriced = stack(&book, None).await;
    let answer = unpriced.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::BudgetExhausted, StopReason::DayCost)
    );
    assert!(answer.text.contains("budget.allow_unpriced"), "{}", answer.text);
    assert_eq!(unpriced.model.requests().len(), 0);
    let price = Decimal::from(10);
    let prices = Prices {
        input: price,
        output: price,
        cache_read: price,
        cache_write: price,
    };
    let answer = stack(&book, Some(prices)).await.ask("revenue?").await;
    assert_eq!(answer.outcome, Outcome::Answered);
    assert_eq!(
        taken(&book).cost_usd,
        Decimal::new(202, 3),
        "20 200 tokens at 10 dollars a million"
    );
}

#[tokio::test]
async fn a_damaged_ledger_stops_spending_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let allowance = Allowance {
        max_tokens: Some(90_000),
        ..Allowance::default()
    };
    let book = today(dir.path(), allowance);
    let mut stack = stack(&book, None).await;
    stack.ask("revenue?").await;
    let folder = std::fs::read_dir(dir.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            std::fs::write(path, "{}").unwrap();
        }
    }
    let asked = stack.model.requests().len();
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::BudgetExhausted, StopReason::LedgerFailed)
    );
    assert!(
        answer.text.contains("remove it to count this day from zero"),
        "{}",
        answer.text
    );
    assert_eq!(stack.model.requests().len(), asked);
}

#[tokio::test]
async fn a_replay_needs_no_ledger_and_is_denied_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let allowance = Allowance {
        max_tokens: Some(1_000_000),
        max_queries: Some(1),
        ..Allowance::default()
    };
    let book = today(&dir.path().join("ledger"), allowance);
    let mut first = stack(&book, None).await;
    let free = first.record("revenue?", &dir.path().join("free.tape")).await;
    assert_eq!(free.answer.outcome, Outcome::Answered);
    let mut second = stack(&book, None).await;
    let denied = second.record("revenue?", &dir.path().join("denied.tape")).await;
    assert_eq!(denied.answer.stop_reason, StopReason::DayQueries);
    std::fs::remove_dir_all(dir.path().join("ledger")).unwrap();
    for recorded in [free, denied] {
        let replayed = replay(&recorded.tape.unwrap()).await.unwrap();
        assert_eq!(replayed.answer.stop_reason, recorded.answer.stop_reason);
        assert_eq!(replayed.answer.stop_detail, recorded.answer.stop_detail);
        assert_eq!(replayed.answer.denials, recorded.answer.denials);
    }
    assert!(!dir.path().join("ledger").exists());
}
