//! dbt's Administrative API: its 32 operations. Most paths end in a slash and those of webhooks do not; a path without its
//! slash is another path, which a server redirects, and redirects are not followed.

use super::operation::{Api, Area, BodyForm, DbtPermission, Operation, Risk, Verb};

const fn get(area: Area, name: &'static str, path: &'static str) -> Operation {
    Operation::get(Api::DbtAdministrative, area, name, path)
}

const fn writes(area: Area, name: &'static str, path: &'static str, verb: Verb, body: BodyForm) -> Operation {
    get(area, name, path).writes(verb, body)
}

/// Lists jobs, at most 100 on a page.
pub(crate) const LIST_JOBS: Operation =
    get(Area::DbtJobs, "list_jobs", "/api/v2/accounts/{account_id}/jobs/")
        .says("list jobs")
        .needs(DbtPermission::JobViewer)
        .since("v2");
pub(crate) const GET_JOB: Operation = get(
    Area::DbtJobs,
    "get_job",
    "/api/v2/accounts/{account_id}/jobs/{job_id}/",
)
.says("read job {job_id}")
.needs(DbtPermission::JobViewer)
.since("v2");
/// Creates a job. Its steps are commands that dbt runs.
pub(crate) const CREATE_JOB: Operation = writes(
    Area::DbtJobs,
    "create_job",
    "/api/v2/accounts/{account_id}/jobs/",
    Verb::Post,
    BodyForm::Object,
)
.says("create a job")
.needs(DbtPermission::JobAdmin)
.since("v2")
.with_risk(Risk::High);
/// Replaces a job as a whole.
pub(crate) const UPDATE_JOB: Operation = writes(
    Area::DbtJobs,
    "update_job",
    "/api/v2/accounts/{account_id}/jobs/{job_id}/",
    Verb::Post,
    BodyForm::Object,
)
.says("change job {job_id}")
.needs(DbtPermission::JobAdmin)
.since("v2")
.with_risk(Risk::High);
pub(crate) const DELETE_JOB: Operation = writes(
    Area::DbtJobs,
    "delete_job",
    "/api/v2/accounts/{account_id}/jobs/{job_id}/",
    Verb::Delete,
    BodyForm::None,
)
.says("delete job {job_id}")
.needs(DbtPermission::JobAdmin)
.since("v2")
.with_risk(Risk::High);
/// Starts a run; while the job runs already, the new run waits.
pub(crate) const TRIGGER_JOB_RUN: Operation = writes(
    Area::DbtRuns,
    "trigger_job_run",
    "/api/v2/accounts/{account_id}/jobs/{job_id}/run/",
    Verb::Post,
    BodyForm::Cause,
)
.says("trigger job {job_id}")
.needs(DbtPermission::JobRunner)
.since("v2");
/// Starts a run from the step that failed, or a new one.
pub(crate) const RERUN_JOB: Operation = writes(
    Area::DbtRuns,
    "rerun_job",
    "/api/v2/accounts/{account_id}/jobs/{job_id}/rerun/",
    Verb::Post,
    BodyForm::None,
)
.says("rerun job {job_id} from where it failed")
.needs(DbtPermission::JobRunner)
.since("v2");
/// Lists runs, at most 100 on a page.
pub(crate) const LIST_RUNS: Operation =
    get(Area::DbtRuns, "list_runs", "/api/v2/accounts/{account_id}/runs/")
        .says("list runs")
        .needs(DbtPermission::JobViewer)
        .since("v2");
pub(crate) const GET_RUN: Operation = get(
    Area::DbtRuns,
    "get_run",
    "/api/v2/accounts/{account_id}/runs/{run_id}/",
)
.says("read run {run_id}")
.needs(DbtPermission::JobViewer)
.since("v2");
pub(crate) const CANCEL_RUN: Operation = writes(
    Area::DbtRuns,
    "cancel_run",
    "/api/v2/accounts/{account_id}/runs/{run_id}/cancel/",
    Verb::Post,
    BodyForm::None,
)
.says("cancel run {run_id}")
.needs(DbtPermission::JobRunner)
.since("v2");
/// Lists the files that a finished run left behind.
pub(crate) const LIST_RUN_ARTIFACTS: Operation = get(
    Area::DbtRuns,
    "list_run_artifacts",
    "/api/v2/accounts/{account_id}/runs/{run_id}/artifacts/",
)
.says("list the artifacts of run {run_id}")
.needs(DbtPermission::JobViewer)
.since("v2");
/// Reads one of those files as it is. The answer is not an envelope.
pub(crate) const GET_RUN_ARTIFACT: Operation = get(
    Area::DbtRuns,
    "get_run_artifact",
    "/api/v2/accounts/{account_id}/runs/{run_id}/artifacts/{path...}",
)
.says("read the artifact {path} of run {run_id}")
.needs(DbtPermission::MetadataOnly)
.since("v2");
/// Lists projects, at most 100 on a page.
pub(crate) const LIST_PROJECTS: Operation = get(
    Area::DbtProjects,
    "list_projects",
    "/api/v3/accounts/{account_id}/projects/",
)
.says("list projects")
.needs(DbtPermission::AccountViewer)
.since("v3");
pub(crate) const GET_PROJECT: Operation = get(
    Area::DbtProjects,
    "get_project",
    "/api/v3/accounts/{account_id}/projects/{project_id}/",
)
.says("read project {project_id}")
.needs(DbtPermission::AccountViewer)
.since("v3");
pub(crate) const CREATE_PROJECT: Operation = writes(
    Area::DbtProjects,
    "create_project",
    "/api/v3/accounts/{account_id}/projects/",
    Verb::Post,
    BodyForm::Object,
)
.says("create a project")
.needs(DbtPermission::AccountAdmin)
.since("v3");
/// Deletes a project and everything in it.
pub(crate) const DELETE_PROJECT: Operation = writes(
    Area::DbtProjects,
    "delete_project",
    "/api/v3/accounts/{account_id}/projects/{project_id}/",
    Verb::Delete,
    BodyForm::None,
)
.says("delete project {project_id} and everything in it")
.needs(DbtPermission::AccountAdmin)
.since("v3")
.with_risk(Risk::High);
/// Lists environments, at most 100 on a page.
pub(crate) const LIST_ENVIRONMENTS: Operation = get(
    Area::DbtEnvironments,
    "list_environments",
    "/api/v3/accounts/{account_id}/projects/{project_id}/environments/",
)
.says("list the environments of project {project_id}")
.needs(DbtPermission::AccountViewer)
.since("v3");
pub(crate) const CREATE_ENVIRONMENT: Operation = writes(
    Area::DbtEnvironments,
    "create_environment",
    "/api/v3/accounts/{account_id}/projects/{project_id}/environments/",
    Verb::Post,
    BodyForm::Object,
)
.says("create an environment in project {project_id}")
.needs(DbtPermission::AccountAdmin)
.since("v3");
/// Replaces an environment: what is left out is reset.
pub(crate) const UPDATE_ENVIRONMENT: Operation = writes(
    Area::DbtEnvironments,
    "update_environment",
    "/api/v3/accounts/{account_id}/projects/{project_id}/environments/{environment_id}/",
    Verb::Post,
    BodyForm::Object,
)
.says("replace environment {environment_id} of project {project_id}")
.needs(DbtPermission::AccountAdmin)
.since("v3")
.with_risk(Risk::High);
pub(crate) const LIST_CONNECTIONS: Operation = get(
    Area::DbtConnections,
    "list_connections",
    "/api/v3/accounts/{account_id}/projects/{project_id}/connections/",
)
.says("list connections")
.needs(DbtPermission::AccountViewer)
.since("v3")
.also_at("/api/v3/accounts/{account_id}/connections/");
/// Creates a connection to a warehouse.
pub(crate) const CREATE_CONNECTION: Operation = writes(
    Area::DbtConnections,
    "create_connection",
    "/api/v3/accounts/{account_id}/projects/{project_id}/connections/",
    Verb::Post,
    BodyForm::Object,
)
.says("create a connection")
.needs(DbtPermission::AccountAdmin)
.since("v3")
.with_risk(Risk::High)
.also_at("/api/v3/accounts/{account_id}/connections/");
pub(crate) const LIST_REPOSITORIES: Operation = get(
    Area::DbtConnections,
    "list_repositories",
    "/api/v3/accounts/{account_id}/projects/{project_id}/repositories/",
)
.says("list the repositories of project {project_id}")
.needs(DbtPermission::AccountViewer)
.since("v3");
pub(crate) const CREATE_REPOSITORY: Operation = writes(
    Area::DbtConnections,
    "create_repository",
    "/api/v3/accounts/{account_id}/projects/{project_id}/repositories/",
    Verb::Post,
    BodyForm::Object,
)
.says("create a repository in project {project_id}")
.needs(DbtPermission::GitAdmin)
.since("v3")
.with_risk(Risk::High);
/// Lists users, with their names and e-mail addresses.
pub(crate) const LIST_USERS: Operation = get(
    Area::DbtAccess,
    "list_users",
    "/api/v3/accounts/{account_id}/users/",
)
.says("list users")
.needs(DbtPermission::AccountViewer)
.since("v3")
.with_risk(Risk::Medium);
pub(crate) const LIST_GROUPS: Operation = get(
    Area::DbtAccess,
    "list_groups",
    "/api/v3/accounts/{account_id}/groups/",
)
.says("list groups")
.needs(DbtPermission::AccountViewer)
.since("v3");
pub(crate) const CREATE_GROUP: Operation = writes(
    Area::DbtAccess,
    "create_group",
    "/api/v3/accounts/{account_id}/groups/",
    Verb::Post,
    BodyForm::Object,
)
.says("create a group")
.needs(DbtPermission::SecurityAdmin)
.since("v3")
.with_risk(Risk::High)
.also_at("/api/v3/accounts/{account_id}/group-permissions/{group_id}/");
/// Lists service tokens, without their secrets.
pub(crate) const LIST_SERVICE_TOKENS: Operation = get(
    Area::DbtAccess,
    "list_service_tokens",
    "/api/v3/accounts/{account_id}/service-tokens/",
)
.says("list service tokens")
.needs(DbtPermission::SecurityAdmin)
.since("v3");
/// Creates a service token. Its secret is told once.
pub(crate) const CREATE_SERVICE_TOKEN: Operation = writes(
    Area::DbtAccess,
    "create_service_token",
    "/api/v3/accounts/{account_id}/service-tokens/",
    Verb::Post,
    BodyForm::Object,
)
.says("create a service token")
.needs(DbtPermission::SecurityAdmin)
.since("v3")
.with_risk(Risk::High);
pub(crate) const LIST_WEBHOOKS: Operation = get(
    Area::DbtWebhooks,
    "list_webhooks",
    "/api/v3/accounts/{account_id}/webhooks/subscriptions",
)
.says("list webhook subscriptions")
.needs(DbtPermission::AccountViewer)
.since("v3");
/// Creates a webhook subscription. Its secret is told once.
pub const CREATE_WEBHOOK: Operation = writes(
    Area::DbtWebhooks,
    "create_webhook",
    "/api/v3/accounts/{account_id}/webhooks/subscriptions",
    Verb::Post,
    BodyForm::Object,
)
.says("create a webhook subscription")
.needs(DbtPermission::AccountAdmin)
.since("v3");
pub(crate) const UPDATE_WEBHOOK: Operation = writes(
    Area::DbtWebhooks,
    "update_webhook",
    "/api/v3/accounts/{account_id}/webhooks/subscription/{subscription_id}",
    Verb::Put,
    BodyForm::Object,
)
.says("change webhook subscription {subscription_id}")
.needs(DbtPermission::AccountAdmin)
.since("v3");
pub(crate) const DELETE_WEBHOOK: Operation = writes(
    Area::DbtWebhooks,
    "delete_webhook",
    "/api/v3/accounts/{account_id}/webhooks/subscription/{subscription_id}",
    Verb::Delete,
    BodyForm::None,
)
.says("delete webhook subscription {subscription_id}")
.needs(DbtPermission::AccountAdmin)
.since("v3");

pub static ADMINISTRATIVE: [Operation; 32] = [
    LIST_JOBS,
    GET_JOB,
    CREATE_JOB,
    UPDATE_JOB,
    DELETE_JOB,
    TRIGGER_JOB_RUN,
    RERUN_JOB,
    LIST_RUNS,
    GET_RUN,
    CANCEL_RUN,
    LIST_RUN_ARTIFACTS,
    GET_RUN_ARTIFACT,
    LIST_PROJECTS,
    GET_PROJECT,
    CREATE_PROJECT,
    DELETE_PROJECT,
    LIST_ENVIRONMENTS,
    CREATE_ENVIRONMENT,
    UPDATE_ENVIRONMENT,
    LIST_CONNECTIONS,
    CREATE_CONNECTION,
    LIST_REPOSITORIES,
    CREATE_REPOSITORY,
    LIST_USERS,
    LIST_GROUPS,
    CREATE_GROUP,
    LIST_SERVICE_TOKENS,
    CREATE_SERVICE_TOKEN,
    LIST_WEBHOOKS,
    CREATE_WEBHOOK,
    UPDATE_WEBHOOK,
    DELETE_WEBHOOK,
];
