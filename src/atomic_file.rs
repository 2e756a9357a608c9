//! Files that are never seen half written. The new content goes into a temporary file in the same folder, that file is
//! brought to the disk (fsync), it takes the place of the old one in one step (rename), and the folder is brought to the
//! disk too. So a reader, a crash and a full disk all leave either the old content or the new one, and once the call
//! has returned the new content outlives a loss of power.
//!
//! A process that is killed in between leaves a temporary file behind, whose name begins with a dot and ends in `.tmp`.
//! Everything here waits for the disk: call it where that holds nobody up.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// What the names of temporary files end in.
pub(crate) const TEMPORARY: &str = ".tmp";

/// Who may read a file, where the system knows such a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileAccess {
    OwnerOnly,
    /// Whoever may read what this process makes (its umask).
    Default,
}

/// Makes `path` hold exactly `content`, whatever it held before.
pub(crate) fn replace(path: &Path, content: &[u8], access: FileAccess) -> io::Result<()> {
    let folder = folder_of(path);
    written(path, folder, content, access)?
        .persist(path)
        .map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Makes a new file that holds exactly `content`. One that exists stays as it is, and is an error
/// ([`io::ErrorKind::AlreadyExists`]).
pub(crate) fn create(path: &Path, content: &[u8], access: FileAccess) -> io::Result<()> {
    let folder = folder_of(path);
    written(path, folder, content, access)?
        .persist_noclobber(path)
        .map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Brings the names in a folder to the disk. Systems that cannot do that do it by themselves.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

/// The folder of a file; the current one when the path has none.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn written(path: &Path, folder: &Path, content: &[u8], access: FileAccess) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(TEMPORARY);
    #[cfg(unix)]
    if access == FileAccess::Default {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_else_stays_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("day.json");
        for content in ["a long first content", "short"] {
            replace(&path, content.as_bytes(), FileAccess::Default).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cardinal.toml");
        create(&path, b"first", FileAccess::Default).unwrap();
        let error = create(&path, b"second", FileAccess::Default).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_what_is_the_owners() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str, access| {
            let path = folder.path().join(name);
            replace(&path, b"x", access).unwrap();
            fs::metadata(&path).unwrap().permissions().mode() & 0o077
        };
        assert_eq!(mode("private", FileAccess::OwnerOnly), 0);
        // Whatever the umask of this test is, it is not that of a private file.
        let plain = folder.path().join("plain");
        fs::write(&plain, "x").unwrap();
        let usual = fs::metadata(&plain).unwrap().permissions().mode() & 0o077;
        assert_eq!(mode("shared", FileAccess::Default), usual);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing").join("file");
        assert!(replace(&path, b"x", FileAccess::Default).is_err());
        assert!(!path.exists());
    }
}
