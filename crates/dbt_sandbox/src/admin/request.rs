use std::collections::HashMap;
use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path, RawQuery};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde_json::Value;

use super::AdminState;
use crate::access::{TokenHolder, TokenRight};
use crate::account::AdminObjectKind;
use crate::envelope::AdminFault;
use crate::paging::{PageQuery, listed, pairs};

/// A request below one account: who sends it, what its path names, and its query. Nothing of it has been checked yet.
pub(super) struct AdminRequest {
    pub(super) app: AdminState,
    pub(super) query: String,
    headers: HeaderMap,
    path: HashMap<String, String>,
}

impl FromRequestParts<AdminState> for AdminRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, Infallible> {
        let path = Path::from_request_parts(parts, state).await;
        let RawQuery(query) = RawQuery::from_request_parts(parts, state).await?;
        Ok(Self {
            app: AdminState::clone(state),
            query: query.unwrap_or_default(),
            headers: parts.headers.clone(),
            path: path.map(|Path(path)| path).unwrap_or_default(),
        })
    }
}

impl AdminRequest {
    /// Whoever calls, if the token may do it in the account of the path.
    pub(super) fn enter(&self, right: TokenRight) -> Result<TokenHolder, AdminFault> {
        self.app.enter(&self.headers, self.text("account"), right)
    }

    /// The sandbox, for whoever may do it in the account of the path.
    pub(super) fn allowed(&self, right: TokenRight) -> Result<&AdminState, AdminFault> {
        self.enter(right)?;
        Ok(&self.app)
    }

    /// Whoever calls, if the token is known.
    pub(super) fn caller(&self) -> Result<TokenHolder, AdminFault> {
        self.app
            .tokens
            .caller(&self.headers)
            .ok_or(AdminFault::Unauthorized)
    }

    /// A part of the path by its name in the route.
    pub(super) fn text(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }

    /// An id in the path; what is not a number is not there.
    pub(super) fn id(&self, name: &str) -> Result<i64, AdminFault> {
        self.text(name).parse().map_err(|_| AdminFault::NotFound)
    }

    /// The thing that the path names.
    pub(super) fn object(&self, kind: AdminObjectKind, name: &str) -> Result<Value, AdminFault> {
        self.app.account.need(kind, self.id(name)?)
    }

    /// The id of the path's project, which is there.
    pub(super) fn project(&self) -> Result<i64, AdminFault> {
        self.object(AdminObjectKind::Project, "project")?;
        self.id("project")
    }

    pub(super) fn page(&self) -> Result<PageQuery, AdminFault> {
        PageQuery::parse(&self.query)
    }

    /// What `include_related` names, of one thing.
    pub(super) fn related(&self) -> Vec<String> {
        let found = pairs(&self.query)
            .into_iter()
            .find(|(key, _)| key == "include_related");
        found.map(|(_, value)| listed(&value)).unwrap_or_default()
    }
}
