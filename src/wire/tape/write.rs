use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::beside::{keep_prompt, private};
use super::delta::first_difference;
use super::error::TapeError;
use super::exchange::{Ended, Exchange};
use super::header::Header;
use super::line::{Lines, TurnEnd};
use super::read::TapeFile;
use super::recording::Recording;
use super::redact::{names_secret, suspect};
use super::request;
use crate::wire::log;

/// A tape that is being recorded. Each exchange is on disk as soon as it has ended. Clones write to the same file.
#[derive(Debug, Clone)]
pub struct Tape {
    inner: Arc<Mutex<Inner>>,
    /// Exchanges that have begun and may not have ended.
    open: Arc<Mutex<Vec<Recording>>>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    /// The folder of what it shares with other tapes.
    shared: PathBuf,
    /// `None` once the tape is finished or given up.
    file: Option<File>,
    lines: Lines,
    /// First words of the conversation, and the prefix they were sent with.
    began_with: Option<(Value, Value)>,
    flaw: Option<TapeError>,
}

impl Tape {
    /// A new tape. The file must not exist yet; its folder is made. What it shares with other tapes is kept beside it.
    pub fn create(path: &Path, header: &Header) -> Result<Self, TapeError> {
        Self::create_sharing(path, folder_of(path), header)
    }

    /// The same, with what it shares with other tapes kept in `shared`: its own folder, or one of the few above it.
    pub fn create_sharing(path: &Path, shared: &Path, header: &Header) -> Result<Self, TapeError> {
        let failed = |reason: &dyn ToString| TapeError::Create {
            path: path.to_owned(),
            reason: reason.to_string(),
        };
        let mut lines = Lines::default();
        let line = lines.header(header).map_err(|error| failed(&error))?;
        if suspect(&line).is_some() || names_secret(&header.setup) {
            return Err(TapeError::Withheld {
                path: path.to_owned(),
                place: "its header".to_owned(),
            });
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        let mut file =
            private(OpenOptions::new().write(true).create_new(true), path).map_err(|error| failed(&error))?;
        file.write_all(line.as_bytes()).map_err(|error| failed(&error))?;
        Ok(Self::of(path, shared, file, lines))
    }

    /// Goes on with a tape that was broken off: what was torn at its end is cut away.
    pub(super) fn resume(tape: &TapeFile, lines: Lines) -> Result<Self, TapeError> {
        let failed = |error: std::io::Error| TapeError::Write {
            path: tape.path.clone(),
            reason: error.to_string(),
        };
        let file = OpenOptions::new().append(true).open(&tape.path).map_err(failed)?;
        file.set_len(tape.whole_bytes).map_err(failed)?;
        let resumed = Self::of(&tape.path, folder_of(&tape.path), file, lines);
        for exchange in &tape.exchanges {
            resumed.admit(&exchange.request)?;
        }
        Ok(resumed)
    }

    fn of(path: &Path, shared: &Path, file: File, lines: Lines) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                path: path.to_owned(),
                shared: shared.to_owned(),
                file: Some(file),
                lines,
                began_with: None,
                flaw: None,
            })),
            open: Arc::default(),
        }
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.lock().path.clone()
    }

    /// Whether everything that was to be recorded is in the file, now.
    pub fn check(&self) -> Result<(), TapeError> {
        self.lock().flaw.clone().map_or(Ok(()), Err)
    }

    /// Writes the last line. A tape that would hold a credential is gone; one that could not be written has no end.
    pub fn finish(&self, end: &TurnEnd) -> Result<PathBuf, TapeError> {
        self.close_open(|_| true);
        let mut inner = self.lock();
        if let Some(flaw) = &inner.flaw {
            return Err(flaw.clone());
        }
        let line = inner.lines.end(end);
        let line = line.map_err(|error| inner.broken(&error))?;
        if suspect(&line).is_some() {
            return Err(inner.withhold("its end"));
        }
        inner.put(&line)?;
        inner.file = None;
        Ok(inner.path.clone())
    }

    /// An exchange has begun.
    pub(super) fn opened(&self, recording: Recording) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|recording| !recording.is_over());
        open.push(recording);
    }

    /// Ends those open exchanges: the agent has left them.
    pub(super) fn close_open(&self, which: impl Fn(&Recording) -> bool) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for recording in open.iter().filter(|recording| which(recording)) {
            recording.end(Ended::Dropped);
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|recording| !recording.is_over());
    }

    /// Whether a request may be sent while this is recorded: the prompt has to stay as it was.
    pub(super) fn admit(&self, sent: &Value) -> Result<(), TapeError> {
        let mut inner = self.lock();
        if let Some(flaw) = &inner.flaw {
            return Err(flaw.clone());
        }
        let Some(body) = sent.get("body").filter(|_| request::is_completion(sent)) else {
            return Ok(());
        };
        let now = (
            request::opening(body).cloned().unwrap_or_default(),
            request::prefix(body),
        );
        let changed = match &inner.began_with {
            Some((opening, before)) if *opening == now.0 => first_difference(before, &now.1, &[]),
            _ => None,
        };
        if let Some((pointer, ..)) = changed {
            let path = inner.path.clone();
            let flaw = TapeError::Changed { path, pointer };
            inner.file = None;
            inner.flaw = Some(flaw.clone());
            return Err(flaw);
        }
        inner.began_with = Some(now);
        Ok(())
    }

    /// Writes an exchange that has ended. What goes wrong is kept for [`Tape::check`].
    pub(super) fn write(&self, exchange: Exchange, credentials: &[String]) {
        let mut inner = self.lock();
        if inner.file.is_none() {
            return;
        }
        if let Err(flaw) = inner.write(&exchange.redacted(), credentials) {
            log::tape_flaw(&flaw);
            inner.file = None;
            inner.flaw.get_or_insert(flaw);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn write(&mut self, exchange: &Exchange, credentials: &[String]) -> Result<(), TapeError> {
        let seq = self.lines.seq();
        let body = exchange.chunks.concat();
        let body = String::from_utf8_lossy(&body);
        let (line, prefix) = self
            .lines
            .exchange(exchange)
            .map_err(|error| self.broken(&error))?;
        let told = prefix.as_ref().map(|prefix| format!("{:#}\n", prefix.value));
        let texts = [line.as_str(), &body, told.as_deref().unwrap_or_default()];
        let leaks = texts.iter().any(|text| {
            suspect(text).is_some() || credentials.iter().any(|secret| text.contains(secret.as_str()))
        });
        if leaks {
            return Err(self.withhold(&format!("exchange {seq}")));
        }
        if let (Some(prefix), Some(told)) = (prefix, told) {
            keep_prompt(&self.shared, &prefix.hash, &told)?;
        }
        self.put(&line)
    }

    fn put(&mut self, line: &str) -> Result<(), TapeError> {
        match self.file.as_mut().map(|file| file.write_all(line.as_bytes())) {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(self.broken(&error)),
            None => Err(self.broken(&"it is finished")),
        }
    }

    /// Gives the tape up and removes it.
    fn withhold(&mut self, place: &str) -> TapeError {
        self.file = None;
        // When it cannot be removed it still has no end, and is not read.
        let _ = fs::remove_file(&self.path);
        let flaw = TapeError::Withheld {
            path: self.path.clone(),
            place: place.to_owned(),
        };
        self.flaw = Some(flaw.clone());
        flaw
    }

    fn broken(&self, reason: &dyn ToString) -> TapeError {
        TapeError::Write {
            path: self.path.clone(),
            reason: reason.to_string(),
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}
