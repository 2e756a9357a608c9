//! The one table of Metabase routes that may be called. Requests are built from it, and the wire's grants are made
//! from it, so a route that is not here can neither be written nor sent.

use http::Method;
use url::Url;

use crate::wire::{GrantedEndpoint, Grants, Purpose};

/// One route, and how the wire treats requests of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route {
    post: bool,
    /// The path below the configured address; `{id}` stands for exactly one segment.
    pub(super) path: &'static str,
    pub(super) purpose: Purpose,
    pub(super) idempotent: bool,
    pub(super) cacheable: bool,
}

impl Route {
    const fn read(path: &'static str) -> Self {
        Self {
            post: false,
            path,
            purpose: Purpose::Metadata,
            idempotent: true,
            cacheable: true,
        }
    }

    const fn query(path: &'static str) -> Self {
        Self {
            post: true,
            path,
            purpose: Purpose::DataQuery,
            idempotent: true,
            cacheable: true,
        }
    }

    const fn sign_in(path: &'static str, idempotent: bool) -> Self {
        Self {
            post: true,
            path,
            purpose: Purpose::Auth,
            idempotent,
            cacheable: false,
        }
    }

    /// What the wire's grants are made of.
    const fn endpoint(&self) -> GrantedEndpoint {
        if self.post {
            GrantedEndpoint::post(self.path)
        } else {
            GrantedEndpoint::get(self.path)
        }
    }

    pub(super) fn method(&self) -> Method {
        if self.post { Method::POST } else { Method::GET }
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
pub(super) const SESSION_PROPERTIES: Route = Route::read("/api/session/properties");
/// Exchanges a name and password for a session. Throttled per person, so it is never repeated blindly.
pub(super) const SIGN_IN: Route = Route::sign_in("/api/session", false);
/// Exchanges a JWT for a session.
pub(super) const JWT_TO_SESSION: Route = Route::sign_in("/auth/sso/to_session", true);
/// Tells who the credential is.
pub(super) const CURRENT_USER: Route = Route::read("/api/user/current");
/// Lists databases, with `include=tables` their tables.
pub(super) const DATABASES: Route = Route::read("/api/database");
/// Lists every collection, nested.
pub(super) const COLLECTION_TREE: Route = Route::read("/api/collection/tree");
/// Lists what lies in one collection.
pub(super) const COLLECTION_ITEMS: Route = Route::read("/api/collection/{id}/items");
/// Reads one card or metric.
pub(super) const CARD: Route = Route::read("/api/card/{id}");
/// Runs one card.
pub(super) const CARD_QUERY: Route = Route::query("/api/card/{id}/query");
/// Lists values of one parameter of a card.
pub(super) const PARAMETER_VALUES: Route = Route::read("/api/card/{id}/params/{id}/values");
/// Reads one table with its fields, by their real ids.
pub(super) const TABLE_METADATA: Route = Route::read("/api/table/{id}/query_metadata");
/// Says whether the Agent API is there and takes the credential.
pub(super) const PING: Route = Route::read("/api/agent/v1/ping");
/// Reads one table as the Agent API sees it.
pub(super) const TABLE: Route = Route::read("/api/agent/v1/table/{id}");
/// Reads one metric as the Agent API sees it.
pub(super) const METRIC: Route = Route::read("/api/agent/v1/metric/{id}");
/// Lists values of one field of a table.
pub(super) const TABLE_FIELD_VALUES: Route = Route::read("/api/agent/v1/table/{id}/field/{id}/values");
/// Lists values of one dimension of a metric.
pub(super) const METRIC_FIELD_VALUES: Route = Route::read("/api/agent/v1/metric/{id}/field/{id}/values");
/// Turns a request into a query; runs nothing.
pub(super) const CONSTRUCT: Route = Route {
    purpose: Purpose::Metadata,
    ..Route::query("/api/agent/v1/construct-query")
};
/// Runs a constructed query; at most 200 rows.
pub(super) const EXECUTE: Route = Route::query("/api/agent/v1/execute");
/// Runs a request page by page (v0.60).
pub(super) const QUERY: Route = Route::query("/api/agent/v1/query");
/// Exists from v0.61 on: asked with an empty body only to tell the generations apart.
pub(super) const CONSTRUCT_V2: Route = Route {
    purpose: Purpose::Metadata,
    cacheable: false,
    ..Route::query("/api/agent/v2/construct-query")
};

static GRANTED: [GrantedEndpoint; 20] = [
    SESSION_PROPERTIES.endpoint(),
    SIGN_IN.endpoint(),
    JWT_TO_SESSION.endpoint(),
    CURRENT_USER.endpoint(),
    DATABASES.endpoint(),
    COLLECTION_TREE.endpoint(),
    COLLECTION_ITEMS.endpoint(),
    CARD.endpoint(),
    CARD_QUERY.endpoint(),
    PARAMETER_VALUES.endpoint(),
    TABLE_METADATA.endpoint(),
    PING.endpoint(),
    TABLE.endpoint(),
    METRIC.endpoint(),
    TABLE_FIELD_VALUES.endpoint(),
    METRIC_FIELD_VALUES.endpoint(),
    CONSTRUCT.endpoint(),
    EXECUTE.endpoint(),
    QUERY.endpoint(),
    CONSTRUCT_V2.endpoint(),
];

/// What may be sent to the Metabase at `base`: these routes and nothing else.
pub fn grants(base: &Url) -> Grants {
    Grants::none().and(base, &GRANTED)
}
