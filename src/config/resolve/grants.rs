use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy;
use jiff::Timestamp;

use crate::approvals::{ApprovalSettings, Approver};
use crate::call_log::CallLogSettings;
use crate::config::approvals::{ApprovalsConfig, ApproverConfig};
use crate::config::error::ConfigError;
use crate::config::grants::{CallLogConfig, GrantRuleConfig, GrantsConfig, IdConfig};
use crate::config::load::SettingOrigins;
use crate::grants::{GrantRule, GrantSettings};
use crate::operations;

/// The grants. A rule that could never mean what it says is an error.
pub(super) fn grants(file: GrantsConfig, origins: &SettingOrigins) -> Result<GrantSettings, ConfigError> {
    let usual = GrantSettings::default();
    let mut rules = Vec::new();
    for (at, rule) in file.rules.into_iter().enumerate() {
        let place = format!("{} {}", origins.place("grants.rules"), at + 1);
        rules.push(resolved(rule).map_err(|problem| ConfigError::setting(place, problem))?);
    }
    Ok(GrantSettings {
        agent: file
            .agent
            .filter(|name| !name.trim().is_empty())
            .unwrap_or(usual.agent),
        rules,
    })
}

fn resolved(rule: GrantRuleConfig) -> Result<GrantRule, String> {
    if rule.areas.is_empty() {
        return Err("names no area: write areas such as [\"dbt.runs\"]".to_owned());
    }
    if rule.agent.as_deref().is_some_and(|agent| agent.trim().is_empty()) {
        return Err(
            "names an agent without a name: write one, or take `agent` away to mean every agent".to_owned(),
        );
    }
    if rule.max_calls_per_minute == Some(0) || rule.max_calls_per_session == Some(0) {
        return Err("allows no call at all: write `level = \"off\"` for that".to_owned());
    }
    let mut ids = BTreeMap::new();
    for (parameter, listed) in rule.ids {
        let known = known_parameters(&rule.areas);
        if !known.contains(parameter.as_str()) {
            let known: Vec<&str> = known.into_iter().collect();
            return Err(format!(
                "no path of its areas has a {parameter}; they have {}",
                known.join(", ")
            ));
        }
        let listed: BTreeSet<String> = listed.0.into_iter().map(written).collect();
        if listed.is_empty() {
            return Err(format!(
                "lists no {parameter}: name one, or take the condition away"
            ));
        }
        ids.insert(parameter, listed);
    }
    let expires = rule.expires.as_deref().map(|text| {
        let parsed: Result<Timestamp, _> = text.trim().parse();
        parsed.map_err(|_| {
            format!("expires {text:?}: write a time with its zone, like \"2026-12-31T18:00:00Z\"")
        })
    });
    Ok(GrantRule {
        agent: rule.agent,
        areas: rule.areas.into_iter().collect(),
        level: rule.level,
        ids,
        max_calls_per_minute: rule.max_calls_per_minute,
        max_calls_per_session: rule.max_calls_per_session,
        expires: expires.transpose()?,
        granted_by: rule.granted_by,
        reason: rule.reason,
    })
}

fn written(id: IdConfig) -> String {
    match id {
        IdConfig::Number(number) => number.to_string(),
        IdConfig::Text(text) => text,
    }
}

/// Parameters of the paths of these areas, but for the account, which the connection fixes.
fn known_parameters(areas: &[operations::Area]) -> BTreeSet<&'static str> {
    operations::all()
        .filter(|operation| areas.contains(&operation.area))
        .flat_map(|operation| operations::parameter_names(operation.path))
        .filter(|name| *name != "account_id")
        .collect()
}

/// Where approvals are asked for, and who gives them.
pub(super) fn approvals(file: ApprovalsConfig) -> Result<Option<ApprovalSettings>, ConfigError> {
    let Some(dir) = file.dir else {
        if file.approvers.is_empty() {
            return Ok(None);
        }
        let problem = "names the folder that requests wait in; without it nobody can approve anything";
        return Err(ConfigError::setting("approvals.dir", problem));
    };
    let approver = |one: ApproverConfig| -> Result<Approver, String> {
        if one.name.trim().is_empty() {
            return Err("has no name: the log says who approved".to_owned());
        }
        if one.key_sha256.is_none() && one.principal.is_none() {
            return Err(format!(
                "{:?} has neither a key_sha256 nor a principal, so that nobody is them",
                one.name
            ));
        }
        let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if one.key_sha256.as_ref().is_some_and(|text| !is_hash(text)) {
            return Err(format!(
                "{:?} has a key_sha256 that is no SHA-256: write the 64 digits that `printf %s \"$KEY\" | sha256sum` prints",
                one.name
            ));
        }
        Ok(Approver {
            name: one.name,
            key_sha256: one.key_sha256,
            principal: one.principal,
        })
    };
    let approvers: Result<Vec<Approver>, String> = file.approvers.into_iter().map(approver).collect();
    Ok(Some(ApprovalSettings {
        dir,
        valid_for: Duration::from_secs(60 * file.minutes.unwrap_or(30)),
        approvers: approvers.map_err(|problem| ConfigError::setting("approvals.approvers", problem))?,
    }))
}

/// Where calls are written down. `needed` says that they have to be: then there is an error without a folder.
pub(super) fn call_log(file: CallLogConfig, needed: bool) -> Result<Option<CallLogSettings>, ConfigError> {
    if file.dir.is_none() && !needed {
        return Ok(None);
    }
    let Some(dir) = file.dir.or_else(default_dir) else {
        return Err(ConfigError::setting(
            "call_log.dir",
            "dbt is asked, and this system names no folder to write its calls down in: set one",
        ));
    };
    let usual = CallLogSettings::new(dir);
    Ok(Some(CallLogSettings {
        segment_bytes: file
            .segment_mb
            .map_or(usual.segment_bytes, |mb| mb.saturating_mul(1024 * 1024)),
        anchor_file: file.anchor_file,
        anchor_every: file.anchor_every.unwrap_or(usual.anchor_every),
        ..usual
    }))
}

/// Where state belongs; where a system has no such place, where data does.
fn default_dir() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    let dir = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    Some(dir.join("cardinal").join("log"))
}
