use std::collections::{BTreeMap, BTreeSet};

use cardinal::grants::{CallMeter, GrantDecision, GrantLevel, GrantPolicy, GrantRule, GrantSettings};
use cardinal::operations::{ADMINISTRATIVE, Area, METABASE, OperationCall, identify};
use http::Method;
use jiff::Timestamp;
use std::time::Duration;

use super::policy;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn trigger(job: &str) -> OperationCall {
    let path = format!("/api/v2/accounts/1/jobs/{job}/run/");
    identify(
        &ADMINISTRATIVE,
        &Method::POST,
        &path,
        Some(br#"{"cause":"a test"}"#),
    )
    .unwrap()
}

fn read(path: &str) -> OperationCall {
    identify(&ADMINISTRATIVE, &Method::GET, path, None).unwrap()
}

fn only(mut rule: GrantRule, parameter: &str, ids: &[&str]) -> GrantRule {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    rule.ids = BTreeMap::from([(parameter.to_owned(), ids)]);
    rule
}

fn denial(policy: &GrantPolicy, call: &OperationCall) -> String {
    match policy.rule_on(call, now()) {
        GrantDecision::Denied { reason } => reason,
        other => panic!("{other:?}"),
    }
}

fn permits(policy: &GrantPolicy, call: &OperationCall) -> bool {
    matches!(policy.rule_on(call, now()), GrantDecision::Permitted(_))
}

#[test]
fn a_rule_with_ids_covers_calls_that_name_one_of_them() {
    let rule = only(
        GrantRule::new([Area::DbtRuns], GrantLevel::Full),
        "job_id",
        &["5", "7"],
    );
    let policy = policy(vec![rule]);
    assert!(permits(&policy, &trigger("5")) && permits(&policy, &trigger("7")));
    assert_eq!(
        denial(&policy, &trigger("6")),
        "grants.rules 1 of dbt.runs for \"analyst\" does not cover job_id 6"
    );
    // 05 is another text, whatever a server makes of it.
    assert!(!permits(&policy, &trigger("05")));
    assert!(denial(&policy, &read("/api/v2/accounts/1/runs/9/")).contains("a call without a job_id"));
}

#[test]
fn rules_add_up_and_off_goes_before_all() {
    let read_all = GrantRule::new([Area::DbtRuns], GrantLevel::Read);
    let start_five = only(
        GrantRule::new([Area::DbtRuns], GrantLevel::Full),
        "job_id",
        &["5"],
    );
    let both = policy(vec![read_all.clone(), start_five.clone()]);
    assert!(permits(&both, &read("/api/v2/accounts/1/runs/9/")) && permits(&both, &trigger("5")));
    assert!(!permits(&both, &trigger("6")));
    let off = GrantRule::new([Area::DbtRuns], GrantLevel::Off);
    for rules in [
        vec![off.clone(), read_all.clone(), start_five.clone()],
        vec![read_all.clone(), start_five.clone(), off],
    ] {
        let closed = policy(rules);
        assert!(denial(&closed, &trigger("5")).starts_with("dbt.runs is off for \"analyst\" (grants.rules"));
        assert!(!permits(&closed, &read("/api/v2/accounts/1/runs/9/")));
    }
    let not_five = only(GrantRule::new([Area::DbtRuns], GrantLevel::Off), "job_id", &["5"]);
    let rest = policy(vec![GrantRule::new([Area::DbtRuns], GrantLevel::Full), not_five]);
    assert!(permits(&rest, &trigger("6")) && !permits(&rest, &trigger("5")));
}

#[test]
fn a_rule_is_for_its_agent_until_it_ends() {
    let mut rule = GrantRule::new([Area::DbtRuns], GrantLevel::Full);
    rule.expires = Some(now());
    assert!(denial(&policy(vec![rule.clone()]), &trigger("5")).contains("is over"));
    rule.expires = Some(now() + Duration::from_secs(1));
    assert!(permits(&policy(vec![rule.clone()]), &trigger("5")));
    rule.agent = Some("somebody else".to_owned());
    assert!(denial(&policy(vec![rule.clone()]), &trigger("5")).contains("no rule grants it"));
    let other = GrantPolicy::new(&GrantSettings {
        agent: "somebody else".to_owned(),
        rules: vec![rule],
    });
    assert!(permits(&other, &trigger("5")));
}

#[test]
fn metabase_is_read_until_a_rule_grants_less() {
    let card = |id: &str| {
        let path = format!("/api/card/{id}/query");
        identify(&METABASE, &Method::POST, &path, Some(b"{}")).unwrap()
    };
    assert!(permits(&policy(Vec::new()), &card("7")));
    let one = only(
        GrantRule::new([Area::MetabaseCards], GrantLevel::Read),
        "card_id",
        &["7"],
    );
    let narrowed = policy(vec![one]);
    assert!(permits(&narrowed, &card("7")) && !permits(&narrowed, &card("8")));
    let metric = identify(&METABASE, &Method::GET, "/api/agent/v1/metric/3", None).unwrap();
    assert!(permits(&narrowed, &metric));
    let without = policy(vec![only(
        GrantRule::new([Area::MetabaseCards], GrantLevel::Off),
        "card_id",
        &["7"],
    )]);
    assert!(!permits(&without, &card("7")) && permits(&without, &card("8")));
}

#[test]
fn an_override_needs_an_approval_however_much_is_granted() {
    let path = "/api/v2/accounts/1/jobs/5/run/";
    let body = br#"{"cause":"a test","steps_override":["dbt run-operation drop_everything"]}"#;
    let call = identify(&ADMINISTRATIVE, &Method::POST, path, Some(body)).unwrap();
    let full = policy(vec![GrantRule::new([Area::DbtRuns], GrantLevel::Full)]);
    match full.rule_on(&call, now()) {
        GrantDecision::NeedsApproval { rule, reason } => {
            assert_eq!(rule, "grants.rules 1");
            assert!(reason.contains("steps_override"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    let read = policy(vec![GrantRule::new([Area::DbtRuns], GrantLevel::Read)]);
    assert!(matches!(read.rule_on(&call, now()), GrantDecision::Denied { .. }));
}

#[tokio::test(start_paused = true)]
async fn rates_are_counted_for_a_minute_and_for_a_session() {
    let mut rule = GrantRule::new([Area::DbtRuns], GrantLevel::Full);
    rule.max_calls_per_minute = Some(3);
    rule.max_calls_per_session = Some(4);
    let policy = policy(vec![rule]);
    let GrantDecision::Permitted(rules) = policy.rule_on(&trigger("5"), now()) else {
        panic!()
    };
    let first = CallMeter::default();
    let second = first.for_session();
    assert!(first.take(&rules).is_ok() && second.take(&rules).is_ok());
    tokio::time::advance(Duration::from_secs(30)).await;
    assert!(first.take(&rules).is_ok());
    let full = second.take(&rules).unwrap_err();
    assert!(
        full.contains("3 calls a minute are used up, the next is free in 31 s"),
        "{full}"
    );
    // The two of the first moment are a minute old, the third is not.
    tokio::time::advance(Duration::from_secs(30)).await;
    assert!(first.take(&rules).is_ok() && first.take(&rules).is_ok());
    assert!(first.take(&rules).is_err());
    tokio::time::advance(Duration::from_secs(61)).await;
    let used = first.take(&rules).unwrap_err();
    assert!(used.contains("4 calls a session are used up"), "{used}");
    assert!(second.take(&rules).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_rule_whose_rate_is_used_up_gives_way_to_the_next() {
    let mut scarce = GrantRule::new([Area::DbtRuns], GrantLevel::Full);
    scarce.max_calls_per_minute = Some(1);
    let plenty = GrantRule::new([Area::DbtRuns], GrantLevel::Full);
    let policy = policy(vec![scarce, plenty]);
    let GrantDecision::Permitted(rules) = policy.rule_on(&trigger("5"), now()) else {
        panic!()
    };
    let meter = CallMeter::default();
    let used: BTreeSet<usize> = (0..3).map(|_| meter.take(&rules).unwrap().number).collect();
    assert_eq!(used, BTreeSet::from([1, 2]));
}
