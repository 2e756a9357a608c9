use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::beside::SharedKind;
use super::copy::TapeCopy;
use super::delta::first_difference;
use super::disk::{beside_the_runtime, off_the_runtime};
use super::error::TapeError;
use super::exchange::ExchangeEnd;
use super::header::Header;
use super::line::{TapeLines, TurnEnd};
use super::message::TapedMessage;
use super::read::TapeFile;
use super::recording::{OpenExchange, UnfinishedExchange};
use super::request::FORM;
use super::sent::{SentBody, SentRequest};
use super::writer::TapeWriter;
use crate::call_log::TapePosition;
use crate::wire::log;

/// A tape that is being recorded. An exchange is handed over as soon as it has ended, and is redacted and written on a
/// thread that may wait for the disk, never on one that runs turns. Clones write to the same file.
#[derive(Debug, Clone)]
pub struct Tape {
    shared: Arc<SharedTape>,
}

#[derive(Debug)]
struct SharedTape {
    path: PathBuf,
    turn: Mutex<RecordedTurn>,
    /// How many exchanges have begun.
    begun: AtomicU64,
    waiting: Mutex<WaitingExchanges>,
    /// Nothing waits any more.
    written: Notify,
    /// Locked for longer than a moment only where waiting for the disk holds nobody up.
    writer: Mutex<TapeWriter>,
}

/// What requests of the turn are checked against, and what went wrong.
#[derive(Debug, Default)]
struct RecordedTurn {
    /// What the last completions of one conversation have in common. A server that refuses a completion has read none of it:
    /// what is asked after that may say the prompt in another way.
    began_with: Option<ConversationBeginning>,
    /// The body of the last completion.
    last_body: Option<SentBody>,
    open: Vec<OpenExchange>,
    flaw: Option<TapeError>,
}

/// What tells the completions of a conversation from others, and the prompt that all of them have.
#[derive(Debug)]
struct ConversationBeginning {
    path: Option<Value>,
    /// The first words of a person.
    opening: Option<Arc<TapedMessage>>,
    prompt: SentBody,
}

/// Exchanges that have ended and are not written yet.
#[derive(Debug, Default)]
struct WaitingExchanges {
    ended: VecDeque<UnfinishedExchange>,
    /// Whether somebody is on the way to write them.
    expected: bool,
}

impl Tape {
    /// A new tape. The file must not exist yet; its folder is made. What it shares with other tapes is kept beside it.
    /// Waits for the disk.
    pub fn create(path: &Path, header: &Header) -> Result<Self, TapeError> {
        Self::create_sharing(path, path.parent().unwrap_or(Path::new("")), header)
    }

    /// The same, with what it shares with other tapes kept in `shared`: its own folder, or one of the few above it.
    pub(crate) fn create_sharing(path: &Path, shared: &Path, header: &Header) -> Result<Self, TapeError> {
        TapeWriter::create(path, shared, header).map(Self::of)
    }

    /// Writes each line to a second place as well, where everything before `from` bytes stands already. Waits for that place.
    pub(crate) fn copied_to(&self, copy: Arc<dyn TapeCopy>, from: u64) -> Result<(), TapeError> {
        lock(&self.shared.writer).copied_to(copy, from)
    }

    /// Keeps the catalog of this fingerprint, which lies in the shared folder, at the second place as well.
    pub(crate) fn share_catalog(&self, fingerprint: &str) -> Result<(), TapeError> {
        lock(&self.shared.writer).share(SharedKind::Catalog, fingerprint)
    }

    /// Goes on with a tape that was broken off.
    pub(super) fn resume(tape: &TapeFile, lines: TapeLines) -> Result<Self, TapeError> {
        let resumed = Self::of(TapeWriter::resume(tape, lines)?);
        let before = u64::try_from(tape.exchanges.len()).unwrap_or(u64::MAX);
        resumed.shared.begun.store(before, Ordering::Relaxed);
        // What is served from the tape is what was recorded; the prompt is held from the first completion that is asked for.
        let last = tape.exchanges.iter().rfind(|exchange| exchange.is_completion());
        let last = last.map(|last| SentRequest::of_canonical(last.request.clone()));
        lock(&resumed.shared.turn).last_body = last.and_then(|last| last.body);
        Ok(resumed)
    }

    fn of(writer: TapeWriter) -> Self {
        Self {
            shared: Arc::new(SharedTape {
                path: writer.path().to_owned(),
                turn: Mutex::default(),
                begun: AtomicU64::new(0),
                waiting: Mutex::default(),
                written: Notify::new(),
                writer: Mutex::new(writer),
            }),
        }
    }

    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// The place of the exchange that began last, counted in the order in which they begin.
    pub(super) fn position(&self) -> Option<TapePosition> {
        let exchange = self.shared.begun.load(Ordering::Relaxed).checked_sub(1)?;
        Some(TapePosition {
            tape: self.shared.path.display().to_string(),
            exchange,
        })
    }

    /// Waits until every exchange that has ended is in the file. What goes wrong with that is told by [`Tape::check`].
    pub(super) async fn flush(&self) {
        loop {
            let mut written = std::pin::pin!(self.shared.written.notified());
            written.as_mut().enable();
            let is_written = {
                let waiting = lock(&self.shared.waiting);
                !waiting.expected && waiting.ended.is_empty()
            };
            if is_written {
                return;
            }
            // Whoever writes them says so, also when that fails.
            written.await;
        }
    }

    /// Whether every exchange that has ended is in the file.
    pub async fn check(&self) -> Result<(), TapeError> {
        self.off_the_runtime(|tape| {
            tape.write_waiting();
            tape.flaw()
        })
        .await
    }

    /// Writes the last line, and brings the tape to the disk. A tape that would hold a credential is gone; one that could
    /// not be written has no end.
    pub async fn finish(&self, end: &TurnEnd) -> Result<PathBuf, TapeError> {
        self.close_open(|_| true);
        let end = end.clone();
        self.off_the_runtime(move |tape| {
            tape.write_waiting();
            tape.flaw()?;
            let ended = lock(&tape.shared.writer).end(&end);
            ended.inspect_err(|flaw| tape.give_up(flaw))?;
            Ok(tape.shared.path.clone())
        })
        .await
    }

    /// Gives up a tape whose turn came to nothing. A tape without any exchange is removed; another one stays as it is,
    /// without an end.
    pub async fn abandon(&self) -> Result<(), TapeError> {
        self.close_open(|_| true);
        self.off_the_runtime(|tape| {
            tape.write_waiting();
            lock(&tape.shared.writer).abandon();
            Ok(())
        })
        .await
    }

    pub(super) fn opened(&self, exchange: OpenExchange) {
        self.shared.begun.fetch_add(1, Ordering::Relaxed);
        let open = &mut lock(&self.shared.turn).open;
        open.retain(|exchange| !exchange.is_over());
        open.push(exchange);
    }

    /// Ends those open exchanges: the agent has left them.
    pub(super) fn close_open(&self, which: impl Fn(&OpenExchange) -> bool) {
        let left: Vec<OpenExchange> = lock(&self.shared.turn)
            .open
            .extract_if(.., |open| which(open))
            .collect();
        for exchange in left {
            self.write(exchange.end(ExchangeEnd::Dropped));
        }
    }

    /// Whether a request may be sent while this is recorded: the prompt has to stay as it was.
    pub(super) fn admit(&self, sent: &SentRequest) -> Result<(), TapeError> {
        let mut turn = lock(&self.shared.turn);
        if let Some(flaw) = &turn.flaw {
            return Err(flaw.clone());
        }
        let Some(body) = &sent.body else {
            return Ok(());
        };
        turn.last_body = Some(body.clone());
        let (path, opening) = (sent.request.get("path"), body.opening());
        let is_same =
            |begun: &&ConversationBeginning| begun.path.as_ref() == path && begun.opening.as_ref() == opening;
        let Some(begun) = turn.began_with.as_ref().filter(is_same) else {
            turn.began_with = Some(ConversationBeginning {
                path: path.cloned(),
                opening: opening.cloned(),
                prompt: body.beginning(),
            });
            return Ok(());
        };
        if begun.prompt.is_prompted_like(body) {
            return Ok(());
        }
        let but = format!("/{FORM}");
        let pointer = first_difference(&begun.prompt.whole(), &body.beginning().whole(), &[&but])
            .map_or_else(String::new, |(pointer, ..)| pointer);
        let path = self.shared.path.clone();
        let flaw = TapeError::Changed { path, pointer };
        turn.flaw = Some(flaw.clone());
        Err(flaw)
    }

    /// A completion was refused.
    pub(super) fn refused(&self) {
        lock(&self.shared.turn).began_with = None;
    }

    /// The body of the last completion, which the next one repeats.
    pub(super) fn last_body(&self) -> Option<SentBody> {
        lock(&self.shared.turn).last_body.clone()
    }

    /// Takes an exchange that has ended. What goes wrong with it is told by [`Tape::check`].
    pub(super) fn write(&self, ended: Option<UnfinishedExchange>) {
        let Some(ended) = ended.filter(|_| lock(&self.shared.turn).flaw.is_none()) else {
            return;
        };
        // A request that was refused began nothing: the next one may ask otherwise.
        if ended
            .exchange
            .response
            .as_ref()
            .is_some_and(|head| head.status >= 400)
        {
            lock(&self.shared.turn).began_with = None;
        }
        let expected = {
            let mut waiting = lock(&self.shared.waiting);
            waiting.ended.push_back(ended);
            std::mem::replace(&mut waiting.expected, true)
        };
        if expected {
            return;
        }
        let writing = ExpectedWriting {
            tape: self.clone(),
            is_done: false,
        };
        match Handle::try_current() {
            Ok(runtime) => beside_the_runtime(&runtime, move || writing.run()),
            // Nobody to hold up.
            Err(_) => writing.run(),
        }
    }

    /// Writes what waits. Waits for the disk.
    fn write_waiting(&self) {
        let mut writer = lock(&self.shared.writer);
        while let Some(UnfinishedExchange {
            exchange,
            body,
            credentials,
        }) = self.next_waiting()
        {
            if let Err(flaw) = writer.exchange(exchange, body, &credentials) {
                log::tape_flaw(&flaw);
                self.give_up(&flaw);
            }
        }
    }

    fn next_waiting(&self) -> Option<UnfinishedExchange> {
        let mut waiting = lock(&self.shared.waiting);
        let next = waiting.ended.pop_front();
        if next.is_none() {
            waiting.expected = false;
            self.shared.written.notify_waiters();
        }
        next
    }

    fn give_up(&self, flaw: &TapeError) {
        lock(&self.shared.turn).flaw.get_or_insert_with(|| flaw.clone());
        lock(&self.shared.waiting).ended.clear();
    }

    fn flaw(&self) -> Result<(), TapeError> {
        lock(&self.shared.turn).flaw.clone().map_or(Ok(()), Err)
    }

    async fn off_the_runtime<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, TapeError> + Send + 'static,
    ) -> Result<T, TapeError> {
        let tape = self.clone();
        let done = off_the_runtime(move || work(&tape)).await;
        done.unwrap_or_else(|error| {
            Err(TapeError::Write {
                path: self.shared.path.clone(),
                reason: error.to_string(),
            })
        })
    }
}

/// That somebody is on the way to write what waits. Where that comes to nothing, because the thread failed or the process ends,
/// the tape is given up, so that nobody waits for it.
struct ExpectedWriting {
    tape: Tape,
    is_done: bool,
}

impl ExpectedWriting {
    fn run(mut self) {
        self.tape.write_waiting();
        self.is_done = true;
    }
}

impl Drop for ExpectedWriting {
    fn drop(&mut self) {
        if !self.is_done {
            self.tape.give_up(&TapeError::Write {
                path: self.tape.shared.path.clone(),
                reason: "the thread that writes it ended".to_owned(),
            });
            // What it was to write is not waited for.
            let _ = self.tape.next_waiting();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
