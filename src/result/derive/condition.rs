//! Which rows a condition holds of.

use std::collections::HashMap;

use super::engine::LOOK_EVERY;
use super::frame::DerivationFrame;
use super::{Condition, DeriveError, RowFilter};

impl Condition {
    /// Whether it holds, for each row as they stand.
    pub(super) fn holds(&self, frame: &DerivationFrame<'_>) -> Result<Vec<bool>, DeriveError> {
        let (parts, joined): (&[Self], fn(&mut bool, bool)) = match self {
            Self::Column(filter) => return filter.holds(frame),
            Self::All(parts) => (parts, |holds, part| *holds &= part),
            Self::Any(parts) => (parts, |holds, part| *holds |= part),
        };
        let mut holds = vec![matches!(self, Self::All(_)); frame.rows.len()];
        for part in parts {
            for (holds, part) in holds.iter_mut().zip(part.holds(frame)?) {
                joined(holds, part);
            }
        }
        Ok(holds)
    }

    /// The columns it looks at.
    pub(super) fn columns(&self) -> Vec<usize> {
        match self {
            Self::Column(filter) => vec![filter.column],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::columns).collect(),
        }
    }
}

impl RowFilter {
    /// The test is put to each different value once.
    fn holds(&self, frame: &DerivationFrame<'_>) -> Result<Vec<bool>, DeriveError> {
        let kind = frame.column(self.column)?.kind;
        let mut known: HashMap<&str, bool> = HashMap::new();
        let mut holds = Vec::with_capacity(frame.rows.len());
        for (place, cell) in frame.values(self.column).enumerate() {
            if place % LOOK_EVERY == 0 {
                frame.stop().look()?;
            }
            holds.push(match cell {
                crate::result::Cell::Null => self.test.holds_of_null(),
                crate::result::Cell::Text(text) => {
                    *known.entry(text).or_insert_with(|| self.test.holds(kind, cell))
                }
                _ => self.test.holds(kind, cell),
            });
        }
        Ok(holds)
    }
}
