use futures_util::future::BoxFuture;
use tower::util::BoxCloneSyncService;

use super::{WireError, WireRequest, WireResponse};

/// What every layer offers, and every layer but the transport stands on.
pub(super) type WireService = BoxCloneSyncService<WireRequest, WireResponse, WireError>;
/// What a layer's call returns.
pub(super) type WireFuture = BoxFuture<'static, Result<WireResponse, WireError>>;
