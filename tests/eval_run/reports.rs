use cardinal::eval::report::{html, junit, markdown, transcript};
use cardinal::eval::{
    Baseline, CompareOptions, Grade, Key, Keys, Mode, Summary, TrialRecord, Verdict, compare,
};
use serde_json::json;

const SECRET: &str = "Revenue was <script>alert(1)</script> 4711";

fn record(case: &str, verdict: Verdict) -> TrialRecord {
    let passed = verdict == Verdict::Passed;
    TrialRecord {
        version: 1,
        suite: "shop".to_owned(),
        case: case.to_owned(),
        trial: 1,
        turns: vec!["What was <b>revenue</b>?".to_owned()],
        tags: vec!["money".to_owned()],
        cluster: None,
        verdict,
        grades: vec![Grade {
            grader: "scalar".to_owned(),
            passed,
            reason: "found 4711".to_owned(),
        }],
        answers: vec![json!({
            "version": 1, "outcome": "answered", "text": SECRET, "tool_calls": [
                {"name": "query_metric", "arguments": {"metric_id": 1}, "status": "ok"}],
            "evidence": [{"call": 1, "kind": "metric", "name": "Revenue", "columns": ["a|b"], "rows": [["<i>x</i>"]]}],
            "usage": {"input_tokens": 100, "cached_tokens": 25, "output_tokens": 10, "cost_usd": 0.5},
            "timings": {"total_ms": 1500},
        })],
        model: "offline".to_owned(),
        mode: Mode::Live,
        today: "2025-06-30".parse().unwrap(),
        keys: Keys {
            suite: "s".to_owned(),
            case: "c".to_owned(),
            asked: "a".to_owned(),
            prompt: Some("p".to_owned()),
            catalog: Some("f".to_owned()),
            grader: 1,
        },
        started: "2025-06-30T10:00:00Z".parse().unwrap(),
    }
}

fn records() -> Vec<TrialRecord> {
    vec![
        record("a", Verdict::Passed),
        record(
            "b",
            Verdict::Regressed {
                graders: vec!["scalar".to_owned()],
            },
        ),
        record(
            "c",
            Verdict::HarnessError {
                reason: SECRET.to_owned(),
            },
        ),
        record(
            "d",
            Verdict::Stale {
                what: vec!["the question".to_owned()],
            },
        ),
    ]
}

#[test]
fn errors_stay_in_the_denominator() {
    let summary = Summary::of(&records(), None);
    assert_eq!(summary.closing_line(), "1 passed, 3 failed");
    assert_eq!(summary.exit.code, 1);
    assert!((summary.accuracy.unwrap().share - 0.25).abs() < 1e-12);
    assert_eq!(summary.accuracy_without_errors.unwrap().trials, 3);
    assert!((summary.efficiency.cost_per_right_usd.unwrap() - 2.0).abs() < 1e-12);
    assert!((summary.efficiency.cached_share.unwrap() - 0.25).abs() < 1e-12);
    assert!((summary.latency.unwrap().p95_ms - 1500.0).abs() < 1e-9);
}

#[test]
fn an_unknown_price_makes_the_cost_unknown() {
    let mut records = records();
    records[0].answers[0]["usage"]["cost_usd"] = json!(null);
    let summary = Summary::of(&records, None);
    assert_eq!(summary.efficiency.cost_usd, None);
    assert_eq!(summary.efficiency.cost_per_right_usd, None);
}

#[test]
fn junit_keeps_answers_out_and_kinds_apart() {
    let text = junit(&records(), false).unwrap();
    assert!(!text.contains("4711") && !text.contains("script"), "{text}");
    let report = quick_junit::Report::deserialize_from_str(&text).unwrap();
    let suite = &report.test_suites[0];
    assert_eq!((suite.tests, suite.failures, suite.errors), (4, 1, 1));
    assert!(text.contains("tests=\"4\" skipped=\"1\""), "{text}");
    assert!(junit(&records(), true).unwrap().contains("found 4711"));
}

#[test]
fn the_page_needs_no_network_and_escapes_everything() {
    let records = records();
    let page = html(&Summary::of(&records, None), &records).unwrap();
    for outside in [
        "http://", "https://", "src=", "<script", "<i>x", "<b>rev", "@import", "url(",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(
        page.contains("&lt;script&gt;") || page.contains("&lt;script"),
        "{page}"
    );
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("<svg"));
    assert!(page.contains("1 passed, 3 failed"));
}

#[test]
fn markdown_stays_small_and_names_the_failures() {
    let mut many = Vec::new();
    for at in 0..2000 {
        let mut one = record(
            &format!("case-{at:04}"),
            Verdict::Regressed {
                graders: vec!["scalar".to_owned()],
            },
        );
        one.grades[0].reason = "x".repeat(5000);
        many.push(one);
    }
    let text = markdown(&Summary::of(&many, None), &many);
    assert!(text.len() < 65_000, "{}", text.len());
    assert!(text.ends_with("0 passed, 2000 failed\n"));
    assert!(text.contains("more are in the results"));
    let short = markdown(&Summary::of(&records(), None), &records());
    assert!(short.contains("**shop/b** (trial 1): failed: scalar"), "{short}");
}

#[test]
fn a_transcript_shows_calls_results_and_reasons() {
    let text = transcript(&records()[1]);
    for part in [
        "query_metric {\"metric_id\":1}",
        "a|b",
        "scalar: failed: found 4711",
        "answer (answered)",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn only_pass_to_fail_gates_and_only_comparable_runs_are_compared() {
    let before = Baseline::of(&records());
    let mut now = records();
    now[0].verdict = Verdict::Regressed { graders: Vec::new() };
    now[1].verdict = Verdict::Passed;
    let flips = compare(&before, &Baseline::of(&now), &CompareOptions::default());
    assert!(flips.comparable);
    assert_eq!((flips.lost.len(), flips.won.len()), (1, 1));
    assert_eq!(flips.lost[0].case, "a");
    assert!((flips.effect.unwrap().p - 1.0).abs() < 1e-12);
    assert_eq!(Summary::of(&now, Some(flips)).exit.code, 1);

    let mut other = records();
    for one in &mut other {
        "openai:x".clone_into(&mut one.model);
    }
    let apart = compare(&before, &Baseline::of(&other), &CompareOptions::default());
    assert!(!apart.comparable && apart.lost.is_empty());
    assert_eq!(apart.differences[0].key, Key::Model);
    assert_eq!(Summary::of(&other, Some(apart)).exit.code, 3);
    let across = CompareOptions {
        across: [Key::Model].into(),
        filtered: false,
    };
    assert!(compare(&before, &Baseline::of(&other), &across).comparable);

    let fewer = Baseline::of(&records()[1..]);
    assert!(!compare(&before, &fewer, &CompareOptions::default()).comparable);
    let filtered = CompareOptions {
        filtered: true,
        ..CompareOptions::default()
    };
    assert!(compare(&before, &fewer, &filtered).comparable);
}
