//! Every operation at every level, with its path written in every other way: what is let through is a path of the table as it
//! stands there, of an operation that the level lets through. What a path may be is worked out here from the templates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use cardinal::grants::{GrantLevel, GrantPolicy};
use cardinal::operations::{Api, Operation, OperationAccess, all};
use cardinal::wire::{Grants, Wire, WireSettings};
use proptest::prelude::*;
use regex::Regex;
use url::Url;

use super::levels::access_in_the_list;
use super::wire::{right, willing};
use super::{everywhere, policy};

/// Other ways to write a segment. `X` stands for itself.
const AROUND: [&str; 46] = [
    "%X",
    "X%2f",
    "X%2F",
    "X%5c",
    "X\\",
    "X%252f",
    "X%00",
    "X%0a",
    "X%20",
    "X ",
    "X.",
    "X..",
    "X%2e",
    "X%2E%2e",
    "X;",
    "X;a=1",
    "X;/..",
    "X%3b",
    "X,",
    "X+",
    "X*",
    "X?",
    "X%3f",
    "X#",
    "X%23",
    "X:",
    "X@",
    "X~",
    "X!",
    "X=",
    "X&",
    "X'",
    "X\"",
    "X|",
    "X\u{200b}",
    "X\u{301}",
    "X\u{ff0f}",
    "X\u{2215}",
    "X\u{2024}",
    "X\u{ff0e}\u{ff0e}",
    ".X",
    "..X",
    "\u{202e}X",
    "%c0%afX",
    "0X",
    "X/..;",
];

/// Segments that are put before one.
const BEFORE: [&str; 16] = [
    "",
    ".",
    "..",
    "%2e",
    "%2E%2E",
    ".%2e",
    "..;",
    "..%00",
    "%252e%252e",
    "%c0%ae%c0%ae",
    "\u{2024}\u{2024}",
    "\u{ff0e}\u{ff0e}",
    "7",
    "api",
    "\\",
    "...",
];

fn wide(segment: &str) -> String {
    let wide = |letter: char| match letter {
        '!'..='~' => char::from_u32(u32::from(letter) + 0xfee0).unwrap_or(letter),
        _ => letter,
    };
    segment.chars().map(wide).collect()
}

fn escaped(segment: &str, twice: bool) -> String {
    let sign = if twice { "%25" } else { "%" };
    let mut bytes = segment.bytes();
    let first = bytes
        .next()
        .map(|byte| format!("{sign}{byte:02x}"))
        .unwrap_or_default();
    format!("{first}{}", segment.get(1..).unwrap_or_default())
}

/// How many tricks there are.
const TRICKS: usize = AROUND.len() + BEFORE.len() + 9;

/// A path with one trick played at one of its segments.
fn tricked(path: &str, trick: usize, place: usize) -> String {
    let mut segments: Vec<String> = path.split('/').map(str::to_owned).collect();
    let place = 1 + place % segments.len().max(2).saturating_sub(1);
    let place = place.min(segments.len() - 1);
    let segment = segments[place].clone();
    if let Some(around) = AROUND.get(trick) {
        segments[place] = around.replacen('X', &segment, 1);
    } else if let Some(before) = BEFORE.get(trick - AROUND.len()) {
        segments.insert(place, (*before).to_owned());
    } else {
        match trick - AROUND.len() - BEFORE.len() {
            0 => segments[place] = segment.to_uppercase(),
            1 => segments[place] = escaped(&segment, false),
            2 => segments[place] = escaped(&segment, true),
            3 => segments[place] = wide(&segment),
            4 => segments[place] = segment.replace('a', "\u{430}").replace('e', "\u{435}"),
            5 => drop(segments.remove(place)),
            6 => segments.insert(place, segment),
            7 => segments.swap(place, 1),
            _ => segments.truncate(place + 1),
        }
    }
    segments.join("/")
}

/// What the table says a path is: letters, digits, - and _ for an id, plain names for a file, and the account alone.
fn pattern(operation: &Operation) -> Vec<Regex> {
    let paths = std::iter::once(operation.path).chain(operation.alias);
    let of = |path: &str| {
        let parts = path.split('/').map(|segment| match segment {
            "{account_id}" => "1".to_owned(),
            "{path...}" => "[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*".to_owned(),
            _ if segment.starts_with('{') => "[A-Za-z0-9_-]{1,64}".to_owned(),
            _ => regex::escape(segment),
        });
        let parts: Vec<String> = parts.collect();
        Regex::new(&format!("^{}$", parts.join("/"))).unwrap()
    };
    paths.map(of).collect()
}

static PATTERNS: LazyLock<Vec<(&'static Operation, Vec<Regex>)>> =
    LazyLock::new(|| all().map(|operation| (operation, pattern(operation))).collect());

/// Whether a path is one of the table's, of an operation with this method that the level lets through.
fn may_pass(sent: &Operation, path: &str, level: &str) -> bool {
    PATTERNS.iter().any(|(operation, patterns)| {
        let writes = access_in_the_list(operation) == OperationAccess::Write;
        let permitted = match level {
            "read" => !writes,
            "full" => !writes || !operation.needs_approval(),
            // Metabase is read as long as no rule names it.
            "none" => operation.api == Api::Metabase && !writes,
            _ => false,
        };
        permitted
            && operation.api == sent.api
            && operation.verb.method() == sent.verb.method()
            && patterns.iter().any(|pattern| pattern.is_match(path))
    })
}

fn levels() -> [(&'static str, GrantPolicy); 4] {
    [
        ("none", policy(Vec::new())),
        ("off", policy(vec![everywhere(GrantLevel::Off)])),
        ("read", policy(vec![everywhere(GrantLevel::Read)])),
        ("full", policy(vec![everywhere(GrantLevel::Full)])),
    ]
}

/// A wire for each API at each level, to one server. Each API has a wire of its own, as their hosts are apart.
fn wires(server: &Url) -> BTreeMap<(Api, &'static str), Wire> {
    let apis = [
        Api::Metabase,
        Api::DbtAdministrative,
        Api::DbtDiscovery,
        Api::DbtSemanticLayer,
    ];
    let mut wires = BTreeMap::new();
    for (level, policy) in levels() {
        for api in apis {
            let wire = if api == Api::DbtAdministrative {
                super::wire::wire(server, &policy)
            } else {
                Wire::new(WireSettings::new(Grants::none().api(server, api, &policy))).unwrap()
            };
            wires.insert((api, level), wire);
        }
    }
    wires
}

fn operations() -> Vec<&'static Operation> {
    all().filter(|operation| operation.api != Api::DbtLocal).collect()
}

/// Sends it, and says what is wrong if it went out although it may not.
async fn wrongly_sent(
    wire: &Wire,
    operation: &Operation,
    server: &Url,
    path: &str,
    level: &str,
) -> Option<String> {
    let mut request = right(operation, server);
    request.url.set_path(path);
    let sent = request.url.path().to_owned();
    let went = wire.send(request).await.is_ok();
    (went && !may_pass(operation, &sent, level))
        .then(|| format!("{} at {level}: {sent} of {path}", operation.name))
}

#[tokio::test]
async fn no_trick_lets_anything_through() {
    let server = willing().await;
    let wires = wires(&server.url);
    let (mut tried, mut went) = (0, 0);
    for operation in operations() {
        let path = right(operation, &server.url).url.path().to_owned();
        let places = path.split('/').count() - 1;
        let ways = (0..TRICKS).flat_map(|trick| (0..places).map(move |place| (trick, place)));
        let ways: BTreeSet<String> = ways.map(|(trick, place)| tricked(&path, trick, place)).collect();
        for (level, _) in levels() {
            let wire = &wires[&(operation.api, level)];
            for tricked in &ways {
                let before = server.asked_count();
                let wrong = wrongly_sent(wire, operation, &server.url, tricked, level).await;
                assert_eq!(wrong, None);
                tried += 1;
                went += server.asked_count() - before;
            }
        }
    }
    // Some ways lead to the same path, or to that of another thing.
    assert!(
        tried > 50_000 && went > 500 && went < tried / 4,
        "{went} of {tried}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Several tricks at once.
    #[test]
    fn nor_do_several(
        operation in 0_usize..1_000,
        level in 0_usize..4,
        tricks in prop::collection::vec((0..TRICKS, 0_usize..12), 2..5),
    ) {
        let operations = operations();
        let operation = operations[operation % operations.len()];
        let server = Url::parse("https://dbt.example.com").unwrap();
        let (level, policy) = levels()[level].clone();
        let grants = if operation.api == Api::DbtAdministrative {
            let addresses = cardinal::dbt::DbtAddresses::of_host("dbt.example.com", None).unwrap();
            let settings = cardinal::dbt::DbtCloudSettings::new(addresses, "t".to_owned().into(), 1);
            cardinal::dbt::grants(&settings, &policy)
        } else {
            Grants::none().api(&server, operation.api, &policy)
        };
        let mut request = right(operation, &server);
        let path = tricks.iter().fold(request.url.path().to_owned(), |path, (trick, place)| tricked(&path, *trick, *place));
        request.url.set_path(&path);
        if grants.allow(&request.method, &request.url) {
            prop_assert!(may_pass(operation, request.url.path(), level), "{} at {level}: {}", operation.name, request.url);
        }
    }
}
