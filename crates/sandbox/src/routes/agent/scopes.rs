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
    CreateQuestionScope = RequiredScope::Named("agent:question:create");
    UpdateQuestionScope = RequiredScope::Named("agent:question:update");
    ExecuteQuestionScope = RequiredScope::Named("agent:question:execute");
    CreateMetricScope = RequiredScope::Named("agent:metric:create");
    UpdateMetricScope = RequiredScope::Named("agent:metric:update");
    CreateDashboardScope = RequiredScope::Named("agent:dashboard:create");
    UpdateDashboardScope = RequiredScope::Named("agent:dashboard:update");
    CreateCollectionScope = RequiredScope::Named("agent:collection:create");
    ConstructNativeScope = RequiredScope::Named("agent:sql:construct");
    ExecuteSqlScope = RequiredScope::Named("agent:sql:execute");
    ReadResourceScope = RequiredScope::Named("agent:resource:read");
    /// The database routes came by backport and declare none.
    DatabaseScope = RequiredScope::Undeclared;
}
