use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::collector::RoundOptions;
use crate::model::{Prices, Usage};

/// Completions that a question mostly needs.
const USUAL_COMPLETIONS: (u32, u32) = (2, 4);
/// Most rounds that a question may need before something is wrong.
const MOST_OF_ONE: u32 = 24;
/// Bytes of a prompt taken for one token.
const BYTES_PER_TOKEN: u64 = 4;
/// What a result adds to the prompt, and what a completion writes, in tokens.
const RESULT_TOKENS: u64 = 2_000;
const WRITTEN_TOKENS: u64 = 300;

/// What a run in rounds can be expected to take, before anything is sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RoundPlan {
    /// Whose batch API it is.
    pub provider: &'static str,
    /// Questions that are to be asked.
    pub questions: usize,
    /// Rounds that it mostly takes, from and to.
    pub rounds: (u32, u32),
    /// Rounds after which it ends in any case.
    pub most: u32,
    /// US dollars, from and to; `None` when the price is not known.
    pub cost_usd: Option<(f64, f64)>,
}

impl RoundPlan {
    /// For so many questions in sessions of which `waves` are asked one after another at most.
    pub(in crate::batch) fn new(
        provider: &'static str,
        questions: usize,
        waves: u32,
        options: RoundOptions,
        prompt_bytes: u64,
        prices: Option<Prices>,
    ) -> Self {
        let (few, many) = USUAL_COMPLETIONS;
        let prompt = prompt_bytes / BYTES_PER_TOKEN;
        let cost = |prices: Prices, completions: u32| {
            let all = (0..completions).map(|step| {
                let usage = Usage {
                    input_tokens: prompt.saturating_add(RESULT_TOKENS * u64::from(step)),
                    output_tokens: WRITTEN_TOKENS,
                    ..Usage::default()
                };
                prices.cost(usage.in_batch()).0
            });
            let all: Decimal = all.sum();
            (all * Decimal::from(questions)).to_f64().unwrap_or(f64::MAX)
        };
        Self {
            provider,
            questions,
            rounds: (few.saturating_mul(waves), many.saturating_mul(waves)),
            most: options.most.unwrap_or_else(|| most_rounds(waves)),
            cost_usd: prices.map(|prices| (cost(prices, few), cost(prices, many))),
        }
    }
}

/// What completions cost about by a provider's batch API, in US dollars, whose requests have so many bytes together.
pub(super) fn expected_cost(prices: Prices, completions: u64, bytes: u64) -> Decimal {
    let usage = Usage {
        input_tokens: bytes / BYTES_PER_TOKEN,
        output_tokens: WRITTEN_TOKENS.saturating_mul(completions),
        ..Usage::default()
    };
    prices.cost(usage.in_batch()).0
}

/// Most rounds of a run whose sessions are asked in so many waves.
pub(in crate::batch) fn most_rounds(waves: u32) -> u32 {
    MOST_OF_ONE.saturating_mul(waves.max(1))
}
