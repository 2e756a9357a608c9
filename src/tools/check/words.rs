//! Words that stand in what the model and people read about a call.

use crate::catalog::EntryKind;
use crate::text::clean_line;

/// Longest piece of the model's own text that is quoted back, in characters.
const MAX_QUOTE_CHARS: usize = 60;

/// Text of the model's or Metabase's, cleaned, capped and in quotes.
pub(in crate::tools) fn quote(text: &str) -> String {
    format!("\"{}\"", clean_line(text, MAX_QUOTE_CHARS))
}

/// Names in quotes, separated by commas.
pub(in crate::tools) fn listing<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(quote).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// The word for a kind of entry in arguments and sentences.
pub(in crate::tools) fn kind_word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Card => "card",
        EntryKind::Metric => "metric",
        EntryKind::Table => "table",
    }
}

/// `card 7 "Revenue by month"`.
pub(in crate::tools) fn entry_title(kind: EntryKind, id: u32, name: &str) -> String {
    format!("{} {id} {}", kind_word(kind), quote(name))
}

/// The name of the tool that queries entries of this kind.
pub(in crate::tools) const fn query_tool(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Card => "run_card",
        EntryKind::Metric => "query_metric",
        EntryKind::Table => "query_table",
    }
}
