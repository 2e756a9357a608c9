//! Everything that can go wrong on the way, made by the sandbox's fault knobs.

use std::time::Duration;

use cardinal::catalog::Catalog;
use cardinal::metabase::AuthSettings;
use cardinal::metabase::{
    FailureClass, FetchedTable, MetabaseClient, MetabaseError, MetricQuery, TableQuery,
};
use cardinal::result::Extent;
use cardinal::sandbox::faults::FaultRule;
use cardinal::sandbox::{RunningSandbox, ServedGeneration};
use cardinal::wire::ServedBy;

use super::sandbox::{
    GENERATIONS, catalog, client, client_of, metrics, orders, settings, start, total, whole,
};

struct Stage {
    running: RunningSandbox,
    catalog: Catalog,
}

impl Stage {
    async fn new(generation: ServedGeneration) -> Self {
        let running = start(generation).await;
        let catalog = catalog(&running, &client(&running)).await;
        Self { running, catalog }
    }

    fn faults(&self, rules: &str) {
        self.running.faults().set(FaultRule::parse_all(rules).unwrap());
    }

    fn metric(&self) -> MetricQuery {
        total(&self.catalog, metrics(&self.catalog)[0])
    }

    /// One client for each question, so that nothing is served from what was kept.
    async fn ask(&self) -> Result<FetchedTable, MetabaseError> {
        client(&self.running).query_metric(&self.metric()).await
    }

    async fn impatient(&self) -> Result<FetchedTable, MetabaseError> {
        let mut settings = settings(&self.running, AuthSettings::ApiKey(self.running.api_key.clone()));
        settings.timeout = Duration::from_millis(700);
        client_of(settings).query_metric(&self.metric()).await
    }
}

const QUERIES: &str = "POST /api/agent/v1/*";

#[tokio::test]
async fn failures_in_every_shape_are_failures() {
    for generation in GENERATIONS {
        let stage = Stage::new(generation).await;
        let route = match generation {
            ServedGeneration::V59 => "POST /api/agent/v1/execute",
            _ => "POST /api/agent/v1/query",
        };
        stage.ask().await.unwrap();
        for (fault, expected) in [
            ("failed", FailureClass::Timeout),
            ("500", FailureClass::Unavailable),
            ("403", FailureClass::Forbidden),
            ("404", FailureClass::NotFound),
            ("cut:0", FailureClass::Unavailable),
            ("cut:1", FailureClass::Unavailable),
            ("cut:40", FailureClass::Unavailable),
            ("cut:300", FailureClass::Unavailable),
            ("huge:20mb", FailureClass::TooLarge),
            ("429,retry-after=3600", FailureClass::Throttled),
        ] {
            stage.faults(&format!("{route}={fault}"));
            let error = stage.ask().await.unwrap_err();
            assert_eq!(error.class, expected, "{fault}: {error}");
        }
        for glue in [0, 1, 30, 200] {
            stage.faults(&format!("{route}=glue:{glue}"));
            let error = stage.ask().await.unwrap_err();
            assert!(error.status.is_some(), "glue:{glue}: {error}");
        }
        stage.faults("");
        stage.ask().await.unwrap();
    }
}

#[tokio::test]
async fn passing_trouble_is_got_over() {
    let stage = Stage::new(ServedGeneration::V60).await;
    for fault in [
        "429:2,retry-after=0",
        "503:2",
        "cut:10,count=1",
        "latency:100ms",
        "slow-first-byte:100ms",
    ] {
        stage.faults(&format!("{QUERIES}={fault}"));
        let fetched = stage.ask().await;
        assert!(fetched.is_ok(), "{fault}: {fetched:?}");
    }
}

#[tokio::test]
async fn what_takes_too_long_is_given_up() {
    let stage = Stage::new(ServedGeneration::V60).await;
    for fault in ["latency:3600s", "slow-first-byte:3600s"] {
        stage.faults(&format!("{QUERIES}={fault}"));
        let error = stage.impatient().await.unwrap_err();
        assert_eq!(error.class, FailureClass::Timeout, "{fault}: {error}");
    }
}

#[tokio::test]
async fn an_old_token_is_replaced() {
    let stage = Stage::new(ServedGeneration::V60).await;
    let auth = AuthSettings::Jwt {
        secret: stage.running.jwt_secret.clone().unwrap(),
        email: stage.running.user.clone(),
        exchange: true,
    };
    let client = client_of(settings(&stage.running, auth));
    client.server().await.unwrap();
    stage.faults("* /api/agent/v1/**=expired-jwt:1");
    client.query_metric(&stage.metric()).await.unwrap();
    stage.faults("* /api/agent/v1/**=expired-jwt");
    let other = metrics(&stage.catalog)[1];
    let error = client
        .query_metric(&total(&stage.catalog, other))
        .await
        .unwrap_err();
    assert_eq!(error.class, FailureClass::Unauthorized);
}

async fn thousand(stage: &Stage, client: &MetabaseClient) -> FetchedTable {
    let query = TableQuery {
        limit: Some(1_000),
        ..whole(&stage.catalog, orders(&stage.catalog))
    };
    client.query_table(&query).await.unwrap()
}

#[tokio::test]
async fn a_page_that_fails_leaves_the_pages_before_it_and_nothing_of_it_is_kept() {
    let stage = Stage::new(ServedGeneration::V60).await;
    for fault in [
        "failed,skip=3",
        "cut:500,skip=3",
        "glue:500,skip=3",
        "500,skip=3",
        "huge:20mb,skip=3",
    ] {
        let client = client(&stage.running);
        client.server().await.unwrap();
        stage.faults(&format!("POST /api/agent/v1/query={fault}"));
        let cut = thousand(&stage, &client).await;
        assert_eq!(
            (cut.table.rows.len(), cut.table.extent),
            (600, Extent::PageFailed { page: 4 }),
            "{fault}"
        );
        stage.faults("");
        // The pages that came are served again; the one that failed is asked anew.
        let asked = Extent::AskedLimit {
            limit: 1_000,
            of: None,
            ordered: false,
        };
        let all = thousand(&stage, &client).await;
        assert_eq!(
            (all.table.rows.len(), all.table.extent),
            (1_000, asked),
            "{fault}"
        );
        assert_eq!(all.served_by, ServedBy::Live);
        assert_eq!(thousand(&stage, &client).await.served_by, ServedBy::Cache);
    }
}

#[tokio::test]
async fn entries_that_cannot_be_read_while_loading_are_told_and_left_out() {
    let stage = Stage::new(ServedGeneration::V60).await;
    stage.faults("GET /api/card/*=500:2,skip=1");
    let client = client(&stage.running);
    let loaded = client
        .load_catalog(&super::sandbox::rules(&stage.running))
        .await
        .unwrap();
    assert_eq!(loaded.catalog.entries().len(), stage.catalog.entries().len() - 2);
    assert_eq!(loaded.warnings.len(), 2, "{:?}", loaded.warnings);
}

#[tokio::test]
async fn a_tree_that_is_cut_loads_no_catalog() {
    let stage = Stage::new(ServedGeneration::V60).await;
    for fault in ["cut:20", "glue:20", "huge:20mb"] {
        stage.faults(&format!("GET /api/collection/tree={fault}"));
        let rules = super::sandbox::rules(&stage.running);
        let loaded = client(&stage.running).load_catalog(&rules).await;
        assert!(loaded.is_err(), "{fault}");
    }
}
