//! Random metric and table queries of every generation, held against plain SQL over the same rows.
//!
//! The client asks one sandbox for each generation over HTTP; the SQL is written here and knows neither. A result may be
//! whole and equal, or said to be cut and a part of it, or refused in words. A different figure is never right.
//!
//! `RANDOM_QUERIES=2000 cargo test --test cardinal random_queries` asks that many questions instead of a few.

mod compare;
mod reference_sql;
mod shop;
mod sketch;

use std::collections::BTreeMap;
use std::sync::Arc;

use cardinal::catalog::{Catalog, Dimension, Entry};
use cardinal::grants::GrantPolicy;
use cardinal::metabase::{
    AuthSettings, DatasetRoute, FailureClass, FetchedTable, MetabaseClient, MetabaseError, MetabaseSettings,
    grants_of,
};
use cardinal::principal::Principal;
use cardinal::result::ColumnKind;
use cardinal::sandbox::{RunningSandbox, ServeOptions, ServedGeneration, serve};
use cardinal::wire::{Wire, WireSettings};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use self::reference_sql::ReferenceSql;
use self::shop::{OF_MODEL, Shop};
use self::sketch::{AskedQuery, QuerySketch};

/// How many questions each generation is asked.
const CASES: u32 = 48;
const MORE: &str = "RANDOM_QUERIES";

/// One Metabase, with what a client of it knows.
struct Asked {
    label: String,
    generation: ServedGeneration,
    route: DatasetRoute,
    client: MetabaseClient,
    catalog: Catalog,
    _running: RunningSandbox,
}

impl Asked {
    async fn new(shop: &Shop, generation: ServedGeneration, route: DatasetRoute) -> Self {
        let mut options = ServeOptions::new(Arc::clone(&shop.world));
        options.generation = generation;
        let running = serve(options).await.unwrap();
        let settings = MetabaseSettings {
            dataset_route: route,
            ..super::sandbox::settings(&running, AuthSettings::ApiKey(running.api_key.clone()))
        };
        let wire = WireSettings::new(grants_of(&settings, &GrantPolicy::default()));
        let client = MetabaseClient::new(settings, Wire::new(wire).unwrap(), Principal::default());
        let loaded = client
            .load_catalog(&super::sandbox::rules(&running))
            .await
            .unwrap();
        let label = format!("{} {route:?}", generation.name());
        assert!(loaded.warnings.is_empty(), "{label}: {:?}", loaded.warnings);
        Self {
            label,
            generation,
            route,
            client,
            catalog: loaded.catalog,
            _running: running,
        }
    }

    async fn ask(&self, query: &AskedQuery) -> Option<Result<FetchedTable, MetabaseError>> {
        Some(match query {
            AskedQuery::Metric(query) => self.client.query_metric(&query.of(&self.catalog)?).await,
            AskedQuery::Table(query) => self.client.query_table(&query.of(&self.catalog)?).await,
        })
    }

    /// Most rows that can be had.
    fn most_rows(&self, grouped: bool) -> usize {
        match (self.generation, self.route) {
            (ServedGeneration::V60, _) => usize::MAX,
            (ServedGeneration::V59, DatasetRoute::Never) => 200,
            (served, _) if grouped && served <= ServedGeneration::V59 => 10_000,
            _ => 2_000,
        }
    }

    /// Whether every question can be answered here.
    fn can_say_all(&self) -> bool {
        self.route == DatasetRoute::Fallback || self.generation != ServedGeneration::V61
    }
}

/// Every generation in the ways that it can be asked.
async fn every_generation(shop: &Shop) -> Vec<Asked> {
    let mut all = Vec::new();
    for generation in ServedGeneration::all() {
        if generation >= ServedGeneration::V59 {
            all.push(Asked::new(shop, generation, DatasetRoute::Never).await);
        }
        if generation <= ServedGeneration::V61 {
            all.push(Asked::new(shop, generation, DatasetRoute::Fallback).await);
        }
    }
    all
}

#[test]
fn rows_are_those_of_plain_sql_in_every_generation() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let shop = Shop::new();
    let asked = runtime.block_on(every_generation(&shop));
    let names = asked
        .iter()
        .find(|one| one.generation == ServedGeneration::V60)
        .unwrap();
    let names = names.catalog.clone();
    let more = std::env::var(MORE).ok().map(|text| text.parse().unwrap());
    let config = Config {
        cases: more.unwrap_or(CASES),
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    // The plain suite asks the same questions every time; a longer run asks others.
    let mut runner = match more {
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
        Some(_) => TestRunner::new(config),
    };
    let answered = std::sync::Mutex::new(BTreeMap::<String, (u32, u32)>::new());
    let outcome = runner.run(&sketch::strategy(), |sketch: QuerySketch| {
        let query = sketch.query(&names);
        let sql = ReferenceSql::of(&query, &names);
        let expected = shop
            .rows(&sql)
            .map_err(|error| TestCaseError::fail(format!("{error}\n{sql:#?}")))?;
        for one in &asked {
            let Some(reply) = runtime.block_on(one.ask(&query)) else {
                continue;
            };
            let mut answered = answered.lock().unwrap();
            let counts = answered.entry(one.label.clone()).or_default();
            let wrong = match reply {
                Ok(fetched) => {
                    counts.0 += 1;
                    compare::difference(&fetched.table, &expected, &sql, one.most_rows(sql.grouped))
                }
                Err(error) if is_refusal(&error) && !one.can_say_all() => {
                    counts.1 += 1;
                    None
                }
                Err(error) => Some(error.to_string()),
            };
            if let Some(wrong) = wrong {
                return Err(TestCaseError::fail(format!(
                    "{}: {wrong}\n{query:#?}\n{sql:#?}",
                    one.label
                )));
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let answered = answered.lock().unwrap();
    for one in &asked {
        let (right, refused) = answered.get(&one.label).copied().unwrap_or_default();
        assert!(
            right > refused,
            "{}: {right} answered, {refused} refused",
            one.label
        );
    }
}

/// Whether a server is said not to be able to do what was asked.
fn is_refusal(error: &MetabaseError) -> bool {
    error.class == FailureClass::InvalidQuery
        && error.status.is_none()
        && error.message.contains("cannot do that")
}

#[test]
fn every_generation_names_the_same_things() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shop = Shop::new();
    let asked = runtime.block_on(every_generation(&shop));
    let described = |one: &Asked| -> Vec<String> {
        let entries = one.catalog.entries().iter();
        let of_kind =
            |entry: &&Entry| one.generation > ServedGeneration::V48 || matches!(entry, Entry::Table(_));
        let words = entries.filter(of_kind).filter_map(|entry| {
            let (dimensions, segments) = match entry {
                Entry::Metric(metric) => (&metric.dimensions, &metric.segments),
                Entry::Table(table) => (&table.dimensions, &table.segments),
                Entry::Card(_) => return None,
            };
            let own = |one: &&Dimension| entry.name() != OF_MODEL || !one.name.contains('.');
            let mut names: Vec<String> = dimensions
                .iter()
                .filter(own)
                .map(|one| format!("{}: {:?}", one.name, kind(one.kind)))
                .collect();
            names.sort();
            let segments: Vec<&str> = segments.iter().map(|one| one.name.as_str()).collect();
            Some(format!("{} {names:?} {segments:?}", entry.name()))
        });
        let mut words: Vec<String> = words.collect();
        words.sort();
        words
    };
    let known = described(
        asked
            .iter()
            .find(|one| one.generation == ServedGeneration::V60)
            .unwrap(),
    );
    for one in &asked {
        if one.generation > ServedGeneration::V48 {
            assert_same(&described(one), &known, &one.label);
        }
    }
}

/// v0.59 tells whole numbers and others by one word.
fn kind(kind: ColumnKind) -> ColumnKind {
    match kind {
        ColumnKind::Integer => ColumnKind::Number,
        other => other,
    }
}

fn assert_same(got: &[String], known: &[String], label: &str) {
    let differing: Vec<_> = got
        .iter()
        .zip(known)
        .filter(|(got, known)| got != known)
        .collect();
    assert!(
        got.len() == known.len() && differing.is_empty(),
        "{label}: {differing:#?}"
    );
}
