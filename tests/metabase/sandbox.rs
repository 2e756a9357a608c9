//! The client against the sandbox, which shares no type with it: every route, both generations, every credential.

use std::sync::Arc;
use std::time::Duration;

use cardinal::catalog::{Catalog, CollectionId, Entry, MetricEntry, Parameter, ParameterTarget, TableEntry};
use cardinal::catalog::{CatalogSettings, ContentRule, TableRule};
use cardinal::metabase::{AuthSettings, MetabaseSettings};
use cardinal::metabase::{
    Bucket, CardArgument, CardRun, DimensionOwner, FailureClass, FetchedTable, Generation, GroupBy,
    MetabaseClient, MetabaseError, MetricQuery, TableQuery, grants,
};
use cardinal::principal::Principal;
use cardinal::result::{Cell, Column, ColumnKind, Extent};
use cardinal::sandbox::{self, RunningSandbox, ServeOptions, serve};
use cardinal::wire::{Wire, WireSettings};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::demo_world::WORLD;

pub(super) const GENERATIONS: [sandbox::ServedGeneration; 2] =
    [sandbox::ServedGeneration::V59, sandbox::ServedGeneration::V60];

pub(super) async fn start(generation: sandbox::ServedGeneration) -> RunningSandbox {
    let mut options = ServeOptions::new(Arc::clone(&WORLD));
    options.generation = generation;
    serve(options).await.unwrap()
}

pub(super) fn settings(running: &RunningSandbox, auth: AuthSettings) -> MetabaseSettings {
    MetabaseSettings {
        timeout: Duration::from_secs(20),
        max_response_bytes: 8 * 1024 * 1024,
        max_concurrency: 4,
        max_rows: 10_000,
        ..MetabaseSettings::new(running.url.parse().unwrap(), auth)
    }
}

pub(super) fn client_of(settings: MetabaseSettings) -> MetabaseClient {
    // Only the client's own routes are granted: one that it forgot to list would fail here.
    let mut wire = WireSettings::new(grants(&settings.url, &cardinal::grants::GrantPolicy::default()));
    wire.retry.base = Duration::from_millis(10);
    MetabaseClient::new(settings, Wire::new(wire).unwrap(), Principal::default())
}

pub(super) fn client(running: &RunningSandbox) -> MetabaseClient {
    client_of(settings(running, AuthSettings::ApiKey(running.api_key.clone())))
}

pub(super) fn rules(running: &RunningSandbox) -> CatalogSettings {
    let curated = CollectionId(u32::try_from(running.curated_collection_id.unwrap()).unwrap());
    CatalogSettings {
        cards: ContentRule {
            collections: vec![curated],
            ..ContentRule::default()
        },
        metrics: ContentRule {
            collections: vec![curated],
            ..ContentRule::default()
        },
        tables: TableRule {
            ids: vec![],
            name_prefix: Some(String::new()),
        },
        ..CatalogSettings::default()
    }
}

/// Requests by which a client finds out what answers.
const FINDING_OUT: usize = 5;

#[tokio::test]
async fn a_load_takes_at_most_two_requests_for_each_entry() {
    for generation in GENERATIONS {
        let running = start(generation).await;
        let rules = CatalogSettings {
            tables: TableRule::default(),
            ..rules(&running)
        };
        let loaded = client(&running).load_catalog(&rules).await.unwrap();
        let (entries, asked) = (loaded.catalog.entries().len(), running.requests().len());
        assert!(
            entries > 30 && asked <= 2 * entries + FINDING_OUT,
            "{asked} requests for {entries} entries"
        );
    }
}

pub(super) async fn catalog(running: &RunningSandbox, client: &MetabaseClient) -> Catalog {
    let loaded = client.load_catalog(&rules(running)).await.unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new());
    loaded.catalog
}

pub(super) fn metrics(catalog: &Catalog) -> Vec<&MetricEntry> {
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

/// The table with the most rows that matter here: orders.
pub(super) fn orders(catalog: &Catalog) -> &TableEntry {
    tables(catalog)
        .into_iter()
        .find(|table| table.name.eq_ignore_ascii_case("orders"))
        .unwrap()
}

pub(super) fn whole(catalog: &Catalog, table: &TableEntry) -> TableQuery {
    TableQuery {
        table: catalog.allow_table(table.id).unwrap(),
        filters: vec![],
        fields: vec![],
        aggregations: vec![],
        group_by: vec![],
        order_by: vec![],
        limit: None,
    }
}

pub(super) fn total(catalog: &Catalog, metric: &MetricEntry) -> MetricQuery {
    MetricQuery {
        metric: catalog.allow_metric(metric.id).unwrap(),
        filters: vec![],
        group_by: vec![],
        order_by: None,
        limit: None,
    }
}

/// A value that the parameter surely takes.
fn fitting(parameter: &Parameter) -> Value {
    if let Some(value) = parameter.default.clone() {
        return value;
    }
    if let Some(value) = parameter
        .allowed
        .as_ref()
        .and_then(|allowed| allowed.values.first())
    {
        return value.clone();
    }
    match parameter.kind.as_str() {
        "number/between" => json!([0, 1_000_000]),
        "date/single" => json!("2024-01-15"),
        "temporal-unit" => json!("month"),
        kind if kind.starts_with("number") || kind == "id" => json!(10),
        kind if kind.starts_with("boolean") => json!(true),
        kind if kind.starts_with("date") => json!("2024-01-01~2024-12-31"),
        _ => json!("a"),
    }
}

#[tokio::test]
async fn the_generation_is_told() {
    for (served, expected) in GENERATIONS.into_iter().zip([Generation::V59, Generation::V60]) {
        let running = start(served).await;
        let info = client(&running).server().await.unwrap();
        let tag = served.tag(sandbox::ServedEdition::Pro);
        assert_eq!((info.generation, info.version), (Some(expected), tag));
    }
}

#[tokio::test]
async fn the_curated_collection_becomes_the_catalog_and_drafts_do_not() {
    for generation in GENERATIONS {
        let running = start(generation).await;
        let catalog = catalog(&running, &client(&running)).await;
        let cards = catalog
            .entries()
            .iter()
            .filter(|entry| matches!(entry, Entry::Card(_)))
            .count();
        assert!(cards >= 15, "{cards} cards");
        assert!(metrics(&catalog).len() >= 6 && tables(&catalog).len() >= 4);
        for entry in catalog.entries() {
            let inside = entry
                .collection()
                .iter()
                .any(|name| name.to_lowercase().contains("draft"));
            assert!(!inside, "{} is a draft", entry.name());
        }
        assert!(
            metrics(&catalog)
                .iter()
                .all(|metric| metric.definition.is_some() && !metric.dimensions.is_empty())
        );
        let sampled = metrics(&catalog)
            .iter()
            .flat_map(|metric| &metric.dimensions)
            .any(|dimension| {
                dimension
                    .values
                    .as_ref()
                    .is_some_and(|values| values.complete && values.values.len() > 1)
            });
        assert!(sampled, "no categorical dimension has its values");
    }
}

#[tokio::test]
async fn loading_twice_gives_the_same_catalog() {
    let running = start(sandbox::ServedGeneration::V60).await;
    let first = catalog(&running, &client(&running)).await;
    let mut settings = settings(&running, AuthSettings::ApiKey(running.api_key.clone()));
    settings.max_concurrency = 1;
    let second = catalog(&running, &client_of(settings)).await;
    assert_eq!(first.fingerprint(), second.fingerprint());
}

#[tokio::test]
async fn every_card_runs_without_arguments_and_with_all_of_them() {
    let running = start(sandbox::ServedGeneration::V60).await;
    let client = client(&running);
    let catalog = catalog(&running, &client).await;
    let mut parameterised = 0;
    for entry in catalog.entries() {
        let Entry::Card(card) = entry else { continue };
        let all: Vec<CardArgument> = card
            .parameters
            .iter()
            .map(|parameter| CardArgument {
                parameter: parameter.clone(),
                value: fitting(parameter),
            })
            .collect();
        parameterised += usize::from(!all.is_empty());
        let required = all
            .iter()
            .filter(|argument| argument.parameter.required && argument.parameter.default.is_none())
            .cloned()
            .collect();
        for arguments in [required, all] {
            let run = CardRun {
                card: catalog.allow_card(card.id).unwrap(),
                arguments,
            };
            let fetched = client.run_card(&run).await;
            let table = fetched
                .unwrap_or_else(|error| panic!("{}: {error}", card.name))
                .table;
            assert!(!table.columns.is_empty(), "{}", card.name);
            // Days of the week come as numbers and are held by their names.
            let kind = |column: &Column| match column.unit.as_deref() {
                Some("day-of-week") => ColumnKind::Text,
                _ => column.kind,
            };
            let kinds = |columns: &[Column]| -> Vec<(String, ColumnKind)> {
                let named = columns.iter().map(|column| (column.name.clone(), kind(column)));
                named.collect()
            };
            let (declared, got) = (kinds(&card.columns), kinds(&table.columns));
            if !declared.is_empty() {
                assert_eq!(declared, got, "{}", card.name);
            }
        }
    }
    assert!(parameterised >= 5, "only {parameterised} cards take parameters");
}

#[tokio::test]
async fn a_required_parameter_that_is_missing_is_the_callers_mistake() {
    let running = start(sandbox::ServedGeneration::V60).await;
    let client = client(&running);
    let catalog = catalog(&running, &client).await;
    let needs = catalog.entries().iter().find_map(|entry| match entry {
        Entry::Card(card) => {
            let missing = |parameter: &Parameter| parameter.required && parameter.default.is_none();
            card.parameters.iter().any(missing).then_some(card.id)
        }
        _ => None,
    });
    if let Some(id) = needs {
        let run = CardRun {
            card: catalog.allow_card(id).unwrap(),
            arguments: vec![],
        };
        let error = client.run_card(&run).await.unwrap_err();
        assert_eq!(
            (error.class, error.status),
            (FailureClass::InvalidQuery, Some(400))
        );
        assert!(error.message.contains("pick a value"), "{error}");
    }
}

#[tokio::test]
async fn a_parameter_that_the_card_does_not_know_is_drift() {
    let running = start(sandbox::ServedGeneration::V60).await;
    let client = client(&running);
    let catalog = catalog(&running, &client).await;
    let native = catalog.entries().iter().find_map(|entry| match entry {
        Entry::Card(card) if !card.parameters.is_empty() => Some(card),
        _ => None,
    });
    let card = native.unwrap();
    let parameter = Parameter {
        id: "0000".into(),
        slug: "no_such_tag".into(),
        name: "x".into(),
        kind: "string/=".into(),
        target: ParameterTarget::Variable,
        required: false,
        default: None,
        allowed: None,
        multiple: false,
    };
    let arguments = vec![CardArgument {
        parameter,
        value: json!("x"),
    }];
    let run = CardRun {
        card: catalog.allow_card(card.id).unwrap(),
        arguments,
    };
    let error = client.run_card(&run).await.unwrap_err();
    assert_eq!(error.class, FailureClass::CatalogDrift, "{error}");
}

fn number(fetched: &FetchedTable) -> Option<f64> {
    match fetched.table.rows.first()?.last()? {
        Cell::Number(number) => number.as_f64(),
        _ => None,
    }
}

#[tokio::test]
async fn metrics_give_the_same_numbers_in_both_generations() {
    let mut totals: Vec<Vec<(String, Option<f64>, usize)>> = Vec::new();
    for generation in GENERATIONS {
        let running = start(generation).await;
        let client = client(&running);
        let catalog = catalog(&running, &client).await;
        let mut found = Vec::new();
        for metric in metrics(&catalog) {
            let query = total(&catalog, metric);
            let fetched = client.query_metric(&query).await.unwrap();
            assert_eq!(
                (fetched.table.rows.len(), fetched.table.extent),
                (1, Extent::Complete),
                "{}",
                metric.name
            );
            let Some(time) = &metric.default_time_dimension else {
                continue;
            };
            let dimension = metric
                .dimensions
                .iter()
                .find(|dimension| dimension.name == *time)
                .unwrap()
                .clone();
            let by_year = MetricQuery {
                group_by: vec![GroupBy {
                    dimension,
                    granularity: Some(Bucket::Year),
                }],
                ..query
            };
            let years = client.query_metric(&by_year).await.unwrap();
            assert_eq!(years.table.columns[0].kind, ColumnKind::Date, "{}", metric.name);
            assert_eq!(years.table.columns[0].unit.as_deref(), Some("year"));
            let first = years.table.rows[0][0].clone();
            assert!(
                matches!(&first, Cell::Text(year) if year.ends_with("-01-01") && year.len() == 10),
                "{first:?}"
            );
            found.push((metric.name.clone(), number(&fetched), years.table.rows.len()));
        }
        assert!(found.len() >= 4, "{found:?}");
        totals.push(found);
    }
    assert_eq!(totals[0], totals[1]);
}

#[tokio::test]
async fn a_table_is_paged_where_there_are_pages_and_said_to_be_cut_where_there_are_none() {
    let running = start(sandbox::ServedGeneration::V60).await;
    let client = client(&running);
    let catalog = catalog(&running, &client).await;
    let query = TableQuery {
        limit: Some(1_100),
        ..whole(&catalog, orders(&catalog))
    };
    let fetched = client.query_table(&query).await.unwrap();
    assert_eq!(
        (fetched.table.rows.len(), fetched.table.extent),
        (
            1_100,
            Extent::AskedLimit {
                limit: 1_100,
                of: None,
                ordered: false
            }
        )
    );
    let ids: std::collections::BTreeSet<String> = fetched
        .table
        .rows
        .iter()
        .map(|row| format!("{:?}", row[0]))
        .collect();
    assert_eq!(ids.len(), 1_100, "pages overlap");
    let pages = running
        .requests()
        .iter()
        .filter(|asked| asked.path == "/api/agent/v1/query" && &asked.body[..] != b"{}")
        .count();
    assert_eq!(pages, 6);

    let mut small = settings(&running, AuthSettings::ApiKey(running.api_key.clone()));
    small.max_rows = 500;
    let query = whole(&catalog, orders(&catalog));
    let fetched = client_of(small).query_table(&query).await.unwrap();
    assert_eq!(
        (fetched.table.rows.len(), fetched.table.extent),
        (500, Extent::RowBudget { budget: 500 })
    );

    let old = start(sandbox::ServedGeneration::V59).await;
    let fetched = super::sandbox::client(&old).query_table(&query).await.unwrap();
    assert_eq!(
        (fetched.table.rows.len(), fetched.table.extent),
        (200, Extent::ServerLimit { limit: 200 })
    );
}

#[tokio::test]
async fn values_are_listed_for_dimensions_and_parameters() {
    for generation in GENERATIONS {
        let running = start(generation).await;
        let client = client(&running);
        let catalog = catalog(&running, &client).await;
        let sampled = metrics(&catalog).into_iter().find_map(|metric| {
            let dimension = metric
                .dimensions
                .iter()
                .find(|dimension| dimension.values.is_some())?;
            Some((metric.id, dimension.clone()))
        });
        let (metric, dimension) = sampled.unwrap();
        let owner = DimensionOwner::Metric(catalog.allow_metric(metric).unwrap());
        let values = client
            .dimension_values(&owner, &dimension, 1_000)
            .await
            .unwrap()
            .values;
        assert!(
            values.complete && !values.values.is_empty(),
            "{dimension:?} {values:?}"
        );
        let table = orders(&catalog);
        let text = table
            .dimensions
            .iter()
            .find(|dimension| dimension.kind == ColumnKind::Text)
            .unwrap();
        let owner = DimensionOwner::Table(catalog.allow_table(table.id).unwrap());
        let few = client.dimension_values(&owner, text, 2).await.unwrap().values;
        assert!(few.values.len() <= 2);

        let listed = catalog.entries().iter().find_map(|entry| match entry {
            Entry::Card(card) => {
                let parameter = card
                    .parameters
                    .iter()
                    .find(|parameter| parameter.allowed.is_some())?;
                Some((card.id, parameter.clone()))
            }
            _ => None,
        });
        let (card, parameter) = listed.unwrap();
        let card = catalog.allow_card(card).unwrap();
        let values = client.parameter_values(&card, &parameter).await.unwrap().values;
        assert_eq!(
            Some(&values.values),
            parameter.allowed.as_ref().map(|allowed| &allowed.values)
        );
    }
}

async fn works(client: &MetabaseClient, catalog: &Catalog) -> Result<(), MetabaseError> {
    let card = catalog.entries().iter().find_map(|entry| match entry {
        Entry::Card(card) if card.parameters.iter().all(|parameter| !parameter.required) => Some(card.id),
        _ => None,
    });
    let card = catalog.allow_card(card.unwrap()).unwrap();
    client
        .run_card(&CardRun {
            card,
            arguments: vec![],
        })
        .await?;
    client.query_metric(&total(catalog, metrics(catalog)[0])).await?;
    Ok(())
}

#[tokio::test]
async fn every_kind_of_credential_works() {
    let running = start(sandbox::ServedGeneration::V60).await;
    let catalog = catalog(&running, &client(&running)).await;
    let jwt = |secret: &SecretString| AuthSettings::Jwt {
        secret: secret.clone(),
        email: running.user.clone(),
        exchange: true,
    };
    let password = AuthSettings::Password {
        username: running.user.clone(),
        password: running.password.clone(),
    };
    for auth in [password.clone(), jwt(running.jwt_secret.as_ref().unwrap())] {
        let client = client_of(settings(&running, auth));
        works(&client, &catalog).await.unwrap();
    }
    let client = client_of(settings(&running, password));
    client.server().await.unwrap();
    running.end_sessions();
    works(&client, &catalog).await.unwrap();

    for auth in [
        AuthSettings::ApiKey(SecretString::from("mb_wrong_key_0000000")),
        AuthSettings::Session(SecretString::from("00000000-0000-0000-0000-000000000000")),
        AuthSettings::Password {
            username: running.user.clone(),
            password: SecretString::from("wrong"),
        },
        jwt(&SecretString::from("another-secret-that-is-long-enough")),
    ] {
        let error = client_of(settings(&running, auth)).server().await.unwrap_err();
        assert_eq!(error.class, FailureClass::Unauthorized, "{error}");
    }
}

#[tokio::test]
async fn an_agent_api_that_is_switched_off_leaves_cards_and_what_metrics_are_saved_as() {
    let mut options = ServeOptions::new(Arc::clone(&WORLD));
    options.agent_api = false;
    let running = serve(options).await.unwrap();
    let client = client(&running);
    assert_eq!(client.server().await.unwrap().generation, None);
    let loaded = client.load_catalog(&rules(&running)).await.unwrap();
    assert!(tables(&loaded.catalog).is_empty());
    for metric in metrics(&loaded.catalog) {
        assert!(metric.dimensions.len() <= 1, "{:?}", metric.dimensions);
    }
    assert_eq!(loaded.limits.len(), 2, "{:?}", loaded.warnings);
}
