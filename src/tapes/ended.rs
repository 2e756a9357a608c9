use serde::{Deserialize as _, Serialize};
use serde_json::{Map, Value, json};

use super::error::ReplayError;
use crate::agent::{Answer, Evidence, EvidenceHealth, EvidenceRows, TimeoutMarks};
use crate::result::{EntryKind, Handle};
use crate::wire::{Player, TapeFile, TurnEnd};

/// How hashes of named parts of an answer begin.
const HASHED: &str = "3:";
/// How they began when rows were hashed as they are written in JSON.
const HASHED_AS_JSON: &str = "2:";
/// What counts of a call, and of what was used.
const CALL: [&str; 5] = ["name", "arguments", "status", "rows", "message"];
const USAGE: [&str; 4] = ["input_tokens", "cached_tokens", "output_tokens", "steps"];

/// What a turn waited for that its tape ends in must have ended it the same way. Tapes of before it was noted where time
/// ran out do not say that it was the clock.
pub(super) fn not_by_the_clock(tape: &TapeFile, player: &Player, answer: &Answer) -> Result<(), ReplayError> {
    let recorded = end(tape)?;
    if player.stalls().any() && TurnEnd::of(answer).outcome != recorded.outcome {
        return Err(ReplayError::Clock {
            stop_reason: recorded.stop_reason.clone(),
        });
    }
    Ok(())
}

/// What the turn came to; an error when it was broken off.
pub(super) fn end(tape: &TapeFile) -> Result<&TurnEnd, ReplayError> {
    tape.end
        .as_ref()
        .ok_or_else(|| ReplayError::Tape(tape.unfinished()))
}

impl TurnEnd {
    /// What a tape says of an answer, with the hash that the end of another tape has.
    pub(super) fn like(recorded: &Self, answer: &Answer) -> Self {
        let now = Self::of(answer);
        if recorded.answer.starts_with(HASHED_AS_JSON) {
            return Self {
                answer: hash(HASHED_AS_JSON, answer, |rows| rows),
                ..now
            };
        }
        now
    }

    /// What a tape says of an answer.
    pub(super) fn of(answer: &Answer) -> Self {
        let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            outcome: word(json!(answer.outcome)),
            stop_reason: word(json!(answer.stop_reason)),
            text: answer.text.clone(),
            answer: hash(HASHED, answer, EvidenceRows::fingerprint),
            denials: answer.denials.iter().map(|denial| json!(denial)).collect(),
            late: if answer.late == TimeoutMarks::default() {
                Value::Null
            } else {
                json!(answer.late)
            },
            health: health(answer),
        }
    }
}

/// What is known of the health of the data that an answer rests on.
fn health(answer: &Answer) -> Value {
    let known = answer
        .evidence
        .iter()
        .filter_map(|item| Some((item.result.to_string(), json!(item.health.as_ref()?))));
    let known: Map<String, Value> = known.collect();
    if known.is_empty() {
        Value::Null
    } else {
        known.into()
    }
}

/// Puts to a replayed answer what its tape says of the health of its data. Tapes of before it was noted say nothing.
pub(super) fn put_health(recorded: &TurnEnd, answer: &mut Answer) {
    for item in &mut answer.evidence {
        let known = recorded.health.get(item.result.to_string());
        // What a later version may say in another form is left out.
        item.health = known.and_then(|health| EvidenceHealth::deserialize(health).ok());
    }
}

/// Whether two ends of a turn are the same.
pub(super) fn same(recorded: &TurnEnd, now: &TurnEnd) -> Result<(), ReplayError> {
    let words = [
        ("its outcome", &recorded.outcome, &now.outcome),
        ("its stop reason", &recorded.stop_reason, &now.stop_reason),
        ("its text", &recorded.text, &now.text),
    ];
    let rest = "the hash of its evidence, calls and usage";
    // That of an older tape was made of an answer's whole shape, which has grown since: it says nothing any more.
    let named = [HASHED, HASHED_AS_JSON]
        .iter()
        .any(|version| recorded.answer.starts_with(version));
    let rest = named.then_some((rest, &recorded.answer, &now.answer));
    let mut parts = words.into_iter().chain(rest);
    let different = parts.find(|(_, recorded, now)| recorded != now);
    different.map_or(Ok(()), |(what, recorded, now)| {
        Err(ReplayError::Different {
            what,
            recorded: recorded.clone(),
            now: now.clone(),
        })
    })
}

/// Hash of what in an answer a replay has to reproduce beside its words: named one by one, so that an answer may say more in
/// a later version. Neither how long anything took nor what served it is among it, nor what a later version may know
/// better, as where figures come from. `rows` is what counts of rows.
fn hash<'a, R: Serialize>(version: &str, answer: &'a Answer, rows: impl Fn(&'a EvidenceRows) -> R) -> String {
    let each = |list: Value, names: &[&str]| -> Vec<Value> {
        let items = list.as_array().into_iter().flatten();
        items.map(|item| picked(item, names)).collect()
    };
    let told = HashedAnswer {
        denials: json!(answer.denials),
        evidence: answer
            .evidence
            .iter()
            .map(|item| HashedEvidence::of(item, rows(&item.rows)))
            .collect(),
        options: json!(answer.options),
        tool_calls: each(json!(answer.tool_calls), &CALL),
        usage: picked(&json!(answer.usage), &USAGE),
    };
    // All of it can be written: it has no keys but texts.
    let hash = blake3::hash(&serde_json::to_vec(&told).unwrap_or_default());
    let hex: String = hash.to_hex().chars().take(32).collect();
    format!("{version}{hex}")
}

/// What is hashed, the fields in the order of their names.
#[derive(Serialize)]
struct HashedAnswer<'a, R> {
    denials: Value,
    evidence: Vec<HashedEvidence<'a, R>>,
    options: Value,
    tool_calls: Vec<Value>,
    usage: Value,
}

/// What counts of a result. Its rows are most of an answer.
#[derive(Serialize)]
struct HashedEvidence<'a, R> {
    call: u32,
    columns: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<EntryKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    result: Handle,
    rows: R,
    rows_known: u64,
    truncated: bool,
}

impl<'a, R> HashedEvidence<'a, R> {
    fn of(item: &'a Evidence, rows: R) -> Self {
        let source = item.origin.source();
        Self {
            call: item.call,
            columns: &item.columns,
            id: source.map(|source| source.id),
            kind: source.map(|source| source.kind),
            name: source.map(|source| source.name.as_str()),
            result: item.result,
            rows,
            rows_known: item.rows_known,
            truncated: item.truncated,
        }
    }
}

fn picked(value: &Value, names: &[&str]) -> Value {
    let fields = names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), value.get(*name)?.clone())));
    fields.collect::<Map<String, Value>>().into()
}
