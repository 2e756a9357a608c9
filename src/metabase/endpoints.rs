//! The one table of Metabase routes that may be called. Requests are built from it, and the wire's grants are made
//! from it, so a route that is not here can neither be written nor sent.

use http::Method;
use url::Url;

use crate::wire::Purpose;

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The path below the configured address; `{id}` stands for exactly one segment.
    pub path: &'static str,
    /// What it is called for.
    pub purpose: Purpose,
    /// Whether sending it twice does no harm.
    pub idempotent: bool,
    /// Whether a success may be kept and served again within a session.
    pub cacheable: bool,
}

impl Route {
    const fn read(path: &'static str) -> Self {
        Self {
            method: "GET",
            path,
            purpose: Purpose::Metadata,
            idempotent: true,
            cacheable: true,
        }
    }

    const fn query(path: &'static str) -> Self {
        Self {
            method: "POST",
            path,
            purpose: Purpose::DataQuery,
            idempotent: true,
            cacheable: true,
        }
    }

    const fn sign_in(path: &'static str, idempotent: bool) -> Self {
        Self {
            method: "POST",
            path,
            purpose: Purpose::Auth,
            idempotent,
            cacheable: false,
        }
    }

    /// The method as the wire wants it.
    pub(super) fn http_method(&self) -> Method {
        if self.method == "POST" {
            Method::POST
        } else {
            Method::GET
        }
    }

    /// Whether the Agent API serves it, which takes bearer tokens; everything else is the classic API.
    pub(super) fn is_agent(&self) -> bool {
        self.path.starts_with("/api/agent/")
    }

    /// The address, with `ids` in the places of `{id}` in order. Segments are escaped, so that an id can never reach
    /// another route.
    pub(super) fn url(&self, base: &Url, ids: &[&str]) -> Option<Url> {
        let mut url = base.clone();
        let mut ids = ids.iter();
        {
            let mut segments = url.path_segments_mut().ok()?;
            segments.pop_if_empty();
            for segment in self.path.split('/').skip(1) {
                segments.push(if segment == "{id}" { ids.next()? } else { segment });
            }
        }
        Some(url)
    }
}

/// Reads the public settings, among them the version; needs no credential.
pub const SESSION_PROPERTIES: Route = Route::read("/api/session/properties");
/// Exchanges a name and password for a session. Throttled per person, so it is never repeated blindly.
pub const SIGN_IN: Route = Route::sign_in("/api/session", false);
/// Exchanges a JWT for a session.
pub const JWT_TO_SESSION: Route = Route::sign_in("/auth/sso/to_session", true);
/// Tells who the credential is.
pub const CURRENT_USER: Route = Route::read("/api/user/current");
/// Lists databases, with `include=tables` their tables.
pub const DATABASES: Route = Route::read("/api/database");
/// Lists every collection, nested.
pub const COLLECTION_TREE: Route = Route::read("/api/collection/tree");
/// Lists what lies in one collection.
pub const COLLECTION_ITEMS: Route = Route::read("/api/collection/{id}/items");
/// Reads one card or metric.
pub const CARD: Route = Route::read("/api/card/{id}");
/// Runs one card.
pub const CARD_QUERY: Route = Route::query("/api/card/{id}/query");
/// Lists values of one parameter of a card.
pub const PARAMETER_VALUES: Route = Route::read("/api/card/{id}/params/{id}/values");
/// Reads one table with its fields, by their real ids.
pub const TABLE_METADATA: Route = Route::read("/api/table/{id}/query_metadata");
/// Says whether the Agent API is there and takes the credential.
pub const PING: Route = Route::read("/api/agent/v1/ping");
/// Reads one table as the Agent API sees it.
pub const TABLE: Route = Route::read("/api/agent/v1/table/{id}");
/// Reads one metric as the Agent API sees it.
pub const METRIC: Route = Route::read("/api/agent/v1/metric/{id}");
/// Lists values of one field of a table.
pub const TABLE_FIELD_VALUES: Route = Route::read("/api/agent/v1/table/{id}/field/{id}/values");
/// Lists values of one dimension of a metric.
pub const METRIC_FIELD_VALUES: Route = Route::read("/api/agent/v1/metric/{id}/field/{id}/values");
/// Turns a request into a query; runs nothing.
pub const CONSTRUCT: Route = Route {
    purpose: Purpose::Metadata,
    ..Route::query("/api/agent/v1/construct-query")
};
/// Runs a constructed query; at most 200 rows.
pub const EXECUTE: Route = Route::query("/api/agent/v1/execute");
/// Runs a request page by page (v0.60).
pub const QUERY: Route = Route::query("/api/agent/v1/query");
/// Exists from v0.61 on: asked with an empty body only to tell the generations apart.
pub const CONSTRUCT_V2: Route = Route {
    purpose: Purpose::Metadata,
    cacheable: false,
    ..Route::query("/api/agent/v2/construct-query")
};

/// Every route, for the wire's grants.
pub const ROUTES: &[Route] = &[
    SESSION_PROPERTIES,
    SIGN_IN,
    JWT_TO_SESSION,
    CURRENT_USER,
    DATABASES,
    COLLECTION_TREE,
    COLLECTION_ITEMS,
    CARD,
    CARD_QUERY,
    PARAMETER_VALUES,
    TABLE_METADATA,
    PING,
    TABLE,
    METRIC,
    TABLE_FIELD_VALUES,
    METRIC_FIELD_VALUES,
    CONSTRUCT,
    EXECUTE,
    QUERY,
    CONSTRUCT_V2,
];
