//! Work that waits for the disk, beside the threads that run turns.

use tokio::sync::Semaphore;
use tokio::task::JoinError;

/// So much of it at once. A thousand turns that end together would otherwise take hundreds of threads, each with memory of
/// its own, and the disk would be no faster.
const MOST_AT_ONCE: usize = 16;

static PLACES: Semaphore = Semaphore::const_new(MOST_AT_ONCE);

/// Does work that waits for the disk, on a thread that may.
pub(crate) async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    // Nobody closes it.
    let _place = PLACES.acquire().await;
    tokio::task::spawn_blocking(work).await
}
