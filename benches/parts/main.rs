//! What the parts of a turn cost that have no bench of their own, each beside its floor: the prompt, the gate, references, the
//! stream of a completion, tapes, and the server around a turn. (`catalog`, `grounding`, `result`, `replay` and `loop` are
//! the others.)
//!
//! `cargo bench --bench parts` prints a line for each.

#![allow(
    clippy::disallowed_methods,
    reason = "the server is asked as any client asks it, with no wire of ours"
)]

#[path = "../kit/large_catalog.rs"]
mod large_catalog;
#[path = "../kit/ratio.rs"]
mod ratio;
mod references;
mod stream;
mod turns;

use std::error::Error;
use std::sync::Arc;

use cardinal::catalog::Catalog;
use cardinal::metabase::MetabaseClient;
use cardinal::model::ToolCall;
use cardinal::principal::Principal;
use cardinal::prompt::Prompt;
use cardinal::result::{HeldResults, ShapingSettings};
use cardinal::tools::Toolbox;
use cardinal::wire::{Grants, Wire, WireSettings};
use cardinal::{AuthSettings, MetabaseSettings};
use serde_json::{Value, json};

use self::ratio::Floor;

/// Errors of a bench end it.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Entries of the catalog: all of them stand in the prompt.
const ENTRIES: u32 = 100;

fn main() -> Outcome<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    prompt_and_gate(&runtime)?;
    runtime.block_on(references::measure());
    stream::measure();
    turns::measure(&runtime)
}

/// The prompt of a catalog, beside writing its text as the JSON that goes into a request; a decision on a call, beside
/// reading the call's arguments.
fn prompt_and_gate(runtime: &tokio::runtime::Runtime) -> Outcome<()> {
    let catalog = Arc::new(Catalog::for_tests(
        (1..=ENTRIES).map(large_catalog::card).collect(),
    ));
    let _inside = runtime.enter();
    let url = "http://127.0.0.1:9/".parse()?;
    let settings = MetabaseSettings::new(url, AuthSettings::ApiKey("mb_key".to_owned().into()));
    let wire = Wire::new(WireSettings::new(Grants::none()))?;
    let client = MetabaseClient::new(settings, wire, Principal::default());
    let toolbox = Toolbox::new(Arc::clone(&catalog), client, ShapingSettings::default());
    let text = Prompt::render(&catalog, toolbox.specs())?.system;
    let floor = Floor::of("serde_json writing its text", || {
        serde_json::to_string(&text).map_or(0, |json| json.len())
    });
    floor.beside("prompt of 100 entries rendered", || {
        Prompt::render(&catalog, toolbox.specs()).map_or(0, |prompt| prompt.bytes)
    });

    let arguments = json!({"card_id": 42, "parameters": {"team": ["Sales", "Finance"]}}).to_string();
    let floor = Floor::of("serde_json reading its arguments", || {
        serde_json::from_str::<Value>(&arguments).is_ok()
    });
    let call = ToolCall {
        id: "call_1".to_owned(),
        name: "run_card".to_owned(),
        arguments: arguments.clone(),
    };
    let held = HeldResults::default();
    toolbox.gate(&call, &held).map_err(|refusal| refusal.message)?;
    floor.beside("a call let through by the gate", || {
        toolbox.gate(&call, &held).is_ok()
    });
    let refused = ToolCall {
        arguments: json!({"card_id": 4242}).to_string(),
        ..call
    };
    floor.beside("a call refused, with the way out", || {
        toolbox.gate(&refused, &held).is_err()
    });
    Ok(())
}
