//! What all handlers share.

use std::sync::Arc;

use axum::http::HeaderMap;
use tokio_util::sync::CancellationToken;

use super::access::{TokenBook, TokenHolder, TokenRight};
use super::account::ServedAccount;
use super::discovery::AppliedState;
use super::envelope::AdminFault;
use super::project::DbtProject;
use super::runs::RunEngine;
use super::semantic::SemanticLayer;
use super::throttle::Throttle;
use super::webhooks::WebhookSender;

/// The state of a running sandbox.
#[derive(Debug)]
pub(crate) struct DbtState {
    pub(crate) account: ServedAccount,
    pub(crate) tokens: TokenBook,
    pub(crate) project: Arc<DbtProject>,
    pub(crate) engine: RunEngine,
    pub(crate) webhooks: WebhookSender,
    pub(crate) applied: AppliedState,
    pub(crate) semantic: SemanticLayer,
    /// Where exposures lead, in place of the project's made-up host.
    pub(crate) metabase_url: Option<String>,
    pub(crate) throttle: Throttle,
    pub(crate) stop: CancellationToken,
}

impl DbtState {
    /// Who calls, if the token is known and may do it in this account.
    pub(crate) fn enter(
        &self,
        headers: &HeaderMap,
        account: &str,
        capability: TokenRight,
    ) -> Result<TokenHolder, AdminFault> {
        let caller = self.tokens.caller(headers).ok_or(AdminFault::Unauthorized)?;
        if account.parse() != Ok(self.account.id) {
            return Err(AdminFault::NotFound);
        }
        if !caller.may(capability) {
            return Err(AdminFault::Forbidden(capability));
        }
        Ok(caller)
    }
}
