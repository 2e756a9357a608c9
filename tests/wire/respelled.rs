//! A credential that a server gives back in another spelling goes no further either, and nothing else is taken for one.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cardinal::wire::{Wire, WireRequest};
use http::{HeaderName, HeaderValue};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::retry::quick;
use super::server::{Server, answer, chunked};

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

fn between(key: &str, sign: &str) -> String {
    key.chars().map(|c| c.to_string()).collect::<Vec<_>>().join(sign)
}

/// The table of spellings, by name.
fn spellings(key: &str) -> Vec<(&'static str, String)> {
    let hex: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
    let escaped = |from: &str, to: &str, radix: usize| -> String {
        let written = |byte: u8| {
            if radix == 16 {
                format!("{byte:02x}")
            } else {
                byte.to_string()
            }
        };
        key.bytes()
            .map(|byte| format!("{from}{}{to}", written(byte)))
            .collect()
    };
    let wrapped: Vec<&str> = (0..key.len())
        .step_by(7)
        .map(|at| &key[at..key.len().min(at + 7)])
        .collect();
    let mut mixed = String::new();
    for (at, c) in key.chars().enumerate() {
        mixed.push(if at % 2 == 0 {
            c.to_ascii_uppercase()
        } else {
            c.to_ascii_lowercase()
        });
    }
    vec![
        ("as it is", key.to_owned()),
        ("upper", key.to_uppercase()),
        ("lower", key.to_lowercase()),
        ("mixed", mixed),
        ("base64", STANDARD.encode(key)),
        ("base64 of a password", STANDARD.encode(format!("user:{key}"))),
        ("base64 without a name", STANDARD.encode(format!(":{key}"))),
        (
            "base64 for addresses",
            URL_SAFE_NO_PAD.encode(format!("api:{key}:x")),
        ),
        ("hex", hex.clone()),
        ("hex in capitals", hex.to_uppercase()),
        ("hex with colons", escaped("", ":", 16)),
        ("percent", escaped("%", "", 16)),
        ("json", escaped("\\u00", "", 16)),
        ("json in json", escaped("\\\\u00", "", 16)),
        ("html", escaped("&#", ";", 10)),
        ("html hexadecimal", escaped("&#x", ";", 16)),
        ("blanks", between(key, " ")),
        ("signs", between(key, "-")),
        ("zero width", between(key, "\u{200b}")),
        ("lines", wrapped.join("\r\n")),
        ("lines in json", wrapped.join("\\n")),
        ("tags", wrapped.join("<wbr>")),
        ("base64 in lines", between(&STANDARD.encode(key), "\n")),
    ]
}

fn signs(text: &str) -> String {
    let signs = text
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '\u{1}');
    signs.map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether eight signs in a row of the spelling, or of the key, are in a text.
fn leaks(seen: &str, key: &str, written: &str) -> bool {
    let (plain, written) = (signs(key), signs(written));
    let seen = signs(&seen.replace("[redacted]", "\u{1}"));
    let has = |of: &str, length: usize| {
        (0..(of.len() + 1).saturating_sub(length)).any(|at| seen.contains(&of[at..at + length]))
    };
    has(&plain, 8) || has(&written, if written.len() > plain.len() { 16 } else { 8 })
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

#[tokio::test]
async fn words_that_are_like_a_key_stay() {
    for (key, text) in [
        ("lm-studio", "No model is loaded in LM Studio (LM-STUDIO 0.3)."),
        ("not-needed", "A key is not needed here."),
        ("no-key-required", "There is No key required for it."),
        ("sk-no-key-required", "There is no key required for it."),
        ("metabase-dashboards", "The Metabase dashboard of sales"),
        (
            KEY,
            "sk-proj- is how a key of a project begins; Ab3dEf6 is a word.",
        ),
    ] {
        let reply = answer("200 OK", "", text.as_bytes());
        assert_eq!(seen(vec![reply], key, false).await, [text], "{key}");
    }
}
