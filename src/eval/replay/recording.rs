use std::ffi::OsStr;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::eval::judge::about;
use crate::eval::recordings::{CaseNote, NOTE_FILE, RequestForm, folder_name, tape_path};
use crate::eval::{Case, GRADER_VERSION, RecordingSource, Suite, TrialKeys, Verdict, keys};
use crate::tapes::{ReplayContexts, ReplayError};
use crate::wire::{Divergence, Exchange, TapeFile};

/// One recorded case: what is noted of it, and its tapes.
#[derive(Debug)]
pub(super) struct CaseRecording {
    pub(super) note: CaseNote,
    pub(super) tapes: Vec<TapeFile>,
    /// The command that records it again.
    pub(super) command: String,
}

impl CaseRecording {
    /// Reads a case's recording. Every flaw of a file is told with the file, with the line where there is one, and with
    /// the command that mends it.
    pub(super) fn read(folder: &Path, command: String, contexts: &ReplayContexts) -> Result<Self, String> {
        match parts(folder, contexts) {
            Ok((note, tapes)) => Ok(Self { note, tapes, command }),
            Err(reason) => Err(mended(&reason, &command)),
        }
    }

    /// Whether it is of this case, as far as its note says that it is.
    pub(super) fn is_of(&self, case: &Case, today: Option<Date>) -> Result<(), String> {
        self.asks(case, today)
            .map_err(|reason| mended(&reason, &self.command))
    }

    /// Whether its tapes ask what the case asks. Why not, in words.
    pub(super) fn asks(&self, case: &Case, today: Option<Date>) -> Result<(), String> {
        let (given, wanted) = (self.tapes.len(), case.turns.len());
        if given != wanted {
            return Err(format!(
                "its {NOTE_FILE} names {given} turns, and the case has {wanted}"
            ));
        }
        for (tape, question) in self.tapes.iter().zip(&case.turns) {
            if tape.header.question != *question {
                return Err(format!(
                    "the tape {} asks {:?}, and the case asks {question:?}",
                    tape.path.display(),
                    tape.header.question
                ));
            }
        }
        let asked_on = self.tapes.last().map(|tape| tape.header.today);
        match (asked_on, case.today.or(today)) {
            (Some(then), Some(now)) if then != now => Err(format!(
                "its last question was asked on {then}, and the case asks it on {now}"
            )),
            _ => Ok(()),
        }
    }

    /// What changed since it was recorded, of what can be told without running it.
    pub(super) fn changed(&self, suite: &Suite, case: &Case, data: Option<&str>) -> Vec<String> {
        let (note, asked, about) = (&self.note, keys(suite, case, &[]).asked, about(suite));
        let form = RequestForm::now(&note.model);
        let parts = [
            ("what the suite asks about", note.suite != about),
            // The hash of what is asked holds that of the suite.
            ("what the case asks", note.suite == about && note.asked != asked),
            ("the data", data.is_some_and(|data| note.data != data)),
            ("the form of requests", note.form.body != form.body),
            ("prompt segment user_turn", note.form.user_turn != form.user_turn),
        ];
        let changed = parts.into_iter().filter(|(_, changed)| *changed);
        let changed = changed.map(|(name, _)| name.to_owned());
        changed.chain(note.form.changed_texts(&form)).collect()
    }

    /// What records of it say about where they come from.
    pub(super) fn source(&self, set: &str) -> RecordingSource {
        let header = self.tapes.first().map(|tape| &tape.header);
        RecordingSource {
            set: set.to_owned(),
            answered_by: header.map_or_else(String::new, |header| header.answered_by.clone()),
            verdict: self.note.verdict.clone(),
            texts_hashed: self.tapes.iter().all(|tape| tape.header.prompt.texts.is_some()),
        }
    }

    pub(super) fn recorded_at(&self) -> Timestamp {
        let first = self.tapes.first();
        first.map_or(Timestamp::UNIX_EPOCH, |tape| tape.header.started_at)
    }

    /// The verdict on a recording from which this changed.
    pub(super) fn stale(&self, what: Vec<String>) -> Verdict {
        Verdict::Stale {
            what,
            command: Some(self.command.clone()),
        }
    }
}

/// The note and the tapes in a case's folder, which belong together.
fn parts(folder: &Path, contexts: &ReplayContexts) -> Result<(CaseNote, Vec<TapeFile>), String> {
    let note = CaseNote::read(folder).map_err(|error| crate::telemetry::causes(&error).join(": "))?;
    let note = note.ok_or_else(|| format!("there is no recording in {}", folder.display()))?;
    let wrong = |what: &str| format!("{} {what}", folder.join(NOTE_FILE).display());
    if folder.file_name().map(OsStr::to_string_lossy).as_deref() != Some(&*folder_name(&note.case)) {
        return Err(wrong(&format!("is of another case: {}", note.case)));
    }
    let mut tapes: Vec<TapeFile> = Vec::with_capacity(note.turns.len());
    for (turn, seal) in (1..).zip(&note.turns) {
        let path = tape_path(folder, turn);
        let tape = contexts.read(&path).map_err(|error| error.to_string())?;
        in_place(&tape, tapes.last(), turn, seal)?;
        if tape.header.model != note.model {
            let (model, path) = (&tape.header.model, path.display());
            return Err(wrong(&format!(
                "names the model {}, and {path} was recorded of {model}",
                note.model
            )));
        }
        tapes.push(tape);
    }
    if tapes.is_empty() {
        return Err(wrong("names no turn"));
    }
    Ok((note, tapes))
}

fn mended(reason: &str, command: &str) -> String {
    format!("{reason}; to mend it: {command}")
}

/// Whether a tape is the one that was recorded for this turn, behind the one before.
fn in_place(tape: &TapeFile, before: Option<&TapeFile>, turn: usize, seal: &str) -> Result<(), String> {
    let path = tape.path.display();
    let found = usize::try_from(tape.header.turn).unwrap_or_default();
    if found != turn {
        return Err(format!(
            "line 1 of the tape {path} is of turn {found}, and turn {turn} belongs there"
        ));
    }
    let header = &tape.header;
    let named = header.previous.as_deref().map(OsStr::new);
    let follows = before.is_none_or(|before| before.header.conversation == header.conversation);
    if !follows || named != before.and_then(|before| before.path.file_name()) {
        return Err(format!("line 1 of the tape {path} does not name the turn before"));
    }
    if tape.seal != seal {
        return Err(format!(
            "the tape {path} is whole, and is not the one that was recorded with its case"
        ));
    }
    Ok(())
}

/// The verdict on a turn that could not be replayed to its end.
pub(super) fn verdict(
    error: ReplayError,
    tape: &TapeFile,
    turn: usize,
    recording: &CaseRecording,
) -> Verdict {
    match error {
        ReplayError::Stale { changed, .. } => recording.stale(changed),
        ReplayError::Diverged(Divergence::Miss(miss)) => Verdict::Diverged {
            at: format!("turn {turn}, {}", place(tape, miss.exchange, &miss.pointer)),
            was: miss.recorded,
            now: miss.now,
            command: Some(recording.command.clone()),
        },
        ReplayError::Diverged(Divergence::Unused(left)) => Verdict::Diverged {
            at: format!("turn {turn}, {}", place(tape, Some(left.first), "")),
            was: left.request,
            now: format!("nothing: {} recorded exchanges were not asked for", left.count),
            command: Some(recording.command.clone()),
        },
        other => Verdict::HarnessError {
            reason: format!("turn {turn}: {}", crate::telemetry::causes(&other).join(": ")),
        },
    }
}

/// A place on a tape, for people: step, exchange, pointer.
fn place(tape: &TapeFile, exchange: Option<u64>, pointer: &str) -> String {
    let Some(number) = exchange else {
        return "behind its last exchange".to_owned();
    };
    let upto = usize::try_from(number).unwrap_or(usize::MAX).saturating_add(1);
    let before = tape.exchanges.iter().take(upto);
    let step = before.filter(|exchange| exchange.is_completion()).count();
    let at = usize::try_from(number)
        .ok()
        .and_then(|number| tape.exchanges.get(number));
    let name = at.map(Exchange::name).unwrap_or_default();
    format!("step {step}, exchange {number} ({name}) {pointer}")
        .trim_end()
        .to_owned()
}

/// A case that stands for one that the suite no longer has: what its recording says of it.
pub(super) fn removed_case(name: &str, recording: Option<&CaseRecording>) -> Case {
    let tapes = recording.iter().flat_map(|recording| &recording.tapes);
    let turns = tapes.map(|tape| tape.header.question.clone()).collect();
    let id = recording.map_or(name, |recording| &recording.note.case);
    Case::bare(id.to_owned(), turns)
}

/// The keys of a case that the suite no longer has.
pub(super) fn removed_keys(note: Option<&CaseNote>) -> TrialKeys {
    TrialKeys {
        suite: note.map_or_else(String::new, |note| note.suite.clone()),
        data: None,
        case: String::new(),
        asked: note.map_or_else(String::new, |note| note.asked.clone()),
        prompt: None,
        catalog: None,
        grader: GRADER_VERSION,
    }
}
