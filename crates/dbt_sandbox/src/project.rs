//! The dbt project that is served: its artifacts, read when they are first needed.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use super::semantic::ServedManifest;

/// A project whose files cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the dbt project's {}: {reason}", path.display())]
pub struct DbtProjectError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// A file that dbt writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArtifactFile {
    Manifest,
    Catalog,
    /// Of the last build that succeeded.
    RunResults,
    /// Of a build that failed.
    FailedRunResults,
    /// Of making the documentation, where everything succeeds and no test is.
    DocsRunResults,
    Sources,
    ServedManifest,
}

impl ArtifactFile {
    const ALL: [Self; 7] = [
        Self::Manifest,
        Self::Catalog,
        Self::RunResults,
        Self::FailedRunResults,
        Self::DocsRunResults,
        Self::Sources,
        Self::ServedManifest,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest.json",
            Self::Catalog => "catalog.json",
            Self::RunResults => "run_results.json",
            Self::FailedRunResults => "run_results_failed.json",
            Self::DocsRunResults => "run_results_docs.json",
            Self::Sources => "sources.json",
            Self::ServedManifest => "semantic_manifest.json",
        }
    }

    fn built_in(self) -> &'static str {
        match self {
            Self::Manifest => include_str!("../project/artifacts/manifest.json"),
            Self::Catalog => include_str!("../project/artifacts/catalog.json"),
            Self::RunResults => include_str!("../project/artifacts/run_results.json"),
            Self::FailedRunResults => include_str!("../project/artifacts/run_results_failed.json"),
            Self::DocsRunResults => include_str!("../project/artifacts/run_results_docs.json"),
            Self::Sources => include_str!("../project/artifacts/sources.json"),
            Self::ServedManifest => include_str!("../project/artifacts/semantic_manifest.json"),
        }
    }

    /// The files without which there is nothing to serve.
    fn is_needed(self) -> bool {
        matches!(self, Self::Manifest | Self::ServedManifest)
    }
}

/// A project with its artifacts.
pub struct DbtProject {
    /// The project's folder; `None` for the built-in one.
    folder: Option<PathBuf>,
    texts: [OnceLock<Option<Cow<'static, str>>>; 7],
    values: [OnceLock<Value>; 7],
    semantic: OnceLock<ServedManifest>,
}

impl DbtProject {
    /// The built-in project, over the tables of the sandbox's demo. Nothing is read yet.
    pub fn demo() -> Self {
        Self {
            folder: None,
            texts: Default::default(),
            values: Default::default(),
            semantic: OnceLock::new(),
        }
    }

    /// A project in a folder, with its artifacts in `target/`. `manifest.json` and `semantic_manifest.json` have to be
    /// there; of the others, what is there is served.
    pub fn from_folder(folder: &Path) -> Result<Self, DbtProjectError> {
        let project = Self {
            folder: Some(folder.to_owned()),
            ..Self::demo()
        };
        for file in ArtifactFile::ALL {
            let path = folder.join("target").join(file.name());
            let fail = |reason: String| DbtProjectError {
                path: path.clone(),
                reason,
            };
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    serde_json::from_str::<Value>(&text).map_err(|error| fail(error.to_string()))?;
                    project.keep(file, Some(Cow::Owned(text)));
                }
                Err(error) if file.is_needed() => return Err(fail(error.to_string())),
                Err(_) => project.keep(file, None),
            }
        }
        let text = project.text(ArtifactFile::ServedManifest).unwrap_or_default();
        serde_json::from_str::<ServedManifest>(text).map_err(|error| DbtProjectError {
            path: folder.join("target").join(ArtifactFile::ServedManifest.name()),
            reason: error.to_string(),
        })?;
        Ok(project)
    }

    /// Whether it is the built-in one.
    pub(crate) fn is_demo(&self) -> bool {
        self.folder.is_none()
    }

    /// A file as it is; `None` when the project does not have it.
    pub(crate) fn text(&self, file: ArtifactFile) -> Option<&str> {
        let slot = self.texts.get(file as usize)?;
        let kept = slot.get_or_init(|| self.is_demo().then(|| Cow::Borrowed(file.built_in())));
        kept.as_deref()
    }

    /// A file, read; null when the project does not have it.
    pub(crate) fn value(&self, file: ArtifactFile) -> &Value {
        let Some(slot) = self.values.get(file as usize) else {
            return &Value::Null;
        };
        slot.get_or_init(|| {
            let text = self.text(file).unwrap_or("null");
            serde_json::from_str(text).unwrap_or_else(|error| {
                tracing::error!(%error, file = file.name(), "an artifact is not JSON");
                Value::Null
            })
        })
    }

    pub(crate) fn manifest(&self) -> &Value {
        self.value(ArtifactFile::Manifest)
    }

    /// What the Semantic Layer knows.
    pub(crate) fn semantic(&self) -> &ServedManifest {
        self.semantic.get_or_init(|| {
            let text = self.text(ArtifactFile::ServedManifest).unwrap_or("{}");
            serde_json::from_str(text).unwrap_or_else(|error| {
                tracing::error!(%error, "the semantic manifest cannot be read");
                ServedManifest::default()
            })
        })
    }

    /// The rows of a seed, as CSV.
    pub(crate) fn seed(&self, path: &str) -> Option<Cow<'static, str>> {
        match (&self.folder, path) {
            (Some(folder), path) => std::fs::read_to_string(folder.join(path)).ok().map(Cow::Owned),
            (None, "seeds/calendar.csv") => {
                Some(Cow::Borrowed(include_str!("../project/seeds/calendar.csv")))
            }
            (None, "seeds/countries.csv") => {
                Some(Cow::Borrowed(include_str!("../project/seeds/countries.csv")))
            }
            (None, _) => None,
        }
    }

    fn keep(&self, file: ArtifactFile, text: Option<Cow<'static, str>>) {
        if let Some(slot) = self.texts.get(file as usize) {
            let _ = slot.set(text);
        }
    }
}

impl fmt::Debug for DbtProject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DbtProject")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}
