use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::value::{SecretVariable, address, variable_name};
use crate::config::env::Environment;
use crate::config::error::ConfigError;
use crate::config::file::{ModelConfig, PricesConfig};
use crate::config::load::{Overrides, SettingOrigins};
use crate::model::{ModelId, Prices, Provider};
use crate::model::{ModelPlaces, ModelSettings};

const DEFAULT_OPENAI: &str = "gpt-6.1-terra";
const DEFAULT_ANTHROPIC: &str = "claude-sonnet-5-5";

/// The model. What the file says about address, key and headers belongs to the provider that the file names: with
/// another provider it is left aside, so that no key is ever sent to another provider's address.
pub(super) fn resolve(
    mut file: ModelConfig,
    environment: &Environment,
    origins: &SettingOrigins,
    overrides: &Overrides,
) -> Result<ModelSettings, ConfigError> {
    let written = file
        .id
        .as_deref()
        .map(|text| parse_id(text, &origins.place("model.id")));
    let written = written.transpose()?;
    let chosen = match (&overrides.model, environment.get("CARDINAL_MODEL")) {
        (Some(id), _) => Some(id.clone()),
        (None, Some(text)) => Some(parse_id(text, "CARDINAL_MODEL")?),
        (None, None) => written.clone(),
    };
    if written.is_none() {
        need_id(&file, origins)?;
    }
    let id = chosen.unwrap_or_else(|| default_id(environment));
    if written.is_some_and(|written| written.provider != id.provider) {
        forget_other_provider(&mut file, origins);
    }
    let usual = ModelSettings::offline();
    Ok(ModelSettings {
        base_url: base_url(&file, id.provider, environment, origins)?,
        api_key: api_key(&file, id.provider, environment, origins)?,
        headers: headers(&file, environment, origins)?,
        query: file.query.clone().unwrap_or_default().into_iter().collect(),
        drive: file.drive.unwrap_or_default(),
        cache_hints: file.cache_hints.unwrap_or_default(),
        max_output_tokens: file.max_output_tokens.unwrap_or(usual.max_output_tokens),
        temperature: file.temperature,
        timeout: file.timeout_seconds.map_or(usual.timeout, Duration::from_secs),
        max_concurrency: file.max_concurrency.unwrap_or(usual.max_concurrency),
        prices: file.prices.map(prices),
        places: places(&file, id.provider, environment, origins),
        id,
    })
}

fn parse_id(text: &str, place: &str) -> Result<ModelId, ConfigError> {
    text.parse()
        .map_err(|problem: String| ConfigError::setting(place, problem))
}

/// The provider that is asked when nothing names a model, and the variable that says so: its key, or an address of a server
/// that may need none.
pub(in crate::config) fn provider_variable(environment: &Environment) -> Option<(Provider, &'static str)> {
    [
        (Provider::Openai, "OPENAI_API_KEY"),
        (Provider::Openai, "OPENAI_BASE_URL"),
        (Provider::Anthropic, "ANTHROPIC_API_KEY"),
        (Provider::Anthropic, "ANTHROPIC_BASE_URL"),
    ]
    .into_iter()
    .find(|(_, variable)| environment.get(variable).is_some())
}

fn default_id(environment: &Environment) -> ModelId {
    let (provider, name) = match provider_variable(environment) {
        Some((provider @ Provider::Anthropic, _)) => (provider, DEFAULT_ANTHROPIC),
        Some((provider, _)) => (provider, DEFAULT_OPENAI),
        None => (Provider::Offline, "offline"),
    };
    ModelId {
        provider,
        name: name.to_owned(),
    }
}

/// A file that says where and with which key, but not which model, could send a key to the wrong provider.
fn need_id(file: &ModelConfig, origins: &SettingOrigins) -> Result<(), ConfigError> {
    let written = [
        ("model.base_url", file.base_url.is_some()),
        ("model.api_key_env", file.api_key_env.is_some()),
        ("model.headers_env", file.headers_env.is_some()),
        ("model.query", file.query.is_some()),
    ];
    match written
        .iter()
        .find(|(path, is_set)| *is_set && !origins.is_variable(path))
    {
        None => Ok(()),
        Some((path, _)) => Err(ConfigError::setting(
            origins.place(path),
            "belongs to one provider, so `id` in [model] has to name the model (`openai:NAME` or `anthropic:NAME`)",
        )),
    }
}

fn forget_other_provider(file: &mut ModelConfig, origins: &SettingOrigins) {
    if !origins.is_variable("model.base_url") {
        file.base_url = None;
    }
    if !origins.is_variable("model.api_key_env") {
        file.api_key_env = None;
    }
    if !origins.is_variable("model.headers_env") {
        file.headers_env = None;
    }
    if !origins.is_variable("model.query") {
        file.query = None;
    }
    file.prices = None;
}

fn base_url(
    file: &ModelConfig,
    provider: Provider,
    environment: &Environment,
    origins: &SettingOrigins,
) -> Result<Option<Url>, ConfigError> {
    let variable = match provider {
        Provider::Openai | Provider::OpenaiResponses => "OPENAI_BASE_URL",
        Provider::Anthropic => "ANTHROPIC_BASE_URL",
        Provider::Offline => return Ok(None),
    };
    let written = file
        .base_url
        .as_deref()
        .map(|text| (text, origins.place("model.base_url")));
    // Without it the key would go to the provider's own address, which is not what was meant.
    if environment.is_blank(variable) {
        return Err(ConfigError::setting(
            variable,
            "is set but empty: unset it, or write the server's address, such as http://localhost:11434/v1",
        ));
    }
    let usual = environment.get(variable).map(|text| (text, variable.to_owned()));
    let ours_first = origins.is_variable("model.base_url");
    let chosen = if ours_first {
        written.or(usual)
    } else {
        usual.or(written)
    };
    chosen.map(|(text, place)| address(text, &place)).transpose()
}

fn api_key(
    file: &ModelConfig,
    provider: Provider,
    environment: &Environment,
    origins: &SettingOrigins,
) -> Result<Option<SecretString>, ConfigError> {
    let usual = match provider {
        Provider::Openai | Provider::OpenaiResponses => "OPENAI_API_KEY",
        Provider::Anthropic => "ANTHROPIC_API_KEY",
        Provider::Offline => return Ok(None),
    };
    SecretVariable {
        path: "model.api_key_env",
        named: file.api_key_env.as_deref(),
        usual,
    }
    .read(environment, origins)
}

/// Where a person changes what the model is reached with, as errors name it.
fn places(
    file: &ModelConfig,
    provider: Provider,
    environment: &Environment,
    origins: &SettingOrigins,
) -> ModelPlaces {
    let usual = match provider {
        Provider::Openai | Provider::OpenaiResponses => "OPENAI_BASE_URL",
        Provider::Anthropic => "ANTHROPIC_BASE_URL",
        Provider::Offline => return ModelPlaces::default(),
    };
    let ours_first = origins.is_variable("model.base_url") || environment.get(usual).is_none();
    let written = file.base_url.is_some() && ours_first;
    ModelPlaces {
        key: file.api_key_env.clone(),
        address: written.then(|| origins.place("model.base_url")),
        headers: file.headers_env.clone().unwrap_or_default().into_iter().collect(),
    }
}

fn headers(
    file: &ModelConfig,
    environment: &Environment,
    origins: &SettingOrigins,
) -> Result<Vec<(String, SecretString)>, ConfigError> {
    let path = "model.headers_env";
    let mut headers = Vec::new();
    for (name, variable) in file.headers_env.iter().flatten() {
        let place = format!("{} ({name})", origins.place(path));
        variable_name(variable, &place)?;
        if http::HeaderName::try_from(name.as_str()).is_err() {
            return Err(ConfigError::setting(place, "is not a header's name"));
        }
        let Some(value) = environment.secret(variable) else {
            return Err(ConfigError::setting(
                place,
                format!("names the variable {variable}, which is not set"),
            ));
        };
        headers.push((name.clone(), value));
    }
    Ok(headers)
}

fn prices(written: PricesConfig) -> Prices {
    Prices {
        input: written.input,
        output: written.output,
        cache_read: written.cache_read.unwrap_or(written.input),
        cache_write: written.cache_write.unwrap_or(written.input),
    }
}
