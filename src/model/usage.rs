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
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            cached_tokens: self.cached_tokens.saturating_add(other.cached_tokens),
            cache_write_tokens: self.cache_write_tokens.saturating_add(other.cache_write_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
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
    /// What `usage` costs. Cached and cache-written tokens are part of the input and priced apart.
    pub fn cost(&self, usage: Usage) -> Usd {
        let plain = usage
            .input_tokens
            .saturating_sub(usage.cached_tokens)
            .saturating_sub(usage.cache_write_tokens);
        let million = Decimal::from(1_000_000);
        Usd((Decimal::from(plain) * self.input
            + Decimal::from(usage.cached_tokens) * self.cache_read
            + Decimal::from(usage.cache_write_tokens) * self.cache_write
            + Decimal::from(usage.output_tokens) * self.output)
            / million)
    }
}
