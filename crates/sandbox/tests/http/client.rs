use std::sync::{Arc, LazyLock};

use cardinal_sandbox::{RunningSandbox, ServeOptions, World, serve};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;

/// The demo, which never changes and is made once for all tests.
static WORLD: LazyLock<Arc<World>> = LazyLock::new(|| Arc::new(World::demo().unwrap()));

/// A running demo with a client that knows its credentials.
pub(super) struct Sandbox {
    pub(super) running: RunningSandbox,
    pub(super) http: reqwest::Client,
}

/// An answer, read whole.
#[derive(Debug)]
pub(super) struct HttpAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) body: String,
}

/// How a request says who sends it.
#[derive(Debug, Clone, Copy)]
pub(super) enum As {
    Key,
    /// A session of the administrator.
    Admin,
    /// A session of someone who may read only the curated collection and no table.
    Viewer,
    Nobody,
}

impl Sandbox {
    pub(super) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut ServeOptions)) -> Self {
        let world = tokio::task::spawn_blocking(|| Arc::clone(&WORLD)).await.unwrap();
        let mut options = ServeOptions::new(world);
        change(&mut options);
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            running: serve(options).await.unwrap(),
            http: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
        }
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.running.url))
    }

    pub(super) async fn get(&self, path: &str) -> HttpAnswer {
        self.get_as(As::Key, path).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> HttpAnswer {
        self.post_as(As::Key, path, body).await
    }

    pub(super) async fn get_as(&self, who: As, path: &str) -> HttpAnswer {
        send(self.signed(who, self.request(Method::GET, path)).await).await
    }

    pub(super) async fn post_as(&self, who: As, path: &str, body: &Value) -> HttpAnswer {
        send(json(
            self.signed(who, self.request(Method::POST, path)).await,
            body,
        ))
        .await
    }

    pub(super) async fn fetch(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// A session of a user of the demo.
    pub(super) async fn session(&self, user: &str, password: &str) -> String {
        let body = serde_json::json!({ "username": user, "password": password });
        let answer = send(json(self.request(Method::POST, "/api/session"), &body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    async fn signed(&self, who: As, request: RequestBuilder) -> RequestBuilder {
        match who {
            As::Nobody => request,
            As::Key => request.header("X-API-Key", self.running.api_key.expose_secret()),
            As::Admin => {
                let session = self.session("admin@example.com", "sandbox-admin").await;
                request.header("X-Metabase-Session", session)
            }
            As::Viewer => {
                let session = self.session("viewer@example.com", "sandbox-viewer").await;
                request.header("X-Metabase-Session", session)
            }
        }
    }

    /// The id of the table with this physical name.
    pub(super) async fn table(&self, name: &str) -> i64 {
        let tables = self.get("/api/table").await.json();
        id_of(tables.as_array().unwrap(), name)
    }

    /// The id of the card, metric or model with this name.
    pub(super) async fn card(&self, name: &str) -> i64 {
        let cards = self.get_as(As::Admin, "/api/card").await.json();
        id_of(cards.as_array().unwrap(), name)
    }

    /// The id of the collection with this name.
    pub(super) async fn collection(&self, name: &str) -> i64 {
        let collections = self.get_as(As::Admin, "/api/collection").await.json();
        id_of(collections.as_array().unwrap(), name)
    }

    /// The positional id of a column in a list of the Agent API.
    pub(super) async fn field(&self, table: &str, column: &str) -> String {
        let id = self.table(table).await;
        let table = self.fetch(&format!("/api/agent/v1/table/{id}")).await;
        field_id(&table["fields"], column)
    }
}

/// The positional id of the column with this name in a list.
pub(super) fn field_id(fields: &Value, column: &str) -> String {
    let found = fields
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["name"] == column);
    found.unwrap()["field_id"].as_str().unwrap().to_owned()
}

fn id_of(items: &[Value], name: &str) -> i64 {
    let found = items.iter().find(|item| item["name"] == name);
    found.unwrap_or_else(|| panic!("nothing is called {name}"))["id"]
        .as_i64()
        .unwrap()
}

impl HttpAnswer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The rows of a completed query.
    pub(super) fn rows(&self) -> Vec<Value> {
        assert_eq!(self.status, 202, "{}", self.body);
        let body = self.json();
        assert_eq!(body["status"], "completed", "{}", self.body);
        let rows = body["data"]["rows"].as_array().unwrap().clone();
        assert_eq!(body["row_count"], rows.len());
        rows
    }

    /// Asserts a plain text answer.
    pub(super) fn is_text(&self, status: u16, message: &str) {
        assert_eq!((self.status.as_u16(), self.body.as_str()), (status, message));
        assert_eq!(self.header("content-type"), "text/plain;charset=utf-8");
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(super) fn json(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request
        .header("Content-Type", "application/json")
        .body(body.to_string())
}

/// Sends a request and reads the whole answer.
pub(super) async fn send(request: RequestBuilder) -> HttpAnswer {
    try_send(request).await.unwrap()
}

/// Sends a request; the error is that of a body that does not end as it should.
#[expect(
    clippy::disallowed_methods,
    reason = "these tests are the sandbox's own client"
)]
pub(super) async fn try_send(request: RequestBuilder) -> reqwest::Result<HttpAnswer> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.text().await?;
    Ok(HttpAnswer {
        status,
        headers,
        body,
    })
}

/// Sends a request and looks at the answer's headers only.
#[expect(
    clippy::disallowed_methods,
    reason = "these tests are the sandbox's own client"
)]
pub(super) async fn headers_of(request: RequestBuilder) -> reqwest::header::HeaderMap {
    request.send().await.unwrap().headers().clone()
}
