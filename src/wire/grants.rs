//! What may be sent at all: method and path against an endpoint table, deny by default.

use std::sync::Arc;

use http::{HeaderMap, Method};
use jiff::Timestamp;
use url::{Origin, Url};

use super::{RequestBody, WireRequest};
use crate::grants::{GrantDecision, GrantPolicy};
use crate::operations::{Api, Operation, OperationCall, identify, path_parameters};

/// Headers by which some servers take another method, path or host than what is sent.
const OVERRIDES: [&str; 9] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-method",
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
    "x-forwarded-host",
    "host",
];
/// Parameters of a query by which some servers take another method.
const METHOD_PARAMETERS: [&str; 4] = [
    "_method",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

/// One thing that may be asked of a server whose operations are in no table, such as a model's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedEndpoint {
    pub method: Method,
    /// The path below the server's base path, such as `/api/card/{id}/query`. A segment in braces stands for one
    /// segment of 1 to 64 ASCII letters, digits, `-` and `_`: numbers, entity ids, field ids. Every other segment
    /// stands for itself.
    pub path: &'static str,
}

impl GrantedEndpoint {
    /// A `GET`.
    pub const fn get(path: &'static str) -> Self {
        Self {
            method: Method::GET,
            path,
        }
    }

    /// A `POST`.
    pub const fn post(path: &'static str) -> Self {
        Self {
            method: Method::POST,
            path,
        }
    }

    /// Whether a request with this method and this path (below the base path, as sent) is this endpoint.
    pub fn matches(&self, method: &Method, path: &str) -> bool {
        self.method == *method && path_parameters(self.path, path).is_some()
    }
}

/// What decides on a request to a server.
#[derive(Debug)]
enum ServerRule {
    Endpoints(&'static [GrantedEndpoint]),
    /// The grants of an agent, over the operations of an API.
    Policy {
        api: Api,
        /// The account that every path has to name, where paths name one.
        account: Option<String>,
        policy: GrantPolicy,
        /// Operations that are not sent whatever the policy says.
        withheld: &'static [Operation],
    },
}

/// One server, and what may be asked of it.
#[derive(Debug)]
struct GrantedServer {
    origin: Origin,
    /// Without a slash at its end.
    base_path: String,
    rule: ServerRule,
}

/// What a request is, as far as grants go.
#[derive(Debug)]
pub(super) enum Judgement {
    /// An endpoint of a fixed list.
    Listed,
    /// An operation, and what the grants say of it.
    Operation {
        call: OperationCall,
        decision: GrantDecision,
        agent: String,
        account: Option<String>,
    },
    /// Nothing that any server is known for.
    Unknown,
}

/// Which requests may be sent, and where to. What is not listed is not sent.
#[derive(Debug, Clone)]
pub struct Grants {
    servers: Vec<Arc<GrantedServer>>,
    everything: bool,
}

impl Grants {
    pub const fn none() -> Self {
        Self {
            servers: Vec::new(),
            everything: false,
        }
    }

    /// Everything, everywhere. For tests and experiments.
    pub(super) const fn everything() -> Self {
        Self {
            servers: Vec::new(),
            everything: true,
        }
    }

    /// These endpoints too, at this server. The path of `base` comes before the paths of the endpoints.
    #[must_use]
    pub fn and(mut self, base: &Url, endpoints: &'static [GrantedEndpoint]) -> Self {
        self.push(base, ServerRule::Endpoints(endpoints));
        self
    }

    /// What the policy grants of an API's operations too, at this server.
    #[must_use]
    pub fn api(self, base: &Url, api: Api, policy: &GrantPolicy) -> Self {
        self.api_without(base, api, policy, &[])
    }

    /// The same without these operations, which the settings of the server do not allow.
    #[must_use]
    pub(crate) fn api_without(
        mut self,
        base: &Url,
        api: Api,
        policy: &GrantPolicy,
        withheld: &'static [Operation],
    ) -> Self {
        let rule = ServerRule::Policy {
            api,
            account: None,
            policy: policy.clone(),
            withheld,
        };
        self.push(base, rule);
        self
    }

    /// The same, for the paths of one account alone.
    #[must_use]
    pub(crate) fn account_api(mut self, base: &Url, api: Api, account: &str, policy: &GrantPolicy) -> Self {
        let policy = policy.clone();
        let account = Some(account.to_owned());
        let rule = ServerRule::Policy {
            api,
            account,
            policy,
            withheld: &[],
        };
        self.push(base, rule);
        self
    }

    fn push(&mut self, base: &Url, rule: ServerRule) {
        self.servers.push(Arc::new(GrantedServer {
            origin: base.origin(),
            base_path: base.path().trim_end_matches('/').to_owned(),
            rule,
        }));
    }

    /// What `others` grant too.
    #[must_use]
    pub fn joined(mut self, others: Self) -> Self {
        self.servers.extend(others.servers);
        self.everything |= others.everything;
        self
    }

    /// Whether a request without a body may be sent, as far as rules alone say.
    pub fn allow(&self, method: &Method, url: &Url) -> bool {
        match self.judge_parts(method, url, &HeaderMap::new(), None, Timestamp::now()) {
            Judgement::Listed => true,
            Judgement::Operation { decision, .. } => matches!(decision, GrantDecision::Permitted(_)),
            Judgement::Unknown => false,
        }
    }

    /// What a request is, and what the rules say of it.
    pub(super) fn judge(&self, request: &WireRequest) -> Judgement {
        let body = request.body.as_ref().map(RequestBody::bytes);
        self.judge_parts(
            &request.method,
            &request.url,
            &request.headers,
            body.as_deref(),
            Timestamp::now(),
        )
    }

    fn judge_parts(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        body: Option<&[u8]>,
        now: Timestamp,
    ) -> Judgement {
        if self.everything {
            return Judgement::Listed;
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Judgement::Unknown;
        }
        // Of two servers at one address each knows its own operations.
        let here = self.servers.iter().filter(|server| url.origin() == server.origin);
        let judgements = here.map(|server| server.judge(method, url, headers, body, now));
        judgements
            .into_iter()
            .find(|judgement| !matches!(judgement, Judgement::Unknown))
            .unwrap_or(Judgement::Unknown)
    }

    /// The path of the endpoint or operation that a request is, with its parameters in braces.
    pub(super) fn template(&self, request: &WireRequest) -> Option<&'static str> {
        let here = self
            .servers
            .iter()
            .filter(|server| request.url.origin() == server.origin);
        here.into_iter().find_map(|server| server.template(request))
    }

    /// Whether anything may be sent to the host (scheme, name and port) of this address.
    pub(super) fn names_origin(&self, url: &Url) -> bool {
        self.everything || self.servers.iter().any(|server| server.origin == url.origin())
    }
}

impl GrantedServer {
    fn template(&self, request: &WireRequest) -> Option<&'static str> {
        let path = request.url.path().strip_prefix(&self.base_path)?;
        match &self.rule {
            ServerRule::Endpoints(endpoints) => endpoints
                .iter()
                .find(|endpoint| endpoint.matches(&request.method, path))
                .map(|endpoint| endpoint.path),
            ServerRule::Policy { api, .. } => {
                let body = request.body.as_ref().map(RequestBody::bytes);
                let call = identify(api.operations(), &request.method, path, body.as_deref()).ok()?;
                Some(call.operation.path)
            }
        }
    }

    fn judge(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        body: Option<&[u8]>,
        now: Timestamp,
    ) -> Judgement {
        let Some(path) = url.path().strip_prefix(&self.base_path) else {
            return Judgement::Unknown;
        };
        match &self.rule {
            ServerRule::Endpoints(endpoints) => {
                if endpoints.iter().any(|endpoint| endpoint.matches(method, path)) {
                    Judgement::Listed
                } else {
                    Judgement::Unknown
                }
            }
            ServerRule::Policy {
                api,
                account,
                policy,
                withheld,
            } => {
                if is_overridden(url, headers) {
                    return Judgement::Unknown;
                }
                let Ok(call) = identify(api.operations(), method, path, body) else {
                    return Judgement::Unknown;
                };
                if withheld.iter().any(|operation| operation == call.operation) {
                    return Judgement::Unknown;
                }
                let named = call.parameters.get("account_id");
                if named.is_some() && named != account.as_ref() {
                    return Judgement::Unknown;
                }
                Judgement::Operation {
                    decision: policy.rule_on(&call, now),
                    agent: policy.agent().to_owned(),
                    account: account.clone(),
                    call,
                }
            }
        }
    }
}

/// Whether a request says that it is another one than its method, host and path are.
fn is_overridden(url: &Url, headers: &HeaderMap) -> bool {
    let is_method = |name: &str| {
        METHOD_PARAMETERS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    OVERRIDES.iter().any(|name| headers.contains_key(*name))
        || url.query_pairs().any(|(name, _)| is_method(&name))
}
