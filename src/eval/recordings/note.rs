use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::RecordingError;
use crate::atomic_file::{self, FileAccess};
use crate::eval::judge::{about, keys};
use crate::eval::{Case, Suite, Verdict};
use crate::model::{ModelId, Provider, UserQuestion, request_form};
use crate::prompt::{PROMPT_TEXTS, text_hashes};

/// Version of the note's format.
pub(crate) const NOTE_VERSION: u32 = 1;
/// The note's file in a case's folder.
pub const NOTE_FILE: &str = "case.json";

/// What a case was recorded under, beside what its tapes say themselves (prompt, tools, catalog, settings), and what
/// came of it then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseNote {
    /// Version of this format: `NOTE_VERSION`.
    pub version: u32,
    pub case: String,
    /// Hash of what the suite asks about: the kind of its dataset and what is curated of it.
    pub suite: String,
    /// Hash of what the case asks: turns, principal, day.
    pub asked: String,
    pub data: String,
    pub form: RequestForm,
    /// The model, `provider:name`.
    pub model: String,
    /// Seal of each turn's tape, in order.
    pub turns: Vec<String>,
    /// What the graders said then.
    pub verdict: Verdict,
}

/// Hashes of what turns a conversation into requests, beside the prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestForm {
    /// Of the code that makes a request's body.
    pub body: String,
    /// Of the words around a question.
    pub user_turn: String,
    /// Of each folder of texts that a model can be sent at any time, met or not, by its name. Empty in notes from before
    /// texts were hashed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<String, String>,
}

impl RequestForm {
    pub fn now(model: &str) -> Self {
        let id: Result<ModelId, _> = model.parse();
        let provider = id.map_or(Provider::Offline, |id| id.provider);
        let turn = UserQuestion::new("question", Date::constant(2000, 1, 1), Some("asker")).turn();
        let turn = blake3::hash(turn.as_bytes());
        Self {
            body: request_form(provider),
            user_turn: turn.to_hex().chars().take(20).collect(),
            texts: text_hashes(PROMPT_TEXTS.iter().copied()),
        }
    }

    /// What is called changed of the texts between this form and another; nothing where this one does not tell.
    pub(in crate::eval) fn changed_texts(&self, now: &Self) -> Vec<String> {
        if self.texts.is_empty() {
            return Vec::new();
        }
        let folders: BTreeSet<&String> = self.texts.keys().chain(now.texts.keys()).collect();
        let changed = folders
            .into_iter()
            .filter(|folder| self.texts.get(*folder) != now.texts.get(*folder));
        changed
            .map(|folder| format!("the texts in prompts/{folder}"))
            .collect()
    }
}

impl CaseNote {
    /// What is noted of a recording that is made, or proven to be the same, now.
    pub(in crate::eval) fn of(
        suite: &Suite,
        case: &Case,
        data: String,
        model: &str,
        turns: Vec<String>,
        verdict: Verdict,
    ) -> Self {
        Self {
            version: NOTE_VERSION,
            case: case.id.clone(),
            suite: about(suite),
            asked: keys(suite, case, &[]).asked,
            data,
            form: RequestForm::now(model),
            model: model.to_owned(),
            turns,
            verdict,
        }
    }

    /// Reads the note in a case's folder; `None` when there is none.
    pub fn read(folder: &Path) -> Result<Option<Self>, RecordingError> {
        let path = folder.join(NOTE_FILE);
        let wrong = |reason: String| RecordingError::Note {
            path: path.clone(),
            reason,
        };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(RecordingError::read(&path, source)),
        };
        let note: Self = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if note.version != NOTE_VERSION {
            return Err(wrong(format!(
                "its version is {}, and this program reads version {NOTE_VERSION}",
                note.version
            )));
        }
        Ok(Some(note))
    }

    /// Writes it in place of the one in a case's folder, at once or not at all.
    pub(in crate::eval) fn replace(&self, folder: &Path) -> Result<(), RecordingError> {
        let path = folder.join(NOTE_FILE);
        let written = self
            .to_text()
            .and_then(|text| atomic_file::replace(&path, text.as_bytes(), FileAccess::Default));
        written.map_err(|source| RecordingError::write(&path, source))
    }

    /// Writes it into a case's folder that has none.
    pub(super) fn write(&self, folder: &Path) -> Result<(), RecordingError> {
        let path = folder.join(NOTE_FILE);
        let written = self.to_text().and_then(|text| fs::write(&path, text));
        written.map_err(|source| RecordingError::write(&path, source))
    }

    fn to_text(&self) -> io::Result<String> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}
