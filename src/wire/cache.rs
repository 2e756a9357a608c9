use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tower::ServiceExt;

use super::service::{LayerResult, LayerService};
use super::settings::CacheSettings;
use super::{CacheRule, Purpose, RowsOf, ServedBy, WireError, WireRequest, WireResponse, canonical};

/// Memory of one kept response besides its body and the texts of its headers. An estimate.
const OVERHEAD: usize = 1024;

/// A response as it is kept.
#[derive(Debug, Clone)]
struct CachedResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    attempts: u32,
    purpose: Purpose,
    rows_of: Option<RowsOf>,
}

impl CachedResponse {
    /// Bytes of memory it takes.
    fn weight(&self) -> u32 {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| name.as_str().len().saturating_add(value.len()));
        let bytes = headers.fold(self.body.len().saturating_add(OVERHEAD), usize::saturating_add);
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }

    fn serve(self, served_by: ServedBy) -> WireResponse {
        let mut response = WireResponse::whole(self.status, self.headers, self.body, served_by);
        if served_by == ServedBy::Live {
            response.attempts = self.attempts;
        }
        response
    }
}

/// How a flight ended whose outcome is not kept. Everyone who waited for it gets the same.
#[derive(Debug, Clone)]
enum Uncached {
    Failed(WireError),
    Unsuccessful(CachedResponse),
}

/// What the cache holds, shared by all sessions. Bounded by bytes and by time.
#[derive(Debug, Clone)]
pub(super) struct ResponseCache {
    kept: Option<moka::future::Cache<[u8; 32], CachedResponse>>,
}

impl ResponseCache {
    pub(super) fn new(settings: CacheSettings) -> Self {
        let kept = (!settings.time_to_live.is_zero()).then(|| {
            moka::future::Cache::builder()
                .max_capacity(settings.max_bytes)
                .weigher(|_, kept: &CachedResponse| kept.weight())
                .time_to_live(settings.time_to_live)
                .support_invalidation_closures()
                .build()
        });
        Self { kept }
    }

    /// The entries of which rows are kept.
    pub(super) fn rows_kept(&self) -> BTreeSet<RowsOf> {
        let kept = self.kept.iter().flat_map(moka::future::Cache::iter);
        kept.filter_map(|(_, kept)| kept.rows_of).collect()
    }

    /// Drops what dbt said and all rows but those of these entries.
    pub(super) fn forget_rows_but(&self, of: BTreeSet<RowsOf>) {
        let Some(kept) = &self.kept else { return };
        let is_stale = move |_: &[u8; 32], kept: &CachedResponse| match (kept.purpose, kept.rows_of) {
            (Purpose::Dbt, _) => true,
            (_, Some(rows_of)) => !of.contains(&rows_of),
            (purpose, None) => purpose == Purpose::DataQuery,
        };
        if kept.invalidate_entries_if(is_stale).is_err() {
            kept.invalidate_all();
        }
    }
}

/// Serves what was read a moment ago, to the same principal only. Of equal requests at the same time one is sent,
/// and the others wait for it; if the one is dropped, the next of them is sent.
pub(super) async fn cached(below: LayerService, cache: ResponseCache, request: WireRequest) -> LayerResult {
    let (rows_of, is_success) = match request.policy.cache {
        CacheRule::Never => return below.oneshot(request).await,
        CacheRule::WhenSuccessful(is_success) => (None, is_success),
        CacheRule::RowsWhenSuccessful(rows_of, is_success) => (Some(rows_of), is_success),
    };
    match cache.kept {
        // On the heap, so that what is never kept does not hold room for it.
        Some(kept) => Box::pin(through(kept, below, request, rows_of, is_success)).await,
        None => below.oneshot(request).await,
    }
}

async fn through(
    cache: moka::future::Cache<[u8; 32], CachedResponse>,
    below: LayerService,
    request: WireRequest,
    rows_of: Option<RowsOf>,
    is_success: fn(StatusCode, &[u8]) -> bool,
) -> LayerResult {
    let mut sent = false;
    let purpose = request.policy.purpose;
    let found = cache
        .try_get_with(canonical::key(&request), async {
            sent = true;
            let response = below.oneshot(request).await.map_err(Uncached::Failed)?;
            let kept = CachedResponse {
                status: response.status,
                headers: response.headers.clone(),
                attempts: response.attempts,
                purpose,
                rows_of,
                body: response.bytes().await.map_err(Uncached::Failed)?,
            };
            if is_success(kept.status, &kept.body) {
                Ok(kept)
            } else {
                Err(Uncached::Unsuccessful(kept))
            }
        })
        .await;
    match found {
        Ok(kept) => Ok(kept.serve(if sent { ServedBy::Live } else { ServedBy::Cache })),
        Err(not_kept) => match Uncached::clone(&not_kept) {
            Uncached::Failed(error) => Err(error),
            Uncached::Unsuccessful(kept) => Ok(kept.serve(ServedBy::Live)),
        },
    }
}
