use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use secrecy::SecretString;
use url::Url;

use super::{Case, DatasetKind, Suite, TableRule};
use crate::agent::Agent;
use crate::app::{App, AppError, Freshness, OpenOptions};
use crate::catalog::CollectionId;
use crate::config::{AuthSettings, CatalogSettings, ContentRule, MetabaseSettings, Settings};
use crate::sandbox::{Running, ServeError, ServeOptions, World, WorldError, serve};
use crate::tapes::Studio;

/// Why a suite's dataset cannot be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// Its data could not be loaded.
    #[error("failed to load the dataset of suite {suite}")]
    World {
        /// The suite.
        suite: String,
        /// Why.
        source: WorldError,
    },
    /// It could not be served.
    #[error("failed to serve the dataset of suite {suite}")]
    Serve {
        /// The suite.
        suite: String,
        /// Why.
        source: ServeError,
    },
    /// It says something of itself that cannot be.
    #[error("the dataset of suite {suite} cannot be asked: {reason}")]
    Unusable {
        /// The suite.
        suite: String,
        /// Why.
        reason: String,
    },
    /// Nothing could be assembled over it.
    #[error("failed to open the dataset of suite {suite}")]
    App {
        /// The suite.
        suite: String,
        /// Why.
        source: Box<AppError>,
    },
}

/// A suite's dataset, served in this process for as long as this lives, and a catalog for everyone who asks.
#[derive(Debug)]
pub(super) struct Stage {
    /// Serves until it is dropped.
    running: Running,
    today: Date,
    settings: BTreeMap<Option<String>, Settings>,
    apps: BTreeMap<Option<String>, App>,
}

impl Stage {
    /// Serves the suite's dataset, and loads the catalog of everyone who asks in `cases`.
    pub(super) async fn open(
        suite: &Suite,
        cases: &[&Case],
        settings: &Settings,
    ) -> Result<Self, StageError> {
        let name = &suite.name;
        let world = load(suite).await?;
        let today = suite.today.unwrap_or_else(|| world.today());
        let running = serve(ServeOptions::new(Arc::clone(&world)))
            .await
            .map_err(|source| StageError::Serve {
                suite: name.clone(),
                source,
            })?;
        let mut stage = Self {
            today,
            settings: BTreeMap::new(),
            apps: BTreeMap::new(),
            running,
        };
        for case in cases {
            if stage.apps.contains_key(&case.principal) {
                continue;
            }
            let key = match &case.principal {
                None => stage.running.api_key.clone(),
                Some(principal) => world.api_key(principal).ok_or_else(|| StageError::Unusable {
                    suite: name.clone(),
                    reason: format!(
                        "it has no API key named {principal:?}, which case {} asks with",
                        case.id
                    ),
                })?,
            };
            let settings = stage.settings(suite, settings, key)?;
            let options = OpenOptions {
                freshness: Freshness::LoadAnew,
                today: Some(today),
            };
            let app = App::open(&settings, options)
                .await
                .map_err(|source| StageError::App {
                    suite: name.clone(),
                    source: Box::new(source),
                })?;
            stage.apps.insert(case.principal.clone(), app);
            stage.settings.insert(case.principal.clone(), settings);
        }
        Ok(stage)
    }

    /// The day that a case is asked on.
    pub(super) fn today(&self, case: &Case) -> Date {
        case.today.unwrap_or(self.today)
    }

    /// What answers one trial of a case and what records it, with a wire and a cache of its own.
    pub(super) fn session(&self, case: &Case, seed: Option<u64>) -> Result<(Agent, Studio), String> {
        let opened = self
            .apps
            .get(&case.principal)
            .zip(self.settings.get(&case.principal));
        let (app, settings) = opened.ok_or("nobody's catalog was loaded for it")?;
        app.session_on(settings, self.today(case), seed)
            .map_err(|error| error.to_string())
    }

    fn settings(
        &self,
        suite: &Suite,
        settings: &Settings,
        key: SecretString,
    ) -> Result<Settings, StageError> {
        let unusable = |reason: String| StageError::Unusable {
            suite: suite.name.clone(),
            reason,
        };
        let url = Url::parse(&self.running.url).map_err(|error| unusable(error.to_string()))?;
        let curated = self.running.curated_collection_id;
        let curated = curated
            .map(u32::try_from)
            .transpose()
            .map_err(|error| unusable(format!("its curated collection has no proper id: {error}")))?;
        let prefix = match &suite.dataset.curated.tables {
            TableRule::None => None,
            TableRule::All => Some(String::new()),
            TableRule::Prefix(prefix) => Some(prefix.clone()),
        };
        Ok(Settings {
            metabase: Some(MetabaseSettings::new(url, AuthSettings::ApiKey(key))),
            catalog: CatalogSettings {
                cards: collection(curated),
                metrics: collection(curated),
                tables: crate::config::TableRule {
                    ids: Vec::new(),
                    name_prefix: prefix,
                },
                cache_dir: None,
                max_age: settings.catalog.max_age,
            },
            ..settings.clone()
        })
    }
}

async fn load(suite: &Suite) -> Result<Arc<World>, StageError> {
    let dataset = suite.dataset.clone();
    let name = &suite.name;
    let loaded = tokio::task::spawn_blocking(move || {
        let path = dataset.path.unwrap_or_default();
        match dataset.kind {
            DatasetKind::Demo => World::demo(),
            DatasetKind::Csv => World::from_csv(&path, dataset.model.as_deref()),
            DatasetKind::Sqlite => World::from_sqlite(&path, dataset.model.as_deref()),
        }
    });
    let world = loaded
        .await
        .map_err(|error| StageError::Unusable {
            suite: name.clone(),
            reason: error.to_string(),
        })?
        .map_err(|source| StageError::World {
            suite: name.clone(),
            source,
        })?;
    Ok(Arc::new(world))
}

fn collection<Id>(id: Option<u32>) -> ContentRule<Id> {
    ContentRule {
        collections: id.into_iter().map(CollectionId).collect(),
        ..ContentRule::default()
    }
}
