//! The exporter's way to the network: the wire, driven from the exporter's own thread.

use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use tokio::runtime::Runtime;
use url::Url;

use crate::principal::Principal;
use crate::wire::{
    CacheRule, GrantedEndpoint, Grants, Policy, Purpose, Wire, WireError, WireRequest, WireSettings,
};

/// Longest wait for the collector's answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest answer, in bytes. It says at most which spans were refused.
const MAX_ANSWER: usize = 64 * 1024;
/// The collector's address is all that may be asked.
const ENDPOINTS: &[GrantedEndpoint] = &[GrantedEndpoint::post("")];

pub(super) struct CollectorClient {
    wire: Wire,
    /// The thread that exports is in no runtime, so it has one of its own, made when it is first needed.
    runtime: Mutex<Option<Runtime>>,
    /// Whether the last try failed, so that an outage is one warning.
    down: AtomicBool,
}

impl fmt::Debug for CollectorClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectorClient").finish_non_exhaustive()
    }
}

impl CollectorClient {
    pub(super) fn new(collector: &Url) -> Result<Self, WireError> {
        let settings = WireSettings::new(Grants::none().and(collector, ENDPOINTS));
        Ok(Self {
            wire: Wire::new(settings)?,
            runtime: Mutex::default(),
            down: AtomicBool::new(false),
        })
    }

    /// Blocks the exporter's thread, which is there for nothing else.
    fn post(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let request = WireRequest {
            method: parts.method,
            url: Url::parse(&parts.uri.to_string())?,
            headers: parts.headers,
            body: Some(body.into()),
            policy: Policy {
                purpose: Purpose::Metadata,
                principal: Principal::default(),
                // The exporter itself tries again.
                idempotent: false,
                buffered: true,
                cap: MAX_ANSWER,
                timeout: PATIENCE,
                cache: CacheRule::Never,
                opening: None,
                loading: None,
            },
        };
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        let runtime = match &mut *runtime {
            Some(runtime) => runtime,
            none => none.insert(
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?,
            ),
        };
        runtime.block_on(async {
            let response = self.wire.send(request).await?;
            let status = response.status;
            let mut answer = Response::new(response.bytes().await?);
            *answer.status_mut() = status;
            Ok(answer)
        })
    }

    fn notice(&self, answer: &Result<Response<Bytes>, HttpError>) {
        let problem = match answer {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(trouble(response.status())),
            Err(error) => Some(error.to_string()),
        };
        let was_down = self.down.swap(problem.is_some(), Ordering::SeqCst);
        match problem {
            Some(problem) if !was_down => {
                tracing::warn!(
                    problem,
                    "traces could not be sent; answers are not touched by that"
                );
            }
            None if was_down => tracing::info!("traces are sent again"),
            _ => {}
        }
    }
}

fn trouble(status: StatusCode) -> String {
    format!("the collector answers {status}")
}

impl HttpClient for CollectorClient {
    fn send_bytes<'client, 'answer>(
        &'client self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'answer>>
    where
        'client: 'answer,
        Self: 'answer,
    {
        let answer = self.post(request);
        self.notice(&answer);
        Box::pin(ready(answer))
    }
}
