use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memchr::memmem;

use super::beside::{SharedKind, keep_prompt, private, shared_name};
use super::copy::TapeCopy;
use super::disk::FileNaming;
use super::error::TapeError;
use super::exchange::Exchange;
use super::header::Header;
use super::line::{TapeLines, ToldExchange, TurnEnd};
use super::read::TapeFile;
use super::redact::{json_holds_any, names_secret, suspect};
use super::sent::SentBody;
use crate::atomic_file::folder_of;

/// The file of a tape, and what its next line depends on. Waits for the disk: it is used where that holds nobody up.
#[derive(Debug)]
pub(super) struct TapeWriter {
    path: PathBuf,
    /// The folder of what it shares with other tapes.
    shared: PathBuf,
    /// `None` once the tape is finished or given up.
    file: Option<File>,
    lines: TapeLines,
    /// The file's name on its way to the disk; `None` when it is there.
    naming: Option<FileNaming>,
    /// Bytes of the file.
    length: u64,
    /// Where each line goes as well.
    copy: Option<Arc<dyn TapeCopy>>,
}

impl TapeWriter {
    /// A new file with its header. The file must not exist yet; its folder is made.
    pub(super) fn create(path: &Path, shared: &Path, header: &Header) -> Result<Self, TapeError> {
        let failed = |reason: &dyn ToString| TapeError::Create {
            path: path.to_owned(),
            reason: reason.to_string(),
        };
        let mut lines = TapeLines::default();
        let line = lines.header(header).map_err(|error| failed(&error))?;
        if suspect(&line).is_some() || names_secret(&header.setup) {
            return Err(TapeError::Withheld {
                path: path.to_owned(),
                place: "its header".to_owned(),
            });
        }
        let create = || private(OpenOptions::new().write(true).create_new(true), path);
        // All but the first tape of a folder find it there.
        let made = create().or_else(|error| match error.kind() {
            ErrorKind::NotFound => fs::create_dir_all(folder_of(path)).and_then(|()| create()),
            _ => Err(error),
        });
        let mut file = made.map_err(|error| failed(&error))?;
        if let Err(error) = file.write_all(line.as_bytes()) {
            // Half a header is of no use, and would be in the way of the next tape.
            let _ = fs::remove_file(path);
            return Err(failed(&error));
        }
        Ok(Self::of(path, shared, file, lines, length_of(&line)))
    }

    /// Writes to a second place as well, where everything before `from` bytes stands already.
    pub(super) fn copied_to(&mut self, copy: Arc<dyn TapeCopy>, from: u64) -> Result<(), TapeError> {
        let written = fs::read(&self.path).and_then(|bytes| {
            let known = usize::try_from(from).unwrap_or(usize::MAX);
            copy.put(from, bytes.get(known..).unwrap_or_default())
        });
        written.map_err(|error| self.broken(&error))?;
        self.copy = Some(copy);
        Ok(())
    }

    /// Keeps a shared file at the second place.
    pub(super) fn share(&self, kind: SharedKind, hash: &str) -> Result<(), TapeError> {
        let name = shared_name(kind, hash);
        let shared = self
            .copy
            .as_ref()
            .map(|copy| copy.share(&name, &self.shared.join(&name)));
        shared.transpose().map(drop).map_err(|error| self.broken(&error))
    }

    /// Goes on with a tape that was broken off: what was torn at its end is cut away.
    pub(super) fn resume(tape: &TapeFile, lines: TapeLines) -> Result<Self, TapeError> {
        let failed = |error: std::io::Error| TapeError::Write {
            path: tape.path.clone(),
            reason: error.to_string(),
        };
        let file = OpenOptions::new().append(true).open(&tape.path).map_err(failed)?;
        file.set_len(tape.whole_bytes).map_err(failed)?;
        let shared = tape.path.parent().unwrap_or(Path::new(""));
        Ok(Self::of(&tape.path, shared, file, lines, tape.whole_bytes))
    }

    fn of(path: &Path, shared: &Path, file: File, lines: TapeLines, length: u64) -> Self {
        Self {
            path: path.to_owned(),
            shared: shared.to_owned(),
            file: Some(file),
            lines,
            naming: Some(FileNaming::begin(folder_of(path))),
            length,
            copy: None,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends an exchange; the request of a completion lacks its `body`. A completion was paid for: it is brought to the
    /// disk. A tape that would hold a credential, one of `credentials` or something of their shape, is removed.
    pub(super) fn exchange(
        &mut self,
        mut exchange: Exchange,
        sent: Option<SentBody>,
        credentials: &[String],
    ) -> Result<(), TapeError> {
        let seq = self.lines.seq();
        let completion = sent.is_some() || exchange.is_completion();
        let (body, harmless) = exchange.redact();
        let ToldExchange {
            line,
            body: told,
            prefix,
        } = self
            .lines
            .exchange(exchange, sent, &body)
            .map_err(|error| self.broken(&error))?;
        let holds = |bytes: &[u8]| {
            let mut secrets = credentials.iter();
            secrets.any(|secret| memmem::find(bytes, secret.as_bytes()).is_some())
        };
        let suspicious = !harmless && suspect(&String::from_utf8_lossy(&body)).is_some();
        // A body that was looked at holds nothing more where it is written into the line.
        let parts = if harmless {
            [line.get(..told.start), line.get(told.end..)]
        } else {
            [Some(line.as_str()), None]
        };
        let in_line = parts.into_iter().flatten().any(|part| suspect(part).is_some());
        let leaks = suspicious || in_line || holds(line.as_bytes()) || holds(&body);
        let prompt_leaks = prefix
            .as_ref()
            .is_some_and(|prefix| json_holds_any(&prefix.text, credentials));
        if leaks || prompt_leaks {
            return Err(self.withhold(&format!("exchange {seq}")));
        }
        if let Some(prefix) = prefix {
            match keep_prompt(&self.shared, &prefix.hash, &prefix.text) {
                Err(TapeError::Withheld { .. }) => return Err(self.withhold(&format!("exchange {seq}"))),
                kept => kept?,
            }
            self.share(SharedKind::Prompt, &prefix.hash)?;
        }
        self.put(&line)?;
        if completion {
            self.sync()?;
        }
        Ok(())
    }

    /// Brings what was written to the disk.
    fn sync(&mut self) -> Result<(), TapeError> {
        let synced = self.file.as_ref().map_or(Ok(()), File::sync_data);
        let named = synced.and_then(|()| self.naming.take().map_or(Ok(()), FileNaming::wait));
        named.map_err(|error| self.broken(&error))
    }

    /// Writes the last line, and brings the whole tape to the disk.
    pub(super) fn end(&mut self, end: &TurnEnd) -> Result<(), TapeError> {
        let line = self.lines.end(end).map_err(|error| self.broken(&error))?;
        if suspect(&line).is_some() {
            return Err(self.withhold("its end"));
        }
        self.put(&line)?;
        self.sync()?;
        self.file = None;
        Ok(())
    }

    /// Gives the tape up. One on which nothing but its header stands is removed: it would only be in the way.
    pub(super) fn abandon(&mut self) {
        let file = self.file.take();
        if file.is_some() && self.lines.seq() == 0 {
            // What cannot be removed still has no end, and is not read.
            let _ = fs::remove_file(&self.path);
            self.drop_copy();
        }
    }

    /// A copy that stays has no end, and is not read.
    fn drop_copy(&self) {
        if let Some(Err(error)) = self.copy.as_ref().map(|copy| copy.put(0, &[])) {
            tracing::warn!(%error, "a tape that was given up could not be removed");
        }
    }

    fn put(&mut self, line: &str) -> Result<(), TapeError> {
        match self.file.as_mut().map(|file| file.write_all(line.as_bytes())) {
            Some(Ok(())) => {
                let at = self.length;
                self.length = at.saturating_add(length_of(line));
                let copied = self.copy.as_ref().map(|copy| copy.put(at, line.as_bytes()));
                copied.transpose().map(drop).map_err(|error| self.broken(&error))
            }
            Some(Err(error)) => Err(self.broken(&error)),
            None => Err(self.broken(&"it is finished")),
        }
    }

    fn withhold(&mut self, place: &str) -> TapeError {
        self.file = None;
        // When it cannot be removed it still has no end, and is not read.
        let _ = fs::remove_file(&self.path);
        self.drop_copy();
        TapeError::Withheld {
            path: self.path.clone(),
            place: place.to_owned(),
        }
    }

    fn broken(&self, reason: &dyn ToString) -> TapeError {
        TapeError::Write {
            path: self.path.clone(),
            reason: reason.to_string(),
        }
    }
}

fn length_of(line: &str) -> u64 {
    u64::try_from(line.len()).unwrap_or(u64::MAX)
}
