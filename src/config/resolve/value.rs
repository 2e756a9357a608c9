use secrecy::SecretString;
use url::Url;

use crate::config::env::Environment;
use crate::config::error::ConfigError;
use crate::config::load::SettingOrigins;

/// An address of a server. It ends in `/`, so that paths can be joined to it; secrets in it are refused.
pub(super) fn address(text: &str, place: &str) -> Result<Url, ConfigError> {
    let mut url = Url::parse(text).map_err(|reason| {
        ConfigError::setting(
            place,
            format!("is not an address ({reason}): write it like https://host"),
        )
    })?;
    let problem = if !matches!(url.scheme(), "http" | "https") {
        Some("only http:// and https:// addresses are allowed")
    } else if !url.username().is_empty() || url.password().is_some() {
        Some("an address may not hold a name or password: use the settings for credentials")
    } else if url.query().is_some() || url.fragment().is_some() {
        Some("an address may not have `?` or `#` parts")
    } else {
        None
    };
    if let Some(problem) = problem {
        return Err(ConfigError::setting(place, problem));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// A text that has to be there.
pub(super) fn required(
    written: Option<String>,
    path: &str,
    origins: &SettingOrigins,
) -> Result<String, ConfigError> {
    let text = written.map(|text| text.trim().to_owned()).unwrap_or_default();
    if text.is_empty() {
        return Err(ConfigError::setting(origins.place(path), "is required here"));
    }
    Ok(text)
}

/// The variable that holds a secret: the one the file names, else the usual one.
pub(super) struct SecretVariable<'a> {
    /// Path of the setting that may name another variable.
    pub(super) path: &'a str,
    pub(super) named: Option<&'a str>,
    pub(super) usual: &'a str,
}

impl SecretVariable<'_> {
    pub(super) fn name(&self) -> &str {
        self.named.unwrap_or(self.usual)
    }

    /// The secret, if the variable is set. A setting that holds anything but a variable's name, or names a variable
    /// that is not set, is an error.
    pub(super) fn read(
        &self,
        environment: &Environment,
        origins: &SettingOrigins,
    ) -> Result<Option<SecretString>, ConfigError> {
        if let Some(named) = self.named {
            variable_name(named, &origins.place(self.path))?;
            if environment.get(named).is_none() {
                return Err(ConfigError::setting(
                    origins.place(self.path),
                    format!("names the variable {named}, which is not set"),
                ));
            }
        }
        Ok(environment.secret(self.name()))
    }
}

/// Checks that a text is the name of a variable. The text is not repeated: it may be the secret itself.
pub(super) fn variable_name(text: &str, place: &str) -> Result<(), ConfigError> {
    let begins_well = !text.starts_with(|first: char| first.is_ascii_digit()) && !text.is_empty();
    let fits = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if begins_well && fits {
        return Ok(());
    }
    Err(ConfigError::setting(
        place,
        "has to be the name of an environment variable (letters, digits, `_`), not the secret itself",
    ))
}
