use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::confirm::{Confirm, figures};
use super::data::data_hash;
use super::made::Made;
use super::note::{CaseNote, Form, NOTE_VERSION};
use super::place::{SUITE_FILE, set_name, tape_path};
use super::staging::Staging;
use super::{RecordingError, Recordings};
use crate::agent::Answer;
use crate::conversation::Conversation;
use crate::eval::judge::about;
use crate::eval::suite::well_named;
use crate::eval::{Case, Suite, SuiteError, Trial, judge, keys};
use crate::tapes::{ReplayError, Stage, keep_catalog, load_catalog, load_chain};
use crate::wire::{TapeError, TapeFile};

/// Longest id that is made of a question.
const ID_CHARS: usize = 40;
/// Longest id that is taken: it names files, whose names have ends.
const LONGEST_ID: usize = 200;

/// What is made of a tape, and where.
#[derive(Debug, Clone)]
pub struct Promotion {
    /// The tape of a conversation's last turn.
    pub tape: PathBuf,
    /// The suite's folder; made, over the demo, when there is none.
    pub suite: PathBuf,
    /// The set; `promoted` is usual.
    pub set: String,
    /// The case's id; made of the question when `None`.
    pub id: Option<String>,
}

/// A case that was made of a tape.
#[derive(Debug)]
pub struct Promoted {
    /// The suite.
    pub suite: Suite,
    /// The case's id.
    pub id: String,
    /// The case's file.
    pub file: PathBuf,
    /// The folder of its tapes.
    pub tapes: PathBuf,
    /// What a person has to look at.
    pub confirm: Vec<Confirm>,
}

/// Why a tape could not be made a case.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PromoteError {
    /// The tape cannot be replayed as it is.
    #[error("the tape cannot be made a case, because it cannot be replayed")]
    Replay(#[from] ReplayError),
    /// A tape cannot be read or kept.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// Recordings cannot be made.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The suite cannot be read.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// The id cannot be one.
    #[error("a case cannot be named {id:?}: {reason}; name another id with --id")]
    Id {
        /// The id.
        id: String,
        /// Why.
        reason: String,
    },
    /// The suite has such a case.
    #[error("there is a case {id} already, in {}: name another id with --id", file.display())]
    Exists {
        /// The id.
        id: String,
        /// Where.
        file: PathBuf,
    },
    /// The suite is one file, which is not written into.
    #[error("{} is a single file: name a folder, which gets a file for each case", .0.display())]
    NoFolder(PathBuf),
    /// The new case is not in the suite.
    #[error("the case {0} was written and cannot be found again in its suite")]
    Lost(String),
}

/// Makes a tape a case: its questions, its day, its tapes, and what it answered as what is expected, to be confirmed. The
/// tape is replayed first, and the case is graded once.
pub async fn promote(promotion: &Promotion) -> Result<Promoted, PromoteError> {
    set_name(&promotion.set)?;
    if let Some(id) = &promotion.id {
        id_fits(id)?;
    }
    let folder = &promotion.suite;
    if folder.is_file() {
        return Err(PromoteError::NoFolder(folder.clone()));
    }
    let tapes = load_chain(&promotion.tape)?;
    let answers = replayed(&tapes).await?;
    let first = tapes.first().map(|tape| &tape.header);
    // A conversation is told from others by its last question.
    let question = tapes.last().map(|tape| tape.header.question.as_str());
    let id = promotion.id.clone();
    let id = id.unwrap_or_else(|| slug(question.unwrap_or_default()));
    let confirm = figures(&answers);
    let file = folder
        .join("cases")
        .join(format!("{}.yaml", super::place::folder_name(&id)));
    if file.exists() {
        return Err(PromoteError::Exists { id, file });
    }
    let mut made = Made::default();
    if folder.join(SUITE_FILE).exists() {
        let suite = Suite::load(folder)?;
        if suite.cases.iter().any(|case| case.id == id) {
            return Err(PromoteError::Exists { id, file: suite.path });
        }
    } else {
        let today = first.map_or_else(String::new, |header| header.today.to_string());
        made.write(&folder.join(SUITE_FILE), &suite_text(folder, &today))?;
    }
    made.write(&file, &case_text(&id, &tapes, &answers, &confirm))?;
    let (suite, tapes) = keep(promotion, &id, &tapes, &answers)?;
    made.stays();
    Ok(Promoted {
        suite,
        id,
        file,
        tapes,
        confirm,
    })
}

async fn replayed(tapes: &[TapeFile]) -> Result<Vec<Answer>, PromoteError> {
    let mut conversation: Option<Conversation> = None;
    let mut answers = Vec::with_capacity(tapes.len());
    for tape in tapes {
        let header = &tape.header;
        let catalog = load_catalog(&tape.path, &header.catalog.fingerprint)?;
        let conversation = conversation.get_or_insert_with(|| Conversation::new(&header.conversation));
        let replayed = Stage::of(header, &catalog)?.replay(tape, conversation).await?;
        answers.push(replayed.answer);
    }
    Ok(answers)
}

/// Copies the tapes into the suite's recordings.
fn keep(
    promotion: &Promotion,
    id: &str,
    tapes: &[TapeFile],
    answers: &[Answer],
) -> Result<(Suite, PathBuf), PromoteError> {
    let suite = Suite::load(&promotion.suite)?;
    let case = suite.cases.iter().find(|case| case.id == *id);
    let case: &Case = case.ok_or_else(|| PromoteError::Lost(id.to_owned()))?;
    let place = Recordings::of(&suite);
    let staging = Staging::new(&place.set(&promotion.set))?;
    let folder = staging.case(id);
    let mut turns = Vec::with_capacity(tapes.len());
    for (turn, tape) in (1..).zip(tapes) {
        let catalog = load_catalog(&tape.path, &tape.header.catalog.fingerprint)?;
        keep_catalog(place.root(), &catalog)?;
        let mut copy = tape.clone();
        copy.header.previous = (turn > 1).then(|| format!("turn-{}.jsonl", turn - 1));
        let path = tape_path(&folder, turn);
        copy.save_sharing(&path, place.root())?;
        turns.push(TapeFile::read(&path)?.seal);
    }
    let answers: Vec<Value> = answers.iter().map(|answer| json!(answer)).collect();
    let keys = keys(&suite, case, &answers);
    let trial = Trial {
        case_id: id.to_owned(),
        trial: 1,
        answers,
    };
    let model = tapes
        .first()
        .map(|tape| tape.header.model.clone())
        .unwrap_or_default();
    let note = CaseNote {
        version: NOTE_VERSION,
        case: id.to_owned(),
        suite: about(&suite),
        asked: keys.asked,
        data: data_hash(&suite.dataset)?,
        form: Form::now(&model),
        model,
        turns,
        verdict: judge(case, &trial).0,
    };
    note.write(&folder)?;
    let kept = staging.keep(id, false)?;
    Ok((suite, kept))
}

/// A name made of a question's words.
fn slug(question: &str) -> String {
    let plain: String = question
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
        .collect();
    let mut slug = String::new();
    for word in plain.split_whitespace() {
        if slug.len() + word.len() >= ID_CHARS && !slug.is_empty() {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.extend(word.chars().take(ID_CHARS));
    }
    if slug.is_empty() {
        "question".to_owned()
    } else {
        slug
    }
}

fn suite_text(folder: &Path, today: &str) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let name = Value::from(name.as_ref());
    format!(
        "# Answers that became cases: `cardinal eval promote`.\nversion: 1\nname: {name}\n# The data that was asked. Without \
         it the cases are replayed all the same, but not with --mode replay-model.\ndataset: {{ kind: demo }}\ntoday: {today}\n"
    )
}

/// The case, as JSON inside YAML: so every text in it is quoted.
fn case_text(id: &str, tapes: &[TapeFile], answers: &[Answer], confirm: &[Confirm]) -> String {
    let mut text = format!(
        "# What was answered, as what is expected. Confirm it.\nversion: 1\ncases:\n  - id: {}\n",
        Value::from(id)
    );
    let questions: Vec<&str> = tapes.iter().map(|tape| tape.header.question.as_str()).collect();
    // Writing to a string does not fail.
    let _ = match questions.as_slice() {
        [one] => writeln!(text, "    question: {}", Value::from(*one)),
        more => writeln!(text, "    turns: {}", json!(more)),
    };
    let header = tapes.last().map(|tape| &tape.header);
    if let Some(header) = header {
        let _ = writeln!(text, "    today: {}", header.today);
        let model = &header.answered_by;
        let source = format!("answered by {model}, recorded {}", header.started_at);
        let _ = writeln!(text, "    source: {}", Value::from(source));
    }
    let outcome = answers
        .last()
        .map(|answer| json!(answer.outcome))
        .unwrap_or_default();
    let _ = writeln!(
        text,
        "    tags: [promoted]\n    expect:\n      outcome: [{}]",
        outcome.as_str().unwrap_or_default()
    );
    if !confirm.is_empty() {
        text.push_str("      gold:\n");
    }
    for figure in confirm {
        let _ = writeln!(text, "        # {}", figure.comment());
        let _ = writeln!(text, "        - scalar: {}", figure.gold());
    }
    text
}

fn id_fits(id: &str) -> Result<(), PromoteError> {
    let wrong = |reason: String| PromoteError::Id {
        id: id.chars().take(LONGEST_ID).collect(),
        reason,
    };
    well_named(id).map_err(wrong)?;
    if id.len() > LONGEST_ID {
        return Err(wrong(format!("an id has at most {LONGEST_ID} letters")));
    }
    Ok(())
}
