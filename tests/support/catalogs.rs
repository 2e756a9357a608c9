//! Catalogs made by hand, for tests that need no server.

use std::sync::Arc;

use cardinal::catalog::{
    AllowedValues, CardEntry, CardId, Dimension, Entry, MetricEntry, MetricId, Parameter, ParameterTarget,
    Segment, SegmentId,
};
use cardinal::result::{Column, ColumnKind};
use serde_json::{Value, json};

pub fn dimension(name: &str, kind: ColumnKind, values: &[&str]) -> Dimension {
    Dimension {
        name: name.to_owned(),
        label: name.replace(['_', '.'], " "),
        kind,
        description: None,
        values: (!values.is_empty()).then(|| AllowedValues {
            values: values.iter().map(|value| Value::from(*value)).collect(),
            complete: true,
            ..AllowedValues::default()
        }),
    }
}

pub fn column(name: &str, kind: ColumnKind, unit: Option<&str>) -> Column {
    Column {
        name: name.to_owned(),
        label: name.to_owned(),
        kind,
        unit: unit.map(str::to_owned),
        description: None,
        format: cardinal::result::ColumnFormat::default(),
    }
}

pub fn parameter(slug: &str, kind: &str, required: bool, allowed: &[&str]) -> Parameter {
    Parameter {
        id: format!("id-{slug}"),
        slug: slug.to_owned(),
        name: slug.replace('_', " "),
        kind: kind.to_owned(),
        target: ParameterTarget::Variable,
        required,
        default: None,
        allowed: (!allowed.is_empty()).then(|| AllowedValues {
            values: allowed.iter().map(|value| json!(value)).collect(),
            complete: true,
            ..AllowedValues::default()
        }),
        multiple: false,
    }
}

pub fn card(id: u32, name: &str, description: &str) -> CardEntry {
    CardEntry {
        id: CardId(id),
        name: name.to_owned(),
        description: Some(description.to_owned()),
        collection: vec!["Company".to_owned(), "Sales".to_owned()],
        verified: false,
        parameters: Vec::new(),
        columns: Vec::new(),
    }
}

pub fn metric(id: u32, name: &str, description: &str, definition: &str) -> MetricEntry {
    MetricEntry {
        id: MetricId(id),
        name: name.to_owned(),
        description: Some(description.to_owned()),
        collection: vec!["Company".to_owned(), "Metrics".to_owned()],
        verified: true,
        dimensions: vec![
            dimension("created_at", ColumnKind::Datetime, &[]),
            dimension(
                "Product.category",
                ColumnKind::Text,
                &["Doohickey", "Gadget", "Gizmo", "Widget"],
            ),
            dimension("User.state", ColumnKind::Text, &["CA", "NY", "TX"]),
        ],
        default_time_dimension: Some("created_at".to_owned()),
        definition: Some(definition.to_owned()),
        built_in_filters: Vec::new(),
        segments: Vec::new(),
        dbt: None,
        only_as_saved: None,
    }
}

pub fn shop() -> Vec<Entry> {
    let mut revenue = metric(
        12,
        "Revenue",
        "Money from orders that were not refunded, in US dollars.",
        "sum of Total",
    );
    revenue.built_in_filters.push("Status is not refunded".to_owned());
    revenue.segments.push(Segment {
        id: SegmentId(3),
        name: "Large orders".to_owned(),
        description: Some("Total above 100".to_owned()),
    });
    let orders = metric(
        13,
        "Number of orders",
        "How many orders were placed.",
        "count of rows",
    );
    let mut by_state = card(7, "Customers by state", "How many customers live in each state.");
    by_state
        .parameters
        .push(parameter("state", "string/=", false, &["CA", "NY", "TX"]));
    by_state.columns = vec![
        column("state", ColumnKind::Text, None),
        column("customers", ColumnKind::Integer, None),
    ];
    let mut monthly = card(8, "Monthly churn", "Accounts that cancelled, month by month.");
    monthly.columns = vec![
        column("month", ColumnKind::Date, Some("month")),
        column("cancelled", ColumnKind::Integer, None),
    ];
    vec![
        Entry::Card(Arc::new(by_state)),
        Entry::Card(Arc::new(monthly)),
        Entry::Metric(Arc::new(revenue)),
        Entry::Metric(Arc::new(orders)),
    ]
}
