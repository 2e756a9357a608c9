//! What a large catalog costs: reading a kept one, making the tools and the prompt of it, deciding on a call, and searching it. Each
//! size is measured in a process of its own, so that its memory is its own.
//!
//! `cargo bench --bench catalog` prints the figures; `-- docs` writes them and their chart into docs/costs.md as well.

#[path = "../kit/chart.rs"]
mod chart;
#[path = "../kit/large_catalog.rs"]
mod large_catalog;
#[path = "../kit/page.rs"]
mod page;
#[path = "../kit/ratio.rs"]
mod ratio;

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cardinal::catalog::{
    Catalog, CatalogSearch, CatalogSettings, CatalogStore, EntryVersions, LoadRemarks, StoreKey, StoreLookup,
};
use cardinal::metabase::MetabaseClient;
use cardinal::model::ToolCall;
use cardinal::principal::Principal;
use cardinal::prompt::Prompt;
use cardinal::result::{HeldResults, ShapingSettings};
use cardinal::tools::Toolbox;
use cardinal::wire::{Grants, Wire, WireSettings};
use cardinal::{AuthSettings, MetabaseSettings};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use self::chart::{Chart, Line};
use self::ratio::{Floor, quickest};

const SIZES: [u32; 4] = [10, 100, 1_000, 10_000];
/// How often each size is measured.
const PROCESSES: usize = 3;
/// What is measured: its name in the figures, and for people.
const PARTS: [(&str, &str); 5] = [
    ("load", "read and checked"),
    ("prompt", "tools and prompt made"),
    ("gate", "a call decided on"),
    ("first_search", "first search"),
    ("search", "each later search"),
];

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["one", size] = texts.as_slice() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let measured = runtime.block_on(measure(size.parse()?))?;
        writeln!(std::io::stdout(), "{measured}")?;
        return Ok(());
    }
    let mut all = Vec::new();
    for size in SIZES {
        let measured = apart(size)?;
        tell(&measured)?;
        all.push(measured);
    }
    if texts.contains(&"docs") {
        write_docs(&all)?;
    }
    Ok(())
}

/// Measures a size in processes of their own. Of each figure the smallest counts, which other work disturbs least.
fn apart(size: u32) -> Outcome<Value> {
    let mut least = Map::new();
    for _ in 0..PROCESSES {
        let ran = Command::new(std::env::current_exe()?)
            .args(["one", &size.to_string()])
            .stderr(Stdio::inherit())
            .output()?;
        if !ran.status.success() {
            return Err(format!("the measuring of {size} entries failed").into());
        }
        let measured: Map<String, Value> = serde_json::from_slice(&ran.stdout)?;
        for (name, value) in measured {
            let before = least.get(&name).and_then(Value::as_f64);
            if before.is_none_or(|before| value.as_f64().is_some_and(|now| now < before)) {
                least.insert(name, value);
            }
        }
    }
    Ok(least.into())
}

async fn measure(size: u32) -> Outcome<Value> {
    let folder = tempfile::tempdir()?;
    let (store, url) = (CatalogStore::new(folder.path()), "http://127.0.0.1:9/".parse()?);
    let key = StoreKey::new(&url, &CatalogSettings::default(), &Principal::default());
    let now = jiff::Timestamp::now();
    let path = {
        let cards = (1..=size).map(large_catalog::card).collect();
        let made = Arc::new(Catalog::for_tests(cards));
        let versions = EntryVersions::default();
        store
            .write(&key, &made, LoadRemarks::default(), &versions, now)
            .await?
    };
    let bytes = std::fs::read(&path)?;
    let floor = quickest(|| serde_json::from_slice::<IgnoredAny>(&bytes));

    let began = Instant::now();
    let StoreLookup::Fresh(kept) = store.read(&key, now, Duration::from_secs(60)).await else {
        return Err("the kept catalog cannot be read".into());
    };
    let (load, catalog) = (began.elapsed(), Arc::new(kept.catalog));
    let settings = MetabaseSettings::new(url, AuthSettings::ApiKey("mb_key".to_owned().into()));
    let wire = Wire::new(WireSettings::new(Grants::none()))?;
    let client = MetabaseClient::new(settings, wire, Principal::default());
    let began = Instant::now();
    let toolbox = Toolbox::new(Arc::clone(&catalog), client, ShapingSettings::default());
    let prompt = Prompt::render(&catalog, toolbox.specs())?;
    let rendered = began.elapsed();
    let (call, held) = (call(size), HeldResults::default());
    toolbox.gate(&call, &held).map_err(|refusal| refusal.message)?;
    let gate = quickest(|| toolbox.gate(&call, &held).is_ok());
    let words = CatalogSearch::words("refunds of marketing in region 7");
    let began = Instant::now();
    let found = catalog.search(&words).len();
    let first_search = began.elapsed();
    let search = quickest(|| catalog.search(&words).len());
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    Ok(json!({
        "entries": size, "kept_bytes": bytes.len(), "prompt_bytes": prompt.bytes, "found": found,
        "peak_mb": peak_mb().unwrap_or(f64::NAN), "floor": micros(floor), "load": micros(load),
        "prompt": micros(rendered), "gate": micros(gate), "first_search": micros(first_search),
        "search": micros(search),
    }))
}

/// A call of the last card, with one of its parameters.
fn call(card: u32) -> ToolCall {
    ToolCall {
        id: "call_1".to_owned(),
        name: "run_card".to_owned(),
        arguments: json!({"card_id": card, "parameters": {"team": ["Sales"]}}).to_string(),
    }
}

fn figure(measured: &Value, name: &str) -> f64 {
    measured.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

fn tell(measured: &Value) -> Outcome<()> {
    let of = |name: &str| figure(measured, name);
    writeln!(
        std::io::stdout(),
        "\n{} entries, {:.0} KB kept, prompt of {} bytes, peak memory {:.0} MB",
        of("entries"),
        of("kept_bytes") / 1000.0,
        of("prompt_bytes"),
        of("peak_mb"),
    )?;
    let time = |name: &str| Duration::from_secs_f64(of(name) / 1e6);
    let floor = Floor::taken("a skim of the kept file", time("floor"));
    for (name, what) in PARTS {
        floor.tell(what, time(name));
    }
    Ok(())
}

fn write_docs(all: &[Value]) -> Outcome<()> {
    let mut text = String::from(
        "![Time and memory by the number of entries](costs-catalog.svg)\n\n\
         | entries | kept, KB | skim of it, ms | load, ms | tools and prompt, ms | a call decided on, µs | first search, ms | \
         later search, µs | peak memory, MB |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for measured in all {
        let of = |name: &str| figure(measured, name);
        let _ = writeln!(
            text,
            "| {} | {:.0} | {:.2} | {:.2} | {:.2} | {:.1} | {:.2} | {:.1} | {:.0} |",
            of("entries"),
            of("kept_bytes") / 1000.0,
            of("floor") / 1000.0,
            of("load") / 1000.0,
            of("prompt") / 1000.0,
            of("gate"),
            of("first_search") / 1000.0,
            of("search"),
            of("peak_mb"),
        );
    }
    page::replace("catalog", &text)?;
    let line = |name: &str, shown: &str, unit: f64| Line {
        name: shown.to_owned(),
        points: all
            .iter()
            .map(|measured| (figure(measured, "entries"), figure(measured, name) / unit))
            .collect(),
    };
    let chart = Chart {
        title: "What a catalog costs by its size",
        across: "entries",
        up: "milliseconds; memory in MB",
        lines: vec![
            line("load", "load", 1e3),
            line("prompt", "tools and prompt", 1e3),
            line("gate", "a call decided on", 1e3),
            line("floor", "skim of the file", 1e3),
            line("peak_mb", "peak memory, MB", 1.0),
        ],
    };
    std::fs::write(page::file("costs-catalog.svg"), chart.svg())?;
    Ok(())
}

/// The most memory this process had at any time, in MB, as Linux tells it.
fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}
