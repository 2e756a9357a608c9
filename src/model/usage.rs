use std::iter::Sum;
use std::ops::Add;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Tokens used. `input_tokens` is the whole prompt: cached and cache-written tokens are part of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The whole prompt, in tokens.
    pub input_tokens: u64,
    /// Of these, read from the provider's cache.
    pub cached_tokens: u64,
    /// Of these, written to the provider's cache.
    pub cache_write_tokens: u64,
    /// The completion, in tokens.
    pub output_tokens: u64,
    /// Of all these, what came from a provider's batch API.
    #[serde(default, skip_serializing_if = "BatchedTokens::is_none")]
    pub batched: BatchedTokens,
}

/// Tokens of completions that a provider's batch API answered, at half the price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchedTokens {
    pub input: u64,
    pub cached: u64,
    pub cache_write: u64,
    pub output: u64,
}

impl BatchedTokens {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Usage {
    /// The same, all of it from a provider's batch API.
    #[must_use]
    pub fn in_batch(self) -> Self {
        Self {
            batched: BatchedTokens {
                input: self.input_tokens,
                cached: self.cached_tokens,
                cache_write: self.cache_write_tokens,
                output: self.output_tokens,
            },
            ..self
        }
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            cached_tokens: self.cached_tokens.saturating_add(other.cached_tokens),
            cache_write_tokens: self.cache_write_tokens.saturating_add(other.cache_write_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            batched: BatchedTokens {
                input: self.batched.input.saturating_add(other.batched.input),
                cached: self.batched.cached.saturating_add(other.batched.cached),
                cache_write: self.batched.cache_write.saturating_add(other.batched.cache_write),
                output: self.batched.output.saturating_add(other.batched.output),
            },
        }
    }
}

impl Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// US dollars, exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usd(pub Decimal);

/// Prices of a model, US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// Input that was neither read from nor written to the cache.
    pub input: Decimal,
    pub output: Decimal,
    /// Input read from the cache.
    pub cache_read: Decimal,
    /// Input written to the cache.
    pub cache_write: Decimal,
}

impl Prices {
    /// What `usage` costs. Cached and cache-written tokens are part of the input and priced apart. What a provider's batch
    /// API answered costs half, whatever it is: that is what OpenAI and Anthropic ask for it.
    pub fn cost(&self, usage: Usage) -> Usd {
        let all = BatchedTokens {
            input: usage.input_tokens,
            cached: usage.cached_tokens,
            cache_write: usage.cache_write_tokens,
            output: usage.output_tokens,
        };
        Usd(self.in_full(all) - self.in_full(usage.batched) / Decimal::TWO)
    }

    fn in_full(&self, tokens: BatchedTokens) -> Decimal {
        let plain = tokens
            .input
            .saturating_sub(tokens.cached)
            .saturating_sub(tokens.cache_write);
        let million = Decimal::from(1_000_000);
        (Decimal::from(plain) * self.input
            + Decimal::from(tokens.cached) * self.cache_read
            + Decimal::from(tokens.cache_write) * self.cache_write
            + Decimal::from(tokens.output) * self.output)
            / million
    }
}
