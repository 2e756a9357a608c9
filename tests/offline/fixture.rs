//! A business like those the planner meets: metrics over orders, people, reviews and accounts, and some cards.

use std::sync::Arc;

use cardinal::catalog::{Catalog, Dimension, Entry, MetricEntry};
use cardinal::model::{Message, Model, ModelEvent, ModelRequest, ToolChoice, UserQuestion};
use cardinal::planner::OfflinePlanner;
use cardinal::result::ColumnKind;
use futures_util::StreamExt;
use jiff::civil::{Date, date};
use serde_json::Value;

use crate::support::catalogs::{card, column, dimension, metric, parameter};

pub(crate) const TODAY: Date = date(2026, 1, 31);

fn people() -> Vec<Dimension> {
    vec![
        dimension("User.name", ColumnKind::Text, &[]),
        dimension("User.city", ColumnKind::Text, &[]),
        dimension("User.state", ColumnKind::Text, &["CA", "NY", "TX", "WA"]),
        dimension(
            "User.source",
            ColumnKind::Text,
            &["Affiliate", "Facebook", "Google", "Organic", "Twitter"],
        ),
    ]
}

fn products() -> Vec<Dimension> {
    vec![
        dimension("Product.title", ColumnKind::Text, &[]),
        dimension(
            "Product.category",
            ColumnKind::Text,
            &["Doohickey", "Gadget", "Gizmo", "Widget"],
        ),
        dimension("Product.vendor", ColumnKind::Text, &[]),
        dimension("Product.price", ColumnKind::Number, &[]),
    ]
}

fn over(mut entry: MetricEntry, own: Vec<Dimension>, related: Vec<Vec<Dimension>>) -> Entry {
    let mut dimensions = vec![dimension("created_at", ColumnKind::Datetime, &[])];
    dimensions.extend(own);
    dimensions.extend(related.into_iter().flatten());
    entry.dimensions = dimensions;
    Entry::Metric(Arc::new(entry))
}

pub(crate) fn business() -> Catalog {
    let own_order = || {
        vec![
            dimension("total", ColumnKind::Number, &[]),
            dimension("quantity", ColumnKind::Integer, &[]),
            dimension("status", ColumnKind::Text, &["cancelled", "paid", "refunded"]),
        ]
    };
    let order = |id, name, about, definition| {
        over(
            metric(id, name, about, definition),
            own_order(),
            vec![people(), products()],
        )
    };
    let mut top = card(
        41,
        "Top products by revenue",
        "The best selling products of a year.",
    );
    top.parameters = vec![parameter("year", "number/=", false, &[])];
    top.columns = vec![
        column("title", ColumnKind::Text, None),
        column("revenue", ColumnKind::Number, None),
    ];
    let mut monthly = card(
        42,
        "Cancelled accounts by month",
        "Accounts that churned, month by month.",
    );
    monthly.columns = vec![
        column("month", ColumnKind::Date, Some("month")),
        column("cancelled", ColumnKind::Integer, None),
    ];
    let mut overdue = card(
        43,
        "Overdue invoices",
        "Invoices that are past due and unpaid, with their accounts.",
    );
    overdue.columns = vec![
        column("account", ColumnKind::Text, None),
        column("amount_due", ColumnKind::Number, None),
    ];
    let mut person = card(44, "Customers in a state", "Everybody who lives in one state.");
    person.parameters = vec![parameter("state", "string/=", true, &["CA", "NY", "TX", "WA"])];
    person.columns = vec![
        column("name", ColumnKind::Text, None),
        column("city", ColumnKind::Text, None),
    ];
    let cards = [top, monthly, overdue, person];
    let mut entries: Vec<Entry> = cards
        .into_iter()
        .map(|card| Entry::Card(Arc::new(card)))
        .collect();
    let own_account = || {
        vec![dimension(
            "plan",
            ColumnKind::Text,
            &["Basic", "Business", "Premium"],
        )]
    };
    entries.extend([
        order(
            1,
            "Revenue",
            "Money from orders that were not refunded.",
            "sum of Total",
        ),
        order(
            2,
            "Number of orders",
            "Orders placed, whatever became of them.",
            "count of rows",
        ),
        order(3, "Average order value", "Revenue per order.", "average of Total"),
        order(
            4,
            "Refund rate",
            "Share of orders that were refunded.",
            "share of rows where Status is refunded",
        ),
        order(5, "Units sold", "Pieces of products sold.", "sum of Quantity"),
        over(
            metric(6, "New customers", "People who signed up.", "count of rows"),
            people()
                .into_iter()
                .map(|mut d| {
                    d.name = d.name.replace("User.", "");
                    d
                })
                .collect(),
            vec![],
        ),
        over(
            metric(
                7,
                "Average rating",
                "Stars that people gave to products in reviews.",
                "average of Rating",
            ),
            vec![dimension("rating", ColumnKind::Integer, &[])],
            vec![products()],
        ),
        over(
            metric(
                8,
                "Monthly recurring revenue",
                "What active accounts pay per month.",
                "sum of Mrr",
            ),
            own_account(),
            vec![],
        ),
    ]);
    Catalog::for_tests(entries)
}

pub(crate) fn planner() -> OfflinePlanner {
    OfflinePlanner::new(Arc::new(business()), TODAY)
}

/// What the planner does about a conversation: text, and calls with their arguments.
pub(crate) fn complete(
    model: &dyn Model,
    messages: Vec<Message>,
    choice: ToolChoice,
) -> (String, Vec<(String, Value)>) {
    let request = ModelRequest {
        system: Arc::from(""),
        tools: Arc::from([]),
        messages,
        tool_choice: choice,
        max_output_tokens: 1000,
        temperature: None,
        cache_key: String::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut events = model.complete(&request).await.unwrap();
        let mut text = String::new();
        while let Some(event) = events.next().await {
            match event.unwrap() {
                ModelEvent::Text(more) => text.push_str(&more),
                ModelEvent::ToolCallStarted { .. } | ModelEvent::Unheard(_) | ModelEvent::Notice(_) => {}
                ModelEvent::Done(done) => {
                    assert_eq!(done.text, text);
                    let calls = done.tool_calls.iter();
                    let calls = calls.map(|call| (call.name.clone(), call.arguments.parse().unwrap()));
                    return (text, calls.collect());
                }
            }
        }
        panic!("the stream ended without Done");
    })
}

pub(crate) fn ask(question: &str) -> Vec<Message> {
    vec![Message::User(UserQuestion::new(question, TODAY, Some("Ann")))]
}

/// The one call made for a question.
pub(crate) fn plan(question: &str) -> (String, Value) {
    let (_, mut calls) = complete(&planner(), ask(question), ToolChoice::Auto);
    assert_eq!(calls.len(), 1, "{question}");
    calls.remove(0)
}
