//! A server's error, in any of the forms in which servers tell one.
//!
//! An error comes as the body of a response with a failure status, or in the middle of a stream that had begun with 200.
//! Either way it is a JSON object with words somewhere in it, and gateways wrap the words of the server behind them.
//! [`ServerError::find`] says whether an object is one, [`message_of`] finds the innermost words.

use http::StatusCode;
use serde_json::{Map, Value};

use super::lenient_json;
use super::missing_route;
use super::pieces::is_kind_beside;
use super::sse::{SseItem, SseParser};
use super::web_page;

/// Keys under which servers put the words, in order of preference, and as [`plain_key`] writes them.
const WORDS: [&str; 12] = [
    "message",
    "errormsg",
    "errormessage",
    "detail",
    "details",
    "msg",
    "statusmsg",
    "reason",
    "raw",
    "data",
    "title",
    "response",
];
/// Keys under which the error itself lies.
const WRAPPERS: [&str; 7] = [
    "errordescription",
    "error",
    "errors",
    "err",
    "fault",
    "faultstring",
    "baseresp",
];
/// Keys that an object without anything of a completion may have only when it is an error.
const TELLING: [&str; 5] = ["message", "detail", "code", "msg", "err"];
/// How deep errors are looked for inside errors.
const DEPTH: usize = 6;
/// Text of a failed call that Groq gives back.
const FAILED_GENERATION: &str = "failed_generation";

/// An error that a server reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerError {
    /// The server's words, the innermost ones.
    pub(super) message: String,
    /// The HTTP status that its class stands for.
    pub(super) status: StatusCode,
    /// What the model wrote, when the server could not read it as a call.
    pub(super) failed_generation: Option<String>,
}

impl ServerError {
    /// The error that an object of a stream is, if it is one. `is_content` says whether the object holds anything
    /// of a completion; then only an `error` in it counts.
    pub(super) fn find(json: &Value, is_content: bool) -> Option<Self> {
        let object = json.as_object()?;
        let explicit = object.get("error").filter(|error| is_told(error));
        // A server's own status beside what it answers, which says that all is well where all is.
        let failed = |status: &&Value| status.get("status_code").is_some_and(is_told);
        let explicit = explicit.or_else(|| object.get("base_resp").filter(failed));
        let is_typed = ["type", "object", "event", "status"].iter().any(|key| {
            let named = object.get(*key).and_then(Value::as_str).unwrap_or_default();
            named == "error" || (*key == "status" && named == "failed")
        });
        // What a server says while one waits is no failure.
        let telling = || !is_kind_beside(json) && object.iter().any(|(key, value)| tells(key, value));
        let is_one = if is_content {
            Self::stands_beside(json)
        } else {
            is_typed || telling()
        };
        if explicit.is_none() && !is_one {
            let wrapped = object.get("response").filter(|inner| inner.is_object());
            return wrapped.and_then(|inner| Self::find(inner, is_content || holds_content(inner)));
        }
        let inner = explicit.unwrap_or(json);
        let code = code(inner).or_else(|| code(json));
        let mut message = message_of(json);
        if let Some(code) = text(inner, "code").filter(|code| !message.contains(*code)) {
            message = format!("{message} ({code})");
        }
        Some(Self {
            status: code
                .or_else(|| numbered(&message))
                .unwrap_or_else(|| class(inner, &message)),
            failed_generation: text(inner, FAILED_GENERATION).map(str::to_owned),
            message,
        })
    }

    /// Whether an object that holds a completion, or a choice of one, tells an error beside it: a code of failures, or that it
    /// failed, and words.
    pub(super) fn stands_beside(json: &Value) -> bool {
        let says = |key: &str| text(json, key).is_some_and(|words| !words.trim().is_empty());
        let failed = || text(json, "status").is_some_and(|status| ["error", "failed"].contains(&status));
        ["message", "msg", "detail"].into_iter().any(says) && (code(json).is_some() || failed())
    }
}

/// Whether an object holds anything of a completion.
fn holds_content(json: &Value) -> bool {
    ["choices", "output", "content", "candidates"]
        .iter()
        .any(|key| json.get(*key).is_some_and(is_told))
}

/// The innermost words of an error, or all of it when there are none.
pub(super) fn message_of(json: &Value) -> String {
    innermost(json, DEPTH).unwrap_or_else(|| json.to_string())
}

/// The same of a body that may be anything: JSON, an event stream, a web page, text.
pub(super) fn message_of_body(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    if let Ok(json) = serde_json::from_str::<Value>(text) {
        return message_of(&json);
    }
    if text.starts_with('<') {
        return web_page::described(text);
    }
    error_in(text.as_bytes()).map_or_else(|| text.to_owned(), |error| error.message)
}

/// The error that a stream, or a document in its place, tells.
pub(super) fn error_in(body: &[u8]) -> Option<ServerError> {
    let (mut parser, mut items) = (SseParser::default(), Vec::new());
    parser.push(body, &mut items);
    parser.finish(&mut items);
    items.iter().find_map(|item| match item {
        SseItem::Event { json, .. } => ServerError::find(json, false),
        SseItem::End | SseItem::Noise(_) => None,
    })
}

fn innermost(json: &Value, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match json {
        Value::String(text) => Some(unwrapped(text, depth)).filter(|text| !text.trim().is_empty()),
        Value::Array(items) => items.iter().find_map(|item| innermost(item, depth)),
        Value::Object(object) => of_object(object, depth),
        _ => None,
    }
}

fn of_object(object: &Map<String, Value>, depth: usize) -> Option<String> {
    let under = |name: &str| {
        let mut fields = object.iter().filter(|(key, _)| plain_key(key) == name);
        fields.find_map(|(_, value)| innermost(value, depth))
    };
    let outer = WRAPPERS.iter().chain(&WORDS).find_map(|name| under(name));
    // A gateway of Amazon's names the error by its class: `throttlingException`.
    let classed = || {
        let mut fields = object
            .iter()
            .filter(|(key, _)| plain_key(key).ends_with("exception"));
        fields.find_map(|(_, value)| innermost(value, depth))
    };
    let outer = outer.map(|words| match place(object) {
        Some(place) if !words.contains(&place) => format!("{place}: {words}"),
        _ => words,
    });
    // What the server behind a gateway said.
    let behind = object
        .get("metadata")
        .and_then(|metadata| innermost(metadata.get("raw")?, depth))
        .or_else(|| under("innererror"))
        .or_else(|| under("cause"))
        .or_else(|| violations(object));
    match (outer.or_else(classed), behind) {
        (Some(outer), Some(behind)) if outer.contains(&behind) => Some(outer),
        (Some(outer), Some(behind)) => Some(format!("{}: {behind}", outer.trim_end_matches(['.', ':', ' ']))),
        (outer, behind) => outer.or(behind),
    }
}

/// Where in the request an error is, if it says so: `messages[0].content`. Servers that check a request by its form give the names
/// and numbers on the way there.
fn place(object: &Map<String, Value>) -> Option<String> {
    let steps = object.get("loc")?.as_array()?;
    let mut place = String::new();
    // The first step says that it is in the body.
    for step in steps.iter().skip_while(|step| *step == "body") {
        match step {
            Value::Number(number) => place.extend(["[", &number.to_string(), "]"]),
            Value::String(name) if place.is_empty() => place.push_str(name),
            Value::String(name) => place.extend([".", name]),
            _ => return None,
        }
    }
    Some(place).filter(|place| !place.is_empty())
}

/// Which fields Google's servers do not take, and why: their message says neither.
fn violations(object: &Map<String, Value>) -> Option<String> {
    let details = object.get("details")?.as_array()?.iter();
    let of_fields = details.filter_map(|detail| detail.get("fieldViolations")?.as_array());
    let said = of_fields.flatten().filter_map(|one| {
        let why = text(one, "description")?;
        Some(match text(one, "field") {
            Some(field) if !why.contains(field) => format!("{field}: {why}"),
            _ => why.to_owned(),
        })
    });
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// A key without its capitals and marks.
fn plain_key(key: &str) -> String {
    let letters = key.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a field of an object that holds nothing of a completion says that it is an error.
fn tells(key: &str, value: &Value) -> bool {
    let key = plain_key(key);
    match (key.as_str(), value) {
        ("success" | "ok", Value::Bool(false)) => true,
        ("status" | "statuscode", Value::Number(status)) => {
            status.as_u64().is_some_and(|status| status >= 400)
        }
        (key, value) => {
            let names_trouble =
                key.contains("error") || key.contains("exception") || key.starts_with("fault");
            (names_trouble || TELLING.contains(&key)) && is_told(value)
        }
    }
}

/// Gateways put the JSON of the server behind them into a text, sometimes behind words of their own.
fn unwrapped(text: &str, depth: usize) -> String {
    let inner = text.find('{').and_then(|start| {
        let (before, json) = text.split_at_checked(start)?;
        let words = of_object(lenient_json::objects(json).0.first()?, depth)?;
        let before = before.trim_end_matches(|c: char| c.is_whitespace() || "-:b'\"".contains(c));
        Some(if before.is_empty() {
            words
        } else {
            format!("{before}: {words}")
        })
    });
    inner.unwrap_or_else(|| text.to_owned())
}

/// Whether a value says anything: servers send `"error": null`, `false`, `""` and `{}` for none, and codes that mean
/// success.
pub(super) fn is_told(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => !matches!(number.as_u64(), Some(0 | 200)),
        Value::String(text) => !matches!(
            text.trim().to_lowercase().as_str(),
            "" | "0" | "200" | "ok" | "success" | "null" | "none"
        ),
        Value::Array(items) => !items.is_empty(),
        Value::Object(object) => !object.is_empty(),
    }
}

fn text<'a>(json: &'a Value, key: &str) -> Option<&'a str> {
    json.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// The HTTP status that an error names as its code.
fn code(json: &Value) -> Option<StatusCode> {
    ["status", "status_code", "http_status", "code"]
        .iter()
        .find_map(|key| {
            let number = match json.get(*key)? {
                Value::Number(number) => number.as_u64()?,
                Value::String(text) => text.parse().ok()?,
                _ => return None,
            };
            let status = u16::try_from(number).ok()?;
            (400..600)
                .contains(&status)
                .then(|| StatusCode::from_u16(status).ok())?
        })
}

/// The HTTP status that a gateway's words name: `Error code: 429 - …`.
fn numbered(message: &str) -> Option<StatusCode> {
    let message = message.to_lowercase();
    let (_, rest) = ["error code: ", "status code: ", "status code ", "status_code: "]
        .iter()
        .find_map(|words| message.split_once(words))?;
    let digits = rest.get(..3)?;
    let status = rest.get(3..)?.starts_with(|c: char| !c.is_ascii_digit()) || rest.len() == 3;
    let number = digits.parse::<u16>().ok().filter(|_| status)?;
    (400..600)
        .contains(&number)
        .then(|| StatusCode::from_u16(number).ok())?
}

/// The status that the words of an error stand for. What cannot be told is the server's own failure: a request that it
/// does not like is refused before a stream begins.
fn class(json: &Value, message: &str) -> StatusCode {
    let said = ["type", "code", "status"]
        .iter()
        .filter_map(|key| text(json, key));
    let said = said.chain([message]).collect::<Vec<_>>().join(" ").to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&[
        "insufficient_quota",
        "insufficient balance",
        "insufficient credits",
        "billing",
        "credit balance",
        "payment",
        "余额不足",
        "欠费",
    ]) {
        StatusCode::PAYMENT_REQUIRED
    } else if has(&["overloaded", "capacity", "unavailable", "try again", "busy"]) {
        StatusCode::SERVICE_UNAVAILABLE
    } else if has(&[
        "rate_limit",
        "rate limit",
        "ratelimit",
        "too many requests",
        "resource_exhausted",
    ]) {
        StatusCode::TOO_MANY_REQUESTS
    } else if has(&["authentication", "unauthorized", "invalid_api_key", "api key"]) {
        StatusCode::UNAUTHORIZED
    } else if has(&["permission", "forbidden"]) {
        StatusCode::FORBIDDEN
    } else if has(&["not_found", "does not exist"]) || missing_route::says_so(&said) {
        StatusCode::NOT_FOUND
    } else if has(&[
        "invalid_request",
        "bad_request",
        "badrequest",
        "invalid_argument",
        "context",
        "content_filter",
        "content management policy",
        "tool_use_failed",
        "not support",
        "n't support",
        "unsupported",
        "unrecognized",
        "unrecognised",
        "unknown parameter",
        "unknown field",
        "extra_forbidden",
        "extra inputs",
        "not permitted",
        "must alternate",
        "invalid schema",
    ]) {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}
