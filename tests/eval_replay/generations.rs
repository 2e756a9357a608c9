//! Recordings with the tools live, over a Metabase of another generation than the one they were recorded over.

use cardinal::eval::replay::{ReplayOptions, replay_suites};
use cardinal::eval::{CaseFilter, Mode, Suite, TrialRecord, Verdict};
use cardinal::sandbox::ServedGeneration;
use tokio_util::sync::CancellationToken;

use super::committed::{settings, suites};

/// A card with parameters, metrics by groups and with filters, a table, and a conversation.
const CASES: [&str; 6] = [
    "revenue-by-month-2025",
    "growth-2025",
    "customers-by-country",
    "orders-by-weekday",
    "top-5-products",
    "category-then-best",
];

fn demo() -> Suite {
    let suite = suites().into_iter().find(|suite| suite.name == "demo");
    suite.unwrap()
}

async fn replayed(generation: ServedGeneration, filter: &[String]) -> Vec<TrialRecord> {
    let options = ReplayOptions {
        mode: Mode::ReplayModel,
        filter: CaseFilter::new(filter).unwrap(),
        sets: vec!["openai".to_owned()],
        jobs: 2,
        limits: cardinal::wire::RequestLimits::default(),
        generation: Some(generation),
        cancel: CancellationToken::new(),
    };
    let plan = options.plan(&[demo()]).unwrap();
    replay_suites(plan, &settings(), &options, &mut |_| Ok(()))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_holds_over_every_generation_that_describes_the_same() {
    let filter: Vec<String> = CASES.iter().map(|case| (*case).to_owned()).collect();
    for generation in [
        ServedGeneration::V50,
        ServedGeneration::V57,
        ServedGeneration::V61,
        ServedGeneration::V62,
        ServedGeneration::V65,
    ] {
        let records = replayed(generation, &filter).await;
        assert_eq!(records.len(), CASES.len(), "{generation:?}");
        for record in records {
            assert_eq!(record.verdict, Verdict::Passed, "{generation:?} {}", record.case);
        }
    }
}

#[tokio::test]
async fn a_generation_with_another_catalog_is_told_and_nothing_is_compared() {
    let records = replayed(ServedGeneration::V48, &["growth-2025".to_owned()]).await;
    let [record] = records.as_slice() else {
        panic!("{records:?}")
    };
    let Verdict::Stale { what, .. } = &record.verdict else {
        panic!("{:?}", record.verdict)
    };
    assert!(what.iter().any(|what| what == "the catalog"), "{what:?}");
}
