//! Whether two lists of rows are the same.

use std::collections::BTreeMap;

use super::cell::CellKey;
use super::column::ColumnPair;

/// Rows up to this many of one group are paired one by one where sorting does not settle it.
const MOST_PAIRED: usize = 2_000;

/// Whether the rows that the pairs of columns make are the same, as a multiset or, but for ties, as a list.
pub(super) fn same(pairs: &[&ColumnPair], ordered: bool) -> bool {
    let count = pairs.first().map_or(0, |pair| pair.gold.len());
    let even = pairs
        .iter()
        .all(|pair| pair.gold.len() == count && pair.found.len() == count);
    if !even {
        return false;
    }
    let equal = |gold: usize, found: usize| pairs.iter().all(|pair| pair.same(gold, found));
    if ordered && (0..count).all(|row| equal(row, row)) {
        return true;
    }
    if ordered && !ties_apart(pairs, count) {
        return false;
    }
    let gold = groups(pairs, count, |pair| &pair.gold);
    let found = groups(pairs, count, |pair| &pair.found);
    gold.len() == found.len()
        && gold
            .into_iter()
            .zip(found)
            .all(|((gold_key, gold), (found_key, found))| {
                gold_key == found_key && paired(gold, found, pairs, &equal)
            })
}

/// Whether the found rows are in the order of what the gold is sorted by, so that only rows which tie in it may have
/// changed places. Times say more than figures, and figures more than names, which may rise by chance. A gold that is not
/// sorted by any of its columns has one order only.
fn ties_apart(pairs: &[&ColumnPair], count: usize) -> bool {
    let sorting: Vec<&&ColumnPair> = pairs.iter().filter(|pair| sorted(&pair.gold)).collect();
    let of = |kind: fn(&CellKey) -> bool| {
        let kept: Vec<&&&ColumnPair> = sorting.iter().filter(|pair| pair.gold.iter().any(kind)).collect();
        let in_place = |pair: &&&&ColumnPair| (0..count).all(|row| pair.same(row, row));
        (!kept.is_empty()).then(|| kept.iter().any(in_place))
    };
    of(|key| matches!(key, CellKey::Moment(_)))
        .or_else(|| of(|key| matches!(key, CellKey::Number(_))))
        .or_else(|| of(|_| true))
        .unwrap_or(false)
}

/// Whether a column rises or falls, and is not all the same. Nulls may stand at either end.
fn sorted(column: &[CellKey]) -> bool {
    let known: Vec<&CellKey> = column.iter().filter(|key| **key != CellKey::Null).collect();
    let changes = known.first() != known.last();
    let at_one_end = |null: fn(&CellKey) -> bool| {
        let inner = column.iter().skip_while(|key| null(key));
        let after = inner.skip_while(|key| !null(key));
        after.clone().all(null)
            && (column.iter().take_while(|key| null(key)).count() == 0 || after.count() == 0)
    };
    changes
        && at_one_end(|key| *key == CellKey::Null)
        && (known.is_sorted() || known.is_sorted_by(|earlier, later| earlier >= later))
}

type ExactRow<'a> = Vec<Option<&'a CellKey>>;

/// Rows by what has to be equal exactly; a number counts as nothing here.
fn groups<'a>(
    pairs: &[&'a ColumnPair],
    count: usize,
    side: impl Fn(&'a ColumnPair) -> &'a Vec<CellKey>,
) -> BTreeMap<ExactRow<'a>, Vec<usize>> {
    let mut groups: BTreeMap<ExactRow<'a>, Vec<usize>> = BTreeMap::new();
    for row in 0..count {
        let key = pairs
            .iter()
            .map(|pair| {
                side(pair)
                    .get(row)
                    .filter(|key| !matches!(key, CellKey::Number(_)))
            })
            .collect();
        groups.entry(key).or_default().push(row);
    }
    groups
}

fn paired(
    mut gold: Vec<usize>,
    mut found: Vec<usize>,
    pairs: &[&ColumnPair],
    equal: &impl Fn(usize, usize) -> bool,
) -> bool {
    if gold.len() != found.len() {
        return false;
    }
    gold.sort_by_key(|row| pairs.iter().map(|pair| pair.gold.get(*row)).collect::<Vec<_>>());
    found.sort_by_key(|row| pairs.iter().map(|pair| pair.found.get(*row)).collect::<Vec<_>>());
    if gold.iter().zip(&found).all(|(gold, found)| equal(*gold, *found)) {
        return true;
    }
    // Two numbers that are nearly the same may be sorted the other way round on the other side.
    let apart = pairs.len() > 1 || pairs.iter().any(|pair| pair.uneven());
    gold.len() <= MOST_PAIRED && apart && matched(&gold, &found, equal)
}

/// Whether each row of one side can have one of the other for itself.
fn matched(gold: &[usize], found: &[usize], equal: &impl Fn(usize, usize) -> bool) -> bool {
    let mut taken: Vec<Option<usize>> = vec![None; found.len()];
    (0..gold.len()).all(|row| {
        let mut seen = vec![false; found.len()];
        place(row, gold, found, equal, &mut taken, &mut seen)
    })
}

fn place(
    row: usize,
    gold: &[usize],
    found: &[usize],
    equal: &impl Fn(usize, usize) -> bool,
    taken: &mut [Option<usize>],
    seen: &mut [bool],
) -> bool {
    let Some(own) = gold.get(row) else {
        return false;
    };
    for (at, other) in found.iter().enumerate() {
        if seen.get(at).copied().unwrap_or(true) || !equal(*own, *other) {
            continue;
        }
        if let Some(mark) = seen.get_mut(at) {
            *mark = true;
        }
        let free = match taken.get(at).copied().flatten() {
            None => true,
            Some(holder) => place(holder, gold, found, equal, taken, seen),
        };
        if free {
            if let Some(slot) = taken.get_mut(at) {
                *slot = Some(row);
            }
            return true;
        }
    }
    false
}
