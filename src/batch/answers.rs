//! The file of answers: one a line, appended as they come. It is at any moment the list of what is done.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::error::BatchError;
use super::line::AnswerHead;
use crate::atomic_file::{TEMPORARY, folder_of, sync_folder};

/// A row without an answer.
const NONE: u64 = u64::MAX;

/// The answers of a run.
#[derive(Debug)]
pub(crate) struct AnswersFile {
    path: PathBuf,
    file: File,
    length: u64,
    /// Where the answer of each row begins.
    lines: Vec<u64>,
    /// Whether the file has lines that are not the answer of a row.
    has_others: bool,
}

/// What becomes of a line that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineUse {
    /// It is the answer of this row.
    Answers(u32),
    Goes,
}

impl AnswersFile {
    /// One without answers, which leaves what is at its path alone until it is opened.
    pub(super) fn unwritten(path: &Path, rows: usize) -> Result<Self, BatchError> {
        Ok(Self {
            path: path.to_owned(),
            file: tempfile::tempfile().map_err(|source| BatchError::write(path, source))?,
            length: 0,
            lines: vec![NONE; rows],
            has_others: false,
        })
    }

    /// Opens or makes the file. A last line that was torn when a process died is cut off. Waits for the disk.
    pub(super) fn open(path: &Path, rows: usize) -> Result<Self, BatchError> {
        let failed = |source| BatchError::write(path, source);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed)?;
        let length = whole_lines(&mut file).map_err(failed)?;
        file.set_len(length).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            length,
            lines: vec![NONE; rows],
            has_others: false,
        })
    }

    /// Shows each answer that is there to `take`, which says what becomes of it. Waits for the disk.
    pub(super) fn read(
        &mut self,
        mut take: impl FnMut(AnswerHead) -> Result<LineUse, String>,
    ) -> Result<(), BatchError> {
        let path = self.path.clone();
        let mut offset = 0;
        let mut number = 0;
        let (mut found, mut others) = (Vec::new(), false);
        self.each_line(|line| {
            number += 1;
            // An editor may have left an empty line behind, which goes with the next writing.
            if line.trim_ascii().is_empty() {
                others = true;
                offset += line.len() as u64;
                return Ok(());
            }
            let bad = |reason: String| BatchError::BadLine {
                path: path.clone(),
                line: number,
                reason,
            };
            let head: AnswerHead =
                serde_json::from_slice(line).map_err(|error| bad(format!("it is no answer: {error}")))?;
            match take(head).map_err(bad)? {
                LineUse::Answers(row) => found.push((row, offset)),
                LineUse::Goes => others = true,
            }
            offset += line.len() as u64;
            Ok(())
        })?;
        for (row, offset) in found {
            // Of two answers the first counts.
            match self.place(row).filter(|place| **place == NONE) {
                Some(place) => *place = offset,
                None => others = true,
            }
        }
        self.has_others |= others;
        Ok(())
    }

    /// Whether a row is answered.
    pub(crate) fn has(&self, row: u32) -> bool {
        let place = usize::try_from(row).ok().and_then(|row| self.lines.get(row));
        place.is_some_and(|place| *place != NONE)
    }

    /// How many rows are answered.
    pub(crate) fn count(&self) -> usize {
        self.lines.iter().filter(|place| **place != NONE).count()
    }

    /// Takes a row's answer out; it is gone from the file with the next [`AnswersFile::rewrite`].
    pub(super) fn forget(&mut self, row: u32) {
        if let Some(place) = self.place(row).filter(|place| **place != NONE) {
            *place = NONE;
            self.has_others = true;
        }
    }

    /// Appends the answer of a row. A line that cannot be written whole is taken back. Waits for the disk.
    pub(super) fn append(&mut self, row: u32, line: &str) -> Result<(), BatchError> {
        let start = self.length;
        let written = self
            .file
            .seek(SeekFrom::Start(start))
            .and_then(|_| self.file.write_all(line.as_bytes()));
        if let Err(source) = written {
            // What stays of it is cut off when the run goes on.
            let _ = self.file.set_len(start);
            return Err(BatchError::write(&self.path, source));
        }
        self.length += line.len() as u64;
        if let Some(place) = self.place(row) {
            *place = start;
        }
        Ok(())
    }

    /// Brings the file to the disk.
    pub(super) fn sync(&self) -> Result<(), BatchError> {
        let synced = self.file.sync_all();
        synced.map_err(|source| BatchError::write(&self.path, source))
    }

    /// Writes the file anew with the answers of rows alone, in the order of the questions or in the one they came in. It
    /// takes the place of the one before in one step. Nothing happens when it is like that already. Waits for the disk.
    pub(super) fn rewrite(&mut self, in_order: bool) -> Result<(), BatchError> {
        let path = self.path.clone();
        let failed = |source| BatchError::write(&path, source);
        let rows = 0_u32..;
        let mut places: Vec<(u64, u32)> = self.lines.iter().copied().zip(rows).collect();
        places.retain(|(place, _)| *place != NONE);
        if !in_order {
            places.sort_unstable();
        }
        if !self.has_others && places.is_sorted_by_key(|(place, _)| *place) {
            return Ok(());
        }
        let mut new = tempfile::Builder::new();
        new.prefix(".answers.").suffix(TEMPORARY);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let like = self.file.metadata().map_err(failed)?.permissions();
            new.permissions(fs::Permissions::from_mode(like.mode() & 0o777));
        }
        let folder = folder_of(&path);
        let new = new.tempfile_in(folder).map_err(failed)?;
        let mut length = 0;
        let mut lines = vec![NONE; self.lines.len()];
        {
            let mut out = BufWriter::new(new.as_file());
            let mut line = Vec::new();
            for (place, row) in places {
                self.line_at(place, &mut line).map_err(failed)?;
                out.write_all(&line).map_err(failed)?;
                let index = usize::try_from(row).unwrap_or(usize::MAX);
                if let Some(own) = lines.get_mut(index) {
                    *own = length;
                }
                length += line.len() as u64;
            }
            out.flush().map_err(failed)?;
        }
        new.as_file().sync_all().map_err(failed)?;
        self.file = new.persist(&path).map_err(|error| failed(error.error))?;
        sync_folder(folder).map_err(failed)?;
        (self.length, self.lines, self.has_others) = (length, lines, false);
        Ok(())
    }

    /// Shows every line, with its end, to `take`.
    pub(super) fn each_line(
        &mut self,
        mut take: impl FnMut(&[u8]) -> Result<(), BatchError>,
    ) -> Result<(), BatchError> {
        let path = self.path.clone();
        let failed = |source| BatchError::read(&path, source);
        self.file.rewind().map_err(failed)?;
        let mut input = BufReader::new((&mut self.file).take(self.length));
        let mut line = Vec::new();
        loop {
            line.clear();
            if input.read_until(b'\n', &mut line).map_err(failed)? == 0 {
                return Ok(());
            }
            take(&line)?;
        }
    }

    fn line_at(&mut self, place: u64, line: &mut Vec<u8>) -> io::Result<()> {
        line.clear();
        self.file.seek(SeekFrom::Start(place))?;
        BufReader::new(&mut self.file).read_until(b'\n', line)?;
        Ok(())
    }

    fn place(&mut self, row: u32) -> Option<&mut u64> {
        self.lines.get_mut(usize::try_from(row).ok()?)
    }
}

/// Bytes of a file up to the end of its last whole line. After a loss of power there may be zeros behind it.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    const STEP: u64 = 64 * 1024;
    let mut end = file.metadata()?.len();
    let mut piece = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(STEP);
        file.seek(SeekFrom::Start(start))?;
        piece.clear();
        file.take(end - start).read_to_end(&mut piece)?;
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}
