use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::eval::recordings::{CaseNote, RecordingError, Recordings};
use crate::eval::{Case, CaseFilter, Mode, Suite};
use crate::sandbox::ServedGeneration;
use crate::wire::RequestLimits;

/// How recorded suites are run again.
#[derive(Debug, Clone)]
pub struct ReplayOptions {
    pub mode: Mode,
    pub filter: CaseFilter,
    /// Which sets of recordings; all when there is none.
    pub sets: Vec<String>,
    /// How many cases at once, of all suites together.
    pub jobs: usize,
    /// What they may have in flight together.
    pub limits: RequestLimits,
    /// Which Metabase the sandbox is, in modes that ask it; the usual one when `None`.
    pub generation: Option<ServedGeneration>,
    /// Starts no further cases when it is cancelled.
    pub cancel: CancellationToken,
}

/// What [`replay_suites`](super::replay_suites) will run, and what it cannot.
#[derive(Debug, Default)]
pub struct ReplayPlan {
    pub(super) jobs: Vec<RecordedJob>,
    /// Cases that no set holds, as `suite/case`.
    pub unrecorded: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct RecordedJob {
    pub(super) suite: Arc<Suite>,
    /// Its place in the suite; `None` when the suite has it no more.
    case: Option<usize>,
    pub(super) set: String,
    pub(super) folder: PathBuf,
    pub(super) command: String,
}

impl ReplayPlan {
    /// How many recorded cases there are.
    pub fn planned(&self) -> usize {
        self.jobs.len()
    }
}

/// Whether anything was ever recorded of a suite.
pub fn recorded(suite: &Suite) -> Result<bool, RecordingError> {
    Ok(!Recordings::of(suite).sets()?.is_empty())
}

impl ReplayOptions {
    /// Finds the recorded cases of suites. A set that is named has to be there.
    pub fn plan(&self, suites: &[Suite]) -> Result<ReplayPlan, RecordingError> {
        let mut plan = ReplayPlan::default();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for suite in suites {
            let layout = Recordings::of(suite);
            let mut sets = layout.sets()?;
            sets.retain(|set| self.sets.is_empty() || self.sets.contains(set));
            seen.extend(sets.iter().cloned());
            let shared = Arc::new(suite.clone());
            for set in &sets {
                self.cases_of(&layout, &shared, set, &mut plan)?;
            }
            let cases = suite.cases.iter().filter(|case| self.filter.takes(case));
            let missing = cases.filter(|case| !sets.iter().any(|set| layout.case(set, &case.id).exists()));
            plan.unrecorded
                .extend(missing.map(|case| format!("{}/{}", suite.name, case.id)));
        }
        match self.sets.iter().find(|set| !seen.contains(*set)) {
            Some(set) => Err(RecordingError::NoSet(set.clone())),
            None => Ok(plan),
        }
    }

    fn cases_of(
        &self,
        layout: &Recordings,
        suite: &Arc<Suite>,
        set: &str,
        plan: &mut ReplayPlan,
    ) -> Result<(), RecordingError> {
        let mut folders = BTreeSet::new();
        for (index, case) in suite.cases.iter().enumerate() {
            let folder = layout.case(set, &case.id);
            if self.filter.takes(case) && folder.exists() {
                let model = CaseNote::read(&folder).ok().flatten().map(|note| note.model);
                plan.jobs.push(RecordedJob {
                    suite: Arc::clone(suite),
                    case: Some(index),
                    set: set.to_owned(),
                    folder: folder.clone(),
                    command: layout.command(set, &case.id, model.as_deref().unwrap_or("MODEL")),
                });
            }
            folders.insert(folder);
        }
        if !self.filter.is_all() {
            return Ok(());
        }
        let set_folder = layout.set(set);
        let failed = |source| RecordingError::read(&set_folder, source);
        for entry in fs::read_dir(&set_folder).map_err(failed)? {
            let folder = entry.map_err(failed)?.path();
            let hidden = folder
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if folder.is_dir() && !hidden && !folders.contains(&folder) {
                plan.jobs.push(RecordedJob {
                    suite: Arc::clone(suite),
                    case: None,
                    set: set.to_owned(),
                    command: format!("remove {}", folder.display()),
                    folder,
                });
            }
        }
        Ok(())
    }
}

impl RecordedJob {
    /// The case, unless the suite has it no more.
    pub(super) fn case(&self) -> Option<&Case> {
        self.case.and_then(|index| self.suite.cases.get(index))
    }
}
