//! What never reaches a tape, by name and by value.

use http::{HeaderMap, HeaderName};
use serde_json::Value;

/// What stands where a secret stood.
pub(super) const REDACTED: &str = "[redacted]";

/// Credentials shorter than this are too likely to occur by chance.
const SHORTEST_SECRET: usize = 8;

/// Fields that hold a secret, without case, `-` and `_`.
const SECRET_FIELDS: &[&str] = &[
    "accesstoken",
    "apikey",
    "authorization",
    "clientsecret",
    "cookie",
    "credentials",
    "idtoken",
    "jwt",
    "jwtsecret",
    "passwd",
    "password",
    "privatekey",
    "refreshtoken",
    "secret",
    "sessionid",
    "sessiontoken",
    "sharedsecret",
    "token",
    "xapikey",
    "xmetabasesession",
];

/// Response headers worth keeping; all others stay away.
const KEPT_HEADERS: &[&str] = &[
    "content-type",
    "date",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "x-request-id",
    "x-should-retry",
];

/// Whether a field of this name holds a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect();
    SECRET_FIELDS.binary_search(&plain.as_str()).is_ok()
}

/// Replaces the values of secret fields, however deep. Says whether there were any.
pub(super) fn redact(value: &mut Value) -> bool {
    match value {
        Value::Array(items) => items.iter_mut().fold(false, |any, item| redact(item) | any),
        Value::Object(fields) => fields.iter_mut().fold(false, |any, (name, field)| {
            // A schema or a count under such a name is no secret; only texts are.
            if is_secret(name) && field.is_string() {
                *field = REDACTED.into();
                true
            } else {
                redact(field) | any
            }
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The headers that may be kept, in order of name.
pub(super) fn kept_headers(headers: &HeaderMap) -> Value {
    KEPT_HEADERS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), headers.get(*name)?.to_str().ok()?.into())))
        .collect::<serde_json::Map<_, _>>()
        .into()
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
        assert!(is_secret("API_Key") && is_secret("x-metabase-session"));
        assert!(!is_secret("continuation_token") && !is_secret("max_tokens") && !is_secret("key"));
    }
}
