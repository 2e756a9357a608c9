//! What each route demands of a scoped token.

use crate::auth::RequiredScope;
use crate::routes::extract::RouteScope;

macro_rules! route_scopes {
    ($($(#[$doc:meta])* $name:ident = $required:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name;

        impl RouteScope for $name {
            const REQUIRED: RequiredScope = $required;
        }
    )*};
}

route_scopes! {
    AnyScope = RequiredScope::Free;
    SearchScope = RequiredScope::Named("agent:search");
    TableScope = RequiredScope::Named("agent:table:read");
    MetricScope = RequiredScope::Named("agent:metric:read");
    ConstructScope = RequiredScope::Named("agent:query:construct");
    ExecuteScope = RequiredScope::Named("agent:query:execute");
    QueryScope = RequiredScope::Named("agent:query");
    /// The database routes came by backport and declare none.
    DatabaseScope = RequiredScope::Undeclared;
}
