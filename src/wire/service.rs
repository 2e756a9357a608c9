use futures_util::future::BoxFuture;
use tower::service_fn;
use tower::util::BoxCloneSyncService;

use super::{WireError, WireRequest, WireResponse};

/// What a request comes to.
pub(super) type WireResult = Result<WireResponse, WireError>;
/// What every layer offers, and every layer but the transport stands on.
pub(super) type WireService = BoxCloneSyncService<WireRequest, WireResponse, WireError>;
/// A request under way.
pub(super) type WireFuture = BoxFuture<'static, WireResult>;

/// A layer over `below`: what it does with a request, given the layer below and what the layer itself holds. Layers are
/// always ready: whoever has to wait does that within the call, where it can be dropped.
pub(super) fn layer<Held, Call, Answer>(below: WireService, held: Held, call: Call) -> WireService
where
    Held: Clone + Send + Sync + 'static,
    Call: Fn(WireService, Held, WireRequest) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = WireResult> + Send + 'static,
{
    WireService::new(service_fn(move |request| {
        call(below.clone(), held.clone(), request)
    }))
}
