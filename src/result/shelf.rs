use std::sync::Arc;

use super::{Brought, Handle, Held, ResultTable};

/// The results of one conversation, in the order they came. A turn puts its results here; they stay for the turns
/// after it.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    items: Vec<Item>,
    /// Results of turns that ended; what lies behind them belongs to the turn under way.
    settled: usize,
}

#[derive(Debug, Clone)]
struct Item {
    held: Held,
    table: Arc<ResultTable>,
}

/// Why the rows of a result cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShelfError {
    /// There never was one of that name.
    #[error("no result {0} is held")]
    Unknown(Handle),
}

impl Shelf {
    /// The name that the next result gets.
    pub fn next(&self) -> Handle {
        let latest = self.items.last();
        latest.map_or(Handle::FIRST, |item| item.held.handle.following())
    }

    /// Holds a result under its name.
    pub fn put(&mut self, brought: Brought) {
        let Brought {
            handle,
            title,
            origin,
            shown,
            table,
        } = brought;
        let columns = table.columns.clone();
        let held = Held {
            handle,
            title,
            origin,
            columns,
            shown,
        };
        self.items.push(Item { held, table });
    }

    /// What is known of the result of that name.
    pub fn get(&self, handle: Handle) -> Option<&Held> {
        self.item(handle).map(|item| &item.held)
    }

    /// The name of the result that came last.
    pub fn latest(&self) -> Option<Handle> {
        self.items.last().map(|item| item.held.handle)
    }

    /// Whether the rows of this result are held no longer.
    pub fn is_gone(&self, handle: Handle) -> bool {
        self.item(handle).is_none()
    }

    /// All results, in the order they came.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Held> {
        self.items.iter().map(|item| &item.held)
    }

    /// All rows of the result of that name.
    #[expect(clippy::unused_async, reason = "rows that lie on disk are read there")]
    pub async fn table(&self, handle: Handle) -> Result<Arc<ResultTable>, ShelfError> {
        let item = self.item(handle).ok_or(ShelfError::Unknown(handle))?;
        Ok(Arc::clone(&item.table))
    }

    /// A turn begins: what a turn that never ended left behind goes, so that names follow the conversation.
    pub(crate) fn begin_turn(&mut self) {
        self.items.truncate(self.settled);
    }

    /// A turn ends, and its results are the conversation's.
    pub(crate) fn end_turn(&mut self) {
        self.settled = self.items.len();
    }

    fn item(&self, handle: Handle) -> Option<&Item> {
        self.items.iter().find(|item| item.held.handle == handle)
    }
}
