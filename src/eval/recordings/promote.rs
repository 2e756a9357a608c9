use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use url::{Host, Url};

use super::confirm::{FigureToConfirm, figures};
use super::created::CreatedFiles;
use super::data::data_hash;
use super::layout::{SUITE_FILE, set_name, tape_path};
use super::note::CaseNote;
use super::staging::StagingFolder;
use super::{RecordingError, Recordings};
use crate::agent::Answer;
use crate::config::Settings;
use crate::conversation::Conversation;
use crate::eval::dataset::{DatasetError, OpenDataset};
use crate::eval::suite::well_named;
use crate::eval::{Case, Dataset, DatasetKind, Suite, SuiteError, TableSelection, Trial, judge};
use crate::tapes::{ReplayError, Replayer, conversation_of, keep_catalog, load_catalog, load_chain};
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
    /// The suite's folder. Made, over the dataset that the tape is proven to be of, when there is none.
    pub suite: PathBuf,
    /// The set; `promoted` is usual.
    pub set: String,
    /// The case's id; made of the question when `None`.
    pub id: Option<String>,
    /// What a person thought of the answer: it is written into the case, and tags it.
    pub opinion: Option<PersonsOpinion>,
}

/// What a person thought of an answer.
#[derive(Debug, Clone)]
pub struct PersonsOpinion {
    pub person: String,
    /// `up` or `down`.
    pub rating: String,
    pub comment: Option<String>,
}

impl PersonsOpinion {
    /// As a comment of a case: one line, whatever was written.
    fn comment_line(&self) -> String {
        let said = self
            .comment
            .as_ref()
            .map(|comment| format!(": {}", Value::from(comment.as_str())));
        format!(
            "# {} said {}{}",
            Value::from(self.person.as_str()),
            self.rating,
            said.unwrap_or_default()
        )
    }
}

/// A case that was made of a tape.
#[derive(Debug)]
pub struct PromotedCase {
    pub suite: Suite,
    pub id: String,
    pub file: PathBuf,
    /// The folder of its tapes.
    pub tapes: PathBuf,
    /// What a person has to look at.
    pub confirm: Vec<FigureToConfirm>,
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
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The suite cannot be read.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// The id cannot be one.
    #[error("a case cannot be named {id:?}: {reason}; name another id with --id")]
    Id { id: String, reason: String },
    /// The suite has such a case.
    #[error("there is a case {id} already, in {}: name another id with --id", file.display())]
    Exists { id: String, file: PathBuf },
    /// The suite is one file, which is not written into.
    #[error("{} is a single file: name a folder, which gets a file for each case", .0.display())]
    NoFolder(PathBuf),
    /// The data that the tape is of cannot be looked at.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// It cannot be told what the tape asked.
    #[error(
        "it cannot be told what data {} was asked of: its catalog is not that of the demo, and {url} is an address of this machine; write a suite.yaml into {} that names the `dataset` (`configured` for your own Metabase), then promote the tape again",
        tape.display(), suite.display()
    )]
    UnknownDataset {
        tape: PathBuf,
        /// The address that it was recorded from.
        url: String,
        suite: PathBuf,
    },
    /// The suite asks something else than the tape did.
    #[error(
        "{} was not asked of the data of {}: its catalog is another; name another folder with --suite",
        tape.display(), suite.display()
    )]
    OtherDataset { tape: PathBuf, suite: PathBuf },
    /// The new case is not in the suite.
    #[error("the case {0} was written and cannot be found again in its suite")]
    Lost(String),
}

/// Makes a tape a case: its questions, its day, its tapes, and what it answered as what is expected, to be confirmed. The
/// tape is replayed first, and the case is graded once. Data that the tape was not asked of is refused.
pub async fn promote(promotion: &Promotion, settings: &Settings) -> Result<PromotedCase, PromoteError> {
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
    // A conversation is told from others by its last question.
    let question = tapes.last().map(|tape| tape.header.question.as_str());
    let id = promotion.id.clone();
    let id = id.unwrap_or_else(|| slug(question.unwrap_or_default()));
    let confirm = figures(&answers);
    let file = folder
        .join("cases")
        .join(format!("{}.yaml", super::layout::folder_name(&id)));
    if file.exists() {
        return Err(PromoteError::Exists { id, file });
    }
    let mut created = CreatedFiles::default();
    if folder.join(SUITE_FILE).exists() {
        let suite = Suite::load(folder)?;
        if suite.cases.iter().any(|case| case.id == id) {
            return Err(PromoteError::Exists { id, file: suite.path });
        }
        asks_the_same(promotion, &tapes, &suite, settings).await?;
    } else {
        let dataset = proven_dataset(promotion, &tapes, settings).await?;
        let today = tapes.first().map(|tape| tape.header.today.to_string());
        let text = suite_text(folder, &dataset, &today.unwrap_or_default());
        created.write(&folder.join(SUITE_FILE), &text)?;
    }
    created.write(
        &file,
        &case_text(&id, promotion.opinion.as_ref(), &tapes, &answers, &confirm),
    )?;
    let (suite, tapes) = keep(promotion, &id, &tapes, &answers)?;
    created.keep();
    Ok(PromotedCase {
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
        let conversation = conversation.get_or_insert_with(|| conversation_of(header));
        let replayed = Replayer::of(header, &catalog)?.replay(tape, conversation).await?;
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
    let layout = Recordings::of(&suite);
    let staging = StagingFolder::new(&layout.set(&promotion.set))?;
    let folder = staging.case(id);
    let mut turns = Vec::with_capacity(tapes.len());
    for (turn, tape) in (1..).zip(tapes) {
        let catalog = load_catalog(&tape.path, &tape.header.catalog.fingerprint)?;
        keep_catalog(layout.root(), &catalog)?;
        let mut copy = tape.clone();
        copy.header.previous = (turn > 1).then(|| format!("turn-{}.jsonl", turn - 1));
        let path = tape_path(&folder, turn);
        copy.save_sharing(&path, layout.root())?;
        turns.push(TapeFile::read(&path)?.seal);
    }
    let answers: Vec<Value> = answers.iter().map(|answer| json!(answer)).collect();
    let trial = Trial {
        case_id: id.to_owned(),
        trial: 1,
        answers,
    };
    let model = tapes
        .first()
        .map(|tape| tape.header.model.clone())
        .unwrap_or_default();
    let (data, verdict) = (data_hash(&suite.dataset)?, judge(case, &trial).0);
    let note = CaseNote::of(&suite, case, data, &model, turns, verdict);
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

/// The dataset of a new suite, as far as the tape proves it: the demo has a catalog that nobody else has, and an address
/// outside of this machine is a Metabase's.
async fn proven_dataset(
    promotion: &Promotion,
    tapes: &[TapeFile],
    settings: &Settings,
) -> Result<Value, PromoteError> {
    let Some(header) = tapes.first().map(|tape| &tape.header) else {
        return Ok(Value::Null);
    };
    let url = header.metabase.url.parse::<Url>();
    if !url.as_ref().is_ok_and(is_this_machine) {
        return Ok(json!({"kind": DatasetKind::Configured}));
    }
    if let Some(configured) = &settings.metabase
        && url.as_ref().is_ok_and(|url| *url == configured.url)
    {
        return Ok(json!({"kind": DatasetKind::Configured}));
    }
    for tables in [TableSelection::None, TableSelection::All] {
        let mut dataset = Dataset::demo();
        dataset.curated.tables = tables;
        let catalog = OpenDataset::catalog(&promotion.suite, &dataset, settings).await?;
        if catalog == header.catalog.fingerprint {
            return Ok(json!(dataset));
        }
    }
    Err(PromoteError::UnknownDataset {
        tape: promotion.tape.clone(),
        url: header.metabase.url.clone(),
        suite: promotion.suite.clone(),
    })
}

/// Refuses a tape that was asked of something else than the suite is about. What a configured Metabase holds is not looked
/// at here.
async fn asks_the_same(
    promotion: &Promotion,
    tapes: &[TapeFile],
    suite: &Suite,
    settings: &Settings,
) -> Result<(), PromoteError> {
    let Some(header) = tapes.first().map(|tape| &tape.header) else {
        return Ok(());
    };
    if suite.dataset.kind != DatasetKind::Configured {
        let catalog = OpenDataset::catalog(&promotion.suite, &suite.dataset, settings).await?;
        if catalog != header.catalog.fingerprint {
            return Err(PromoteError::OtherDataset {
                tape: promotion.tape.clone(),
                suite: promotion.suite.clone(),
            });
        }
    }
    Ok(())
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
        None => false,
    }
}

fn suite_text(folder: &Path, dataset: &Value, today: &str) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let name = Value::from(name.as_ref());
    format!(
        "# Answers that became cases: `cardinal eval promote`.\nversion: 1\nname: {name}\n# The data that was asked. Without \
         it the cases are replayed all the same, but not with --mode replay-model.\ndataset: {dataset}\ntoday: {today}\n"
    )
}

/// The case, as JSON inside YAML: so every text in it is quoted.
fn case_text(
    id: &str,
    opinion: Option<&PersonsOpinion>,
    tapes: &[TapeFile],
    answers: &[Answer],
    confirm: &[FigureToConfirm],
) -> String {
    let said = opinion.map(|opinion| opinion.comment_line() + "\n");
    let mut text = format!(
        "# What was answered, as what is expected. Confirm it.\n{}version: 1\ncases:\n  - id: {}\n",
        said.unwrap_or_default(),
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
    let rated = opinion.map(|opinion| format!(", rated-{}", opinion.rating));
    let _ = writeln!(
        text,
        "    tags: [promoted{}]\n    expect:\n      outcome: [{}]",
        rated.unwrap_or_default(),
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
