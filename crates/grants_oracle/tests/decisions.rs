//! The same grants, written as Cedar policies, decide the same on random requests. The translation knows the rules' fields and
//! nothing of how Cardinal decides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use grants_oracle::grants::{GrantLevel, GrantPolicy, GrantRule, GrantSettings, GrantDecision};
use grants_oracle::operations::{Area, Operation, OperationAccess, OperationCall, all, parameter_names};
use jiff::Timestamp;
use serde_json::json;

const AGENTS: [&str; 3] = ["analyst", "auditor", "cardinal"];
const IDS: [&str; 4] = ["5", "7", "05", "x"];

/// All rules as policies. `off` forbids, everything else permits, and Metabase may be read where nobody granted anything of an
/// area. What needs an approval is forbidden without one.
fn cedar(settings: &GrantSettings) -> PolicySet {
    let mut text = String::new();
    for rule in &settings.rules {
        let effect = if rule.level == GrantLevel::Off {
            "forbid"
        } else {
            "permit"
        };
        let principal = rule.agent.as_ref().map_or("principal".to_owned(), |agent| {
            format!("principal == Agent::{agent:?}")
        });
        let areas: Vec<String> = rule
            .areas
            .iter()
            .map(|area| format!("Area::{:?}", area.name()))
            .collect();
        let mut when = vec![format!("[{}].contains(resource)", areas.join(", "))];
        if rule.level == GrantLevel::Read {
            when.push("context.access == \"read\"".to_owned());
        }
        for (parameter, ids) in &rule.ids {
            when.push(format!("context.ids has {parameter:?}"));
            when.push(
                format!("{ids:?}.contains(context.ids[{parameter:?}])")
                    .replace('{', "[")
                    .replace('}', "]"),
            );
        }
        if let Some(expires) = rule.expires {
            when.push(format!("context.now < {}", expires.as_second()));
        }
        writeln!(
            text,
            "{effect} ({principal}, action, resource) when {{ {} }};",
            when.join(" && ")
        )
        .unwrap();
    }
    for agent in AGENTS {
        let granted: BTreeSet<Area> = settings
            .rules
            .iter()
            .filter(|rule| {
                rule.level != GrantLevel::Off && rule.agent.as_deref().is_none_or(|one| one == agent)
            })
            .flat_map(|rule| rule.areas.iter().copied())
            .collect();
        let free: Vec<String> = Area::ALL
            .into_iter()
            .filter(|area| area.name().starts_with("metabase.") && !granted.contains(area))
            .map(|area| format!("Area::{:?}", area.name()))
            .collect();
        writeln!(
            text,
            "permit (principal == Agent::{agent:?}, action, resource) when {{ [{}].contains(resource) && context.access == \"read\" }};",
            free.join(", ")
        )
        .unwrap();
    }
    text.push_str("forbid (principal, action, resource) when { context.high && !context.approved };\n");
    text.push_str("forbid (principal, action, resource) when { context.overrides && !context.approved };\n");
    text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn allows(policies: &PolicySet, agent: &str, call: &OperationCall, now: Timestamp, approved: bool) -> bool {
    let uid = |kind: &str, id: &str| -> EntityUid { format!("{kind}::{id:?}").parse().unwrap() };
    let high = [
        "create_job",
        "update_job",
        "delete_job",
        "delete_project",
        "update_environment",
        "create_connection",
        "create_repository",
        "create_group",
        "create_service_token",
    ];
    let context = json!({
        "access": if call.operation.access == OperationAccess::Read { "read" } else { "write" },
        "ids": call.parameters,
        "now": now.as_second(),
        "high": high.contains(&call.operation.name),
        "overrides": !call.overrides.is_empty(),
        "approved": approved,
    });
    let request = Request::new(
        uid("Agent", agent),
        uid("Action", call.operation.name),
        uid("Area", call.operation.area.name()),
        Context::from_json_value(context, None).unwrap(),
        None,
    )
    .unwrap();
    let answer = Authorizer::new().is_authorized(&request, policies, &Entities::empty());
    assert_eq!(answer.diagnostics().errors().count(), 0, "{answer:?}");
    answer.decision() == Decision::Allow
}

struct Dice(fastrand::Rng);

impl Dice {
    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.0.usize(..of.len())]
    }

    fn maybe<T>(&mut self, percent: u32, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.0.u32(..100) < percent).then(|| value(self))
    }

    fn rule(&mut self, operations: &[&'static Operation], now: Timestamp) -> GrantRule {
        // Areas that the requests below are about, so that rules and requests meet.
        let areas: BTreeSet<Area> = (0..=self.0.usize(..3))
            .map(|_| self.one(operations).area)
            .collect();
        let level = *self.one(&[
            GrantLevel::Off,
            GrantLevel::Read,
            GrantLevel::Read,
            GrantLevel::Full,
            GrantLevel::Full,
        ]);
        let mut rule = GrantRule::new(areas, level);
        rule.agent = self.maybe(40, |dice| (*dice.one(&AGENTS)).to_owned());
        rule.expires = self.maybe(30, |dice| {
            Timestamp::from_second(now.as_second() + dice.0.i64(-2..=2)).unwrap()
        });
        rule.ids = self
            .maybe(35, |dice| {
                let parameter = *dice.one(&["job_id", "run_id", "card_id", "project_id"]);
                let ids = (0..=dice.0.usize(..2))
                    .map(|_| (*dice.one(&IDS)).to_owned())
                    .collect();
                BTreeMap::from([(parameter.to_owned(), ids)])
            })
            .unwrap_or_default();
        rule
    }

    fn call(&mut self, operation: &'static Operation) -> OperationCall {
        let parameters = parameter_names(operation.path)
            .into_iter()
            .map(|name| (name, (*self.one(&IDS)).to_owned()))
            .collect();
        let overrides = if operation.name == "trigger_job_run" {
            self.maybe(50, |_| "steps_override".to_owned())
                .into_iter()
                .collect()
        } else {
            Vec::new()
        };
        OperationCall {
            operation,
            parameters,
            overrides,
        }
    }
}

#[test]
fn cedar_decides_the_same_on_random_requests() {
    let operations: Vec<&'static Operation> = all().collect();
    let now = Timestamp::from_second(1_772_366_400).unwrap();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..60 {
        let mut dice = Dice(fastrand::Rng::with_seed(seed));
        let rules = (0..dice.0.usize(..7))
            .map(|_| dice.rule(&operations, now))
            .collect();
        let mut settings = GrantSettings {
            agent: String::new(),
            rules,
        };
        let policies = cedar(&settings);
        for agent in AGENTS {
            settings.agent = agent.to_owned();
            let policy = GrantPolicy::new(&settings);
            for operation in &operations {
                let call = dice.call(operation);
                let decision = policy.rule_on(&call, now);
                let (plain, approved) = match &decision {
                    GrantDecision::Permitted(_) => (true, true),
                    GrantDecision::NeedsApproval { .. } => (false, true),
                    GrantDecision::Denied { .. } => (false, false),
                };
                let context = || format!("seed {seed}, {agent}, {call:?}, {decision:?}, {settings:?}");
                assert_eq!(
                    allows(&policies, agent, &call, now, false),
                    plain,
                    "{}",
                    context()
                );
                assert_eq!(
                    allows(&policies, agent, &call, now, true),
                    approved,
                    "{}",
                    context()
                );
                let word = match decision {
                    GrantDecision::Permitted(_) => "permitted",
                    GrantDecision::NeedsApproval { .. } => "needs approval",
                    GrantDecision::Denied { .. } => "denied",
                };
                *seen.entry(word).or_default() += 1;
            }
        }
    }
    assert!(seen.values().all(|count| *count > 50), "{seen:?}");
}
