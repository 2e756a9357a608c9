//! What the model reads after a query, and what is kept of it.

use std::sync::Arc;

use serde_json::Value;

use super::ToolOutput;
use super::check::entry_title;
use super::tool::RunContext;
use crate::catalog::{Entry, EntryKind};
use crate::metabase::{CardArgument, FetchedTable};
use crate::result::{
    DerivedHeading, Handle, HeldResults, LookupSource, ModelView, NewResult, PackedTable, QuerySource,
    ResultHeading, ResultOrigin, ResultTable, call_for_model, limits_for_model, shape, value_words,
};
use crate::text::one_line;

/// Longest name in a line for people, in characters.
const MAX_NAME_CHARS: usize = 160;
/// That rows which a limit leaves out are the equals of one that is shown.
const TIED: &str = include_str!("../../prompts/tools/tied.md");

/// The entry whose rows were asked for.
#[derive(Clone, Copy)]
pub(super) struct QueriedEntry<'a> {
    pub(super) kind: EntryKind,
    pub(super) id: u32,
    pub(super) name: &'a str,
    /// What dbt calls it, for a metric of dbt.
    pub(super) dbt_metric: Option<&'a str>,
    /// The parameters that the call gave, also where to their default.
    pub(super) given: &'a [CardArgument],
}

/// A name from Metabase or from the model, made safe for a line that people read.
pub(super) fn for_person(name: &str) -> String {
    one_line(name, MAX_NAME_CHARS)
}

/// Shapes the result of a query and says where it came from. `narrow` says how to ask for less, `note` what
/// there is to know of it.
pub(super) fn of_query(
    mut fetched: FetchedTable,
    queried: QueriedEntry<'_>,
    narrow: &str,
    note: Option<&str>,
    context: &RunContext<'_>,
) -> ToolOutput {
    let QueriedEntry {
        kind,
        id,
        name,
        dbt_metric,
        given,
    } = queried;
    let origin = QuerySource {
        kind,
        id,
        name: name.to_owned(),
        arguments: context.arguments.clone(),
        link: if dbt_metric.is_some() {
            None
        } else {
            context.client.link(kind, id)
        },
        dbt_metric: dbt_metric.map(str::to_owned),
    };
    let origin = ResultOrigin::Query(origin.into());
    let title = entry_title(kind, id, name);
    let entry = context.catalog.entry(kind, id);
    let asked = asked(
        entry,
        context.arguments,
        call_for_model(context.arguments),
        Some(given),
    );
    let units = fetched.table.units_told(entry.and_then(Entry::description));
    if !units.is_empty() {
        // Kept with the rows: what is worked out from them has the same unit, and so has a table that is printed.
        let table = Arc::make_mut(&mut fetched.table);
        for (at, unit) in units {
            if let Some(column) = table.columns.get_mut(at) {
                column.format.told_unit = Some(unit);
            }
        }
    }
    ToolOutput {
        served_by: Some(fetched.served_by),
        ..of_table(
            &fetched.table,
            title,
            origin,
            &HeadingParts {
                asked: asked.as_deref(),
                note: note.or_else(|| tie_note(fetched.tied)),
                narrow,
                ..HeadingParts::default()
            },
            context,
        )
    }
}

/// What to say of rows that a limit leaves out, when the first of them is the equal of the last one shown.
pub(super) fn tie_note(tied: bool) -> Option<&'static str> {
    tied.then(|| TIED.trim_end())
}

/// Shapes what was looked up in dbt. `note` says what its columns hold.
pub(super) fn of_lookup(
    table: &ResultTable,
    title: String,
    source: LookupSource,
    note: Option<&str>,
    context: &RunContext<'_>,
) -> ToolOutput {
    let parts = HeadingParts {
        looked_up: true,
        note: note.map(str::trim_end),
        narrow: include_str!("../../prompts/dbt/narrow.md"),
        ..HeadingParts::default()
    };
    of_table(table, title, ResultOrigin::Lookup(source), &parts, context)
}

/// Shapes a result that was worked out from another; `window` says which of how many rows were asked for, `note` what there
/// is to know of it.
pub(super) fn of_derived(
    table: &ResultTable,
    title: String,
    origin: ResultOrigin,
    window: Option<(u64, u64)>,
    note: Option<&str>,
    context: &RunContext<'_>,
) -> ToolOutput {
    let from = origin.made_from().first().copied();
    let made = from.map(|from| DerivedHeading { from, window });
    let narrow = if table.extent.is_cut() {
        include_str!("../../prompts/tools/narrow_cut.md")
    } else {
        include_str!("../../prompts/tools/narrow_held.md")
    };
    // What the rows that it was made from were asked for, so that filters are not forgotten.
    let base = from.and_then(|from| context.held.get(from));
    let source = base.and_then(|base| base.origin.source());
    let asked = source
        .and_then(|source| {
            let entry = context.catalog.entry(source.kind, source.id);
            asked(
                entry,
                &source.arguments,
                limits_for_model(&source.arguments),
                None,
            )
        })
        .zip(from)
        .map(|(asked, from)| format!("in {from}, {asked}"));
    let parts = HeadingParts {
        asked: asked.as_deref(),
        note,
        made,
        looked_up: from.is_some_and(|from| is_of_lookup(from, context.held)),
        narrow,
    };
    of_table(table, title, origin, &parts, context)
}

/// Whether a result was looked up, or worked out from one that was.
fn is_of_lookup(handle: Handle, held: &HeldResults) -> bool {
    let mut next = held.get(handle);
    while let Some(result) = next {
        if result.origin.lookup().is_some() {
            return true;
        }
        next = result.origin.made_from().first().and_then(|from| held.get(*from));
    }
    false
}

/// What a query was asked for: `in_words`, with the values that hold where a card's parameters were left out. They are called
/// defaults where it is known which parameters were `given`: the arguments leave out a value that is the default anyway.
fn asked(
    entry: Option<&Entry>,
    arguments: &Value,
    in_words: Option<String>,
    given: Option<&[CardArgument]>,
) -> Option<String> {
    let mut parts: Vec<String> = in_words.into_iter().collect();
    if let Some(Entry::Card(card)) = entry {
        let left_out = card.parameters.iter().filter(|parameter| {
            let written = arguments["parameters"].get(&parameter.slug);
            written.is_none()
        });
        parts.extend(left_out.filter_map(|parameter| {
            let default = value_words(parameter.default.as_ref()?);
            let by_itself = given.is_some_and(|given| {
                let mut given = given.iter();
                given.all(|argument| argument.parameter.slug != parameter.slug)
            });
            let mark = if by_itself { " (default)" } else { "" };
            Some(format!("{} {default}{mark}", parameter.slug))
        }));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What stands above a table besides its title.
#[derive(Default)]
struct HeadingParts<'a> {
    asked: Option<&'a str>,
    note: Option<&'a str>,
    made: Option<DerivedHeading>,
    looked_up: bool,
    narrow: &'a str,
}

/// Shapes a result of any origin.
fn of_table(
    table: &ResultTable,
    title: String,
    origin: ResultOrigin,
    parts: &HeadingParts<'_>,
    context: &RunContext<'_>,
) -> ToolOutput {
    let heading = ResultHeading {
        handle: context.handle,
        title: &title,
        asked: parts.asked,
        note: parts.note,
        made: parts.made,
        looked_up: parts.looked_up,
        narrow: parts.narrow.trim_end(),
    };
    let shaped = shape(table, &heading, context.limits);
    let shown = ModelView {
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
        brought: Some(NewResult {
            handle: context.handle,
            title,
            origin,
            shown,
            table: PackedTable::of(table),
            totals: shaped.totals,
        }),
        served_by: None,
    }
}
