//! What there is of an earlier run when one begins: what stays, what has to be as it was, and what goes. What goes stays on
//! the disk until it is sure that the run can begin.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::answers::{AnswersFile, LineUse};
use super::ask::lock;
use super::error::BatchError;
use super::folder::RunFolder;
use super::lock::RunLock;
use super::manifest::{BatchManifest, MANIFEST_VERSION};
use super::questions::QuestionFile;
use super::rounds::ProviderNotes;
use super::run::{BatchOptions, BatchRun};
use crate::app::App;
use crate::atomic_file::folder_of;

/// Links that are followed from the name of the answers.
const MOST_LINKS: usize = 40;

/// What of an earlier run is to go. It stays on the disk until it is sure that the run can begin: somebody who only
/// named a wrong model loses nothing.
#[derive(Debug, Default)]
pub(super) struct OldAnswers {
    rows: BTreeSet<u32>,
    /// All that the run keeps.
    folder: bool,
    file: Option<PathBuf>,
    /// What the run that goes began with: provider batches may be open that it noted.
    pub(super) manifest: Option<BatchManifest>,
}

impl BatchRun {
    /// Takes a run that writes to `output`: a new one, or what there is of an earlier one. Waits for the disk.
    pub(crate) fn open(
        questions: QuestionFile,
        output: &Path,
        options: &BatchOptions,
    ) -> Result<Self, BatchError> {
        // Two names of one file are one run.
        let output = &meant(output);
        if output.is_dir() {
            return Err(BatchError::IsFolder(output.to_owned()));
        }
        let folder = RunFolder::beside(output);
        let has_folder = folder.manifest().exists();
        if !options.fresh && !has_folder && is_there(output)? {
            return Err(BatchError::NotOurs(output.to_owned()));
        }
        let run_lock = RunLock::take(&folder, output)?;
        let rows = questions.index().len();
        let noted = BatchManifest::read(&folder.manifest());
        let (answers, manifest, gone) = if options.fresh {
            // One that cannot be read does not stop the run: it goes.
            (AnswersFile::unwritten(output, rows)?, None, noted.ok().flatten())
        } else {
            (AnswersFile::open(output, rows)?, noted?, None)
        };
        let mut run = Self {
            answers: Arc::new(Mutex::new(answers)),
            questions: Arc::new(questions),
            folder,
            manifest,
            today: options.today,
            is_renewed: false,
            old: OldAnswers {
                folder: options.fresh,
                file: options.fresh.then(|| output.to_owned()),
                manifest: gone,
                ..OldAnswers::default()
            },
            _lock: run_lock,
        };
        run.take_over(output, options)?;
        Ok(run)
    }

    /// Reads the answers that there are, and finds those that are to be asked again.
    fn take_over(&mut self, output: &Path, options: &BatchOptions) -> Result<(), BatchError> {
        let index = self.questions.index();
        let (mut kept, mut going) = (0_usize, BTreeSet::new());
        let (mut unknown, mut line) = (None, 0);
        lock(&self.answers).read(|head| {
            line += 1;
            let old = options.since.is_some_and(|since| head.answered_at < since);
            let row = index.row_of(&head.id);
            if old || options.retry_failed && head.failed() {
                going.extend(row);
                return Ok(LineUse::Goes);
            }
            kept += 1;
            if row.is_none() {
                unknown.get_or_insert((head.id, line));
            }
            Ok(row.map_or(LineUse::Goes, LineUse::Answers))
        })?;
        let begun = self.manifest.as_ref().map(|manifest| manifest.begun);
        let is_old = begun
            .zip(options.since)
            .is_some_and(|(begun, since)| begun < since);
        if kept == 0 && is_old {
            // Nothing is left that would have to belong to what comes.
            self.old.folder = true;
            self.old.manifest = self.manifest.take();
            self.lay_aside(&going);
            return Ok(());
        }
        if let Some(manifest) = &self.manifest {
            manifest.same_input(index.hash(), index.len())?;
            if let Some(today) = self.today.filter(|today| *today != manifest.today && !is_old) {
                return Err(BatchError::Changed {
                    what: "the day".to_owned(),
                    before: manifest.today.to_string(),
                    now: today.to_string(),
                });
            }
        }
        if let Some((id, line)) = unknown {
            return Err(BatchError::BadLine {
                path: output.to_owned(),
                line,
                reason: format!("it answers {id:?}, which the questions do not have"),
            });
        }
        if is_old {
            // What was half done then would go on with the day of then.
            let answers = lock(&self.answers);
            let all = 0..u32::try_from(index.len()).unwrap_or(u32::MAX);
            going.extend(all.filter(|row| !answers.has(*row)));
            self.is_renewed = true;
        }
        self.lay_aside(&going);
        Ok(())
    }

    /// Counts answers as not given, and those that followed them in their sessions: these rest on what was said.
    fn lay_aside(&mut self, going: &BTreeSet<u32>) {
        let index = self.questions.index();
        let mut answers = lock(&self.answers);
        for first in going {
            let session = std::iter::successors(Some(*first), |row| index.next_in_session(*row));
            for row in session {
                answers.forget(row);
                self.old.rows.insert(row);
            }
        }
    }

    /// Takes what is to go from the disk. The tapes go first, so that no old answer is taken from one.
    fn let_go(&mut self) -> Result<(), BatchError> {
        let old = std::mem::take(&mut self.old);
        self.begin_sessions_anew(&old.rows)?;
        for row in old.rows {
            let question = self.questions.question(row)?;
            remove(&self.folder.tape_of(&question))?;
        }
        if let Some(output) = old.file {
            remove(&output)?;
            *lock(&self.answers) = AnswersFile::open(&output, self.questions())?;
        }
        lock(&self.answers).rewrite(false)?;
        if old.folder {
            self.folder
                .clear()
                .map_err(|source| BatchError::write(self.folder.path(), source))?;
        }
        Ok(())
    }

    /// Notes that what a provider's batches hold of these rows' sessions is not what they ask now.
    fn begin_sessions_anew(&mut self, rows: &BTreeSet<u32>) -> Result<(), BatchError> {
        let Some(manifest) = self.manifest.as_mut().filter(|manifest| {
            let notes = manifest.provider.as_ref();
            !rows.is_empty() && notes.is_some_and(|notes| notes.last() > 0)
        }) else {
            return Ok(());
        };
        for row in rows {
            let session = self.questions.question(*row)?.session_hash();
            manifest.provider.get_or_insert_default().begin_anew(session);
        }
        manifest.write(&self.folder.manifest())
    }

    /// Notes what the run began with, or checks that it is still so. What is to be asked again goes only after that.
    pub(super) fn begin(&mut self, app: &App, in_rounds: bool) -> Result<BatchManifest, BatchError> {
        let now = app.identity();
        if let Some(manifest) = &self.manifest {
            manifest.same_conditions(&now)?;
            let open = manifest.provider.iter().flat_map(ProviderNotes::open);
            let open = open.map(|batch| batch.id.clone().unwrap_or_else(|| batch.number.to_string()));
            let open: Vec<String> = open.collect();
            if !in_rounds && !open.is_empty() {
                let batches = open.join(", ");
                return Err(BatchError::AtProvider { batches });
            }
            self.let_go()?;
            if let Some(manifest) = self.manifest.as_mut().filter(|_| self.is_renewed) {
                manifest.today = self.today.unwrap_or_else(|| app.today());
                manifest.begun = Timestamp::now();
                manifest.write(&self.folder.manifest())?;
                self.is_renewed = false;
            }
            return self.manifest.clone().ok_or(BatchError::Aborted(String::new()));
        }
        self.let_go()?;
        let index = self.questions.index();
        let manifest = BatchManifest {
            version: MANIFEST_VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            begun: Timestamp::now(),
            today: self.today.unwrap_or_else(|| app.today()),
            input: index.hash().to_owned(),
            questions: index.len(),
            asked_with: now,
            catalogs: BTreeMap::new(),
            provider: None,
        };
        manifest.write(&self.folder.manifest())?;
        self.manifest = Some(manifest.clone());
        Ok(manifest)
    }
}

fn is_there(path: &Path) -> Result<bool, BatchError> {
    match fs::metadata(path) {
        Ok(file) => Ok(file.len() > 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(BatchError::read(path, source)),
    }
}

fn remove(path: &Path) -> Result<(), BatchError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BatchError::write(path, error)),
        _ => Ok(()),
    }
}

/// The file that a name means: what a link leads to, or the name itself.
fn meant(output: &Path) -> PathBuf {
    let mut path = output.to_owned();
    // Links that lead in a circle are the system's error when the file is opened.
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => break,
        }
    }
    path
}
