use std::fs::OpenOptions;
use std::path::Path;

use serde_json::Value;

use super::beside::read_capped;
use super::error::TapeError;

/// What stands in the body of a completion that had come, whoever stopped reading it: the last words of each protocol.
const LAST_WORDS: [&str; 4] = [
    "[DONE]",
    "message_stop",
    "response.completed",
    "response.incomplete",
];

/// Takes an exchange off the end of a tape that was dropped in its middle: by the process that ended, not by the turn. It is
/// asked for again; served from the tape, it would be waited for until the turn's time is over.
pub(super) fn take_off(path: &Path) -> Result<(), TapeError> {
    let text = read_capped(path).map_err(|reason| TapeError::Read {
        path: path.to_owned(),
        reason,
    })?;
    let whole = text
        .rfind('\n')
        .and_then(|end| text.get(..end))
        .unwrap_or_default();
    let start = whole.rfind('\n').map_or(0, |at| at + 1);
    if start == 0 || !whole.get(start..).is_some_and(is_open) {
        return Ok(());
    }
    let cut = OpenOptions::new().write(true).open(path);
    let cut = cut.and_then(|file| file.set_len(u64::try_from(start).unwrap_or(u64::MAX)));
    cut.map_err(|error| TapeError::Write {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// Whether a line is an exchange whose response had not come whole.
fn is_open(line: &str) -> bool {
    // A line that cannot be read is named as damaged by whoever reads the tape.
    let line: Value = serde_json::from_str(line).unwrap_or_default();
    let dropped = line.get("end").is_some_and(|end| end == "dropped");
    let response = line.get("response").map(Value::to_string).unwrap_or_default();
    dropped && !LAST_WORDS.iter().any(|words| response.contains(words))
}
