//! What each route demands of a scoped token.

use crate::auth::Scope;

pub(super) const SEARCH: Scope = Scope::Named("agent:search");
pub(super) const TABLE: Scope = Scope::Named("agent:table:read");
pub(super) const METRIC: Scope = Scope::Named("agent:metric:read");
pub(super) const CONSTRUCT: Scope = Scope::Named("agent:query:construct");
pub(super) const EXECUTE: Scope = Scope::Named("agent:query:execute");
pub(super) const QUERY: Scope = Scope::Named("agent:query");
/// The database routes came by backport and declare none.
pub(super) const DATABASE: Scope = Scope::Undeclared;
