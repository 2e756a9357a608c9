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

pub use env::Environment;
pub use error::ConfigError;
pub(crate) use file::FileConfig;
pub(crate) use load::FILE_NAME;
pub use load::{LoadedSettings, LoadedStore, Overrides, load, load_store};
pub use schema::schema;
pub use server::{AuthPolicy, CredentialPolicy, JwtSettings, ProxySettings, ServerSettings};
pub use settings::Settings;
pub use store::{StorePlace, StoreSettings};
pub use template::TEMPLATE;
