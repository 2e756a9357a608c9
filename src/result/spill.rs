use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::{NamedTempFile, TempDir, TempPath};

use super::ResultTable;

/// A folder for the tables of one conversation: made when the first one needs it, readable by nobody else, and removed
/// with the last clone of this.
#[derive(Debug, Clone, Default)]
pub(super) struct SpillFolder(Arc<Mutex<Option<Arc<TempDir>>>>);

impl SpillFolder {
    /// Writes a table into a file of its own. Blocks.
    pub(super) fn keep(&self, table: &ResultTable) -> io::Result<SpilledTable> {
        let folder = self.open()?;
        let mut file = BufWriter::new(NamedTempFile::new_in(folder.path())?);
        serde_json::to_writer(&mut file, table)?;
        file.flush()?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(SpilledTable {
            path: file.into_temp_path(),
            _folder: folder,
        })
    }

    fn open(&self) -> io::Result<Arc<TempDir>> {
        let mut folder = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &*folder {
            return Ok(Arc::clone(folder));
        }
        let made = Arc::new(private_folder()?);
        *folder = Some(Arc::clone(&made));
        Ok(made)
    }
}

fn private_folder() -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("cardinal-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    builder.tempdir()
}

/// A table in a file. The file is removed when this is dropped.
#[derive(Debug)]
pub(super) struct SpilledTable {
    path: TempPath,
    /// Keeps the folder for as long as there is a file in it.
    _folder: Arc<TempDir>,
}

impl SpilledTable {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the table back. Blocks.
    pub(super) fn read(&self) -> io::Result<ResultTable> {
        let file = std::fs::File::open(&self.path)?;
        Ok(serde_json::from_reader(BufReader::new(file))?)
    }
}
