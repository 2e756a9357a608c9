use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use cardinal_dbt_sandbox::{DbtServeOptions, RunningDbtSandbox, serve};
use cardinal_sandbox::World;
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// The demo's tables, made once for all tests.
static WORLD: LazyLock<Arc<World>> = LazyLock::new(|| Arc::new(World::demo().unwrap()));
static TLS: Mutex<()> = Mutex::new(());

/// A running sandbox and a client of it.
pub struct Dbt {
    pub running: RunningDbtSandbox,
    http: reqwest::Client,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct DbtAnswer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Dbt {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut DbtServeOptions)) -> Self {
        let mut options = DbtServeOptions::new(Arc::new(|| {
            WORLD.sqlite_address().map_err(|error| error.to_string())
        }));
        options.pace = Duration::from_millis(20);
        options.webhook_backoff = Duration::from_millis(10);
        change(&mut options);
        {
            let _one_at_a_time = TLS.lock().unwrap();
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        Self {
            running: serve(options).await.unwrap(),
            http: reqwest::Client::new(),
        }
    }

    /// The address of a resource of the account.
    pub fn path(&self, version: u8, path: &str) -> String {
        format!("/api/v{version}/accounts/{}{path}", self.running.account_id)
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        authorization: Option<&str>,
        body: Option<&Value>,
    ) -> DbtAnswer {
        let mut request = self.http.request(method, format!("{}{path}", self.running.url));
        if let Some(value) = authorization {
            request = request.header("Authorization", value);
        }
        if let Some(body) = body {
            request = request
                .header("Content-Type", "application/json")
                .body(body.to_string());
        }
        answer(request).await
    }

    pub fn token(&self) -> String {
        format!("Token {}", self.running.token.expose_secret())
    }

    /// The header of a token with one permission set.
    pub fn narrow(&self, set: &str) -> String {
        let found = self.running.narrow_tokens.iter().find(|(known, _)| known == set);
        format!("Bearer {}", found.unwrap().1.expose_secret())
    }

    pub async fn get(&self, version: u8, path: &str) -> DbtAnswer {
        self.send(Method::GET, &self.path(version, path), Some(&self.token()), None)
            .await
    }

    pub async fn post(&self, version: u8, path: &str, body: Value) -> DbtAnswer {
        self.send(
            Method::POST,
            &self.path(version, path),
            Some(&self.token()),
            Some(&body),
        )
        .await
    }

    pub async fn delete(&self, version: u8, path: &str) -> DbtAnswer {
        self.send(
            Method::DELETE,
            &self.path(version, path),
            Some(&self.token()),
            None,
        )
        .await
    }

    pub async fn graphql(&self, path: &str, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let answer = self
            .send(Method::POST, path, Some(&self.token()), Some(&body))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Data of a Discovery query that has to succeed.
    pub async fn discover(&self, query: &str, mut variables: Value) -> Value {
        variables["environmentId"] = json!(self.running.environment_id);
        let answer = self.graphql("/graphql", query, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"]["environment"].clone()
    }

    /// Waits until a run is over, and gives it.
    pub async fn finished(&self, run: i64) -> Value {
        for _ in 0..500 {
            let run = self
                .get(
                    2,
                    &format!("/runs/{run}/?include_related=run_steps,trigger,audit"),
                )
                .await
                .data();
            if run["is_complete"] == true {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("run {run} does not end");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "these tests are the sandbox's own client"
)]
async fn answer(request: reqwest::RequestBuilder) -> DbtAnswer {
    let response = request.send().await.unwrap();
    DbtAnswer {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

impl DbtAnswer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn data(&self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text);
        self.json()["data"].clone()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A job as it has to be posted.
pub fn job(account: i64) -> Value {
    json!({
        "account_id": account, "project_id": 5201, "environment_id": 7001, "name": "New job",
        "execution": { "timeout_seconds": 0 }, "generate_docs": false, "run_generate_sources": false,
        "lifecycle_webhooks": false, "run_compare_changes": false, "run_lint": false, "errors_on_lint_failure": true,
        "settings": { "threads": 4, "target_name": "prod" }, "state": 1,
        "triggers": { "github_webhook": false, "schedule": false }, "execute_steps": ["dbt build"],
    })
}
