//! A catalog with every kind of entry, and a toolbox over it whose server only counts who knocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cardinal::catalog::{
    AllowedValues, CardEntry, CardId, Catalog, Entry, Measure, MeasureId, Parameter, ParameterTarget,
    Segment, SegmentId, TableEntry, TableId,
};
use cardinal::metabase::MetabaseClient;
use cardinal::metabase::{AuthSettings, MetabaseSettings};
use cardinal::model::ToolCall;
use cardinal::principal::Principal;
use cardinal::result::ColumnKind;
use cardinal::result::ShapingSettings;
use cardinal::tools::Toolbox;
use cardinal::wire::Wire;
use serde_json::{Value, json};

use crate::support::catalogs::{card, dimension, metric};

fn parameter(slug: &str, kind: &str, target: ParameterTarget) -> Parameter {
    Parameter {
        id: format!("p-{slug}"),
        slug: slug.into(),
        name: slug.replace('_', " "),
        kind: kind.into(),
        target,
        required: false,
        default: None,
        allowed: None,
        multiple: false,
    }
}

/// A card with a parameter of every form.
fn orders_card() -> CardEntry {
    use ParameterTarget::{Dimension, Variable};
    let mut status = parameter("status", "string/=", Dimension);
    status.allowed = Some(AllowedValues {
        values: ["paid", "shipped", "refunded"].map(Value::from).to_vec(),
        complete: true,
        ..AllowedValues::default()
    });
    let mut customer = parameter("customer", "string/contains", Dimension);
    customer.allowed = Some(AllowedValues {
        values: vec![json!("Drop Table Furniture")],
        complete: false,
        ..AllowedValues::default()
    });
    let mut least = parameter("least_total", "number/=", Variable);
    least.default = Some(json!(10));
    let mut orders = card(7, "Orders", "Orders with their totals.");
    orders.parameters = vec![
        status,
        customer,
        least,
        parameter("total", "number/between", Dimension),
        parameter("day", "date/single", Variable),
        parameter("when", "date/all-options", Dimension),
        parameter("quarter", "date/quarter-year", Dimension),
        parameter("gift", "boolean/=", Variable),
        parameter("note", "text", Variable),
        parameter("unit", "temporal-unit", Dimension),
        parameter("product", "id", Dimension),
    ];
    orders
}

/// A card that does not run without a month.
fn required_card() -> CardEntry {
    let mut month = parameter("month", "date/month-year", ParameterTarget::Dimension);
    month.required = true;
    let mut revenue = card(9, "Revenue of a month", "Revenue of one month.");
    revenue.parameters = vec![month];
    revenue
}

fn orders_table() -> TableEntry {
    TableEntry {
        id: TableId(3),
        name: "ORDERS".into(),
        label: "Orders".into(),
        description: None,
        collection: vec!["Shop".into(), "PUBLIC".into()],
        dimensions: vec![
            dimension("id", ColumnKind::Integer, &[]),
            dimension("total", ColumnKind::Number, &[]),
            dimension("status", ColumnKind::Text, &["paid", "refunded"]),
            dimension("note", ColumnKind::Text, &[]),
            dimension("gift", ColumnKind::Boolean, &[]),
            dimension("created_at", ColumnKind::Datetime, &[]),
            dimension("ship_date", ColumnKind::Date, &[]),
            dimension("opens_at", ColumnKind::Time, &[]),
            dimension("extra", ColumnKind::Other, &[]),
        ],
        measures: vec![Measure {
            id: MeasureId(5),
            name: "Net revenue".into(),
            description: None,
        }],
        segments: vec![Segment {
            id: SegmentId(4),
            name: "Large".into(),
            description: None,
        }],
    }
}

pub(super) fn catalog() -> Catalog {
    let mut revenue = metric(12, "Revenue", "Money from orders.", "sum of Total");
    revenue.segments = vec![Segment {
        id: SegmentId(8),
        name: "Large orders".into(),
        description: None,
    }];
    let mut accounts = metric(13, "Accounts", "Open accounts.", "count");
    accounts.dimensions = vec![
        dimension("plan", ColumnKind::Text, &[]),
        dimension("opened_on", ColumnKind::Date, &[]),
        dimension("seats", ColumnKind::Integer, &[]),
    ];
    accounts.default_time_dimension = Some("opened_on".into());
    let plain = CardEntry {
        id: CardId(8),
        ..card(8, "Customers by state", "Customers in each state.")
    };
    Catalog::for_tests(vec![
        Entry::Card(Arc::new(orders_card())),
        Entry::Card(Arc::new(plain)),
        Entry::Card(Arc::new(required_card())),
        Entry::Metric(Arc::new(revenue)),
        Entry::Metric(Arc::new(accounts)),
        Entry::Table(Arc::new(orders_table())),
    ])
}

/// A toolbox over `catalog`, and how many connections its server has seen.
pub(super) async fn toolbox_over(catalog: Catalog) -> (Toolbox, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let knocks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&knocks);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let settings = MetabaseSettings {
        timeout: Duration::from_secs(2),
        max_response_bytes: 1 << 20,
        max_concurrency: 1,
        max_rows: 2_000,
        ..MetabaseSettings::new(url, AuthSettings::ApiKey("mb_key".to_owned().into()))
    };
    let client = MetabaseClient::new(settings, Wire::live().unwrap(), Principal::default());
    (
        Toolbox::new(Arc::new(catalog), client, ShapingSettings::default()),
        knocks,
    )
}

pub(crate) async fn toolbox() -> Toolbox {
    toolbox_over(catalog()).await.0
}

pub(super) fn call(tool: &str, arguments: impl std::fmt::Display) -> ToolCall {
    ToolCall {
        id: "call_1".into(),
        name: tool.into(),
        arguments: arguments.to_string(),
    }
}
