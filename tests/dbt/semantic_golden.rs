//! Figures through the client are those of MetricFlow: the golden answers of the sandbox's project, and random queries held
//! against what the sandbox says to a plain HTTP client.

use std::collections::BTreeMap;

use cardinal::catalog::{AllowedDbtMetric, Catalog, Dimension};
use cardinal::dbt::{DbtMetricQuery, SemanticDimension};
use cardinal::metabase::{Bucket, Direction, FilterOperation, GroupBy, QueryFilter, Scalar};
use cardinal::result::{Cell, ColumnKind, Extent, ResultTable};
use regex::Regex;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::dbt_stand::{DbtStand, dbt_metric};

pub(super) const ANSWERS: &str = include_str!("../../crates/dbt_sandbox/project/golden/answers.json");
const GRAINS: [(&str, Bucket); 5] = [
    ("day", Bucket::Day),
    ("week", Bucket::Week),
    ("month", Bucket::Month),
    ("quarter", Bucket::Quarter),
    ("year", Bucket::Year),
];

fn bucket(name: &str) -> Bucket {
    GRAINS.iter().find(|(grain, _)| *grain == name).unwrap().1
}

pub(super) fn dimension(metric: &AllowedDbtMetric, name: &str) -> Dimension {
    let mut dimensions = metric.entry().dimensions.iter();
    let found = dimensions.find(|dimension| dimension.name == name);
    found.unwrap_or_else(|| panic!("no {name}")).clone()
}

/// `metric_time__month` as a dimension with a bucket.
fn group(metric: &AllowedDbtMetric, written: &str) -> GroupBy {
    for (grain, bucket) in GRAINS {
        if let Some(name) = written.strip_suffix(&format!("__{grain}")) {
            return GroupBy {
                dimension: dimension(metric, name),
                granularity: Some(bucket),
            };
        }
    }
    GroupBy {
        dimension: dimension(metric, written),
        granularity: None,
    }
}

/// MetricFlow's filters, read into what the gate would make of a call.
pub(super) fn filters(metric: &AllowedDbtMetric, written: &str) -> Vec<QueryFilter> {
    let condition = Regex::new(
        r"^\{\{ (?:Time)?Dimension\('(\w+)'(?:, '(\w+)')?\) \}\} (>=|=|!=|in|IS NOT NULL|BETWEEN)(.*)$",
    )
    .unwrap();
    let mut found = Vec::new();
    for part in written.split(" and ") {
        let read = condition.captures(part).unwrap_or_else(|| panic!("{part}"));
        let dimension = dimension(metric, &read[1]);
        let bucket = read.get(2).map(|grain| bucket(grain.as_str()));
        let values: Vec<String> = read[4]
            .split('\'')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        let mut add = |operation, values: &[String]| {
            found.push(QueryFilter::Dimension {
                dimension: dimension.clone(),
                operation,
                values: values.iter().cloned().map(Scalar::Text).collect(),
                bucket,
            });
        };
        match (&read[3], read[4].trim()) {
            ("=", "true") => add(FilterOperation::IsTrue, &[]),
            ("=", "false") => add(FilterOperation::IsFalse, &[]),
            ("IS NOT NULL", _) => add(FilterOperation::IsNotNull, &[]),
            (">=", _) => add(FilterOperation::GreaterThanOrEqual, &values),
            ("!=", _) => add(FilterOperation::NotEquals, &values),
            ("BETWEEN", _) => {
                add(FilterOperation::GreaterThanOrEqual, &values[..1]);
                add(FilterOperation::LessThanOrEqual, &values[1..]);
            }
            _ => add(FilterOperation::Equals, &values),
        }
    }
    found
}

/// A value of either side as text: moments to the day, truths in one spelling.
pub(super) fn plain(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.as_str() {
        "True" => "true".to_owned(),
        "False" => "false".to_owned(),
        "None" | "NULL" | "nan" | "NaT" => String::new(),
        text if text.len() >= 19 && text.as_bytes()[4] == b'-' && &text[11..19] == "00:00:00" => {
            text[..10].to_owned()
        }
        text => text.to_owned(),
    }
}

pub(super) fn same(a: &str, b: &str) -> bool {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0),
        _ => a == b,
    }
}

pub(super) fn rows(table: &ResultTable) -> Vec<Vec<String>> {
    let cells = |row: &Vec<Cell>| row.iter().map(|cell| plain(&Value::from(cell))).collect();
    table.rows.iter().map(cells).collect()
}

pub(super) fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.map(|item| item.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_metric_of_the_golden_answers_is_metricflows() {
    let stand = DbtStand::start().await;
    let (catalog, layer) = (stand.catalog().await, stand.layer());
    let answers: Vec<Value> = serde_json::from_str(ANSWERS).unwrap();
    let (mut compared, mut wrong) = (0, Vec::new());
    for answer in &answers {
        let question = &answer["question"];
        let columns = texts(&answer["columns"]);
        let metrics = texts(&question["metrics"]);
        if metrics.is_empty() {
            continue;
        }
        compared += 1;
        for name in &metrics {
            let metric = dbt_metric(&catalog, name);
            let groups = texts(&question["group_by"]);
            let query = DbtMetricQuery {
                filters: texts(&question["where"])
                    .iter()
                    .flat_map(|written| filters(&metric, written))
                    .collect(),
                group_by: groups.iter().map(|written| group(&metric, written)).collect(),
                order_by: question.get("order_by").map(|_| Direction::Desc),
                limit: question["limit"]
                    .as_u64()
                    .map(|limit| u32::try_from(limit).unwrap()),
                metric,
            };
            let fetched = match layer.query(&query).await {
                Ok(fetched) => fetched,
                Err(error) => {
                    wrong.push(format!("{question}: {error}"));
                    continue;
                }
            };
            let place = |column: &String| columns.iter().position(|known| known == column).unwrap();
            let places: Vec<usize> = groups.iter().chain([name]).map(place).collect();
            let golden: Vec<Vec<String>> = answer["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| places.iter().map(|place| plain(&row[*place])).collect())
                .collect();
            let ours = rows(&fetched.table);
            if query.order_by.is_some() {
                // The order is part of the answer.
                let differs = golden.len() != ours.len()
                    || golden
                        .iter()
                        .zip(&ours)
                        .any(|(a, b)| !a.iter().zip(b).all(|(a, b)| same(a, b)));
                if differs {
                    wrong.push(format!("{question}: {ours:?}, not {golden:?}"));
                }
                continue;
            }
            // Together with other metrics there are rows in which this one has nothing.
            let keyed = |rows: &[Vec<String>]| -> BTreeMap<Vec<String>, String> {
                rows.iter()
                    .map(|row| (row[..groups.len()].to_vec(), row[groups.len()].clone()))
                    .filter(|(_, value)| metrics.len() == 1 || !value.is_empty())
                    .collect()
            };
            let (golden, ours) = (keyed(&golden), keyed(&ours));
            let equal = golden.len() == ours.len()
                && golden
                    .iter()
                    .all(|(key, value)| ours.get(key).is_some_and(|own| same(own, value)));
            if !equal {
                wrong.push(format!("{question} {name}: {ours:?}, not {golden:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    // Three saved queries and one question without a metric are asked in other ways, in `semantic_saved.rs`.
    assert_eq!((compared, answers.len()), (51, 55));
}

/// What the sandbox says to somebody who writes the query by hand.
#[expect(
    clippy::disallowed_methods,
    reason = "a client beside the wire, which ours is held against"
)]
async fn by_hand(stand: &DbtStand, metric: &str, groups: &[Value], filter: Option<&str>) -> Vec<Vec<String>> {
    let http = reqwest::Client::new();
    let ask = async |query: &str, variables: Value| -> Value {
        let request = http
            .post(format!("{}/api/graphql", stand.running.url))
            .header(
                "authorization",
                format!("Bearer {}", stand.running.token.expose_secret()),
            )
            .header("content-type", "application/json")
            .body(json!({ "query": query, "variables": variables }).to_string());
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let environment = stand.running.environment_id;
    let filter: Vec<Value> = filter.iter().map(|sql| json!({ "sql": sql })).collect();
    let created = ask(
        "mutation ($e: BigInt!, $m: [MetricInput!], $g: [GroupByInput!], $w: [WhereInput!]) { createQuery(environmentId: $e, metrics: $m, groupBy: $g, where: $w) { queryId } }",
        json!({ "e": environment, "m": [{ "name": metric }], "g": groups, "w": filter }),
    )
    .await;
    let id = created["data"]["createQuery"]["queryId"].clone();
    loop {
        let look = ask(
            "query ($e: BigInt!, $q: String!) { query(environmentId: $e, queryId: $q) { status error jsonResult(orient: SPLIT, encoded: false) } }",
            json!({ "e": environment, "q": id }),
        )
        .await;
        let found = &look["data"]["query"];
        assert_eq!(found["error"], Value::Null, "{metric} {groups:?} {filter:?}");
        if found["status"] == "SUCCESSFUL" {
            let table: Value = serde_json::from_str(found["jsonResult"].as_str().unwrap()).unwrap();
            let rows = table["data"].as_array().unwrap();
            return rows
                .iter()
                .map(|row| row.as_array().unwrap().iter().map(plain).collect())
                .collect();
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

pub(super) fn random_query(
    catalog: &Catalog,
    random: &mut fastrand::Rng,
) -> (DbtMetricQuery, Vec<Value>, Option<String>) {
    let names: Vec<String> = catalog
        .entries()
        .iter()
        .filter_map(|entry| Some(entry.dbt()?.name.clone()))
        .collect();
    let metric = dbt_metric(catalog, &names[random.usize(..names.len())]);
    let definition = metric.definition().clone();
    let known = metric.entry().dimensions.clone();
    let (mut group_by, mut groups) = (Vec::new(), Vec::new());
    if definition.requires_metric_time || random.bool() {
        let (grain, bucket) = GRAINS[2 + random.usize(..3)];
        groups.push(json!({ "name": "metric_time", "timeGranularity": grain }));
        group_by.push(GroupBy {
            dimension: dimension(&metric, "metric_time"),
            granularity: Some(bucket),
        });
    }
    let categories: Vec<&Dimension> = known
        .iter()
        .filter(|dimension| dimension.values.is_some())
        .collect();
    if !categories.is_empty() && random.bool() {
        let picked = categories[random.usize(..categories.len())];
        groups.push(json!({ "name": picked.name }));
        group_by.push(GroupBy {
            dimension: picked.clone(),
            granularity: None,
        });
    }
    let (mut filters, mut filter) = (Vec::new(), None);
    let texts: Vec<&&Dimension> = categories
        .iter()
        .filter(|dimension| dimension.kind == ColumnKind::Text)
        .collect();
    if !texts.is_empty() && random.bool() {
        let picked = texts[random.usize(..texts.len())];
        let values = &picked.values.as_ref().unwrap().values;
        let value = values[random.usize(..values.len())].as_str().unwrap().to_owned();
        filter = Some(format!(
            "{{{{ Dimension('{}') }}}} = '{}'",
            picked.name,
            value.replace('\'', "''")
        ));
        filters.push(QueryFilter::Dimension {
            dimension: (**picked).clone(),
            operation: FilterOperation::Equals,
            values: vec![Scalar::Text(value)],
            bucket: None,
        });
    }
    let query = DbtMetricQuery {
        filters,
        group_by,
        ..DbtMetricQuery::total(metric)
    };
    (query, groups, filter)
}

#[tokio::test]
async fn random_queries_come_to_what_a_plain_client_reads() {
    let stand = DbtStand::start().await;
    let (catalog, layer) = (stand.catalog().await, stand.layer());
    let mut random = fastrand::Rng::with_seed(15);
    for _ in 0..60 {
        let (query, groups, filter) = random_query(&catalog, &mut random);
        let name = query.metric.definition().name.clone();
        let fetched = layer
            .query(&query)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(fetched.table.extent, Extent::Complete);
        let (mut ours, mut theirs) = (
            rows(&fetched.table),
            by_hand(&stand, &name, &groups, filter.as_deref()).await,
        );
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "{name} by {groups:?} where {filter:?}");
    }
}

#[tokio::test]
async fn a_result_of_several_pages_comes_whole_and_a_limit_says_that_there_is_more() {
    let stand = DbtStand::start().await;
    let (catalog, layer) = (stand.catalog().await, stand.layer());
    let revenue = dbt_metric(&catalog, "revenue");
    let by_day = DbtMetricQuery {
        group_by: vec![group(&revenue, "metric_time__day")],
        ..DbtMetricQuery::total(revenue.clone())
    };
    let fetched = layer.query(&by_day).await.unwrap();
    assert_eq!(fetched.table.rows.len(), 1642);
    assert_eq!(fetched.table.extent, Extent::Complete);
    let column = &fetched.table.columns[0];
    assert_eq!(
        (column.name.as_str(), column.unit.as_deref()),
        ("metric_time", Some("day"))
    );
    assert_eq!(column.kind, ColumnKind::Date);
    assert!(fetched.table.rows.is_sorted_by_key(|row| match &row[0] {
        Cell::Text(day) => day.to_string(),
        other => panic!("{other:?}"),
    }));
    let first = DbtMetricQuery {
        limit: Some(10),
        order_by: Some(Direction::Desc),
        ..by_day
    };
    let fetched = layer.query(&first).await.unwrap();
    assert_eq!(fetched.table.rows.len(), 10);
    assert!(
        matches!(fetched.table.extent, Extent::AskedLimit { limit: 10, .. }),
        "{:?}",
        fetched.table.extent
    );
    let by_region = DbtMetricQuery {
        group_by: vec![group(&revenue, "customer__region")],
        limit: Some(100),
        ..DbtMetricQuery::total(revenue)
    };
    assert_eq!(
        layer.query(&by_region).await.unwrap().table.extent,
        Extent::Complete
    );
}

#[tokio::test]
async fn metrics_are_entries_with_their_dimensions_values_and_entities() {
    let stand = DbtStand::start().await;
    let catalog = stand.catalog().await;
    assert_eq!(catalog.entries().len(), 33);
    let revenue = dbt_metric(&catalog, "revenue");
    let entry = revenue.entry();
    assert_eq!(
        (entry.name.as_str(), entry.collection.as_slice()),
        ("Revenue", ["dbt".to_owned()].as_slice())
    );
    assert_eq!(entry.definition.as_deref(), Some("sum of revenue"));
    assert_eq!(entry.default_time_dimension.as_deref(), Some("metric_time"));
    let region = dimension(&revenue, "customer__region");
    assert!(region.values.as_ref().unwrap().complete);
    assert!(region.values.unwrap().values.contains(&json!("Europe")));
    assert_eq!(dimension(&revenue, "order__is_large").kind, ColumnKind::Boolean);
    assert_eq!(dimension(&revenue, "metric_time").kind, ColumnKind::Date);
    assert!(revenue.definition().entities.contains("product"));
    let european = dbt_metric(&catalog, "european_revenue");
    assert_eq!(european.entry().built_in_filters, ["customer__region = 'Europe'"]);
    assert!(
        dbt_metric(&catalog, "revenue_trailing_30_days")
            .definition()
            .requires_metric_time
    );
    // The numbers are those of the names, whatever else is selected.
    let again = stand.catalog().await;
    assert_eq!(again.fingerprint(), catalog.fingerprint());
    // A metric of dbt is none of Metabase's.
    assert!(catalog.allow_metric(revenue.id()).is_none());
}

#[tokio::test]
async fn lists_and_values_are_read() {
    let stand = DbtStand::start().await;
    let (catalog, layer) = (stand.catalog().await, stand.layer());
    let dimensions = layer.dimensions(&["revenue", "average_rating"]).await.unwrap();
    let names: Vec<&str> = dimensions.iter().map(SemanticDimension::asked_as).collect();
    assert!(
        names.contains(&"product__category") && !names.contains(&"customer__region"),
        "{names:?}"
    );
    let entities = layer.entities(&["revenue"]).await.unwrap();
    let names: Vec<&str> = entities.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["order", "customer", "product"]);
    let saved = layer.saved_queries().await.unwrap();
    assert!(
        saved
            .iter()
            .any(|query| query.name == "monthly_sales" && query.metrics().count() > 0)
    );
    let revenue = dbt_metric(&catalog, "revenue");
    let values = layer
        .values(&revenue, &dimension(&revenue, "order__status"), 100)
        .await
        .unwrap();
    assert_eq!(
        values.values.values,
        [
            json!("cancelled"),
            json!("completed"),
            json!("pending"),
            json!("refunded")
        ]
    );
    assert!(values.values.complete);
    let some = layer
        .values(&revenue, &dimension(&revenue, "customer__country"), 3)
        .await
        .unwrap();
    assert_eq!((some.values.values.len(), some.values.complete), (3, false));
}
