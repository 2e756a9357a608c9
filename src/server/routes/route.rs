//! One route, as the table says it.

use axum::routing::MethodRouter;
use http::Method;
use schemars::JsonSchema;

use super::JSON;
use super::openapi::{SchemaMaker, schema_of};
use crate::server::state::SharedState;

/// Who may ask a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RouteAccess {
    /// Everybody who reaches the server.
    Public,
    /// Who has the scope `ask`.
    Requesters,
    /// Who has the scope `admin` too.
    Administrators,
}

/// One route: a method of a path.
pub(super) struct HttpRoute {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) access: RouteAccess,
    /// What it does, in one line.
    pub(super) about: &'static str,
    pub(super) handler: MethodRouter<SharedState>,
    pub(super) takes: Option<SchemaMaker>,
    pub(super) gives: Option<SchemaMaker>,
    pub(super) media: &'static [&'static str],
    pub(super) query: &'static [(&'static str, &'static str)],
    /// Headers that it reads, beside those that all do, and what each means.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// Whether its response names the answer and its session in headers.
    pub(super) names_answer: bool,
    pub(super) status: u16,
    /// Another status that is no error, and what it says.
    pub(super) also: Option<(u16, &'static str)>,
}

impl HttpRoute {
    pub(super) fn new(
        method: Method,
        path: &'static str,
        about: &'static str,
        handler: MethodRouter<SharedState>,
    ) -> Self {
        Self {
            method,
            path,
            access: RouteAccess::Requesters,
            about,
            handler,
            takes: None,
            gives: None,
            media: &[JSON],
            query: &[],
            headers: &[],
            names_answer: false,
            status: 200,
            also: None,
        }
    }

    pub(super) fn get(path: &'static str, about: &'static str, handler: MethodRouter<SharedState>) -> Self {
        Self::new(Method::GET, path, about, handler)
    }

    pub(super) fn post(path: &'static str, about: &'static str, handler: MethodRouter<SharedState>) -> Self {
        Self::new(Method::POST, path, about, handler)
    }

    pub(super) fn public(mut self) -> Self {
        self.access = RouteAccess::Public;
        self
    }

    pub(super) fn admin(mut self) -> Self {
        self.access = RouteAccess::Administrators;
        self
    }

    pub(super) fn takes<T: JsonSchema>(mut self) -> Self {
        self.takes = Some(schema_of::<T>);
        self
    }

    pub(super) fn gives<T: JsonSchema>(mut self) -> Self {
        self.gives = Some(schema_of::<T>);
        self
    }

    pub(super) fn media(mut self, media: &'static [&'static str]) -> Self {
        self.media = media;
        self
    }

    pub(super) fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }

    pub(super) fn headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    pub(super) fn naming_answer(mut self) -> Self {
        self.names_answer = true;
        self
    }

    pub(super) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn also(mut self, status: u16, about: &'static str) -> Self {
        self.also = Some((status, about));
        self
    }
}
