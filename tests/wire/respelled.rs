//! A credential that a server gives back in another spelling goes no further either, and nothing else is taken for one.

use cardinal::wire::{Wire, WireRequest};
use http::{HeaderName, HeaderValue};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::retry::quick;
use super::server::{Server, answer, chunked};
use crate::support::spellings::{leaks, spellings};

fn carrying(mut request: WireRequest, key: &str) -> WireRequest {
    let mut value = HeaderValue::try_from(format!("Bearer {key}")).unwrap();
    value.set_sensitive(true);
    request
        .headers
        .insert(HeaderName::from_static("authorization"), value);
    request
}

async fn seen(replies: Vec<Vec<u8>>, key: &str, fails: bool) -> Vec<String> {
    let count = replies.len();
    let server = Server::scripted(replies).await;
    let wire = Wire::new(quick(&server)).unwrap();
    let mut bodies = Vec::new();
    for _ in 0..count {
        let request = if fails {
            server.get("/")
        } else {
            server.query("{}")
        };
        let response = wire.send(carrying(request, key)).await.unwrap();
        bodies.push(String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned());
    }
    bodies
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_random_key_is_seen_in_any_spelling() {
    let keys = proptest::collection::vec(
        "(sk-|mb_|gsk_|)[A-Za-z0-9]{2}[0-9][A-Za-z]{2}[A-Za-z0-9_-]{14,40}",
        12,
    );
    let around = proptest::collection::vec("[ a-z.,:{}\"0-9äß\\n]{0,60}", 24);
    let mut runner = TestRunner::deterministic();
    let keys = keys.new_tree(&mut runner).unwrap().current();
    let around = around.new_tree(&mut runner).unwrap().current();
    for (nth, key) in keys.iter().enumerate() {
        let (before, behind) = (&around[2 * nth], &around[2 * nth + 1]);
        let table = spellings(key);
        let body = |written: &str| format!("{before}. {written} .{behind}");
        let failures = table
            .iter()
            .map(|(_, written)| answer("400 Bad Request", "", body(written).as_bytes()));
        let bodies = seen(failures.collect(), key, true).await;
        for ((name, written), seen) in table.iter().zip(&bodies) {
            assert!(!leaks(seen, key, written), "{name} of {key}: {seen}");
            assert!(
                seen.starts_with(before.as_str()) && seen.ends_with(behind.as_str()),
                "{seen}"
            );
        }
        // A whole body, and one in pieces of every size.
        for size in [4096, 7 + nth] {
            let data = table
                .iter()
                .map(|(_, written)| chunked("200 OK", "", body(written).as_bytes(), size));
            let bodies = seen(data.collect(), key, false).await;
            for ((name, written), seen) in table.iter().zip(&bodies) {
                assert!(seen.contains("[redacted]"), "{name} of {key} by {size}: {seen}");
                assert!(!leaks(seen, key, written), "{name} of {key} by {size}: {seen}");
            }
        }
    }
}

const KEY: &str = "sk-proj-Ab3dEf6hIj9kLm2nOp5qRs8t";

#[tokio::test]
async fn a_part_of_a_key_is_not_seen_where_it_tells_which_it_is() {
    let (start, end) = (&KEY[..14], &KEY[KEY.len() - 9..]);
    let of = |text: &str| answer("401 Unauthorized", "", text.as_bytes());
    let texts = [
        format!("Incorrect API key provided: {start}****{end}."),
        format!("bad key {start}…, see below"),
        format!("the middle is {}", &KEY[8..20]),
    ];
    for seen in seen(texts.iter().map(|text| of(text)).collect(), KEY, true).await {
        assert!(seen.contains("[redacted]") && !leaks(&seen, KEY, KEY), "{seen}");
    }
    let data = [
        format!("{{\"masked\":\"{start}...{end}\"}}"),
        format!("{{\"first\":\"{}\"}}", &KEY[..20]),
        format!("it ends in {}", &KEY[..26]),
    ];
    let data = data.iter().map(|text| answer("200 OK", "", text.as_bytes()));
    for seen in seen(data.collect(), KEY, false).await {
        assert!(seen.contains("[redacted]") && !leaks(&seen, KEY, KEY), "{seen}");
    }
    // What servers show on purpose is short enough to stay.
    let shown = "Incorrect API key provided: sk-pr***Rs8t. You can find yours in the settings.";
    assert_eq!(seen(vec![of(shown)], KEY, true).await, [shown]);
}

/// Letters behind the first 65,536 characters are two escapes in JSON.
#[tokio::test]
async fn a_key_in_pairs_of_escapes_is_not_seen() {
    let table = spellings(KEY);
    let (_, written) = table.iter().find(|(name, _)| *name == "mathematical").unwrap();
    let escape = |c: char| -> String {
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units).iter();
        units.map(|unit| format!("\\u{unit:04x}")).collect()
    };
    let written: String = written.chars().map(escape).collect();
    let body = format!("{{\"error\":\"bad key {written}, see the settings\"}}");
    let clean = "{\"error\":\"bad key [redacted], see the settings\"}";
    for (status, fails) in [("401 Unauthorized", true), ("200 OK", false)] {
        let reply = answer(status, "", body.as_bytes());
        assert_eq!(seen(vec![reply], KEY, fails).await, [clean], "{status}");
    }
}

/// What stands behind these prefixes is all that is secret.
#[tokio::test]
async fn a_key_without_its_prefix_is_a_key() {
    let core = "Qz7vXk29LmPw4RtYb8Nc";
    for prefix in [
        "sk-",
        "sk-test-",
        "sk-proj-",
        "sk-ant-api03-",
        "sk-or-v1-",
        "mb_",
        "gsk_",
    ] {
        let key = format!("{prefix}{core}");
        let table = spellings(core);
        let bodies = table
            .iter()
            .map(|(_, written)| format!("{{\"is\":\"{written}\"}}"));
        let bodies: Vec<_> = bodies.map(|body| answer("200 OK", "", body.as_bytes())).collect();
        for ((name, written), seen) in table.iter().zip(seen(bodies, &key, false).await) {
            assert!(
                seen.contains("[redacted]") && !leaks(&seen, core, written),
                "{name} of {key}: {seen}"
            );
        }
    }
    let ends = answer(
        "200 OK",
        "",
        format!("{{\"it ends in\":\"{}\"}}", &core[4..]).as_bytes(),
    );
    let seen = seen(vec![ends], &format!("sk-test-{core}"), false).await;
    assert_eq!(seen, ["{\"it ends in\":\"[redacted]\"}"]);
}

#[tokio::test]
async fn words_that_are_like_a_key_stay() {
    for (key, text) in [
        ("lm-studio", "No model is loaded in LM Studio (LM-STUDIO 0.3)."),
        ("not-needed", "A key is not needed here."),
        ("no-key-required", "There is No key required for it."),
        ("sk-no-key-required", "There is no key required for it."),
        ("metabase-dashboards", "The Metabase dashboard of sales"),
        ("my-internationalization", "Internationalization of dashboards"),
        (
            KEY,
            "sk-proj- is how a key of a project begins; Ab3dEf6 is a word.",
        ),
    ] {
        let reply = answer("200 OK", "", text.as_bytes());
        assert_eq!(seen(vec![reply], key, false).await, [text], "{key}");
    }
}
