//! Names of sessions and answers. They sort by the time they were made, and nobody can guess one.

use std::fmt::Write as _;

/// Digits that sort like the values they stand for.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Digits of the time, in milliseconds: enough until the year 3000.
const TIME_DIGITS: u32 = 9;

/// A new name of this kind: `ses`, `ans`, `tok`.
pub(super) fn new_id(kind: &str) -> String {
    let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default();
    let mut id = format!("{kind}_");
    for place in (0..TIME_DIGITS).rev() {
        id.push(digit(now >> (place * 5)));
    }
    for byte in random::<13>() {
        id.push(digit(u64::from(byte)));
    }
    id
}

fn digit(value: u64) -> char {
    let at = usize::try_from(value & 31).unwrap_or_default();
    DIGITS.get(at).copied().map_or('0', char::from)
}

/// Bytes that nobody can foresee.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        // No system that this runs on is without a source of chance; names stay unique all the same.
        fastrand::fill(&mut bytes);
    }
    bytes
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Whether a text may be the name of a session that a client chose: short, and nothing that could mean a path.
pub(super) fn is_plain(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
    !id.is_empty() && id.len() <= 128 && id.bytes().all(allowed) && !id.bytes().all(|byte| byte == b'.')
}

/// What templates and programs write where there is no name yet. It names nothing: all conversations that are new would be one.
pub(super) fn names_nothing(id: &str) -> bool {
    ["null", "undefined", "none", "nil", "new"]
        .iter()
        .any(|word| id.eq_ignore_ascii_case(word))
}

/// Whether a session under this key was named here, and not by a client.
pub(super) fn is_named_here(key: &str) -> bool {
    key.starts_with("ses_")
}

/// What a session of this name is kept under whose name is another principal's already. Nobody can give a session such a name.
pub(super) fn key_beside(name: &str, principal: &str) -> String {
    let tag = blake3::derive_key("cardinal 2026 server: name of a session", principal.as_bytes());
    format!("{name}@{}", hex(tag.get(..8).unwrap_or_default()))
}

/// The name of a session that is kept under this. That somebody else has one of that name is told to nobody.
pub(super) fn name_of(key: &str) -> &str {
    key.split('@').next().unwrap_or(key)
}
