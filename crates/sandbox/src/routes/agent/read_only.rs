//! Routes that write. The sandbox is read only, so nobody may: the refusal is that of someone who may not write in the
//! collection.

use super::scopes::{
    CreateCollectionScope, CreateDashboardScope, CreateMetricScope, CreateQuestionScope,
    UpdateDashboardScope, UpdateMetricScope, UpdateQuestionScope,
};
use crate::error::ApiError;
use crate::routes::decode::JsonBody;
use crate::routes::extract::AgentRequest;

macro_rules! writing_routes {
    ($($name:ident: $scope:ident;)*) => {$(
        pub(super) async fn $name(_: AgentRequest<$scope>, body: JsonBody) -> ApiError {
            body.into_object().map_or_else(|error| error, |_| ApiError::forbidden())
        }
    )*};
}

writing_routes! {
    create_question: CreateQuestionScope;
    update_question: UpdateQuestionScope;
    create_metric: CreateMetricScope;
    update_metric: UpdateMetricScope;
    create_dashboard: CreateDashboardScope;
    update_dashboard: UpdateDashboardScope;
    create_collection: CreateCollectionScope;
}
