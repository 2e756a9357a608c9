//! Which operation of Metabase is asked how. Routes are the operations of [`operations::metabase`](crate::operations::metabase),
//! with the way in which the wire treats their requests. Requests are built from them and the wire lets nothing else
//! through, so a route that is not in the table can neither be written nor sent.

use http::Method;
use url::Url;

use super::{DatasetRoute, MetabaseSettings};
use crate::grants::GrantPolicy;
use crate::operations::metabase as table;
use crate::operations::{Api, Operation};
use crate::wire::{Grants, Purpose};

/// One route, and how the wire treats requests of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) operation: Operation,
    /// The scope that a scoped token needs for it; v0.60 and later ask for it.
    pub(super) scope: Option<&'static str>,
    pub(super) purpose: Purpose,
    pub(super) idempotent: bool,
    pub(super) cacheable: bool,
}

impl Route {
    /// Something that exists there.
    const fn read(operation: Operation) -> Self {
        Self {
            operation,
            scope: None,
            purpose: Purpose::Metadata,
            idempotent: true,
            cacheable: true,
        }
    }

    /// Something that a database works out.
    const fn query(operation: Operation) -> Self {
        Self {
            purpose: Purpose::DataQuery,
            ..Self::read(operation)
        }
    }

    const fn sign_in(operation: Operation, idempotent: bool) -> Self {
        Self {
            operation,
            scope: None,
            purpose: Purpose::Auth,
            idempotent,
            cacheable: false,
        }
    }

    /// The same route, for tokens that have this scope.
    const fn scoped(self, scope: &'static str) -> Self {
        Self {
            scope: Some(scope),
            ..self
        }
    }

    pub(super) fn method(&self) -> Method {
        self.operation.verb.method()
    }

    /// The path below the configured address.
    pub(super) fn path(&self) -> &'static str {
        self.operation.path
    }

    /// Whether the Agent API serves it, which takes bearer tokens; everything else is the classic API.
    pub(super) fn is_agent(&self) -> bool {
        self.path().starts_with("/api/agent/")
    }

    /// The address, with `ids` in the places of the parameters in order. Segments are escaped, so that an id can never reach
    /// another route.
    pub(super) fn url(&self, base: &Url, ids: &[&str]) -> Option<Url> {
        let mut url = base.clone();
        let mut ids = ids.iter();
        {
            let mut segments = url.path_segments_mut().ok()?;
            segments.pop_if_empty();
            for segment in self.path().split('/').skip(1) {
                segments.push(if segment.starts_with('{') {
                    ids.next()?
                } else {
                    segment
                });
            }
        }
        Some(url)
    }
}

pub(super) const SESSION_PROPERTIES: Route = Route::read(table::SESSION_PROPERTIES);
pub(super) const SIGN_IN: Route = Route::sign_in(table::SIGN_IN, false);
pub(super) const JWT_TO_SESSION: Route = Route::sign_in(table::JWT_TO_SESSION, true);
pub(super) const CURRENT_USER: Route = Route::read(table::CURRENT_USER);
pub(super) const DATABASES: Route = Route::read(table::DATABASES);
pub(super) const COLLECTION_TREE: Route = Route::read(table::COLLECTION_TREE);
pub(super) const COLLECTIONS: Route = Route::read(table::COLLECTIONS);
pub(super) const COLLECTION_ITEMS: Route = Route::read(table::COLLECTION_ITEMS);
pub(super) const CARDS: Route = Route::read(table::CARDS);
pub(super) const CARD: Route = Route::read(table::CARD);
pub(super) const CARD_QUERY: Route = Route::query(table::CARD_QUERY);
pub(super) const PARAMETER_VALUES: Route = Route::read(table::PARAMETER_VALUES);
pub(super) const TABLE_METADATA: Route = Route::read(table::TABLE_METADATA);
pub(super) const PING: Route = Route::read(table::PING);
pub(super) const TABLE: Route = Route::read(table::TABLE).scoped("agent:table:read");
pub(super) const METRIC: Route = Route::read(table::METRIC).scoped("agent:metric:read");
pub(super) const TABLE_FIELD_VALUES: Route =
    Route::read(table::TABLE_FIELD_VALUES).scoped("agent:table:read");
pub(super) const METRIC_FIELD_VALUES: Route =
    Route::read(table::METRIC_FIELD_VALUES).scoped("agent:metric:read");
pub(super) const CONSTRUCT: Route = Route::read(table::CONSTRUCT).scoped("agent:query:construct");
pub(super) const EXECUTE: Route = Route::query(table::EXECUTE).scoped("agent:query:execute");
pub(super) const QUERY: Route = Route::query(table::QUERY).scoped("agent:query");
pub(super) const QUERY_V2: Route = Route::query(table::QUERY_V2).scoped("agent:query");
pub(super) const CONSTRUCT_V2: Route = Route {
    cacheable: false,
    ..Route::read(table::CONSTRUCT_V2).scoped("agent:query:construct")
};
pub(super) const FIELD_VALUES: Route = Route::read(table::FIELD_VALUES);
pub(super) const DATASET: Route = Route::query(table::DATASET);

/// Every scope that a token may need, each once, in one line as a token carries them.
pub(super) const SCOPES: &str =
    "agent:metric:read agent:query agent:query:construct agent:query:execute agent:table:read";

/// What may be sent to the Metabase at `base`: what the policy grants of the table's operations, and nothing else. Queries
/// over the classic route are not among them.
pub fn grants(base: &Url, policy: &GrantPolicy) -> Grants {
    Grants::none().api_without(base, Api::Metabase, policy, &[table::DATASET])
}

/// What may be sent to the configured Metabase: the same, and queries over the classic route where the settings allow it.
pub fn grants_of(settings: &MetabaseSettings, policy: &GrantPolicy) -> Grants {
    match settings.dataset_route {
        DatasetRoute::Never => grants(&settings.url, policy),
        DatasetRoute::Fallback => Grants::none().api(&settings.url, Api::Metabase, policy),
    }
}
