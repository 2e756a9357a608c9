//! What the model reads after a query.

use url::Url;

use super::gate::{kind_word, quote};
use super::{Shown, Source, ToolOutput};
use crate::catalog::EntryKind;
use crate::config::ShapingSettings;
use crate::metabase::Fetched;
use crate::result::{Heading, shape};
use serde_json::Value;

/// `card 7 "Revenue by month"`.
pub(super) fn title(kind: EntryKind, id: u32, name: &str) -> String {
    format!("{} {id} {}", kind_word(kind), quote(name))
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
pub(super) fn of_query(
    fetched: &Fetched,
    asked: Asked<'_>,
    narrow: &str,
    limits: ShapingSettings,
) -> ToolOutput {
    let table = &fetched.table;
    let heading = Heading {
        title: &title(asked.kind, asked.id, asked.name),
        narrow,
    };
    let shaped = shape(table, &heading, limits);
    ToolOutput {
        shown: Some(Shown {
            rows_shown: shaped.rows_shown as u64,
            rows_known: table.rows.len() as u64,
            extent: table.extent,
            truncated: shaped.truncated,
            bytes_shown: shaped.text.len() as u64,
            bytes_received: table.bytes_received,
        }),
        content: shaped.text,
        table: Some(std::sync::Arc::clone(table)),
        source: Some(Source {
            kind: asked.kind,
            id: asked.id,
            name: asked.name.to_owned(),
            arguments: asked.arguments.clone(),
            link: asked.link,
        }),
        served_by: Some(fetched.served_by),
    }
}
