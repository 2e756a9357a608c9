use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// Approvals of calls that change code, money or access. Without a folder there are none, and such calls are refused.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApprovalsConfig {
    /// The folder that requests wait in. Processes that share it ask the same people.
    pub dir: Option<PathBuf>,
    /// How long a request waits, and how long an approval holds, in minutes (default 30).
    #[schemars(range(min = 1, max = 10_080))]
    pub minutes: Option<u64>,
    /// Who may approve: people with a credential that the requests are not sent with.
    #[serde(default)]
    pub approvers: Vec<ApproverConfig>,
}

/// Somebody who may approve.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproverConfig {
    /// What the log calls them.
    pub name: String,
    /// SHA-256 of the key that they put into CARDINAL_APPROVER_KEY for `cardinal approvals grant`, in hexadecimal digits.
    pub key_sha256: Option<String>,
    /// Whom `cardinal serve` knows them as.
    pub principal: Option<String>,
}
