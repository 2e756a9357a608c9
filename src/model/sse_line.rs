//! What a line of an event stream is.

use serde_json::Value;

use super::odd_json::read;

/// The fields of an event that say nothing of what it holds.
const FIELDS: [&str; 2] = ["id", "retry"];
/// Names with which servers write lines of their own between events.
const BESIDE: [&str; 10] = [
    "comment",
    "date",
    "heartbeat",
    "keep-alive",
    "keepalive",
    "ping",
    "time",
    "timestamp",
    "trace",
    "ts",
];

/// The value of a field if the line is one of this name.
pub(super) fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let value = line.strip_prefix(name)?.strip_prefix(':')?;
    Some(value.strip_prefix(' ').unwrap_or(value))
}

/// A line in which the end of a line was lost before an event's data: `: PROCESSINGdata: {…}`, `event: message data: {…}`. What
/// stands before it, and the data.
pub(super) fn glued(line: &str) -> Option<(&str, &str)> {
    let is_comment = line.starts_with(':');
    let is_named = || field(line, "event").is_some() || FIELDS.iter().any(|name| field(line, name).is_some());
    if !is_comment && !is_named() {
        return None;
    }
    let (before, data) = line.split_once("data:")?;
    let data = data.trim();
    // A comment may speak of data.
    let is_data =
        data.starts_with(['{', '[']) && (!is_comment || data.starts_with("[D") || read(data).is_some());
    is_data.then_some((before, data))
}

/// Whether a line is a comment or a field that nobody needs, and no words that stand in the wrong place.
pub(super) fn is_beside(line: &str) -> bool {
    let (name, is_bare) = match line.split_once(':') {
        Some((name, _)) => (name.trim().to_ascii_lowercase(), false),
        None => (line.trim().to_ascii_lowercase(), true),
    };
    let name = name.as_str();
    let is_field = FIELDS.contains(&name) || (is_bare && ["data", "event"].contains(&name));
    is_field || (!is_bare && (name.is_empty() || name.starts_with("x-") || BESIDE.contains(&name)))
}

/// The value of a field whose name is written in other letters, with a blank behind it or without a colon.
pub(super) fn bent<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (written, value) = line.split_at_checked(name.len())?;
    let value = value.trim_start();
    let value = match value.strip_prefix(':') {
        Some(value) => value.trim_start(),
        None => value.starts_with(['{', '[']).then_some(value)?,
    };
    written.eq_ignore_ascii_case(name).then_some(value)
}

/// The object that a line ends in whose beginning is nothing that is known.
pub(super) fn object_in(line: &str) -> Option<Value> {
    let at = line.find('{').filter(|_| !line.starts_with([':', '<']))?;
    let name = line.get(..at)?.trim_end().trim_end_matches(':');
    // What is said of an event and is none of it.
    if FIELDS.contains(&name) {
        return None;
    }
    read(line.get(at..)?).filter(Value::is_object)
}

/// Whether an event's name says that it is an error: `error`, `server_error`.
pub(super) fn is_error(name: &str) -> bool {
    name.to_ascii_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word == "error")
}

/// Whether words in a stream only say that the connection lives, or are the length of a chunk that a proxy left in.
pub(super) fn is_sign_of_life(words: &str) -> bool {
    const SIGNS: [&str; 9] = [
        "ping",
        "pong",
        "alive",
        "ok",
        "connected",
        "start",
        "open",
        "ready",
        "null",
    ];
    const PARTS: [&str; 3] = ["keepalive", "heartbeat", "processing"];
    let letters = words.chars().filter(char::is_ascii_alphanumeric);
    let letters: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    let is_length = words.len() <= 8 && letters.chars().all(|c| c.is_ascii_hexdigit());
    let is_part = PARTS
        .iter()
        .any(|part| letters.contains(part) && letters.len() <= part.len() + 16);
    is_length || is_part || SIGNS.contains(&letters.as_str())
}
