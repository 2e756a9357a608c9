//! Files that are never half written.

use std::io::{self, Write as _};
use std::path::Path;
use std::{fs, process};

/// Writes a file beside the one at `path` and moves it into its place, so that no reader ever sees half of it.
pub(super) fn replace_file(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", process::id()));
    let mut file = fs::File::create(&beside)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The error that counts is the first one.
        let _ = fs::remove_file(&beside);
    }
    written
}
