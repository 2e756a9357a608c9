//! Right answers in many styles, and the same answers with one thing exchanged: prose, lists, tables, comparisons, shares,
//! changes, ranks, dates, English and some German, over real rows of public databases and over tables made for it.
//!
//! It was written before the matcher was changed, and without sight of its code. The changes were made with the half
//! `work`; `held` tells what they are worth on answers that they were not made with. At first look, before any change,
//! 90.7 % of the exchanged rows, columns, headers and counts of `work` were caught and 89.0 % of those of `held`; 5.9 % and
//! 4.9 % of the right figures were flagged. After the work on `work` alone it was 95.5 % and 4.4 % of `held`; then that half was
//! mended too, so a new set is needed to measure with. `reached_*.txt` holds what is
//! caught and flagged of each kind; `UPDATE_GROUNDING=1 cargo test --test main grounding::mixed` stores a better table.

use std::collections::BTreeMap;
use std::path::Path;

use super::unseen::measure::measured;

/// Of each kind and column: the first and the second number of its cell.
fn cells(table: &str) -> BTreeMap<(String, usize), (u32, u32)> {
    let mut lines = table.lines();
    let width = 34;
    let headings = lines.next().map_or(0, |head| (head.len() - width) / 10);
    let rows = lines.filter(|line| line.contains('/'));
    let mut cells = BTreeMap::new();
    for row in rows {
        let (kind, counts) = row.split_at(width);
        for column in 0..headings {
            let from = column * 10;
            let to = if column + 1 == headings {
                counts.len()
            } else {
                from + 10
            };
            if let Some((one, two)) = counts[from..to].trim().split_once('/') {
                let count = (one.parse().unwrap(), two.parse().unwrap());
                cells.insert((kind.trim().to_owned(), column), count);
            }
        }
    }
    cells
}

/// Fails where a kind got worse than the stored table, and where it got better and was not stored.
fn hold(half: &str, (results, answers): (&str, &str), stored: &str) {
    let (table, notes) = measured(results, answers);
    eprintln!("{half}\n{table}");
    if std::env::var_os("UNSEEN_NOTES").is_some() {
        eprintln!("{notes}");
    }
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/grounding/mixed/reached_{half}.txt"));
    let now = cells(&table);
    let flagged = now.keys().map(|(_, column)| *column).max().unwrap();
    let worse: Vec<String> = cells(stored)
        .into_iter()
        .filter_map(|(cell, (reached, of))| {
            let (count, all) = *now.get(&cell)?;
            let worse = if cell.1 == flagged {
                count > reached
            } else {
                count < reached
            };
            (worse && all == of)
                .then(|| format!("{} column {}: {count} of {all}, {reached} before", cell.0, cell.1))
        })
        .collect();
    if std::env::var_os("UPDATE_GROUNDING").is_some() {
        std::fs::write(&path, &table).unwrap();
        return;
    }
    assert!(worse.is_empty(), "{worse:#?}\n{notes}");
    assert!(
        table == stored,
        "{half} is another table than the stored one: store it with UPDATE_GROUNDING=1"
    );
}

#[test]
fn the_half_to_work_with() {
    hold(
        "work",
        (include_str!("results.json"), include_str!("answers_work.txt")),
        include_str!("reached_work.txt"),
    );
}

#[test]
fn the_half_that_was_held_back() {
    hold(
        "held",
        (include_str!("results.json"), include_str!("answers_held.txt")),
        include_str!("reached_held.txt"),
    );
}

/// Written when the work was done, over other tables, but with sight of the code. At first look 99.5 % of the exchanges were
/// caught and 2.3 % of the right figures were flagged; one of these was mended.
#[test]
fn what_was_written_after_the_work() {
    hold(
        "later",
        (
            include_str!("results_later.json"),
            include_str!("answers_later.txt"),
        ),
        include_str!("reached_later.txt"),
    );
}
