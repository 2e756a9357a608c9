//! Settings: defaults, then `cardinal.toml`, then the environment, then flags, validated once into [`Settings`].

mod approvals;
mod dbt;
mod env;
mod error;
mod file;
mod grants;
mod load;
mod ranges;
mod resolve;
mod schema;
mod server;
mod settings;
mod store;
mod template;

pub use approvals::{ApprovalsConfig, ApproverConfig};
pub use dbt::DbtConfig;
pub use env::Environment;
pub use error::ConfigError;
pub use file::{
    AuthKind, BudgetConfig, CatalogConfig, ContentConfig, ConversationConfig, FileConfig, GroundingConfig,
    GuardConfig, MetabaseConfig, ModelConfig, PricesConfig, ShapingConfig, TableConfig, TapeConfig,
};
pub use grants::{CallLogConfig, GrantRuleConfig, GrantsConfig, IdConfig, IdList};
pub use load::{FILE_NAME, Loaded, Overrides, load};
pub use schema::schema;
pub use server::{
    AuthPolicy, CredentialPolicy, JwtConfig, JwtSettings, ProxyConfig, ProxySettings, ServerConfig,
    ServerSettings,
};
pub use settings::Settings;
pub use store::{StoreConfig, StorePlace, StoreSettings};
pub use template::TEMPLATE;
