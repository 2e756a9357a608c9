use std::collections::BTreeMap;
use std::sync::LazyLock;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::endpoint::is_private;
use super::{ModelId, Prices, Provider};
use crate::model::ModelSettings;

static TABLE: LazyLock<PriceTable> =
    LazyLock::new(|| toml::from_str(include_str!("prices.toml")).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceTable {
    openai: BTreeMap<String, ListPrice>,
    anthropic: BTreeMap<String, ListPrice>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListPrice {
    input: Decimal,
    output: Decimal,
    cache_read: Option<Decimal>,
    cache_write: Option<Decimal>,
}

impl ListPrice {
    fn prices(&self) -> Prices {
        Prices {
            input: self.input,
            output: self.output,
            cache_read: self.cache_read.unwrap_or(self.input),
            cache_write: self.cache_write.unwrap_or(self.input),
        }
    }
}

/// What the configured model costs: the settings' own prices, else the list price. `None` when it is not known, as
/// for everything that runs on this machine or in a private network, whatever its name.
pub fn prices(settings: &ModelSettings) -> Option<Prices> {
    if settings.prices.is_some() {
        return settings.prices;
    }
    if settings.base_url.as_ref().is_some_and(is_private) {
        return None;
    }
    list_price(&settings.id)
}

/// The list price of a model, by its exact name or by the name without the date of its release.
pub fn list_price(id: &ModelId) -> Option<Prices> {
    let listed = match id.provider {
        Provider::Openai | Provider::OpenaiResponses => &TABLE.openai,
        Provider::Anthropic => &TABLE.anthropic,
        Provider::Offline => return None,
    };
    let found = listed.get(&id.name).or_else(|| {
        let declared = listed.iter().filter(|(name, _)| is_release_of(&id.name, name));
        declared
            .max_by_key(|(name, _)| name.len())
            .map(|(_, listed)| listed)
    });
    found.map(ListPrice::prices)
}

/// Whether `name` is `declared` with a date behind it: `-2026-04-23` or `-20260423`. Any other ending is another model.
fn is_release_of(name: &str, declared: &str) -> bool {
    let Some(date) = name
        .strip_prefix(declared)
        .and_then(|rest| rest.strip_prefix('-'))
    else {
        return false;
    };
    let digits = date.chars().filter(char::is_ascii_digit).count();
    let dashes = date.chars().filter(|c| *c == '-').count();
    digits == 8 && (date.len() == 8 || (date.len() == 10 && dashes == 2))
}
