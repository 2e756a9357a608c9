use std::path::Path;

use cardinal::config::{ConfigError, Environment, LoadedSettings, Overrides, load};

/// What is enough to ask a Metabase.
pub(super) const METABASE: [(&str, &str); 3] = [
    ("METABASE_URL", "https://bi.example.com"),
    ("METABASE_API_KEY", "mb_secret"),
    ("CARDINAL_CATALOG_COLLECTIONS", "7"),
];

pub(super) fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub(super) fn load_env(pairs: &[(&str, &str)]) -> Result<LoadedSettings, ConfigError> {
    load_in(tempfile::tempdir().unwrap().path(), pairs, &Overrides::default())
}

pub(super) fn load_in(
    directory: &Path,
    pairs: &[(&str, &str)],
    overrides: &Overrides,
) -> Result<LoadedSettings, ConfigError> {
    load(&environment(pairs), directory, overrides)
}

/// Loads with `text` as `cardinal.toml`.
pub(super) fn load_file(text: &str, pairs: &[(&str, &str)]) -> Result<LoadedSettings, ConfigError> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("cardinal.toml"), text).unwrap();
    load_in(directory.path(), pairs, &Overrides::default())
}

/// The message of a file that is refused, without the folder it lies in.
pub(super) fn refusal(text: &str, pairs: &[(&str, &str)]) -> String {
    let message = load_file(text, pairs).unwrap_err().to_string();
    match message.find("cardinal.toml") {
        Some(start) => message[start..].to_owned(),
        None => message,
    }
}
