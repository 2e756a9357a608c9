//! The layer that grants and the call log share: an operation is sent when the rules grant it and its intent stands in the
//! log, and how it ended is written down afterwards.

use bytes::Bytes;
use tokio::time::Instant;
use tower::ServiceExt;

use super::grants::{Grants, Judgement};
use super::service::{LayerResult, LayerService};
use super::tape::{TapeSlot, redact_text};
use super::watch::{BodyEnd, BodyWatcher, watched};
use super::{Purpose, ServedBy, WireError, WireRequest, WireResponse};
use crate::call_log::{CallDecision, CallEnd, CallIntent, CallLog, CallOutcome, OpenCall, count_rows};
use crate::grants::{CallMeter, Ruling};
use crate::operations::OperationCall;

/// What the layer decides by.
#[derive(Debug, Clone)]
pub(super) struct CallControl {
    pub(super) grants: Grants,
    pub(super) meter: CallMeter,
    pub(super) log: Option<CallLog>,
    pub(super) slot: TapeSlot,
}

/// Lets granted requests through, and sends nothing else.
pub(super) async fn governed(below: LayerService, control: CallControl, request: WireRequest) -> LayerResult {
    match control.grants.judge(&request) {
        Judgement::Listed => below.oneshot(request).await,
        Judgement::Unknown => Err(WireError::NotGranted {
            method: request.method.to_string(),
            path: request.url.path().to_owned(),
        }),
        Judgement::Operation {
            call,
            ruling,
            agent,
            account,
        } => {
            let who = CallParty { agent, account };
            operation(below, control, request, call, ruling, who).await
        }
    }
}

/// Who asks, and for which account.
struct CallParty {
    agent: String,
    account: Option<String>,
}

async fn operation(
    below: LayerService,
    control: CallControl,
    request: WireRequest,
    call: OperationCall,
    ruling: Ruling,
    who: CallParty,
) -> LayerResult {
    let name_of = |parameter: &str, id: &str| control.log.as_ref()?.name_of(parameter, id);
    let doing = redact_text(&call.sentence(name_of)).into_owned();
    let decision = match ruling {
        Ruling::Permitted(rules) => match control.meter.take(&rules) {
            Ok(rule) => CallDecision::Allowed { rule: rule.name() },
            Err(reason) => CallDecision::Denied { reason },
        },
        Ruling::NeedsApproval { rule, reason } => CallDecision::NeedsApproval { rule, reason },
        Ruling::Denied { reason } => CallDecision::Denied { reason },
    };
    let refusal = match &decision {
        CallDecision::Allowed { .. } => None,
        CallDecision::Denied { reason } => Some(reason.clone()),
        CallDecision::NeedsApproval { reason, .. } => Some(format!("{reason}; there is no approval of it")),
    };
    let intent = CallIntent {
        agent: who.agent,
        principal: request.policy.principal.0.clone(),
        account: who.account,
        doing: doing.clone(),
        decision,
        // Signing in is on no tape.
        tape: (request.policy.purpose != Purpose::Auth)
            .then(|| control.slot.position())
            .flatten(),
        request_hash: CallIntent::hash(
            request.method.as_str(),
            request.url.as_str(),
            request.body.as_deref().unwrap_or_default(),
        ),
        call,
    };
    if let Some(reason) = refusal {
        if let Some(log) = &control.log {
            // It is refused in any case.
            let _ = log.refused(intent).await;
        }
        return Err(WireError::Denied { doing, reason });
    }
    let Some(log) = &control.log else {
        return below.oneshot(request).await;
    };
    let open = log.intend(intent).await.map_err(|error| WireError::NotLogged {
        doing,
        reason: error.to_string(),
    })?;
    let mut watch = CallWatch::new(open);
    match below.oneshot(request).await {
        Ok(response) => Ok(watch.over(response)),
        Err(error) => {
            watch.end(BodyEnd::Failed(error.clone()));
            Err(error)
        }
    }
}

/// Sees one call to its end, and writes that down once.
struct CallWatch {
    open: Option<OpenCall>,
    outcome: CallOutcome,
    began: Instant,
}

impl CallWatch {
    fn new(open: OpenCall) -> Self {
        Self {
            open: Some(open),
            outcome: CallOutcome::default(),
            began: Instant::now(),
        }
    }

    /// The response, watched until its body has ended. A body that is complete already has.
    fn over(mut self, mut response: WireResponse) -> WireResponse {
        self.outcome.status = Some(response.status.as_u16());
        self.outcome.served_by = Some(match response.served_by {
            ServedBy::Live => "live",
            ServedBy::Cache => "cache",
            ServedBy::Tape => "tape",
        });
        self.outcome.attempts = response.attempts;
        if let Some(held) = &response.held {
            self.outcome.bytes = held.len() as u64;
            self.outcome.rows = count_rows(held);
            self.end(BodyEnd::Complete);
        } else {
            response.body = watched(response.body, self);
        }
        response
    }
}

impl BodyWatcher for CallWatch {
    fn chunk(&mut self, chunk: &Bytes) {
        self.outcome.bytes = self.outcome.bytes.saturating_add(chunk.len() as u64);
    }

    fn end(&mut self, end: BodyEnd) {
        let Some(open) = self.open.take() else { return };
        self.outcome.milliseconds = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.outcome.end = match end {
            BodyEnd::Complete => CallEnd::Complete,
            BodyEnd::Dropped => CallEnd::Dropped,
            BodyEnd::Failed(error) => CallEnd::Failed {
                reason: redact_text(&error.to_string()).into_owned(),
            },
        };
        open.end(&self.outcome);
    }
}

impl Drop for CallWatch {
    /// A call that is dropped before its response came has an end too.
    fn drop(&mut self) {
        self.end(BodyEnd::Dropped);
    }
}
