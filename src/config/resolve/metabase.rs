use std::time::Duration;

use super::value::{SecretVariable, address};
use crate::config::env::Environment;
use crate::config::error::ConfigError;
use crate::config::file::{AuthKind, MetabaseConfig};
use crate::config::load::SettingOrigins;
use crate::metabase::{AuthSettings, MetabaseSettings};

/// The Metabase to ask, or `None` when no address is given anywhere.
pub(super) fn resolve(
    file: &MetabaseConfig,
    environment: &Environment,
    origins: &SettingOrigins,
) -> Result<Option<MetabaseSettings>, ConfigError> {
    let (text, place) = match (environment.get("METABASE_URL"), &file.url) {
        (Some(url), _) => (url, "METABASE_URL".to_owned()),
        (None, Some(url)) => (url.as_str(), origins.place("metabase.url")),
        (None, None) => return Ok(None),
    };
    let url = address(text, &place)?;
    if url.path().ends_with("/api/") {
        return Err(ConfigError::setting(
            place,
            "is the address of the API: leave out the `/api` at its end",
        ));
    }
    let (auth, variable) = sign_in(file, environment, origins)?;
    let usual = MetabaseSettings::new(url, auth);
    Ok(Some(MetabaseSettings {
        credential_from: Some(variable),
        timeout: file.timeout_seconds.map_or(usual.timeout, Duration::from_secs),
        max_response_bytes: file.max_response_bytes.unwrap_or(usual.max_response_bytes),
        max_concurrency: file.max_concurrency.unwrap_or(usual.max_concurrency),
        max_rows: file.max_rows.unwrap_or(usual.max_rows),
        generation: file.generation.unwrap_or_default(),
        dataset_route: file.dataset_route.unwrap_or_default(),
        ..usual
    }))
}

/// Whether an address is given anywhere.
pub(in crate::config) fn names_a_metabase(file: &MetabaseConfig, environment: &Environment) -> bool {
    environment.get("METABASE_URL").is_some() || file.url.is_some()
}

/// How to sign in, and the variable that holds the secret of it.
fn sign_in(
    file: &MetabaseConfig,
    environment: &Environment,
    origins: &SettingOrigins,
) -> Result<(AuthSettings, String), ConfigError> {
    let kinds = match file.auth {
        Some(kind) => vec![kind],
        None => vec![
            AuthKind::ApiKey,
            AuthKind::Session,
            AuthKind::Jwt,
            AuthKind::Password,
        ],
    };
    for kind in &kinds {
        if let Some(auth) = sign_in_with(*kind, file, environment, origins)? {
            return Ok((auth, variable(*kind, file).name().to_owned()));
        }
    }
    Err(match file.auth {
        Some(kind) => ConfigError::setting(
            origins.place("metabase.auth"),
            format!("the credential is missing: set {}", wanted(kind, file)),
        ),
        None => ConfigError::setting(
            "metabase",
            "there is an address but no credential: set METABASE_API_KEY (or METABASE_SESSION, or \
             METABASE_JWT_SECRET and METABASE_JWT_EMAIL, or METABASE_USERNAME and METABASE_PASSWORD)",
        ),
    })
}

fn sign_in_with(
    kind: AuthKind,
    file: &MetabaseConfig,
    environment: &Environment,
    origins: &SettingOrigins,
) -> Result<Option<AuthSettings>, ConfigError> {
    let secret = variable(kind, file).read(environment, origins)?;
    let person = |variable: &str, written: &Option<String>| {
        environment
            .get(variable)
            .map(str::to_owned)
            .or_else(|| written.clone())
    };
    let Some(secret) = secret else { return Ok(None) };
    Ok(match kind {
        AuthKind::ApiKey => Some(AuthSettings::ApiKey(secret)),
        AuthKind::Session => Some(AuthSettings::Session(secret)),
        AuthKind::Jwt => person("METABASE_JWT_EMAIL", &file.jwt_email).map(|email| AuthSettings::Jwt {
            secret,
            email,
            exchange: file.jwt_exchange.unwrap_or(true),
        }),
        AuthKind::Password => {
            person("METABASE_USERNAME", &file.username).map(|username| AuthSettings::Password {
                username,
                password: secret,
            })
        }
    })
}

fn variable(kind: AuthKind, file: &MetabaseConfig) -> SecretVariable<'_> {
    let (path, named, usual) = match kind {
        AuthKind::ApiKey => ("metabase.api_key_env", &file.api_key_env, "METABASE_API_KEY"),
        AuthKind::Session => ("metabase.session_env", &file.session_env, "METABASE_SESSION"),
        AuthKind::Jwt => (
            "metabase.jwt_secret_env",
            &file.jwt_secret_env,
            "METABASE_JWT_SECRET",
        ),
        AuthKind::Password => ("metabase.password_env", &file.password_env, "METABASE_PASSWORD"),
    };
    SecretVariable {
        path,
        named: named.as_deref(),
        usual,
    }
}

fn wanted(kind: AuthKind, file: &MetabaseConfig) -> String {
    let secret = variable(kind, file).name().to_owned();
    match kind {
        AuthKind::ApiKey | AuthKind::Session => secret,
        AuthKind::Jwt => format!("{secret} and METABASE_JWT_EMAIL (or metabase.jwt_email)"),
        AuthKind::Password => format!("{secret} and METABASE_USERNAME (or metabase.username)"),
    }
}
