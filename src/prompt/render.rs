use std::sync::Arc;

use serde::Serialize;

use super::entry::{Detail, EntryView};
use super::map::map_lines;
use super::sharing::SharedLines;
use super::templates::{self, Templates};
use crate::catalog::{Catalog, CatalogNotes, Entry, EntryNotes};
use crate::model::ToolSpec;
use crate::text::{clean_line, defuse};

/// Bytes the entries may take in the prompt. Above it they are shown in a shorter form, and the model asks for the rest
/// with `describe`; when not even their names fit, the prompt has a map, and the model finds entries with
/// `search_catalog`.
pub const CATALOG_BUDGET_BYTES: usize = 60_000;

/// Bytes that the glossary and the descriptions of databases and collections may take.
const NOTES_BUDGET_BYTES: usize = 8_000;
/// Longest meaning of a word or description of a database or collection, in characters.
const NOTE_CHARS: usize = 300;
/// Longest word, or name of a database or collection, in characters.
const NAME_CHARS: usize = 160;

/// Tools that find in dbt what is no entry of the catalog.
const DBT_LOOKUPS: [&str; 2] = ["data_health", "dbt_lookup"];

/// The cached prefix: tools, system core, catalog. A function of templates, catalog and tool schemas, and of
/// whether the model may point at figures.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The system prompt, catalog included.
    pub system: Arc<str>,
    pub tools: Arc<[ToolSpec]>,
    /// Length of the system prompt and of the tools' names, descriptions and schemas.
    pub bytes: u64,
    /// Hash of the whole prefix (hex).
    pub hash: String,
    /// Hash of each segment, in order: `tools`, `core`, `catalog`.
    pub segments: Vec<(&'static str, String)>,
}

/// Why a prompt could not be rendered: a template does not fit its values.
#[derive(Debug, thiserror::Error)]
#[error("failed to render the prompt template {template}: {reason}")]
pub struct PromptError {
    pub template: &'static str,
    pub reason: String,
}

impl Prompt {
    /// Renders the prefix, for a model that may point at figures.
    pub fn render(catalog: &Catalog, tools: Arc<[ToolSpec]>) -> Result<Self, PromptError> {
        Self::render_for(catalog, tools, true)
    }

    /// Renders the prefix. Without `references`, the model is told to write all figures itself.
    pub fn render_for(
        catalog: &Catalog,
        tools: Arc<[ToolSpec]>,
        references: bool,
    ) -> Result<Self, PromptError> {
        let tool_bytes = serde_json::to_string(&tools).map_err(|error| PromptError {
            template: "tools",
            reason: error.to_string(),
        })?;
        let templates = Templates::get()?;
        let core = templates.render(templates::CORE, &CoreValues::new(catalog, references))?;
        let entries = catalog_text(templates, catalog, &tools)?;
        let segments = vec![
            ("tools", hash(&tool_bytes)),
            ("core", hash(&core)),
            ("catalog", hash(&entries)),
        ];
        let all: Vec<&str> = segments.iter().map(|(_, hash)| hash.as_str()).collect();
        let system: Arc<str> = Arc::from(format!("{core}\n{entries}"));
        let tool_text = tools
            .iter()
            .map(|tool| tool.name.len() + tool.description.len() + tool.schema.written().get().len());
        Ok(Self {
            bytes: (system.len() + tool_text.sum::<usize>()) as u64,
            hash: hash(&all.join("\n")),
            system,
            tools,
            segments,
        })
    }
}

/// The whole text of one entry, as the prompt shows it when the catalog is small: for `describe`. Every line is the
/// curator's or the server's word and has been made safe to show.
pub fn entry_text(entry: &Entry) -> Result<String, PromptError> {
    let text = Templates::get()?.render(templates::ENTRY, &EntryView::new(entry, None, Detail::Full))?;
    Ok(text.trim_end().to_owned())
}

/// What the core template may ask about.
#[derive(Serialize)]
struct CoreValues {
    has_tables: bool,
    references: bool,
}

impl CoreValues {
    fn new(catalog: &Catalog, references: bool) -> Self {
        Self {
            references,
            has_tables: catalog
                .entries()
                .iter()
                .any(|entry| matches!(entry, Entry::Table(_))),
        }
    }
}

#[derive(Serialize)]
struct CatalogValues {
    count: usize,
    form: &'static str,
    /// The tools that look into dbt; empty where there are none.
    dbt_tools: String,
    /// Words of the business and what databases and collections hold, one a line.
    words: Vec<String>,
    entries: Vec<String>,
}

/// The names of the tools that find in dbt what is no entry.
fn dbt_tools(tools: &[ToolSpec]) -> String {
    let names = tools.iter().map(|tool| tool.name.as_str());
    let names = names.filter(|name| DBT_LOOKUPS.contains(name));
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The fenced catalog in the fullest form that fits the budget.
fn catalog_text(templates: &Templates, catalog: &Catalog, tools: &[ToolSpec]) -> Result<String, PromptError> {
    let (entries, form) = match fullest(templates, catalog)? {
        Some(fitting) => fitting,
        None => (map_lines(templates, catalog)?, "map"),
    };
    templates.render(
        templates::CATALOG,
        &CatalogValues {
            count: catalog.entries().len(),
            dbt_tools: dbt_tools(tools),
            form,
            words: words(catalog.notes()),
            entries,
        },
    )
}

/// Whether the catalog is so large that the prompt shows a map of it instead of its entries.
pub(crate) fn shows_map(catalog: &Catalog) -> Result<bool, PromptError> {
    /// No character takes more bytes where it is shown, and nothing else on a line takes more than this.
    const MOST_BYTES: usize = 8;
    const AROUND_NAME: usize = 40;
    let names = catalog.entries().iter().map(|entry| entry.name().len());
    let most: usize = names.map(|name| name * MOST_BYTES + AROUND_NAME).sum();
    if most <= CATALOG_BUDGET_BYTES {
        return Ok(false);
    }
    Ok(shown_in(Templates::get()?, catalog, Detail::Names)?.is_none())
}

/// All entries in the fullest form in which they fit, if there is one.
fn fullest(
    templates: &Templates,
    catalog: &Catalog,
) -> Result<Option<(Vec<String>, &'static str)>, PromptError> {
    for (detail, form) in [
        (Detail::Full, "full"),
        (Detail::Short, "short"),
        (Detail::Names, "names"),
    ] {
        if let Some(entries) = shown_in(templates, catalog, detail)? {
            return Ok(Some((entries, form)));
        }
    }
    Ok(None)
}

/// All entries in this detail, if they fit. No more of them is rendered than it takes to see that they do not.
fn shown_in(
    templates: &Templates,
    catalog: &Catalog,
    detail: Detail,
) -> Result<Option<Vec<String>>, PromptError> {
    let outermost = outermost(catalog);
    let mut said = SharedLines::default();
    let (mut shown, mut bytes) = (Vec::new(), 0usize);
    for entry in catalog.entries() {
        let notes = catalog.notes().of(entry.kind(), entry.id());
        let mut view = EntryView::new(entry, notes, detail);
        view.leave_out(outermost.unwrap_or_default());
        view.share(&mut said);
        let text = templates.render(templates::ENTRY, &view)?;
        bytes += text.len();
        if bytes > CATALOG_BUDGET_BYTES {
            return Ok(None);
        }
        shown.push(text);
    }
    Ok(Some(shown))
}

/// The short text of an entry and where it is, as a list of what was found shows it. Every line is the curator's or the
/// server's word and has been made safe to show.
pub(crate) fn entry_summary(entry: &Entry, notes: Option<&EntryNotes>) -> Result<String, PromptError> {
    let mut view = EntryView::new(entry, notes, Detail::Short);
    view.place(entry);
    let text = Templates::get()?.render(templates::ENTRY, &view)?;
    Ok(text.trim_end().to_owned())
}

/// The glossary and what databases and collections hold, a line each. Every line is the curator's or the server's word and has
/// been made safe to show.
pub(crate) fn notes_lines(notes: &CatalogNotes) -> impl Iterator<Item = String> {
    let line = |kind: &str, name: &str, text: &str| {
        format!(
            "{kind} \"{}\": {}",
            clean_line(name, NAME_CHARS),
            defuse(text, NOTE_CHARS)
        )
    };
    let lines = [
        ("word", &notes.glossary),
        ("database", &notes.databases),
        ("collection", &notes.collections),
    ];
    let lines = lines
        .into_iter()
        .flat_map(|(kind, notes)| notes.iter().map(move |(name, text)| (kind, name, text)));
    lines.map(move |(kind, name, text)| line(kind, name, text))
}

/// The same in whole lines up to their budget.
fn words(notes: &CatalogNotes) -> Vec<String> {
    let mut used = 0usize;
    let mut lines: Vec<String> = Vec::new();
    let all = notes.glossary.len() + notes.databases.len() + notes.collections.len();
    for line in notes_lines(notes) {
        used += line.len() + 1;
        if used > NOTES_BUDGET_BYTES {
            lines.push(format!("({} more left out)", all - lines.len()));
            break;
        }
        lines.push(line);
    }
    lines
}

/// The collection that all cards and metrics are in, if there is one: it tells none apart.
fn outermost(catalog: &Catalog) -> Option<&str> {
    let mut outermost = catalog
        .entries()
        .iter()
        .filter(|entry| !matches!(entry, Entry::Table(_)))
        .map(|entry| entry.collection().first().map(String::as_str));
    let first = outermost.next()??;
    outermost.all(|other| other == Some(first)).then_some(first)
}

fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}
