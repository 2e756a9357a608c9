use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// dbt: an account, a local project, or both. Nothing is asked of it that `[grants]` does not allow.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DbtConfig {
    /// Host of the account, such as `ab123.us1.dbt.com`. DBT_HOST goes before it.
    pub host: Option<String>,
    /// What stands before the host in the addresses of an account that shares a cell. MULTICELL_ACCOUNT_PREFIX goes before it.
    pub account_prefix: Option<String>,
    /// Variable that holds the token (default DBT_TOKEN).
    pub token_env: Option<String>,
    /// Number of the account. DBT_ACCOUNT_ID goes before it.
    pub account_id: Option<u64>,
    /// Number of the production environment, which Discovery and the Semantic Layer are asked about. DBT_PROD_ENV_ID goes
    /// before it.
    pub environment_id: Option<u64>,
    /// Folder of a local dbt project, whose artifacts are read without any account. DBT_PROJECT_DIR goes before it.
    pub project_dir: Option<PathBuf>,
    /// Variable that holds the secret of a webhook subscription (default DBT_WEBHOOK_SECRET). With it `cardinal serve` takes
    /// deliveries at `/v1/dbt/webhook`.
    pub webhook_secret_env: Option<String>,
    /// Longest wait for one answer, in seconds (default 60).
    #[schemars(range(min = 1, max = 3600))]
    pub timeout_seconds: Option<u64>,
    /// Most bytes of one answer taken into memory (default 33554432).
    #[schemars(range(min = 65536, max = 1_073_741_824))]
    pub max_response_bytes: Option<usize>,
    /// Most requests in flight at once, of all sessions together (default 4).
    #[schemars(range(min = 1, max = 64))]
    pub max_concurrency: Option<usize>,
    /// Most requests to Discovery in a minute; further ones wait (default 200).
    #[schemars(range(min = 1, max = 5000))]
    pub discovery_per_minute: Option<u32>,
}
