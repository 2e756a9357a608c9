//! Which columns tell the rows of a table apart, so that a row can be named by what it is and not by its number.

use std::borrow::Cow;
use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::{Cell, Column, ColumnKind, ColumnMeaning, ResultTable, encode_cell};

/// Most columns that are looked at together.
const MOST_COLUMNS: usize = 6;
/// Most columns of groups at the beginning that name a row together.
const MOST_GROUPS: usize = 3;
/// Words of columns whose whole numbers name something rather than measure it.
const KEY_WORDS: &str = "year quarter month week weekday day dow hour minute id key number no nr num code zip postal postcode \
    rank rating stars bucket bin level grade position jahr monat stunde nummer";

impl Column {
    /// Whether its values name rows rather than measure something: text, times, ids, years, parts of time, ratings.
    pub(crate) fn names_rows(&self) -> bool {
        match self.meaning() {
            ColumnMeaning::Rate | ColumnMeaning::Unknown => false,
            ColumnMeaning::Amount | ColumnMeaning::Score => {
                let words = self.name.to_lowercase();
                let mut words = words.split(|c: char| !c.is_alphanumeric());
                let named = words.next_back();
                self.kind == ColumnKind::Integer
                    && named.is_some_and(|word| KEY_WORDS.split_ascii_whitespace().any(|one| one == word))
            }
            _ => true,
        }
    }
}

impl ResultTable {
    /// The columns whose values together are different in every row, as few as will do, the first ones first; nothing where
    /// no columns that [name rows](Column::names_rows) tell them apart. A table by month and product that has one row for
    /// each pair of them is keyed by both.
    pub fn row_key(&self) -> Vec<usize> {
        let naming: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.names_rows())
            .map(|(at, _)| at)
            .collect();
        let few = naming.get(..MOST_COLUMNS).unwrap_or(&naming);
        let single = few.iter().copied().find(|one| self.are_different(&[*one]));
        // A day may be another in every row by chance: the number of a batch is so because it names it.
        let by_chance = single.is_some_and(|at| self.is_plain_time(at));
        if (by_chance || single.is_none()) && self.is_numbered_by(0) {
            return vec![0];
        }
        if let Some(at) = single {
            return vec![at];
        }
        let pairs = few
            .iter()
            .enumerate()
            .flat_map(|(at, one)| few.iter().skip(at + 1).map(move |other| vec![*one, *other]));
        let all = (few.len() > 2).then(|| few.to_vec());
        let first = self
            .columns
            .first()
            .filter(|first| naming.is_empty() && self.columns.len() > 1 && first.kind == ColumnKind::Integer)
            .map(|_| vec![0]);
        // What a query groups by stands first, also where it is a number: `site, hall`.
        let group = |at: &usize| {
            let is_naming = naming.contains(at);
            is_naming || self.columns.get(*at).is_some_and(Column::may_number_things)
        };
        let groups = (0..self.columns.len()).take_while(group).count();
        let most = groups.min(MOST_GROUPS).min(self.columns.len().saturating_sub(1));
        let leading = (2..=most).map(|columns| (0..columns).collect());
        pairs
            .chain(all)
            .chain(first)
            .chain(leading)
            .find(|columns| self.are_different(columns))
            .unwrap_or_default()
    }

    /// Whether a column tells times that its rows are not grouped by.
    fn is_plain_time(&self, at: usize) -> bool {
        let column = self.columns.get(at);
        column.is_some_and(|column| column.kind.is_temporal() && column.unit.is_none())
    }

    /// Whether no two rows have the same whole number in a column of nothing else; `None` where it has something else too.
    fn are_other_numbers(&self, column: usize) -> Option<bool> {
        let mut seen: HashSet<i64, RandomState> = HashSet::default();
        for row in &self.rows {
            let Some(Cell::Number(number)) = row.get(column) else {
                return None;
            };
            if !seen.insert(number.as_i64()?) {
                return Some(false);
            }
        }
        Some(true)
    }

    /// Whether no two rows have the same values in some columns. A group without a value is one of them.
    pub(super) fn are_different(&self, columns: &[usize]) -> bool {
        if let [column] = columns {
            let mut cells = self.rows.iter().filter_map(|row| row.get(*column));
            if let Some(all_differ) = self.are_other_numbers(*column) {
                return all_differ;
            }
            let mut seen: HashSet<_, RandomState> = HashSet::default();
            return cells.all(|cell| seen.insert(shown(cell)));
        }
        let mut seen: HashSet<Vec<_>, RandomState> = HashSet::default();
        self.rows.iter().all(|row| {
            let cells = columns.iter().filter_map(|at| row.get(*at));
            seen.insert(cells.map(shown).collect())
        })
    }
}

/// What tells a cell from others: the text `1` and the number 1 are shown alike, and a cell without a value like no text.
fn shown(cell: &Cell) -> Option<Cow<'_, str>> {
    match cell {
        Cell::Null => None,
        Cell::Text(text) => Some(Cow::Borrowed(text)),
        other => Some(Cow::Owned(encode_cell(other))),
    }
}
