//! Every generation that the sandbox serves: how it is found, and what a credential without all scopes is told.

use std::sync::Arc;

use cardinal::catalog::{Catalog, Entry, MetricEntry, TableEntry};
use cardinal::grants::GrantPolicy;
use cardinal::metabase::{
    AuthSettings, CardRun, DatasetRoute, FailureClass, FoundBy, Generation, GroupBy, MetabaseClient,
    MetabaseSettings, MetricQuery, TableQuery, grants_of,
};
use cardinal::operations::Area;
use cardinal::principal::Principal;
use cardinal::result::Extent;
use cardinal::sandbox::{RunningSandbox, ServeOptions, ServedEdition, ServedGeneration, serve};
use cardinal::wire::{Wire, WireSettings};

use super::sandbox::{rules, settings, total, whole};

use crate::support::demo_world::WORLD;

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
        assert_eq!(
            (loaded.warnings.len(), loaded.limits.len()),
            (0, 2),
            "{:?}",
            loaded.limits
        );
        for metric in metrics(&loaded.catalog) {
            let saved = metric.only_as_saved.as_ref().unwrap();
            let groups = saved.iter().map(|group| GroupBy {
                dimension: metric
                    .dimensions
                    .iter()
                    .find(|one| one.name == group.dimension)
                    .unwrap()
                    .clone(),
                granularity: group
                    .granularity
                    .as_ref()
                    .map(|unit| serde_json::from_value(unit.as_str().into()).unwrap()),
            });
            let query = MetricQuery {
                group_by: groups.collect(),
                ..total(&loaded.catalog, metric)
            };
            let fetched = without.query_metric(&query).await.unwrap();
            assert!(!fetched.table.rows.is_empty(), "{}", metric.name);
        }
        let with = client(&running, DatasetRoute::Fallback)
            .load_catalog(&rules(&running))
            .await
            .unwrap();
        assert_eq!(with.warnings, Vec::<String>::new());
        assert!(!tables(&with.catalog).is_empty());
        assert!(
            metrics(&with.catalog)
                .iter()
                .all(|metric| metric.only_as_saved.is_none())
        );
    }
}

#[tokio::test]
async fn the_first_agent_api_is_gone_on_with_over_the_classic_route_where_it_stops() {
    let running = serve(options(ServedGeneration::V59)).await.unwrap();
    let (without, with) = (
        client(&running, DatasetRoute::Never),
        client(&running, DatasetRoute::Fallback),
    );
    let catalog = with.load_catalog(&rules(&running)).await.unwrap().catalog;
    let revenue = metrics(&catalog)
        .into_iter()
        .find(|metric| metric.name == "Revenue")
        .unwrap();
    let created_at = revenue
        .dimensions
        .iter()
        .find(|one| one.name == "created_at")
        .unwrap();
    let by_day = |limit: Option<u32>| MetricQuery {
        group_by: vec![GroupBy {
            dimension: created_at.clone(),
            granularity: Some(cardinal::metabase::Bucket::Day),
        }],
        order_by: limit.map(|_| cardinal::metabase::Direction::Desc),
        limit,
        ..total(&catalog, revenue)
    };
    let cut = without.query_metric(&by_day(None)).await.unwrap().table;
    assert_eq!(
        (cut.rows.len(), cut.extent),
        (200, Extent::ServerLimit { limit: 200 })
    );
    let all = with.query_metric(&by_day(None)).await.unwrap().table;
    assert!(
        all.rows.len() > 200 && all.extent == Extent::Complete,
        "{:?}",
        all.extent
    );
    // The best three days of 200 days are not the best three of all.
    let best = with.query_metric(&by_day(Some(3))).await.unwrap().table;
    let of = Some(all.rows.len() as u64);
    assert_eq!(
        best.extent,
        Extent::AskedLimit {
            limit: 3,
            of,
            ordered: true
        }
    );
    let orders = tables(&catalog)
        .into_iter()
        .find(|table| table.name == "orders")
        .unwrap();
    let rows = TableQuery {
        limit: Some(1_000),
        ..whole(&catalog, orders)
    };
    assert_eq!(with.query_table(&rows).await.unwrap().table.rows.len(), 1_000);
}

#[tokio::test]
async fn a_denial_by_grant_names_the_rule_and_blames_nobody_else() {
    use cardinal::grants::{GrantLevel, GrantRule, GrantSettings};
    let running = serve(options(ServedGeneration::V60)).await.unwrap();
    let catalog = client(&running, DatasetRoute::Never)
        .load_catalog(&rules(&running))
        .await
        .unwrap()
        .catalog;
    let off = |area: Area| {
        GrantPolicy::new(&GrantSettings {
            rules: vec![GrantRule::new([area], GrantLevel::Off)],
            ..GrantSettings::default()
        })
    };
    let denied = |area| {
        let settings = settings(&running, AuthSettings::ApiKey(running.api_key.clone()));
        let wire = Wire::new(WireSettings::new(grants_of(&settings, &off(area)))).unwrap();
        MetabaseClient::new(settings, wire, Principal::default())
    };
    let card = catalog.entries().iter().find_map(|entry| match entry {
        Entry::Card(card) if card.parameters.is_empty() => Some(card.id),
        _ => None,
    });
    let run = CardRun {
        card: catalog.allow_card(card.unwrap()).unwrap(),
        arguments: vec![],
    };
    let errors = [
        denied(Area::MetabaseQueries)
            .query_metric(&total(&catalog, metrics(&catalog)[0]))
            .await
            .unwrap_err(),
        denied(Area::MetabaseCards).run_card(&run).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.class, error.status), (FailureClass::Forbidden, None));
        let said = error.to_string();
        assert!(
            said.contains("grants.rules 1") && said.contains("[[grants.rules]]"),
            "{said}"
        );
        assert!(!said.contains("credential") && !said.contains("moved"), "{said}");
    }
}

#[tokio::test]
async fn commercial_builds_call_themselves_so() {
    for (edition, tag, words) in [
        (ServedEdition::OpenSource, "v0.60.4", "open source"),
        (
            ServedEdition::Unlicensed,
            "v1.60.4",
            "Enterprise build without a licence",
        ),
        (ServedEdition::Pro, "v1.60.4", "Enterprise build with a licence"),
    ] {
        let mut options = options(ServedGeneration::V60);
        options.edition = edition;
        let running = serve(options).await.unwrap();
        let info = client(&running, DatasetRoute::Never).server().await.unwrap();
        assert_eq!(
            (info.version.as_str(), info.edition.as_deref()),
            (tag, Some(words))
        );
        assert!(!info.contradicts_version());
    }
}
