//! What tapes in a folder need beside them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::wire::{SHARED_FOLDERS, read_capped};
#[cfg(feature = "postgres")]
use crate::wire::{SharedKind, shared_name};

/// A file that was kept so short a time ago may be that of a turn which has not written its line yet.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// The longest header that is read for the turn before it.
const LONGEST_HEADER: u64 = 4 * 1024 * 1024;
/// How many folders below that of the shared files tapes may lie.
const LEVELS: usize = 2;

/// The tapes of all turns before those of `tapes`.
pub(super) fn turns_before(tapes: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for tape in tapes {
        let mut at = tape.clone();
        while let Some(before) = previous(&at) {
            at = before;
            if !found.insert(at.clone()) {
                break;
            }
        }
    }
    found
}

fn previous(tape: &Path) -> Option<PathBuf> {
    let mut line = String::new();
    let file = File::open(tape).ok()?.take(LONGEST_HEADER);
    BufReader::new(file).read_line(&mut line).ok()?;
    let line: Value = serde_json::from_str(&line).ok()?;
    let name = line.pointer("/header/previous")?.as_str()?;
    Some(tape.with_file_name(name))
}

/// What one tape needs to be replayed.
#[cfg(feature = "postgres")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TapeNeeds {
    /// The file of the turn before it, in the same folder.
    pub(crate) previous: Option<String>,
    /// Files that it shares with other tapes, by their paths from the folder they lie in.
    pub(crate) files: BTreeSet<String>,
}

/// What a tape needs, by its text. A torn last line needs nothing.
#[cfg(feature = "postgres")]
pub(crate) fn needs_of(text: &str) -> TapeNeeds {
    let mut needs = TapeNeeds::default();
    for line in text.lines().filter(|line| names_a_file(line)) {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        let field = |pointer: &str| line.pointer(pointer).and_then(Value::as_str);
        if let Some(previous) = field("/header/previous") {
            needs.previous = Some(previous.to_owned());
        }
        let hash = field("/request/delta/base").map(|hash| shared_name(SharedKind::Prompt, hash));
        let catalog = field("/header/catalog/fingerprint").map(|hash| shared_name(SharedKind::Catalog, hash));
        needs.files.extend(hash.into_iter().chain(catalog));
    }
    needs
}

/// Removes the files shared in a folder of recordings, `SET/CASE/turn-N.jsonl`, that no tape in any set needs any more.
pub(crate) fn clear_shared(root: &Path) {
    let mut tapes = Vec::new();
    let mut folders = vec![(root.to_owned(), 0)];
    while let Some((folder, level)) = folders.pop() {
        // None goes while there is a folder that cannot be looked into.
        let Ok(entries) = fs::read_dir(&folder) else {
            return;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() && level <= LEVELS {
                folders.push((path, level + 1));
            } else if path.extension().is_some_and(|ending| ending == "jsonl") {
                tapes.push(path);
            }
        }
    }
    clear(root, &tapes, SystemTime::now());
}

/// Removes the shared files that none of these tapes needs. None goes while a tape cannot be read.
pub(super) fn clear(folder: &Path, tapes: &[PathBuf], now: SystemTime) {
    let kinds = SHARED_FOLDERS.iter().map(|kind| folder.join(kind));
    let files = kinds
        .filter_map(|kind| fs::read_dir(kind).ok())
        .flatten()
        .flatten();
    let old: Vec<PathBuf> = files
        .map(|file| file.path())
        .filter(|file| file.extension().is_some_and(|ending| ending == "json"))
        .filter(|file| !is_fresh(file, now))
        .collect();
    if old.is_empty() {
        return;
    }
    let mut needed = BTreeSet::new();
    for tape in tapes {
        let Ok(text) = read_capped(tape) else { return };
        for line in text.lines().filter(|line| names_a_file(line)) {
            // A torn last line needs nothing.
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            let hashes = ["/request/delta/base", "/header/catalog/fingerprint"];
            let hashes = hashes
                .iter()
                .filter_map(|pointer| line.pointer(pointer)?.as_str());
            needed.extend(hashes.map(str::to_owned));
        }
    }
    for file in old {
        let name = file.file_stem().and_then(|name| name.to_str());
        if !name.is_some_and(|name| needed.contains(name)) {
            // What stays does no harm.
            let _ = fs::remove_file(&file);
        }
    }
}

/// Most lines of a tape name none, and need not be taken apart.
fn names_a_file(line: &str) -> bool {
    line.contains("\"base\":\"") || line.starts_with("{\"cardinal_tape\":")
}

fn is_fresh(file: &Path, now: SystemTime) -> bool {
    let kept = file.metadata().and_then(|about| about.modified());
    kept.map_or(true, |kept| {
        now.duration_since(kept).map_or(true, |age| age < FRESH)
    })
}
