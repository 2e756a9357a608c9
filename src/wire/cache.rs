use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tower::ServiceExt;

use super::service::{LayerResult, LayerService};
use super::settings::CacheSettings;
use super::{CacheRule, ServedBy, WireError, WireRequest, WireResponse, canonical};

/// Memory of one kept response besides its body and the texts of its headers. An estimate.
const OVERHEAD: usize = 1024;

/// A response as it is kept.
#[derive(Debug, Clone)]
struct CachedResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    attempts: u32,
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
                .build()
        });
        Self { kept }
    }

    /// Drops everything that is kept.
    pub(super) fn forget(&self) {
        if let Some(kept) = &self.kept {
            kept.invalidate_all();
        }
    }
}

/// Serves what was read a moment ago, to the same principal only. Of equal requests at the same time one is sent,
/// and the others wait for it; if the one is dropped, the next of them is sent.
pub(super) async fn cached(below: LayerService, cache: ResponseCache, request: WireRequest) -> LayerResult {
    match (cache.kept, request.policy.cache) {
        (Some(kept), CacheRule::WhenSuccessful(is_success)) => {
            through(kept, below, request, is_success).await
        }
        (_, CacheRule::Never) | (None, _) => below.oneshot(request).await,
    }
}

async fn through(
    cache: moka::future::Cache<[u8; 32], CachedResponse>,
    below: LayerService,
    request: WireRequest,
    is_success: fn(StatusCode, &[u8]) -> bool,
) -> LayerResult {
    let mut sent = false;
    let found = cache
        .try_get_with(canonical::key(&request), async {
            sent = true;
            let response = below.oneshot(request).await.map_err(Uncached::Failed)?;
            let kept = CachedResponse {
                status: response.status,
                headers: response.headers.clone(),
                attempts: response.attempts,
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
