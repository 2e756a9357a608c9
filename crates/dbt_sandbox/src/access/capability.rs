/// The permission sets that a service token can have.
pub(crate) const KNOWN_SETS: [&str; 33] = [
    "owner",
    "member",
    "account_admin",
    "account_viewer",
    "admin",
    "analyst",
    "analyst_read",
    "billing_admin",
    "cost_insights_admin",
    "cost_insights_viewer",
    "cost_management_admin",
    "cost_management_viewer",
    "database_admin",
    "developer",
    "fusion_admin",
    "git_admin",
    "job_admin",
    "job_creator",
    "job_runner",
    "job_viewer",
    "manage_marketplace_apps",
    "metadata_only",
    "notification_manager",
    "project_creator",
    "readonly",
    "scim_only",
    "security_admin",
    "semantic_layer_only",
    "stakeholder",
    "team_admin",
    "webhooks_only",
    "deployment_admin",
    "catalog_viewer",
];

/// What a request needs, named after the least permission set that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenRight {
    JobViewer,
    /// Starting, cancelling and repeating runs.
    JobRunner,
    JobAdmin,
    /// Reading the files of a run, and the Discovery API.
    MetadataOnly,
    /// Reading projects, environments, connections, repositories, users and groups.
    AccountViewer,
    /// Changing projects, environments and connections.
    AccountAdmin,
    GitAdmin,
    SecurityAdmin,
    WebhookSender,
    SemanticLayer,
}

impl TokenRight {
    /// The permission set to ask for.
    pub(crate) fn set(self) -> &'static str {
        match self {
            Self::JobViewer => "job_viewer",
            Self::JobRunner => "job_runner",
            Self::JobAdmin => "job_admin",
            Self::MetadataOnly => "metadata_only",
            Self::AccountViewer => "account_viewer",
            Self::AccountAdmin | Self::WebhookSender => "account_admin",
            Self::GitAdmin => "git_admin",
            Self::SecurityAdmin => "security_admin",
            Self::SemanticLayer => "semantic_layer_only",
        }
    }

    /// Its name in the user interface.
    pub(crate) fn set_name(self) -> &'static str {
        match self {
            Self::JobViewer => "Job Viewer",
            Self::JobRunner => "Job Runner",
            Self::JobAdmin => "Job Admin",
            Self::MetadataOnly => "Metadata Only",
            Self::AccountViewer => "Account Viewer",
            Self::AccountAdmin | Self::WebhookSender => "Account Admin",
            Self::GitAdmin => "Git Admin",
            Self::SecurityAdmin => "Security Admin",
            Self::SemanticLayer => "Semantic Layer Only",
        }
    }

    /// Whether a permission set has it.
    pub(crate) fn is_in(self, set: &str) -> bool {
        use TokenRight::{
            AccountViewer, GitAdmin, JobAdmin, JobRunner, JobViewer, MetadataOnly, SecurityAdmin,
            SemanticLayer, WebhookSender,
        };
        let has: &[Self] = match set {
            "owner" | "account_admin" => return true,
            "account_viewer" | "readonly" => &[AccountViewer, JobViewer, MetadataOnly],
            "admin" | "developer" => &[
                AccountViewer,
                JobAdmin,
                JobRunner,
                JobViewer,
                MetadataOnly,
                SemanticLayer,
                WebhookSender,
            ],
            "analyst" => &[JobViewer, MetadataOnly, SemanticLayer],
            "job_admin" => &[JobAdmin, JobRunner, JobViewer, MetadataOnly],
            "job_runner" => &[JobRunner, JobViewer, MetadataOnly],
            "job_viewer" | "analyst_read" | "stakeholder" => &[JobViewer, MetadataOnly],
            "metadata_only" => &[MetadataOnly],
            "git_admin" => &[GitAdmin],
            "security_admin" => &[SecurityAdmin],
            "semantic_layer_only" => &[SemanticLayer],
            "webhooks_only" => &[WebhookSender],
            _ => &[],
        };
        has.contains(&self)
    }
}
