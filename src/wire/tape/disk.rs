//! Work that waits for the disk, beside the threads that run turns.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, mpsc};
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinError;

use crate::atomic_file::sync_folder;

/// So much of it at once: as many files as a file system brings to the disk together. A thousand turns that end together would
/// otherwise take hundreds of threads, each with memory of its own, and the disk would be no faster.
const MOST_AT_ONCE: usize = 32;

static PLACES: Semaphore = Semaphore::const_new(MOST_AT_ONCE);

/// Does work that waits for the disk, on a thread that may.
pub(crate) async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    // Nobody closes it.
    let _place = PLACES.acquire().await;
    tokio::task::spawn_blocking(work).await
}

/// Does the same where nobody here waits for its end. Where there is a place, no task of the runtime stands in between.
pub(super) fn beside_the_runtime(runtime: &Handle, work: impl FnOnce() + Send + 'static) {
    match PLACES.try_acquire() {
        Ok(place) => drop(runtime.spawn_blocking(move || {
            work();
            drop(place);
        })),
        Err(_) => drop(runtime.spawn(async move {
            // Whoever is told of its end sees to it that it is told.
            let _ = off_the_runtime(work).await;
        })),
    }
}

/// How long the name of a file may take to be on the disk before it is tried once more by whoever waits for it.
const NAMING: Duration = Duration::from_secs(10);

/// The thread that brings names to the disk; `None` where none could be begun.
static NAMING_THREAD: LazyLock<Option<mpsc::Sender<NameWaiting>>> = LazyLock::new(|| {
    let (waiting, queue) = mpsc::channel();
    let thread = thread::Builder::new().name("tape names".to_owned());
    thread.spawn(move || bring_names(&queue)).ok().map(|_| waiting)
});

/// A folder with a new file, and who waits for its name to be on the disk.
type NameWaiting = (PathBuf, mpsc::SyncSender<()>);

/// That the name of a new file is being brought to the disk, together with those of all other files that its folder got at
/// about that time. It goes on while nobody waits.
#[derive(Debug)]
pub(super) struct FileNaming {
    folder: PathBuf,
    done: mpsc::Receiver<()>,
}

impl FileNaming {
    /// Begins it for a file that was just made in this folder.
    pub(super) fn begin(folder: &Path) -> Self {
        let (told, done) = mpsc::sync_channel(1);
        if let Some(thread) = &*NAMING_THREAD {
            // Where nobody listens any more, whoever waits does it.
            let _ = thread.send((folder.to_owned(), told));
        }
        Self {
            folder: folder.to_owned(),
            done,
        }
    }

    /// Returns when the name is on the disk. Waits for the disk.
    pub(super) fn wait(self) -> io::Result<()> {
        match self.done.recv_timeout(NAMING) {
            Ok(()) => Ok(()),
            Err(_) => sync_folder(&self.folder),
        }
    }
}

/// Brings names to the disk: one call for all files of a folder that wait.
fn bring_names(queue: &mpsc::Receiver<NameWaiting>) {
    while let Ok(first) = queue.recv() {
        let mut folders: BTreeMap<PathBuf, Vec<mpsc::SyncSender<()>>> = BTreeMap::new();
        for (folder, waiting) in std::iter::once(first).chain(queue.try_iter()) {
            folders.entry(folder).or_default().push(waiting);
        }
        for (folder, waiting) in folders {
            // Whoever waits for one that failed tries it again, and tells why.
            if sync_folder(&folder).is_ok() {
                for told in waiting {
                    // Nobody may wait any more.
                    let _ = told.send(());
                }
            }
        }
    }
}
