//! What a run began with. A run goes on only under the same conditions, so that its answers belong together.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::error::BatchError;
use super::rounds::ProviderNotes;
use crate::app::AppIdentity;
use crate::atomic_file::{self, FileAccess};
use crate::wire::{first_difference, shown};

/// Version of the manifest's format.
pub(crate) const MANIFEST_VERSION: u32 = 1;

/// The address of the model's server among the settings.
const ADDRESS: &str = "/model/base_url";

/// Everything that has to stay as it was when the run began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BatchManifest {
    /// Version of this format: [`MANIFEST_VERSION`].
    pub version: u32,
    pub program: String,
    pub begun: Timestamp,
    /// The day that questions mean by "today" unless they name one.
    pub today: Date,
    /// Hash of the questions' file.
    pub input: String,
    /// How many questions there are.
    pub questions: usize,
    /// Model, Metabase, catalog, prompt and settings.
    pub asked_with: AppIdentity,
    /// Fingerprints of the catalogs of principals who ask with credentials of their own.
    #[serde(default)]
    pub catalogs: BTreeMap<String, String>,
    /// What was asked by the provider's batch API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderNotes>,
}

/// Only the version, which is read first.
#[derive(Debug, Deserialize)]
struct ManifestVersion {
    version: u32,
}

impl BatchManifest {
    /// Reads it; `None` when there is none. Waits for the disk.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, BatchError> {
        let bad = |reason: String| BatchError::Manifest {
            path: path.to_owned(),
            reason,
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(BatchError::read(path, source)),
        };
        let version: ManifestVersion = serde_json::from_str(&text)
            .map_err(|error| bad(format!("it is not the manifest of a run ({error})")))?;
        if version.version != MANIFEST_VERSION {
            return Err(bad(format!(
                "it has format version {}, and this program reads version {MANIFEST_VERSION}",
                version.version
            )));
        }
        let manifest = serde_json::from_str(&text)
            .map_err(|error| bad(format!("it is not the manifest of a run ({error})")))?;
        Ok(Some(manifest))
    }

    /// Writes it, on the disk before it returns.
    pub(super) fn write(&self, path: &Path) -> Result<(), BatchError> {
        let failed = |source| BatchError::write(path, source);
        let mut text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        text.push('\n');
        atomic_file::replace(path, text.as_bytes(), FileAccess::OwnerOnly).map_err(failed)
    }

    /// Whether a run with this input is the same run.
    pub(super) fn same_input(&self, hash: &str, questions: usize) -> Result<(), BatchError> {
        let program = env!("CARGO_PKG_VERSION");
        same("the program", &self.program, program)?;
        if self.input == hash {
            return Ok(());
        }
        Err(BatchError::Changed {
            what: "the file of questions".to_owned(),
            before: format!("{}, {} questions", short(&self.input), self.questions),
            now: format!("{}, {questions} questions", short(hash)),
        })
    }

    /// Whether an app answers as the run began.
    pub(super) fn same_conditions(&self, now: &AppIdentity) -> Result<(), BatchError> {
        let before = &self.asked_with;
        same("the model", &before.model, &now.model)?;
        same("the Metabase", &before.metabase, &now.metabase)?;
        same("the catalog", &before.catalog, &now.catalog)?;
        same("the prompt", &before.prompt, &now.prompt)?;
        same(
            "one of the texts that a model can be sent",
            &before.texts,
            &now.texts,
        )?;
        // The same model may be reached by another way.
        let difference = first_difference(&before.settings, &now.settings, &[ADDRESS]);
        difference.map_or(Ok(()), |(pointer, before, now)| {
            let (before, now) = shown(before, now);
            Err(BatchError::Changed {
                what: format!("the setting {pointer}"),
                before,
                now,
            })
        })
    }

    /// Whether a principal's catalog is the one of before; it is noted when it was not met yet.
    pub(super) fn same_catalog(&mut self, principal: &str, fingerprint: &str) -> Result<bool, BatchError> {
        if let Some(before) = self.catalogs.get(principal) {
            let what = format!("the catalog of {principal}");
            return same(&what, before, fingerprint).map(|()| false);
        }
        self.catalogs.insert(principal.to_owned(), fingerprint.to_owned());
        Ok(true)
    }
}

fn same(what: &str, before: &str, now: &str) -> Result<(), BatchError> {
    if before == now {
        return Ok(());
    }
    Err(BatchError::Changed {
        what: what.to_owned(),
        before: short(before),
        now: short(now),
    })
}

/// A hash is told by its first digits.
fn short(text: &str) -> String {
    let is_hash = text.len() >= 32 && text.chars().all(|c| c.is_ascii_hexdigit());
    if is_hash {
        text.chars().take(12).collect()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn identity(settings: Value) -> AppIdentity {
        AppIdentity {
            model: "openai:a".to_owned(),
            metabase: "bi.example.com".to_owned(),
            catalog: "c".repeat(32),
            prompt: "p".repeat(32),
            texts: "t".repeat(32),
            settings,
        }
    }

    #[test]
    fn what_changed_is_named() {
        let begun = identity(json!({"max_rows": 10}));
        let manifest = BatchManifest {
            version: MANIFEST_VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            begun: Timestamp::UNIX_EPOCH,
            today: "2026-06-30".parse().unwrap(),
            input: "a".repeat(64),
            questions: 3,
            asked_with: begun.clone(),
            catalogs: BTreeMap::new(),
            provider: None,
        };
        manifest.same_conditions(&begun).unwrap();
        manifest.same_input(&"a".repeat(64), 3).unwrap();
        let changed = [
            (identity(json!({"max_rows": 11})), "the setting /max_rows"),
            (
                AppIdentity {
                    model: "openai:b".to_owned(),
                    ..begun.clone()
                },
                "the model changed since this run began (it was openai:a, and is now openai:b)",
            ),
            (
                AppIdentity {
                    catalog: "d".repeat(32),
                    ..begun.clone()
                },
                "the catalog changed since this run began (it was cccccccccccc, and is now dddddddddddd)",
            ),
        ];
        for (now, told) in changed {
            let error = manifest.same_conditions(&now).unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
            assert!(error.contains("--fresh") && error.contains("--out"), "{error}");
        }
        let error = manifest.same_input(&"b".repeat(64), 4).unwrap_err().to_string();
        assert!(
            error.contains("aaaaaaaaaaaa, 3 questions, and is now bbbbbbbbbbbb, 4 questions"),
            "{error}"
        );
    }
}
