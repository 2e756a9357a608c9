use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::config::env::Environment;
use crate::config::error::ConfigError;
use crate::config::load::SettingOrigins;
use crate::config::store::{StoreConfig, StorePlace, StoreSettings};

/// Names the store before the settings file does.
const DATABASE_URL: &str = "CARDINAL_DATABASE_URL";
const DAY: u64 = 86_400;
const MB: u64 = 1024 * 1024;

pub(in crate::config) fn store(
    file: &StoreConfig,
    environment: &Environment,
    origins: &SettingOrigins,
) -> Result<StoreSettings, ConfigError> {
    let (written, setting) = match (environment.get(DATABASE_URL), &file.url) {
        (Some(url), _) => (Some(url), DATABASE_URL.to_owned()),
        (None, url) => (url.as_deref(), origins.place("store.url")),
    };
    let place = written.map(|url| {
        // The address may hold a password, so it is not shown.
        place(url).map_err(|problem| ConfigError::setting(setting, problem))
    });
    let default = StoreSettings::default();
    Ok(StoreSettings {
        place: place.transpose()?,
        lease: file.lease_seconds.map_or(default.lease, Duration::from_secs),
        keep: file
            .keep_days
            .map(|days| Duration::from_secs(days.saturating_mul(DAY))),
        max_bytes: file.max_mb.map(|mb| mb.saturating_mul(MB)),
    })
}

fn place(url: &str) -> Result<StorePlace, &'static str> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.contains(":memory:") || path.starts_with("file:") || path.contains(['?', '#']) {
            return Err(
                "is not the path of a file: a store in memory would lose what was acknowledged, and options of SQLite are not \
                 taken; write sqlite:PATH",
            );
        }
        if path == "~" || path.starts_with("~/") || path.starts_with("~\\") {
            return Err(
                "begins with ~, which only a shell reads as your home folder: write the whole path, as sqlite:/home/ana/cardinal.sqlite",
            );
        }
        if !path.is_empty() {
            return Ok(StorePlace::Sqlite(PathBuf::from(path)));
        }
    }
    let postgres = ["postgres://", "postgresql://"];
    let named = postgres
        .iter()
        .any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    if named {
        return Ok(StorePlace::Postgres(SecretString::from(url)));
    }
    Err("is not a store: write sqlite:PATH or postgres://USER@HOST/DATABASE")
}
