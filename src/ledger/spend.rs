use std::ops::Add;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What was used, or may be used at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spend {
    /// Tokens, input and output together.
    pub tokens: u64,
    /// US dollars. What a model of unknown price uses counts as nothing.
    pub cost_usd: Decimal,
    /// Queries that asked for rows.
    pub queries: u64,
}

impl Add for Spend {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            cost_usd: self.cost_usd.saturating_add(other.cost_usd),
            queries: self.queries.saturating_add(other.queries),
        }
    }
}

impl Spend {
    pub fn queries(queries: u64) -> Self {
        Self {
            queries,
            ..Self::default()
        }
    }

    /// What this is more than `before`; never less than nothing.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(before.tokens),
            cost_usd: self.cost_usd.saturating_sub(before.cost_usd).max(Decimal::ZERO),
            queries: self.queries.saturating_sub(before.queries),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpendLimit {
    Tokens,
    Cost,
    Queries,
}

/// Limits over more than one question. `None` is not a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Allowance {
    /// Most tokens, input and output together.
    pub max_tokens: Option<u64>,
    /// Most money, in US dollars.
    pub max_cost_usd: Option<Decimal>,
    /// Most queries that ask for rows.
    pub max_queries: Option<u64>,
}

impl Allowance {
    pub(crate) fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// What would be overdrawn if `coming` came to what was used `before`. Only what is coming can overdraw: a limit
    /// that was passed already stops nothing that does not use it.
    pub(crate) fn overdrawn(&self, before: Spend, coming: Spend) -> Option<SpendLimit> {
        let after = before + coming;
        if coming.tokens > 0 && self.max_tokens.is_some_and(|most| after.tokens > most) {
            return Some(SpendLimit::Tokens);
        }
        if coming.cost_usd > Decimal::ZERO && self.max_cost_usd.is_some_and(|most| after.cost_usd > most) {
            return Some(SpendLimit::Cost);
        }
        if coming.queries > 0 && self.max_queries.is_some_and(|most| after.queries > most) {
            return Some(SpendLimit::Queries);
        }
        None
    }

    /// `97000 of 100000 tokens`: how much of the limited thing is used.
    pub fn told(&self, limit: SpendLimit, used: Spend) -> String {
        match limit {
            SpendLimit::Tokens => format!(
                "{} of {} tokens",
                used.tokens,
                self.max_tokens.unwrap_or_default()
            ),
            SpendLimit::Cost => format!(
                "{} of {} US dollars",
                used.cost_usd.round_dp(4).normalize(),
                self.max_cost_usd.unwrap_or_default()
            ),
            SpendLimit::Queries => format!(
                "{} of {} queries",
                used.queries,
                self.max_queries.unwrap_or_default()
            ),
        }
    }
}
