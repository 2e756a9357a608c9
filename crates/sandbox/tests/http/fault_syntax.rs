use std::time::Duration;

use cardinal_sandbox::faults::{FaultKind, FaultRule, RoutePattern};

#[test]
fn the_documented_example_reads_as_it_says() {
    let text = "POST /api/card/*/query=429:2,retry-after=1; GET /api/card/*=latency:500ms";
    let rules = FaultRule::parse_all(text).unwrap();
    let throttled = FaultKind::Status {
        status: 429,
        retry_after: Some(1),
    };
    assert_eq!(
        rules,
        [
            FaultRule {
                route: RoutePattern::new("POST", "/api/card/*/query"),
                kind: throttled,
                skip: 0,
                count: Some(2),
            },
            FaultRule {
                route: RoutePattern::new("GET", "/api/card/*"),
                kind: FaultKind::Latency(Duration::from_millis(500)),
                skip: 0,
                count: None,
            },
        ]
    );
}

#[test]
fn sizes_and_options_have_units() {
    let kind = |effect: &str| FaultRule::parse_all(&format!("* /x={effect}")).unwrap()[0].clone();
    assert_eq!(kind("cut:10").kind, FaultKind::Cut(10));
    assert_eq!(kind("glue:64kb").kind, FaultKind::Glue(64_000));
    assert_eq!(kind("huge:200MB").kind, FaultKind::Huge(200_000_000));
    assert_eq!(
        kind("slow-first-byte:2s,skip=3,count=4").kind,
        FaultKind::SlowFirstByte(Duration::from_secs(2))
    );
    assert_eq!(kind("failed:5").count, Some(5));
    assert_eq!((kind("503,skip=3").skip, kind("503,skip=3").count), (3, None));
    assert!(FaultRule::parse_all(" ; ").unwrap().is_empty());
}

#[test]
fn what_cannot_be_read_is_named() {
    let bad = [
        "POST /api",
        "/api/card=429",
        "POST api/card=429",
        "POST /api/card=700",
        "POST /api/card=explode",
        "POST /api/card=latency",
        "POST /api/card=latency:5",
        "POST /api/card=cut:many",
        "POST /api/card=cut:1,retry-after=1",
        "POST /api/card=429,retry-after",
        "POST /api/card=429,never=1",
        "POST /api/card=huge:99999999999999gb",
    ];
    for rule in bad {
        let error = FaultRule::parse_all(rule).unwrap_err();
        assert!(error.to_string().contains(rule), "{error}");
    }
}

#[test]
fn patterns_match_by_segment() {
    let pattern = RoutePattern::new("get", "/api/card/*/params/**");
    assert!(pattern.matches("GET", "/api/card/7/params/x/values"));
    assert!(pattern.matches("GET", "/api/card/7/params"));
    assert!(!pattern.matches("POST", "/api/card/7/params/x"));
    assert!(!pattern.matches("GET", "/api/card/7/query"));
    assert!(!RoutePattern::new("*", "/api/card/*").matches("GET", "/api/card/7/query"));
    assert!(!RoutePattern::new("*", "/api/card/*").matches("GET", "/api/card"));
}
