use tower::service_fn;
use tower::util::BoxCloneSyncService;

use super::{WireError, WireRequest, WireResponse};

/// What a request comes to.
pub(super) type LayerResult = Result<WireResponse, WireError>;
/// What every layer offers, and every layer but the transport stands on.
pub(super) type LayerService = BoxCloneSyncService<WireRequest, WireResponse, WireError>;

/// A layer over `below`: what it does with a request, given the layer below and what the layer itself holds. Layers are
/// always ready: whoever has to wait does that within the call, where it can be dropped.
pub(super) fn layer<Held, Call, Answer>(below: LayerService, held: Held, call: Call) -> LayerService
where
    Held: Clone + Send + Sync + 'static,
    Call: Fn(LayerService, Held, WireRequest) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = LayerResult> + Send + 'static,
{
    LayerService::new(service_fn(move |request| {
        call(below.clone(), held.clone(), request)
    }))
}
