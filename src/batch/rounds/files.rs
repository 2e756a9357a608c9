//! The files of provider batches. Everything here waits for the disk.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::atomic_file::{TEMPORARY, sync_folder};
use crate::batch::error::BatchError;

/// Where the files of provider batches are.
#[derive(Debug, Clone)]
pub(super) struct RoundFiles(PathBuf);

impl RoundFiles {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub(super) fn requests(&self, number: u32) -> PathBuf {
        self.0.join(format!("{number}.requests.jsonl"))
    }

    pub(super) fn results(&self, number: u32) -> PathBuf {
        self.0.join(format!("{number}.results.jsonl"))
    }

    /// Writes the requests of a batch, on the disk before it returns.
    pub(super) fn write_requests<'a>(
        &self,
        number: u32,
        lines: impl Iterator<Item = &'a str>,
    ) -> Result<(), BatchError> {
        let path = self.requests(number);
        let failed = |source| BatchError::write(&path, source);
        fs::create_dir_all(&self.0).map_err(failed)?;
        let mut file = io::BufWriter::new(File::create(&path).map_err(failed)?);
        for line in lines {
            file.write_all(line.as_bytes()).map_err(failed)?;
        }
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        sync_folder(&self.0).map_err(failed)
    }

    /// The requests of a batch as they go up.
    pub(super) fn read_requests(&self, number: u32) -> Result<Bytes, BatchError> {
        let path = self.requests(number);
        let bytes = fs::read(&path).map_err(|source| BatchError::read(&path, source))?;
        Ok(bytes.into())
    }

    /// Begins the file of results, which has its name only once it is whole.
    pub(super) fn begin_results(&self, number: u32) -> Result<ResultsFile, BatchError> {
        let path = self.results(number);
        let part = path.with_extension(TEMPORARY.trim_start_matches('.'));
        let file = File::create(&part).map_err(|source| BatchError::write(&part, source))?;
        Ok(ResultsFile {
            file: io::BufWriter::new(file),
            part,
            path,
            ends_in_line: true,
        })
    }

    pub(super) fn remove(&self, number: u32) {
        // A file that stays behind goes when the run is over.
        let _ = fs::remove_file(self.requests(number));
        let _ = fs::remove_file(self.results(number));
    }

    pub(super) fn clear(&self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file of results that is being written.
#[derive(Debug)]
pub(super) struct ResultsFile {
    file: io::BufWriter<File>,
    part: PathBuf,
    path: PathBuf,
    ends_in_line: bool,
}

impl ResultsFile {
    pub(super) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        if let Some(last) = piece.last() {
            self.ends_in_line = *last == b'\n';
        }
        self.file.write_all(piece)
    }

    /// One of the provider's files is whole; another may follow.
    pub(super) fn end_part(&mut self) -> io::Result<()> {
        if self.ends_in_line {
            return Ok(());
        }
        self.ends_in_line = true;
        self.file.write_all(b"\n")
    }

    /// Gives the file its name, on the disk.
    pub(super) fn finish(self) -> Result<(), BatchError> {
        let failed = |source| BatchError::write(&self.path, source);
        let file = self
            .file
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        fs::rename(&self.part, &self.path).map_err(failed)?;
        sync_folder(self.path.parent().unwrap_or(Path::new("."))).map_err(failed)
    }
}

/// Shows each line of a file, with its first byte, to `take`. Nothing happens when there is no such file.
pub(super) fn each_line(
    path: &Path,
    mut take: impl FnMut(u64, &[u8]) -> Result<(), BatchError>,
) -> Result<(), BatchError> {
    let failed = |source| BatchError::read(path, source);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let mut input = BufReader::new(file);
    let (mut line, mut offset) = (Vec::new(), 0);
    loop {
        line.clear();
        let read = input.read_until(b'\n', &mut line).map_err(failed)?;
        if read == 0 {
            return Ok(());
        }
        if !line.trim_ascii().is_empty() {
            take(offset, line.trim_ascii())?;
        }
        offset += read as u64;
    }
}

/// The line that begins at this byte.
pub(super) fn line_at(path: &Path, offset: u64) -> Result<Vec<u8>, BatchError> {
    let failed = |source| BatchError::read(path, source);
    let mut file = File::open(path).map_err(failed)?;
    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    let mut line = Vec::new();
    BufReader::new(file.take(u64::MAX))
        .read_until(b'\n', &mut line)
        .map_err(failed)?;
    Ok(line)
}
