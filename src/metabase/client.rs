use std::sync::Arc;

use tokio::sync::OnceCell;
use url::Url;

use super::auth::SigningClock;
use super::call::Caller;
use super::fetched::{DimensionOwner, FetchedCatalog, FetchedTable, FetchedValues};
use super::server::{self, DetectedServer};
use super::{
    CardRun, CredentialInfo, FailureClass, MetabaseError, MetricQuery, OnProgress, ServerInfo,
    SignedInPerson, TableQuery, card, credential, curate, dialect, failure, scopes, tables_read, values,
    weekdays,
};
use crate::catalog::CatalogSettings;
use crate::catalog::{
    AllowedCard, CardDefinition, Catalog, Dimension, EarlierCatalog, Entry, EntryKind, Parameter,
    WarehouseTable,
};
use crate::metabase::MetabaseSettings;
use crate::principal::Principal;
use crate::wire::{LoadingModels, QueueTime, TurnNameGuard, Wire};

/// The Metabase client of one principal. Cheap to clone; clones share the credential and what is known of the
/// server.
#[derive(Debug, Clone)]
pub struct MetabaseClient {
    caller: Caller,
    detected: Arc<OnceCell<DetectedServer>>,
}

impl MetabaseClient {
    /// A client of the configured server. Sends nothing yet.
    pub fn new(settings: MetabaseSettings, wire: Wire, principal: Principal) -> Self {
        Self::with_clock(settings, wire, principal, SigningClock::default())
    }

    /// The same, with a clock of its own for the tokens it signs.
    pub fn with_clock(
        settings: MetabaseSettings,
        wire: Wire,
        principal: Principal,
        clock: SigningClock,
    ) -> Self {
        Self {
            caller: Caller::new(settings, wire, principal, clock),
            detected: Arc::default(),
        }
    }

    /// What is sent over this client's wire is logged as this turn's until the guard is dropped.
    pub(crate) fn name_turn(&self, turn_id: &str) -> TurnNameGuard {
        self.caller.wire.tape_slot().name_turn(turn_id)
    }

    /// How long its session has waited in our own queue.
    pub(crate) fn queue_time(&self) -> &QueueTime {
        self.caller.wire.queue_time()
    }

    /// How long its session waits for models that are being loaded.
    pub(crate) fn loading(&self) -> &LoadingModels {
        self.caller.wire.loading()
    }

    /// This client over another wire: another session's, or one that records. The credential and what is known of
    /// the server stay shared.
    #[must_use]
    pub fn over(&self, wire: Wire) -> Self {
        let mut client = self.clone();
        client.caller.wire = wire;
        client
    }

    /// What answers; asked once and kept. An error when nothing answers or the credential is refused.
    pub async fn server(&self) -> Result<ServerInfo, MetabaseError> {
        Ok(self.detected().await?.info.clone())
    }

    /// Why there is no Agent API, if there is none.
    pub async fn why_no_agent_api(&self) -> Result<Option<String>, MetabaseError> {
        Ok(self.detected().await?.why_none().map(str::to_owned))
    }

    /// Scopes of the Agent API that the generation needs and the credential lacks, each found by asking a route for nothing.
    pub async fn missing_scopes(&self) -> Result<Vec<&'static str>, MetabaseError> {
        scopes::missing(&self.caller, self.detected().await?).await
    }

    /// What is known of the server, for a tape's header; asked once and kept.
    pub(crate) async fn detection(&self) -> Result<serde_json::Value, MetabaseError> {
        let detected = self.detected().await?;
        serde_json::to_value(detected).map_err(|error| {
            failure::local("note what answers", FailureClass::Unreadable, &error.to_string())
        })
    }

    /// The same client, of a server of which [`MetabaseClient::detection`] said this: it does not ask again.
    pub(crate) fn with_detection(mut self, detection: &serde_json::Value) -> Result<Self, serde_json::Error> {
        let detected = serde_json::from_value(detection.clone())?;
        self.detected = Arc::new(OnceCell::new_with(Some(detected)));
        Ok(self)
    }

    /// Loads what the rules select. What could not be read is left out with a warning; the order of entries and
    /// warnings does not depend on which response came first.
    pub async fn load_catalog(&self, rules: &CatalogSettings) -> Result<FetchedCatalog, MetabaseError> {
        self.load_catalog_watched(rules, &|_| {}).await
    }

    /// The same, and tells how far it is.
    pub async fn load_catalog_watched(
        &self,
        rules: &CatalogSettings,
        on_progress: OnProgress<'_>,
    ) -> Result<FetchedCatalog, MetabaseError> {
        self.refresh_catalog(rules, None, on_progress).await
    }

    /// The same, but entries that nobody edited since they were loaded before are kept and not read.
    pub async fn refresh_catalog(
        &self,
        rules: &CatalogSettings,
        before: Option<EarlierCatalog<'_>>,
        on_progress: OnProgress<'_>,
    ) -> Result<FetchedCatalog, MetabaseError> {
        let detected = self.detected().await?;
        let before = before.and_then(|before| before.of_server(&detected.info.reading()));
        let now = jiff::Timestamp::now();
        curate::load(&self.caller, detected, rules, (before, now), on_progress).await
    }

    /// Who the credential is and what it may do beyond reading, judged by the entries of `catalog`. Needs a credential
    /// that the classic API takes.
    pub async fn credential(&self, catalog: Option<&Catalog>) -> Result<CredentialInfo, MetabaseError> {
        credential::look(&self.caller, catalog).await
    }

    /// The person that the credential is of; `None` when it is of no person with an address.
    pub async fn person(&self) -> Result<Option<SignedInPerson>, MetabaseError> {
        credential::person(&self.caller).await
    }

    pub async fn run_card(&self, run: &CardRun) -> Result<FetchedTable, MetabaseError> {
        let caller = self.caller.for_rows_of(EntryKind::Card, run.card.id().0);
        let fetched = card::run(&caller, run).await?;
        if !weekdays::has_days_or_weeks(&fetched.table) {
            return Ok(fetched);
        }
        // Rows without the names of their days are better than none.
        Ok(match self.detected().await {
            Ok(detected) => weekdays::named(fetched, &detected.info.week_starts_on),
            Err(_) => fetched,
        })
    }

    /// Queries a curated metric, in the dialect of whichever generation answers.
    pub async fn query_metric(&self, query: &MetricQuery) -> Result<FetchedTable, MetabaseError> {
        let detected = self.detected().await?;
        let caller = self.caller.for_rows_of(EntryKind::Metric, query.metric.id().0);
        let fetched = dialect::metric(&caller, detected, query).await?;
        Ok(weekdays::named(fetched, &detected.info.week_starts_on))
    }

    /// Queries a curated table, in the dialect of whichever generation answers.
    pub async fn query_table(&self, query: &TableQuery) -> Result<FetchedTable, MetabaseError> {
        let detected = self.detected().await?;
        let caller = self.caller.for_rows_of(EntryKind::Table, query.table.id().0);
        let fetched = dialect::table(&caller, detected, query).await?;
        Ok(weekdays::named(fetched, &detected.info.week_starts_on))
    }

    /// What a curated card computes, if that is one aggregate and can be read.
    pub(crate) async fn card_definition(
        &self,
        card: &AllowedCard,
    ) -> Result<Option<CardDefinition>, MetabaseError> {
        let detected = self.detected().await?;
        curate::of_card(&self.caller, detected, card.id().0).await
    }

    /// Values that a parameter of a curated card takes.
    pub async fn parameter_values(
        &self,
        card: &AllowedCard,
        parameter: &Parameter,
    ) -> Result<FetchedValues, MetabaseError> {
        let caller = self.caller.for_rows_of(EntryKind::Card, card.id().0);
        values::of_parameter(&caller, card.id(), &parameter.id, true).await
    }

    /// Values that occur in a dimension; at most `limit`.
    pub async fn dimension_values(
        &self,
        owner: &DimensionOwner,
        dimension: &Dimension,
        limit: u32,
    ) -> Result<FetchedValues, MetabaseError> {
        let detected = self.detected().await?;
        let (kind, id) = owner.entry();
        let caller = self.caller.for_rows_of(kind, id);
        values::of_dimension(&caller, detected, owner, dimension, limit).await
    }

    /// The tables of the warehouse that an entry reads, as far as that can be told. Descriptions of the last minute will do.
    pub(crate) async fn tables_read(&self, entry: &Entry) -> Result<Vec<WarehouseTable>, MetabaseError> {
        tables_read::of(&self.caller, entry).await
    }

    /// The address of the Metabase.
    pub fn address(&self) -> &Url {
        &self.caller.settings.url
    }

    pub(crate) fn principal(&self) -> &Principal {
        self.caller.principal()
    }

    /// The page a person opens for a card, metric or table.
    pub fn link(&self, kind: EntryKind, id: u32) -> Option<Url> {
        let mut url = self.caller.settings.url.clone();
        {
            let mut segments = url.path_segments_mut().ok()?;
            segments.pop_if_empty();
            match kind {
                EntryKind::Card => segments.push("question").push(&id.to_string()),
                EntryKind::Metric => segments.push("metric").push(&id.to_string()),
                EntryKind::Table => segments.push("question"),
            };
        }
        if kind == EntryKind::Table {
            url.set_fragment(Some(&format!("?table={id}")));
        }
        Some(url)
    }

    async fn detected(&self) -> Result<&DetectedServer, MetabaseError> {
        self.detected
            .get_or_try_init(|| server::detect(&self.caller))
            .await
    }
}
