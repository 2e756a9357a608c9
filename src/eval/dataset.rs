use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Zoned;
use jiff::civil::Date;
use secrecy::SecretString;
use url::Url;

use super::{Case, Dataset, DatasetKind, Defaults, Suite, TableSelection};
use crate::app::{
    self, App, Error as AppError, Freshness, OpenOptions, Session, SessionOptions, request_limits,
};
use crate::catalog::CollectionId;
use crate::catalog::{CatalogSettings, ContentRule};
use crate::config::Settings;
use crate::dbt::DbtSettings;
use crate::dbt_sandbox::RunningDbtSandbox;
use crate::grants::{GrantLevel, GrantRule, GrantSettings};
use crate::metabase::{AuthSettings, DatasetRoute, MetabaseSettings};
use crate::operations::Area;
use crate::sandbox::{RunningSandbox, ServeError, ServeOptions, ServedGeneration, World, WorldError, serve};
use crate::wire::RequestLimits;

/// Why a suite's dataset cannot be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// Its data could not be loaded.
    #[error("failed to load the dataset of suite {suite}")]
    World { suite: String, source: WorldError },
    /// It could not be served.
    #[error("failed to serve the dataset of suite {suite}")]
    Serve { suite: String, source: ServeError },
    /// What the suite says of it does not fit.
    #[error("the dataset of suite {suite} cannot be asked: {reason}")]
    Unusable { suite: String, reason: String },
    /// Nothing could be assembled over it.
    #[error("failed to open the dataset of suite {suite}")]
    App { suite: String, source: Box<AppError> },
}

/// What a suite asks, and a catalog for everyone who asks: its dataset, served in this process for as long as this lives,
/// or the Metabase of the settings.
#[derive(Debug)]
pub(super) struct OpenDataset {
    /// Serves until it is dropped.
    _running: Option<RunningSandbox>,
    _dbt: Option<RunningDbtSandbox>,
    today: Date,
    apps: BTreeMap<Option<String>, App>,
}

impl OpenDataset {
    /// Serves the suite's dataset, where it is not a Metabase of its own, and loads the catalog of everyone who asks in
    /// `cases`. All requests count within `limits`.
    pub(super) async fn open(
        suite: &Suite,
        cases: &[&Case],
        settings: &Settings,
        limits: &RequestLimits,
    ) -> Result<Self, DatasetError> {
        Self::open_as(None, suite, cases, settings, limits).await
    }

    /// The same, served as a Metabase of this generation, if one is named.
    pub(super) async fn open_as(
        generation: Option<ServedGeneration>,
        suite: &Suite,
        cases: &[&Case],
        settings: &Settings,
        limits: &RequestLimits,
    ) -> Result<Self, DatasetError> {
        let name = &suite.name;
        if suite.dataset.kind == DatasetKind::Configured {
            if generation.is_some() {
                return Err(DatasetError::Unusable {
                    suite: name.clone(),
                    reason: "it is of the configured Metabase, whose generation is what it is; leave the generation out"
                        .to_owned(),
                });
            }
            return Self::configured(suite, settings, limits).await;
        }
        let world = load(suite).await?;
        let today = suite.today.unwrap_or_else(|| world.today());
        let mut options = ServeOptions::new(Arc::clone(&world));
        options.generation = generation.unwrap_or_default();
        let running = serve(options).await.map_err(|source| DatasetError::Serve {
            suite: name.clone(),
            source,
        })?;
        let dbt = beside(suite, &world, &running).await?;
        let mut dataset = Self::empty(today);
        for case in cases {
            if dataset.apps.contains_key(&case.principal) {
                continue;
            }
            let key = match &case.principal {
                None => running.api_key.clone(),
                Some(principal) => world.api_key(principal).ok_or_else(|| DatasetError::Unusable {
                    suite: name.clone(),
                    reason: format!(
                        "it has no API key named {principal:?}, which case {} asks with",
                        case.id
                    ),
                })?,
            };
            let mut settings = sandboxed(suite, &running, settings, key)?;
            if let (Some(_), Some(metabase)) = (generation, settings.metabase.as_mut()) {
                // Where a generation lacks something, a whole suite can be asked only so.
                metabase.dataset_route = DatasetRoute::Fallback;
            }
            (settings.dbt, settings.grants) = granted(suite, dbt.as_ref())?;
            let principal = case.principal.clone();
            dataset.admit(suite, principal, settings, limits).await?;
        }
        Ok(Self {
            _running: Some(running),
            _dbt: dbt,
            ..dataset
        })
    }

    /// Fingerprint of the catalog of a dataset that is served here, as the curated reader sees it.
    pub(super) async fn catalog(
        folder: &Path,
        dataset: &Dataset,
        settings: &Settings,
    ) -> Result<String, DatasetError> {
        let suite = Suite {
            name: folder.display().to_string(),
            description: None,
            dataset: dataset.clone(),
            data: None,
            today: None,
            defaults: Defaults::default(),
            cases: Vec::new(),
            path: folder.to_owned(),
        };
        let reader = Case::bare(String::new(), Vec::new());
        let limits = request_limits(settings);
        let opened = Self::open(&suite, &[&reader], settings, &limits).await?;
        let app = opened.app(&reader);
        Ok(app.map_or_else(String::new, |app| app.catalog().catalog.fingerprint()))
    }

    async fn configured(
        suite: &Suite,
        settings: &Settings,
        limits: &RequestLimits,
    ) -> Result<Self, DatasetError> {
        if settings.metabase.is_none() {
            return Err(DatasetError::Unusable {
                suite: suite.name.clone(),
                reason: "no Metabase is configured; set METABASE_URL and its credential".to_owned(),
            });
        }
        let today = suite.today.unwrap_or_else(|| Zoned::now().date());
        let mut dataset = Self::empty(today);
        dataset.admit(suite, None, settings.clone(), limits).await?;
        Ok(dataset)
    }

    fn empty(today: Date) -> Self {
        Self {
            _running: None,
            _dbt: None,
            today,
            apps: BTreeMap::new(),
        }
    }

    /// Loads the catalog of someone who asks.
    async fn admit(
        &mut self,
        suite: &Suite,
        principal: Option<String>,
        settings: Settings,
        limits: &RequestLimits,
    ) -> Result<(), DatasetError> {
        let options = OpenOptions {
            freshness: Freshness::Reload,
            today: Some(self.today),
        };
        let app = App::open_within(settings, options, limits, &|_| {})
            .await
            .map_err(|source| DatasetError::App {
                suite: suite.name.clone(),
                source: Box::new(source),
            })?;
        self.apps.insert(principal, app);
        Ok(())
    }

    /// The day that a case is asked on.
    pub(super) fn today(&self, case: &Case) -> Date {
        case.today.unwrap_or(self.today)
    }

    /// Everything that was opened for who asks a case.
    pub(super) fn app(&self, case: &Case) -> Option<&App> {
        self.apps.get(&case.principal)
    }

    /// The day on which cases are asked that name none.
    pub(super) fn default_today(&self) -> Date {
        self.today
    }

    /// The conversation of one trial of a case. It shares no cache with any other.
    pub(super) fn session(&self, case: &Case, id: String, seed: Option<u64>) -> Result<Session, String> {
        let app = self.app(case).ok_or("nobody's catalog was loaded for it")?;
        let options = SessionOptions {
            id: Some(id),
            today: Some(self.today(case)),
            seed,
            apart: true,
            ..SessionOptions::default()
        };
        app.session(options).map_err(|error| error.to_string())
    }
}

/// The dbt sandbox beside the demo, where the suite wants it.
async fn beside(
    suite: &Suite,
    world: &Arc<World>,
    running: &RunningSandbox,
) -> Result<Option<RunningDbtSandbox>, DatasetError> {
    let unusable = |reason: String| DatasetError::Unusable {
        suite: suite.name.clone(),
        reason,
    };
    if !suite.dataset.dbt {
        return Ok(None);
    }
    if suite.dataset.kind != DatasetKind::Demo {
        return Err(unusable(
            "the dbt sandbox is over the demo's data alone".to_owned(),
        ));
    }
    let served = app::dbt_beside(Arc::clone(world), &running.url).await;
    served.map(Some).map_err(|error| unusable(error.to_string()))
}

/// What is asked of dbt: the sandbox beside the data, of which models, jobs and runs may be read; nothing where there is none.
fn granted(
    suite: &Suite,
    running: Option<&RunningDbtSandbox>,
) -> Result<(DbtSettings, GrantSettings), DatasetError> {
    let Some(running) = running else {
        return Ok((DbtSettings::default(), GrantSettings::default()));
    };
    let cloud = app::dbt_settings(running).map_err(|error| DatasetError::Unusable {
        suite: suite.name.clone(),
        reason: error.to_string(),
    })?;
    let areas = [Area::DbtDiscovery, Area::DbtJobs, Area::DbtRuns];
    Ok((
        DbtSettings {
            cloud: Some(cloud),
            ..DbtSettings::default()
        },
        GrantSettings {
            rules: vec![GrantRule::new(areas, GrantLevel::Read)],
            ..GrantSettings::default()
        },
    ))
}

/// The settings, with the sandbox that serves the suite's dataset in place of a Metabase.
fn sandboxed(
    suite: &Suite,
    running: &RunningSandbox,
    settings: &Settings,
    key: SecretString,
) -> Result<Settings, DatasetError> {
    let unusable = |reason: String| DatasetError::Unusable {
        suite: suite.name.clone(),
        reason,
    };
    let url = Url::parse(&running.url).map_err(|error| unusable(error.to_string()))?;
    let curated = running.curated_collection_id;
    let curated = curated
        .map(u32::try_from)
        .transpose()
        .map_err(|error| unusable(format!("its curated collection has no proper id: {error}")))?;
    let prefix = match &suite.dataset.curated.tables {
        TableSelection::None => None,
        TableSelection::All => Some(String::new()),
        TableSelection::Prefix(prefix) => Some(prefix.clone()),
    };
    Ok(Settings {
        metabase: Some(MetabaseSettings::new(url, AuthSettings::ApiKey(key))),
        catalog: CatalogSettings {
            notes: crate::catalog::CatalogNotes::default(),
            cards: collection(curated),
            metrics: collection(curated),
            tables: crate::catalog::TableRule {
                ids: Vec::new(),
                name_prefix: prefix,
            },
            dbt_metrics: crate::catalog::DbtMetricRule::default(),
            cache_dir: None,
            max_age: settings.catalog.max_age,
        },
        ..settings.clone()
    })
}

async fn load(suite: &Suite) -> Result<Arc<World>, DatasetError> {
    let dataset = suite.dataset.clone();
    let name = &suite.name;
    let loaded = tokio::task::spawn_blocking(move || {
        let path = dataset.path.unwrap_or_default();
        match dataset.kind {
            // A configured Metabase needs no world, and does not come here.
            DatasetKind::Demo | DatasetKind::Configured => World::demo(),
            DatasetKind::Csv => World::from_csv(&path, dataset.model.as_deref()),
            DatasetKind::Sqlite => World::from_sqlite(&path, dataset.model.as_deref()),
        }
    });
    let world = loaded
        .await
        .map_err(|error| DatasetError::Unusable {
            suite: name.clone(),
            reason: error.to_string(),
        })?
        .map_err(|source| DatasetError::World {
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
