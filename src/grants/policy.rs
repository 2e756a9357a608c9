use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::rule::{GrantLevel, GrantRule, GrantSettings};
use crate::operations::{Area, Operation, OperationAccess, OperationCall, parameter_names};

/// The grants of one agent, ready to decide. Cheap to clone.
#[derive(Debug, Clone)]
pub struct GrantPolicy {
    agent: Arc<str>,
    /// The rules that are for this agent, each with its number in the settings, from 1.
    rules: Arc<[(usize, GrantRule)]>,
}

/// What the rules say of a call. Whether a rate still has room is asked of the [`CallMeter`](super::CallMeter) afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantDecision {
    /// Each of these rules grants it; one whose rates have room is enough.
    Permitted(Vec<PermittingRule>),
    /// The rules grant it, and a person has to approve this very call as well.
    NeedsApproval { rule: String, reason: String },
    /// Nobody granted it, or somebody denied it.
    Denied { reason: String },
}

/// A rule that grants a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermittingRule {
    /// Its number in the settings; 0 is the default.
    pub number: usize,
    pub max_calls_per_minute: Option<u32>,
    pub max_calls_per_session: Option<u32>,
}

impl PermittingRule {
    /// As messages and the log name it.
    pub fn name(&self) -> String {
        rule_name(self.number)
    }
}

fn rule_name(number: usize) -> String {
    if number == 0 {
        "the default".to_owned()
    } else {
        format!("grants.rules {number}")
    }
}

impl Default for GrantPolicy {
    fn default() -> Self {
        Self::new(&GrantSettings::default())
    }
}

impl GrantPolicy {
    pub fn new(settings: &GrantSettings) -> Self {
        let numbered = settings.rules.iter().cloned().enumerate();
        Self {
            agent: settings.agent.as_str().into(),
            rules: numbered
                .map(|(at, rule)| (at + 1, rule))
                .filter(|(_, rule)| rule.is_for(&settings.agent))
                .collect(),
        }
    }

    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// The rules about an area that are not over, each with its number in the settings.
    pub fn rules_on(&self, area: Area, now: Timestamp) -> impl Iterator<Item = (usize, &GrantRule)> {
        let about = move |rule: &GrantRule| rule.areas.contains(&area) && !rule.is_over(now);
        self.rules
            .iter()
            .filter(move |(_, rule)| about(rule))
            .map(|(number, rule)| (*number, rule))
    }

    /// What the rules say of Metabase at a time, one text for each: two sets of rules that let the same through for the same
    /// reasons come to the same texts. Nothing where the default holds.
    pub fn metabase_terms(&self, now: Timestamp) -> Vec<String> {
        let about_metabase = self
            .rules
            .iter()
            .filter(|(_, rule)| !rule.is_over(now) && rule.areas.iter().any(|area| area.is_metabase()));
        about_metabase
            .map(|(_, rule)| format!("{:?} {:?} {:?}", rule.level, rule.areas, rule.ids))
            .collect()
    }

    /// Decides on a call by the rules alone.
    pub fn rule_on(&self, call: &OperationCall, now: Timestamp) -> GrantDecision {
        let area = call.operation.area;
        let about: Vec<(usize, &GrantRule)> = self.rules_on(area, now).collect();
        let off = about
            .iter()
            .find(|(_, rule)| rule.level == GrantLevel::Off && rule.covers(call));
        if let Some((number, _)) = off {
            return self.denied(&format!("{area} is off"), *number);
        }
        if !self.is_granted_by_rule(area) {
            return self.by_default(call);
        }
        let permitting: Vec<PermittingRule> = about
            .iter()
            .filter(|(_, rule)| rule.admits(call.operation.access) && rule.covers(call))
            .map(|(number, rule)| PermittingRule {
                number: *number,
                max_calls_per_minute: rule.max_calls_per_minute,
                max_calls_per_session: rule.max_calls_per_session,
            })
            .collect();
        let Some(first) = permitting.first() else {
            return self.why_not(call, &about);
        };
        match approval_reason(call) {
            None => GrantDecision::Permitted(permitting),
            Some(reason) => GrantDecision::NeedsApproval {
                rule: first.name(),
                reason,
            },
        }
    }

    /// What the rules say of an operation at best: of calls for all ids, and for each of the ids that a rule names. So one that
    /// may be called for some ids alone counts as permitted.
    pub fn best_ruling(&self, operation: &'static Operation, now: Timestamp) -> GrantDecision {
        let named = parameter_names(operation.path);
        let of_rule = |rule: &GrantRule| {
            let ids = rule.ids.iter().filter_map(|(parameter, ids)| {
                let parameter = named.iter().copied().find(|name| *name == parameter.as_str())?;
                Some((parameter, ids.iter().next()?.clone()))
            });
            ids.collect()
        };
        let cases = self.rules_on(operation.area, now).map(|(_, rule)| of_rule(rule));
        let rulings = std::iter::once(BTreeMap::new()).chain(cases).map(|parameters| {
            let call = OperationCall {
                operation,
                parameters,
                overrides: Vec::new(),
            };
            self.rule_on(&call, now)
        });
        let order = |decision: &GrantDecision| match decision {
            GrantDecision::Permitted(_) => 0,
            GrantDecision::NeedsApproval { .. } => 1,
            GrantDecision::Denied { .. } => 2,
        };
        let best = rulings.min_by_key(order);
        best.unwrap_or(GrantDecision::Denied {
            reason: String::new(),
        })
    }

    /// Rules about an area that are over, each with its number in the settings.
    pub fn rules_over(&self, area: Area, now: Timestamp) -> impl Iterator<Item = (usize, &GrantRule)> {
        let about = move |rule: &GrantRule| rule.areas.contains(&area) && rule.is_over(now);
        self.rules
            .iter()
            .filter(move |(_, rule)| about(rule))
            .map(|(number, rule)| (*number, rule))
    }

    /// Whether any rule for this agent grants something of the area, over or not: then the default no longer holds.
    fn is_granted_by_rule(&self, area: Area) -> bool {
        let mut rules = self.rules.iter();
        rules.any(|(_, rule)| rule.level != GrantLevel::Off && rule.areas.contains(&area))
    }

    /// Where no rule names the area: Metabase is read as ever, everything else is off.
    fn by_default(&self, call: &OperationCall) -> GrantDecision {
        let area = call.operation.area;
        if area.is_metabase() && call.operation.access == OperationAccess::Read {
            return GrantDecision::Permitted(vec![PermittingRule {
                number: 0,
                max_calls_per_minute: None,
                max_calls_per_session: None,
            }]);
        }
        GrantDecision::Denied {
            reason: format!(
                "{area} is off for \"{}\": no rule grants it; a person can add one to [[grants.rules]]",
                self.agent
            ),
        }
    }

    fn denied(&self, what: &str, number: usize) -> GrantDecision {
        GrantDecision::Denied {
            reason: format!("{what} for \"{}\" ({})", self.agent, rule_name(number)),
        }
    }

    /// No rule about the area grants the call: says the nearest reason.
    fn why_not(&self, call: &OperationCall, about: &[(usize, &GrantRule)]) -> GrantDecision {
        let (area, access) = (call.operation.area, call.operation.access);
        let admitting = about.iter().find(|(_, rule)| rule.admits(access));
        let reason = if let Some((number, rule)) = admitting {
            let wanted: Vec<String> = rule
                .ids
                .keys()
                .map(|parameter| named_id(call, parameter))
                .collect();
            format!(
                "{} of {area} for \"{}\" does not cover {}",
                rule_name(*number),
                self.agent,
                wanted.join(", ")
            )
        } else if let Some((number, _)) = about.iter().find(|(_, rule)| rule.level == GrantLevel::Read) {
            format!(
                "{area} may only be read by \"{}\" ({})",
                self.agent,
                rule_name(*number)
            )
        } else {
            format!(
                "{area} is off for \"{}\": every rule that granted it is over",
                self.agent
            )
        };
        GrantDecision::Denied { reason }
    }
}

/// The id that a call names, as a message says it.
fn named_id(call: &OperationCall, parameter: &str) -> String {
    match call.parameters.get(parameter) {
        Some(id) => format!("{parameter} {id}"),
        None => format!("a call without a {parameter}"),
    }
}

/// Why a granted call needs an approval, if it does.
fn approval_reason(call: &OperationCall) -> Option<String> {
    if call.operation.needs_approval() {
        return Some("it changes code, money or access, so a person has to approve it".to_owned());
    }
    if call.overrides.is_empty() {
        return None;
    }
    Some(format!(
        "it changes what the job runs ({}), so a person has to approve it",
        call.overrides.join(", ")
    ))
}
