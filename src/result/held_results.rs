use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::spill::{SpillFolder, SpilledTable};
use super::{Handle, HeldResult, NewResult, PackedTable, ResultTable};
use crate::result::ConversationSettings;

/// Tables of more bytes than this are unpacked on a thread that may take its time.
const UNPACKED_IN_PLACE: usize = 256 << 10;
/// About how much is known of a result beside its rows, in bytes.
const KNOWN_OF_RESULT: u64 = 1 << 10;

/// The results of one conversation, in the order they came. A turn puts its results here; they stay for the turns
/// after it: in memory up to a bound, beyond it in files of the conversation's own, and gone after a time. The files
/// go with the conversation, or with its last clone.
#[derive(Debug, Clone, Default)]
pub struct HeldResults {
    items: Vec<StoredResult>,
    /// Results of turns that ended; what lies behind them belongs to the turn under way.
    settled: usize,
    bounds: ConversationSettings,
    folder: SpillFolder,
    /// When the turn under way began.
    now: Timestamp,
}

#[derive(Debug, Clone)]
struct StoredResult {
    held: HeldResult,
    rows: StoredRows,
    /// What the rows take in memory, in bytes.
    weight: u64,
    /// When the turn began that brought it.
    since: Timestamp,
}

#[derive(Debug, Clone)]
enum StoredRows {
    InMemory(PackedTable),
    OnDisk(Arc<SpilledTable>),
    Gone,
}

/// Why the rows of a result cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeldResultsError {
    /// There never was one of that name.
    #[error("no result {0} is held")]
    Unknown(Handle),
    /// They were held for as long as they may be, or for as long as there was room.
    #[error("the rows of {0} are held no longer")]
    Gone(Handle),
    /// They could not be read back.
    #[error("the rows of {handle} could not be read back ({reason})")]
    Unreadable { handle: Handle, reason: String },
}

impl HeldResults {
    /// The name that the next result gets.
    pub fn next(&self) -> Handle {
        self.latest().map_or(Handle::FIRST, Handle::following)
    }

    /// Holds a result under its name.
    pub fn put(&mut self, brought: NewResult) {
        let NewResult {
            handle,
            title,
            origin,
            shown,
            table,
            totals,
        } = brought;
        let columns = table.shared_columns();
        let held = HeldResult {
            handle,
            title,
            origin,
            columns,
            shown,
            totals,
        };
        self.items.push(StoredResult {
            held,
            weight: table.cell_bytes().len() as u64,
            rows: StoredRows::InMemory(table),
            since: self.now,
        });
    }

    /// What is known of the result of that name.
    pub fn get(&self, handle: Handle) -> Option<&HeldResult> {
        self.item(handle).map(|item| &item.held)
    }

    /// The name of the result that came last.
    pub fn latest(&self) -> Option<Handle> {
        self.items.last().map(|item| item.held.handle)
    }

    /// Whether the rows of this result are held no longer.
    pub fn is_gone(&self, handle: Handle) -> bool {
        self.item(handle)
            .is_none_or(|item| matches!(item.rows, StoredRows::Gone))
    }

    /// Whether the rows of this result lie in a file.
    pub(crate) fn is_on_disk(&self, handle: Handle) -> bool {
        self.item(handle)
            .is_some_and(|item| matches!(item.rows, StoredRows::OnDisk(_)))
    }

    /// About how much memory all this takes, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        let items = self.items.iter();
        let rows = items.filter(|item| item.in_memory()).map(|item| item.weight);
        rows.sum::<u64>()
            .saturating_add(KNOWN_OF_RESULT.saturating_mul(self.items.len() as u64))
    }

    /// All results, in the order they came.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &HeldResult> {
        self.items.iter().map(|item| &item.held)
    }

    /// The files that rows lie in which are not in memory.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.items.iter().filter_map(|item| match &item.rows {
            StoredRows::OnDisk(file) => Some(file.path()),
            StoredRows::InMemory(_) | StoredRows::Gone => None,
        })
    }

    /// All rows of the result of that name, read from its file if they lie there. Each call unpacks them anew.
    pub async fn table(&self, handle: Handle) -> Result<Arc<ResultTable>, HeldResultsError> {
        let item = self.item(handle).ok_or(HeldResultsError::Unknown(handle))?;
        match &item.rows {
            StoredRows::InMemory(table) if table.cell_bytes().len() <= UNPACKED_IN_PLACE => {
                Ok(Arc::new(table.unpack()))
            }
            StoredRows::InMemory(table) => {
                let table = table.clone();
                let unpacked = tokio::task::spawn_blocking(move || table.unpack()).await;
                let unreadable = |error: tokio::task::JoinError| HeldResultsError::Unreadable {
                    handle,
                    reason: error.to_string(),
                };
                unpacked.map(Arc::new).map_err(unreadable)
            }
            StoredRows::Gone => Err(HeldResultsError::Gone(handle)),
            StoredRows::OnDisk(file) => {
                let file = Arc::clone(file);
                let read = tokio::task::spawn_blocking(move || file.read()).await;
                let reason = match read {
                    Ok(Ok(table)) => return Ok(Arc::new(table)),
                    Ok(Err(error)) => error.to_string(),
                    Err(error) => error.to_string(),
                };
                Err(HeldResultsError::Unreadable { handle, reason })
            }
        }
    }

    /// A turn begins: what a turn that never ended left behind goes, so that names follow the conversation; so do the
    /// rows of results that are too old.
    pub(crate) fn begin_turn(&mut self, bounds: ConversationSettings, now: Timestamp) {
        self.items.truncate(self.settled);
        (self.bounds, self.now) = (bounds, now);
        for item in &mut self.items {
            let age = now.duration_since(item.since);
            if age > jiff::SignedDuration::try_from(bounds.held_for).unwrap_or(jiff::SignedDuration::MAX) {
                item.rows = StoredRows::Gone;
            }
        }
    }

    /// A turn ends, and its results are the conversation's.
    pub(crate) fn end_turn(&mut self) {
        self.settled = self.items.len();
    }

    /// Keeps the bounds: the oldest rows in memory go to disk, the oldest on disk go for good.
    pub(crate) async fn make_room(&mut self) {
        let mut held: u64 = self
            .items
            .iter()
            .filter(|item| item.in_memory())
            .map(|item| item.weight)
            .sum();
        for at in 0..self.items.len() {
            if held <= self.bounds.held_memory_bytes {
                break;
            }
            let Some(item) = self.items.get_mut(at) else { break };
            let StoredRows::InMemory(table) = &item.rows else {
                continue;
            };
            let (folder, table) = (self.folder.clone(), table.clone());
            held = held.saturating_sub(item.weight);
            let written = tokio::task::spawn_blocking(move || folder.keep(&table.unpack())).await;
            let problem = match written {
                Ok(Ok(file)) => {
                    item.rows = StoredRows::OnDisk(Arc::new(file));
                    continue;
                }
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            tracing::warn!(result = %item.held.handle, problem, "the rows of a result could not be kept on disk");
            item.rows = StoredRows::Gone;
        }
        let on_disk = |item: &StoredResult| matches!(item.rows, StoredRows::OnDisk(_));
        let mut held: u64 = self
            .items
            .iter()
            .filter(|item| on_disk(item))
            .map(|item| item.weight)
            .sum();
        for item in self.items.iter_mut().filter(|item| on_disk(item)) {
            if held <= self.bounds.held_disk_bytes {
                break;
            }
            held = held.saturating_sub(item.weight);
            item.rows = StoredRows::Gone;
        }
    }

    fn item(&self, handle: Handle) -> Option<&StoredResult> {
        self.items.iter().find(|item| item.held.handle == handle)
    }
}

impl StoredResult {
    fn in_memory(&self) -> bool {
        matches!(self.rows, StoredRows::InMemory(_))
    }
}
