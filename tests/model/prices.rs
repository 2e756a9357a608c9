//! What models cost, and that what is not known is not free.

use cardinal::model::{Prices, Usage, Usd, list_price, prices};
use rust_decimal::Decimal;

use crate::support::scripted_model::ScriptedModel;

fn price(id: &str) -> Option<Prices> {
    list_price(&id.parse().unwrap())
}

fn dollars(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn the_table_knows_names_and_their_dated_releases_only() {
    let gpt = price("openai:gpt-5.5").unwrap();
    assert_eq!(
        (gpt.input, gpt.cache_read, gpt.cache_write),
        (dollars("5"), dollars("0.5"), dollars("5"))
    );
    assert_eq!(price("openai:gpt-5.5-2026-04-23"), Some(gpt));
    let sonnet = price("anthropic:claude-sonnet-5-5").unwrap();
    assert_eq!(
        (sonnet.output, sonnet.cache_read, sonnet.cache_write),
        (dollars("10"), dollars("0.1"), dollars("2.5"))
    );
    assert_eq!(price("anthropic:claude-sonnet-5-5-20261001"), Some(sonnet));
    assert_ne!(price("anthropic:claude-sonnet-5"), Some(sonnet));
    for unknown in [
        "openai:gpt-5.5-mini",
        "openai:gpt-5",
        "openai:gpt-5.5-",
        "openai:llama3",
        "openai:claude-sonnet-5-5",
        "openai:gpt-5.5-2026",
        "anthropic:claude",
        "offline",
    ] {
        assert_eq!(price(unknown), None, "{unknown}");
    }
}

#[test]
fn cost_is_exact_and_prices_cached_tokens_apart() {
    let usage = Usage {
        input_tokens: 10_000,
        cached_tokens: 8_000,
        cache_write_tokens: 1_000,
        output_tokens: 333,
        ..Usage::default()
    };
    let cost = price("anthropic:claude-sonnet-5-5").unwrap().cost(usage);
    // 1000 * 2 + 8000 * 0.1 + 1000 * 2.5 + 333 * 10, by the million.
    assert_eq!(cost, Usd(dollars("0.00863")));
    // What a provider's batch API answered costs half, also in a sum with what it did not.
    let half = price("anthropic:claude-sonnet-5-5")
        .unwrap()
        .cost(usage.in_batch());
    assert_eq!(half, Usd(dollars("0.004315")));
    let both = price("anthropic:claude-sonnet-5-5")
        .unwrap()
        .cost(usage.in_batch() + usage);
    assert_eq!(both, Usd(dollars("0.012945")));
}

#[tokio::test]
async fn what_runs_nearby_has_no_list_price_unless_the_settings_give_one() {
    let mut settings = ScriptedModel::openai(Vec::new()).await.settings();
    settings.id = "openai:gpt-5.5".parse().unwrap();
    for nearby in [
        "http://127.0.0.1:8080/v1",
        "http://localhost/v1",
        "http://[::1]/v1",
        "http://10.1.2.3/v1",
        "http://vllm:8000/v1",
    ] {
        settings.base_url = Some(nearby.parse().unwrap());
        assert_eq!(prices(&settings), None, "{nearby}");
    }
    for afar in [None, Some("https://llm.example.com/v1")] {
        settings.base_url = afar.map(|url| url.parse().unwrap());
        assert_eq!(prices(&settings), price("openai:gpt-5.5"));
    }
    settings.base_url = Some("http://127.0.0.1:8080/v1".parse().unwrap());
    settings.prices = price("openai:gpt-4o-mini");
    assert_eq!(prices(&settings), settings.prices);
}
