use crate::catalog::{Catalog, find};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::{answer, render, term};
use crate::prompt::entry_text;

/// Prints what a person means by `wanted`, as the model sees it; several entries when the name is used twice.
pub(super) fn run(catalog: &Catalog, wanted: &str, json: bool) -> Result<ExitStatus, CliError> {
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
    }
    Ok(ExitStatus::Done)
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
