//! The file of questions: read once from end to end before anything is asked, then row by row as it is their turn.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::csv_rows::{CsvFault, CsvRows};
use super::error::{BatchError, RowFault};
use super::index::{IndexBuilder, QuestionIndex};
use super::metadata::RowMetadata;
use super::question::BatchQuestion;

/// Longest row, in bytes.
const LONGEST_ROW: u64 = 1024 * 1024;
const MOST_FAULTS: usize = 20;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// How the rows are written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum RowFormat {
    /// One JSON object a line.
    JsonLines,
    /// A table with these columns.
    Csv(Vec<String>),
}

/// A file of questions that was checked. It is held open: what takes its place later is not read.
#[derive(Debug)]
pub(crate) struct QuestionFile {
    name: String,
    file: Mutex<File>,
    format: RowFormat,
    index: QuestionIndex,
}

impl QuestionFile {
    /// Reads and checks a whole file. Waits for the disk.
    pub(crate) fn open(path: &Path) -> Result<Self, BatchError> {
        let file = File::open(path).map_err(|source| BatchError::read(path, source))?;
        let ending = path.extension().and_then(|ending| ending.to_str());
        let csv = match ending.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => Some(true),
            Some("jsonl" | "ndjson") => Some(false),
            _ => None,
        };
        Self::checked(path.display().to_string(), file, csv)
    }

    /// The same of what comes in, which is kept in a file without a name until the process ends.
    pub(crate) fn spooled(name: &str, input: &mut dyn Read) -> Result<Self, BatchError> {
        let failed = |source| BatchError::Read {
            name: name.to_owned(),
            source,
        };
        let mut file = tempfile::tempfile().map_err(failed)?;
        io::copy(input, &mut file).map_err(failed)?;
        Self::checked(name.to_owned(), file, None)
    }

    fn checked(name: String, mut file: File, csv: Option<bool>) -> Result<Self, BatchError> {
        let failed = |source| BatchError::Read {
            name: name.clone(),
            source,
        };
        let csv = match csv {
            Some(csv) => csv,
            None => !begins_with_json(&mut file).map_err(failed)?,
        };
        file.rewind().map_err(failed)?;
        let own = file.try_clone().map_err(failed)?;
        let mut check = InputCheck::default();
        let (format, hash) = if csv {
            check.csv(own)
        } else {
            check.json_lines(own)
        }
        .map_err(failed)?;
        let (index, twice) = check.builder.finish(hash);
        let mut faults = check.faults;
        faults.extend(twice);
        faults.sort_by_key(|fault| fault.line);
        if !faults.is_empty() {
            let more = faults.len().saturating_sub(MOST_FAULTS) + check.untold;
            faults.truncate(MOST_FAULTS);
            return Err(BatchError::BadRows { name, faults, more });
        }
        if index.is_empty() {
            return Err(BatchError::Empty(name));
        }
        Ok(Self {
            name,
            file: Mutex::new(file),
            format,
            index,
        })
    }

    /// What is known of all questions.
    pub(crate) fn index(&self) -> &QuestionIndex {
        &self.index
    }

    /// One question. Waits for the disk.
    pub(crate) fn question(&self, row: u32) -> Result<BatchQuestion, BatchError> {
        let failed = |source| BatchError::Read {
            name: self.name.clone(),
            source,
        };
        let changed = |what: String| failed(io::Error::new(io::ErrorKind::InvalidData, what));
        let (offset, line) = self.index.at(row).unwrap_or_default();
        let fields = {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(offset)).map_err(failed)?;
            let rest = BufReader::new((&mut *file).take(LONGEST_ROW));
            self.format.first_row(rest)
        };
        let question = fields.and_then(|fields| BatchQuestion::of(fields, row.saturating_add(1)));
        let question = question.map_err(|what| changed(format!("line {line}: {what}")))?;
        if self.index.row_of(&question.id) != Some(row) {
            return Err(changed(format!("line {line} was changed while it was asked")));
        }
        Ok(question)
    }
}

impl RowFormat {
    fn first_row(&self, mut rest: impl BufRead) -> Result<RowMetadata, String> {
        match self {
            Self::JsonLines => {
                let mut line = Vec::new();
                rest.read_until(b'\n', &mut line)
                    .map_err(|error| error.to_string())?;
                object(&line)
            }
            Self::Csv(columns) => {
                let mut record = csv::StringRecord::new();
                csv_reader(rest)
                    .read_record(&mut record)
                    .map_err(|error| error.to_string())?;
                fields(columns, &record)
            }
        }
    }
}

/// Whether the first thing in a file is a JSON object.
fn begins_with_json(file: &mut File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.rewind()?;
    file.take(4096).read_to_end(&mut start)?;
    let start = start.strip_prefix(BOM).unwrap_or(&start);
    Ok(start.trim_ascii_start().starts_with(b"{"))
}

fn csv_reader<R: Read>(input: R) -> csv::Reader<R> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(input)
}

fn object(line: &[u8]) -> Result<RowMetadata, String> {
    let line = line.strip_prefix(BOM).unwrap_or(line);
    match serde_json::from_slice(line) {
        Ok(fields) => Ok(fields),
        Err(error) if error.is_data() && !line.trim_ascii_start().starts_with(b"{") => {
            Err("it is not a JSON object".to_owned())
        }
        Err(error) if error.is_eof() => Err("it is not whole JSON; write one object a line".to_owned()),
        Err(error) => Err(format!("it is not JSON: {error}")),
    }
}

fn fields(columns: &[String], record: &csv::StringRecord) -> Result<RowMetadata, String> {
    let fields = columns.iter().zip(record).map(|(column, value)| {
        let value = serde_json::value::to_raw_value(value);
        Ok((column.clone(), value.map_err(|error| error.to_string())?))
    });
    fields.collect()
}

/// One reading of the whole file.
#[derive(Debug, Default)]
struct InputCheck {
    builder: IndexBuilder,
    faults: Vec<RowFault>,
    untold: usize,
}

impl InputCheck {
    fn row(&mut self, fields: Result<RowMetadata, String>, offset: u64, line: u32) {
        let number = self.builder.next_row().saturating_add(1);
        let question = fields.and_then(|fields| BatchQuestion::of(fields, number));
        if let Err(what) = question.and_then(|question| self.builder.add(&question, offset, line)) {
            self.fault(line, what);
        }
    }

    fn fault(&mut self, line: u32, what: String) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(RowFault { line, what });
        } else {
            self.untold += 1;
        }
    }

    fn json_lines(&mut self, file: File) -> io::Result<(RowFormat, String)> {
        let mut input = BufReader::new(HashedInput::new(file));
        let (mut offset, mut number) = (0_u64, 0_u32);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut input).take(LONGEST_ROW).read_until(b'\n', &mut line)?;
            if read == 0 {
                break;
            }
            number = number.saturating_add(1);
            if read as u64 == LONGEST_ROW && !line.ends_with(b"\n") {
                self.fault(number, format!("it is longer than {LONGEST_ROW} bytes"));
                break;
            }
            let text = line.strip_prefix(BOM).unwrap_or(&line);
            if !text.trim_ascii().is_empty() {
                self.row(object(&line), offset, number);
            }
            offset = offset.saturating_add(read as u64);
        }
        Ok((RowFormat::JsonLines, input.into_inner().finish()))
    }

    fn csv(&mut self, file: File) -> io::Result<(RowFormat, String)> {
        let longest = usize::try_from(LONGEST_ROW).unwrap_or(usize::MAX);
        let mut rows = CsvRows::new(BufReader::new(HashedInput::new(file)), longest);
        let mut columns: Option<Vec<String>> = None;
        loop {
            let row = match rows.next_row()? {
                Ok(None) => break,
                Ok(Some(row)) => row,
                Err(CsvFault::OpenQuote(line)) => {
                    self.fault(line, "a quote is opened in this row and never closed".to_owned());
                    break;
                }
                Err(CsvFault::TooLong(line)) => {
                    let what = format!("the row has no end within {LONGEST_ROW} bytes: is a quote open?");
                    self.fault(line, what);
                    break;
                }
            };
            let mut record = csv::StringRecord::new();
            if let Err(error) = csv_reader(&*row.bytes).read_record(&mut record) {
                let what = match error.kind() {
                    csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
                    _ => error.to_string(),
                };
                self.fault(row.line, what);
                if columns.is_none() {
                    break;
                }
                continue;
            }
            match &columns {
                None => {
                    let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
                    if let Some(what) = unusable(&names) {
                        self.fault(row.line, what);
                        break;
                    }
                    columns = Some(names);
                }
                Some(columns) if columns.len() != record.len() => {
                    let (has, needs) = (record.len(), columns.len());
                    self.fault(
                        row.line,
                        format!("it has {has} fields, and the first line {needs}"),
                    );
                }
                Some(columns) => {
                    let fields = fields(columns, &record);
                    self.row(fields, row.offset, row.line);
                }
            }
        }
        let hash = rows.into_input().into_inner().finish();
        Ok((RowFormat::Csv(columns.unwrap_or_default()), hash))
    }
}

/// What is wrong with the names of columns.
fn unusable(names: &[String]) -> Option<String> {
    if !names.iter().any(|name| name == "question") {
        return Some("the first line names the columns, and none of them is `question`".to_owned());
    }
    let mut seen = BTreeSet::new();
    let twice = names.iter().find(|name| !name.is_empty() && !seen.insert(*name));
    twice.map(|name| format!("two columns are called `{name}`"))
}

/// A file that is hashed while it is read.
struct HashedInput {
    file: File,
    hasher: blake3::Hasher,
}

impl HashedInput {
    fn new(file: File) -> Self {
        Self {
            file,
            hasher: blake3::Hasher::new(),
        }
    }

    /// The hash of the whole file, whether or not it was read to its end.
    fn finish(mut self) -> String {
        // A file that cannot be read to its end has another hash then, and was faulty anyway.
        let _ = io::copy(&mut self, &mut io::sink());
        self.hasher.finalize().to_hex().to_string()
    }
}

impl Read for HashedInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        if let Some(read) = buffer.get(..read) {
            self.hasher.update(read);
        }
        Ok(read)
    }
}
