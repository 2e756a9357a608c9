use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::env::{Environment, EnvironmentSettings, lay_over};
use super::error::ConfigError;
use super::file::FileConfig;
use super::{Settings, StoreSettings, ranges, resolve};
use crate::model::ModelId;

/// The file's name in the working directory.
pub(crate) const FILE_NAME: &str = "cardinal.toml";

/// The version of the file's format.
pub(super) const FILE_VERSION: i64 = 1;

/// Keys under which people are tempted to write a secret, each with the setting to use instead.
const LITERAL_SECRETS: [(&str, &str, &str); 10] = [
    ("metabase", "api_key", "api_key_env"),
    ("metabase", "password", "password_env"),
    ("metabase", "session", "session_env"),
    ("metabase", "jwt_secret", "jwt_secret_env"),
    ("metabase", "secret", "jwt_secret_env"),
    ("dbt", "token", "token_env"),
    ("dbt", "api_key", "token_env"),
    ("model", "api_key", "api_key_env"),
    ("model", "key", "api_key_env"),
    ("model", "headers", "headers_env"),
];

/// What flags say about settings; they go before everything else.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--model`.
    pub model: Option<ModelId>,
}

/// Settings and how they came about.
#[derive(Debug, Clone)]
pub struct LoadedSettings {
    pub settings: Settings,
    /// The file they were read from, if there was one.
    pub file: Option<PathBuf>,
    /// Things a person should know: variables that did nothing. One line each.
    pub notes: Vec<String>,
    /// The variable that chose the model's provider, where nothing names a model.
    pub model_from: Option<&'static str>,
}

/// The settings of the store, and how they came about.
#[derive(Debug, Clone)]
pub struct LoadedStore {
    pub settings: StoreSettings,
    /// Whether no Metabase is named, so that it is the demo's where nothing names it.
    pub is_demo: bool,
    /// Things a person should know: variables that did nothing. One line each.
    pub notes: Vec<String>,
}

/// Where each setting came from, for messages.
#[derive(Debug, Default)]
pub(super) struct SettingOrigins {
    file: Option<PathBuf>,
    names: BTreeMap<String, String>,
}

impl SettingOrigins {
    /// The variable, or the file and key, that a setting came from.
    pub(super) fn place(&self, path: &str) -> String {
        match (self.names.get(path), &self.file) {
            (Some(name), _) => name.clone(),
            (None, Some(file)) => format!("{}: {path}", file.display()),
            (None, None) => path.to_owned(),
        }
    }

    /// Whether the environment gave the setting.
    pub(super) fn is_variable(&self, path: &str) -> bool {
        self.names.contains_key(path)
    }
}

/// Loads the settings: defaults, then the file, then the environment, then the flags. The file is what `--config`
/// names, else what CARDINAL_CONFIG names, else `cardinal.toml` in `directory` if it is there.
pub fn load(
    environment: &Environment,
    directory: &Path,
    overrides: &Overrides,
) -> Result<LoadedSettings, ConfigError> {
    let WrittenSettings {
        merged,
        origins,
        mut notes,
    } = read(environment, directory, overrides)?;
    let is_named =
        merged.model.id.is_some() || overrides.model.is_some() || environment.get("CARDINAL_MODEL").is_some();
    let settings = resolve::resolve(merged, environment, &origins, overrides)?;
    if settings.metabase.is_none() && environment.get("METABASE_API_KEY").is_some() {
        notes.push("METABASE_API_KEY is set but METABASE_URL is not, so it does nothing".to_owned());
    }
    if settings.dbt.cloud.is_none() {
        notes.extend(resolve::half_an_account(environment));
    }
    Ok(LoadedSettings {
        settings,
        file: origins.file,
        notes,
        model_from: resolve::provider_variable(environment)
            .filter(|_| !is_named)
            .map(|(_, variable)| variable),
    })
}

/// Loads, in the same way, the settings of the store alone: whoever works with nothing else needs neither a credential nor a
/// model.
pub fn load_store(
    environment: &Environment,
    directory: &Path,
    overrides: &Overrides,
) -> Result<LoadedStore, ConfigError> {
    let WrittenSettings {
        merged,
        origins,
        notes,
    } = read(environment, directory, overrides)?;
    Ok(LoadedStore {
        settings: resolve::store(&merged.store, environment, &origins)?,
        is_demo: !resolve::names_a_metabase(&merged.metabase, environment),
        notes,
    })
}

/// What was written, before it is made into settings.
struct WrittenSettings {
    merged: FileConfig,
    origins: SettingOrigins,
    /// Variables that do nothing. One line each.
    notes: Vec<String>,
}

fn read(
    environment: &Environment,
    directory: &Path,
    overrides: &Overrides,
) -> Result<WrittenSettings, ConfigError> {
    let file = find_file(environment, directory, overrides.config.as_deref())?;
    let mut merged = match &file {
        Some(path) => read_file(path)?,
        None => Table::new(),
    };
    let EnvironmentSettings {
        table,
        names,
        unknown,
    } = environment.overlay()?;
    merged.insert("version".to_owned(), Value::Integer(FILE_VERSION));
    lay_over(&mut merged, table);
    let origins = SettingOrigins { file, names };
    ranges::check(&merged, &origins)?;
    let merged = merged
        .try_into()
        .map_err(|error: toml::de::Error| ConfigError::setting("settings", error.message()))?;
    let notes = unknown
        .into_iter()
        .map(|name| format!("{name} is not a setting of Cardinal and does nothing"));
    Ok(WrittenSettings {
        merged,
        origins,
        notes: notes.collect(),
    })
}

fn find_file(
    environment: &Environment,
    directory: &Path,
    flag: Option<&Path>,
) -> Result<Option<PathBuf>, ConfigError> {
    let named = flag.map(|path| (path.to_owned(), "--config")).or_else(|| {
        let path = environment.get("CARDINAL_CONFIG")?;
        Some((PathBuf::from(path), "CARDINAL_CONFIG"))
    });
    match named {
        Some((path, asked_by)) if !directory.join(&path).exists() => {
            Err(ConfigError::NoSuchFile { path, asked_by })
        }
        Some((path, _)) => Ok(Some(directory.join(path))),
        None => {
            let path = directory.join(FILE_NAME);
            Ok(path.exists().then_some(path))
        }
    }
}

fn read_file(path: &Path) -> Result<Table, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    parse(&text, path)
}

/// Checks the text against the format. Messages name the line but never show it: it may hold a secret.
fn parse(text: &str, path: &Path) -> Result<Table, ConfigError> {
    let table: Table = text
        .parse()
        .map_err(|error| at_line(text, path, &error, "is not valid TOML: "))?;
    refuse_literal_secrets(&table, path)?;
    match table.get("version") {
        Some(Value::Integer(FILE_VERSION)) => {}
        None => {
            return Err(ConfigError::setting(
                path.display().to_string(),
                "the file's format version is missing: begin it with `version = 1`",
            ));
        }
        Some(_) => {
            return Err(ConfigError::setting(
                format!("{}: version", path.display()),
                "this program reads version 1 of the format only",
            ));
        }
    }
    toml::from_str::<FileConfig>(text).map_err(|error| at_line(text, path, &error, ""))?;
    Ok(table)
}

fn at_line(text: &str, path: &Path, error: &toml::de::Error, prefix: &str) -> ConfigError {
    let path = path.display();
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return ConfigError::setting(path.to_string(), format!("{prefix}{}", error.message()));
    };
    let line = before.matches('\n').count() + 1;
    let key = text
        .lines()
        .nth(line - 1)
        .and_then(|line| line.split_once('='))
        .map(|(key, _)| format!(" ({})", key.trim()))
        .unwrap_or_default();
    ConfigError::setting(
        format!("{path}, line {line}{key}"),
        format!("{prefix}{}", error.message()),
    )
}

fn refuse_literal_secrets(table: &Table, path: &Path) -> Result<(), ConfigError> {
    for (section, key, instead) in LITERAL_SECRETS {
        let Some(Value::Table(section_table)) = table.get(section) else {
            continue;
        };
        if section_table.contains_key(key) {
            return Err(ConfigError::setting(
                format!("{}: {section}.{key}", path.display()),
                format!(
                    "secrets do not belong in this file: put it in an environment variable and name that with \
                     `{instead}`"
                ),
            ));
        }
    }
    Ok(())
}
