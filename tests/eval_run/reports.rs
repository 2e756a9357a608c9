use cardinal::eval::opinion::{Opinion, Opinions};
use cardinal::eval::report::{html, junit, markdown, transcript};
use cardinal::eval::{
    Baseline, CompareOptions, ComparedKey, Grade, Mode, RunSummary, TrialKeys, TrialRecord, Verdict, compare,
};
use cardinal::model::Usage;
use serde_json::json;

const SECRET: &str = "Revenue was <script>alert(1)</script> 4711";

pub(super) fn record(case: &str, verdict: Verdict) -> TrialRecord {
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
        keys: TrialKeys {
            suite: "s".to_owned(),
            data: None,
            case: "c".to_owned(),
            asked: "a".to_owned(),
            prompt: Some("p".to_owned()),
            catalog: Some("f".to_owned()),
            grader: 1,
        },
        started: "2025-06-30T10:00:00Z".parse().unwrap(),
        taped: None,
        off_tape: Vec::new(),
        judge: None,
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
                command: None,
            },
        ),
    ]
}

#[test]
fn errors_stay_in_the_denominator() {
    let summary = RunSummary::of(&records(), None);
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
    let summary = RunSummary::of(&records, None);
    assert_eq!(summary.efficiency.cost_usd, None);
    assert_eq!(summary.efficiency.cost_per_right_usd, None);
}

#[test]
fn the_share_of_traced_figures_leaves_out_what_needs_no_source() {
    let mut records = records();
    assert_eq!(
        RunSummary::of(&records, None).traced,
        None,
        "no answer states a figure"
    );
    let figure = |status: &str| json!({"text": "1", "status": status});
    records[0].answers[0]["figures"] = json!([figure("matched"), figure("exempt"), figure("matched")]);
    records[1].answers[0]["figures"] = json!([figure("unmatched")]);
    let summary = RunSummary::of(&records, None);
    let traced = summary.traced.unwrap();
    assert_eq!((traced.matched, traced.stated), (2, 3));
    assert!(markdown(&summary, &records).contains("| figures traced | 2 of 3 (66.6 %) |"));
    assert_eq!(serde_json::to_value(&summary).unwrap()["traced"]["stated"], 3);
}

/// What a judge said, once for each of these.
fn opinions(said: &[Option<bool>]) -> Opinions {
    let opinion = |right: &Option<bool>| Opinion {
        right: *right,
        reason: "so".to_owned(),
    };
    Opinions {
        model: "openai:j".to_owned(),
        prompt: "h".to_owned(),
        temperature: 0.0,
        said: said.iter().map(opinion).collect(),
        usage: Usage::default(),
        cost_usd: Some(0.25),
    }
}

#[test]
fn kappa_is_cohens() {
    let failed = || Verdict::Regressed { graders: Vec::new() };
    // The textbook's table: 20, 5, 10 and 15 give 0.4.
    let groups = [
        (20, true, true),
        (5, true, false),
        (10, false, true),
        (15, false, false),
    ];
    let mut records = Vec::new();
    for (many, passed, right) in groups {
        for _ in 0..many {
            let mut one = record("a", if passed { Verdict::Passed } else { failed() });
            one.judge = Some(opinions(&[Some(right), Some(right)]));
            records.push(one);
        }
    }
    let judged = RunSummary::of(&records, None).judge.unwrap();
    assert!((judged.kappa.unwrap() - 0.4).abs() < 1e-12);
    assert_eq!((judged.flips, judged.repeated, judged.unreadable), (0, 50, 0));
    assert!((judged.cost_usd.unwrap() - 12.5).abs() < 1e-12);
    let alone = RunSummary::of(&records[..20], None).judge.unwrap();
    assert_eq!(
        alone.kappa, None,
        "where both can only say one thing, agreement says nothing"
    );
    let mut torn = records[..2].to_vec();
    torn[0].judge = Some(opinions(&[Some(true), Some(false)]));
    torn[1].judge = Some(opinions(&[None, Some(true)]));
    let torn = RunSummary::of(&torn, None).judge.unwrap();
    assert_eq!(
        (torn.flips, torn.repeated, torn.trials, torn.unreadable),
        (1, 1, 1, 1)
    );
    assert_eq!(torn.flip_rate, Some(1.0));
}

#[test]
fn junit_keeps_answers_out_and_kinds_apart() {
    let text = junit(&records(), false).unwrap();
    assert!(!text.contains("4711") && !text.contains("script"), "{text}");
    for count in ["tests=\"4\"", "failures=\"1\"", "errors=\"1\"", "skipped=\"1\""] {
        assert!(text.contains(count), "{text}");
    }
    assert!(junit(&records(), true).unwrap().contains("found 4711"));
}

#[test]
fn the_page_needs_no_network_and_escapes_everything() {
    let records = records();
    let page = html(&RunSummary::of(&records, None), &records).unwrap();
    for outside in [
        "http://", "https://", "src=", "<script>", "<i>x", "<b>rev", "@import", "onclick", "style=",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    // What the page runs is its own, by a nonce that no answer can know.
    assert_eq!(page.matches("<script").count(), 1);
    let nonce = page
        .split("<script nonce=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(nonce.len(), 32);
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'"
    );
    assert!(page.contains(&policy));
    let mut other = records.clone();
    other[0].answers[0]["text"] = json!(format!("<script nonce=\"{nonce}\">alert(1)</script>"));
    let injected = html(&RunSummary::of(&other, None), &other).unwrap();
    assert!(!injected.contains(&format!("nonce=\"{nonce}\"")));
    assert!(page.contains("&lt;script"));
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("<svg"));
    for id in ["t1", "t4"] {
        assert!(page.contains(&format!("href=\"#{id}\"")) && page.contains(&format!("id=\"{id}\"")));
    }
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
    let text = markdown(&RunSummary::of(&many, None), &many);
    assert!(text.len() < 65_000, "{}", text.len());
    assert!(text.ends_with("0 passed, 2000 failed\n"));
    assert!(text.contains("more are in the results"));
    let short = markdown(&RunSummary::of(&records(), None), &records());
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
    assert_eq!(RunSummary::of(&now, Some(flips)).exit.code, 1);

    let mut unsure = compare(&before, &Baseline::of(&now), &CompareOptions::default());
    unsure.confirm(&Baseline::of(&now));
    assert_eq!(unsure.lost.len(), 1, "it failed again");
    unsure.confirm(&Baseline::of(&[]));
    assert_eq!(unsure.lost.len(), 1, "nobody asked again");
    unsure.confirm(&Baseline::of(&records()));
    assert_eq!((unsure.lost.len(), unsure.flaky.len()), (0, 1));
    assert_eq!(unsure.flaky[0].case, "a");
    let summary = RunSummary::of(&now, Some(unsure));
    assert_eq!(summary.exit.code, 0);
    assert!(markdown(&summary, &now).contains("shop/a is flaky (unconfirmed)"));

    let mut other = records();
    for one in &mut other {
        "openai:x".clone_into(&mut one.model);
    }
    let apart = compare(&before, &Baseline::of(&other), &CompareOptions::default());
    assert!(!apart.comparable && apart.lost.is_empty());
    assert_eq!(apart.differences[0].key, ComparedKey::Model);
    assert_eq!(RunSummary::of(&other, Some(apart)).exit.code, 3);
    let across = CompareOptions {
        across: [ComparedKey::Model].into(),
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

#[test]
fn no_interval_claims_certainty() {
    let trials = |verdict: &Verdict, trials: u32, cases: u32| -> Vec<TrialRecord> {
        let of_case = |case: u32| {
            (1..=trials).map(move |trial| TrialRecord {
                trial,
                ..record(&format!("case-{case:02}"), verdict.clone())
            })
        };
        (1..=cases).flat_map(of_case).collect()
    };
    let failed = Verdict::Regressed { graders: Vec::new() };
    for (verdict, share) in [(Verdict::Passed, 1.0), (failed, 0.0)] {
        for several in [1, 3] {
            for clustered in [false, true] {
                let mut records = trials(&verdict, several, 8);
                if clustered {
                    for (at, one) in records.iter_mut().enumerate() {
                        one.cluster = Some(format!("family {}", at % 2));
                    }
                }
                let standing = RunSummary::of(&records, None).by_tag.remove("money").unwrap();
                assert_eq!(standing.share, share);
                let interval = standing.interval.unwrap();
                assert!(interval.high - interval.low > 0.2, "{standing:?}");
            }
        }
    }
    let mut half = trials(&Verdict::Passed, 2, 8);
    for one in half.iter_mut().filter(|one| one.trial == 2) {
        one.verdict = Verdict::Regressed { graders: Vec::new() };
    }
    let standing = RunSummary::of(&half, None).accuracy.unwrap();
    assert_eq!((standing.share, standing.interval), (0.5, None));
    let alone = RunSummary::of(&trials(&Verdict::Passed, 5, 1), None);
    assert_eq!(
        alone.accuracy.unwrap().interval,
        None,
        "one case says nothing of others"
    );
}

#[test]
fn nothing_is_no_success_and_an_interrupted_run_says_so() {
    let nothing = RunSummary::of(&[], None);
    assert_eq!(
        (nothing.exit.code, nothing.exit.reason.as_str()),
        (1, "nothing ran")
    );
    let mut begun = vec![record("a", Verdict::Passed), record("b", Verdict::NotRun)];
    begun[1].answers.clear();
    let summary = RunSummary::of(&begun, None).interrupted();
    assert_eq!(summary.exit.code, 130);
    assert_eq!(summary.exit.reason, "interrupted: 1 of 2 trials were begun");
    assert_eq!(summary.closing_line(), "1 passed, 1 failed");
    assert_eq!(
        summary.efficiency.cost_usd,
        Some(0.5),
        "what never began costs nothing"
    );
    assert!(Baseline::of(&begun).write(std::path::Path::new("never")).is_err());
}

#[test]
fn a_thousand_cases_fit_a_ci_summary() {
    let many: Vec<TrialRecord> = (0..1000)
        .map(|at| {
            let mut one = record(
                &format!("case-{at:04}"),
                Verdict::Regressed { graders: Vec::new() },
            );
            one.tags = vec![
                format!("tag-{at:04}"),
                "a long tag that many cases have".to_owned(),
            ];
            one.suite = format!("suite-{:03}", at % 100);
            one
        })
        .collect();
    let mut many = many;
    cardinal::eval::sort(&mut many);
    let mut before = many.clone();
    for one in &mut before {
        one.verdict = Verdict::Passed;
        one.keys.prompt = Some("x".repeat(2000));
    }
    let options = CompareOptions {
        across: [ComparedKey::Prompt].into(),
        filtered: false,
    };
    let comparison = compare(&Baseline::of(&before), &Baseline::of(&many), &options);
    assert_eq!(comparison.lost.len(), 1000);
    let text = markdown(&RunSummary::of(&many, Some(comparison)), &many);
    assert!(text.len() < 65_000, "{}", text.len());
    assert!(text.ends_with("0 passed, 1000 failed\n"));
}
