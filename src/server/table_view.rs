//! Results as tables that a client can show: typed columns, and rows up to a bound.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::event::ToolStart;
use crate::agent::Answer;
use crate::app::{App, Session};
use crate::references::clear_date_style;
use crate::result::{Column, ColumnKind, ColumnMeaning, EntryKind, Extent};

/// Most rows of one table that clients are sent.
const MAX_ROWS: usize = 2000;
/// Arguments of tools that name an entry, each with the kind of the entry.
const ENTRY_ARGUMENTS: [(&str, EntryKind); 3] = [
    ("card_id", EntryKind::Card),
    ("metric_id", EntryKind::Metric),
    ("table_id", EntryKind::Table),
];

/// An entry of the catalog, with its page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct EntryLink {
    /// Card, metric or table.
    pub(super) kind: EntryKind,
    /// Its id in Metabase.
    pub(super) id: u32,
    /// Its name.
    pub(super) name: String,
    /// Its page in Metabase.
    pub(super) link: Option<String>,
}

/// A column of a table.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct ColumnView {
    /// Unique within the table.
    pub(super) name: String,
    /// What people read.
    pub(super) label: String,
    /// Its type: `integer`, `number`, `text`, `boolean`, `date`, `datetime`, `time` or `other`.
    #[schemars(with = "String")]
    pub(super) kind: ColumnKind,
    /// The unit of a time bucket.
    pub(super) unit: Option<String>,
    /// How Metabase writes its days, such as `D MMMM, YYYY`: `YYYY`, `MMMM` (the month's name), `M`, `D` and `dddd` (the
    /// weekday's name) stand for parts, everything else for itself. Only styles in which day and month cannot be taken for
    /// each other.
    #[serde(default)]
    pub(super) date_style: Option<String>,
    /// Whether its values only tell things apart.
    #[serde(skip)]
    pub(super) is_identifier: bool,
}

/// A result that an answer rests on.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct TableView {
    /// Its name in the conversation.
    pub(super) result: String,
    /// What it is the result of.
    pub(super) title: String,
    /// The entry behind it, if it is one.
    pub(super) entry: Option<EntryLink>,
    /// Its columns.
    pub(super) columns: Vec<ColumnView>,
    /// Its first rows.
    pub(super) rows: Vec<Vec<Value>>,
    /// How many rows Cardinal has.
    pub(super) rows_known: u64,
    /// Whether these are all there are.
    pub(super) extent: Extent,
    /// Whether the model saw fewer.
    pub(super) truncated: bool,
}

/// The tables of an answer's evidence, whole as far as the session holds them.
pub(super) async fn tables(app: &App, answer: &Answer, session: &Session) -> Vec<TableView> {
    // The demo has no pages to open.
    let has_pages = !app.server().is_demo();
    let held = &session.conversation().shelf;
    let mut tables = Vec::new();
    for item in &answer.evidence {
        let Some(known) = held.get(item.result) else {
            continue;
        };
        let whole = held.table(item.result).await.ok();
        let rows = whole.map_or_else(
            || item.rows.first(MAX_ROWS),
            |table| {
                let rows = table.rows.iter().take(MAX_ROWS);
                rows.map(|row| row.iter().map(Value::from).collect()).collect()
            },
        );
        tables.push(TableView {
            result: item.result.to_string(),
            title: known.title.clone(),
            entry: item.origin.source().map(|source| EntryLink {
                kind: source.kind,
                id: source.id,
                name: source.name.clone(),
                link: source
                    .link
                    .as_ref()
                    .filter(|_| has_pages)
                    .map(ToString::to_string),
            }),
            columns: known
                .columns
                .iter()
                .map(|column| ColumnView {
                    name: column.name.clone(),
                    label: column.label.clone(),
                    kind: column.kind,
                    unit: column.unit.clone(),
                    date_style: clear_date_style(column).map(str::to_owned),
                    is_identifier: is_identifier(column),
                })
                .collect(),
            rows,
            rows_known: item.rows_known,
            extent: item.extent,
            truncated: item.truncated,
        });
    }
    tables
}

/// Whether the numbers of a column only tell things apart, by its name or by what people read.
fn is_identifier(column: &Column) -> bool {
    let label = column.label.to_lowercase();
    let is_called_one = label == "id" || label.ends_with(" id");
    column.meaning() == ColumnMeaning::Identifier || (column.kind.is_numeric() && is_called_one)
}

/// The entry of that kind and id as clients read it, if it is curated.
pub(super) fn entry_link(app: &App, kind: EntryKind, id: u32) -> Option<EntryLink> {
    let entry = app.catalog().catalog.entry(kind, id)?;
    Some(EntryLink {
        kind,
        id,
        name: entry.name().to_owned(),
        link: app.link(kind, id).map(String::from),
    })
}

/// A tool call as clients are told it.
pub(super) fn tool_start(app: &App, call: u32, tool: String, summary: String, arguments: Value) -> ToolStart {
    let entry = ENTRY_ARGUMENTS.iter().find_map(|(key, kind)| {
        let id = u32::try_from(arguments.get(*key)?.as_u64()?).ok()?;
        entry_link(app, *kind, id)
    });
    let list = |key: &str| {
        let items = arguments.get(key).and_then(Value::as_array);
        items.cloned().unwrap_or_default()
    };
    let parameters = arguments.get("parameters").and_then(Value::as_object);
    ToolStart {
        call,
        tool,
        summary,
        entry,
        parameters: parameters.map_or_else(Map::new, Clone::clone),
        filters: list("filters"),
        group_by: list("group_by"),
        arguments,
    }
}
