//! What the model reads after a query.

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use super::gate::{kind_word, quote};
use super::{Shown, Source, ToolOutput};
use crate::catalog::EntryKind;
use crate::metabase::Fetched;
use crate::result::ShapingSettings;
use crate::result::{Brought, Handle, Heading, Made, Origin, ResultTable, shape};

/// `card 7 "Revenue by month"`.
pub(super) fn title(kind: EntryKind, id: u32, name: &str) -> String {
    format!("{} {id} {}", kind_word(kind), quote(name))
}

/// What a result is written on: its name in the conversation, and how much of it may be shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paper {
    pub(super) handle: Handle,
    pub(super) limits: ShapingSettings,
}

/// What was asked, of which entry.
pub(super) struct Asked<'a> {
    pub(super) kind: EntryKind,
    pub(super) id: u32,
    pub(super) name: &'a str,
    pub(super) arguments: &'a Value,
    pub(super) link: Option<Url>,
}

/// Shapes the result and says where it came from.
pub(super) fn of_query(fetched: &Fetched, asked: Asked<'_>, narrow: &str, paper: Paper) -> ToolOutput {
    let table = &fetched.table;
    let title = title(asked.kind, asked.id, asked.name);
    let origin = Origin::Query(Source {
        kind: asked.kind,
        id: asked.id,
        name: asked.name.to_owned(),
        arguments: asked.arguments.clone(),
        link: asked.link,
    });
    ToolOutput {
        served_by: Some(fetched.served_by),
        ..of_table(Arc::clone(table), title, origin, (None, narrow), paper)
    }
}

/// Shapes a result that was worked out from another; `window` says which of how many rows were asked for.
pub(super) fn of_derived(
    table: Arc<ResultTable>,
    title: String,
    origin: Origin,
    window: Option<(u64, u64)>,
    paper: Paper,
) -> ToolOutput {
    let from = origin.made_from().first().copied();
    let made = from.map(|from| Made { from, window });
    let narrow = if table.extent.is_cut() {
        "a narrower query, whose result is whole"
    } else {
        "more_rows with filters, aggregations, fewer columns, or sort and limit"
    };
    of_table(table, title, origin, (made, narrow), paper)
}

/// Shapes a result of any origin.
fn of_table(
    table: Arc<ResultTable>,
    title: String,
    origin: Origin,
    (made, narrow): (Option<Made>, &str),
    paper: Paper,
) -> ToolOutput {
    let heading = Heading {
        handle: paper.handle,
        title: &title,
        made,
        narrow,
    };
    let shaped = shape(&table, &heading, paper.limits);
    let shown = Shown {
        rows_shown: shaped.rows_shown as u64,
        rows_known: table.rows.len() as u64,
        extent: table.extent,
        truncated: shaped.truncated,
        bytes_shown: shaped.text.len() as u64,
        bytes_received: table.bytes_received,
    };
    ToolOutput {
        bytes_received: table.bytes_received,
        content: shaped.text,
        brought: Some(Brought {
            handle: paper.handle,
            title,
            origin,
            shown,
            table,
        }),
        served_by: None,
    }
}
