use jiff::civil::Date;
use serde_json::{Map, Value};

/// Longest question, in bytes.
const LONGEST_QUESTION: usize = 64 * 1024;
/// Longest id, session or principal, in bytes.
const LONGEST_NAME: usize = 512;

/// One question of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchQuestion {
    /// Tells it apart from all others of the run.
    pub id: String,
    /// What is asked.
    pub text: String,
    /// The conversation it belongs to; `None`: one of its own.
    pub session: Option<String>,
    pub principal: Option<String>,
    /// The day that it means by "today"; `None`: the run's.
    pub today: Option<Date>,
    /// Everything else of its row, which its answer is written with.
    pub metadata: Map<String, Value>,
}

impl BatchQuestion {
    /// Reads a row. One without an id is known by its number. Says what is wrong with the first field that is.
    pub(super) fn of(mut row: Map<String, Value>, number: u32) -> Result<Self, String> {
        let text = text(&mut row, "question", LONGEST_QUESTION)?.ok_or("it has no `question`")?;
        let id = name(&mut row, "id")?.unwrap_or_else(|| number.to_string());
        let session = name(&mut row, "session")?;
        let principal = name(&mut row, "principal")?;
        let today = name(&mut row, "today")?
            .map(|day| day.parse::<Date>())
            .transpose()
            .map_err(|_| "`today` is not a date such as 2026-06-30")?;
        // What stands in a field of that name is not wrapped once more.
        if let Some(Value::Object(more)) = row.get_mut("metadata") {
            let more = std::mem::take(more);
            row.remove("metadata");
            for (name, value) in more {
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
fn name(row: &mut Map<String, Value>, field: &str) -> Result<Option<String>, String> {
    let name = text(row, field, LONGEST_NAME)?;
    match &name {
        Some(name) if name.chars().any(char::is_control) => {
            Err(format!("`{field}` has a line end or another control character"))
        }
        _ => Ok(name),
    }
}

/// A field's text without the space around it; `None` when there is nothing in it.
fn text(row: &mut Map<String, Value>, field: &str, longest: usize) -> Result<Option<String>, String> {
    let text = match row.remove(field) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(format!("`{field}` is neither a text nor a number")),
    };
    if text.len() > longest {
        return Err(format!("`{field}` is longer than {longest} bytes"));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}
