//! The rows of a CSV file as bytes: where each begins, and on which line. A quoted field may go over several lines, and empty
//! lines lie between rows; whoever is told of a line looks it up in an editor, so that it has to be the real one.

use std::io::{self, BufRead};

/// What some programs write before the first column.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Where the reading stands within a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowState {
    /// Nothing of the field was read.
    FieldStart,
    Unquoted,
    Quoted,
    /// Behind a quote, which ends the field or is the first of two.
    AfterQuote,
}

/// A row as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CsvRow {
    pub(super) offset: u64,
    /// Counted from 1.
    pub(super) line: u32,
    pub(super) bytes: Vec<u8>,
}

/// Why no further row is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CsvFault {
    /// A quote is open at the end of the file; the row began in this line.
    OpenQuote(u32),
    /// The row that began in this line is too long.
    TooLong(u32),
}

/// Reads rows one after the other.
#[derive(Debug)]
pub(super) struct CsvRows<R> {
    input: R,
    offset: u64,
    line: u32,
    longest: usize,
}

impl<R: BufRead> CsvRows<R> {
    pub(super) fn new(input: R, longest: usize) -> Self {
        Self {
            input,
            offset: 0,
            line: 1,
            longest,
        }
    }

    pub(super) fn into_input(self) -> R {
        self.input
    }

    /// The next row that is not empty; `None` at the end.
    pub(super) fn next_row(&mut self) -> io::Result<Result<Option<CsvRow>, CsvFault>> {
        let mut row = CsvRow {
            offset: self.offset,
            line: self.line,
            bytes: Vec::new(),
        };
        let mut state = RowState::FieldStart;
        loop {
            let Some(byte) = self.next_byte()? else {
                return Ok(match state {
                    RowState::Quoted => Err(CsvFault::OpenQuote(row.line)),
                    _ => Ok(Some(row).filter(|row| !row.bytes.is_empty())),
                });
            };
            if row.bytes.is_empty() && matches!(byte, b'\n' | b'\r') {
                (row.offset, row.line) = (self.offset, self.line);
                continue;
            }
            state = match (state, byte) {
                (RowState::Quoted, b'"') => RowState::AfterQuote,
                (RowState::Quoted, _) | (RowState::FieldStart | RowState::AfterQuote, b'"') => {
                    RowState::Quoted
                }
                (_, b'\n' | b'\r') => return Ok(Ok(Some(row))),
                (_, b',') => RowState::FieldStart,
                _ => RowState::Unquoted,
            };
            row.bytes.push(byte);
            if row.bytes.len() > self.longest {
                return Ok(Err(CsvFault::TooLong(row.line)));
            }
        }
    }

    /// The next byte. A line ends with a line feed, or with a carriage return that none follows.
    fn next_byte(&mut self) -> io::Result<Option<u8>> {
        if self.offset == 0 && self.input.fill_buf()?.starts_with(BOM) {
            self.input.consume(BOM.len());
            self.offset = BOM.len() as u64;
        }
        let Some(byte) = self.input.fill_buf()?.first().copied() else {
            return Ok(None);
        };
        self.input.consume(1);
        self.offset = self.offset.saturating_add(1);
        let ends_line = match byte {
            b'\n' => true,
            b'\r' => self.input.fill_buf()?.first() != Some(&b'\n'),
            _ => false,
        };
        self.line = self.line.saturating_add(u32::from(ends_line));
        Ok(Some(byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, u32, String)> {
        let mut rows = CsvRows::new(text.as_bytes(), 100);
        let mut all = Vec::new();
        while let Some(row) = rows.next_row().unwrap().unwrap() {
            all.push((row.offset, row.line, String::from_utf8(row.bytes).unwrap()));
        }
        all
    }

    #[test]
    fn rows_are_known_by_their_real_lines() {
        let text = "a,b\r\n\r\n\n\"one\r\ntwo \"\"x\"\"\",2\r\n5\" pipe,3\r4,5";
        let found = rows(text);
        let lines: Vec<(u32, &str)> = found.iter().map(|(_, line, row)| (*line, row.as_str())).collect();
        assert_eq!(
            lines,
            [
                (1, "a,b"),
                (4, "\"one\r\ntwo \"\"x\"\"\",2"),
                (6, "5\" pipe,3"),
                (7, "4,5")
            ]
        );
        for (offset, _, row) in found {
            let from = usize::try_from(offset).unwrap();
            assert!(text.as_bytes().get(from..).unwrap().starts_with(row.as_bytes()));
        }
    }

    #[test]
    fn an_open_quote_and_a_row_without_end_are_faults() {
        let fault = |text: &str| {
            let mut rows = CsvRows::new(text.as_bytes(), 20);
            loop {
                match rows.next_row().unwrap() {
                    Ok(Some(_)) => {}
                    Ok(None) => return None,
                    Err(fault) => return Some(fault),
                }
            }
        };
        assert_eq!(fault("a\n\n\"b"), Some(CsvFault::OpenQuote(3)));
        assert_eq!(fault("a\n\"b\""), None);
        assert_eq!(fault("a\n0123456789012345678901"), Some(CsvFault::TooLong(2)));
    }
}
