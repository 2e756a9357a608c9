//! What a large catalog costs: reading a kept one, making the prompt and the tools of it, and searching it. Each is told
//! beside a skim of the kept file, with the memory that the process took.
//!
//! `cargo bench --bench catalog` prints a line for each size.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use std::collections::BTreeMap;

use cardinal::catalog::{
    AllowedValues, CardEntry, CardId, Catalog, CatalogSearch, CatalogSettings, CatalogStore, Entry,
    EntryVersions, Parameter, ParameterTarget, StoreKey, StoreLookup,
};
use cardinal::metabase::MetabaseClient;
use cardinal::principal::Principal;
use cardinal::prompt::Prompt;
use cardinal::result::{Column, ColumnFormat, ColumnKind, ShapingSettings};
use cardinal::tools::Toolbox;
use cardinal::wire::{Grants, Wire, WireSettings};
use cardinal::{AuthSettings, MetabaseSettings};
use serde::de::IgnoredAny;

const SIZES: [u32; 3] = [100, 1_000, 10_000];
const MEASURES: [&str; 8] = [
    "Revenue",
    "Refunds",
    "Active customers",
    "Deliveries",
    "Support tickets",
    "Sessions",
    "Stock",
    "Invoices",
];
const TEAMS: [&str; 12] = [
    "Sales",
    "Finance",
    "Logistics",
    "Support",
    "Marketing",
    "Product",
    "People",
    "Risk",
    "Legal",
    "Retail",
    "Partners",
    "Data",
];

/// A card with two parameters and eight columns, as a shared Metabase has many.
fn card(id: u32) -> Entry {
    let (index, pick) = (id as usize, |of: &[&str], at: usize| {
        of.get(at % of.len()).copied().unwrap_or_default().to_owned()
    });
    let parameter = |slug: &str| Parameter {
        id: format!("{slug}-{id}"),
        slug: slug.to_owned(),
        name: slug.to_owned(),
        kind: "string/=".to_owned(),
        target: ParameterTarget::Dimension,
        required: false,
        default: None,
        allowed: Some(AllowedValues {
            values: TEAMS.iter().map(|team| (*team).into()).collect(),
            complete: true,
            labels: BTreeMap::new(),
        }),
        multiple: true,
    };
    let column = |at: usize| Column {
        name: format!("column_{at}"),
        label: format!("Column {at}"),
        kind: if at < 3 {
            ColumnKind::Text
        } else {
            ColumnKind::Number
        },
        unit: None,
        format: ColumnFormat::default(),
        description: Some("What stands in it, in some words.".to_owned()),
    };
    Entry::Card(Arc::new(CardEntry {
        id: CardId(id),
        name: format!(
            "{} of {} in region {}",
            pick(&MEASURES, index),
            pick(&TEAMS, index / 8),
            index / 96
        ),
        description: Some(format!(
            "Number {id}: what it counts, from which system, and what is left out of it."
        )),
        collection: vec![
            "Company".to_owned(),
            pick(&TEAMS, index / 8),
            format!("Region {}", index / 96),
        ],
        verified: id.is_multiple_of(50),
        parameters: vec![parameter("team"), parameter("channel")],
        columns: (0..8).map(column).collect(),
    }))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for size in SIZES {
        runtime.block_on(measure(size))?;
    }
    Ok(())
}

async fn measure(size: u32) -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let (store, url) = (CatalogStore::new(folder.path()), "http://127.0.0.1:9/".parse()?);
    let key = StoreKey::new(&url, &CatalogSettings::default(), &Principal::default());
    let (now, made) = (
        jiff::Timestamp::now(),
        Arc::new(Catalog::for_tests((1..=size).map(card).collect())),
    );
    let path = store
        .write(&key, &made, &[], &EntryVersions::default(), now)
        .await?;
    drop(made);
    let bytes = std::fs::read(&path)?;
    let floor = quickest(|| serde_json::from_slice::<IgnoredAny>(&bytes));

    let began = Instant::now();
    let StoreLookup::Fresh(kept) = store.read(&key, now, Duration::from_secs(60)).await else {
        return Err("the kept catalog cannot be read".into());
    };
    let (read, catalog) = (began.elapsed(), Arc::new(kept.catalog));
    let settings = MetabaseSettings::new(url, AuthSettings::ApiKey("mb_key".to_owned().into()));
    let wire = Wire::new(WireSettings::new(Grants::none()))?;
    let client = MetabaseClient::new(settings, wire, Principal::default());
    let began = Instant::now();
    let toolbox = Toolbox::new(Arc::clone(&catalog), client, ShapingSettings::default());
    let prompt = Prompt::render(&catalog, toolbox.specs())?;
    let rendered = began.elapsed();
    let words = CatalogSearch::words("refunds of marketing in region 7");
    let began = Instant::now();
    let found = catalog.search(&words).len();
    let first = began.elapsed();
    let again = quickest(|| catalog.search(&words).len());

    let times = |time: Duration| time.as_secs_f64() / floor.as_secs_f64().max(f64::EPSILON);
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{size} entries, {} KB kept, a skim of them {floor:.1?}",
        bytes.len() / 1000
    )?;
    for (what, time) in [
        ("read and checked", read),
        ("tools and prompt made", rendered),
        ("first search", first),
        ("each later search", again),
    ] {
        writeln!(out, "  {what}: {time:.1?}, {:.1} times the skim", times(time))?;
    }
    let peak = peak_mb().map_or_else(|| "unknown".to_owned(), |peak| format!("{peak} MB"));
    writeln!(
        out,
        "  prompt: {} bytes; {found} entries found; peak memory so far: {peak}",
        prompt.bytes
    )?;
    Ok(())
}

/// The quickest of some times, which other work on the machine disturbs least.
fn quickest<T>(work: impl Fn() -> T) -> Duration {
    let times = (0..9).map(|_| {
        let began = Instant::now();
        std::hint::black_box(work());
        began.elapsed()
    });
    times.min().unwrap_or_default()
}

/// The most memory this process had at any time, as Linux tells it.
fn peak_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024)
}
