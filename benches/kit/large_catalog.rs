//! Cards as a large, shared Metabase has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use cardinal::catalog::{AllowedValues, CardEntry, CardId, Entry, Parameter, ParameterTarget};
use cardinal::result::{Column, ColumnFormat, ColumnKind};

const MEASURES: [&str; 8] = [
    "Revenue",
    "Refunds",
    "Active customers",
    "Deliveries",
    "Support tickets",
    "Sessions",
    "Stock",
    "Invoices",
];
const TEAMS: [&str; 12] = [
    "Sales",
    "Finance",
    "Logistics",
    "Support",
    "Marketing",
    "Product",
    "People",
    "Risk",
    "Legal",
    "Retail",
    "Partners",
    "Data",
];

/// A card with two parameters and eight columns, as a shared Metabase has many.
pub(crate) fn card(id: u32) -> Entry {
    let (index, pick) = (id as usize, |of: &[&str], at: usize| {
        of.get(at % of.len()).copied().unwrap_or_default().to_owned()
    });
    let parameter = |slug: &str| Parameter {
        id: format!("{slug}-{id}"),
        slug: slug.to_owned(),
        name: slug.to_owned(),
        kind: "string/=".to_owned(),
        target: ParameterTarget::Dimension,
        required: false,
        default: None,
        allowed: Some(AllowedValues {
            values: TEAMS.iter().map(|team| (*team).into()).collect(),
            complete: true,
            labels: BTreeMap::new(),
        }),
        multiple: true,
    };
    let column = |at: usize| Column {
        name: format!("column_{at}"),
        label: format!("Column {at}"),
        kind: if at < 3 {
            ColumnKind::Text
        } else {
            ColumnKind::Number
        },
        unit: None,
        format: ColumnFormat::default(),
        description: Some("What stands in it, in some words.".to_owned()),
    };
    Entry::Card(Arc::new(CardEntry {
        id: CardId(id),
        name: format!(
            "{} of {} in region {}",
            pick(&MEASURES, index),
            pick(&TEAMS, index / 8),
            index / 96
        ),
        description: Some(format!(
            "Number {id}: what it counts, from which system, and what is left out of it."
        )),
        collection: vec![
            "Company".to_owned(),
            pick(&TEAMS, index / 8),
            format!("Region {}", index / 96),
        ],
        verified: id.is_multiple_of(50),
        parameters: vec![parameter("team"), parameter("channel")],
        columns: (0..8).map(column).collect(),
    }))
}
