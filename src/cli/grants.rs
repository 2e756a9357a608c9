//! `cardinal grants`: what may be asked, decided as the wire decides it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::args::{GlobalArgs, GrantsArgs};
use super::error::CliError;
use super::exit::ExitStatus;
use super::{answer, settings, table, term};
use crate::config::Settings;
use crate::grants::{GrantDecision, GrantPolicy, PermittingRule};
use crate::operations::{self, Api, Area, DbtPermission, Operation, OperationAccess, Risk, Verb};

/// Version of the report's JSON format.
const VERSION: u32 = 1;

/// What may be asked, for programs.
#[derive(Debug, Serialize)]
struct GrantsReport<'a> {
    version: u32,
    agent: &'a str,
    areas: Vec<AreaRow>,
    operations: Vec<OperationRow>,
}

#[derive(Debug, Serialize)]
struct AreaRow {
    area: Area,
    /// Operations that may be called, that need an approval, and that may not be called.
    allowed: usize,
    needs_approval: usize,
    denied: usize,
    /// The rules about it, in words.
    rules: Vec<String>,
}

#[derive(Debug, Serialize)]
struct OperationRow {
    operation: &'static str,
    does: &'static str,
    api: Api,
    area: Area,
    method: Verb,
    path: &'static str,
    access: OperationAccess,
    permission: Option<DbtPermission>,
    risk: Risk,
    version: &'static str,
    decision: &'static str,
    /// The rule that decides, or why it is denied.
    because: String,
}

pub(super) fn run(global: &GlobalArgs, args: &GrantsArgs) -> Result<ExitStatus, CliError> {
    let settings = settings::load_and_warn(global)?.settings;
    let policy = GrantPolicy::new(&settings.grants);
    let now = Timestamp::now();
    let rows: Vec<OperationRow> = operations::all()
        .map(|operation| row(operation, &policy, now))
        .collect();
    let areas: Vec<AreaRow> = Area::ALL
        .into_iter()
        .map(|area| area_row(area, &rows, &policy, now))
        .collect();
    let printed = if global.json() {
        answer::json(&GrantsReport {
            version: VERSION,
            agent: policy.agent(),
            areas,
            operations: rows,
        })
    } else if args.operations {
        let columns = [
            "operation",
            "area",
            "access",
            "permission",
            "risk",
            "decision",
            "because",
        ];
        let rows: Vec<Vec<Value>> = rows.iter().map(operation_cells).collect();
        table::print(&columns.map(str::to_owned), &rows)
    } else {
        let columns = ["area", "allowed", "needs approval", "denied", "rules"];
        let rows: Vec<Vec<Value>> = areas.iter().map(area_cells).collect();
        table::print(&columns.map(str::to_owned), &rows)
    };
    printed.map_err(CliError::Output)?;
    tell_what_is_asked(&settings);
    Ok(ExitStatus::Done)
}

/// Grants of a system that is not there do nothing: says so.
fn tell_what_is_asked(settings: &Settings) {
    let about_dbt = settings
        .grants
        .rules
        .iter()
        .any(|rule| rule.areas.iter().any(|area| !area.is_metabase()));
    if about_dbt && settings.dbt.cloud.is_none() && settings.dbt.project_dir.is_none() {
        term::say(
            "note: no dbt account and no dbt project is configured, so the rules about dbt do nothing yet",
        );
    }
}

/// What is decided on an operation. Ids in its path are taken as granted where a rule names some.
fn row(operation: &'static Operation, policy: &GrantPolicy, now: Timestamp) -> OperationRow {
    let (decision, because) = decided(operation, policy, now);
    OperationRow {
        operation: operation.name,
        does: operation.words,
        api: operation.api,
        area: operation.area,
        method: operation.verb,
        path: operation.path,
        access: operation.access,
        permission: operation.permission,
        risk: operation.risk,
        version: operation.version,
        decision,
        because,
    }
}

fn decided(operation: &'static Operation, policy: &GrantPolicy, now: Timestamp) -> (&'static str, String) {
    match policy.best_ruling(operation, now) {
        GrantDecision::Permitted(rules) => {
            let granting: Vec<String> = rules.iter().map(PermittingRule::name).collect();
            ("allowed", granting.join(", "))
        }
        GrantDecision::NeedsApproval { rule, reason } => ("needs_approval", format!("{rule}; {reason}")),
        GrantDecision::Denied { reason } => ("denied", reason),
    }
}

fn area_row(area: Area, rows: &[OperationRow], policy: &GrantPolicy, now: Timestamp) -> AreaRow {
    let count = |decision: &str| {
        let mine = rows.iter().filter(|row| row.area == area);
        mine.filter(|row| row.decision == decision).count()
    };
    let over = policy
        .rules_over(area, now)
        .map(|(number, rule)| (true, number, rule));
    let valid = policy
        .rules_on(area, now)
        .map(|(number, rule)| (false, number, rule));
    let rules = valid.chain(over).map(|(over, number, rule)| {
        let over = if over {
            "over, grants nothing any more: "
        } else {
            ""
        };
        let mut words = format!("grants.rules {number}: {over}{}", rule.level);
        for condition in rule.conditions() {
            words.push_str(", ");
            words.push_str(&condition);
        }
        if let Some(reason) = &rule.reason {
            words.push_str("; ");
            words.push_str(reason);
        }
        words
    });
    let mut rules: Vec<String> = rules.collect();
    if rules.is_empty() {
        rules.push(if area.is_metabase() {
            "the default: read".to_owned()
        } else {
            "the default: off".to_owned()
        });
    }
    AreaRow {
        area,
        allowed: count("allowed"),
        needs_approval: count("needs_approval"),
        denied: count("denied"),
        rules,
    }
}

fn area_cells(row: &AreaRow) -> Vec<Value> {
    vec![
        row.area.name().into(),
        row.allowed.into(),
        row.needs_approval.into(),
        row.denied.into(),
        row.rules.join(" · ").into(),
    ]
}

fn operation_cells(row: &OperationRow) -> Vec<Value> {
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let access = serde_json::to_value(row.access).map(word).unwrap_or_default();
    let risk = serde_json::to_value(row.risk).map(word).unwrap_or_default();
    vec![
        row.operation.into(),
        row.area.name().into(),
        access.into(),
        row.permission
            .map(DbtPermission::title)
            .unwrap_or_default()
            .into(),
        risk.into(),
        row.decision.replace('_', " ").into(),
        row.because.clone().into(),
    ]
}
