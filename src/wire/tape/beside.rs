//! Files beside a tape that many tapes share, each under the hash of what it holds.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::error::TapeError;
use super::redact::suspect;
use super::request;
use crate::atomic_file::{self, FileAccess};
use crate::file_stamp::FileStamp;

/// A file longer than this is not one of ours.
const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// The folder of what completions begin with.
const PROMPTS: &str = "prompts";
/// The folder of catalogs.
const CATALOGS: &str = "catalogs";
/// The folders of what tapes share.
pub(crate) const SHARED_FOLDERS: [&str; 2] = [PROMPTS, CATALOGS];
/// How many folders above its own a tape's files may lie: tapes of many folders share them.
const LEVELS: usize = 4;

/// Where the prefix of completions with this hash is found from a tape.
pub(super) fn prompt_path(tape: &Path, hash: &str) -> PathBuf {
    found(tape, PROMPTS, hash)
}

/// Where the catalog with this fingerprint is found from a tape: beside it, or in the nearest folder above that has it.
pub(crate) fn catalog_path(tape: &Path, fingerprint: &str) -> PathBuf {
    found(tape, CATALOGS, fingerprint)
}

/// Where the catalog with this fingerprint is kept for the tapes in and below a folder.
pub(crate) fn shared_catalog(folder: &Path, fingerprint: &str) -> PathBuf {
    folder.join(CATALOGS).join(name(fingerprint))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SharedKind {
    /// What completions begin with.
    Prompt,
    Catalog,
}

/// The path of a shared file from the folder that tapes share, such as `prompts/1f3a.json`.
pub(crate) fn shared_name(kind: SharedKind, hash: &str) -> String {
    let folder = match kind {
        SharedKind::Prompt => PROMPTS,
        SharedKind::Catalog => CATALOGS,
    };
    format!("{folder}/{}", name(hash))
}

fn found(tape: &Path, kind: &str, hash: &str) -> PathBuf {
    let folder = tape.parent().unwrap_or(Path::new(""));
    let name = name(hash);
    let mut places = folder.ancestors().take(LEVELS);
    places
        .find_map(|place| Some(place.join(kind).join(&name)).filter(|path| path.is_file()))
        .unwrap_or_else(|| folder.join(kind).join(&name))
}

/// A tape that was tampered with may name anything; only hex digits lead to a file.
fn name(hash: &str) -> String {
    let digits: String = hash.chars().filter(char::is_ascii_hexdigit).collect();
    format!("{digits}.json")
}

/// Prefixes of completions that were read, for readers of many tapes that share them.
#[derive(Debug, Default)]
pub(crate) struct Prefixes {
    /// By path. Each fits the hash that names it.
    read: Mutex<BTreeMap<PathBuf, Arc<Value>>>,
}

impl Prefixes {
    /// The prefix of this hash that a tape begins its completions with, read once.
    pub(super) fn get(&self, tape: &Path, hash: &str) -> Result<Arc<Value>, String> {
        let path = prompt_path(tape, hash);
        let known = |read: &BTreeMap<PathBuf, Arc<Value>>| read.get(&path).cloned();
        if let Some(prefix) = known(&self.read.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(prefix);
        }
        let text = read_capped(&path)?;
        if let Some(what) = suspect(&text) {
            return Err(format!("it may hold {what}"));
        }
        let prefix = Arc::new(prefix_of(&text, hash)?);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(path, Arc::clone(&prefix));
        Ok(prefix)
    }
}

/// The prefix that a file of this hash holds.
fn prefix_of(text: &str, hash: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if request::hash(&value) == hash {
        Ok(value)
    } else {
        Err("it was changed after it was recorded".to_owned())
    }
}

/// Keeps the prefix of this hash, canonical JSON, for the tapes in and below a folder.
pub(super) fn keep_prompt(folder: &Path, hash: &str, prefix: &str) -> Result<(), TapeError> {
    let path = folder.join(PROMPTS).join(name(hash));
    let text = || {
        let prefix: Value = serde_json::from_str(prefix).unwrap_or_default();
        format!("{prefix:#}\n")
    };
    keep_beside(&path, text, |kept| prefix_of(kept, hash).is_ok())
}

/// Files that fit, by path, as they were when this process last wrote or checked them. One that is still so is not read again.
static CHECKED: Mutex<BTreeMap<PathBuf, FileStamp>> = Mutex::new(BTreeMap::new());
/// A file that was marked as needed less than this ago is not marked again.
const MARKED_LATELY: Duration = Duration::from_secs(60);

fn is_checked(path: &Path, stamp: FileStamp) -> bool {
    let checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
    checked.get(path) == Some(&stamp)
}

fn remember(path: &Path) {
    if let Some(stamp) = FileStamp::of(path) {
        let mut checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
        checked.insert(path.to_owned(), stamp);
    }
}

fn is_marked_lately(stamp: FileStamp) -> bool {
    let age = stamp.modified.elapsed();
    age.is_ok_and(|age| age <= MARKED_LATELY)
}

/// Marks a file as needed, so that nobody who clears up takes it for old. A file that cannot be marked stays as it is.
fn mark(path: &Path) {
    if let Ok(file) = OpenOptions::new().append(true).open(path) {
        let _ = file.set_modified(SystemTime::now());
    }
    remember(path);
}

/// Keeps a text under its path unless one that `fits` is there already: what was damaged is put right. A text that may
/// hold a credential is not kept. The text is made, and a file that is there is read, only when this process has not
/// written or checked the file before.
pub(crate) fn keep_beside(
    path: &Path,
    text: impl FnOnce() -> String,
    fits: impl FnOnce(&str) -> bool,
) -> Result<(), TapeError> {
    let failed = |error: io::Error| TapeError::Write {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let stamp = FileStamp::of(path);
    let known = stamp.filter(|stamp| is_checked(path, *stamp));
    if known.is_some_and(is_marked_lately) {
        return Ok(());
    }
    if known.is_some() || read_capped(path).is_ok_and(|kept| fits(&kept)) {
        if stamp.is_some_and(is_marked_lately) {
            remember(path);
        } else {
            mark(path);
        }
        return Ok(());
    }
    let text = text();
    if suspect(&text).is_some() {
        return Err(TapeError::Withheld {
            path: path.to_owned(),
            place: "its text".to_owned(),
        });
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    atomic_file::replace(path, text.as_bytes(), FileAccess::OwnerOnly).map_err(failed)?;
    remember(path);
    Ok(())
}

/// Opens a file that only its owner may read, where the system knows such a thing.
pub(super) fn private(options: &mut OpenOptions, path: &Path) -> io::Result<fs::File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

/// The whole text of a file, up to a bound.
pub(crate) fn read_capped(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(MAX_FILE_BYTES.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
        return Err("it is too long to be one of ours".to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = error.as_bytes().iter().take(good);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        format!("its line {line} is not UTF-8")
    })
}
