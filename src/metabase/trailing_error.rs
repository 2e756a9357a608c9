//! Older servers that fail after the first byte write the error right behind the partial JSON.

use serde::de::IgnoredAny;

/// How far from the end an error is looked for. Errors with stack traces are some tens of kilobytes.
const WINDOW: usize = 128 * 1024;
/// Most places tried: a broken body full of objects must not cost more than that.
const MAX_TRIES: usize = 2_000;

/// The JSON object glued to the end of a broken body, if it says that something failed.
pub(super) fn trailing_error(body: &[u8]) -> Option<Vec<u8>> {
    let tail = body.get(body.len().saturating_sub(WINDOW)..)?;
    // The first place from which everything to the end is one whole object: nested ones leave a brace behind.
    let starts = tail.iter().enumerate().filter(|(_, byte)| **byte == b'{');
    let mut tries = 0;
    for (start, _) in starts {
        tries += 1;
        if tries > MAX_TRIES {
            return None;
        }
        let suffix = tail.get(start..)?;
        if serde_json::from_slice::<IgnoredAny>(suffix).is_ok() {
            let names = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(suffix).ok()?;
            let error = ["error", "message", "cause", "via"]
                .iter()
                .any(|key| names.contains_key(*key));
            // A whole object at the very start is the response itself, not something glued to it.
            return (error && suffix.len() < body.len()).then(|| suffix.to_vec());
        }
    }
    None
}
