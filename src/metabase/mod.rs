//! Everything that knows Metabase's wire: credentials, the generations of the Agent API, cards, and turning answers
//! into tables. Only this folder builds Metabase paths, and it runs queries only from `Allowed*` types.

mod agent;
mod answer;
mod auth;
mod call;
mod card;
mod client;
mod columns;
mod credential;
mod curate;
mod endpoints;
mod error;
mod failure;
mod fields;
mod glued;
mod order;
mod pages;
mod query;
mod request;
mod server;
mod settings;
mod values;

pub use auth::Clock;
pub use client::{
    DimensionOwner, Fetched, FetchedValues, Generation, LoadedCatalog, MetabaseClient, ServerInfo,
};
pub use credential::CredentialInfo;
pub use endpoints::grants;
pub use error::{FailureClass, MetabaseError};
pub use query::{
    Aggregate, Aggregation, Bucket, CardArgument, CardRun, Direction, Filter, FilterOperation, GroupBy,
    MetricQuery, OrderBy, Scalar, TableQuery,
};
pub use settings::{AuthSettings, MetabaseSettings, SignInMethod};
