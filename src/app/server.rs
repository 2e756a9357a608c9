use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use url::Url;

use super::Error;
use crate::catalog::CollectionId;
use crate::catalog::{CatalogSettings, ContentRule};
use crate::config::Settings;
use crate::dbt::{DbtAddresses, DbtCloudSettings, SharedAccount};
use crate::dbt_sandbox::{self, DbtServeOptions, RunningDbtSandbox};
use crate::grants::GrantPolicy;
use crate::metabase::{AuthSettings, MetabaseSettings};
use crate::sandbox::{RunningSandbox, ServeOptions, World, WorldError, serve};

/// What is asked: the configured Metabase, or the demo sandbox in this process, and dbt's Semantic Layer where metrics of it are
/// curated. With these and without a Metabase, dbt alone.
#[derive(Debug, Clone)]
pub struct Server {
    /// How Metabase is reached. Where there is none, a place that nobody reaches and that nothing is granted for.
    pub metabase: MetabaseSettings,
    /// Which cards, metrics and tables the catalog takes from it.
    pub rules: CatalogSettings,
    /// How the Semantic Layer is reached, where metrics of it are curated.
    pub dbt: Option<DbtCloudSettings>,
    has_metabase: bool,
    /// The operations that the wire lets through; everything else is refused before it is sent.
    pub grants: GrantPolicy,
    demo: Option<Arc<RunningDemo>>,
    /// What all have in common who ask the dbt account that the settings name.
    pub(super) dbt_shared: Option<SharedAccount>,
}

/// Where a Metabase would be.
const NOWHERE: &str = "http://no-metabase.invalid/";

/// The demo's data and the day it was made on: it never changes, so all that open the demo on one day share it.
static DEMO: Mutex<Option<(Date, Arc<World>)>> = Mutex::new(None);

/// The demo runs as long as the server is there.
#[derive(Debug)]
struct RunningDemo {
    /// Both serve until they are dropped.
    _running: RunningSandbox,
    _dbt: RunningDbtSandbox,
    dbt: DbtCloudSettings,
    today: Date,
}

impl Server {
    /// What is configured, or a demo sandbox started now. Nothing is asked yet.
    pub async fn open(settings: &Settings) -> Result<Self, Error> {
        let layer = settings.dbt.semantic_layer();
        let dbt = layer.filter(|_| settings.catalog.dbt_metrics.selects()).cloned();
        let dbt_shared = settings.dbt.cloud.as_ref().map(SharedAccount::new);
        let (metabase, has_metabase) = match (&settings.metabase, &dbt) {
            (Some(metabase), _) => (metabase.clone(), true),
            (None, Some(_)) => (nowhere()?, false),
            (None, None) => {
                let demo = Self::demo(&settings.catalog, GrantPolicy::new(&settings.grants)).await?;
                return Ok(Self { dbt_shared, ..demo });
            }
        };
        Ok(Self {
            metabase,
            rules: settings.catalog.clone(),
            dbt,
            has_metabase,
            grants: GrantPolicy::new(&settings.grants),
            demo: None,
            dbt_shared,
        })
    }

    /// Whether there is a Metabase to ask.
    pub(crate) fn has_metabase(&self) -> bool {
        self.has_metabase
    }

    /// Where the catalog comes from: the address of the Metabase, or that of the Semantic Layer without one.
    pub fn source(&self) -> &Url {
        match &self.dbt {
            Some(dbt) if !self.has_metabase => &dbt.addresses.semantic_layer,
            _ => &self.metabase.url,
        }
    }

    /// The same server, asked with another credential.
    #[must_use]
    pub(crate) fn with_auth(&self, auth: AuthSettings) -> Self {
        let mut server = self.clone();
        server.metabase.auth = auth;
        server
    }

    /// Whether it is the demo sandbox.
    pub(crate) fn is_demo(&self) -> bool {
        self.demo.is_some()
    }

    /// The day that questions mean by "today": the last day of the demo's data, else the real one.
    pub fn today(&self) -> Date {
        self.demo
            .as_ref()
            .map_or_else(|| jiff::Zoned::now().date(), |demo| demo.today)
    }

    /// The dbt that stands beside the demo, from which answers know how healthy their data is. No tool asks it.
    pub(crate) fn demo_dbt(&self) -> Option<&DbtCloudSettings> {
        self.demo.as_ref().map(|demo| &demo.dbt)
    }

    async fn demo(catalog: &CatalogSettings, grants: GrantPolicy) -> Result<Self, Error> {
        let world = tokio::task::spawn_blocking(demo_world)
            .await
            .map_err(|error| Error::Demo(error.to_string()))??;
        let today = world.today();
        let running = serve(ServeOptions::new(Arc::clone(&world))).await?;
        let beside = dbt_beside(world, &running.url).await?;
        let dbt = dbt_settings(&beside)?;
        let url = Url::parse(&running.url).map_err(|error| Error::Demo(error.to_string()))?;
        let curated = running
            .curated_collection_id
            .and_then(|id| u32::try_from(id).ok())
            .ok_or_else(|| Error::Demo("it names no curated collection".to_owned()))?;
        let auth = AuthSettings::ApiKey(running.api_key.clone());
        Ok(Self {
            metabase: MetabaseSettings::new(url, auth),
            rules: CatalogSettings {
                cards: collection(curated),
                metrics: collection(curated),
                // It is another server each time, so nothing that is kept of it could be used again.
                cache_dir: None,
                ..catalog.clone()
            },
            dbt: None,
            has_metabase: true,
            grants,
            dbt_shared: None,
            demo: Some(Arc::new(RunningDemo {
                _running: running,
                _dbt: beside,
                dbt,
                today,
            })),
        })
    }
}

fn demo_world() -> Result<Arc<World>, WorldError> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let mut made = DEMO.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((day, world)) = made.as_ref()
        && *day == today
    {
        return Ok(Arc::clone(world));
    }
    let world = Arc::new(World::demo()?);
    *made = Some((today, Arc::clone(&world)));
    Ok(world)
}

/// Starts the stand-in for dbt over the demo's tables. None of its artifacts is read before somebody asks.
pub async fn dbt_beside(world: Arc<World>, metabase: &str) -> Result<RunningDbtSandbox, Error> {
    let data = move || world.sqlite_address().map_err(|error| error.to_string());
    let mut options = DbtServeOptions::new(Arc::new(data));
    options.metabase_url = Some(metabase.to_owned());
    let served = dbt_sandbox::serve(options).await;
    served.map_err(|error| Error::Demo(error.to_string()))
}

/// How a client reaches that stand-in: its addresses, its account and its token.
pub fn dbt_settings(running: &RunningDbtSandbox) -> Result<DbtCloudSettings, Error> {
    let addresses = DbtAddresses::of_host(&running.url, None).map_err(Error::Demo)?;
    let account = u64::try_from(running.account_id).map_err(|error| Error::Demo(error.to_string()))?;
    Ok(DbtCloudSettings {
        environment_id: u64::try_from(running.environment_id).ok(),
        ..DbtCloudSettings::new(addresses, running.token.clone(), account)
    })
}

fn nowhere() -> Result<MetabaseSettings, Error> {
    let url = Url::parse(NOWHERE).map_err(|error| Error::Demo(error.to_string()))?;
    let auth = AuthSettings::ApiKey(SecretString::from("none"));
    Ok(MetabaseSettings::new(url, auth))
}

fn collection<Id>(id: u32) -> ContentRule<Id> {
    ContentRule {
        collections: vec![CollectionId(id)],
        ..ContentRule::default()
    }
}
