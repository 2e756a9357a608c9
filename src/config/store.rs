//! Settings of the store, as they are written and as the server takes them.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

/// Where sessions and answers are kept, and for how long.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreConfig {
    /// `sqlite:PATH` (default: a file in `cardinal` in the user's state folder) or `postgres://USER@HOST/DATABASE`, for which the
    /// program has to be built with the feature `postgres`. An address with a password belongs into CARDINAL_DATABASE_URL, which
    /// goes before this.
    pub url: Option<String>,
    /// How long a claim on a turn holds that its process does not renew, in seconds (default 15). So long the turns of a
    /// machine that is gone wait for another one.
    #[schemars(range(min = 2, max = 600))]
    pub lease_seconds: Option<u64>,
    /// Sessions that nobody asked for so many days are deleted, with answers and tapes; without it they stay.
    #[schemars(range(min = 1, max = 36_500))]
    pub keep_days: Option<u64>,
    /// When answers and tapes are larger than this together, in MB, the sessions that nobody asked for the longest time are
    /// deleted; without it there is no limit.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub max_mb: Option<u64>,
}

/// Where sessions and answers are kept, and for how long.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// `None`: a SQLite file in the user's state folder, another for the demo.
    pub place: Option<StorePlace>,
    /// How long a claim holds that is not renewed.
    pub lease: Duration,
    /// How long a session is kept that nobody asks.
    pub keep: Option<Duration>,
    /// Most bytes of answers and tapes together.
    pub max_bytes: Option<u64>,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            place: None,
            lease: Duration::from_secs(15),
            keep: None,
            max_bytes: None,
        }
    }
}

#[derive(Debug, Clone)]
pub enum StorePlace {
    /// The file of a SQLite database.
    Sqlite(PathBuf),
    /// The address of a PostgreSQL database. It may hold a password.
    Postgres(SecretString),
}
