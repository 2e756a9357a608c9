//! What becomes of filters: nothing that a value holds ends its quotes or begins a template, and what cannot be written safely is
//! refused before anything is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use cardinal::catalog::{
    AllowedDbtMetric, Catalog, DbtMetricDefinition, Dimension, Entry, MetricEntry, MetricId, SqlDialect,
};
use cardinal::dbt::{DbtMetricQuery, check_dbt_query};
use cardinal::metabase::{Bucket, FilterOperation, GroupBy, QueryFilter, Scalar};
use cardinal::result::ColumnKind;
use serde_json::{Value, json};

use super::account;
use crate::support::scripted_dbt::{DbtReply, ScriptedDbt};

fn dimension(name: &str, kind: ColumnKind) -> Dimension {
    Dimension {
        name: name.to_owned(),
        label: name.to_owned(),
        kind,
        description: None,
        values: None,
    }
}

pub fn metric(dialect: SqlDialect) -> AllowedDbtMetric {
    let days: Vec<String> = ["day", "week", "month", "quarter", "year"]
        .map(str::to_owned)
        .to_vec();
    let entry = MetricEntry {
        only_as_saved: None,
        id: MetricId(10_000_001),
        name: "Revenue".to_owned(),
        description: None,
        collection: vec!["dbt".to_owned()],
        verified: false,
        dimensions: vec![
            dimension("metric_time", ColumnKind::Date),
            dimension("customer__region", ColumnKind::Text),
            dimension("order__is_large", ColumnKind::Boolean),
            dimension("order__seats", ColumnKind::Integer),
            dimension("customer", ColumnKind::Text),
        ],
        default_time_dimension: Some("metric_time".to_owned()),
        definition: None,
        built_in_filters: Vec::new(),
        segments: Vec::new(),
        dbt: Some(Arc::new(DbtMetricDefinition {
            name: "revenue".to_owned(),
            metric_type: "simple".to_owned(),
            requires_metric_time: false,
            agrees_with: None,
            grains: BTreeMap::from([("metric_time".to_owned(), days)]),
            entities: ["customer".to_owned()].into(),
            dialect,
        })),
    };
    let catalog = Catalog::for_tests(vec![Entry::Metric(Arc::new(entry))]);
    catalog.allow_dbt_metric(MetricId(10_000_001)).unwrap()
}

pub fn filter(
    metric: &AllowedDbtMetric,
    name: &str,
    operation: FilterOperation,
    values: Vec<Scalar>,
    bucket: Option<Bucket>,
) -> DbtMetricQuery {
    let mut dimensions = metric.entry().dimensions.iter();
    let dimension = dimensions.find(|known| known.name == name).unwrap().clone();
    DbtMetricQuery {
        filters: vec![QueryFilter::Dimension {
            dimension,
            operation,
            values,
            bucket,
        }],
        ..DbtMetricQuery::total(metric.clone())
    }
}

fn text(text: &str) -> Vec<Scalar> {
    vec![Scalar::Text(text.to_owned())]
}

/// The condition as it is sent.
async fn sent(query: &DbtMetricQuery) -> String {
    let server = ScriptedDbt::serve(|_| DbtReply::json(200, &json!({"errors": [{"message": "no"}]}))).await;
    let layer = account(&server).semantic_layer().unwrap();
    assert!(layer.query(query).await.is_err());
    let body: Value = server.asked()[0].json();
    body["variables"]["where"][0]["sql"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn conditions_are_written_as_dbt_reads_them() {
    use FilterOperation as Op;
    let revenue = metric(SqlDialect::DoubledQuotes);
    let number = |number: i64| Scalar::Number(number.into());
    for (name, operation, values, bucket, wanted) in [
        (
            "customer__region",
            Op::Equals,
            text("Asia"),
            None,
            "{{ Dimension('customer__region') }} = 'Asia'",
        ),
        (
            "customer__region",
            Op::Equals,
            [text("Asia"), text("Europe")].concat(),
            None,
            "{{ Dimension('customer__region') }} IN ('Asia', 'Europe')",
        ),
        (
            "customer__region",
            Op::NotEquals,
            text("Asia"),
            None,
            "({{ Dimension('customer__region') }} IS NULL OR {{ Dimension('customer__region') }} <> 'Asia')",
        ),
        (
            "customer__region",
            Op::StringStartsWith,
            text("Eu"),
            None,
            "(LOWER({{ Dimension('customer__region') }}) LIKE 'eu%')",
        ),
        (
            "customer__region",
            Op::IsNull,
            Vec::new(),
            None,
            "{{ Dimension('customer__region') }} IS NULL",
        ),
        (
            "order__is_large",
            Op::IsTrue,
            Vec::new(),
            None,
            "{{ Dimension('order__is_large') }} = true",
        ),
        (
            "order__seats",
            Op::GreaterThan,
            vec![number(5)],
            None,
            "{{ Dimension('order__seats') }} > 5",
        ),
        (
            "customer",
            Op::Equals,
            text("17"),
            None,
            "{{ Entity('customer') }} = '17'",
        ),
        (
            "metric_time",
            Op::LessThanOrEqual,
            text("2026-03-05"),
            None,
            "{{ TimeDimension('metric_time', 'day') }} <= '2026-03-05'",
        ),
        (
            "metric_time",
            Op::Equals,
            text("2026-03-15"),
            Some(Bucket::Month),
            "{{ TimeDimension('metric_time', 'month') }} = '2026-03-01'",
        ),
        (
            "metric_time",
            Op::YearEquals,
            vec![number(2025), number(2026)],
            None,
            "{{ TimeDimension('metric_time', 'year') }} IN ('2025-01-01', '2026-01-01')",
        ),
    ] {
        let query = filter(&revenue, name, operation, values, bucket);
        assert_eq!(sent(&query).await, wanted);
    }
}

#[tokio::test]
async fn a_value_stays_a_value_in_every_dialect() {
    let value = r"O'Brien \' OR 1=1 --";
    for (dialect, wanted) in [
        (SqlDialect::DoubledQuotes, r"'O''Brien \'' OR 1=1 --'"),
        (SqlDialect::DoubledBoth, r"'O''Brien \\'' OR 1=1 --'"),
        (SqlDialect::Backslashes, r"'O\'Brien \\\' OR 1=1 --'"),
    ] {
        let query = filter(
            &metric(dialect),
            "customer__region",
            FilterOperation::Equals,
            text(value),
            None,
        );
        assert_eq!(
            sent(&query).await,
            format!("{{{{ Dimension('customer__region') }}}} = {wanted}")
        );
    }
    let unknown = filter(
        &metric(SqlDialect::Unknown),
        "customer__region",
        FilterOperation::Equals,
        text(value),
        None,
    );
    assert!(check_dbt_query(&unknown).is_err());
    let plain = filter(
        &metric(SqlDialect::Unknown),
        "customer__region",
        FilterOperation::Equals,
        text("Asia"),
        None,
    );
    assert!(check_dbt_query(&plain).is_ok());
}

#[test]
fn what_cannot_be_written_safely_is_refused() {
    use FilterOperation as Op;
    let revenue = metric(SqlDialect::DoubledQuotes);
    for (name, operation, values, bucket, wanted) in [
        (
            "customer__region",
            Op::Equals,
            text("{{ Dimension('x') }}"),
            None,
            "template",
        ),
        (
            "customer__region",
            Op::Equals,
            text("{% raw %}"),
            None,
            "template",
        ),
        ("customer__region", Op::Equals, text("a\u{0}b"), None, "control"),
        ("customer__region", Op::Equals, text("a\nb"), None, "control"),
        (
            "customer__region",
            Op::StringContains,
            text("50%"),
            None,
            "stand for any letters",
        ),
        (
            "metric_time",
            Op::GreaterThan,
            text("2026-01-01T10:00:00"),
            None,
            "time of day",
        ),
        (
            "metric_time",
            Op::GreaterThan,
            text("2026-01-01' OR '1"),
            None,
            "no moment",
        ),
        (
            "metric_time",
            Op::MonthEquals,
            vec![Scalar::Number(3.into())],
            None,
            "parts of a date",
        ),
        (
            "metric_time",
            Op::GreaterThan,
            text("2026-01-01"),
            Some(Bucket::Hour),
            "not known by hour",
        ),
        (
            "metric_time",
            Op::Equals,
            vec![Scalar::Number(1.into())],
            Some(Bucket::DayOfWeek),
            "day of the week",
        ),
    ] {
        let error = check_dbt_query(&filter(&revenue, name, operation, values, bucket)).unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
    let many: Vec<Scalar> = (0..100)
        .map(|at| Scalar::Text(format!("{at}{}", "x".repeat(900))))
        .collect();
    let error = check_dbt_query(&filter(&revenue, "customer__region", Op::Equals, many, None)).unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
    let by_hour = DbtMetricQuery {
        group_by: vec![GroupBy {
            dimension: dimension("metric_time", ColumnKind::Date),
            granularity: Some(Bucket::Hour),
        }],
        ..DbtMetricQuery::total(revenue)
    };
    let error = check_dbt_query(&by_hour).unwrap_err();
    assert!(error.to_string().contains("day, week, month"), "{error}");
}
