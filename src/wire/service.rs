use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use tower::Service;

use super::{WireError, WireRequest, WireResponse};

/// What a request comes to.
pub(super) type LayerResult = Result<WireResponse, WireError>;

type LayerCall = dyn Fn(WireRequest) -> BoxFuture<'static, LayerResult> + Send + Sync;

/// What every layer offers, and every layer but the transport stands on. Clones share it, with all layers below.
#[derive(Clone)]
pub(super) struct LayerService(Arc<LayerCall>);

impl LayerService {
    pub(super) fn new<Answer>(call: impl Fn(WireRequest) -> Answer + Send + Sync + 'static) -> Self
    where
        Answer: Future<Output = LayerResult> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(call(request))))
    }
}

impl fmt::Debug for LayerService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerService").finish_non_exhaustive()
    }
}

impl Service<WireRequest> for LayerService {
    type Response = WireResponse;
    type Error = WireError;
    type Future = BoxFuture<'static, LayerResult>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), WireError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: WireRequest) -> Self::Future {
        (self.0)(request)
    }
}

/// A layer over `below`: what it does with a request, given the layer below and what the layer itself holds. Layers are
/// always ready: whoever has to wait does that within the call, where it can be dropped.
pub(super) fn layer<Held, Call, Answer>(below: LayerService, held: Held, call: Call) -> LayerService
where
    Held: Clone + Send + Sync + 'static,
    Call: Fn(LayerService, Held, WireRequest) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = LayerResult> + Send + 'static,
{
    LayerService::new(move |request| call(below.clone(), held.clone(), request))
}
