//! What every handler shares: the world, the instance's settings, and who is signed in.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::auth::{Identity, JwtKey, LoginThrottle, Sessions};
use super::error::{ApiError, failed};
use super::generation::{ServedEdition, ServedFacts};
use super::query::CardFailure;
use super::query_stream::QueryRun;
use super::semantic::{Card, CardKind, SemanticModel, User};
use super::world::World;

#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the instance, independent of the others"
)]
pub(super) struct InstanceSettings {
    pub(super) facts: &'static ServedFacts,
    pub(super) edition: ServedEdition,
    /// The version that it reports, which need not be the one it serves.
    pub(super) version: String,
    pub(super) ai_features: bool,
    pub(super) agent_api: bool,
    pub(super) execute_sql: bool,
    pub(super) template_tags_as_list: bool,
    /// The most that any credential may do; `None` is everything.
    pub(super) scopes: Option<BTreeSet<String>>,
}

impl InstanceSettings {
    /// 402 when the Agent API needs a licence that is not there, 403 when it is switched off.
    pub(super) fn check_agent_api(&self) -> Result<(), ApiError> {
        if self.facts.licensed && self.edition != ServedEdition::Pro {
            return Err(ApiError::unlicensed("Agent API"));
        }
        let message = if !self.ai_features {
            "AI features are not enabled."
        } else if !self.agent_api {
            "Agent API is not enabled."
        } else {
            return Ok(());
        };
        Err(ApiError::text(StatusCode::FORBIDDEN, message))
    }
}

/// A key that is accepted, and who it acts as.
#[derive(Debug)]
pub(super) struct AcceptedKey {
    pub(super) secret: SecretString,
    pub(super) holder: Identity,
}

/// The state of a running sandbox.
#[derive(Debug)]
pub(super) struct AppState {
    pub(super) world: Arc<World>,
    pub(super) settings: InstanceSettings,
    pub(super) sessions: Sessions,
    pub(super) throttle: LoginThrottle,
    pub(super) jwt: Option<JwtKey>,
    pub(super) keys: Vec<AcceptedKey>,
    pub(super) query_slots: Arc<Semaphore>,
}

impl AppState {
    /// What the world holds besides rows.
    pub(super) fn model(&self) -> &SemanticModel {
        self.world.model()
    }

    /// Whether this generation knows such a card: metrics have not always been cards.
    pub(super) fn knows(&self, card: &Card) -> bool {
        self.settings.facts.typed_cards || card.kind != CardKind::Metric
    }

    /// An active user as a caller.
    pub(super) fn person(&self, user_id: i64) -> Option<Identity> {
        let user = self.model().users.iter().find(|user| user.id == user_id)?;
        user.active.then(|| self.identity(user))
    }

    /// An active user as a caller, by lower-case e-mail.
    pub(super) fn person_by_email(&self, email: &str) -> Option<Identity> {
        let user = self.model().users.iter().find(|user| user.email == email)?;
        user.active.then(|| self.identity(user))
    }

    /// Who a key acts as.
    pub(super) fn key_holder(&self, key: &str) -> Option<Identity> {
        self.keys
            .iter()
            .find(|known| known.secret.expose_secret() == key)
            .map(|known| known.holder.clone())
    }

    /// Runs what blocks (every query does) where blocking is allowed, as much at once as there are processors. A request
    /// that is dropped while it waits for its turn never runs.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&World) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let stopped = || ApiError::exception("The query stopped unexpectedly.");
        let turn = Arc::clone(&self.query_slots).acquire_owned().await;
        let turn = turn.map_err(|_| stopped())?;
        let world = Arc::clone(&self.world);
        let running = tokio::task::spawn_blocking(move || {
            let outcome = work(&world);
            drop(turn);
            outcome
        });
        running.await.map_err(|_| stopped())
    }

    /// Runs a query; a failure becomes the failed-query envelope of `run`.
    pub(super) async fn query<T: Send + 'static, E: Into<CardFailure> + Send + 'static>(
        &self,
        run: &QueryRun,
        work: impl FnOnce(&World) -> Result<T, E> + Send + 'static,
    ) -> Result<T, ApiError> {
        let outcome = self.blocking(work).await?;
        outcome.map_err(|failure| match failure.into() {
            CardFailure::Query(failure) => failed(failure, run.clone()),
            CardFailure::Exception(exception) => exception.into(),
        })
    }

    /// A run that starts now.
    pub(super) fn start_run(&self, context: &'static str, json_query: Value) -> QueryRun {
        QueryRun::start(context, json_query, self.model().database.id)
    }

    fn identity(&self, user: &User) -> Identity {
        Identity {
            user_id: user.id,
            email: user.email.clone(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            groups: user.groups.clone(),
            access: self.model().access(&user.groups, user.superuser),
            scopes: None,
        }
    }
}

/// Who the keys of a model act as: made-up users beyond the people, one per key. A model without keys gets `spare`,
/// which acts as the first active person, or with all rights where there are no people.
pub(super) fn keys_of(model: &SemanticModel, spare: SecretString) -> Vec<AcceptedKey> {
    let beyond = model.users.iter().map(|user| user.id).max().unwrap_or_default() + 1;
    let holder = |user_id: i64, name: &str, groups: Vec<i64>, superuser: bool| Identity {
        user_id,
        email: format!("api-key-user-{user_id}@api-key.invalid"),
        first_name: name.to_owned(),
        last_name: String::new(),
        access: model.access(&groups, superuser),
        groups,
        scopes: None,
    };
    let keys: Vec<AcceptedKey> = (beyond..)
        .zip(&model.api_keys)
        .map(|(user_id, key)| AcceptedKey {
            secret: key.key.clone(),
            holder: holder(user_id, &key.name, vec![key.group_id], key.superuser),
        })
        .collect();
    if !keys.is_empty() {
        return keys;
    }
    let person = model.users.iter().find(|user| user.active);
    let holder = match person {
        Some(user) => holder(beyond, "Sandbox", user.groups.clone(), user.superuser),
        None => holder(beyond, "Sandbox", Vec::new(), true),
    };
    vec![AcceptedKey {
        secret: spare,
        holder,
    }]
}
