use std::path::Path;

use jiff::Timestamp;

use crate::eval::judge::about;
use crate::eval::recordings::{CaseNote, Form, tape_path};
use crate::eval::{Case, GRADER_VERSION, Keys, Suite, TapedFrom, Verdict, keys};
use crate::tapes::{ReplayError, Scenes};
use crate::wire::{Diverged, Exchange, TapeFile};

/// One recorded case: what is noted of it, and its tapes.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) note: CaseNote,
    pub(super) tapes: Vec<TapeFile>,
    /// The command that records it again.
    pub(super) command: String,
}

impl Opened {
    /// Reads a case's recording. Every flaw of a file is told with the file, and with the line where there is one.
    pub(super) fn read(folder: &Path, command: String, scenes: &Scenes) -> Result<Self, String> {
        let note = CaseNote::read(folder).map_err(|error| crate::telemetry::causes(&error).join(": "))?;
        let note = note.ok_or_else(|| format!("there is no recording in {}: {command}", folder.display()))?;
        let mut tapes = Vec::with_capacity(note.turns.len());
        for (turn, seal) in (1..).zip(&note.turns) {
            let path = tape_path(folder, turn);
            let tape = scenes.read(&path).map_err(|error| error.to_string())?;
            in_place(&tape, turn, seal)?;
            tapes.push(tape);
        }
        Ok(Self { note, tapes, command })
    }

    /// What changed since it was recorded, of what can be told without running it.
    pub(super) fn changed(&self, suite: &Suite, case: &Case, data: Option<&str>) -> Vec<String> {
        let (note, asked, about) = (&self.note, keys(suite, case, &[]).asked, about(suite));
        let form = Form::now(&note.model);
        let parts = [
            ("what the suite asks about", note.suite != about),
            // The hash of what is asked holds that of the suite.
            ("what the case asks", note.suite == about && note.asked != asked),
            ("the data", data.is_some_and(|data| note.data != data)),
            ("the form of requests", note.form.body != form.body),
            ("prompt segment user_turn", note.form.user_turn != form.user_turn),
        ];
        let changed = parts.into_iter().filter(|(_, changed)| *changed);
        changed.map(|(name, _)| name.to_owned()).collect()
    }

    /// What its records say of it.
    pub(super) fn from(&self, set: &str) -> TapedFrom {
        let header = self.tapes.first().map(|tape| &tape.header);
        TapedFrom {
            set: set.to_owned(),
            answered_by: header.map_or_else(String::new, |header| header.answered_by.clone()),
            verdict: self.note.verdict.clone(),
        }
    }

    /// When it was recorded.
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

/// Whether a tape is the one that was recorded for this turn.
fn in_place(tape: &TapeFile, turn: usize, seal: &str) -> Result<(), String> {
    let path = tape.path.display();
    let found = usize::try_from(tape.header.turn).unwrap_or_default();
    if found != turn {
        return Err(format!(
            "line 1 of the tape {path} is of turn {found}, and turn {turn} belongs there"
        ));
    }
    if tape.seal != seal {
        return Err(format!(
            "the tape {path} is whole, and is not the one that was recorded with its case"
        ));
    }
    Ok(())
}

/// The verdict on a turn that could not be replayed to its end.
pub(super) fn verdict(error: ReplayError, tape: &TapeFile, turn: usize, opened: &Opened) -> Verdict {
    match error {
        ReplayError::Stale { changed, .. } => opened.stale(changed),
        ReplayError::Diverged(Diverged::Miss(miss)) => Verdict::Diverged {
            at: format!("turn {turn}, {}", place(tape, miss.exchange, &miss.pointer)),
            was: miss.recorded,
            now: miss.now,
            command: Some(opened.command.clone()),
        },
        ReplayError::Diverged(Diverged::Unconsumed(left)) => Verdict::Diverged {
            at: format!("turn {turn}, {}", place(tape, Some(left.first), "")),
            was: left.request,
            now: format!("nothing: {} recorded exchanges were not asked for", left.count),
            command: Some(opened.command.clone()),
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

/// The keys of a case that the suite has no more.
pub(super) fn gone(note: Option<&CaseNote>) -> Keys {
    Keys {
        suite: note.map_or_else(String::new, |note| note.suite.clone()),
        data: None,
        case: String::new(),
        asked: note.map_or_else(String::new, |note| note.asked.clone()),
        prompt: None,
        catalog: None,
        grader: GRADER_VERSION,
    }
}
