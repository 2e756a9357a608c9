use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::index::digest;
use super::question::BatchQuestion;

/// Characters of an id that stand in the name of its tape.
const NAME_CHARS: usize = 40;

/// The folder beside the answers in which a run keeps what it needs to go on: `ANSWERS.jsonl.run/`.
#[derive(Debug, Clone)]
pub(crate) struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// The folder that belongs to a file of answers.
    pub(crate) fn beside(answers: &Path) -> Self {
        let mut name = OsString::from(answers);
        name.push(".run");
        Self { path: name.into() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn manifest(&self) -> PathBuf {
        self.path.join("manifest.json")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// The folder of all tapes, and of what they share.
    pub(super) fn tapes(&self) -> PathBuf {
        self.path.join("tapes")
    }

    /// The folder of what went to a provider's batch API and came back.
    pub(super) fn provider(&self) -> PathBuf {
        self.path.join("provider")
    }

    /// The tape of a question. Those of a session lie in one folder, because each names the one before it.
    pub(super) fn tape_of(&self, question: &BatchQuestion) -> PathBuf {
        let id = digest(&question.id);
        let group = question.session.as_deref().map_or(id, digest);
        let plain: String = question
            .id
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(NAME_CHARS)
            .collect();
        let (group, id) = (format!("{group:032x}"), format!("{id:032x}"));
        let short = |text: &str, length: usize| text.chars().take(length).collect::<String>();
        let name = format!("{plain}-{}.jsonl", short(&id, 16));
        self.tapes().join(short(&group, 2)).join(name)
    }

    /// Forgets everything but the lock. Waits for the disk.
    pub(super) fn clear(&self) -> io::Result<()> {
        let gone = |done: io::Result<()>| match done {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        gone(fs::remove_file(self.manifest()))?;
        gone(fs::remove_dir_all(self.provider()))?;
        gone(fs::remove_dir_all(self.tapes()))
    }
}
