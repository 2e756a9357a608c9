use std::time::Duration;

use super::CatalogAccess;
use crate::agent::EvidenceHealth;
use crate::catalog::{Catalog, Entry, find};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::{answer, render, term};
use crate::dbt::{DataHealth, entry_health};
use crate::prompt::entry_text;

/// Longest wait for the health of an entry.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prints what a person means by `wanted`, as the model sees it; several entries when the name is used twice.
pub(super) async fn run(
    opened: &CatalogAccess,
    catalog: &Catalog,
    wanted: &str,
    json: bool,
) -> Result<ExitStatus, CliError> {
    let entries = find(catalog, wanted)?;
    if json {
        answer::json(&entries).map_err(CliError::Output)?;
        return Ok(ExitStatus::Done);
    }
    for (index, entry) in entries.into_iter().enumerate() {
        if index > 0 {
            term::out_line("").map_err(CliError::Output)?;
        }
        let text = term::plain(entry_text(entry)?.trim_end());
        let text = match term::text_width() {
            Some(width) => text
                .lines()
                .map(|line| fitted(line, width))
                .collect::<Vec<_>>()
                .join("\n"),
            None => text,
        };
        term::out_line(text).map_err(CliError::Output)?;
        if let Some(line) = health(opened, entry).await {
            let line = render::wrapped(&line, term::text_width(), "    ");
            term::out_line(line).map_err(CliError::Output)?;
        }
    }
    Ok(ExitStatus::Done)
}

/// Whether the data of an entry can be believed, where dbt knows. It is not part of what the model sees.
async fn health(opened: &CatalogAccess, entry: &Entry) -> Option<String> {
    let dbt = opened.dbt.as_ref().filter(|dbt| dbt.offers().nodes)?;
    let look = entry_health(dbt, opened.client(), entry);
    let report = match tokio::time::timeout(PATIENCE, look).await {
        Ok(Ok(report)) => report,
        Ok(Err(error)) => {
            return Some(format!(
                "  data health: not known ({})",
                term::line(&error.to_string())
            ));
        }
        Err(_) => return Some("  data health: not known, dbt did not answer in time".to_owned()),
    };
    let (style, word) = match report.health {
        DataHealth::Healthy => (term::GOOD, "healthy"),
        DataHealth::Questionable => (term::WARN, "questionable"),
        DataHealth::Unhealthy => (term::BAD, "unhealthy"),
    };
    let detail = EvidenceHealth::of(&report).detail;
    Some(format!(
        "  data health: {style}{word}{style:#}; {}",
        term::line(&detail)
    ))
}

/// Parts of an entry that are lists.
const LISTS: [&str; 5] = ["columns", "dimensions", "measures", "parameters", "segments"];

/// A line within `width` characters. A long list has a line for each of its items.
fn fitted(line: &str, width: usize) -> String {
    let deep = line.len() - line.trim_start().len();
    let indent = " ".repeat(deep + 4);
    let long = line.chars().count() > width;
    match line.split_once(": ") {
        Some((name, items)) if long && LISTS.contains(&name.trim()) => {
            let items = items_of(items).into_iter().map(|item| {
                let item = format!("{}{item}", " ".repeat(deep + 2));
                render::wrapped(&item, Some(width), &indent)
            });
            let lines = std::iter::once(format!("{name}:")).chain(items);
            lines.collect::<Vec<_>>().join("\n")
        }
        _ => render::wrapped(line, Some(width), &indent),
    }
}

/// The items of a list; a `;` within brackets is part of an item.
fn items_of(list: &str) -> Vec<String> {
    let mut items: Vec<String> = vec![String::new()];
    let mut depth = 0usize;
    for c in list.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => {
                items.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(item) = items.last_mut()
            && !(item.is_empty() && c == ' ')
        {
            item.push(c);
        }
    }
    items
}
