use jiff::civil::Date;

use super::metadata::RowMetadata;

/// Longest question, in bytes.
const LONGEST_QUESTION: usize = 64 * 1024;
/// Longest id, session or principal, in bytes.
const LONGEST_NAME: usize = 512;

/// One question of a run.
#[derive(Debug, Clone)]
pub(crate) struct BatchQuestion {
    /// Tells it apart from all others of the run.
    pub id: String,
    pub text: String,
    /// The conversation it belongs to; `None`: one of its own.
    pub session: Option<String>,
    pub principal: Option<String>,
    /// The day that it means by "today"; `None`: the run's.
    pub today: Option<Date>,
    /// Everything else of its row, which its answer is written with.
    pub metadata: RowMetadata,
}

impl BatchQuestion {
    /// Reads a row. One without an id is known by its number. Says what is wrong with the first field that is.
    pub(super) fn of(mut row: RowMetadata, number: u32) -> Result<Self, String> {
        let text = text(&mut row, "question", LONGEST_QUESTION)?.ok_or("it has no `question`")?;
        let id = name(&mut row, "id")?.unwrap_or_else(|| number.to_string());
        let session = name(&mut row, "session")?;
        let principal = name(&mut row, "principal")?;
        let today = name(&mut row, "today")?
            .map(|day| day.parse::<Date>())
            .transpose()
            .map_err(|_| "`today` is not a date such as 2026-06-30")?;
        // What stands in a field of that name is not wrapped once more.
        let inner = row.get("metadata").map(|inner| serde_json::from_str(inner.get()));
        if let Some(Ok(inner)) = inner {
            row.remove("metadata");
            let inner: RowMetadata = inner;
            for (name, value) in inner {
                row.entry(name).or_insert(value);
            }
        }
        Ok(Self {
            id,
            text,
            session,
            principal,
            today,
            metadata: row,
        })
    }
}

impl BatchQuestion {
    /// A hash of the name of its session; of one of its own, of its id.
    pub(super) fn session_hash(&self) -> u64 {
        let name = self.session.as_deref().map_or_else(
            || format!("id {}", self.id),
            |session| format!("session {session}"),
        );
        let hash = blake3::hash(name.as_bytes());
        let first = hash.as_bytes().iter().take(8);
        first.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

/// A field that names something, on one line.
fn name(row: &mut RowMetadata, field: &str) -> Result<Option<String>, String> {
    let name = text(row, field, LONGEST_NAME)?;
    match &name {
        Some(name) if name.chars().any(char::is_control) => {
            Err(format!("`{field}` has a line end or another control character"))
        }
        _ => Ok(name),
    }
}

/// A field's text without the space around it; `None` when there is nothing in it. A number is its digits.
fn text(row: &mut RowMetadata, field: &str, longest: usize) -> Result<Option<String>, String> {
    let Some(value) = row.remove(field) else {
        return Ok(None);
    };
    let text = match value.get().as_bytes().first() {
        Some(b'n') => return Ok(None),
        Some(b'"') => {
            let text: String = serde_json::from_str(value.get())
                .map_err(|error| format!("`{field}` cannot be read: {error}"))?;
            text.trim().to_owned()
        }
        Some(b'-' | b'0'..=b'9') => value.get().to_owned(),
        _ => return Err(format!("`{field}` is neither a text nor a number")),
    };
    if text.len() > longest {
        return Err(format!("`{field}` is longer than {longest} bytes"));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}
