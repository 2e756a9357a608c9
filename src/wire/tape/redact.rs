//! What never reaches a tape: by name first, then by shape.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use http::{HeaderMap, HeaderName};
use memchr::{memchr_iter, memmem, memrchr};
use regex::Regex;
use serde_json::Value;

use crate::text::built_in_pattern;

/// What stands where a secret stood.
pub(crate) const REDACTED: &str = "[redacted]";

/// Credentials shorter than this are too likely to occur by chance.
const SHORTEST_SECRET: usize = 8;

/// Fields that hold a secret, without case, `-` and `_`.
const SECRET_FIELDS: &[&str] = &[
    "accesskey",
    "accesstoken",
    "apikey",
    "apisecret",
    "apitoken",
    "authorization",
    "authtoken",
    "bearertoken",
    "clientsecret",
    "cookie",
    "credential",
    "credentials",
    "hmacsecret",
    "idtoken",
    "jwt",
    "jwtsecret",
    "oauthclientsecret",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "proxyauthorization",
    "refreshtoken",
    "secret",
    "secretaccesskey",
    "secretkey",
    "sessionid",
    "sessiontoken",
    "setcookie",
    "sharedsecret",
    "token",
    "tokenstring",
    "xapikey",
    "xauthtoken",
    "xmetabasesession",
];

/// Response headers worth keeping; all others stay away.
const KEPT_HEADERS: &[&str] = &[
    "content-type",
    "date",
    "location",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "x-cardinal-provider-batch",
    "x-request-id",
    "x-should-retry",
];

/// What credentials look like: name, pattern, and whether only texts with a digit or a capital count (names of things
/// can begin like a key). Word boundaries are those of ASCII: a text with any other letter in it would otherwise be
/// searched at a hundredth of the speed, and every text of every tape is.
const SHAPES: [(&str, &str, bool); 8] = [
    (
        "a model provider's key",
        r"(?-u:\b)(?:sk-|gsk_|xai-|AIza)[A-Za-z0-9_-]{16,}",
        true,
    ),
    (
        "a cloud's key",
        r"(?-u:\b)(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36})(?-u:\b)",
        true,
    ),
    ("a dbt token", r"(?-u:\b)dbt[cu]_[A-Za-z0-9_=-]{12,}", true),
    ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----", false),
    ("a Metabase API key", r"(?-u:\b)mb_[A-Za-z0-9+/=_-]{16,}", true),
    (
        "a JWT",
        r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
        false,
    ),
    (
        "a bearer token",
        r"(?i)(?-u:\b)bearer\s+[A-Za-z0-9._~+/-]{16,}=*",
        true,
    ),
    (
        "a session",
        r#"(?i)(?-u:\b)(?:x-metabase-session|metabase\.session)(?-u:\b)["'\\:=\s]+[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"#,
        false,
    ),
];

/// The shapes, ready to search with.
static PATTERNS: LazyLock<Vec<(&'static str, Regex, bool)>> = LazyLock::new(|| {
    SHAPES
        .iter()
        .map(|(what, pattern, strict)| (*what, built_in_pattern(pattern), *strict))
        .collect()
});

/// What the shapes begin with, or have in them: a text without any of these holds no credential.
const TRIGGERS: [&str; 18] = [
    "sk-",
    "gsk_",
    "xai-",
    "aiza",
    "akia",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "dbtc_",
    "dbtu_",
    "-----begin",
    "mb_",
    "eyj",
    "bearer",
    "metabase-session",
    "metabase.session",
];

/// Looks for all triggers in one pass; `None` would mean that the list cannot be searched for, so that every pattern is.
static TRIGGER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(TRIGGERS)
        .ok()
});

/// Whether any of the patterns has to be looked for.
pub(super) fn may_hold(text: &str) -> bool {
    TRIGGER.as_ref().is_none_or(|trigger| trigger.is_match(text))
}

/// Whether a field of this name holds a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    /// The longest of the names.
    const LONGEST: usize = 18;
    if name.is_ascii() {
        let (mut plain, mut length) = ([0; LONGEST], 0);
        for byte in name.bytes().filter(|byte| !matches!(byte, b'-' | b'_')) {
            let Some(place) = plain.get_mut(length) else {
                return false;
            };
            *place = byte.to_ascii_lowercase();
            length += 1;
        }
        let plain = plain.get(..length).unwrap_or_default();
        return SECRET_FIELDS
            .binary_search_by(|field| field.as_bytes().cmp(plain))
            .is_ok();
    }
    let plain = name
        .chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase);
    SECRET_FIELDS
        .binary_search_by(|field| field.chars().cmp(plain.clone()))
        .is_ok()
}

/// Replaces the values of secret fields, however deep, and everything that has the shape of a credential. Says whether
/// there was any.
pub(in crate::wire) fn redact(value: &mut Value) -> bool {
    match value {
        Value::Array(items) => items.iter_mut().fold(false, |any, item| redact(item) | any),
        Value::Object(fields) => fields.iter_mut().fold(false, |any, (name, field)| {
            // A schema or a count under such a name is not a secret; only texts are.
            if is_secret(name) && field.is_string() && field != REDACTED {
                *field = REDACTED.into();
                true
            } else {
                redact(field) | any
            }
        }),
        Value::String(text) => match redact_text(text) {
            Cow::Borrowed(_) => false,
            Cow::Owned(clean) => {
                *text = clean;
                true
            }
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A body without what is redacted in it.
pub(super) struct RedactedBody {
    /// What takes its place; `None` when there was nothing to redact.
    pub(super) text: Option<String>,
    /// Whether nothing in it begins like a credential, so that [`suspect`] would find nothing.
    pub(super) harmless: bool,
}

/// What [`redact`] makes of a body if it is JSON, and [`redact_text`] if it is not. That there is nothing to redact, as in
/// nearly all of them, is found out without taking it apart.
pub(super) fn redacted_body(text: &str) -> RedactedBody {
    let harmless = !may_hold(text);
    // What a trigger consists of can be written otherwise in one way only, and in JSON alone. A stream is no JSON.
    let hidden = || {
        text.trim_start().starts_with(['{', '[', '"'])
            && (may_name_secret(text) || memmem::find(text.as_bytes(), br"\u").is_some())
    };
    if harmless && !hidden() {
        return RedactedBody { text: None, harmless };
    }
    let text = match serde_json::from_str::<Value>(text) {
        Ok(mut json) => redact(&mut json).then(|| json.to_string()),
        Err(_) => match redact_text(text) {
            Cow::Owned(clean) => Some(clean),
            Cow::Borrowed(_) => None,
        },
    };
    // What was written anew has other bytes than those that were looked at.
    let harmless = harmless && text.is_none();
    RedactedBody { text, harmless }
}

/// Whether a field of a JSON text may have the name of a secret. A name with an escape in it may. Texts are not looked at one by
/// one: behind every name stands a colon, and there are few of these.
fn may_name_secret(json: &str) -> bool {
    let bytes = json.as_bytes();
    memchr_iter(b':', bytes).any(|colon| {
        let before = bytes.get(..colon).unwrap_or_default().trim_ascii_end();
        // Any other colon stands in a text.
        let Some(open) = before.strip_suffix(b"\"") else {
            return false;
        };
        let start = memrchr(b'"', open).map_or(0, |quote| quote + 1);
        let name = json.get(start..open.len()).unwrap_or_default();
        let is_escaped = start > 1 && open.get(start - 2) == Some(&b'\\');
        is_escaped || name.contains('\\') || is_secret(name)
    })
}

/// Whether a secret field, however deep, holds a text.
pub(super) fn names_secret(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(names_secret),
        Value::Object(fields) => fields.iter().any(|(name, field)| match field {
            Value::String(text) => text != REDACTED && is_secret(name),
            other => names_secret(other),
        }),
        _ => false,
    }
}

/// Whether a text in this JSON, however deep, holds one of these.
pub(super) fn json_holds_any(json: &str, secrets: &[String]) -> bool {
    // A text is written character by character, so a part of it is written as it would be alone.
    secrets.iter().any(|secret| {
        let written = Value::from(secret.as_str()).to_string();
        let written = written.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        written.is_some_and(|secret| json.contains(secret))
    })
}

/// The text without anything that has the shape of a credential.
pub(in crate::wire) fn redact_text(text: &str) -> Cow<'_, str> {
    let mut clean = Cow::Borrowed(text);
    if !may_hold(text) {
        return clean;
    }
    for (_, pattern, strict) in PATTERNS.iter() {
        let found: Vec<String> = pattern
            .find_iter(&clean)
            .map(|found| found.as_str().to_owned())
            .filter(|found| counts(found, *strict))
            .collect();
        for secret in found {
            clean = clean.replace(&secret, REDACTED).into();
        }
    }
    clean
}

/// What kind of credential the text may hold, if any.
pub(crate) fn suspect(text: &str) -> Option<&'static str> {
    if !may_hold(text) {
        return None;
    }
    PATTERNS.iter().find_map(|(what, pattern, strict)| {
        let found = pattern
            .find_iter(text)
            .any(|found| counts(found.as_str(), *strict));
        found.then_some(*what)
    })
}

fn counts(found: &str, strict: bool) -> bool {
    !strict
        || found
            .chars()
            .any(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
}

/// The headers that may be kept, in order of name.
pub(super) fn kept_headers(headers: &HeaderMap) -> Vec<(&'static str, String)> {
    KEPT_HEADERS
        .iter()
        .filter_map(|name| {
            let value = headers.get(*name)?.to_str().ok()?;
            let kept = if *name == "location" {
                plain_address(value)?
            } else {
                value
            };
            Some((*name, kept.to_owned()))
        })
        .collect()
}

/// Where a redirect leads, without what may hold a secret.
fn plain_address(location: &str) -> Option<&str> {
    let address = location.split(['?', '#']).next()?;
    (!address.contains('@')).then_some(address)
}

/// The credentials a request carries: values that must not occur anywhere in its record.
pub(super) fn credentials(headers: &HeaderMap) -> Vec<String> {
    headers
        .iter()
        .filter(|(name, value)| value.is_sensitive() || is_secret_header(name))
        .filter_map(|(_, value)| value.to_str().ok()?.split_whitespace().next_back())
        .filter(|value| value.len() >= SHORTEST_SECRET)
        .map(str::to_owned)
        .collect()
}

fn is_secret_header(name: &HeaderName) -> bool {
    is_secret(name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_the_search() {
        assert!(SECRET_FIELDS.is_sorted());
        assert!(SECRET_FIELDS.iter().all(|field| is_secret(field)));
        assert!(is_secret("API_Key") && is_secret("x-metabase-session"));
        assert!(!is_secret("continuation_token") && !is_secret("max_tokens") && !is_secret("key"));
    }

    #[test]
    fn json_is_redacted_the_same_whether_or_not_it_is_taken_apart() {
        let secret = "sk-abcdefgh12345678";
        let texts = [
            r#"{"rows":[[1,"web",null,2.5,true,-3]],"cols":[{"name":"key"}]}"#.to_owned(),
            r#"{"a":[{"b":{"API_Key":"anything"}}]}"#.to_owned(),
            r#"{"token":17,"password":{"type":"string"}}"#.to_owned(),
            r#"{"pass\u0077ord":"anything"}"#.to_owned(),
            format!(r#"{{"rows":[["{secret}"]]}}"#),
            r#"{"rows":[["sk\u002dabcdefgh12345678"]]}"#.to_owned(),
            r#"["\u00e9", "plain"]"#.to_owned(),
            r#"{"a":"a \" \\","password" : "anything"}"#.to_owned(),
            r#"["password", ":", {"key":"token"}]"#.to_owned(),
        ];
        for text in texts {
            let mut whole: Value = serde_json::from_str(&text).unwrap();
            let any = redact(&mut whole);
            let redacted = redacted_body(&text);
            assert_eq!(redacted.text, any.then(|| whole.to_string()), "{text}");
            assert!(!redacted.harmless || suspect(&text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_redacted_as_text() {
        let secret = "sk-abcdefgh12345678";
        for (text, redacted) in [
            (r#"data: {"password":"anything"}"#.to_owned(), None),
            (r#"{"password":"anything"} and more"#.to_owned(), None),
            (r#"{"password":"anything"#.to_owned(), None),
            (
                format!(r#"data: {{"a":"{secret}"}}"#),
                Some(r#"data: {"a":"[redacted]"}"#),
            ),
        ] {
            assert_eq!(redacted_body(&text).text.as_deref(), redacted, "{text}");
        }
    }

    #[test]
    fn credentials_are_known_by_their_shape_and_names_are_not_credentials() {
        for secret in [
            "key sk-abcdefgh12345678 end",
            "mb_c2FuZGJveC1vZi1jYXJkaW5hbA==",
            "dbtc_8Qd2mVnEXAMPLE0w7",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefgh123",
            "Authorization: Bearer abcdefghijklmnop1234",
            "AKIAIOSFODNN7EXAMPLE",
            "-----BEGIN RSA PRIVATE KEY-----",
            "X-Metabase-Session: 01234567-89ab-cdef-0123-456789abcdef",
        ] {
            assert!(suspect(secret).is_some(), "{secret}");
            assert!(suspect(&redact_text(secret)).is_none(), "{secret}");
        }
        for harmless in [
            "task-management-and-follow-up",
            "mb_used_in_the_last_month",
            "dbtc_used_in_the_last_month",
            "the bearer of this letter",
            "an id 01234567-89ab-cdef-0123-456789abcdef",
            "xai-generated-summaries-by-month",
        ] {
            assert!(suspect(harmless).is_none(), "{harmless}");
        }
    }
}
