use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use sha2::{Digest, Sha256};

use super::chain::hex;
use crate::text::{built_in_pattern, one_line};

/// Longest text of a field, in characters: a record stays far below what a reader takes.
const MAX_CHARS: usize = 500;

static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"));

/// A text as it may stand in the log: one line, with a hash in place of each e-mail address. Equal addresses have equal
/// hashes, so that one person's calls can still be told from another's. Credentials were taken out before, by the wire.
pub(super) fn redacted(text: &str) -> String {
    let line = one_line(text, MAX_CHARS);
    if !line.contains('@') {
        return line;
    }
    let clean: Cow<'_, str> = ADDRESS.replace_all(&line, |found: &regex::Captures<'_>| {
        let address = found.get(0).map_or("", |found| found.as_str());
        let hash = hex(&Sha256::digest(address.to_lowercase().as_bytes()));
        format!("[e-mail {}]", hash.get(..12).unwrap_or_default())
    });
    clean.into_owned()
}
