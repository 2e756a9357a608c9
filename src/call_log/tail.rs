//! The end of a segment: the last record that was written whole, and what a crash left behind it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::chain::{ChainEnd, read_line};

const LONGEST_RECORD: u64 = 256 * 1024;

#[derive(Debug)]
pub(super) struct SegmentEnd {
    /// The chain's end after its last whole record; `None` when it has none.
    pub(super) chain: Option<ChainEnd>,
    pub(super) whole: u64,
    /// What follows them: a record that was not written to its end.
    pub(super) torn: Vec<u8>,
}

/// Reads the end of a segment. The error is a reason why its last record cannot be gone on from.
pub(super) fn read_end(path: &Path) -> io::Result<Result<SegmentEnd, String>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let begin = length.saturating_sub(2 * LONGEST_RECORD);
    file.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    file.take(2 * LONGEST_RECORD).read_to_end(&mut bytes)?;
    let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') else {
        return Ok(if begin == 0 {
            Ok(SegmentEnd {
                chain: None,
                whole: 0,
                torn: bytes,
            })
        } else {
            Err("its end is longer than a record can be".to_owned())
        });
    };
    let torn = bytes.split_off(last.saturating_add(1));
    bytes.truncate(last);
    let line = match bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(before) => bytes.split_off(before.saturating_add(1)),
        None if begin == 0 => bytes,
        None => return Ok(Err("its last record is longer than a record can be".to_owned())),
    };
    let whole = length.saturating_sub(torn.len() as u64);
    let record = match std::str::from_utf8(&line) {
        Ok(line) => read_line(line),
        Err(_) => Err("it is not text".to_owned()),
    };
    Ok(match record {
        Ok(record) => Ok(SegmentEnd {
            chain: Some(ChainEnd {
                next: record.seq.saturating_add(1),
                hash: record.hash,
            }),
            whole,
            torn,
        }),
        Err(reason) => Err(format!("of its last record: {reason}")),
    })
}
