use std::fmt;
use std::str::FromStr;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that may be asked of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// Its name, unique over all APIs: `trigger_job_run`.
    pub name: &'static str,
    pub api: Api,
    /// What grants are given for.
    pub area: Area,
    pub verb: Verb,
    /// The path below the server's address, such as `/api/card/{card_id}/query`. A segment in braces stands for one segment
    /// of 1 to 64 ASCII letters, digits, `-` and `_`; `{name...}` stands for the rest of the path.
    pub path: &'static str,
    /// A second path of the same operation, where a server knows two.
    pub alias: Option<&'static str>,
    pub access: OperationAccess,
    /// The permission that a dbt token needs for it.
    pub permission: Option<DbtPermission>,
    pub risk: Risk,
    /// Version of the API that has it.
    pub version: &'static str,
    /// What its body may be.
    pub body: BodyForm,
    /// What it does, as the object of "asked to": `trigger job {job_id}`.
    pub words: &'static str,
}

/// Who serves an operation, each at an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// Metabase's REST API, its Agent API included.
    Metabase,
    /// dbt's REST API: jobs, runs, projects and the rest of an account.
    DbtAdministrative,
    /// dbt's GraphQL API about models, tests and lineage.
    DbtDiscovery,
    /// dbt's GraphQL API about metrics.
    DbtSemanticLayer,
    /// The files that a local dbt project leaves behind.
    DbtLocal,
}

impl Api {
    pub const ALL: [Self; 5] = [
        Self::Metabase,
        Self::DbtAdministrative,
        Self::DbtDiscovery,
        Self::DbtSemanticLayer,
        Self::DbtLocal,
    ];

    /// The system it belongs to, as people call it.
    pub fn system(self) -> &'static str {
        match self {
            Self::Metabase => "metabase",
            Self::DbtAdministrative | Self::DbtDiscovery | Self::DbtSemanticLayer | Self::DbtLocal => "dbt",
        }
    }
}

/// A part of a system that grants are given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Area {
    /// Signing in to Metabase, and what it says of itself.
    #[serde(rename = "metabase.server")]
    MetabaseServer,
    /// Collections and what lies in them.
    #[serde(rename = "metabase.collections")]
    MetabaseCollections,
    /// Saved questions: reading and running them.
    #[serde(rename = "metabase.cards")]
    MetabaseCards,
    /// Metrics as the Agent API sees them.
    #[serde(rename = "metabase.metrics")]
    MetabaseMetrics,
    /// Tables, their fields and the databases they lie in.
    #[serde(rename = "metabase.tables")]
    MetabaseTables,
    /// Queries of metrics and tables.
    #[serde(rename = "metabase.queries")]
    MetabaseQueries,
    /// Definitions of dbt jobs.
    #[serde(rename = "dbt.jobs")]
    DbtJobs,
    /// Runs of dbt jobs: reading, starting and cancelling them, and their artifacts.
    #[serde(rename = "dbt.runs")]
    DbtRuns,
    /// dbt projects.
    #[serde(rename = "dbt.projects")]
    DbtProjects,
    /// dbt environments.
    #[serde(rename = "dbt.environments")]
    DbtEnvironments,
    /// Connections to warehouses, and repositories.
    #[serde(rename = "dbt.connections")]
    DbtConnections,
    /// Users, groups and service tokens.
    #[serde(rename = "dbt.access")]
    DbtAccess,
    /// Subscriptions to webhooks.
    #[serde(rename = "dbt.webhooks")]
    DbtWebhooks,
    /// Models, tests, freshness and lineage, from the Discovery API.
    #[serde(rename = "dbt.discovery")]
    DbtDiscovery,
    /// Metrics of the Semantic Layer.
    #[serde(rename = "dbt.semantic_layer")]
    DbtSemanticLayer,
    /// Artifacts of a local dbt project.
    #[serde(rename = "dbt.local_artifacts")]
    DbtLocalArtifacts,
}

impl Area {
    pub const ALL: [Self; 16] = [
        Self::MetabaseServer,
        Self::MetabaseCollections,
        Self::MetabaseCards,
        Self::MetabaseMetrics,
        Self::MetabaseTables,
        Self::MetabaseQueries,
        Self::DbtJobs,
        Self::DbtRuns,
        Self::DbtProjects,
        Self::DbtEnvironments,
        Self::DbtConnections,
        Self::DbtAccess,
        Self::DbtWebhooks,
        Self::DbtDiscovery,
        Self::DbtSemanticLayer,
        Self::DbtLocalArtifacts,
    ];

    /// As the settings write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::MetabaseServer => "metabase.server",
            Self::MetabaseCollections => "metabase.collections",
            Self::MetabaseCards => "metabase.cards",
            Self::MetabaseMetrics => "metabase.metrics",
            Self::MetabaseTables => "metabase.tables",
            Self::MetabaseQueries => "metabase.queries",
            Self::DbtJobs => "dbt.jobs",
            Self::DbtRuns => "dbt.runs",
            Self::DbtProjects => "dbt.projects",
            Self::DbtEnvironments => "dbt.environments",
            Self::DbtConnections => "dbt.connections",
            Self::DbtAccess => "dbt.access",
            Self::DbtWebhooks => "dbt.webhooks",
            Self::DbtDiscovery => "dbt.discovery",
            Self::DbtSemanticLayer => "dbt.semantic_layer",
            Self::DbtLocalArtifacts => "dbt.local_artifacts",
        }
    }

    /// Whether it is a part of Metabase.
    pub fn is_metabase(self) -> bool {
        self.name().starts_with("metabase.")
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Area {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|area| area.name() == text);
        known.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|area| area.name()).collect();
            format!("{text:?} is not an area; the areas are {}", names.join(", "))
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationAccess {
    /// Nothing is. A query that a database runs reads too.
    Read,
    Write,
}

/// How much harm an operation can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// It reads what the grant is for.
    Low,
    /// It reads about people, or starts, stops or adds something.
    Medium,
    /// It changes code, money or access. A grant alone is not enough: a person approves each call.
    High,
}

/// A set of permissions that a token of dbt has, by dbt's own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DbtPermission {
    JobViewer,
    JobRunner,
    JobAdmin,
    MetadataOnly,
    AccountViewer,
    AccountAdmin,
    GitAdmin,
    SecurityAdmin,
    SemanticLayerOnly,
}

impl DbtPermission {
    /// As dbt's API writes it.
    pub fn slug(self) -> &'static str {
        match self {
            Self::JobViewer => "job_viewer",
            Self::JobRunner => "job_runner",
            Self::JobAdmin => "job_admin",
            Self::MetadataOnly => "metadata_only",
            Self::AccountViewer => "account_viewer",
            Self::AccountAdmin => "account_admin",
            Self::GitAdmin => "git_admin",
            Self::SecurityAdmin => "security_admin",
            Self::SemanticLayerOnly => "semantic_layer_only",
        }
    }

    /// As dbt's pages write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::JobViewer => "Job Viewer",
            Self::JobRunner => "Job Runner",
            Self::JobAdmin => "Job Admin",
            Self::MetadataOnly => "Metadata Only",
            Self::AccountViewer => "Account Viewer",
            Self::AccountAdmin => "Account Admin",
            Self::GitAdmin => "Git Admin",
            Self::SecurityAdmin => "Security Admin",
            Self::SemanticLayerOnly => "Semantic Layer Only",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    pub fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Delete => Method::DELETE,
        }
    }
}

/// What the body of a request may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyForm {
    /// Anything; the operation does the same whatever it says.
    Any,
    None,
    Object,
    /// One JSON object with the field `cause`. Every other field overrides how the job is defined, and needs an approval.
    Cause,
    /// Exactly this GraphQL document, with any variables.
    Document(&'static str),
}

impl Operation {
    /// A `GET` of this API that reads.
    pub(super) const fn get(api: Api, area: Area, name: &'static str, path: &'static str) -> Self {
        Self {
            name,
            api,
            area,
            verb: Verb::Get,
            path,
            alias: None,
            access: OperationAccess::Read,
            permission: None,
            risk: Risk::Low,
            version: "",
            body: BodyForm::None,
            words: "",
        }
    }

    /// A `POST` that only reads: a query.
    pub(super) const fn query(api: Api, area: Area, name: &'static str, path: &'static str) -> Self {
        Self {
            verb: Verb::Post,
            body: BodyForm::Any,
            ..Self::get(api, area, name, path)
        }
    }

    /// The same, writing with this method and body.
    pub(super) const fn writes(self, verb: Verb, body: BodyForm) -> Self {
        Self {
            verb,
            body,
            access: OperationAccess::Write,
            risk: Risk::Medium,
            ..self
        }
    }

    /// The same, asked with exactly this document.
    pub(super) const fn document(self, document: &'static str) -> Self {
        Self {
            body: BodyForm::Document(document),
            ..self
        }
    }

    /// The same, with what it does in words.
    pub(super) const fn says(self, words: &'static str) -> Self {
        Self { words, ..self }
    }

    /// The same, needing this permission of a token.
    pub(super) const fn needs(self, permission: DbtPermission) -> Self {
        Self {
            permission: Some(permission),
            ..self
        }
    }

    /// The same, with this risk.
    pub(super) const fn with_risk(self, risk: Risk) -> Self {
        Self { risk, ..self }
    }

    /// The same, in this version of the API.
    pub(super) const fn since(self, version: &'static str) -> Self {
        Self { version, ..self }
    }

    /// The same, under a second path too.
    pub(super) const fn also_at(self, alias: &'static str) -> Self {
        Self {
            alias: Some(alias),
            ..self
        }
    }

    /// Whether each call needs a person's approval, whatever the grants say.
    pub fn needs_approval(&self) -> bool {
        self.risk == Risk::High
    }
}
