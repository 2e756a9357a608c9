//! What tapes in a folder need beside them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::wire::{SHARED_FOLDERS, read_capped};

/// A file that was kept so short a time ago may be that of a turn which has not written its line yet.
const FRESH: Duration = Duration::from_secs(60 * 60);

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
    let text = read_capped(tape).ok()?;
    let line: Value = serde_json::from_str(text.lines().next()?).ok()?;
    let name = line.pointer("/header/previous")?.as_str()?;
    Some(tape.with_file_name(name))
}

/// Removes the shared files that none of the folder's tapes needs. None goes while a tape cannot be read.
pub(super) fn clear(folder: &Path, tapes: &[PathBuf], now: SystemTime) {
    let mut needed = BTreeSet::new();
    for tape in tapes {
        let Ok(text) = read_capped(tape) else { return };
        for line in text.lines() {
            // A torn last line needs nothing.
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            let hashes = ["/request/delta/base", "/header/catalog/fingerprint"];
            let hashes = hashes
                .iter()
                .filter_map(|pointer| line.pointer(pointer)?.as_str());
            needed.extend(hashes.map(str::to_owned));
        }
    }
    for kind in SHARED_FOLDERS {
        let Ok(files) = fs::read_dir(folder.join(kind)) else {
            continue;
        };
        for file in files.flatten().map(|file| file.path()) {
            let name = file
                .file_stem()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let ours = file.extension().is_some_and(|ending| ending == "json");
            if ours && !needed.contains(name) && !is_fresh(&file, now) {
                // What stays does no harm.
                let _ = fs::remove_file(&file);
            }
        }
    }
}

fn is_fresh(file: &Path, now: SystemTime) -> bool {
    let kept = file.metadata().and_then(|about| about.modified());
    kept.map_or(true, |kept| {
        now.duration_since(kept).map_or(true, |age| age < FRESH)
    })
}
