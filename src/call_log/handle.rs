use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::call::{CallIntent, CallOutcome};
use super::segments::NewRecord;
use super::writer::LogThread;
use super::{CallLogError, CallLogSettings};
use crate::operations::OperationAccess;
use crate::text::one_line;

/// Most names of things that are remembered.
const MOST_NAMES: usize = 10_000;
/// Longest name that is shown.
const NAME_CHARS: usize = 80;

/// The log of a process. Cheap to clone; clones write the same one. When the last is dropped, what was handed over is
/// written first.
#[derive(Debug, Clone)]
pub struct CallLog {
    shared: Arc<SharedLog>,
}

#[derive(Debug)]
struct SharedLog {
    settings: CallLogSettings,
    thread: LogThread,
    /// Names of jobs, projects and the like, by the parameter that stands for their id, and the id.
    names: Mutex<BTreeMap<(String, String), String>>,
}

/// A call whose intent is in the log.
#[derive(Debug)]
pub struct OpenCall {
    log: CallLog,
    call: String,
}

impl CallLog {
    /// A log in the folder of the settings. No file is touched before the first record.
    pub fn open(settings: CallLogSettings) -> Result<Self, CallLogError> {
        let thread = LogThread::start(settings.clone())?;
        Ok(Self {
            shared: Arc::new(SharedLog {
                settings,
                thread,
                names: Mutex::default(),
            }),
        })
    }

    /// The folder of its segments.
    pub fn dir(&self) -> &Path {
        &self.shared.settings.dir
    }

    /// Writes down what will be asked. With an error nothing may be sent. What writes is on the disk before it is sent.
    pub async fn intend(&self, intent: CallIntent) -> Result<OpenCall, CallLogError> {
        let call = self.write("intent", &intent).await?;
        Ok(OpenCall {
            log: self.clone(),
            call,
        })
    }

    /// Writes down what was not allowed.
    pub async fn refused(&self, intent: CallIntent) -> Result<(), CallLogError> {
        self.write("refused", &intent).await.map(drop)
    }

    async fn write(&self, kind: &'static str, intent: &CallIntent) -> Result<String, CallLogError> {
        let call = format!("{:016x}", fastrand::u64(..));
        let record = NewRecord {
            kind,
            fields: intent.fields(&call),
            at: Timestamp::now(),
            durable: intent.call.operation.access == OperationAccess::Write,
        };
        self.shared.thread.write(record).await.map(|()| call)
    }

    /// Remembers what a thing is called, so that records say `job 5 (Daily build)`. `parameter` is the one that stands for its
    /// id in paths: `job_id`.
    pub fn remember(&self, parameter: &str, id: &str, name: &str) {
        let mut names = self.shared.names.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (parameter.to_owned(), id.to_owned());
        if names.len() < MOST_NAMES || names.contains_key(&key) {
            names.insert(key, one_line(name, NAME_CHARS));
        }
    }

    /// What a thing is called, if that is known.
    pub(crate) fn name_of(&self, parameter: &str, id: &str) -> Option<String> {
        let names = self.shared.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(&(parameter.to_owned(), id.to_owned())).cloned()
    }
}

impl OpenCall {
    /// Writes down how it ended, without waiting for the disk.
    pub fn end(self, outcome: &CallOutcome) {
        self.log.shared.thread.write_later(NewRecord {
            kind: "outcome",
            fields: outcome.fields(&self.call),
            at: Timestamp::now(),
            durable: false,
        });
    }
}
