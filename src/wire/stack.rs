use tower::{ServiceExt, util::BoxCloneSyncService};

use super::{WireError, WireRequest, WireResponse, transport::Transport};

/// The whole stack, ready to send. Cheap to clone; clones share connections, cache and limits.
#[derive(Debug, Clone)]
pub struct Wire {
    service: BoxCloneSyncService<WireRequest, WireResponse, WireError>,
}

impl Wire {
    /// A stack that goes to the network.
    pub fn live() -> Result<Self, WireError> {
        Ok(Self {
            service: BoxCloneSyncService::new(Transport::new()?),
        })
    }

    /// Sends one request through every layer.
    pub async fn send(&self, request: WireRequest) -> Result<WireResponse, WireError> {
        self.service.clone().oneshot(request).await
    }
}
