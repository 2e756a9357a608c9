//! The files of a log: where the next record goes, what is repaired before, and how all records are read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::chain::{ChainEnd, LogRecord, VERSION, hex, read_line};
use super::tail::read_end;
use super::{Anchor, CallLogError, CallLogSettings};
use crate::atomic_file::sync_folder;
use crate::file_lock::{self, LockError};

/// Longest wait for another process.
const PATIENCE: Duration = Duration::from_secs(10);
const LOCK: &str = "lock";
/// The file that holds the head of the chain, as an anchor is written.
const HEAD: &str = "head";

/// A record to be written.
#[derive(Debug, Clone)]
pub(super) struct NewRecord {
    pub(super) kind: &'static str,
    pub(super) fields: Map<String, Value>,
    pub(super) at: Timestamp,
    /// Whether it has to be on the disk before the call goes on.
    pub(super) durable: bool,
}

/// The end of the newest segment, as this process left it. Another process may have written behind it since.
#[derive(Debug, Clone)]
struct OpenSegment {
    number: u64,
    path: PathBuf,
    length: u64,
    chain: ChainEnd,
}

/// Appends records. Waits for the disk and for other processes.
#[derive(Debug)]
pub(super) struct SegmentWriter {
    settings: CallLogSettings,
    known: Option<OpenSegment>,
}

impl SegmentWriter {
    pub(super) fn new(settings: CallLogSettings) -> Self {
        Self {
            settings,
            known: None,
        }
    }

    /// Appends all of these records or, with an error, none of them.
    pub(super) fn append(&mut self, records: &[NewRecord]) -> Result<(), CallLogError> {
        let dir = self.settings.dir.clone();
        let _lock = file_lock::lock(&dir, LOCK, PATIENCE).map_err(|error| match error {
            LockError::Io(action, source) => io_error(action, &dir, &source),
            LockError::Held => CallLogError::Busy {
                path: dir.clone(),
                seconds: PATIENCE.as_secs(),
            },
        })?;
        let mut segment = self.newest()?;
        let mut lines = String::new();
        let mut chain = segment.chain.clone();
        for record in records {
            let mut ahead = chain.clone();
            let mut line = ahead.link(record.kind, record.fields.clone(), record.at);
            let written = segment.length.saturating_add(lines.len() as u64);
            if written.saturating_add(line.len() as u64) > self.settings.segment_bytes && written > 0 {
                write(&mut segment, &lines, chain.clone(), true)?;
                lines.clear();
                segment = self.begin(segment.number.saturating_add(1), chain)?;
                ahead = segment.chain.clone();
                line = ahead.link(record.kind, record.fields.clone(), record.at);
            }
            lines.push_str(&line);
            chain = ahead;
        }
        let before = segment.chain.next;
        let durable = records.iter().any(|record| record.durable);
        let written = write(&mut segment, &lines, chain, durable);
        if written.is_err() {
            self.known = None;
        } else {
            self.anchor(before, &segment.chain);
            self.note_head(&segment.chain);
            self.known = Some(segment);
        }
        written
    }

    /// The newest segment, whole: what a crash left torn is cut off, and that is written down.
    fn newest(&mut self) -> Result<OpenSegment, CallLogError> {
        let dir = self.settings.dir.clone();
        let numbers = numbers(&dir).map_err(|error| io_error("list the segments of", &dir, &error))?;
        let Some(number) = numbers.last().copied() else {
            return self.begin(1, ChainEnd::default());
        };
        let path = path_of(&dir, number);
        let length = fs::metadata(&path)
            .map_err(|error| io_error("look at", &path, &error))?
            .len();
        let known = self.known.take();
        if let Some(known) = known.filter(|known| known.number == number && known.length == length) {
            return Ok(known);
        }
        let end = read_end(&path)
            .map_err(|error| io_error("read", &path, &error))?
            .map_err(|reason| CallLogError::Damaged {
                path: path.clone(),
                reason,
            })?;
        check_version(&path, end.chain.is_some())?;
        if end.torn.is_empty()
            && let Some(chain) = end.chain
        {
            return Ok(OpenSegment {
                number,
                path,
                length: end.whole,
                chain,
            });
        }
        cut(&path, end.whole)?;
        let mut segment = if let Some(chain) = end.chain {
            OpenSegment {
                number,
                path,
                length: end.whole,
                chain,
            }
        } else {
            // Not even its first record was written: it begins again where the segment before it ended.
            let chain = self.end_before(number)?;
            fs::remove_file(&path).map_err(|error| io_error("begin a segment of", &path, &error))?;
            self.begin(number, chain)?
        };
        if !end.torn.is_empty() {
            let fields = json!({
                "bytes": end.torn.len(),
                "sha256": hex(&Sha256::digest(&end.torn)),
                "does": "cut off a record that was not written to its end",
            });
            let mut chain = segment.chain.clone();
            let line = chain.link("repair", as_fields(fields), Timestamp::now());
            write(&mut segment, &line, chain, true)?;
        }
        Ok(segment)
    }

    fn end_before(&self, number: u64) -> Result<ChainEnd, CallLogError> {
        let Some(before) = number.checked_sub(1).filter(|before| *before > 0) else {
            return Ok(ChainEnd::default());
        };
        let path = path_of(&self.settings.dir, before);
        let damaged = |reason: String| CallLogError::Damaged {
            path: path.clone(),
            reason,
        };
        let end = read_end(&path)
            .map_err(|error| io_error("read", &path, &error))?
            .map_err(damaged)?;
        end.chain.ok_or_else(|| damaged("it is empty".to_owned()))
    }

    /// A new segment with its first record.
    fn begin(&self, number: u64, mut chain: ChainEnd) -> Result<OpenSegment, CallLogError> {
        let path = path_of(&self.settings.dir, number);
        let mut segment = OpenSegment {
            number,
            path: path.clone(),
            length: 0,
            chain: chain.clone(),
        };
        let fields = json!({ "cardinal_log": VERSION, "segment": number });
        let line = chain.link("segment", as_fields(fields), Timestamp::now());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(&path)
            .map_err(|error| io_error("begin a segment of", &path, &error))?;
        if let Err(error) = write(&mut segment, &line, chain, true) {
            // An empty segment would only be in the way.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        // A folder that cannot be synced still has the file.
        let _ = sync_folder(&self.settings.dir);
        Ok(segment)
    }

    /// Keeps the head beside the segments, so that it shows when records are gone from their end. It is not a proof against
    /// whoever changes both, so a failure is only told.
    fn note_head(&self, end: &ChainEnd) {
        let path = self.settings.dir.join(HEAD);
        let new = self.settings.dir.join(format!("{HEAD}.new"));
        let line = format!("{}:{}\n", end.next.saturating_sub(1), end.hash);
        let kept = fs::write(&new, line).and_then(|()| fs::rename(&new, &path));
        if let Err(error) = kept {
            tracing::warn!(path = %path.display(), %error, "the head of the call log was not kept");
        }
    }

    /// Appends the head to the anchor file where one is due. What is anchored elsewhere must not hold up what happens here,
    /// so a failure is only told.
    fn anchor(&self, before: u64, end: &ChainEnd) {
        let Some(path) = &self.settings.anchor_file else {
            return;
        };
        let every = self.settings.anchor_every.max(1);
        if before / every == end.next / every {
            return;
        }
        let line = format!(
            "{}:{} {}\n",
            end.next.saturating_sub(1),
            end.hash,
            Timestamp::now()
        );
        let appended = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .and_then(|mut file| file.write_all(line.as_bytes()));
        if let Err(error) = appended {
            tracing::warn!(path = %path.display(), %error, "the head of the call log was not anchored");
        }
    }
}

/// Appends lines, and takes them back when not all of them could be written.
fn write(segment: &mut OpenSegment, lines: &str, chain: ChainEnd, durable: bool) -> Result<(), CallLogError> {
    if lines.is_empty() {
        return Ok(());
    }
    let path = &segment.path;
    let written = OpenOptions::new().append(true).open(path).and_then(|mut file| {
        let all = file.write_all(lines.as_bytes());
        let all = all.and_then(|()| if durable { file.sync_data() } else { Ok(()) });
        if all.is_err() {
            // What cannot be taken back is torn, and the next writer repairs it.
            let _ = file.set_len(segment.length);
        }
        all
    });
    written.map_err(|error| io_error("write", path, &error))?;
    segment.length = segment.length.saturating_add(lines.len() as u64);
    segment.chain = chain;
    Ok(())
}

fn cut(path: &Path, length: u64) -> Result<(), CallLogError> {
    let file = OpenOptions::new().write(true).open(path);
    file.and_then(|file| file.set_len(length))
        .map_err(|error| io_error("repair", path, &error))
}

/// Whether this program may go on with a segment.
fn check_version(path: &Path, has_records: bool) -> Result<(), CallLogError> {
    if !has_records {
        return Ok(());
    }
    let file = File::open(path).map_err(|error| io_error("read", path, &error))?;
    let mut line = String::new();
    BufReader::new(file)
        .read_line(&mut line)
        .map_err(|error| io_error("read", path, &error))?;
    let first: Value = serde_json::from_str(&line).unwrap_or_default();
    match first.get("cardinal_log").and_then(Value::as_u64) {
        Some(VERSION) => Ok(()),
        Some(found) => Err(CallLogError::Version {
            path: path.to_owned(),
            found,
            known: VERSION,
        }),
        None => Err(CallLogError::Damaged {
            path: path.to_owned(),
            reason: "its first record is not the beginning of a segment".to_owned(),
        }),
    }
}

fn as_fields(fields: Value) -> Map<String, Value> {
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

pub(super) fn io_error(action: &'static str, path: &Path, error: &io::Error) -> CallLogError {
    CallLogError::Io {
        action,
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

pub(super) fn path_of(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("log-{number:06}.jsonl"))
}

/// Numbers of the segments in a folder, in order.
pub(super) fn numbers(dir: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let number: Option<u64> = name
            .to_str()
            .and_then(|name| name.strip_prefix("log-")?.strip_suffix(".jsonl")?.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The head that was kept beside the segments, if there is one that can be read.
pub(super) fn kept_head(dir: &Path) -> Option<Anchor> {
    fs::read_to_string(dir.join(HEAD)).ok()?.parse().ok()
}

/// All records of a log in order, each with its line. A line that is not a record ends the reading with its reason; `each` may
/// end it too, by returning `false`.
pub fn read_records(
    dir: &Path,
    each: &mut dyn FnMut(&str, LogRecord) -> bool,
) -> Result<Option<String>, CallLogError> {
    for number in numbers(dir).map_err(|error| io_error("list the segments of", dir, &error))? {
        let path = path_of(dir, number);
        let file = File::open(&path).map_err(|error| io_error("read", &path, &error))?;
        for (at, line) in BufReader::new(file).lines().enumerate() {
            let line = line.map_err(|error| io_error("read", &path, &error))?;
            match read_line(&line) {
                Ok(record) => {
                    if !each(&line, record) {
                        return Ok(None);
                    }
                }
                Err(reason) => return Ok(Some(format!("{} line {}: {reason}", path.display(), at + 1))),
            }
        }
    }
    Ok(None)
}
