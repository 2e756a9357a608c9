//! `cardinal approvals`: requests that wait for a person, and that person's word.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;

use super::args::{ApprovalsCommand, GlobalArgs};
use super::error::CliError;
use super::exit::ExitStatus;
use super::{answer, settings, table, term};
use crate::approvals::{Approval, ApprovalState, ApprovalStore, ApproverIdentity};

/// Version of the list's JSON format.
const VERSION: u32 = 1;
/// The variable that holds the key of whoever approves.
const KEY: &str = "CARDINAL_APPROVER_KEY";

#[derive(Debug, Serialize)]
struct ListedApprovals {
    version: u32,
    approvals: Vec<Approval>,
}

/// Runs one of the commands about approvals.
pub(super) async fn run(global: &GlobalArgs, command: &ApprovalsCommand) -> Result<ExitStatus, CliError> {
    let settings = settings::load_and_warn(global)?.settings;
    let store = ApprovalStore::new(settings.approvals.ok_or(CliError::NoApprovals)?);
    match command {
        ApprovalsCommand::List { all } => list(store.list().await?, *all, global.json()),
        ApprovalsCommand::Show { id } => show(&now(store.get(id).await?), global.json()),
        ApprovalsCommand::Grant { id } => decide(&store, id, true, global.json()).await,
        ApprovalsCommand::Deny { id } => decide(&store, id, false, global.json()).await,
    }
}

/// An approval as it is now: one that nobody used in time has expired.
fn now(mut one: Approval) -> Approval {
    one.state = one.state_at(Timestamp::now());
    one
}

async fn decide(store: &ApprovalStore, id: &str, grant: bool, json: bool) -> Result<ExitStatus, CliError> {
    let key = std::env::var(KEY).ok().filter(|key| !key.trim().is_empty());
    let key = key.ok_or(CliError::NoApproverKey)?;
    let by = ApproverIdentity::Key(SecretString::from(key.trim().to_owned()));
    show(&store.decide(id, grant, by).await?, json)
}

fn list(all: Vec<Approval>, over_too: bool, json: bool) -> Result<ExitStatus, CliError> {
    let open = |one: &Approval| matches!(one.state, ApprovalState::Waiting | ApprovalState::Granted);
    let shown: Vec<Approval> = all
        .into_iter()
        .map(now)
        .filter(|one| over_too || open(one))
        .collect();
    if json {
        let list = ListedApprovals {
            version: VERSION,
            approvals: shown,
        };
        answer::json(&list).map_err(CliError::Output)?;
        return Ok(ExitStatus::Done);
    }
    if shown.is_empty() {
        term::say("nothing waits for an approval");
        return Ok(ExitStatus::Done);
    }
    let columns = [
        "approval",
        "state",
        "agent",
        "wants to",
        "asked",
        "until",
        "decided by",
    ]
    .map(str::to_owned);
    let rows: Vec<Vec<Value>> = shown.iter().map(cells).collect();
    table::print(&columns, &rows).map_err(CliError::Output)?;
    Ok(ExitStatus::Done)
}

fn cells(one: &Approval) -> Vec<Value> {
    vec![
        one.id.clone().into(),
        one.state.word().into(),
        term::line(&one.agent).into(),
        term::line(&one.does).into(),
        one.asked_at.to_string().into(),
        one.expires_at.to_string().into(),
        one.decided_by.as_deref().map(term::line).into(),
    ]
}

fn show(one: &Approval, json: bool) -> Result<ExitStatus, CliError> {
    if json {
        answer::json(one).map_err(CliError::Output)?;
        return Ok(ExitStatus::Done);
    }
    let account = one
        .account
        .as_deref()
        .map(|account| format!(" on dbt account {account}"))
        .unwrap_or_default();
    let mut lines = vec![
        format!("{}: {}", one.id, one.state.word()),
        format!(
            "  {} (for {}) wants to {}{account}",
            one.agent, one.principal, one.does
        ),
        format!("  because of the grants: {}", one.reason),
        format!("  asked {}, holds until {}", one.asked_at, one.expires_at),
        format!("  request sha256 {}", one.request_sha256),
    ];
    if let Some(by) = &one.decided_by {
        lines.push(format!("  decided by {by}"));
    }
    if let Some(body) = &one.body {
        lines.push("  sent would be:".to_owned());
        let body = serde_json::to_string_pretty(body).unwrap_or_default();
        lines.extend(body.lines().map(|line| format!("    {line}")));
    }
    let lines: Vec<String> = lines.iter().map(|line| term::plain(line)).collect();
    term::out_line(lines.join("\n")).map_err(CliError::Output)?;
    Ok(ExitStatus::Done)
}
