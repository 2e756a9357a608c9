//! The stubs: Metabase and, with it, the model.

use std::io::Write as _;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::{Outcome, model, order_lines};

/// Serves both, prints where they are as one JSON line, and runs until it is killed.
pub(crate) async fn serve() -> Outcome<()> {
    let running = order_lines::serve().await?;
    let key = running.api_key.expose_secret().to_owned();
    let cards = reqwest::Client::new()
        .get(format!("{}/api/card", running.url))
        .header("x-api-key", &key)
        .send()
        .await?
        .bytes()
        .await?;
    let cards: Value = serde_json::from_slice(&cards)?;
    let card = cards.pointer("/0/id").and_then(Value::as_u64);
    let card = card.ok_or_else(|| format!("the sandbox lists no card: {cards}"))?;
    let stub = json!({
        "metabase": running.url,
        "key": key,
        "collection": running.curated_collection_id,
        "card": card,
        "model": model::serve(card).await?,
    });
    writeln!(std::io::stdout(), "{stub}")?;
    std::future::pending().await
}
