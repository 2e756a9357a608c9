use std::collections::{BTreeSet, HashMap};

use super::error::RowFault;
use super::question::BatchQuestion;

const NONE: u32 = u32::MAX;
/// Names of further columns that are remembered.
const MOST_COLUMNS: usize = 200;

/// What is known of all questions at once: where each stands in the file and which one follows it in its session. About 50
/// bytes for a question, whatever stands in it.
#[derive(Debug, Default)]
pub(crate) struct QuestionIndex {
    rows: Vec<RowPlace>,
    /// Hashes of ids with their rows, sorted.
    by_id: Vec<(u128, u32)>,
    /// The first row of each session, in their order.
    first: Vec<u32>,
    columns: BTreeSet<String>,
    /// Hash of the whole file, hex.
    hash: String,
}

#[derive(Debug, Clone, Copy)]
struct RowPlace {
    offset: u64,
    /// The next row of the same session.
    next: u32,
    line: u32,
}

/// Builds an index row by row.
#[derive(Debug, Default)]
pub(super) struct IndexBuilder {
    index: QuestionIndex,
    sessions: HashMap<u128, LastOfSession>,
}

#[derive(Debug)]
struct LastOfSession {
    row: u32,
    line: u32,
    principal: Option<u128>,
}

/// A hash of a name that no other name has.
pub(super) fn digest(name: &str) -> u128 {
    let hash = blake3::hash(name.as_bytes());
    let mut first = [0; 16];
    first
        .iter_mut()
        .zip(hash.as_bytes())
        .for_each(|(to, from)| *to = *from);
    u128::from_be_bytes(first)
}

impl QuestionIndex {
    /// How many questions there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Hash of the whole file, hex.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }

    /// Names of fields beside those that have a meaning.
    pub(crate) fn columns(&self) -> &BTreeSet<String> {
        &self.columns
    }

    /// The row with this id.
    pub(crate) fn row_of(&self, id: &str) -> Option<u32> {
        let id = digest(id);
        let at = self.by_id.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.by_id.get(at).map(|(_, row)| *row)
    }

    /// The first row of each session, in their order.
    pub(super) fn sessions(&self) -> impl Iterator<Item = u32> + '_ {
        self.first.iter().copied()
    }

    /// The row after this one in its session.
    pub(super) fn next_in_session(&self, row: u32) -> Option<u32> {
        Some(self.place(row)?.next).filter(|next| *next != NONE)
    }

    /// First byte of a row, and its line.
    pub(super) fn at(&self, row: u32) -> Option<(u64, u32)> {
        self.place(row).map(|place| (place.offset, place.line))
    }

    fn place(&self, row: u32) -> Option<&RowPlace> {
        self.rows.get(usize::try_from(row).ok()?)
    }
}

impl IndexBuilder {
    /// The number of the row that comes next, from 0.
    pub(super) fn next_row(&self) -> u32 {
        u32::try_from(self.index.rows.len()).unwrap_or(NONE)
    }

    /// Adds a question, or says why it does not fit those before it.
    pub(super) fn add(&mut self, question: &BatchQuestion, offset: u64, line: u32) -> Result<(), String> {
        let row = self.next_row();
        if row == NONE {
            return Err(format!("there are more than {NONE} questions"));
        }
        let place = RowPlace {
            offset,
            next: NONE,
            line,
        };
        match &question.session {
            None => self.index.first.push(row),
            Some(session) => self.join(session, question, row, line)?,
        }
        self.index.rows.push(place);
        self.index.by_id.push((digest(&question.id), row));
        for name in question.metadata.keys() {
            if self.index.columns.len() < MOST_COLUMNS && !self.index.columns.contains(name) {
                self.index.columns.insert(name.clone());
            }
        }
        Ok(())
    }

    fn join(&mut self, session: &str, question: &BatchQuestion, row: u32, line: u32) -> Result<(), String> {
        let principal = question.principal.as_deref().map(digest);
        let now = LastOfSession { row, line, principal };
        let Some(last) = self.sessions.get_mut(&digest(session)) else {
            self.index.first.push(row);
            self.sessions.insert(digest(session), now);
            return Ok(());
        };
        if last.principal != principal {
            let before = last.line;
            return Err(format!(
                "it belongs to session {session:?}, which another principal began in line {before}"
            ));
        }
        let before = usize::try_from(last.row).ok();
        if let Some(before) = before.and_then(|before| self.index.rows.get_mut(before)) {
            before.next = row;
        }
        *last = now;
        Ok(())
    }

    /// The index, and the ids that several rows have.
    pub(super) fn finish(mut self, hash: String) -> (QuestionIndex, Vec<RowFault>) {
        self.index.by_id.sort_unstable();
        self.index.hash = hash;
        let index = self.index;
        let line = |row: u32| index.place(row).map_or(0, |place| place.line);
        let pairs = index.by_id.windows(2).filter_map(|pair| match pair {
            [(id, before), (other, row)] if id == other => Some(RowFault {
                line: line(*row),
                what: format!("its id is also that of line {}", line(*before)),
            }),
            _ => None,
        });
        let mut twice: Vec<RowFault> = pairs.collect();
        twice.sort_by_key(|fault| fault.line);
        (index, twice)
    }
}
