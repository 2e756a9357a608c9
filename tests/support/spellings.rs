//! A key in many spellings, and whether a text shows it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

fn between(key: &str, sign: &str) -> String {
    key.chars().map(|c| c.to_string()).collect::<Vec<_>>().join(sign)
}

/// The table of spellings, by name.
pub fn spellings(key: &str) -> Vec<(&'static str, String)> {
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
    let listed = |written: &dyn Fn(u8) -> String, between: &str| -> String {
        let numbers: Vec<String> = key.bytes().map(written).collect();
        numbers.join(between)
    };
    let in_form = |capital: u32, small: u32, digit: u32| -> String {
        let formed = |c: char| {
            let (first, row) = match c {
                'A'..='Z' => ('A', capital),
                'a'..='z' => ('a', small),
                '0'..='9' if digit > 0 => ('0', digit),
                other => return other,
            };
            char::from_u32(row + u32::from(c) - u32::from(first)).unwrap()
        };
        key.chars().map(formed).collect()
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
        (
            "json of new scripts",
            listed(&|byte| format!("\\u{{{byte:x}}}"), ""),
        ),
        ("octal", listed(&|byte| format!("\\{byte:03o}"), "")),
        (
            "list of octal numbers",
            listed(&|byte| format!("{byte:03o}"), " "),
        ),
        ("list of numbers", listed(&|byte| byte.to_string(), ", ")),
        ("list of hex", listed(&|byte| format!("0x{byte:02x}"), " ")),
        (
            "list of code points",
            listed(&|byte| format!("U+00{byte:02X}"), " "),
        ),
        ("bits", listed(&|byte| format!("{byte:08b}"), " ")),
        ("base64 twice", STANDARD.encode(STANDARD.encode(key))),
        ("full width", in_form(0xff21, 0xff41, 0xff10)),
        ("mathematical", in_form(0x1d400, 0x1d41a, 0x1d7ce)),
        ("circles", in_form(0x24b6, 0x24d0, 0)),
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
pub fn leaks(seen: &str, key: &str, written: &str) -> bool {
    if seen.contains(written) {
        return true;
    }
    let (plain, written) = (signs(key), signs(written));
    let seen = signs(&seen.replace("[redacted]", "\u{1}"));
    let has = |of: &str, length: usize| {
        (0..(of.len() + 1).saturating_sub(length)).any(|at| seen.contains(&of[at..at + length]))
    };
    has(&plain, 8) || has(&written, if written.len() > plain.len() { 16 } else { 8 })
}
