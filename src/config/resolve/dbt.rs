use std::path::PathBuf;
use std::time::Duration;

use super::value::SecretVariable;
use crate::config::dbt::DbtConfig;
use crate::config::env::Environment;
use crate::config::error::ConfigError;
use crate::config::load::SettingOrigins;
use crate::dbt::{DbtAddresses, DbtCloudSettings, DbtSettings};

/// The account and the project. Half an account in the file is an error. Half of one in the environment, where other
/// programs have variables of the same names, only does nothing, and that is told by [`half_an_account`].
pub(super) fn resolve(
    file: &DbtConfig,
    environment: &Environment,
    origins: &SettingOrigins,
) -> Result<DbtSettings, ConfigError> {
    let project_dir = environment
        .get("DBT_PROJECT_DIR")
        .map(PathBuf::from)
        .or_else(|| file.project_dir.clone());
    Ok(DbtSettings {
        cloud: cloud(file, environment, origins)?,
        project_dir,
        webhook_secret: SecretVariable {
            path: "dbt.webhook_secret_env",
            named: file.webhook_secret_env.as_deref(),
            usual: "DBT_WEBHOOK_SECRET",
        }
        .read(environment, origins)?,
    })
}

fn cloud(
    file: &DbtConfig,
    environment: &Environment,
    origins: &SettingOrigins,
) -> Result<Option<DbtCloudSettings>, ConfigError> {
    let host = environment.get("DBT_HOST").or(file.host.as_deref());
    let token = SecretVariable {
        path: "dbt.token_env",
        named: file.token_env.as_deref(),
        usual: "DBT_TOKEN",
    };
    let secret = token.read(environment, origins)?;
    let account_id = number("DBT_ACCOUNT_ID", environment)?.or(file.account_id);
    let (Some(host), Some(secret), Some(account_id)) = (host, secret, account_id) else {
        if file.host.is_some() || file.account_id.is_some() {
            return Err(ConfigError::setting(
                "dbt",
                format!(
                    "an account needs a host, a number and a token: set DBT_HOST, DBT_ACCOUNT_ID and {}",
                    token.name()
                ),
            ));
        }
        return Ok(None);
    };
    let prefix = environment
        .get("MULTICELL_ACCOUNT_PREFIX")
        .or(file.account_prefix.as_deref());
    let place = if environment.get("DBT_HOST").is_some() {
        "DBT_HOST".to_owned()
    } else {
        origins.place("dbt.host")
    };
    let addresses =
        DbtAddresses::of_host(host, prefix).map_err(|problem| ConfigError::setting(place, problem))?;
    let usual = DbtCloudSettings::new(addresses, secret, account_id);
    Ok(Some(DbtCloudSettings {
        environment_id: number("DBT_PROD_ENV_ID", environment)?.or(file.environment_id),
        timeout: file.timeout_seconds.map_or(usual.timeout, Duration::from_secs),
        max_response_bytes: file.max_response_bytes.unwrap_or(usual.max_response_bytes),
        max_concurrency: file.max_concurrency.unwrap_or(usual.max_concurrency),
        discovery_per_minute: file.discovery_per_minute.unwrap_or(usual.discovery_per_minute),
        ..usual
    }))
}

fn number(variable: &str, environment: &Environment) -> Result<Option<u64>, ConfigError> {
    let Some(text) = environment.get(variable) else {
        return Ok(None);
    };
    let number = text.parse().map_err(|_| {
        ConfigError::setting(variable, "has to be the number that dbt shows in its addresses")
    })?;
    Ok(Some(number))
}

/// What a person should know when the environment names a part of an account only.
pub(in crate::config) fn half_an_account(environment: &Environment) -> Option<String> {
    let names = ["DBT_HOST", "DBT_TOKEN", "DBT_ACCOUNT_ID"];
    let (set, missing): (Vec<&str>, Vec<&str>) = names
        .into_iter()
        .partition(|name| environment.get(name).is_some());
    if set.is_empty() || missing.is_empty() {
        return None;
    }
    let be = if missing.len() == 1 { "is" } else { "are" };
    Some(format!(
        "{} {be} not set, so the dbt account is not asked",
        missing.join(" and ")
    ))
}
