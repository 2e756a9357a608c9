use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use etcetera::BaseStrategy;
use jiff::Timestamp;

use crate::call_log::CallLogSettings;
use crate::config::error::ConfigError;
use crate::config::grants::{CallLogConfig, GrantRuleConfig, GrantsConfig, IdConfig};
use crate::config::load::Origins;
use crate::grants::{GrantRule, GrantSettings};
use crate::operations;

/// The grants. A rule that could never mean what it says is an error.
pub(super) fn grants(file: GrantsConfig, origins: &Origins) -> Result<GrantSettings, ConfigError> {
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
        let listed: BTreeSet<String> = listed.into_iter().map(written).collect();
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
