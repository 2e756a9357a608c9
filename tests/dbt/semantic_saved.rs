//! The golden answers that are no query of one metric: saved queries and lists of values. And results as Arrow.

use cardinal::catalog::{Catalog, DbtMetricRule};
use cardinal::dbt::{AllowedSavedQuery, SavedQueryRun};
use cardinal::metabase::{FilterOperation, QueryFilter, Scalar};
use cardinal::result::Extent;
use serde_json::Value;

#[cfg(feature = "arrow")]
use super::semantic_golden::random_query;
use super::semantic_golden::{ANSWERS, dimension, filters, plain, rows, same, texts};
use crate::support::dbt_stand::{DbtStand, dbt_metric};

/// The golden rows with columns in this order.
fn golden_rows(answer: &Value, columns: &[String]) -> Vec<Vec<String>> {
    let known = texts(&answer["columns"]);
    let places: Vec<usize> = columns
        .iter()
        .map(|column| known.iter().position(|known| known == column).unwrap())
        .collect();
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.map(|row| places.iter().map(|place| plain(&row[*place])).collect())
        .collect()
}

fn all_same(ours: &[Vec<String>], golden: &[Vec<String>], keys: usize) -> bool {
    let sorted = |rows: &[Vec<String>]| {
        let mut rows = rows.to_vec();
        rows.sort_by(|a, b| a[..keys].cmp(&b[..keys]));
        rows
    };
    let (ours, golden) = (sorted(ours), sorted(golden));
    ours.len() == golden.len()
        && ours
            .iter()
            .zip(&golden)
            .all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)))
}

#[tokio::test]
async fn saved_queries_come_to_what_metricflow_says_of_them() {
    let stand = DbtStand::start().await;
    let (catalog, layer) = (stand.catalog().await, stand.layer());
    let saved = layer.saved_queries().await.unwrap();
    let answers: Vec<Value> = serde_json::from_str(ANSWERS).unwrap();
    let mut compared = 0;
    for answer in &answers {
        let question = &answer["question"];
        let Some(name) = question["saved_query"].as_str() else {
            continue;
        };
        compared += 1;
        let saved = saved.iter().find(|one| one.name == name).unwrap();
        let query = AllowedSavedQuery::of(saved, &catalog).unwrap();
        let first = query.metrics().next().unwrap().clone();
        let run = SavedQueryRun {
            filters: texts(&question["where"])
                .iter()
                .flat_map(|written| filters(&first, written))
                .collect(),
            ..SavedQueryRun::as_saved(query)
        };
        let fetched = layer.saved_query(&run).await.unwrap();
        let columns: Vec<String> = fetched
            .table
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let keys = saved.group_by().count();
        let golden = golden_rows(answer, &columns);
        let ours = rows(&fetched.table);
        assert!(all_same(&ours, &golden, keys), "{name}: {ours:?}, not {golden:?}");
        assert_eq!(fetched.table.extent, Extent::Complete);
    }
    assert_eq!(compared, 3);
}

#[tokio::test]
async fn values_without_a_metric_are_those_that_metricflow_lists() {
    let stand = DbtStand::start().await;
    let (catalog, layer) = (stand.catalog().await, stand.layer());
    let answers: Vec<Value> = serde_json::from_str(ANSWERS).unwrap();
    let mut compared = 0;
    for answer in &answers {
        let question = &answer["question"];
        if !texts(&question["metrics"]).is_empty() || question["saved_query"].is_string() {
            continue;
        }
        compared += 1;
        // Dimensions are asked for one by one, of a metric that knows them.
        let metric = dbt_metric(&catalog, "revenue");
        for name in texts(&question["group_by"]) {
            let listed = layer
                .values(&metric, &dimension(&metric, &name), 100)
                .await
                .unwrap();
            let mut ours: Vec<String> = listed.values.values.iter().map(plain).collect();
            let mut golden: Vec<String> = golden_rows(answer, std::slice::from_ref(&name)).concat();
            golden.retain(|value| !value.is_empty());
            for values in [&mut ours, &mut golden] {
                values.sort();
                values.dedup();
            }
            assert_eq!(ours, golden, "{name}");
        }
    }
    assert_eq!(compared, 1);
}

#[tokio::test]
async fn a_saved_query_is_asked_only_where_all_of_it_is_curated_and_filters_fit() {
    let stand = DbtStand::start().await;
    let layer = stand.layer();
    let all = layer.saved_queries().await.unwrap();
    let sales = all.iter().find(|one| one.name == "monthly_sales").unwrap();
    let rule = DbtMetricRule {
        names: vec!["revenue".to_owned(), "average_order_value".to_owned()],
        ..DbtMetricRule::default()
    };
    let some = Catalog::for_tests(layer.curated(&rule, None).await.unwrap().entries);
    assert_eq!(
        AllowedSavedQuery::of(sales, &some).unwrap_err().to_string(),
        "the saved query monthly_sales asks for number_of_orders, which is not curated: select it under [catalog.dbt_metrics]"
    );
    let catalog = stand.catalog().await;
    let query = AllowedSavedQuery::of(sales, &catalog).unwrap();
    let other = dbt_metric(&catalog, "subscription_revenue");
    let run = SavedQueryRun {
        filters: vec![QueryFilter::Dimension {
            dimension: dimension(&other, "invoice__plan"),
            operation: FilterOperation::Equals,
            values: vec![Scalar::Text("Basic".to_owned())],
            bucket: None,
        }],
        ..SavedQueryRun::as_saved(query.clone())
    };
    let asked = stand.running.requests().len();
    let error = layer.saved_query(&run).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("invoice__plan is no dimension of revenue"),
        "{error}"
    );
    assert_eq!(stand.running.requests().len(), asked, "nothing was sent");
    let run = SavedQueryRun {
        limit: Some(5),
        ..SavedQueryRun::as_saved(query)
    };
    let cut = layer.saved_query(&run).await.unwrap().table;
    assert_eq!(cut.rows.len(), 5);
    assert!(
        matches!(cut.extent, Extent::AskedLimit { limit: 5, .. }),
        "{:?}",
        cut.extent
    );
}

/// Over a server that gives its rows as Arrow alone.
#[cfg(feature = "arrow")]
#[tokio::test]
async fn results_as_arrow_alone_are_the_same_rows() {
    let (both, arrow) = (
        DbtStand::start().await,
        DbtStand::with(|options| options.arrow_only = true).await,
    );
    let (catalog, saved) = (both.catalog().await, both.layer().saved_queries().await.unwrap());
    for saved in &saved {
        let run = SavedQueryRun::as_saved(AllowedSavedQuery::of(saved, &catalog).unwrap());
        let (json, arrow) = (
            both.layer().saved_query(&run).await.unwrap(),
            arrow.layer().saved_query(&run).await.unwrap(),
        );
        assert_eq!(json.table.rows, arrow.table.rows, "{}", saved.name);
        assert_eq!(json.table.columns, arrow.table.columns, "{}", saved.name);
    }
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..30 {
        let (query, ..) = random_query(&catalog, &mut random);
        let json = both.layer().query(&query).await;
        let arrow = arrow.layer().query(&query).await;
        match (json, arrow) {
            (Ok(json), Ok(arrow)) => {
                assert_eq!(json.table.rows, arrow.table.rows, "{query:?}");
                assert_eq!(json.table.columns, arrow.table.columns, "{query:?}");
            }
            (Err(json), Err(arrow)) => assert_eq!(json.to_string(), arrow.to_string()),
            (json, arrow) => panic!("{query:?}: {json:?}, {arrow:?}"),
        }
    }
}
