use std::future::{Future, ready};

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio_util::sync::CancellationToken;

/// Runs `each` over the items, `jobs` of them at a time, and hands each outcome to `take` as it comes. No further item is
/// begun once `cancel` is cancelled. Items are taken one by one, so that there may be any number of them.
pub(crate) async fn in_parallel<I, F, E>(
    items: I,
    jobs: usize,
    cancel: &CancellationToken,
    each: impl FnMut(I::Item) -> F,
    mut take: impl FnMut(F::Output) -> Result<(), E>,
) -> Result<(), E>
where
    I: IntoIterator,
    F: Future,
{
    let mut running = stream::iter(items)
        .take_while(|_| ready(!cancel.is_cancelled()))
        .map(each)
        .buffer_unordered(jobs.max(1));
    while let Some(outcome) = running.next().await {
        take(outcome)?;
    }
    Ok(())
}
