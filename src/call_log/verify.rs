use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::str::FromStr;

use serde::Serialize;

use super::CallLogError;
use super::chain::{ChainEnd, LogRecord, read_line};
use super::segments::{io_error, kept_head, numbers, path_of};

/// The head of a chain at some time: the number and the hash of its last record then. It is written `12:5d0c…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Anchor {
    pub seq: u64,
    pub hash: String,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl FromStr for Anchor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The lines of an anchor file have the time behind it.
        let text = text.split_whitespace().next().unwrap_or_default();
        let parts = text.split_once(':');
        let parsed = parts.and_then(|(seq, hash)| Some((seq.parse().ok()?, hash)));
        match parsed {
            Some((seq, hash)) if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => Ok(Self {
                seq,
                hash: hash.to_ascii_lowercase(),
            }),
            _ => Err("an anchor is the number of a record, a colon and its hash, as `cardinal log verify` prints it".to_owned()),
        }
    }
}

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogProblem {
    pub file: String,
    /// The line in it, from 1.
    pub line: u64,
    /// The number that a record there should have.
    pub seq: u64,
    pub problem: String,
}

/// What a check of a log found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogReport {
    pub version: u32,
    pub ok: bool,
    pub records: u64,
    pub segments: u64,
    /// The last record that is right.
    pub head: Option<Anchor>,
    pub first_bad: Option<LogProblem>,
    /// Records that were cut off half written and repaired.
    pub repairs: u64,
    /// Calls of which nobody wrote down how they ended, because their process did before.
    pub without_outcome: u64,
    /// Bytes at the end that a crash left half written. The next writer cuts them off and says so.
    pub torn_bytes: u64,
    /// Anchors that were compared and agree.
    pub anchors: u64,
}

/// Checks every record of a log against the one before it, and the chain against anchors that were kept elsewhere.
pub fn verify(dir: &Path, anchors: &[Anchor]) -> Result<LogReport, CallLogError> {
    let segments = numbers(dir).map_err(|error| io_error("list the segments of", dir, &error))?;
    let mut check = ChainCheck::new(anchors);
    check.kept_head = kept_head(dir);
    for (at, number) in segments.iter().enumerate() {
        let is_last = at + 1 == segments.len();
        check.segment(dir, *number, is_last)?;
        if check.report.first_bad.is_some() {
            break;
        }
        check.report.segments += 1;
    }
    Ok(check.finish(dir, segments.last().copied().unwrap_or(0)))
}

struct ChainCheck {
    report: LogReport,
    end: ChainEnd,
    /// Hashes that are anchored, by number.
    anchors: BTreeMap<u64, BTreeSet<String>>,
    /// The head that lies beside the segments.
    kept_head: Option<Anchor>,
    /// Calls that have an intent and no outcome yet.
    open: BTreeSet<String>,
    next_segment: u64,
}

impl ChainCheck {
    fn new(anchors: &[Anchor]) -> Self {
        let mut by_number: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
        for anchor in anchors {
            by_number
                .entry(anchor.seq)
                .or_default()
                .insert(anchor.hash.clone());
        }
        Self {
            report: LogReport {
                version: 1,
                ok: true,
                records: 0,
                segments: 0,
                head: None,
                first_bad: None,
                repairs: 0,
                without_outcome: 0,
                torn_bytes: 0,
                anchors: 0,
            },
            end: ChainEnd::default(),
            anchors: by_number,
            kept_head: None,
            open: BTreeSet::new(),
            next_segment: 1,
        }
    }

    fn segment(&mut self, dir: &Path, number: u64, is_last: bool) -> Result<(), CallLogError> {
        let path = path_of(dir, number);
        if number != self.next_segment {
            let problem = format!("segment {} is missing before it", self.next_segment);
            self.bad(&path, 1, problem);
            return Ok(());
        }
        self.next_segment = number.saturating_add(1);
        let file = File::open(&path).map_err(|error| io_error("read", &path, &error))?;
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        let mut at = 0_u64;
        loop {
            line.clear();
            reader
                .read_until(b'\n', &mut line)
                .map_err(|error| io_error("read", &path, &error))?;
            if line.is_empty() {
                break;
            }
            at += 1;
            if line.pop_if(|byte| *byte == b'\n').is_none() {
                if is_last {
                    self.report.torn_bytes = line.len() as u64;
                } else {
                    self.bad(&path, at, "it is not written to its end".to_owned());
                }
                return Ok(());
            }
            if let Err(problem) = self.record(&line, at, number) {
                self.bad(&path, at, problem);
                return Ok(());
            }
        }
        if at == 0 && !is_last {
            self.bad(&path, 1, "the segment is empty".to_owned());
        }
        Ok(())
    }

    fn record(&mut self, line: &[u8], at: u64, segment: u64) -> Result<(), String> {
        let line = std::str::from_utf8(line).map_err(|_| "it is not text".to_owned())?;
        let record = read_line(line)?;
        if record.seq != self.end.next {
            return Err(format!(
                "it is record {}, and {} belongs here",
                record.seq, self.end.next
            ));
        }
        if record.prev != self.end.hash {
            return Err("it does not follow the record before it".to_owned());
        }
        if (record.kind == "segment") != (at == 1) {
            return Err(format!(
                "segment {segment} does not begin with its own record alone"
            ));
        }
        if let Some(anchored) = self.anchors.remove(&record.seq) {
            if anchored.iter().any(|hash| *hash != record.hash) {
                return Err("it is not the record that was anchored".to_owned());
            }
            self.report.anchors += 1;
        }
        let head = self.kept_head.take_if(|head| head.seq == record.seq);
        if head.is_some_and(|head| head.hash != record.hash) {
            return Err("it is not the record that the file `head` names".to_owned());
        }
        self.follow(&record)?;
        self.end = ChainEnd {
            next: record.seq.saturating_add(1),
            hash: record.hash.clone(),
        };
        self.report.records += 1;
        self.report.head = Some(Anchor {
            seq: record.seq,
            hash: record.hash,
        });
        Ok(())
    }

    fn follow(&mut self, record: &LogRecord) -> Result<(), String> {
        let call = record.call.clone().unwrap_or_default();
        match record.kind.as_str() {
            "intent" => {
                self.open.insert(call);
            }
            "outcome" if !self.open.remove(&call) => {
                return Err("it is the outcome of a call that has no intent before it".to_owned());
            }
            "repair" => self.report.repairs += 1,
            _ => {}
        }
        Ok(())
    }

    fn bad(&mut self, path: &Path, line: u64, problem: String) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.report.first_bad = Some(LogProblem {
            file: name.into_owned(),
            line,
            seq: self.end.next,
            problem,
        });
    }

    fn finish(mut self, dir: &Path, last: u64) -> LogReport {
        self.report.without_outcome = self.open.len() as u64;
        // Anchors of records that are not there: the end is missing.
        let beyond = self.anchors.keys().next().copied();
        if let (None, Some(seq)) = (&self.report.first_bad, beyond) {
            let problem =
                format!("record {seq} was anchored and is not there: the end of the log is missing");
            self.bad(&path_of(dir, last), 0, problem);
        }
        if let (None, Some(head)) = (&self.report.first_bad, self.kept_head.take()) {
            let problem = format!(
                "the file `head` names record {}, which is not there: the end of the log is missing",
                head.seq
            );
            self.bad(&path_of(dir, last), 0, problem);
        }
        self.report.ok = self.report.first_bad.is_none();
        self.report
    }
}
