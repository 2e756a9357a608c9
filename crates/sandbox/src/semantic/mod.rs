//! What the sandbox knows about its database: tables, collections, cards, segments, measures and who may see them.
//! All of it comes from a small YAML file over the introspected tables; `demo.yaml` is one.

mod access;
mod card;
mod cards;
mod dashboard;
mod database;
mod fault;
mod file;
mod ids;
mod model;
mod names;
mod people;
mod resolve;

pub use access::{Access, AllowList, ApiKey, PermissionGroup, User};
pub use card::{Card, CardKind, Collection, SavedMeasure, SavedSegment};
pub use dashboard::Dashboard;
pub use database::{DatabaseMetadata, FieldMetadata, TableMetadata};
pub use fault::ModelFault;
pub use model::SemanticModel;

pub(crate) use card::{CardColumn, MetricDimension};
pub(crate) use dashboard::DashboardCard;
pub(crate) use database::is_temporal;
pub(crate) use ids::uuid as stable_uuid;
pub(crate) use resolve::load;

/// JSON schema of the model file, as text that ends with a line break. The descriptions are the documentation of its keys.
pub fn model_schema() -> String {
    let schema = schemars::schema_for!(file::ModelFile);
    format!("{:#}\n", schema.to_value())
}
