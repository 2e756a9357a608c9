use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::agent::{BudgetSettings, GroundingSettings, GuardSettings, OnUnmatched};
use crate::metabase::{AuthSettings, MetabaseSettings};
use crate::model::{CacheHints, ModelDrive, ModelSettings};
use crate::model::{ModelId, Prices};
use crate::result::{ConversationSettings, ShapingSettings};
use crate::wire::{REDACTED, is_secret};

/// What a replay signs in with. It is sent nowhere.
const NO_KEY: &str = "replay";

/// The settings that shape a turn's requests and its answer, as a tape's header holds them. No secret is among them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The model.
    pub model: ModelSetup,
    /// Budgets.
    pub budget: BudgetSettings,
    /// The guard.
    pub guard: GuardSettings,
    /// Figures without a source. On tapes of before there was any look-up it is off.
    #[serde(default = "not_looked_up")]
    pub grounding: GroundingSettings,
    /// What the model sees of a result.
    pub shaping: ShapingSettings,
    /// How much of a conversation is sent and held.
    #[serde(default)]
    pub conversation: ConversationSettings,
    /// Most rows fetched for one query.
    pub max_rows: u64,
    /// How a refused credential is had anew. Tapes of before it was noted had none.
    #[serde(default)]
    pub sign_in: SignInSetup,
}

/// How a credential is had anew when the server refuses it: then the request is on the tape twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInSetup {
    /// Not at all.
    #[default]
    Never,
    /// By user and password.
    Password,
    /// By signing a token.
    Token,
    /// By signing a token and exchanging it for a session.
    Exchange,
}

impl From<&AuthSettings> for SignInSetup {
    fn from(auth: &AuthSettings) -> Self {
        match auth {
            AuthSettings::ApiKey(_) | AuthSettings::Session(_) => Self::Never,
            AuthSettings::Password { .. } => Self::Password,
            AuthSettings::Jwt { exchange: true, .. } => Self::Exchange,
            AuthSettings::Jwt { exchange: false, .. } => Self::Token,
        }
    }
}

/// What figures without a source meant before they were looked up.
fn not_looked_up() -> GroundingSettings {
    GroundingSettings {
        repair: false,
        on_unmatched: OnUnmatched::Off,
    }
}

/// How the model is asked, and what it costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSetup {
    /// Address of its API, without query; `None` for the provider's own.
    pub base_url: Option<Url>,
    /// Query parameters of every request.
    pub query: Vec<(String, String)>,
    /// How it is driven.
    pub drive: ModelDrive,
    /// Whether cache fields are sent.
    pub cache_hints: CacheHints,
    /// Most tokens one completion may have.
    pub max_output_tokens: u32,
    /// Sampling temperature.
    pub temperature: Option<f32>,
    /// What it costs, if that is known.
    pub prices: Option<Prices>,
}

impl ModelSetup {
    /// The part of the settings that a tape holds, and the price that was found.
    pub fn of(settings: &ModelSettings, prices: Option<Prices>) -> Self {
        let mut base_url = settings.base_url.clone();
        let mut query = Vec::new();
        if let Some(url) = &mut base_url {
            query.extend(url.query_pairs().into_owned());
            url.set_query(None);
            url.set_fragment(None);
        }
        query.extend(settings.query.iter().cloned());
        // Requests are compared and recorded without them, too.
        for (_, value) in query.iter_mut().filter(|(name, _)| is_secret(name)) {
            REDACTED.clone_into(value);
        }
        Self {
            base_url,
            query,
            drive: settings.drive,
            cache_hints: settings.cache_hints,
            max_output_tokens: settings.max_output_tokens,
            temperature: settings.temperature,
            prices,
        }
    }

    /// Settings that make the same requests.
    pub(super) fn settings(&self, id: ModelId) -> ModelSettings {
        ModelSettings {
            id,
            base_url: self.base_url.clone(),
            api_key: Some(SecretString::from(NO_KEY)),
            headers: Vec::new(),
            query: self.query.clone(),
            drive: self.drive,
            cache_hints: self.cache_hints,
            max_output_tokens: self.max_output_tokens,
            temperature: self.temperature,
            timeout: Duration::from_secs(120),
            prices: self.prices,
        }
    }
}

impl Setup {
    /// A credential that is good for nothing, and is renewed as the recorded one was.
    fn auth(&self) -> AuthSettings {
        let secret = SecretString::from(NO_KEY);
        let token = |exchange| AuthSettings::Jwt {
            secret: SecretString::from(NO_KEY),
            email: NO_KEY.to_owned(),
            exchange,
        };
        match self.sign_in {
            SignInSetup::Never => AuthSettings::ApiKey(secret),
            SignInSetup::Password => AuthSettings::Password {
                username: NO_KEY.to_owned(),
                password: secret,
            },
            SignInSetup::Token => token(false),
            SignInSetup::Exchange => token(true),
        }
    }

    /// Settings of no Metabase at all, for what is made of a catalog alone.
    pub(super) fn nowhere() -> Result<MetabaseSettings, url::ParseError> {
        let auth = AuthSettings::ApiKey(SecretString::from(NO_KEY));
        Ok(MetabaseSettings::new(Url::parse("http://replay.invalid/")?, auth))
    }

    /// Settings of a Metabase at this address that make the same requests.
    pub(super) fn metabase(&self, url: Url) -> MetabaseSettings {
        MetabaseSettings {
            max_rows: self.max_rows,
            ..MetabaseSettings::new(url, self.auth())
        }
    }
}
