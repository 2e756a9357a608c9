//! What ten questions of one conversation send to a model, by the size of the catalog: Cardinal's requests beside those of a
//! naive loop, which puts the whole catalog into its prompt and each result into its messages as the server's JSON.
//!
//! Both ask the same card of the same Metabase. The model is a script: with a catalog that is too large to be shown it
//! searches and looks the card up first, as it is told to. What is counted are bytes of what a provider reads, in its order
//! (tools, system prompt, messages); a token is taken for four of them.
//!
//! `cargo bench --bench tokens` prints the table; `-- docs` writes it and its chart into docs/costs.md as well.

#![allow(
    clippy::disallowed_methods,
    reason = "the naive loop is a bare HTTP client, and the stub is not the program"
)]

mod cardinal_loop;
#[path = "../kit/chart.rs"]
mod chart;
#[path = "../kit/large_catalog.rs"]
mod large_catalog;
mod model;
mod naive;
#[path = "../kit/order_lines.rs"]
mod order_lines;
#[path = "../kit/page.rs"]
mod page;
mod sent;

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use cardinal::catalog::{Catalog, CatalogSettings, CollectionId, ContentRule, Entry};
use cardinal::metabase::MetabaseClient;
use cardinal::principal::Principal;
use cardinal::wire::Wire;
use cardinal::{AuthSettings, MetabaseSettings};

use self::chart::{Chart, Line};
use self::sent::SentPrompts;

/// Errors of a bench end it.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const SIZES: [u32; 4] = [10, 100, 1_000, 10_000];
const QUESTIONS: u32 = 10;
/// Ids of cards that nobody asks.
const OTHERS: u32 = 1_000_000;

/// What both ask.
struct Source {
    client: MetabaseClient,
    url: String,
    key: String,
    /// The card that is asked.
    card: Entry,
}

/// One row of the table.
struct Measured {
    entries: u32,
    cardinal: SentPrompts,
    naive: SentPrompts,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let metabase = order_lines::serve().await?;
    let (url, key) = (metabase.url.clone(), metabase.api_key.clone());
    let settings = MetabaseSettings::new(url.parse()?, AuthSettings::ApiKey(key.clone()));
    let client = MetabaseClient::new(settings, Wire::live()?, Principal::default());
    let collection = metabase.curated_collection_id.ok_or("nothing is curated")?;
    let curated = CatalogSettings {
        cards: ContentRule {
            collections: vec![CollectionId(u32::try_from(collection)?)],
            ..ContentRule::default()
        },
        ..CatalogSettings::default()
    };
    let loaded = client.load_catalog(&curated).await?.catalog;
    let source = Source {
        client,
        url,
        key: secrecy::ExposeSecret::expose_secret(&key).to_owned(),
        card: loaded.entries().first().cloned().ok_or("no card is curated")?,
    };
    let mut all = Vec::new();
    for entries in SIZES {
        let others = (1..entries).map(|id| large_catalog::card(OTHERS + id));
        let entries_of_it = std::iter::once(source.card.clone()).chain(others).collect();
        let catalog = Arc::new(Catalog::for_tests(entries_of_it));
        all.push(Measured {
            entries,
            cardinal: cardinal_loop::ask(&source, &catalog).await?,
            naive: naive::ask(&source, &catalog).await?,
        });
    }
    let table = table(&all);
    writeln!(std::io::stdout(), "{table}")?;
    if std::env::args().any(|argument| argument == "docs") {
        page::replace("tokens", &table)?;
        std::fs::write(page::file("costs-tokens.svg"), chart(&all).svg())?;
    }
    Ok(())
}

/// The questions, each about other lines, so that no cache answers them.
fn question(number: u32) -> String {
    format!("Which order lines come after line {}?", number * 300)
}

fn table(all: &[Measured]) -> String {
    let mut text = String::from(
        "| entries | | completions | prompt tokens sent | to the naive loop | extends the request before | rows in 30 KB |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for measured in all {
        for (who, sent) in [("Cardinal", &measured.cardinal), ("naive loop", &measured.naive)] {
            let _ = writeln!(
                text,
                "| {} | {who} | {} | {} | {:.2} | {:.1} % | {:.0} |",
                measured.entries,
                sent.requests,
                sent.tokens(),
                sent.tokens_f64() / measured.naive.tokens_f64(),
                sent.extending() * 100.0,
                sent.rows_in(30_000),
            );
        }
    }
    text
}

fn chart(all: &[Measured]) -> Chart {
    let line = |name: &str, of: fn(&Measured) -> &SentPrompts| Line {
        name: name.to_owned(),
        points: all
            .iter()
            .map(|measured| (f64::from(measured.entries), of(measured).tokens_f64()))
            .collect(),
    };
    Chart {
        title: "Prompt tokens of ten questions by the size of the catalog",
        across: "entries",
        up: "prompt tokens sent",
        lines: vec![
            line("Cardinal", |measured| &measured.cardinal),
            line("naive loop", |measured| &measured.naive),
        ],
    }
}
