//! The thread that writes. Intents wait for it, outcomes do not; what waits at the same time is written in one step.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::segments::{NewRecord, SegmentWriter};
use super::{CallLogError, CallLogSettings};

/// Most records of one step.
const MOST_AT_ONCE: usize = 256;
/// Most outcomes kept for later while the disk takes none.
const MOST_KEPT: usize = 10_000;

/// A record on its way to the disk.
#[derive(Debug)]
struct PendingRecord {
    record: NewRecord,
    /// Whoever waits for it.
    written: Option<oneshot::Sender<Result<(), CallLogError>>>,
}

/// The thread's mailbox. The thread ends when this is dropped and everything in it is written.
#[derive(Debug)]
pub(super) struct LogThread {
    sender: Option<Sender<PendingRecord>>,
    thread: Option<JoinHandle<()>>,
}

impl LogThread {
    pub(super) fn start(settings: CallLogSettings) -> Result<Self, CallLogError> {
        let (sender, receiver) = channel();
        let dir = settings.dir.clone();
        let thread = std::thread::Builder::new()
            .name("call-log".to_owned())
            .spawn(move || run(SegmentWriter::new(settings), &receiver))
            .map_err(|error| super::segments::io_error("start the thread of", &dir, &error))?;
        Ok(Self {
            sender: Some(sender),
            thread: Some(thread),
        })
    }

    /// Writes a record and waits until it is written.
    pub(super) async fn write(&self, record: NewRecord) -> Result<(), CallLogError> {
        let (written, told) = oneshot::channel();
        self.send(PendingRecord {
            record,
            written: Some(written),
        })?;
        told.await.unwrap_or(Err(CallLogError::Ended))
    }

    /// Hands a record over. One that cannot be written now is written before the next one.
    pub(super) fn write_later(&self, record: NewRecord) {
        let waiting = PendingRecord {
            record,
            written: None,
        };
        if let Err(error) = self.send(waiting) {
            tracing::error!(%error, "an outcome is missing in the call log");
        }
    }

    fn send(&self, waiting: PendingRecord) -> Result<(), CallLogError> {
        let sender = self.sender.as_ref().ok_or(CallLogError::Ended)?;
        sender.send(waiting).map_err(|_| CallLogError::Ended)
    }
}

impl Drop for LogThread {
    /// Waits for the rest to be written: a few records.
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(mut writer: SegmentWriter, mailbox: &Receiver<PendingRecord>) {
    let mut kept: Vec<NewRecord> = Vec::new();
    while let Ok(first) = mailbox.recv() {
        let mut batch = vec![first];
        while batch.len() < MOST_AT_ONCE
            && let Ok(next) = mailbox.try_recv()
        {
            batch.push(next);
        }
        let mut records = std::mem::take(&mut kept);
        records.extend(batch.iter().map(|waiting| waiting.record.clone()));
        let result = writer.append(&records);
        if let Err(error) = &result {
            tracing::error!(%error, "the call log cannot be written");
            // Intents are refused; outcomes of what was sent are not lost.
            records.retain(|record| record.kind == "outcome");
            records.truncate(MOST_KEPT);
            kept = records;
        }
        for waiting in batch {
            if let Some(written) = waiting.written {
                // Who went away asks for nothing.
                let _ = written.send(result.clone());
            }
        }
    }
    if !kept.is_empty()
        && let Err(error) = writer.append(&kept)
    {
        tracing::error!(%error, records = kept.len(), "outcomes are missing in the call log");
    }
}
