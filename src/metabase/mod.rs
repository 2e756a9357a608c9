//! The Metabase client: everything that knows Metabase's wire.
//!
//! It signs in, finds out which generation of the Agent API answers, loads what the rules select into a catalog, and
//! runs cards and queries. Two rules hold here. Only this folder builds Metabase paths, so that the endpoint table in
//! `endpoints.rs` is all that can ever be asked. And a query takes `Allowed*` types, which only a loaded catalog hands
//! out, so that an id nobody curated cannot be sent.
//!
//! ```no_run
//! # use cardinal::catalog::CatalogSettings;
//! # use cardinal::metabase::{MetabaseClient, MetabaseError};
//! # async fn load(client: MetabaseClient, rules: CatalogSettings) -> Result<(), MetabaseError> {
//! let loaded = client.load_catalog(&rules).await?;
//! for warning in &loaded.warnings {
//!     println!("{warning}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Start with `client.rs` for what can be asked, `call.rs` for how a request is sent, `dialect/mod.rs` for how each
//! generation is asked, `curate/load.rs` for how a catalog is loaded, and `answer.rs` for what counts as a success.

mod answer;
mod auth;
mod call;
mod capabilities;
mod card;
mod classic;
mod client;
mod column_format;
mod columns;
mod credential;
mod curate;
mod dialect;
mod endpoints;
mod error;
mod failure;
mod fetched;
mod fields;
mod generation;
mod in_flight;
mod lenient;
mod lent_session;
mod probe;
mod query;
mod saved_query;
mod scopes;
mod server;
mod settings;
mod sources;
mod tables_read;
mod trailing_error;
mod values;
mod weekdays;
mod wire_card;

pub use auth::SigningClock;
pub use call::rows_of;
pub use capabilities::{Capability, CapabilityProof, HowServed, served};
pub use client::MetabaseClient;
pub use credential::{CredentialInfo, SignedInPerson};
pub use curate::LoadProgress;
pub(crate) use curate::OnProgress;
pub use endpoints::{grants, grants_of};
pub use error::{FailureClass, MetabaseError};
pub use fetched::{DimensionOwner, FetchedCatalog, FetchedTable, FetchedValues};
pub use generation::{FoundBy, Generation, ServerInfo};
pub use lent_session::LentSession;
pub use query::{
    AggregateFunction, Aggregation, Bucket, CardArgument, CardRun, Direction, FilterOperation, GroupBy,
    MetricQuery, OrderBy, QueryFilter, Scalar, TableQuery,
};
pub use settings::{AuthSettings, DatasetRoute, GenerationSetting, MetabaseSettings, SignInMethod};
