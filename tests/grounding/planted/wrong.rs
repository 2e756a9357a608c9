//! Wrong figures, planted by rule into right answers.

use fastrand::Rng;

use super::write::{Fact, Slot, Statement};

/// How a figure is made wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// The row beside.
    OffByOneRow,
    /// Another row of a table of times.
    WrongMonth,
    /// Another column of the same row.
    SwappedColumns,
    /// One unit of the last digit beside.
    WrongRounding,
    /// Made up, of the right size and with as many digits.
    Invented,
    /// From the result of an earlier question.
    Stale,
}

pub const ALL: [Wrong; 6] = [
    Wrong::OffByOneRow,
    Wrong::WrongMonth,
    Wrong::SwappedColumns,
    Wrong::WrongRounding,
    Wrong::Invented,
    Wrong::Stale,
];

/// The same statement with one figure made wrong, with what is written there; `None` where the rule does not apply.
pub fn planted(
    statement: &Statement,
    fact: &Fact,
    earlier: Option<&Fact>,
    wrong: Wrong,
    rng: &mut Rng,
) -> Option<(String, String)> {
    let slots = statement.slots();
    let able: Vec<usize> = (0..slots.len())
        .filter(|at| applies(slots[*at], fact, earlier, wrong))
        .collect();
    let at = *able.get(rng.usize(..able.len().max(1)))?;
    let slot = slots[at];
    let right = slot.form.write(slot.value);
    let stated: Vec<String> = slots.iter().map(|slot| slot.form.write(slot.value)).collect();
    (0..20).find_map(|_| {
        let value = value(slot, fact, earlier, wrong, rng);
        let written = slot.form.write(value);
        let apart = (value - slot.value).abs() > 0.6 * slot.form.unit();
        (apart && written != right && !stated.contains(&written))
            .then(|| (statement.with(at, &written), written))
    })
}

fn applies(slot: &Slot, fact: &Fact, earlier: Option<&Fact>, wrong: Wrong) -> bool {
    match wrong {
        Wrong::Invented | Wrong::WrongRounding => true,
        Wrong::OffByOneRow => slot.cell.is_some() && fact.table.rows.len() > 1,
        Wrong::WrongMonth => {
            slot.cell.is_some() && fact.table.rows.len() > 2 && fact.key().is_some() && fact.is_time()
        }
        Wrong::SwappedColumns => slot.cell.is_some() && fact.numeric().len() > 1,
        Wrong::Stale => slot
            .cell
            .is_some_and(|(row, _)| earlier.is_some_and(|earlier| row < earlier.table.rows.len())),
    }
}

fn value(slot: &Slot, fact: &Fact, earlier: Option<&Fact>, wrong: Wrong, rng: &mut Rng) -> f64 {
    let rows = fact.table.rows.len();
    let (row, column) = slot.cell.unwrap_or((0, 0));
    match wrong {
        Wrong::OffByOneRow if row + 1 < rows && (row == 0 || rng.bool()) => fact.number(row + 1, column),
        Wrong::OffByOneRow => fact.number(row - 1, column),
        Wrong::WrongMonth => fact.number(rng.usize(..rows), column),
        Wrong::SwappedColumns => {
            let others: Vec<usize> = fact
                .numeric()
                .into_iter()
                .filter(|other| *other != column)
                .collect();
            fact.number(row, others[rng.usize(..others.len())])
        }
        Wrong::WrongRounding => {
            let unit = slot.form.unit();
            (slot.value / unit).round() * unit + if rng.bool() { unit } else { -unit }
        }
        Wrong::Invented => slot.value * (0.55 + rng.f64() * 0.9),
        Wrong::Stale => earlier.unwrap().number(row, column),
    }
}
