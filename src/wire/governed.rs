//! The layer that grants and the call log share: an operation is sent when the rules grant it and its intent stands in the
//! log, and how it ended is written down afterwards. What needs an approval is sent when a person approved this very request.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use serde_json::Value;
use tokio::time::Instant;
use tower::ServiceExt;

use super::grants::{Grants, Judgement};
use super::service::{LayerResult, LayerService};
use super::tape::{TapeSlot, redact, redact_text};
use super::watch::{BodyEnd, BodyWatcher, watched};
use super::{Purpose, RequestBody, ServedBy, WireError, WireRequest, WireResponse};
use crate::approvals::{ApprovalAnswer, ApprovalRequest, ApprovalStore, credential_mark};
use crate::call_log::{CallDecision, CallEnd, CallIntent, CallLog, CallOutcome, OpenCall, count_rows};
use crate::grants::{CallMeter, GrantDecision};
use crate::operations::OperationCall;

/// What the layer decides by.
#[derive(Debug, Clone)]
pub(super) struct CallControl {
    pub(super) grants: Grants,
    pub(super) meter: CallMeter,
    pub(super) log: Option<CallLog>,
    pub(super) approvals: Option<ApprovalStore>,
    pub(super) slot: TapeSlot,
    /// Who asks the session's questions, where many ask with one credential.
    pub(super) asked_by: Option<String>,
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
            decision,
            agent,
            account,
        } => {
            let who = CallParty { agent, account };
            // On the heap, so that a completion does not hold room for it while it is waited for.
            Box::pin(operation(below, control, request, call, decision, who)).await
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
    granted: GrantDecision,
    who: CallParty,
) -> LayerResult {
    let name_of = |parameter: &str, id: &str| control.log.as_ref()?.name_of(parameter, id);
    let doing = redact_text(&call.sentence(name_of)).into_owned();
    let decision = match granted {
        GrantDecision::Permitted(rules) => match control.meter.take(&rules) {
            Ok(rule) => CallDecision::Allowed { rule: rule.name() },
            Err(reason) => CallDecision::Denied { reason },
        },
        GrantDecision::NeedsApproval { rule, reason } => {
            let asked = AskedApproval {
                who: &who,
                call: &call,
                doing: &doing,
                reason: &reason,
            };
            approval(&control, &request, asked, rule).await
        }
        GrantDecision::Denied { reason } => CallDecision::Denied { reason },
    };
    let refusal = match &decision {
        CallDecision::Allowed { .. } | CallDecision::Approved { .. } => None,
        CallDecision::Denied { reason } | CallDecision::NeedsApproval { reason, .. } => Some(reason.clone()),
    };
    let intent = CallIntent {
        agent: who.agent,
        principal: request.policy.principal.0.clone(),
        account: who.account,
        doing: doing.clone(),
        decision,
        turn: control.slot.turn_id().map(|turn| turn.to_string()),
        // Signing in is on no tape.
        tape: (request.policy.purpose != Purpose::Auth)
            .then(|| control.slot.position())
            .flatten(),
        request_hash: CallIntent::hash(
            request.method.as_str(),
            request.url.as_str(),
            &request.body.as_ref().map(RequestBody::bytes).unwrap_or_default(),
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

/// A call that needs an approval.
struct AskedApproval<'a> {
    who: &'a CallParty,
    call: &'a OperationCall,
    doing: &'a str,
    reason: &'a str,
}

/// Asks the store for an approval of exactly this request. One that is there is used up by it.
async fn approval(
    control: &CallControl,
    request: &WireRequest,
    asked: AskedApproval<'_>,
    rule: String,
) -> CallDecision {
    let needs = |more: &str| CallDecision::NeedsApproval {
        rule: rule.clone(),
        reason: format!("{}; {more}", asked.reason),
    };
    let Some(store) = &control.approvals else {
        return needs("there is no approval of it, and no place to ask for one: set `dir` under [approvals]");
    };
    let body = &*request.body.as_ref().map(RequestBody::bytes).unwrap_or_default();
    let mut shown: Option<Value> = serde_json::from_slice(body).ok();
    if let Some(shown) = &mut shown {
        redact(shown);
    }
    let secret = request
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_whitespace().last())
        .unwrap_or_default();
    let answer = store.ask(ApprovalRequest {
        request_sha256: CallIntent::hash(request.method.as_str(), request.url.as_str(), body),
        agent: asked.who.agent.clone(),
        principal: request.policy.principal.0.clone(),
        asked_by: control.asked_by.clone(),
        account: asked.who.account.clone(),
        operation: asked.call.operation.name.to_owned(),
        does: asked.doing.to_owned(),
        reason: asked.reason.to_owned(),
        body: shown,
        credential: credential_mark(secret),
    });
    match answer.await {
        Ok(ApprovalAnswer::Approved { id, by }) => CallDecision::Approved {
            rule,
            approval: id,
            by,
        },
        Ok(ApprovalAnswer::Waiting { id }) => needs(&format!(
            "it waits as {id}: a person can look at it with `cardinal approvals show {id}` and let it through with \
             `cardinal approvals grant {id}`; then ask again with the very same request"
        )),
        Ok(ApprovalAnswer::Denied { id, by }) => CallDecision::Denied {
            reason: format!("{by} denied it ({id})"),
        },
        Err(error) => needs(&error.to_string()),
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
