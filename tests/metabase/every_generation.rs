//! Every generation that the sandbox serves: how it is found, and what a credential without all scopes is told.

use std::sync::{Arc, LazyLock};

use cardinal::catalog::{Catalog, Entry, MetricEntry, TableEntry};
use cardinal::grants::GrantPolicy;
use cardinal::metabase::{
    AuthSettings, DatasetRoute, FailureClass, FoundBy, Generation, MetabaseClient, MetabaseSettings,
    grants_of,
};
use cardinal::principal::Principal;
use cardinal::sandbox::{RunningSandbox, ServeOptions, ServedEdition, ServedGeneration, World, serve};
use cardinal::wire::{Wire, WireSettings};

use super::sandbox::{rules, settings, total, whole};

static WORLD: LazyLock<Arc<World>> = LazyLock::new(|| Arc::new(World::demo().unwrap()));

const SERVED: [(ServedGeneration, Option<Generation>); 10] = [
    (ServedGeneration::V56, None),
    (ServedGeneration::V57, None),
    (ServedGeneration::V58, None),
    (ServedGeneration::V59, Some(Generation::V59)),
    (ServedGeneration::V60, Some(Generation::V60)),
    (ServedGeneration::V61, Some(Generation::V61)),
    (ServedGeneration::V62, Some(Generation::V62)),
    (ServedGeneration::V63, Some(Generation::V63)),
    (ServedGeneration::V64, Some(Generation::V63)),
    (ServedGeneration::V65, Some(Generation::V63)),
];

fn options(generation: ServedGeneration) -> ServeOptions {
    let mut options = ServeOptions::new(Arc::clone(&WORLD));
    options.generation = generation;
    options
}

fn client(running: &RunningSandbox, route: DatasetRoute) -> MetabaseClient {
    let settings = MetabaseSettings {
        dataset_route: route,
        ..settings(running, AuthSettings::ApiKey(running.api_key.clone()))
    };
    let wire = Wire::new(WireSettings::new(grants_of(&settings, &GrantPolicy::default()))).unwrap();
    MetabaseClient::new(settings, wire, Principal::default())
}

fn metrics(catalog: &Catalog) -> Vec<&MetricEntry> {
    let metrics = catalog.entries().iter().filter_map(|entry| match entry {
        Entry::Metric(metric) => Some(&**metric),
        _ => None,
    });
    metrics.collect()
}

fn tables(catalog: &Catalog) -> Vec<&TableEntry> {
    let tables = catalog.entries().iter().filter_map(|entry| match entry {
        Entry::Table(table) => Some(&**table),
        _ => None,
    });
    tables.collect()
}

#[tokio::test]
async fn each_is_found_by_asking_and_lies_about_the_version_change_nothing() {
    for (served, expected) in SERVED {
        for claimed in [None, Some("v0.60.4"), Some("v0.64.1"), Some("v0.55.0")] {
            let mut options = options(served);
            options.claimed_version = claimed.map(str::to_owned);
            let running = serve(options).await.unwrap();
            let info = client(&running, DatasetRoute::Never).server().await.unwrap();
            assert_eq!(
                (info.generation, info.found_by),
                (expected, FoundBy::Asked),
                "{served:?} as {claimed:?}"
            );
        }
    }
}

#[tokio::test]
async fn scopes_that_are_taken_away_are_named() {
    let names = [
        "agent:table:read",
        "agent:metric:read",
        "agent:query",
        "agent:query:construct",
        "agent:query:execute",
    ];
    for (served, generation) in SERVED
        .into_iter()
        .filter(|(served, _)| *served >= ServedGeneration::V60)
    {
        let reference = serve(options(served)).await.unwrap();
        let catalog = client(&reference, DatasetRoute::Never)
            .load_catalog(&rules(&reference))
            .await
            .unwrap()
            .catalog;
        for taken in names {
            let mut options = options(served);
            options.scopes = Some(
                names
                    .iter()
                    .filter(|name| **name != taken)
                    .map(|name| (*name).to_owned())
                    .collect(),
            );
            let running = serve(options).await.unwrap();
            let client = client(&running, DatasetRoute::Never);
            assert_eq!(
                client.server().await.unwrap().generation,
                generation,
                "{served:?} without {taken}"
            );
            let needed = match generation {
                Some(Generation::V60) => {
                    matches!(taken, "agent:table:read" | "agent:metric:read" | "agent:query")
                }
                _ => taken == "agent:query",
            };
            let missing = client.missing_scopes().await.unwrap();
            assert_eq!(
                missing,
                if needed { vec![taken] } else { vec![] },
                "{served:?} without {taken}"
            );
            let by_metric = client.query_metric(&total(&catalog, metrics(&catalog)[0])).await;
            let by_table = client.query_table(&whole(&catalog, tables(&catalog)[0])).await;
            if needed {
                let errors = [by_metric.err(), by_table.err()];
                let named = errors.iter().flatten().any(|error| {
                    error.class == FailureClass::Forbidden
                        && error.message.contains(&format!("the scope {taken};"))
                });
                assert!(named, "{served:?} without {taken}: {errors:?}");
            } else {
                assert!(
                    by_metric.is_ok() && by_table.is_ok(),
                    "{served:?} without {taken}"
                );
            }
        }
    }
}

#[tokio::test]
async fn editions_without_the_agent_api_serve_cards_and_what_the_settings_allow() {
    for edition in [ServedEdition::OpenSource, ServedEdition::Unlicensed] {
        let mut options = options(ServedGeneration::V59);
        options.edition = edition;
        let running = serve(options).await.unwrap();
        let without = client(&running, DatasetRoute::Never);
        assert_eq!(without.server().await.unwrap().generation, None, "{edition:?}");
        let loaded = without.load_catalog(&rules(&running)).await.unwrap();
        assert!(tables(&loaded.catalog).is_empty() && !metrics(&loaded.catalog).is_empty());
        assert_eq!(loaded.warnings.len(), 2, "{:?}", loaded.warnings);
        let with = client(&running, DatasetRoute::Fallback)
            .load_catalog(&rules(&running))
            .await
            .unwrap();
        assert_eq!(with.warnings, Vec::<String>::new());
        assert!(!tables(&with.catalog).is_empty());
    }
}
