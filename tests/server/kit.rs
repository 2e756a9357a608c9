use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cardinal::Settings;
use cardinal::catalog::TableRule;
use cardinal::sandbox::{RunningSandbox, ServeOptions, serve as serve_sandbox};
use cardinal::server::{RunningServer, ServerOptions, SessionStore, serve};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::client::{Ask, Reply};
use super::database;
use crate::support::demo_world::WORLD;
use crate::support::reply::Reply as ModelReply;
use crate::support::scripted_model::ScriptedModel;
use crate::support::stack::{curated, metabase_settings};

/// A server in this process, over the demo, with a store of its own.
pub(super) struct TestServer {
    pub(super) server: RunningServer,
    pub(super) folder: tempfile::TempDir,
    pub(super) model: Option<ScriptedModel>,
    /// The store, as settings name it.
    pub(super) store_url: String,
    settings: Settings,
}

/// Settings of the demo, with that store.
pub(super) fn settings(store: &str) -> Settings {
    let mut settings = Settings::demo();
    settings.store.place = Some(database::place(store));
    settings.server.drain = Duration::from_millis(200);
    settings
}

pub(super) fn listen() -> ServerOptions {
    ServerOptions {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        open: cardinal::OpenOptions::default(),
    }
}

/// A server that was ended, with its store.
pub(super) struct StoppedServer {
    folder: tempfile::TempDir,
    model: Option<ScriptedModel>,
    store_url: String,
    settings: Settings,
}

impl StoppedServer {
    /// Starts a server over the same store.
    pub(super) async fn start(self) -> TestServer {
        let server = serve(self.settings.clone(), listen()).await.unwrap();
        TestServer {
            server,
            folder: self.folder,
            model: self.model,
            store_url: self.store_url,
            settings: self.settings,
        }
    }
}

impl TestServer {
    /// Ends it in order.
    pub(super) async fn stop(self) -> StoppedServer {
        self.server.shutdown().await;
        StoppedServer {
            folder: self.folder,
            model: self.model,
            store_url: self.store_url,
            settings: self.settings,
        }
    }

    /// Before the keyword planner.
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same, with settings changed.
    pub(super) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store_url = database::store_url(folder.path());
        let mut settings = settings(&store_url);
        change(&mut settings);
        let server = serve(settings.clone(), listen()).await.unwrap();
        Self {
            server,
            folder,
            model: None,
            store_url,
            settings,
        }
    }

    /// Another replica over the same store.
    pub(super) async fn replica(&self) -> RunningServer {
        serve(self.settings.clone(), listen()).await.unwrap()
    }

    /// Before a Metabase with the demo's data: its curated content, and the tables of orders.
    pub(super) async fn over_metabase(
        change: impl FnOnce(&mut Settings, &RunningSandbox),
    ) -> (RunningSandbox, Self) {
        let sandbox = serve_sandbox(ServeOptions::new(Arc::clone(&WORLD)))
            .await
            .unwrap();
        let tables = TableRule {
            ids: Vec::new(),
            name_prefix: Some("orders".to_owned()),
        };
        let server = Self::with(|settings| {
            settings.metabase = Some(metabase_settings(&sandbox, Duration::from_secs(10)));
            settings.catalog = curated(&sandbox, tables);
            change(settings, &sandbox);
        })
        .await;
        (sandbox, server)
    }

    /// Before a model that gives these replies in order.
    pub(super) async fn scripted(replies: Vec<ModelReply>) -> Self {
        Self::before(ScriptedModel::openai(replies).await, |_| {}).await
    }

    /// Before this model.
    pub(super) async fn before(model: ScriptedModel, change: impl FnOnce(&mut Settings)) -> Self {
        let reached = model.settings();
        let mut server = Self::with(|settings| {
            settings.model = reached;
            change(settings);
        })
        .await;
        server.model = Some(model);
        server
    }

    pub(super) fn url(&self) -> &str {
        &self.server.url
    }

    /// The store, opened a second time, as `cardinal token` does.
    pub(super) async fn store(&self) -> SessionStore {
        SessionStore::open(&self.settings).await.unwrap()
    }

    /// A token for a principal.
    pub(super) async fn token(&self, principal: &str, scopes: &[&str]) -> String {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let store = self.store().await;
        let new = store
            .create_token(principal, principal, &scopes, None)
            .await
            .unwrap();
        new.token.expose_secret().to_owned()
    }

    pub(super) async fn send(&self, ask: Ask) -> Reply {
        ask.send(self.url()).await
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.send(Ask::get(path)).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Ask::post(path, &body)).await
    }

    /// Asks and waits for the record.
    pub(super) async fn ask(&self, question: &str) -> Value {
        let reply = self.post("/v1/answers", json!({"question": question})).await;
        assert_eq!(reply.status, 200, "{reply:#?}");
        reply.json()
    }

    /// A client of OpenAI that sends back what it was told goes on in the same session.
    pub(super) async fn goes_on_with_what_was_told(&self) {
        let said = |role: &str, text: &str| json!({"role": role, "content": text});
        let mut messages = vec![said("user", "What is zeta?")];
        let body = json!({ "messages": messages });
        let first = self.post("/v1/chat/completions", body).await;
        let told = first.json()["choices"][0]["message"]["content"].clone();
        messages.extend([
            said("assistant", told.as_str().unwrap()),
            said("user", "And eta?"),
        ]);
        let body = json!({ "messages": messages });
        let second = self.post("/v1/chat/completions", body).await;
        assert_eq!(
            second.header("x-cardinal-session"),
            first.header("x-cardinal-session")
        );
    }

    /// The same, in a session.
    pub(super) async fn ask_in(&self, session: &str, question: &str) -> Value {
        let body = json!({"question": question, "session": session});
        let reply = self.post("/v1/answers", body).await;
        assert_eq!(reply.status, 200, "{reply:#?}");
        reply.json()
    }
}

/// A question that the keyword planner answers over the demo.
pub(super) const QUESTION: &str = "How many orders were placed in 2025?";
/// A question that a card answers, so that somebody who may query no table gets an answer too.
pub(super) const CARD_QUESTION: &str = "Refund rate by category in 2025?";
