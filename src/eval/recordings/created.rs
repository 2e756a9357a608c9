use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::RecordingError;

/// Files and folders that were written for a case. They are removed on drop, unless [`keep`](Self::keep) was called.
#[derive(Debug, Default)]
pub(super) struct CreatedFiles {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl CreatedFiles {
    /// Writes a file that is not there yet, with the folders it needs.
    pub(super) fn write(&mut self, path: &Path, text: &str) -> Result<(), RecordingError> {
        let failed = |source| RecordingError::write(path, source);
        if let Some(folder) = path.parent() {
            let missing = folder.ancestors().take_while(|folder| !folder.exists());
            self.folders.extend(missing.map(Path::to_owned));
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).open(path).map_err(failed)?;
        self.files.push(path.to_owned());
        file.write_all(text.as_bytes()).map_err(failed)
    }

    /// Leaves them where they are.
    pub(super) fn keep(mut self) {
        self.files.clear();
        self.folders.clear();
    }
}

impl Drop for CreatedFiles {
    fn drop(&mut self) {
        // The error that counts is the one that led here; a folder that holds something stays.
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        // Folders within others first.
        self.folders.sort();
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}
