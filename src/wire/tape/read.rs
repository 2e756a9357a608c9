use std::path::{Path, PathBuf};

use serde_json::Value;

use super::beside::{Prefixes, prompt_path, read_capped};
use super::error::TapeError;
use super::exchange::Exchange;
use super::header::Header;
use super::line::{LineFault, TapeLine, TapeLines, TurnEnd};
use super::open_end::take_off;
use super::redact::{names_secret, suspect};
use super::write::Tape;
use super::writer::TapeWriter;

/// A tape as it was read: whole, unchanged and without credentials.
#[derive(Debug, Clone)]
pub struct TapeFile {
    pub path: PathBuf,
    /// What it was recorded under.
    pub header: Header,
    /// The exchanges, in the order they ended.
    pub exchanges: Vec<Exchange>,
    /// What the turn came to; `None` when it was broken off.
    pub end: Option<TurnEnd>,
    /// Seal over all its lines, hex: another one when any of them is another.
    pub seal: String,
    /// Bytes of the file up to the end of its last whole line.
    pub(super) whole_bytes: u64,
    /// The line behind that, counted from 1, when there is one.
    torn: Option<usize>,
}

impl TapeFile {
    pub fn read(path: &Path) -> Result<Self, TapeError> {
        Self::read_with(path, &Prefixes::default())
    }

    /// The same, for a reader of many tapes that share what their completions begin with.
    pub(crate) fn read_with(path: &Path, prefixes: &Prefixes) -> Result<Self, TapeError> {
        let (tape, _) = load(path, prefixes)?;
        if tape.end.is_none() {
            return Err(tape.unfinished());
        }
        Ok(tape)
    }

    /// Reads a tape that may have been broken off; a torn last line is left out.
    pub fn read_unfinished(path: &Path) -> Result<Self, TapeError> {
        load(path, &Prefixes::default()).map(|(tape, _)| tape)
    }

    /// The error that it was broken off.
    pub(crate) fn unfinished(&self) -> TapeError {
        TapeError::Unfinished {
            path: self.path.clone(),
            exchanges: self.exchanges.len(),
            torn: self.torn,
        }
    }

    /// Opens a tape that was broken off, to go on with it.
    pub fn resume(path: &Path) -> Result<(Self, Tape), TapeError> {
        take_off(path)?;
        let (tape, lines) = load(path, &Prefixes::default())?;
        if tape.end.is_some() {
            return Err(TapeError::Finished {
                path: path.to_owned(),
            });
        }
        let recorder = Tape::resume(&tape, lines)?;
        Ok((tape, recorder))
    }

    /// Bytes up to the end of its last whole line.
    pub(crate) fn whole_bytes(&self) -> u64 {
        self.whole_bytes
    }

    /// Writes this tape to a new file, with new checksums and with what it needs beside it.
    pub fn save(&self, path: &Path) -> Result<(), TapeError> {
        self.save_sharing(path, path.parent().unwrap_or(Path::new("")))
    }

    /// The same, with what it needs in `shared`: its own folder, or one of the few above it.
    pub(crate) fn save_sharing(&self, path: &Path, shared: &Path) -> Result<(), TapeError> {
        let mut writer = TapeWriter::create(path, shared, &self.header)?;
        for exchange in &self.exchanges {
            writer.exchange(exchange.clone(), None, &[])?;
        }
        self.end.as_ref().map_or(Ok(()), |end| writer.end(end))
    }
}

fn load(path: &Path, prefixes: &Prefixes) -> Result<(TapeFile, TapeLines), TapeError> {
    let text = read_capped(path).map_err(|reason| TapeError::Read {
        path: path.to_owned(),
        reason,
    })?;
    let whole = text.rfind('\n').map_or(0, |at| at + 1);
    let prefix = |hash: &str| prefixes.get(path, hash);
    let mut lines = TapeLines::default();
    let (mut header, mut exchanges, mut end) = (None, Vec::new(), None);
    for (index, line) in text.get(..whole).unwrap_or_default().lines().enumerate() {
        let number = index + 1;
        clean(path, number, line)?;
        match lines
            .take(line, &prefix)
            .map_err(|bad| error(path, number, bad))?
        {
            TapeLine::Header(found) if index == 0 => {
                named_clean(path, number, &found.setup)?;
                header = Some(*found);
            }
            TapeLine::Exchange(exchange) if index > 0 && end.is_none() => {
                let body = exchange.chunks.concat();
                clean(path, number, &String::from_utf8_lossy(&body))?;
                named_clean(path, number, &exchange.request)?;
                if !exchange.is_completion()
                    && let Ok(body) = serde_json::from_slice(&body)
                {
                    named_clean(path, number, &body)?;
                }
                exchanges.push(*exchange);
            }
            TapeLine::End(found) if index > 0 && end.is_none() => end = Some(found),
            _ => return Err(TapeError::damaged(path, number, &"it does not belong there")),
        }
    }
    let header = header.ok_or_else(|| TapeError::damaged(path, 1, &"it is not the header of a tape"))?;
    if end.is_some() && whole != text.len() {
        let last = text.lines().count();
        return Err(TapeError::damaged(
            path,
            last,
            &"there is something behind its end",
        ));
    }
    let tape = TapeFile {
        path: path.to_owned(),
        header,
        exchanges,
        end,
        seal: lines.sealed(),
        whole_bytes: u64::try_from(whole).unwrap_or(u64::MAX),
        torn: (whole != text.len()).then(|| text.lines().count()),
    };
    Ok((tape, lines))
}

fn clean(path: &Path, line: usize, text: &str) -> Result<(), TapeError> {
    suspect(text).map_or(Ok(()), |what| Err(secret(path, line, what)))
}

fn named_clean(path: &Path, line: usize, value: &Value) -> Result<(), TapeError> {
    if names_secret(value) {
        return Err(secret(path, line, "a credential, by the name of its field"));
    }
    Ok(())
}

fn secret(path: &Path, line: usize, what: &'static str) -> TapeError {
    TapeError::Secret {
        path: path.to_owned(),
        line,
        what,
    }
}

fn error(path: &Path, line: usize, bad: LineFault) -> TapeError {
    let owned = path.to_owned();
    match bad {
        LineFault::Version(found) => TapeError::Version { path: owned, found },
        LineFault::Damaged(reason) => TapeError::damaged(path, line, &reason),
        LineFault::Altered => TapeError::Altered { path: owned, line },
        LineFault::Order { expected, found } => TapeError::Order {
            path: owned,
            line,
            expected,
            found,
        },
        LineFault::Prefix { hash, reason } => TapeError::Beside {
            tape: owned,
            path: prompt_path(path, &hash),
            reason,
        },
    }
}
