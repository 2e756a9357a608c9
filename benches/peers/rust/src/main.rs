//! Runs turns of a loop over async-openai, and measures what they took.
//!
//! `async-openai-turn LOAD STUB`: LOAD is TURNSxAT_ONCExDELAY_MS, STUB the line that the stubs announce themselves with. It
//! prints one line of JSON. Before the clock runs there is one turn, for what is made once in a process.

#[path = "../../../kit/card_rows.rs"]
mod card_rows;
mod turn;
#[allow(dead_code, reason = "the bench of Cardinal looks at other processes, too")]
#[path = "../../../loop/usage.rs"]
mod usage;

use std::error::Error;
use std::time::Instant;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use self::turn::Stub;

/// Errors of a bench end it.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What the answer of a turn ends with.
const EXPECTED: &str = "complete as far as it was asked for.";

fn main() -> Outcome<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [load, announced] = arguments.as_slice() else {
        return Err("usage: async-openai-turn LOAD STUB".into());
    };
    let load = load
        .split('x')
        .map(str::parse)
        .collect::<Result<Vec<usize>, _>>()?;
    let [turns, at_once, delay] = load.as_slice() else {
        return Err("a load is TURNSxAT_ONCExDELAY".into());
    };
    let announced: Value = serde_json::from_str(announced)?;
    let text = |name: &str| {
        announced
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or("a field is missing")
    };
    let config = OpenAIConfig::new()
        .with_api_base(format!("{}/wait/{delay}/v1", text("model")?))
        .with_api_key("none");
    let (metabase, key) = (text("metabase")?, text("key")?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stub = Stub {
            model: Client::with_config(config),
            http: reqwest::Client::new(),
            metabase,
            key,
        };
        println!("{}", measure(&stub, *turns, *at_once).await?);
        Ok(())
    })
}

async fn measure(stub: &Stub, turns: usize, at_once: usize) -> Outcome<Value> {
    answered(stub.clone(), 9_000).await?;
    let (began, used) = (Instant::now(), usage::cpu()?);
    let mut running = stream::iter(0..turns)
        .map(|number| tokio::spawn(answered(stub.clone(), number)))
        .buffer_unordered(at_once);
    while let Some(ended) = running.next().await {
        ended??;
    }
    let (seconds, used) = (began.elapsed().as_secs_f64(), usage::cpu()?.saturating_sub(used));
    let mut measured = json!({"peak_mb": usage::peak_mb()?});
    if turns > 0 {
        let count = turns as f64;
        measured["cpu_ms"] = json!(used.as_secs_f64() * 1000.0 / count);
        measured["turns_per_second"] = json!(count / seconds);
    }
    Ok(measured)
}

async fn answered(stub: Stub, number: usize) -> Outcome<()> {
    // Two queries a turn, each from another number on.
    let question = format!("Which order lines come after line {}?", number * 2 % 19_000);
    let text = stub.turn(question).await?;
    if !text.contains(EXPECTED) {
        return Err(format!("turn {number} was answered with {text:?}").into());
    }
    Ok(())
}
