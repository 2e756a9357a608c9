//! Writes a result down: the figures, what they are of, where they are from, and that no language model was used.

use super::figure::{in_period, number, percent, shown};
use super::lexicon;
use super::profile::Computes;
use super::proposal::{Proposal, RowSelection};
use crate::references::as_set_up;
use crate::result::{Amount, Cell, Column, ColumnKind, ColumnSummary, Extent, ResultTable, totals};
use crate::text::defuse as clean;

/// Most rows written down.
const MAX_ROWS: usize = 60;
/// Longest name shown.
const NAME_CHARS: usize = 120;
/// Said in every answer.
pub(super) const NO_MODEL: &str = "No language model was used: the catalog was searched by keywords.";

/// The answer a result comes to.
pub(super) fn write(proposal: &Proposal, computes: Computes, table: &ResultTable) -> String {
    let name = clean(&proposal.name, NAME_CHARS);
    let rows = kept(&proposal.keep, table);
    let mut lines = vec![headline(proposal, &name, table, &rows)];
    if rows.len() > 1 {
        lines.extend(
            rows.iter()
                .take(MAX_ROWS)
                .map(|row| format!("- {}", row_text(proposal, table, row))),
        );
        if rows.len() > MAX_ROWS {
            lines.push(String::new());
            lines.push(format!("({MAX_ROWS} of {} rows shown)", rows.len()));
        }
        if let Some(total) = total(proposal, computes, table, rows.len()) {
            // Apart from the list: in Markdown a line right behind it belongs to its last item.
            lines.push(String::new());
            lines.push(format!("Total: {total}"));
        }
    }
    lines.push(String::new());
    lines.push(source(proposal, &name, table.extent));
    lines.push(NO_MODEL.to_owned());
    lines.join("\n")
}

/// The first line: the figure itself when there is but one row.
fn headline(proposal: &Proposal, name: &str, table: &ResultTable, rows: &[&Vec<Cell>]) -> String {
    let said = match proposal.said.as_slice() {
        [] => String::new(),
        said => format!(
            " ({})",
            said.iter()
                .map(|text| clean(text, NAME_CHARS))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    match rows {
        [] => format!("{name}{said}: there is no data."),
        [row] => {
            let rank = proposal
                .keep
                .top
                .map(|top| if top.greatest { "most" } else { "least" });
            match rank.filter(|_| table.rows.len() > 1 || row.len() > 1) {
                Some(rank) => format!("{name}{said}, {rank}: {}.", row_text(proposal, table, row)),
                None => format!("{name}{said}: {}.", row_text(proposal, table, row)),
            }
        }
        _ => format!("{name}{said}:"),
    }
}

/// `2025-01: 123.45`, or with labels where a row has several figures.
fn row_text(proposal: &Proposal, table: &ResultTable, row: &[Cell]) -> String {
    let figures = figures(proposal, table);
    let pairs = || table.columns.iter().zip(row).enumerate();
    let keys: Vec<String> = pairs()
        .filter(|(at, _)| !figures.contains(at))
        .map(|(_, (column, cell))| shown(cell, column))
        .collect();
    let several = figures.len() > 1;
    let values: Vec<String> = pairs()
        .filter(|(at, _)| figures.contains(at))
        .map(|(_, (column, cell))| {
            let mut text = shown(cell, column);
            let named = format!("{} {}", column.name, proposal.name).to_lowercase();
            if lexicon::SHARE.iter().any(|word| named.contains(word))
                && !text.contains('%')
                && let Some(percent) = percent(cell)
            {
                text = format!("{text} ({percent})");
            }
            if several {
                format!("{} {text}", clean(&column.label, NAME_CHARS))
            } else {
                text
            }
        })
        .collect();
    match (keys.is_empty(), values.is_empty()) {
        (true, _) => values.join(", "),
        (false, true) => keys.join(", "),
        (false, false) => format!("{}: {}", keys.join(", "), values.join(", ")),
    }
}

/// Positions of the columns that are figures and not what they are for: the last of a metric, the numeric ones of a
/// card.
fn figures(proposal: &Proposal, table: &ResultTable) -> Vec<usize> {
    if proposal.kind != "card" {
        return table.columns.len().checked_sub(1).into_iter().collect();
    }
    let counts = |column: &Column| {
        matches!(column.kind, ColumnKind::Integer | ColumnKind::Number)
            && column.unit.is_none()
            && !column.name.to_lowercase().ends_with("id")
            && !matches!(column.name.to_lowercase().as_str(), "year" | "month" | "rank")
    };
    (0..)
        .zip(&table.columns)
        .filter(|(_, column)| counts(column))
        .map(|(at, _)| at)
        .collect()
}

/// The rows the question asks for, of those that came.
fn kept<'a>(keep: &RowSelection, table: &'a ResultTable) -> Vec<&'a Vec<Cell>> {
    let place = |name: &str| table.columns.iter().position(|column| column.name == name);
    let mut rows: Vec<&Vec<Cell>> = table.rows.iter().collect();
    if let Some((column, period)) = &keep.period
        && let Some(at) = place(column)
    {
        rows.retain(|row| row.get(at).is_some_and(|cell| in_period(cell, *period)));
    }
    if let Some(top) = keep.top {
        let wanted = keep.wanted.iter().find_map(|name| place(name));
        let numeric = |column: &Column| matches!(column.kind, ColumnKind::Integer | ColumnKind::Number);
        let by = wanted.or_else(|| table.columns.iter().rposition(numeric));
        if let Some(at) = by {
            let value = |row: &[Cell]| row.get(at).and_then(number);
            rows.sort_by(|a, b| match (value(a), value(b)) {
                (Some(a), Some(b)) if top.greatest => b.total_cmp(&a),
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            });
        }
        rows.truncate(usize::try_from(top.count).unwrap_or(usize::MAX));
    }
    rows
}

/// The sum over all rows, where a sum means something.
fn total(proposal: &Proposal, computes: Computes, table: &ResultTable, rows: usize) -> Option<String> {
    let adds_up = matches!(computes, Computes::Sum | Computes::Pieces | Computes::Count)
        && proposal.kind != "card"
        && !proposal.name.to_lowercase().contains("recurring")
        && table.extent == Extent::Complete
        && rows == table.rows.len()
        && proposal.keep.top.is_none();
    let last = table.columns.last()?;
    let summary = totals(table)
        .pop()
        .filter(|total| adds_up && total.column == last.name)?
        .summary;
    match summary {
        ColumnSummary::Numbers {
            sum: Some(Amount::Exact(sum)),
            unreadable: 0,
            ..
        } => Some(as_set_up(sum, last).map_or_else(
            || sum.round_dp(2).normalize().to_string(),
            |text| clean(&text, NAME_CHARS),
        )),
        _ => None,
    }
}

fn source(proposal: &Proposal, name: &str, extent: Extent) -> String {
    let mut text = format!("Source: {} \"{name}\".", proposal.kind);
    if !proposal.built_in.is_empty() {
        let filters: Vec<String> = proposal
            .built_in
            .iter()
            .map(|filter| clean(filter, NAME_CHARS))
            .collect();
        text = format!("{text} Built into it: {}.", filters.join(", "));
    }
    if extent.is_cut() {
        text.push_str(" These may not be all rows there are.");
    }
    text
}
