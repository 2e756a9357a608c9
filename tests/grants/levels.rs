//! Every operation at every level. What is right is worked out from the public list, not from our table.

use std::collections::BTreeMap;

use cardinal::grants::{GrantDecision, GrantLevel};
use cardinal::operations::{Api, Operation, OperationAccess, OperationCall, all, parameter_names};
use jiff::Timestamp;

use super::{everywhere, policy};
use crate::operations::listed;

/// What the issue of the API says needs a person's approval.
const APPROVED: [&str; 9] = [
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

/// Whether an operation reads or writes by the public list. What is not in it reads.
pub(super) fn access_in_the_list(operation: &Operation) -> OperationAccess {
    let mut listed = listed();
    match listed.find(|line| line[1] == operation.name) {
        Some(line) if line[4] == "write" => OperationAccess::Write,
        _ => OperationAccess::Read,
    }
}

fn word(decision: &GrantDecision) -> &'static str {
    match decision {
        GrantDecision::Permitted(_) => "allowed",
        GrantDecision::NeedsApproval { .. } => "approval",
        GrantDecision::Denied { .. } => "denied",
    }
}

#[test]
fn every_operation_at_every_level() {
    let policies = [
        ("none", policy(Vec::new())),
        ("off", policy(vec![everywhere(GrantLevel::Off)])),
        ("read", policy(vec![everywhere(GrantLevel::Read)])),
        ("full", policy(vec![everywhere(GrantLevel::Full)])),
    ];
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for operation in all() {
        let access = match access_in_the_list(operation) {
            OperationAccess::Read => "read",
            OperationAccess::Write => "write",
        };
        let parameters = parameter_names(operation.path)
            .into_iter()
            .map(|name| (name, "7".to_owned()))
            .collect();
        let call = OperationCall {
            operation,
            parameters,
            overrides: Vec::new(),
        };
        for (level, policy) in &policies {
            let wanted = match (*level, access) {
                ("none", "read") if operation.api == Api::Metabase => "allowed",
                ("full", "write") if APPROVED.contains(&operation.name) => "approval",
                ("read" | "full", "read") | ("full", "write") => "allowed",
                _ => "denied",
            };
            let decision = policy.rule_on(&call, Timestamp::UNIX_EPOCH);
            assert_eq!(
                word(&decision),
                wanted,
                "{} at {level}: {decision:?}",
                operation.name
            );
            *seen.entry(wanted).or_default() += 1;
        }
    }
    assert_eq!(seen["approval"], 9);
    assert!(seen["allowed"] > 100 && seen["denied"] > 100, "{seen:?}");
}
