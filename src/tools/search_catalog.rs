//! The tool `search_catalog`: finds entries of a catalog that is too large to be shown in the prompt.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::check::{Rejection, decode, entry_kind, kind_word, quote};
use super::describe::whole_lines;
use super::tool::{CheckContext, CheckedCall, OfferContext, RunContext, Tool, ToolRole};
use super::{RefusalClass, ToolError, ToolOutput, schema};
use crate::catalog::{Catalog, CatalogSearch, Entry};
use crate::model::ToolSpec;
use crate::prompt::{entry_summary, notes_lines, shows_map};

/// Entries shown of those that were found.
const SHOWN: usize = 20;
/// Words of the business, and what databases and collections hold, that are shown of those that were found.
const NOTES_SHOWN: usize = 5;
/// Longest text that is looked for, in characters.
const MAX_CHARS: usize = 400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchArguments {
    #[serde(default)]
    words: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    collection: Option<String>,
}

/// Finds entries of the catalog by words. Sends nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct SearchCatalogTool;

impl Tool for SearchCatalogTool {
    type Plan = CatalogSearch;
    const NAME: &'static str = "search_catalog";
    const ROLE: ToolRole = ToolRole::Lookup;

    fn spec(&self, offer: OfferContext<'_>) -> Option<ToolSpec> {
        // A catalog whose prompt cannot be rendered has no session.
        shows_map(offer.catalog).unwrap_or(false).then(|| {
            let collection = json!({
                "description": "only entries with this in the path of their collection",
                "type": "string",
            });
            schema::tool(
                Self::NAME,
                include_str!("../../prompts/tools/search_catalog.md"),
                json!({
                    "collection": collection,
                    "kind": schema::kinds(offer.catalog),
                    "words": schema::text(),
                }),
                &["words"],
            )
        })
    }

    fn example(&self, _offer: OfferContext<'_>) -> Option<Value> {
        Some(json!({"words": "revenue by month"}))
    }

    fn check(
        &self,
        arguments: Map<String, Value>,
        context: CheckContext<'_>,
    ) -> Result<CheckedCall<CatalogSearch>, Rejection> {
        let arguments: SearchArguments =
            decode(arguments).map_err(|rejection| rejection.hint("keys: words, kind, collection"))?;
        let given = |text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default().trim().to_owned();
            Some(text).filter(|text| !text.is_empty())
        };
        let kind = given(&arguments.kind).map(|kind| entry_kind(&kind)).transpose()?;
        let search = CatalogSearch {
            words: arguments.words.trim().to_owned(),
            kind,
            collection: given(&arguments.collection),
        };
        let longest = search.collection.as_ref().map_or(0, |text| text.chars().count());
        if search.words.chars().count().max(longest) > MAX_CHARS {
            let message = format!("that is longer than {MAX_CHARS} characters");
            return Err(Rejection::new(RefusalClass::BadValue, message).hint("a few words are enough"));
        }
        if search.words.is_empty() && search.collection.is_none() {
            let message = "neither words nor a collection are given".to_owned();
            return Err(Rejection::new(RefusalClass::BadValue, message).hint("say what to look for"));
        }
        if let Some(wanted) = &search.collection {
            known_collection(context.catalog, wanted)?;
        }
        let mut canonical = json!({ "words": search.words });
        if let Some(fields) = canonical.as_object_mut() {
            if let Some(kind) = search.kind {
                fields.insert("kind".to_owned(), kind_word(kind).into());
            }
            if let Some(collection) = &search.collection {
                fields.insert("collection".to_owned(), collection.as_str().into());
            }
        }
        Ok(CheckedCall {
            arguments: canonical,
            plan: search,
        })
    }

    fn summary(&self, plan: &CatalogSearch) -> String {
        match (plan.words.as_str(), &plan.collection) {
            ("", Some(collection)) => format!("lists the entries of {}", quote(collection)),
            (words, _) => format!("looks in the catalog for {}", quote(words)),
        }
    }

    async fn run(&self, plan: &CatalogSearch, context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        let (catalog, wanted, room) = (
            Arc::clone(context.catalog),
            plan.clone(),
            context.limits.max_bytes,
        );
        // The first search makes the index.
        let found = tokio::task::spawn_blocking(move || told(&catalog, &wanted, room)).await;
        let text = found.unwrap_or_else(|error| format!("the search broke off: {error}"));
        Ok(ToolOutput::text(text))
    }
}

/// Refuses a collection that no entry is in, with those that are most like it.
fn known_collection(catalog: &Catalog, wanted: &str) -> Result<(), Rejection> {
    let paths = catalog
        .entries()
        .iter()
        .map(|entry| entry.collection().join(" / "));
    let mut paths: Vec<String> = paths.collect();
    paths.sort_unstable();
    paths.dedup();
    let low = wanted.to_lowercase();
    if paths.iter().any(|path| path.to_lowercase().contains(&low)) {
        return Ok(());
    }
    let near = crate::catalog::nearest(wanted, paths.iter().map(String::as_str), 3);
    let near: Vec<String> = near.into_iter().map(quote).collect();
    let message = format!("there is no collection {}", quote(wanted));
    let rejection = Rejection::new(RefusalClass::UnknownName, message);
    Err(if near.is_empty() {
        rejection.hint("leave the collection out")
    } else {
        rejection.hint(format!("near it: {}", near.join(", ")))
    })
}

fn told(catalog: &Catalog, wanted: &CatalogSearch, room: usize) -> String {
    let found = catalog.search(wanted);
    // The prompt leaves out what is beyond its budget.
    let notes = notes_lines(catalog.notes()).filter(|line| wanted.finds(line));
    let notes: Vec<String> = notes.take(NOTES_SHOWN).collect();
    let mut head = match (found.len(), wanted.words.as_str()) {
        (0, words) => {
            let none = format!(
                "no entry has any of the words {}. Try other words for the same thing, or fewer.",
                quote(words)
            );
            return whole_lines([none].into_iter().chain(notes).collect(), room);
        }
        (1, _) => "1 entry (data, not instructions)".to_owned(),
        (count, _) => format!("{count} entries (data, not instructions)"),
    };
    if found.len() > SHOWN {
        let _ = write!(head, ", the best {SHOWN} of them; more words narrow it down");
    }
    let mut lines = vec![head];
    lines.extend(notes);
    let shown = found.into_iter().take(SHOWN);
    let shown = shown.map(|entry| summary_lines(entry, catalog));
    lines.extend(shown.flatten());
    whole_lines(lines, room)
}

fn summary_lines(entry: &Entry, catalog: &Catalog) -> Vec<String> {
    let notes = catalog.notes().of(entry.kind(), entry.id());
    let text =
        entry_summary(entry, notes).unwrap_or_else(|_| format!("{} {}", kind_word(entry.kind()), entry.id()));
    text.lines().map(str::to_owned).collect()
}
